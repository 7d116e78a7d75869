"""With intervals among the inputs, columns, DuckDB, PostgreSQL and JavaScript decide as the reading for one visit.

Held in two steps: the program written for engines (`widened`), read for one visit, gives what the reading for one visit
gives for intervals; and every engine reads that program as it does any other.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.expressions.columns import compile_columns
from escalon.expressions.exactness import irrational_steps
from escalon.expressions.javascript import javascript
from escalon.expressions.possible import is_open
from escalon.expressions.program import Program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.sql import sql
from escalon.expressions.tree import Kind
from escalon.expressions.widened import widened
from escalon.facts import Interval
from tests.engines.test_every_instrument import cell
from tests.expressions.intervals import as_ends, interval_roots, widen
from tests.expressions.random_programs import LABELS, NUMBERS, decidable, fuzzed, programs, visits
from tests.expressions.same import same

NAMES = [node.name for node in NUMBERS]
wide_visits = st.builds(widen, visits(), st.integers(0, 2**63))


def flat(visit: dict[str, Any]) -> dict[str, Any]:
    """The visit as engines take it: every number as its two ends."""
    others = {name: value for name, value in visit.items() if name not in NAMES}
    whole = {"whole": visit["whole"].whole} if isinstance(visit["whole"], Interval) else {}
    for name in NAMES:
        others |= as_ends(name, (visit | whole)[name])
    return others


def wanted(drawn: Program, visit: dict[str, Any], exact: bool) -> dict[str, Any]:
    """The reading for one visit, each root as engines give it: decided or unknown, and the ends of a number.

    Engines take every number by its two ends, so an exact one is an interval of one number here.
    """
    points = {name: Interval(visit[name], visit[name]) for name in NAMES if isinstance(visit[name], int | Fraction)}
    found = compile_scalar(drawn, exact)(**(visit | points))
    shown = {name: None if is_open(value) else value for name, value in found.items()}
    for name in interval_roots(drawn, NAMES):
        value = found[name]
        shown |= as_ends(name, value if not isinstance(value, frozenset) else None)
    return shown


def rests_on_a_root(drawn: Program) -> frozenset[str]:
    """The results that rest on a root, logarithm or power. Instruments with any are never read as exact programs."""
    found: set[int] = set(irrational_steps(drawn))
    for number, step in enumerate(drawn.steps):
        if not found.isdisjoint(step.parts):
            found.add(number)
    return frozenset(name for name, number in drawn.roots.items() if number in found)


@fuzzed
@given(programs(), st.lists(wide_visits, min_size=2, max_size=6), st.booleans())
def test_the_program_for_engines_says_what_is_said_of_one_visit(drawn, rows, exact):
    wide = widened(drawn, NAMES)
    reading, left_out = compile_scalar(wide, exact), rests_on_a_root(wide) if exact else frozenset()
    for visit in rows:
        for row, names in decidable(wide, [flat(visit)], exact):
            found, answer = reading(**row), wanted(drawn, visit, exact)
            assert found.keys() == answer.keys()
            for name in names - left_out:
                assert same(found[name], answer[name]), (name, found[name], answer[name], visit)


def held_to(drawn: Program, rows: list[dict[str, Any]], exact: bool) -> tuple[Program, list[Any]]:
    """The program for engines, and the visits it can be held to, each with its results and their answers."""
    wide = widened(drawn, NAMES)
    reading = compile_scalar(wide, exact)
    return wide, [(row, names, reading(**row)) for row, names in decidable(wide, [flat(row) for row in rows], exact)]


def assert_same(kept: list[Any], found: list[Any]) -> None:
    assert len(found) == len(kept)
    for (row, names, answer), here in zip(kept, found, strict=True):
        for name in names:
            assert same(here[name], answer[name]), (name, row, here[name], answer[name])


few = st.lists(wide_visits, min_size=3, max_size=8)


@fuzzed
@given(programs(), few, st.booleans())
def test_columns_decide_as_for_one_visit(drawn, rows, exact):
    wide, kept = held_to(drawn, rows, exact)
    reading = compile_columns(wide, exact, labels=LABELS)
    columns = {node.name: [_as_double(row[node.name]) for row, *_ in kept] for node in wide.inputs}
    results = reading(columns, rows=len(kept))
    shown = {name: reading.decode(c) if c.dtype == np.int32 else c for name, c in results.items()}
    assert_same(kept, [{name: _plain(wide, name, c[row]) for name, c in shown.items()} for row in range(len(kept))])


def _as_double(value: Any) -> Any:
    return float(value) if isinstance(value, Fraction) else value


def _plain(wide: Program, name: str, value: Any) -> Any:
    kind = wide.steps[wide.roots[name]].kind
    if kind is Kind.LABEL:
        return value
    return None if value != value else bool(value) if kind is Kind.TRUTH else float(value)


def as_table(wide: Program, rows: list[dict[str, Any]], number: str, text: str) -> str:
    """The rows as a bracketed select, typed as a table would be."""
    types = {Kind.TRUTH: "BOOLEAN", Kind.LABEL: text}
    selects = []
    for place, row in enumerate(rows):
        cells = [f"CAST({cell(row[one.name])} AS {types.get(one.kind, number)}) AS {one.name}" for one in wide.inputs]
        selects.append(f"SELECT {', '.join([f'{place} AS place', *cells])}")
    return f"({' UNION ALL '.join(selects)}) AS visits"


def sql_agrees(query: Any, dialect: str, drawn: Program, rows: list[dict[str, Any]], exact: bool) -> None:
    wide, kept = held_to(drawn, rows, exact)
    if not kept:
        return
    types = {"duckdb": ("DOUBLE", "VARCHAR"), "postgres": ("float8", "text")}[dialect]
    table = as_table(wide, [row for row, *_ in kept], *types)
    found = sorted(query(sql(wide, exact, dialect, table, keep=["place"])))
    assert_same(kept, [dict(zip(wide.roots, values, strict=True)) for _, *values in found])


@fuzzed
@given(programs(), few, st.booleans())
def test_duckdb_decides_as_for_one_visit(duckdb_query, drawn, rows, exact):
    sql_agrees(duckdb_query, "duckdb", drawn, rows, exact)


@pytest.mark.postgres
@fuzzed
@given(programs(), few, st.booleans())
def test_postgresql_decides_as_for_one_visit(postgres_query, drawn, rows, exact):
    sql_agrees(postgres_query, "postgres", drawn, rows, exact)


@fuzzed
@given(programs(), few, st.booleans())
def test_javascript_decides_as_for_one_visit(node, drawn, rows, exact):
    wide, kept = held_to(drawn, rows, exact)
    typed = [{name: _as_double(value) for name, value in row.items()} for row, *_ in kept]
    found = node(javascript(wide, exact), typed)
    assert_same(kept, found)
