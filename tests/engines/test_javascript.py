"""The JavaScript text, run in Node, decides as the reading for one visit."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.expressions.javascript import javascript
from escalon.expressions.program import program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.symbols import as_node, symbol
from tests.expressions.random_programs import decidable, fuzzed, programs, visits
from tests.expressions.same import same


def _as_typed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Fraction) else value for name, value in row.items()}


@fuzzed
@given(programs(), st.lists(visits(), min_size=4, max_size=12), st.booleans())
def test_javascript_agrees_with_one_visit_at_a_time(node, drawn, rows, exact):
    reference, kept = compile_scalar(drawn, exact), decidable(drawn, rows, exact)
    results = node(javascript(drawn, exact), [_as_typed(row) for row, _ in kept])
    for (row, names), found in zip(kept, results, strict=True):
        wanted = reference(**row)
        for name in names:
            assert same(found.get(name), wanted[name]), (name, row, found, wanted[name])


def test_text_from_a_form_field_is_refused_not_joined(node):
    source = javascript(program({"value": as_node(symbol("a") + symbol("b"))}), exact=True)
    assert node(source, [{"a": "4", "b": "1"}]) == [{"error": "a must be a number or null"}]


def test_an_input_left_out_is_unknown(node):
    source = javascript(program({"value": as_node(symbol("a") + symbol("b"))}), exact=True)
    assert node(source, [{"a": 4}]) == [{"value": None}]


def test_a_function_needs_a_name_that_javascript_allows():
    with pytest.raises(ValueError, match="cannot name"):
        javascript(program({"value": as_node(symbol("a") + 1)}), exact=True, name="das28 (esr)")
