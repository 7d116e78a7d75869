"""Every row of spec/expressions/operators.md, in every reading."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalon.expressions.columns import compile_columns
from escalon.expressions.javascript import javascript
from escalon.expressions.program import Program, program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.sql import sql
from escalon.expressions.tree import OPERATORS, Input, Kind, Literal, Op
from tests.expressions.same import same

PAGE = Path(__file__).parents[2] / "spec" / "expressions" / "operators.md"
_OF_TRUTHS = {"and", "or", "not", "at_least"}


def _cells(section: int, columns: int) -> list[list[str]]:
    lines = PAGE.read_text().split("## ")[section].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows[2:] if len(row) == columns]


def _value(text: str) -> Any:
    match text.strip():
        case "?":
            return None
        case "true" | "false" as truth:
            return truth == "true"
        case label if label.startswith('"'):
            return label.strip('"')
        case number:
            return Fraction(number)


def _kind(value: Any, name: str, place: int, others: list[Any]) -> Kind:
    for known in (value, *([] if name == "case" and place == 0 else others)):
        if isinstance(known, bool):
            return Kind.TRUTH
        if isinstance(known, str):
            return Kind.LABEL
        if known is not None:
            return Kind.NUMBER
    return Kind.TRUTH if name in _OF_TRUTHS or (name == "case" and place == 0) else Kind.NUMBER


def _row(name: str, parts: str) -> tuple[Program, dict[str, Any]]:
    values = [_value(part) for part in parts.split(",")]
    nodes: list[Any] = []
    for place, value in enumerate(values):
        others = values[1:] if name in ("case", "at_least") else values
        nodes.append(Input(f"p{place}", _kind(value, name, place, others)))
    if name == "at_least":
        nodes[0] = Literal(int(values[0]))
    supplied = {node.name: value for node, value in zip(nodes, values, strict=True) if isinstance(node, Input)}
    return program({"value": Op(name, tuple(nodes))}), supplied


ROWS = [(name, parts, _value(value)) for name, parts, value, _ in _cells(0, 4)]
DECIMALS = _cells(1, 5)


def test_the_table_has_every_operator_with_an_unknown_part():
    assert {name for name, _, _ in ROWS} == set(OPERATORS)
    assert {name for name, parts, _ in ROWS if "?" in parts} == set(OPERATORS)


@pytest.mark.parametrize("exact", [True, False], ids=["exact", "doubles"])
@pytest.mark.parametrize(("name", "parts", "wanted"), ROWS)
def test_one_visit(name, parts, wanted, exact):
    drawn, values = _row(name, parts)
    assert same(compile_scalar(drawn, exact)(**values)["value"], wanted)


@pytest.mark.parametrize("exact", [True, False], ids=["exact", "doubles"])
@pytest.mark.parametrize(("name", "parts", "wanted"), ROWS)
def test_columns(name, parts, wanted, exact):
    drawn, values = _row(name, parts)
    reading = compile_columns(drawn, exact, labels=["A", "B", "a"])
    found = reading({key: [value] for key, value in values.items()}, rows=1)["value"]
    if found.dtype == np.int32:
        assert reading.decode(found)[0] == wanted
    else:
        assert same(
            None if np.isnan(found[0]) else float(found[0]), float(wanted) if isinstance(wanted, bool) else wanted
        )


def _sql_row(values: dict[str, Any], drawn: Program, types: dict[Kind, str]) -> str:
    kinds = {node.name: node.kind for node in drawn.inputs}
    cells = [f"CAST({_sql_value(value)} AS {types[kinds[name]]}) AS {name}" for name, value in values.items()]
    return f"(SELECT {', '.join(cells) or '1 AS one'}) AS visits"


def _sql_value(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    return f"'{value}'" if isinstance(value, str) else repr(float(value))


@pytest.mark.parametrize(("name", "parts", "wanted"), ROWS)
def test_duckdb(duckdb_query, name, parts, wanted):
    drawn, values = _row(name, parts)
    types = {Kind.NUMBER: "DOUBLE", Kind.TRUTH: "BOOLEAN", Kind.LABEL: "VARCHAR"}
    [(found,)] = duckdb_query(sql(drawn, True, "duckdb", _sql_row(values, drawn, types)))
    assert same(found, wanted)


@pytest.mark.postgres
@pytest.mark.parametrize(("name", "parts", "wanted"), ROWS)
def test_postgresql(postgres_query, name, parts, wanted):
    drawn, values = _row(name, parts)
    types = {Kind.NUMBER: "float8", Kind.TRUTH: "BOOLEAN", Kind.LABEL: "text"}
    [(found,)] = postgres_query(sql(drawn, True, "postgres", _sql_row(values, drawn, types)))
    assert same(found, wanted)


@pytest.mark.parametrize(("name", "parts", "wanted"), ROWS)
def test_javascript(node, name, parts, wanted):
    drawn, values = _row(name, parts)
    row = {key: float(value) if isinstance(value, Fraction) else value for key, value in values.items()}
    assert same(node(javascript(drawn, True), [row])[0]["value"], wanted)


def _decimal_program(left: str, relation: str, right: str) -> tuple[Program, dict[str, float]]:
    signs = re.findall(r"[-+]", left)
    numbers = [float(text) for text in re.split(r"[-+]", left)]
    tree: Any = Input("p0")
    for place, sign in enumerate(signs, start=1):
        tree = Op("add" if sign == "+" else "sub", (tree, Input(f"p{place}")))
    values = {f"p{place}": number for place, number in enumerate(numbers)}
    return program({"value": Op(relation, (tree, Literal(Fraction(right))))}), values


@pytest.mark.parametrize(("left", "relation", "right", "decision", "because"), DECIMALS)
def test_decimals_are_decided_as_on_paper(duckdb_query, node, left, relation, right, decision, because):
    drawn, values = _decimal_program(left, relation, right)
    wanted = decision == "true"
    assert compile_scalar(drawn, True)(**values)["value"] is wanted
    assert compile_columns(drawn, True)({name: [value] for name, value in values.items()})["value"][0] == wanted
    assert node(javascript(drawn, True), [values])[0]["value"] is wanted
    types = {Kind.NUMBER: "DOUBLE"}
    assert duckdb_query(sql(drawn, True, "duckdb", _sql_row(values, drawn, types))) == [(wanted,)]


def test_the_decimals_shown_are_those_that_doubles_decide_wrongly():
    wrong = []
    for left, relation, right, decision, _ in DECIMALS:
        drawn, values = _decimal_program(left, relation, right)
        wrong.append(compile_scalar(drawn, False)(**values)["value"] is not (decision == "true"))
    assert sum(wrong) >= 5
