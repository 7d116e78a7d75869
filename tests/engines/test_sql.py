"""The SQL text, executed on DuckDB and PostgreSQL, decides as the reading for one visit."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.expressions.program import Program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.sql import sql
from escalon.expressions.tree import Kind
from tests.expressions.random_programs import INPUTS, decidable, fuzzed, programs, visits
from tests.expressions.same import same

Query = Callable[[str], list[tuple[Any, ...]]]


def visits_as_sql(rows: list[dict[str, Any]], number: str, text: str) -> str:
    """The rows as a bracketed select, typed as a table would be."""
    kinds = {Kind.TRUTH: "BOOLEAN", Kind.LABEL: text}
    selects = []
    for place, row in enumerate(rows):
        cells = [
            f"CAST({_cell(row[node.name])} AS {kinds.get(node.kind, number)}) AS {node.name}"
            for node in INPUTS.values()
        ]
        selects.append(f"SELECT {place} AS place, {', '.join(cells)}")
    return f"({' UNION ALL '.join(selects)}) AS visits"


def _cell(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(float(value))


def assert_agrees(query: Query, dialect: str, drawn: Program, rows: list[dict[str, Any]], exact: bool) -> None:
    types = {"duckdb": ("DOUBLE", "VARCHAR"), "postgres": ("float8", "text")}[dialect]
    kept = decidable(drawn, rows, exact)
    if not kept:
        return
    visits_table = visits_as_sql([row for row, _ in kept], *types)
    found = query(sql(drawn, exact, dialect, visits_table, keep=["place"]))
    reference = compile_scalar(drawn, exact)
    assert sorted(row[0] for row in found) == list(range(len(kept)))
    for place, *values in found:
        row, names = kept[place]
        wanted = reference(**row)
        for name, value in zip(drawn.roots, values, strict=True):
            assert name not in names or same(value, wanted[name]), (name, row, value, wanted[name])


@fuzzed
@given(programs(), st.lists(visits(), min_size=4, max_size=12), st.booleans())
def test_duckdb_agrees_with_one_visit_at_a_time(duckdb_query, drawn, rows, exact):
    assert_agrees(duckdb_query, "duckdb", drawn, rows, exact)


@pytest.mark.postgres
@fuzzed
@given(programs(), st.lists(visits(), min_size=4, max_size=12), st.booleans())
def test_postgresql_agrees_with_one_visit_at_a_time(postgres_query, drawn, rows, exact):
    assert_agrees(postgres_query, "postgres", drawn, rows, exact)
