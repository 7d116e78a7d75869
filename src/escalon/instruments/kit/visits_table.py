"""Scoring a table of visits: one row a visit, one column an item, as array operations.

A header says the unit in brackets, `crp [mg/L]`, wherever an item accepts more than one. Each row gets what one visit
gets from `assess`: a cell that an item does not accept makes its row `invalid` and is named; nothing is dropped and no
row is left out. A column `confirm` names the items of its row that somebody looked at again, or says yes of them all.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import polars as pl

from escalon.facts import Status, spelled
from escalon.facts.accepted import takes_unit
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.table_rows import ColumnScorer, VisitScorer, result_names
from escalon.instruments.kit.unit_names import split_name

BLOCK = 65_536  # rows scored between two steps of the progress bar
ALMOST = 0.85
"""So alike must the names of a column and of a needed item without one be that the column is taken for a misspelling."""


_CONFIRM = ("confirm", "confirmed")


class VisitsError(ValueError):
    """A table that cannot be scored: a column of an unknown name or a wrong unit; says what to write."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The table with `<name>`, `<name>_band`, `<name>_status`, `<name>_missing` and `<name>_flags` added.

    `problems` names the first cells and rows that were not accepted, `row 7: …`, the header being row 1; `invalid` counts
    all such rows. `absent` are items for which the table has no column, so that they are missing in every row.
    """

    frame: pl.DataFrame
    problems: tuple[str, ...]
    invalid: int
    absent: tuple[str, ...] = ()


def score_table(
    instrument: Instrument, frame: pl.DataFrame, options: Mapping[str, Any] | None = None,
    step: Callable[[int], None] = lambda rows: None, unread: Sequence[int] = (),
) -> Scored:  # fmt: skip
    """Score every row. `step` is told how many rows are done by now.

    Rows that are `unread`, whose cells may stand under a wrong name, are invalid.

    Raises VisitsError for columns that cannot be read, UnknownItem for an option the instrument does not have.
    """
    chosen = match_columns(instrument, frame)
    _free_of_results(instrument, frame.columns)
    of_items = {header for header, _ in chosen.values()}
    confirm = next((one for one in frame.columns if one.strip().lower() in _CONFIRM and one not in of_items), None)
    scorer = (VisitScorer if instrument.adapt else ColumnScorer)(instrument, chosen, options or {}, confirm)
    made: list[list[pl.Series]] = []
    problems, invalid = [], 0
    for start in range(0, max(frame.height, 1), BLOCK):
        part = frame.slice(start, BLOCK)
        rows = scorer.score(part)
        made.append(rows.series)
        here = ((start + row, said) for row, said in rows.problems)
        problems += [f"row {at + 2}: {said}" for at, said in here if at not in unread]
        invalid += rows.invalid
        step(start + part.height)
    columns = [pl.concat(list(blocks)) for blocks in zip(*made, strict=True)]
    if unread:
        said = {f"{instrument.name}_status": str(Status.INVALID), f"{instrument.name}_flags": "NOT_READ"}
        columns = [one.scatter(unread, said.get(one.name)) for one in columns]
        invalid = next(int((one == str(Status.INVALID)).sum()) for one in columns if one.name in said)
    absent = tuple(name for name, item in instrument.items.items() if item.needed and name not in chosen)
    return Scored(frame.with_columns(columns), tuple(problems), invalid, absent)


def match_columns(instrument: Instrument, frame: pl.DataFrame) -> dict[str, tuple[str, str | None]]:
    """The column and unit of each item. A wrong unit, a name that stands twice or nearly names an item is refused."""
    names = {other.lower(): name for name, item in instrument.items.items() for other in (name, *item.also)}
    chosen: dict[str, tuple[str, str | None]] = {}
    others: list[str] = []
    for header in frame.columns:
        label, unit = _label_and_unit(header)
        name, of_its_name = split_name(instrument, label)
        if name not in instrument.items:
            others.append(label)
            continue
        if unit and of_its_name and spelled(unit) != spelled(of_its_name):
            raise VisitsError(f"column {header!r} says two units, {of_its_name} and {unit}. Keep one")
        if name in chosen:
            raise VisitsError(f"columns {chosen[name][0]!r} and {header!r} are both {name}. Keep one of them")
        if frame[header].dtype.is_nested() and not instrument.adapt:
            raise VisitsError(f"column {header!r} holds lists or records. Write one value a row")
        chosen[name] = (
            header,
            _unit(frame[header], instrument.items[name], name, unit or of_its_name),
        )
    _no_misspelling(instrument, names, chosen, others)
    _something_to_score(instrument, chosen)
    return chosen


def _label_and_unit(header: str) -> tuple[str, str | None]:
    """The name a header says, in small letters, and the unit in brackets behind it: `CRP [mg/L]`, `ESR (mm/h)`."""
    found = re.fullmatch(r"\s*([^\[(]+?)\s*(?:\[(.*?)\]?|\((.*?)\)?)?\s*", header)
    if found is None:
        return header.strip().lower(), None
    return found[1].lower(), (found[2] or found[3] or "").strip() or None


def _unit(column: pl.Series, item: Item, name: str, unit: str | None) -> str | None:
    header = column.name
    if not unit:
        if item.needs_unit and _is_bare(column):
            options = " or ".join(f"`{name} [{option}]`" for option in item.units)
            raise VisitsError(f"column {header!r} does not say its unit. Write the header {options}")
        return None
    if not takes_unit(item, unit, name):
        raise VisitsError(f"column {header!r} is in {unit!r}. Accepted: {', '.join(item.units) or 'no unit'}")
    return unit


def _is_bare(column: pl.Series) -> bool:
    """Whether numbers stand alone and no cell says its unit; where one does, as in `7 mg/L`, a bare one is its row's fault."""
    if column.dtype != pl.String:
        return True
    texts = column.str.strip_chars()
    bare = texts.cast(pl.Float64, strict=False).is_not_null()
    return bool(bare.any()) and not bool(texts.filter(~bare).str.contains(_WITH_UNIT).any())


_WITH_UNIT = r"[0-9]\s*[%°\p{L}/]"


def _no_misspelling(
    instrument: Instrument, names: Mapping[str, str], chosen: Mapping[str, Any], others: Sequence[str]
) -> None:
    for label in others:
        if label in instrument.options:
            choices = " or ".join(f"{label}={choice}" for choice in instrument.options[label])
            raise VisitsError(
                f"column {label!r} is an option, the same for every row. Give it beside the table: {choices}"
            )
        for close in get_close_matches(label, names, 1, ALMOST):
            if names[close] not in chosen and instrument.items[names[close]].needed:
                raise VisitsError(
                    f"column {label!r} is no item of {instrument.name}. Did you mean {close}? If it is something else, "
                    f"rename it; if there is no {names[close]}, add an empty column {names[close]}"
                )


def _something_to_score(instrument: Instrument, chosen: Mapping[str, Any]) -> None:
    if not chosen:
        raise VisitsError(f"no column is an item of {instrument.name}. Items: {', '.join(instrument.items)}")
    needed = [name for name, item in instrument.items.items() if item.needed]
    reachable = {*chosen, *(name for name in needed if set(instrument.items[name].missing_when) & set(chosen))}
    if needed and not reachable & set(needed):
        raise VisitsError(f"none of the items needed is there: {', '.join(needed)}")


def _free_of_results(instrument: Instrument, headers: Sequence[str]) -> None:
    for name in result_names(instrument):
        if name in headers:
            raise VisitsError(f"the table already has a column {name!r}, where a result would go. Rename that column")
