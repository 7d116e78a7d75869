"""Taking the rows of a table: each is used or refused with its reason; what many rows say in the same texts is read once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escalon.history import KeptFacts
from escalon.history.events import Event, FactRecorded, Observation
from escalon.sources.columns import TABLES
from escalon.sources.frame import zone_of
from escalon.sources.observed import KEPT, Dictionary, RowError
from escalon.sources.rows import MAKERS, CellReader, doubts, judged_in, observation
from escalon.sources.tables import Table
from escalon.sources.written import Row, RowsByColumn, Texts, first_of_each, like_another, together, told_otherwise

if TYPE_CHECKING:
    from escalon.history.kept_facts import Look, Numbers

TWICE = "the same row again"
MANY = 20_000
"""A table of facts with so many rows is taken by column."""

_ONE = ("participant", "fact", "date", "visit")
"""What two rows of `facts` agree in where they say the same thing twice, or say it otherwise."""
_BOTH = "Both are kept: a rule holds only if it holds of both. Where one is wrong, correct it"

Told = tuple[tuple[Event, str], ...]
"""What one row says: its event, and what a person judged in it, each with its place."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a data folder: where, what, and what to write instead. `refused` says the row was left out."""

    file: str
    line: int
    column: str
    value: str
    message: str
    refused: bool = True

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} {self.column}: {self.message}" if self.column else f"{place}: {self.message}"


class Codes:
    """The participant codes met so far. P01 and p01 may be one person or two: whoever comes second is refused."""

    def __init__(self) -> None:
        self._written: dict[str, str] = {}
        self._known: set[str] = set()

    def has(self, code: str) -> bool:
        """Whether the code was met before, written the same, and may stand."""
        return code in self._known

    def check(self, code: str) -> None:
        """Raises RowError for a code that differs from an earlier one in capitals only."""
        first = self._written.setdefault(code.lower(), code)
        if first != code:
            raise RowError(
                "participant", code, f"{code} and {first} differ only in capitals. Write one code for one participant"
            )
        self._known.add(code)

    def alone(self, codes: Collection[str]) -> set[str]:
        """Those of some codes that no other, met or among them, differs from in capitals only."""
        spelled: dict[str, set[str]] = {}
        for code in codes:
            spelled.setdefault(code.lower(), {self._written.get(code.lower(), code)}).add(code)
        return {code for code in codes if len(spelled[code.lower()]) == 1}


class Taking:
    """One table being taken: its rows, one after the other, and the problems found in them so far."""

    def __init__(self, dictionary: Dictionary, table: Table, codes: Codes) -> None:
        self.dictionary, self.table, self.codes = dictionary, table, codes
        self.reader = CellReader(TABLES[table.name], table.columns, zone_of(dictionary.study))
        self.problems: list[Problem] = []
        self._make = MAKERS[table.name]
        self._seen: dict[int, Row] = {}
        self._first: dict[tuple[str | None, ...], tuple[str, str, int]] = {}
        """The value, the unit and the line of the first fact of each participant, name, day and visit."""
        self._plain: dict[tuple[str | None, ...], Observation] = {}
        """What was read without anything to say of it, by all it holds but the participant: read once, whosever it is."""
        self._others = [name for name in table.columns if name != "participant"]

    def rows(self) -> Sequence[Told] | KeptFacts:
        """What the rows that can be used say."""
        rows = self.table.rows
        if self.table.name == "facts" and len(rows) >= MANY:
            by_column = rows if isinstance(rows, RowsByColumn) else RowsByColumn.of(self.table.columns, rows)
            return self._facts(by_column)
        return [told for row in rows if (told := self.row(row)) is not None]

    def row(self, row: Row) -> Told | None:
        """What one row says; None where it cannot be used, and every problem of it is named."""
        if row.broken is not None:
            self._note(row, [RowError(*row.broken)])
            return None
        place = f"{self.table.file}:{row.line}"
        before = self._seen.setdefault(hash(tuple(row.cells.values())), row)
        code, key = row.cells.get("participant", ""), tuple(map(row.cells.get, self._others))
        if before is row and key in self._plain and self.codes.has(code):
            self._note(row, self._told_otherwise(row, self._plain[key]), refused=False)
            return ((FactRecorded(participant=code, fact=self._plain[key]), place),)
        cells, errors = self.reader.read(row)
        if not errors:
            try:
                self.codes.check(cells["participant"])
                event = self._make(self.dictionary, cells, place)
                if before is not row and before.cells == row.cells:
                    raise RowError("", TWICE, f"the same row as line {before.line}. Take one of them out")
            except RowError as error:
                errors.append(error)
        if errors:
            self._note(row, errors)
            return None
        found = [*self.reader.doubts(row), *doubts(self.dictionary, event)]
        also = self._told_otherwise(row, event.fact) if isinstance(event, FactRecorded) else []
        self._note(row, [*found, *also], refused=False)
        if not found and isinstance(event, FactRecorded):
            self._plain[key] = event.fact
        judged = judged_in(self.table.name, cells)
        return ((event, place),) if judged is None else ((event, place), (judged, place))

    def _told_otherwise(self, row: Row, seen: Observation) -> list[RowError]:
        """A second value of one name, day and visit: both are kept, and a rule holds only if it holds of both."""
        if not seen.value or not seen.day:
            return []
        said = seen.value, seen.unit or ""
        *first, line = self._first.setdefault(tuple(map(row.cells.get, _ONE)), (*said, row.line))
        if tuple(first) == said:
            return []
        other = " ".join(filter(None, first))
        return [RowError("value", seen.value, f"{seen.name} is {other} in line {line}, of the same day. {_BOTH}")]

    def _note(self, row: Row, found: Sequence[RowError], refused: bool = True) -> None:
        self.problems += [Problem(self.table.file, row.line, one.column, one.value, str(one), refused) for one in found]

    # -- by column -----------------------------------------------------------------------------------------------------

    def _facts(self, rows: RowsByColumn) -> KeptFacts:
        """The facts that can be used. Only a row whose texts say something of note, or that is like another, is read itself."""
        import numpy as np

        says = self._remarked(rows)
        alone = rows.columns["participant"]
        for code in np.unique(alone.codes[says > 0]).tolist():
            self.codes.check(alone.texts[code])
        others = np.flatnonzero(says == 0)
        says[others] = [0 if told is None else self._knows(told[0][0]) for told in map(self.row, rows.at(others))]
        used = np.flatnonzero(says)
        days = together((rows.columns[name] for name in ("date", "until") if name in rows.columns), len(rows))
        alike = (rows.columns[name] for name in ("fact", "date", "visit") if name in rows.columns)
        kinds = together((*alike, Texts(("", "not known", "known"), says)), len(rows))
        who = rows.columns["participant"]
        return KeptFacts(
            np.arange(len(used)), who.codes[used], who.texts, days[used], kinds[used],
            self._looking(rows, used), self.dictionary.fact,
        )  # fmt: skip

    def _remarked(self, rows: RowsByColumn) -> Numbers:
        """Of the rows like no other, of whose texts nothing is to be said: 1 where it is not known, 2 where it is; else 0."""
        import numpy as np

        who = rows.columns["participant"]
        alone = self.codes.alone([text for text in who.texts if self.reader.is_plain("participant", text)])
        is_one = np.array([text in alone for text in who.texts])[who.codes]
        is_one &= ~(like_another(rows) | told_otherwise(rows, _ONE, ("value", "unit")))
        is_one[list(rows.broken)] = False
        kinds = together(self._deciding(rows), len(rows))
        says = np.array([self._plainly(row) for row in rows.at(first_of_each(kinds))], np.int64)
        return np.asarray(says[kinds] * is_one)

    def _knows(self, event: Event) -> int:
        """2 for a fact that says something, 1 for one asked and not known."""
        return 2 if isinstance(event, FactRecorded) and self.dictionary.value(event.fact).value is not None else 1

    def _deciding(self, rows: RowsByColumn) -> Iterator[Texts]:
        """The columns on whose texts it depends whether anything is to be said of a row; free text is never asked about."""
        for column in self.reader.columns:
            if column.name == "date":
                yield self._days(rows)
            elif column.name != "participant" and column.cell != "text":
                yield rows.columns[column.name]

    def _days(self, rows: RowsByColumn) -> Texts:
        """The days, those with nothing to say of them as one, unless a last day stands beside them."""
        import numpy as np

        days, until = rows.columns["date"], rows.columns.get("until")
        is_plain = np.array([bool(text) and self.reader.is_plain("date", text) for text in days.texts])
        alike = np.where(is_plain, np.argmax(is_plain), np.arange(len(is_plain)))[days.codes]
        return Texts(days.texts, alike if until is None else np.where(until.codes > 0, days.codes, alike))

    def _plainly(self, row: Row) -> int:
        """What a row knows, if it can be read and nothing is to be said of it; else 0."""
        cells, errors = self.reader.read(row)
        if errors:
            return 0
        try:
            event = self._make(self.dictionary, cells, "")
        except RowError:
            return 0
        return 0 if self.reader.doubts(row) or any(doubts(self.dictionary, event)) else self._knows(event)

    def _looking(self, rows: RowsByColumn, used: Numbers) -> Look:
        """Where some of the used rows stand and what was observed in them, once for all that hold the same texts."""
        import numpy as np

        others = [column.codes for name, column in rows.columns.items() if name != "participant"]
        width, held = len(others), np.column_stack(others).astype(np.int32).ravel().data
        places, lines = used.data, rows.lines.data
        seen: dict[tuple[int, ...], Observation] = {}

        def look(at: Iterable[int]) -> Iterator[tuple[str, Observation]]:
            for place in map(places.__getitem__, at):
                key = tuple(held[place * width : (place + 1) * width])
                if key not in seen:
                    if len(seen) >= KEPT:
                        seen.clear()
                    seen[key] = observation(self.reader.read(rows[place])[0])
                yield f"{self.table.file}:{lines[place]}", seen[key]

        return look
