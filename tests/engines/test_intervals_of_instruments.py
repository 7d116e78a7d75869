"""An instrument scores an item below its limit in columns, in DuckDB and in JavaScript as `assess` does."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from escalon.expressions.possible import is_open
from escalon.facts import Interval
from escalon.instruments import catalogue
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.reading import ItemError, read
from escalon.instruments.kit.readings import columns, javascript, sql
from tests.engines.test_every_instrument import as_doubles, decoded
from tests.expressions.same import same
from tests.instruments.drawn_visits import drawn_visits

ROWS = 30
EACH = [
    ("das28_crp", "crp"),
    ("sdai", "crp"),
    ("boolean_remission_2", "crp"),
    ("asdas_crp", "crp"),
    ("ra_2010", "rf"),
    ("cdai", "tender"),
    ("ctcae_neutrophil_count_decreased", "value"),
    ("ctcae_alanine_aminotransferase_increased", "value"),
    ("cockcroft_gault", "creatinine"),
    ("bilag_2004", "platelets"),
]
each = pytest.mark.parametrize(("name", "below"), [one for one in EACH if one[0] in catalogue()])


def visits(instrument: Instrument, name: str) -> list[dict[str, Any]]:
    """Drawn visits in which the item is below, above or between what was drawn."""
    drawn = drawn_visits(instrument, ROWS)
    for place, visit in enumerate(drawn):
        if visit[name] is not None:
            visit[name] = _interval(instrument.items[name], visit[name], place) if place % 4 < 3 else visit[name]
    return drawn


def _interval(item: Item, value: Any, place: int) -> Any:
    raw = (Interval(high=value, high_open=True), Interval(low=value), Interval(value, value + 1))[place % 4]
    try:
        return read("it", item, (raw, item.unit) if item.unit else raw).value
    except ItemError:  # nothing lies below what is least
        return value


def wanted(instrument: Instrument, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    reading = instrument.scalar()
    found = [reading(**(row if instrument.is_exact else as_doubles(row))) for row in rows]
    return [{root: None if is_open(value) else value for root, value in row.items()} for row in found]


def flat(row: dict[str, Any], name: str) -> dict[str, Any]:
    """The row with the item as its four columns."""
    value = row[name]
    low, high = value.ends if isinstance(value, Interval) else (value, value)
    opens = (value.low_open, value.high_open) if isinstance(value, Interval) else (False, False)
    ends = {f"{name}_low": low, f"{name}_low_open": opens[0], f"{name}_high": high, f"{name}_high_open": opens[1]}
    return {key: _double(one) for key, one in ({k: v for k, v in row.items() if k != name} | ends).items()}


def _double(value: Any) -> Any:
    return float(value) if isinstance(value, Fraction) else value


def assert_same(rows: list[dict[str, Any]], answers: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    for row, answer, here in zip(rows, answers, found, strict=True):
        for root, value in answer.items():
            assert same(here[root], value), (root, here[root], value, row)


@each
def test_some_answers_are_decided_and_some_are_open(name, below):
    instrument = catalogue()[name]
    spans = [row for row in visits(instrument, below) if isinstance(row[below], Interval)]
    results = [value for row in spans for value in instrument.scalar()(**row).values()]
    assert len(spans) > 5
    assert any(is_open(value) for value in results)
    assert any(value is not None and not is_open(value) for value in results)


@each
def test_columns_score_intervals_as_for_one_visit(name, below):
    instrument = catalogue()[name]
    rows = visits(instrument, below)
    reading = columns(instrument, intervals=[below])
    table = [flat(row, below) for row in rows]
    results = reading({key: [row[key] for row in table] for key in table[0]}, rows=ROWS)
    shown = {root: decoded(reading, root, column) for root, column in results.items()}
    assert_same(rows, wanted(instrument, rows), [{root: c[row] for root, c in shown.items()} for row in range(ROWS)])


@each
def test_duckdb_scores_intervals_as_for_one_visit(name, below, duckdb_query, tmp_path):
    import polars as pl

    instrument = catalogue()[name]
    rows = visits(instrument, below)
    table = pl.DataFrame([flat(row, below) for row in rows], infer_schema_length=None).with_row_index("person")
    table.write_parquet(tmp_path / "visits.parquet")
    source = f"(SELECT * FROM read_parquet('{tmp_path / 'visits.parquet'}') ORDER BY person) AS visits"
    text = sql(instrument, table=source, intervals=[below])
    roots = columns(instrument, intervals=[below]).roots
    found = [dict(zip(roots, values, strict=True)) for values in duckdb_query(text)]
    assert_same(rows, wanted(instrument, rows), found)


@each
def test_javascript_scores_intervals_as_for_one_visit(name, below, node):
    instrument = catalogue()[name]
    rows = visits(instrument, below)
    typed = [{key: _span(value) for key, value in row.items()} for row in rows]
    source = javascript(instrument, intervals=[below]) + f"const score = {instrument.name};"
    assert_same(rows, wanted(instrument, rows), node(source, typed))


def _span(value: Any) -> Any:
    if not isinstance(value, Interval):
        return _double(value)
    low, high = map(_double, value.ends)
    return {"low": low, "low_open": value.low_open, "high": high, "high_open": value.high_open}
