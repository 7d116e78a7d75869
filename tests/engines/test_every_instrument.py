"""Every instrument, with each of its options, decides in NumPy columns, in DuckDB and in JavaScript as for one visit.

Visits are drawn from what the items accept: with items missing, and often on a limit of the rule. Every root is
compared: the value, its bands, whether it applies, each flag, check and part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from escalon.expressions.sql import sql
from escalon.expressions.tree import Kind
from escalon.instruments import catalogue
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import BELOW_LIMIT
from escalon.instruments.kit.readings import columns, javascript
from tests.expressions.same import same
from tests.instruments.drawn_visits import drawn_visits

ROWS = 60
Options = tuple[tuple[str, Any], ...]
Case = tuple[Instrument, Options]
TYPES = {Kind.TRUTH: pl.Boolean, Kind.LABEL: pl.String, Kind.INTEGER: pl.Int64, Kind.NUMBER: pl.Float64}


def cases() -> Iterator[Any]:
    """Each instrument as published, then with each option chosen otherwise. How `<5` is read changes no rule."""
    for name, instrument in catalogue().items():
        yield pytest.param((instrument, ()), id=name)
        for option, choices in instrument.options.items():
            for choice in choices[1:] if option != BELOW_LIMIT else ():
                yield pytest.param((instrument, ((option, choice),)), id=f"{name} {option}={choice}")


CASES = list(cases())
every = pytest.mark.parametrize("case", CASES)


@cache
def visits(instrument: Instrument) -> list[dict[str, Any]]:
    return drawn_visits(instrument, ROWS)


@cache
def wanted(case: Case) -> list[dict[str, Any]]:
    """The reading for one visit, row by row."""
    instrument, options = case
    reading = instrument.scalar(**dict(options))
    return [reading(**(visit if instrument.is_exact else as_doubles(visit))) for visit in visits(instrument)]


def as_doubles(visit: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Fraction) else value for name, value in visit.items()}


def assert_same(case: Case, found: Sequence[Mapping[str, Any]]) -> None:
    for visit, here, there in zip(visits(case[0]), found, wanted(case), strict=False):
        for root, value in there.items():
            assert same(here[root], value), (root, here[root], value, visit)


@every
def test_the_visits_drawn_reach_different_answers(case: Case) -> None:
    values = [result["value"] for result in wanted(case) if result["value"] is not None]
    assert len(values) >= 5
    assert len(set(values)) >= 2


@every
def test_columns_decide_as_one_visit_at_a_time(case: Case) -> None:
    instrument, options = case
    reading = columns(instrument, **dict(options))
    rows = [as_doubles(visit) for visit in visits(instrument)]
    results = reading({name: [row[name] for row in rows] for name in instrument.items}, rows=ROWS)
    shown = {root: decoded(reading, root, column) for root, column in results.items()}
    assert_same(case, [{root: column[row] for root, column in shown.items()} for row in range(ROWS)])


def decoded(reading: Any, root: str, column: Any) -> list[Any]:
    """A column of results as Python values: labels, truths and unknowns as in the reading for one visit."""
    kind = reading.roots[root]
    if kind is Kind.LABEL:
        return list(reading.decode(column))
    values = [None if value != value else value for value in column.tolist()]
    return [None if value is None else bool(value) for value in values] if kind is Kind.TRUTH else values


@every
def test_duckdb_decides_as_one_visit_at_a_time(case: Case, duckdb_query: Any, tmp_path: Path) -> None:
    instrument, options = case
    schema = {name: TYPES[item.kind] for name, item in instrument.items.items()}
    people = pl.DataFrame([as_doubles(visit) for visit in visits(instrument)], schema=schema)
    people.with_row_index("person").write_parquet(tmp_path / "visits.parquet")
    table = f"read_parquet('{tmp_path / 'visits.parquet'}')"
    program = instrument.program(**dict(options))
    rows = duckdb_query(sql(program, instrument.is_exact, table=table, keep=["person"]) + " ORDER BY person")
    assert len(rows) == ROWS
    assert_same(case, [dict(zip(program.roots, values, strict=True)) for _, *values in rows])


@every
def test_javascript_decides_as_one_visit_at_a_time(case: Case, node: Any) -> None:
    instrument, options = case
    people = [as_doubles(visit) for visit in visits(instrument)]
    source = javascript(instrument, **dict(options)) + f"const score = {instrument.name};"
    assert_same(case, node(source, people))


@pytest.mark.postgres
@pytest.mark.parametrize("case", [case for case in CASES if not case.values[0][1]])
def test_postgresql_decides_as_one_visit_at_a_time(case: Case, postgres_query: Any) -> None:
    instrument, _ = case
    some = 12
    program = instrument.program()
    table = as_sql(instrument, [as_doubles(visit) for visit in visits(instrument)[:some]])
    rows = postgres_query(sql(program, instrument.is_exact, "postgres", table, keep=["place"]) + " ORDER BY place")
    assert len(rows) == some + 1
    assert_same(case, [dict(zip(program.roots, values, strict=True)) for _, *values in rows[1:]])


def as_sql(instrument: Instrument, rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a bracketed select, typed as a table of PostgreSQL would be."""
    types = {Kind.TRUTH: "BOOLEAN", Kind.LABEL: "text"}
    names = [f'"{name}"' for name in instrument.items]
    first = ", ".join(f"NULL::{types.get(item.kind, 'float8')}" for item in instrument.items.values())
    values = [", ".join([str(place), *map(cell, row.values())]) for place, row in enumerate(rows)]
    return f"(VALUES (-1, {first}), ({'), ('.join(values)})) AS visits (place, {', '.join(names)})"


def cell(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(float(value))
