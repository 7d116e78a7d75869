"""The cells of one column of a table of visits, as arrays in the item's canonical unit.

Plain numbers are converted and checked as arrays. Everything else that stands in a cell (`<5`, `7 mg/L`, `yes`, a
label) is read once for each different text, by the reading for one visit, so both accept the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from escalon.expressions.tree import Kind
from escalon.facts import Interval, convert, spelled
from escalon.facts.number import without_noise
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.reading import ItemEntry, ItemError, read

Array: TypeAlias = np.ndarray[Any, Any]
NAMED = 20
"""How many cells of a column that are not accepted are described; all of them are counted and marked."""


@dataclass(slots=True)
class Cells:
    """A column as read. Numbers and truths are doubles, NaN where not known; labels are codes, -1 where not known."""

    values: Array
    refused: dict[str, Array] = field(default_factory=dict)
    """Rows whose cell is not accepted, by the kind of mistake."""
    flags: dict[str, Array] = field(default_factory=dict)
    """Rows with a flag of their entry: DOUBTFUL, QUERY, CRP_BELOW_LLOQ."""
    problems: list[tuple[int, str]] = field(default_factory=list)
    """Row and sentence of the first cells that are not accepted."""
    spans: Array | None = None
    """Rows of which only an interval is known; they are assessed as visits."""

    def mark(self, marks: dict[str, Array], code: str, rows: Any) -> None:
        """Add rows (their places, or one truth a row) to those under a code."""
        marks.setdefault(code, np.zeros(len(self.values), dtype=bool))[rows] = True


def read_cells(
    name: str, item: Item, series: pl.Series, unit: str | None, below_limit: str, codes: Mapping[str, int]
) -> Cells:
    """Read a column for an item; `unit` is the one in its header, `codes` the place of each label."""
    if item.kind is Kind.LABEL:
        cells, odd = Cells(np.full(len(series), -1, np.int32)), series.is_not_null().to_numpy()
    elif item.kind is Kind.TRUTH:
        cells, odd = _truths(series)
    else:
        cells, odd = _amounts(name, item, series, unit)
    if odd.any():
        _read_each_kind(cells, name, item, series, unit, below_limit, codes, odd.nonzero()[0])
    cells.problems.sort()
    return cells


def _truths(series: pl.Series) -> tuple[Cells, Array]:
    """Booleans at once; anything else is read."""
    if series.dtype == pl.Boolean:
        return Cells(_doubles(series)), np.zeros(len(series), dtype=bool)
    return Cells(np.full(len(series), np.nan)), series.is_not_null().to_numpy()


def _amounts(name: str, item: Item, series: pl.Series, unit: str | None) -> tuple[Cells, Array]:
    """Plain numbers converted and checked, and the cells that are something else."""
    if series.dtype.is_numeric():
        values = _doubles(series)
        odd = ~np.isnan(values) & ~_is_recordable(values)
    elif series.dtype == pl.Boolean:
        values, odd = np.full(len(series), np.nan), series.is_not_null().to_numpy()
    else:
        text = series.cast(pl.String)
        values = _doubles(text.str.strip_chars().cast(pl.Float64, strict=False))
        odd = ~_is_recordable(values) & text.is_not_null().to_numpy()
    if item.needs_unit and unit is None:  # a bare number is refused where it stands; `7 mg/L` is read
        odd = series.is_not_null().to_numpy()
    values[odd] = np.nan
    cells = Cells(_in_canonical_unit(values, item, unit))
    _check_range(cells, name, item, series, unit)
    return cells, odd


def _is_recordable(values: Array) -> Array:
    """Finite, and of a size that `read_number` takes; the rest is refused by the reading for one visit."""
    size = np.abs(values)
    return (values == 0) | ((size < 1e100) & (size >= 1e-99))


def _doubles(series: pl.Series) -> Array:
    """Doubles without what computers add in the last binary digit, as `facts.number.without_noise` reads them."""
    if series.dtype == pl.Float32:
        series = series.cast(pl.String).cast(pl.Float64)  # the shortest decimal: 2.9, not 2.9000000953674316
    doubles = series if series.dtype == pl.Float64 else series.cast(pl.Float64)
    return _settled(doubles.to_numpy(writable=True))  # NaN where there is nothing


def _settled(values: Array) -> Array:
    with np.errstate(all="ignore"):
        few = values == np.round(values, 6)
        if (few | np.isnan(values)).all():
            return values
        suspicious = np.flatnonzero(~few & _is_recordable(values))
    for place in suspicious:
        values[place] = _shortest(float(values[place]))
    return values


@lru_cache(maxsize=65536)
def _shortest(value: float) -> float:
    return float(without_noise(Decimal(repr(value))))


def _in_canonical_unit(values: Array, item: Item, unit: str | None) -> Array:
    """Every accepted conversion is a straight line with exact ends; a result that is a decimal is that decimal."""
    if unit is None or item.unit is None or spelled(unit) == spelled(item.unit):
        return values
    zero, one = (Fraction(convert(value, unit, item.unit, item.substance)) for value in (0, 1))
    slope = one - zero
    found = values * float(slope.numerator) / float(slope.denominator) + float(zero)
    decimal = np.round(found, 9)
    return np.where(np.abs(found - decimal) <= 1e-12 * np.maximum(np.abs(found), 1), decimal, found)


def _check_range(cells: Cells, name: str, item: Item, series: pl.Series, unit: str | None) -> None:
    values = cells.values
    outside = _beyond(values, (item.low, item.high))
    if item.kind is Kind.INTEGER:
        outside |= values != np.rint(values)
    if item.levels:
        outside |= ~np.isin(values, item.levels)
    outside &= ~np.isnan(values)
    query = _beyond(values, item.query) & ~outside
    doubtful = _beyond(values, item.doubtful) & ~outside & ~query
    if outside.any():
        cells.mark(cells.refused, "OUT_OF_RANGE", outside)
        cells.problems += [
            (int(row), _sentence(name, item, series[int(row)], unit)) for row in outside.nonzero()[0][:NAMED]
        ]
    for code, rows in (("QUERY", query), ("DOUBTFUL", doubtful)):
        if rows.any():
            cells.mark(cells.flags, code, rows)
    values[outside | query] = np.nan  # to be confirmed first, so not scored


def _beyond(values: Array, ends: tuple[int | Fraction | None, int | Fraction | None]) -> Array:
    low, high = ends
    beyond = np.zeros(len(values), dtype=bool)
    if low is not None:
        beyond |= values < float(low)
    if high is not None:
        beyond |= values > float(high)
    return beyond


def _sentence(name: str, item: Item, cell: Any, unit: str | None) -> str:
    try:
        read(name, item, (cell, unit) if unit else cell)
    except ItemError as error:
        return str(error)
    return f"{name} is {cell!r}. Accepted: {item.range_text()}"


def _read_each_kind(
    cells: Cells, name: str, item: Item, series: pl.Series, unit: str | None, below_limit: str,
    codes: Mapping[str, int], rows: Array,
) -> None:  # fmt: skip
    """Read every different cell among `rows` once, and spread what came out."""
    some = series.gather(rows)
    different = some.unique(maintain_order=True)
    places = some.replace_strict(different, np.arange(len(different)), return_dtype=pl.UInt32).to_numpy()
    entries = [_entry(name, item, cell, unit, below_limit) for cell in different.to_list()]
    found = np.array([_value(item, entry, codes) for entry in entries], dtype=cells.values.dtype)
    cells.values[rows] = found[places]
    between = np.array([isinstance(entry, ItemEntry) and isinstance(entry.value, Interval) for entry in entries])
    if between.any():
        cells.spans = np.zeros(len(cells.values), dtype=bool)
        cells.spans[rows[between[places]]] = True
    for code in dict.fromkeys(code for entry in entries if isinstance(entry, ItemEntry) for code in entry.flags):
        flagged = np.array([isinstance(entry, ItemEntry) and code in entry.flags for entry in entries])
        cells.mark(cells.flags, code, rows[flagged[places]])
    wrong = {place: entry for place, entry in enumerate(entries) if isinstance(entry, ItemError)}
    for code in dict.fromkeys(error.code for error in wrong.values()):
        refused = np.array([isinstance(entry, ItemError) and entry.code == code for entry in entries])
        cells.mark(cells.refused, code, rows[refused[places]])
    for place, error in [*wrong.items()][:NAMED]:
        cells.problems += [(int(row), str(error)) for row in rows[places == place][:NAMED]]


def _entry(name: str, item: Item, cell: Any, unit: str | None, below_limit: str) -> ItemEntry | ItemError:
    try:
        return read(name, item, (cell, unit) if unit else cell, below_limit)
    except ItemError as error:
        return error


def _value(item: Item, entry: ItemEntry | ItemError, codes: Mapping[str, int]) -> float:
    if isinstance(entry, ItemError) or entry.value is None or isinstance(entry.value, Interval):
        return -1 if item.kind is Kind.LABEL else float("nan")
    return codes[entry.value] if item.kind is Kind.LABEL else float(entry.value)
