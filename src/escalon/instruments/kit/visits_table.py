"""Scoring a table of visits: one row a visit, one column an item, as array operations.

A header says the unit in brackets, `crp [mg/L]`, wherever an item accepts more than one. A cell that an item does not
accept makes its row `invalid` and is named; nothing is dropped and no row is left out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from escalon.expressions.tree import Kind
from escalon.facts import UnitError, convert, spelled
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.reading import ItemError, read
from escalon.instruments.kit.readings import columns

if TYPE_CHECKING:
    import numpy
    import polars

BLOCK = 131_072  # rows scored between two steps of the progress bar
SHOWN = 20


class TableError(ValueError):
    """A table that cannot be scored: a column of an unknown name or a wrong unit; says what to write."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The table with `<name>`, `<name>_band`, `<name>_status` and `<name>_flags` added, and the cells not accepted."""

    frame: "polars.DataFrame"
    problems: tuple[str, ...]
    invalid: int


def score_table(
    instrument: Instrument, frame: "polars.DataFrame", options: Mapping[str, Any] | None = None,
    step: Callable[[int], None] = lambda rows: None,
) -> Scored:  # fmt: skip
    """Score every row. `step` is told how many rows were done. Raises TableError for columns that cannot be read."""
    import polars as pl

    chosen = _columns(instrument, frame.columns)
    reading = columns(instrument, **(options or {}))
    blocks, problems, invalid = [], [], 0
    for start in range(0, max(frame.height, 1), BLOCK):
        part = frame.slice(start, BLOCK)
        made, found, bad = _block(instrument, part, chosen, reading, start)
        blocks.append(part.with_columns(made))
        problems += found
        invalid += bad
        step(part.height)
    return Scored(pl.concat(blocks), tuple(problems[:SHOWN]), invalid)


def _columns(instrument: Instrument, headers: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """The column and unit of each item. A header that looks like an item but is none of them is refused."""
    aliases = {other.lower(): name for name, item in instrument.items.items() for other in (name, *item.also)}
    chosen: dict[str, tuple[str, str | None]] = {}
    for header in headers:
        label, _, rest = header.partition("[")
        name = aliases.get(label.strip().lower())
        if name is None:
            continue
        if name in chosen:
            raise TableError(f"columns {chosen[name][0]!r} and {header!r} are both {name}. Keep one of them")
        unit = rest.rstrip("] ").strip() or None
        chosen[name] = (header, _unit(header, instrument.items[name], name, unit))
    missing = [
        name for name, item in instrument.items.items() if item.needed and name not in chosen and not item.missing_when
    ]
    if not chosen:
        raise TableError(f"no column is an item of {instrument.name}. Items: {', '.join(instrument.items)}")
    if len(missing) == len([item for item in instrument.items.values() if item.needed]):
        raise TableError(f"none of the items needed is there: {', '.join(missing)}")
    return chosen


def _unit(header: str, item: Item, name: str, unit: str | None) -> str | None:
    if unit is None:
        if item.needs_unit:
            options = " or ".join(f"`{name} [{option}]`" for option in item.units)
            raise TableError(f"column {header!r} does not say its unit. Write the header {options}")
        return None
    accepted = {spelled(one) for one in item.units} or {"1"}
    if spelled(unit) not in accepted:
        raise TableError(f"column {header!r} is in {unit!r}. Accepted: {', '.join(item.units) or 'no unit'}")
    return unit


def _block(
    instrument: Instrument,
    part: "polars.DataFrame",
    chosen: Mapping[str, tuple[str, str | None]],
    reading: Any,
    start: int,
) -> tuple[list["polars.Series"], list[str], int]:
    import numpy as np

    supplied: dict[str, Any] = dict.fromkeys(instrument.items)
    wrong = np.zeros(part.height, dtype=bool)
    problems: list[str] = []
    for name, (header, unit) in chosen.items():
        item = instrument.items[name]
        values, bad = _cells(part[header], item, unit)
        wrong |= bad
        supplied[name] = values
        problems += _named(part[header], name, item, unit, bad, start)
    results = reading(supplied, rows=part.height)
    return _series(instrument, results, reading, wrong, chosen, supplied), problems, int(wrong.sum())


def _cells(series: "polars.Series", item: Item, unit: str | None) -> tuple[Any, "numpy.ndarray[Any, Any]"]:
    """A column in the item's canonical unit, and which of its cells are not accepted."""
    import numpy as np
    import polars as pl

    if item.kind is Kind.LABEL:
        known = {choice.lower(): choice for choice in item.choices}
        text = series.cast(pl.String).str.strip_chars().str.to_lowercase()
        values = text.replace_strict(known, default=None, return_dtype=pl.String)
        return values, (values.is_null() & _filled(text)).to_numpy()
    if item.kind is Kind.TRUTH:
        values, blank = _truths(series)
    else:
        text = series.cast(pl.String).str.strip_chars()
        numeric = series.is_finite() if series.dtype.is_float() else None
        values = (
            series.cast(pl.Float64, strict=False) if series.dtype.is_numeric() else text.cast(pl.Float64, strict=False)
        )
        if numeric is not None:
            values = pl.select(pl.when(numeric).then(values)).to_series()
        blank = _filled(text if numeric is None else text.set(series.is_nan(), ""))
    array = values.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()
    bad = np.isnan(array) & blank.to_numpy()
    if item.kind in (Kind.INTEGER, Kind.NUMBER):
        array = _converted(array, item, unit)
        bad |= _outside(array, item)
        array[bad | _beyond(array, item.query)] = np.nan  # to be confirmed first, so not scored
    return array, bad


_BLANK = ("", "nd", "na", "n/a", "nan", "none", "null", "not_assessed", "not assessed", "not done", "unknown")
_WORDS = {"yes": 1, "y": 1, "true": 1, "present": 1, "positive": 1, "1": 1, "1.0": 1,
          "no": 0, "n": 0, "false": 0, "absent": 0, "negative": 0, "0": 0, "0.0": 0, "not_attributable": 0}  # fmt: skip


def _filled(text: "polars.Series") -> "polars.Series":
    return text.is_not_null() & ~text.str.to_lowercase().is_in(list(_BLANK)).fill_null(False)


def _truths(series: "polars.Series") -> tuple["polars.Series", "polars.Series"]:
    import polars as pl

    text = series.cast(pl.String).str.strip_chars().str.to_lowercase()
    return text.replace_strict(_WORDS, default=None, return_dtype=pl.Float64), _filled(text)


def _converted(array: Any, item: Item, unit: str | None) -> Any:
    if unit is None or item.unit is None or spelled(unit) == spelled(item.unit):
        return array
    try:
        zero, one = (convert(value, unit, item.unit, item.substance) for value in (0, 1))
    except UnitError as error:
        raise TableError(str(error)) from None
    return array * float(one - zero) + float(zero)  # every accepted conversion is a straight line


def _outside(array: Any, item: Item) -> Any:
    import numpy as np

    bad = _beyond(array, (item.low, item.high))
    if item.kind is Kind.INTEGER:
        bad |= ~np.isnan(array) & (array != np.floor(array))
    if item.levels:
        bad |= ~np.isnan(array) & ~np.isin(array, item.levels)
    return bad


def _beyond(array: Any, ends: tuple[Any, Any]) -> Any:
    import numpy as np

    low, high = ends
    beyond = np.zeros(len(array), dtype=bool)
    if low is not None:
        beyond |= array < float(low) - 1e-9
    if high is not None:
        beyond |= array > float(high) + 1e-9
    return beyond


def _named(
    series: "polars.Series", name: str, item: Item, unit: str | None, bad: "numpy.ndarray[Any, Any]", start: int
) -> Iterator[str]:
    for place in bad.nonzero()[0][:SHOWN]:
        raw = series[int(place)]
        try:
            read(name, item, (raw, unit) if unit else raw)
            says = f"{name} is {raw!r}. Accepted: {item.range_text()}"
        except ItemError as error:
            says = str(error)
        yield f"row {start + int(place) + 2}: {says}"


def _series(
    instrument: Instrument, results: Mapping[str, Any], reading: Any, wrong: Any,
    chosen: Mapping[str, tuple[str, str | None]], supplied: Mapping[str, Any],
) -> list["polars.Series"]:  # fmt: skip
    import numpy as np
    import polars as pl

    name = instrument.name
    contradicted = _any(results, "check:", len(wrong))
    wrong |= contradicted
    queried = _any(results, "query:", len(wrong))
    applies = results["applies"] if "applies" in results else np.ones(len(wrong))
    value = _decoded(results["value"], reading, "value")
    known = ~(_unknown(value) | wrong | (applies != 1))
    status = np.where(known, "ok", instrument.when_missing.value)
    status = np.where(~known & (results["required"] != 1), "missing", status)
    status = np.where(applies == 0, "not_applicable", np.where(np.isnan(applies), "indeterminate", status))
    status = np.where(wrong, "invalid", np.where(queried, "missing", status))
    shown = pl.Series(name, np.where(known, value, None if value.dtype == object else np.nan))
    made = [shown.fill_nan(None) if shown.dtype.is_float() else shown]
    if "category" in results:
        band = _decoded(results["category"], reading, "category")
        made.append(
            pl.Series(f"{name}_band", [b if k else None for b, k in zip(band, known, strict=True)], dtype=pl.String)
        )
    made.append(pl.Series(f"{name}_status", status.astype(str)))
    made.append(pl.Series(f"{name}_flags", _flags(results, len(wrong)), dtype=pl.String))
    return made


def _decoded(column: Any, reading: Any, root: str) -> Any:
    return reading.decode(column) if reading.roots[root] is Kind.LABEL else column


def _unknown(values: Any) -> Any:
    import numpy as np

    if values.dtype == object:
        return np.array([value is None for value in values], dtype=bool)
    return np.isnan(values)


def _any(results: Mapping[str, Any], prefix: str, rows: int) -> Any:
    import numpy as np

    found = np.zeros(rows, dtype=bool)
    for key, column in results.items():
        if key.startswith(prefix):
            found |= column == 1
    return found


def _flags(results: Mapping[str, Any], rows: int) -> list[str]:
    import numpy as np

    text = np.full(rows, "", dtype=object)
    for key, column in results.items():
        if key.startswith("flag:"):
            here = column == 1
            text[here] = [f"{before};{key[5:]}" if before else key[5:] for before in text[here]]
    return [str(one) for one in text]
