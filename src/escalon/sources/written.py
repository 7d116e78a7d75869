"""The rows of a table as they were written: one by one, or a large table's by column, where each different text stands once."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

LARGE = 1 << 20
"""A text of so many characters is kept by column; below it, rows one by one are sooner read than the means to read columns."""
FEW_ODD = 20
"""Where more than one line in so many is no plain one, the lines are better read one by one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as written: the line it starts on (a header is line 1) and its cells by column, stripped of blanks."""

    line: int
    cells: Mapping[str, str]
    broken: tuple[str, str, str] | None = None
    """Why it cannot be used as it stands: the column, what is written there, and what to write instead."""


@dataclass(frozen=True)
class Texts:
    """One column: its different texts (the empty one first), and which of them each row holds."""

    texts: Sequence[str]
    codes: Codes


class RowsByColumn(Sequence[Row]):
    """The rows of a large table. A row is made when somebody looks at it; one that is broken was read by itself."""

    def __init__(self, columns: Mapping[str, Texts], lines: Codes, broken: Mapping[int, Row]) -> None:
        self.columns, self.lines, self.broken = columns, lines, broken

    @classmethod
    def of(cls, columns: Sequence[str], rows: Sequence[Row]) -> RowsByColumn:
        """Rows that were read one by one."""
        import numpy as np

        none = np.empty(0, np.int64)
        return _with_rows(dict.fromkeys(columns, Texts([""], none)), none, rows)

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return tuple(self.at(range(*at.indices(len(self)))))
        place = range(len(self))[at]
        known = self.broken.get(place)
        cells = {name: one.texts[one.codes[place]] for name, one in self.columns.items()}
        return known or Row(int(self.lines[place]), cells)

    def __iter__(self) -> Iterator[Row]:
        return self.at(range(len(self)))

    def at(self, places: Sequence[int] | Codes) -> Iterator[Row]:
        """The rows of some places, in the order asked for."""
        for start in range(0, len(places), 4096):
            some = places[start : start + 4096]
            each = [map(one.texts.__getitem__, one.codes[some].tolist()) for one in self.columns.values()]
            for place, line, cells in zip(some, self.lines[some].tolist(), zip(*each, strict=True), strict=True):
                known = self.broken.get(int(place)) if self.broken else None
                yield known or Row(line, dict(zip(self.columns, cells, strict=True)))


def by_column(
    text: str, first: int, delimiter: str, columns: Sequence[str], clean: Callable[[str], str],
    read: Callable[[list[str], int], Row | None],
) -> RowsByColumn | None:  # fmt: skip
    """The rows of a text of CSV below its header, whose first line is `first`; None where it is better read row by row.

    A line with as many cells as there are columns and no quotation mark is its cells. Any other is taken apart by itself, and
    `read` makes a row of it (None of an empty one). `clean` is what remains of a cell.
    """
    import numpy as np

    body = text.encode() if text.endswith("\n") else f"{text}\n".encode()
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    odd = _odd_lines(body, ends, delimiter, len(columns))
    longest = int(np.diff(ends, prepend=-1).max())
    if longest > csv.field_size_limit() or len(odd) * FEW_ODD > len(ends):
        return None
    plain, others = _apart(body, ends, odd)
    try:
        rows = [
            row
            for line, one in others
            for cells in csv.reader([one], delimiter=delimiter, strict=True)
            if (row := read(cells, first + line)) is not None
        ]
    except csv.Error:  # a cell that goes on in the next line, or a mistake that the reader of the whole names
        return None
    found = [_once(raw, clean) for raw in _raw_columns(plain, delimiter, len(columns))]
    is_said = np.any([one.codes for one in found], axis=0)
    lines = np.delete(np.arange(first, first + len(ends)), odd)[is_said]
    kept = [Texts(one.texts, one.codes[is_said]) for one in found]
    return _with_rows(dict(zip(columns, kept, strict=True)), lines, rows)


def _odd_lines(body: bytes, ends: Codes, delimiter: str, width: int) -> Codes:
    """The lines, counted from 0, with a quotation mark or with another number of cells."""
    import numpy as np

    raw = np.frombuffer(body, np.uint8)
    marks = np.flatnonzero(raw == ord(delimiter))
    is_odd = np.diff(np.searchsorted(marks, ends), prepend=0) != width - 1
    if b'"' in body:
        is_odd[np.searchsorted(ends, np.flatnonzero(raw == ord('"')))] = True
    return np.flatnonzero(is_odd)


def _apart(body: bytes, ends: Codes, odd: Codes) -> tuple[bytes, list[tuple[int, str]]]:
    """The plain lines of a text, and the odd ones, each with its number."""
    plain, others, upto = [], [], 0
    for line in odd.tolist():
        start, end = int(ends[line - 1]) + 1 if line else 0, int(ends[line])
        plain.append(body[upto:start])
        others.append((line, body[start:end].decode()))
        upto = end + 1
    return (b"".join((*plain, body[upto:])) if others else body), others


def _raw_columns(plain: bytes, delimiter: str, width: int) -> Iterator[Texts]:
    """The cells of plain lines, each text of a column once."""
    import numpy as np
    import polars as pl

    if not plain:
        yield from (Texts([], np.empty(0, np.int64)) for _ in range(width))
        return
    frame = pl.read_csv(plain, has_header=False, separator=delimiter, quote_char=None, infer_schema=False)
    for column in frame.iter_columns():
        kept = column.fill_null("").cast(pl.Categorical)
        once = kept.unique()
        codes, numbers = kept.to_physical().to_numpy(), once.to_physical().to_numpy()
        places = np.zeros(int(numbers.max()) + 1, np.int64)
        places[numbers] = np.arange(len(numbers))
        yield Texts(once.cast(pl.String).to_list(), places[codes])


def _once(raw: Texts, clean: Callable[[str], str]) -> Texts:
    """A column with its texts cleaned, the empty one first."""
    import numpy as np

    places = {"": 0}
    new = [places.setdefault(clean(text), len(places)) for text in raw.texts]
    return Texts(list(places), np.array(new, np.int64)[raw.codes])


def _with_rows(columns: Mapping[str, Texts], lines: Codes, rows: Sequence[Row]) -> RowsByColumn:
    """The rows by column with some more that were read by themselves, in the order of their lines."""
    import numpy as np

    if not rows:
        return RowsByColumn(columns, lines, {})
    own = np.array([row.line for row in rows])
    at = np.searchsorted(lines, own)
    grown = {}
    for name, column in columns.items():
        places = {text: place for place, text in enumerate(column.texts)}
        new = [0 if row.broken else places.setdefault(row.cells.get(name, ""), len(places)) for row in rows]
        grown[name] = Texts(list(places), np.insert(column.codes, at, new))
    broken = {int(place): row for place, row in zip(at + np.arange(len(at)), rows, strict=True) if row.broken}
    return RowsByColumn(grown, np.insert(lines, at, own), broken)


# ---- rows that hold the same


_MOST = 1 << 26
"""So many pairs of codes are told apart by a table of them; beyond, by sorting."""


def together(columns: Iterable[Texts], rows: int) -> Codes:
    """Which rows hold the same in all of some columns: a number for each, from 0 without gaps."""
    import numpy as np

    groups, number = np.zeros(rows, np.int64), 1
    for column in columns:
        keys, span = groups * len(column.texts) + column.codes, number * len(column.texts)
        if span > _MOST:
            different, groups = np.unique(keys, return_inverse=True)
            number = len(different)
            continue
        is_there = np.zeros(span, bool)
        is_there[keys] = True
        groups, number = (np.cumsum(is_there) - 1)[keys], int(is_there.sum())
    return groups


def first_of_each(groups: Codes) -> Codes:
    """The first row of each group."""
    import numpy as np

    first = np.zeros(int(groups.max()) + 1 if len(groups) else 0, np.int64)
    first[groups[::-1]] = np.arange(len(groups))[::-1]
    return first


def like_another(rows: RowsByColumn) -> NDArray[np.bool_]:
    """The rows that may hold the same as another in every column, and all that do."""
    return _repeated(_mixed(rows, rows.columns))


def told_otherwise(rows: RowsByColumn, same: Sequence[str], said: Sequence[str]) -> NDArray[np.bool_]:
    """The rows that hold the same in some columns as another that says something else in others, and perhaps a few more."""
    import numpy as np

    mixed = _mixed(rows, same)
    found = _repeated(mixed)
    some = np.flatnonzero(found)
    first, second = mixed[some], _mixed(rows, (*same, *said))[some]
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    differ = first[1:][(first[1:] == first[:-1]) & (second[1:] != second[:-1])]
    found[some] = np.isin(mixed[some], differ)
    return found


def _repeated(numbers: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Where a number stands that stands elsewhere too."""
    import numpy as np

    ordered = np.sort(numbers)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.isin(numbers, twice) if len(twice) else np.zeros(len(numbers), bool)


def _mixed(rows: RowsByColumn, names: Iterable[str]) -> NDArray[np.uint64]:
    """A number for what each row holds in some columns: the same where they are the same."""
    import numpy as np

    mixed = np.zeros(len(rows), np.uint64)
    for name in names:
        if name in rows.columns:
            mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + rows.columns[name].codes.astype(np.uint64)
    return mixed
