"""The reading over columns is the reading for one visit, row by row."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from escalon.expressions.columns import compile_columns
from escalon.expressions.program import Program
from escalon.expressions.scalar import compile_scalar
from tests.expressions.random_programs import INPUTS, LABELS, decidable, fuzzed, programs, visits
from tests.expressions.same import same


def read_columns(drawn: Program, rows: list[dict[str, Any]], exact: bool) -> list[dict[str, Any]]:
    reading = compile_columns(drawn, exact, labels=LABELS)
    columns = {name: [row[name] for row in rows] for name in INPUTS}
    results = reading(columns, rows=len(rows))
    found = {name: reading.decode(c) if c.dtype == np.int32 else c for name, c in results.items()}
    return [{name: _plain(name, column[row]) for name, column in found.items()} for row in range(len(rows))]


def _plain(name: str, value: Any) -> Any:
    if name.startswith("label") and not isinstance(value, float):  # a root that is always unknown has no labels
        return value
    return None if value != value else bool(value) if name.startswith("truth") else float(value)


@fuzzed
@given(programs(), st.lists(visits(), min_size=4, max_size=12), st.booleans())
def test_columns_agree_with_one_visit_at_a_time(drawn, rows, exact):
    reference, kept = compile_scalar(drawn, exact), decidable(drawn, rows, exact)
    for (row, names), found in zip(kept, read_columns(drawn, [row for row, _ in kept], exact), strict=True):
        wanted = reference(**row)
        for name in names:
            assert same(found[name], wanted[name]), (name, row, found[name], wanted[name])
