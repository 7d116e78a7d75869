"""A document of a trial before any layout: sections of texts, tables and figures, every cell with what it rests on.

Nothing here knows a page, a style or a file format; the renderers take it from here. Whoever makes a section gives exact
values with the text that is printed, so that a workbook, a page and a sheet of paper say the same.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple, TypeAlias

NOT_APPLICABLE = "–"
"""What stands where there can be no value. A cell is never blank: nothing recorded is said in words."""


LONGEST = 200
"""A table of more rows is not laid out on a page or on paper: it stands in its own file, and the page says so."""


WHOLE = 15
"""A table of so few rows stands on one printed page."""
_WIDE, _WORDS = 13, 130


class Tone(StrEnum):
    """What a text is, beyond its words: colour never says it alone."""

    PLAIN = "plain"
    STRONG = "strong"
    MUTED = "muted"
    OPEN = "open"  # unsettled: somebody must still answer
    ALARM = "alarm"  # a DLT, or what must be read first
    BY_HAND = "by_hand"  # an empty box in which a person writes


class Ground(NamedTuple):
    """One recorded thing a cell rests on; `value` as it was recorded, `place` a file and line or a casebook entry."""

    participant: str
    name: str
    day: str
    value: str
    place: str

    def __str__(self) -> str:
        when = f" on {self.day}" if self.day else ""
        return f"{self.participant}: {self.name} {self.value}{when} [{self.place}]".strip()


@dataclass(frozen=True, slots=True)
class Cell:
    """What is printed, the exact value behind it (None for words), what it rests on, and how it was reached."""

    text: str
    value: int | Fraction | None = None
    grounds: tuple[Ground, ...] = ()
    method: str = ""
    tone: Tone = Tone.PLAIN

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError(f"a cell is never blank: write {NOT_APPLICABLE} or say in words what is not known")
        if not self.text.isprintable():
            object.__setattr__(self, "text", printable(self.text))

    @property
    def people(self) -> tuple[str, ...]:
        """The participants it rests on, in the order of their codes."""
        return tuple(sorted({ground.participant for ground in self.grounds if ground.participant}))


_NOTHING = Cell(NOT_APPLICABLE)
BY_HAND = Cell("to fill in", tone=Tone.BY_HAND)
"""What a person writes by hand: an empty box on the page and on paper, and these words wherever a cell is only text."""


def printable(text: str) -> str:
    """A text that every printer takes: a control character is named by its number, `[U+001B]`; lines stay lines."""
    return _CONTROL.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Head:
    """A column: the key its cells are named by, its head, and whether its cells stand right. `width` is a share, 0 as needed."""

    key: str
    head: str
    right: bool = False
    width: int = 0


class RowKind(StrEnum):
    """How a row stands to its neighbours."""

    PLAIN = "plain"
    HEAD = "head"  # the first of a group: a class over its terms, a level over its visits
    UNDER = "under"  # one of a group, indented


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row and its key; `participant` says whom it is about, where it is about one."""

    key: str
    cells: tuple[Cell, ...]
    kind: RowKind = RowKind.PLAIN
    participant: str = ""

    @property
    def is_heading(self) -> bool:
        """Whether it is only the name of the group beneath it: laid out, it runs over all columns."""
        return self.kind is RowKind.HEAD and all(cell == _NOTHING for cell in self.cells[1:])


@dataclass(frozen=True, slots=True)
class Table:
    """A table under its number. `about` is the line above it: population, variable, estimand. `empty` is said without rows."""

    id: str
    title: str
    columns: tuple[Head, ...]
    rows: tuple[TableRow, ...]
    about: str = ""
    notes: tuple[str, ...] = ()
    empty: str = "Nothing recorded."

    def __post_init__(self) -> None:
        for what, keys in (("column", [one.key for one in self.columns]), ("row", [one.key for one in self.rows])):
            if twice := sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []:
                raise ValueError(f"{self.id}: two {what}s are called {', '.join(twice)}")
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(f"{self.id}/{row.key}: {len(row.cells)} cells in {len(self.columns)} columns")

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """Every cell under its name, such as `T6-4/D90/n`."""
        for row in self.rows:
            for column, cell in zip(self.columns, row.cells, strict=True):
                yield f"{self.id}/{row.key}/{column.key}", cell

    @property
    def instead(self) -> str:
        """What is said where no row is laid out: that there is none, or that they stand in their file; empty where they are."""
        if not self.rows:
            return self.empty
        return f"{len(self.rows)} rows: they stand in {self.file}." if len(self.rows) > LONGEST else ""

    @property
    def is_listing(self) -> bool:
        """Whether it lists records (L1) instead of counting them (T5-1)."""
        return self.id.startswith("L")

    @property
    def label(self) -> str:
        """`Table 5-1.` or `Listing 3.`"""
        number = self.id if self.id.startswith("P") else self.id[1:]
        return f"{'Listing' if self.is_listing else 'Table'} {number}."

    @property
    def file(self) -> str:
        """The file of its rows, beside the report."""
        return f"{'listings' if self.is_listing else 'tables'}/{self.id}.csv"


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing; `alt` is a sentence with its data, `table` the id of the table that holds the same numbers."""

    id: str
    title: str
    svg: str
    alt: str
    table: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph in words. `grounds` are what it was drafted from."""

    text: str
    tone: Tone = Tone.PLAIN
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """The one thing a reader came for: whose answer it is, the answer, and why."""

    label: str
    head: str
    body: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Beside:
    """Two or more blocks side by side where the page is wide enough; `widths` are their shares."""

    blocks: "tuple[Table | Figure | Text, ...]"
    widths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Boxes to tick and lines to sign on paper."""

    choices: tuple[str, ...]
    lines: tuple[str, ...]


Block: TypeAlias = Text | Bullets | Headline | Table | Figure | Beside | Signatures


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part; `6.1` stands under `6`. Without a number it is not in the contents."""

    number: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def depth(self) -> int:
        """1 for a section, 2 for a part of one."""
        return self.number.count(".") + 1

    @property
    def is_wide(self) -> bool:
        """Whether it lays out a table of so many columns, or of so wordy ones, that it is printed across the page."""
        tables = (one for one in self.blocks if isinstance(one, Table) and not one.instead)
        return any(len(one.columns) > _WIDE or sum(head.width for head in one.columns) > _WORDS for one in tables)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document of one study at one cut-off. `name` is which one it is: committee packet, full report."""

    study: str
    title: str
    version: str
    name: str
    cutoff: str
    synthetic: bool
    sections: tuple[Section, ...]
    confidential: bool = True
    subtitle: str = ""
    input: str = ""
    """The SHA-256 of everything that was read."""
    software: str = field(default="", kw_only=True)
    people: Mapping[str, tuple[str, int | None]] = field(default_factory=dict, kw_only=True)
    """The disease and the dose level of each participant: what rows about one are filtered by."""

    @property
    def mark(self) -> str:
        """What stands on every page and sheet."""
        return mark_of(self.synthetic) if self.synthetic or self.confidential else ""

    @property
    def dated(self) -> str:
        """The day up to which it tells, as it stands on every page; empty where it has none."""
        return self.cutoff and f"data cut-off {self.cutoff}"

    @property
    def stamp(self) -> str:
        """Where it comes from, in one line."""
        made = (
            f"study {self.study} {self.version}" if self.study else "",
            f"input {self.input[:16]}" if self.input else "",
            self.software,
        )
        device = "Not a medical device: for qualified people to check and sign"
        return " · ".join(part for part in (*made, device) if part)

    def contents(self) -> tuple[Section, ...]:
        """The sections of a document that has enough of them to need a list."""
        found = tuple(one for one in self.sections if one.number and one.depth == 1)
        return found if len(found) > 2 else ()

    def blocks(self) -> Iterator[Block]:
        """Every block, those that stand side by side one by one."""
        for section in self.sections:
            for block in section.blocks:
                yield from block.blocks if isinstance(block, Beside) else (block,)

    def tables(self) -> Iterator[Table]:
        """Every table and listing."""
        return (block for block in self.blocks() if isinstance(block, Table))

    def figures(self) -> Iterator[Figure]:
        """Every figure."""
        return (block for block in self.blocks() if isinstance(block, Figure))

    def cell(self, name: str) -> Cell | None:
        """The cell of a name such as `T6-4/D90/n`; None where there is none."""
        start = name.partition("/")[0]
        return next(
            (cell for table in self.tables() if table.id == start for key, cell in table.cells() if key == name), None
        )


def mark_of(synthetic: bool) -> str:
    """What stands on every page, sheet and file of a trial."""
    return "SYNTHETIC: nobody in it exists" if synthetic else "CONFIDENTIAL"
