"""The reading over columns is the reading for one visit, row by row."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from escalon.expressions.columns import compile_columns
from escalon.expressions.program import Program
from escalon.expressions.scalar import compile_scalar
from tests.expressions.random_programs import INPUTS, LABELS, fuzzed, is_decidable_in_doubles, programs, visits
from tests.expressions.same import same


def read_columns(drawn: Program, rows: list[dict[str, Any]], exact: bool) -> list[dict[str, Any]]:
    reading = compile_columns(drawn, exact, labels=LABELS)
    columns = {name: [row[name] for row in rows] for name in INPUTS}
    results = reading(columns, rows=len(rows))
    codes = {name: reading.decode(results[name]) for name in ("label",) if results[name].dtype == np.int32}
    return [
        {name: codes[name][row] if name in codes else _plain(name, results[name][row]) for name in results}
        for row in range(len(rows))
    ]


def _plain(name: str, value: Any) -> Any:
    return None if value != value else bool(value) if name == "truth" else float(value)


@fuzzed
@given(programs(), st.lists(visits(), min_size=1, max_size=8), st.booleans())
def test_columns_agree_with_one_visit_at_a_time(drawn, rows, exact):
    reference = compile_scalar(drawn, exact)
    rows = [row for row in rows if is_decidable_in_doubles(drawn, row, exact)]
    if rows:
        for row, found in zip(rows, read_columns(drawn, rows, exact), strict=True):
            wanted = reference(**row)
            for name in wanted:
                assert same(found[name], wanted[name]), (name, row, found[name], wanted[name])
