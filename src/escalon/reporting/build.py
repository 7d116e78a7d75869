"""Short words for making tables: heads from names, rows from texts and numbers."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from sys import intern

from escalon.reporting.document import NOT_APPLICABLE, Cell, Ground, Head, RowKind, TableRow, Tone
from escalon.reporting.printed import number

Made = Cell | str | int | Fraction | Decimal | None


def heads(*names: str) -> tuple[Head, ...]:
    """Columns from their heads, one by one or all in one text: `who · n> · why|30`.

    `n>` stands right, `why|30` takes a share of the width, `key=head` names its cells otherwise.
    """
    return tuple(map(_head, names[0].split(" · ") if len(names) == 1 else names))


def _head(name: str) -> Head:
    key, equals, text = name.partition("=")
    said = text if equals else key
    said, _, width = said.partition("|")
    right = said.endswith(">")
    said = said.removesuffix(">")
    return Head(slug(key.partition("|")[0].removesuffix(">")) if not equals else key, said, right, int(width or 0))


def slug(text: str) -> str:
    """A name for keys: `given, range` as `given_range`."""
    return "_".join("".join(one if one.isalnum() else " " for one in text.lower()).split()) or "row"


def own(text: str) -> str:
    """A key of a study's own word, which is none of the keys that tables use themselves: a disease `ALL` is `all-`."""
    key = slug(text)
    return f"{key}-" if key in ("all", "n", "characteristic") else key


def row(key: str, *cells: Made, kind: RowKind = RowKind.PLAIN, who: str = "") -> TableRow:
    """A row of what is given: texts as they are, numbers as numbers, nothing as `–`."""
    return TableRow(key, tuple(map(cell, cells)), kind, who)


def cell(made: Made) -> Cell:
    """A cell of a text or a number."""
    if isinstance(made, Cell):
        return made
    if made is None or (isinstance(made, str) and not made.strip()):
        return Cell(NOT_APPLICABLE)
    if isinstance(made, str):
        return Cell(intern(made))
    return Cell(intern(number(made)), made if isinstance(made, int) else Fraction(made))


def counted(
    grounds: Iterable[Ground] | Sequence[str], value: int | None = None, method: str = "", tone: Tone = Tone.PLAIN
) -> Cell:
    """A number of things, each of which is a ground; codes alone stand for the people they name."""
    found = tuple(one if isinstance(one, Ground) else Ground(one, "participant", "", "counted", "") for one in grounds)
    whole = len(found) if value is None else value
    return Cell(intern(str(whole)), whole, found, intern(method), tone)


def strong(text: str) -> Cell:
    """A text that leads its row."""
    return Cell(text or NOT_APPLICABLE, tone=Tone.STRONG)


def keyed(rows: Iterable[TableRow]) -> tuple[TableRow, ...]:
    """Rows whose keys are made single by counting: a second event of one day is `P01-2`."""
    from dataclasses import replace

    seen: dict[str, int] = {}
    found = []
    for one in rows:
        seen[one.key] = seen.get(one.key, 0) + 1
        found.append(one if seen[one.key] == 1 else replace(one, key=f"{one.key}-{seen[one.key]}"))
    return tuple(found)
