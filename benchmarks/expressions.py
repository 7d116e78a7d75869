"""The readings of a program: a million visits as columns against NumPy written by hand, one visit, compiling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.measure import Measured, least, least_of_each
from escalon.expressions.columns import compile_columns
from escalon.expressions.javascript import javascript
from escalon.expressions.program import Program, program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.sql import sql
from escalon.expressions.symbols import as_node, at_least, case, log, points, sqrt, symbol, total
from escalon.expressions.tree import Kind

ROWS = 1_000_000
WEIGHTS = (8,) * 8 + (4,) * 6 + (2,) * 7 + (1,) * 3  # 24 descriptors, as many of each weight as SLEDAI-2K has
OF_ALL = f"{ROWS:,} visits"


def das28() -> Program:
    tender, swollen, esr, health = (symbol(name) for name in ("tender", "swollen", "esr", "health"))
    score = 0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.70 * log(esr) + 0.014 * health
    band = case(score < 2.6, "remission", score <= 3.2, "low", score <= 5.1, "moderate", "high")
    return program({"value": as_node(score), "category": as_node(band)})


def checklist() -> Program:
    boxes = [symbol(f"box{place}", Kind.TRUTH) for place in range(len(WEIGHTS))]
    return program({"value": as_node(total(points(box, weight) for box, weight in zip(boxes, WEIGHTS, strict=True)))})


def table_of_97() -> Program:
    """As many items and as much counting as BILAG-2004 has, with made-up rules."""
    items = [symbol(f"item{place}", Kind.INTEGER) for place in range(97)]
    systems = [items[start : start + 11] for start in range(0, 97, 11)]
    grades = {}
    for number, system in enumerate(systems):
        new = [item >= 3 for item in system]
        grade = case(
            at_least(2, *new), "A", at_least(1, *new), "B", at_least(1, *(item >= 1 for item in system)), "C", "D"
        )
        grades[f"system{number}"] = as_node(grade)
    return program(grades)


def only(whole: Program, name: str) -> Program:
    return Program(whole.steps, {name: whole.roots[name]})


def das28_by_hand(c: dict[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        esr = np.where(c["esr"] > 0, c["esr"], np.nan)
        return 0.56 * np.sqrt(c["tender"]) + 0.28 * np.sqrt(c["swollen"]) + 0.70 * np.log(esr) + 0.014 * c["health"]


def checklist_by_hand(c: dict[str, Any]) -> Any:
    result = WEIGHTS[0] * c["box0"]
    for place, weight in enumerate(WEIGHTS[1:], start=1):
        result = result + weight * c[f"box{place}"]
    return result


def das28_columns(rng: np.random.Generator) -> dict[str, Any]:
    counts = {"tender": rng.integers(0, 29, ROWS), "swollen": rng.integers(0, 29, ROWS)}
    columns = {**counts, "esr": rng.integers(0, 120, ROWS), "health": rng.integers(0, 101, ROWS)}
    return {name: np.where(rng.random(ROWS) < 0.02, np.nan, column) for name, column in columns.items()}


def checklist_columns(rng: np.random.Generator) -> dict[str, Any]:
    boxes = {f"box{place}": (rng.random(ROWS) < 0.1).astype(float) for place in range(len(WEIGHTS))}
    for column in boxes.values():
        column[rng.random(ROWS) < 0.01] = np.nan
    return boxes


def main() -> Iterator[Measured]:
    yield from columns()
    yield from one_visit()
    yield from writing()


def columns() -> Iterator[Measured]:
    rng = np.random.default_rng(20261123)
    for name, whole, supplied, by_hand in (
        ("DAS28", das28(), das28_columns(rng), das28_by_hand),
        ("checklist of 24", checklist(), checklist_columns(rng), checklist_by_hand),
    ):
        reading = compile_columns(only(whole, "value"), exact=False)
        assert np.allclose(reading(supplied)["value"], by_hand(supplied), rtol=1e-12, equal_nan=True)
        ours, hand = least_of_each(lambda r=reading, c=supplied: r(c), lambda h=by_hand, c=supplied: h(c), runs=7)
        yield Measured(f"{name}, columns", ours, OF_ALL, "NumPy by hand", hand, goal=3)
    reading = compile_columns(das28(), exact=False)
    supplied = das28_columns(rng)
    yield Measured("DAS28 with its band, columns", least(lambda: reading(supplied), runs=3), OF_ALL)
    table, rows = compile_columns(table_of_97(), exact=True), 200_000
    items = {f"item{place}": rng.integers(0, 5, rows).astype(float) for place in range(97)}
    each = least(lambda: table(items), runs=2) / rows
    yield Measured("table of 97 items, columns", each, "one visit", goal=1 / 20_000)


def one_visit() -> Iterator[Measured]:
    visit = {"tender": 4, "swollen": 3, "esr": 20, "health": 50}
    formula = compile_scalar(only(das28(), "value"), exact=False)
    yield Measured("DAS28, one visit", least(lambda: formula(**visit), calls=20_000), "one visit", goal=10e-6)
    table = table_of_97()
    items = {f"item{place}": place % 5 for place in range(97)}
    rules = compile_scalar(table, exact=True)
    yield Measured("table of 97 items, one visit", least(lambda: rules(**items), calls=500), "one visit")


def writing() -> Iterator[Measured]:
    for name, whole in (("DAS28 with its band", das28()), ("table of 97 items", table_of_97())):
        for kind, write in (
            ("one visit", lambda w=whole: compile_scalar(w, False)),
            ("columns", lambda w=whole: compile_columns(w, False)),
            ("SQL", lambda w=whole: sql(w, False)),
            ("JavaScript", lambda w=whole: javascript(w, False)),
        ):
            yield Measured(f"{name}: write and compile {kind}", least(write, runs=3), "one program")
