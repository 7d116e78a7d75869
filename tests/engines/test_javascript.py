"""The JavaScript text, run in Node, decides as the reading for one visit."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.expressions.random_programs import fuzzed, is_decidable_in_doubles, programs, visits
from tests.expressions.same import same

from escalon.expressions.javascript import javascript
from escalon.expressions.program import program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.symbols import as_node, symbol

# One process for all cases: a line of JSON in, a line of JSON out. -0 is written as 0.
_LOOP = """
require("readline").createInterface({input: process.stdin}).on("line", line => {
  const {source, rows} = JSON.parse(line);
  const score = new Function(source + "; return score;")();
  const tried = row => { try { return score(row); } catch (error) { return {error: error.message}; } };
  console.log(JSON.stringify(rows.map(tried)));
});
"""
Run = Callable[[str, list[dict[str, Any]]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def node() -> Iterator[Run]:
    if not shutil.which("node"):
        pytest.skip("Node is not installed, so the JavaScript is not run")
    process = subprocess.Popen(["node", "-e", _LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(source: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps({"source": source, "rows": rows}) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    with process:
        yield run
        process.stdin.close()


def _as_typed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Fraction) else value for name, value in row.items()}


@fuzzed
@given(programs(), st.lists(visits(), min_size=1, max_size=6), st.booleans())
def test_javascript_agrees_with_one_visit_at_a_time(node, drawn, rows, exact):
    rows = [row for row in rows if is_decidable_in_doubles(drawn, row, exact)]
    reference = compile_scalar(drawn, exact)
    for row, found in zip(rows, node(javascript(drawn, exact), [_as_typed(row) for row in rows]), strict=True):
        wanted = reference(**row)
        for name in wanted:
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
