"""The package and a plain program written from the papers say the same of every drawn person, whole, in part and in intervals."""

import ast
import os
from fractions import Fraction
from math import isclose
from pathlib import Path
from random import Random
from typing import Any

import pytest

from escalon.expressions.tree import Kind
from escalon.facts import Finding, Status
from escalon.instruments import assess, catalogue
from tests.instruments.second_opinion import (
    arthritis,
    ctcae,
    interventions,
    lupus,
    medicine,
    sjogren_and_scleroderma,
    toxicity,
)
from tests.instruments.second_opinion.opinion import OPINIONS

PAPERS = (arthritis, ctcae, interventions, lupus, medicine, sjogren_and_scleroderma, toxicity)
DRAWS = int(os.environ.get("SECOND_OPINION_DRAWS", "40"))
COMPLETIONS = 12
FACTORS = {
    ("mg/L", "mg/dL"): 10, ("umol/L", "mg/dL"): Fraction("88.4"), ("cm", "mm"): Fraction(1, 10), ("mm", "cm"): 10,
    ("g/L", "g/dL"): 10, ("g/dL", "g/L"): Fraction(1, 10), ("10^9/L", "/uL"): Fraction(1, 1000), ("wk", "d"): Fraction(1, 7),
    ("d", "wk"): 7, ("cm", "m"): 100, ("1", "%"): Fraction(1, 100), ("/uL", "10^9/L"): 1000, ("cm", "NRS"): 1,
}  # fmt: skip
"""One of the second unit in the first, for the units a value may be written in instead."""


def test_the_papers_import_nothing_of_the_package():
    for paper in PAPERS:
        tree = ast.parse(Path(str(paper.__file__)).read_text(encoding="utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        modules |= {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
        assert modules <= {"fractions", "math", "tests.instruments.second_opinion.opinion"}


def test_most_of_what_is_scored_has_a_second_opinion():
    assert len(OPINIONS) >= 146
    assert set(OPINIONS) <= set(catalogue())


@pytest.mark.parametrize("name", sorted(OPINIONS))
def test_whole_persons_are_scored_as_the_paper_says(name):
    random = Random(f"whole {name}")
    for _ in range(DRAWS):
        values = drawn(random, name)
        found = assess(name, **written(random, name, values))
        assert agrees(name, found, values), (
            name,
            values,
            found.value,
            found.category,
            found.status,
            answer(name, values),
        )


@pytest.mark.parametrize("name", sorted(OPINIONS))
def test_what_is_said_of_part_of_a_person_holds_for_every_whole_one(name):
    """Items missing, and items known as an interval only: a value given must be every completion's, bounds must hold it."""
    random = Random(f"part {name}")
    for _ in range(DRAWS // 3):
        values = drawn(random, name)
        known, gaps = with_gaps(random, name, values)
        found = assess(name, **known)
        if found.status in (Status.INVALID, Status.NOT_APPLICABLE):
            continue
        for _ in range(COMPLETIONS):
            whole = values | {item: gap(random) for item, gap in gaps.items()}
            said = answer(name, whole)
            if said is not None and assess(name, **written(random, name, whole)).status is Status.OK:
                assert found.value is None or same(found.value, said), (name, known, whole, found.value, said)
                assert within(found, said), (name, known, whole, found.bounds, said)


def answer(name: str, values: dict[str, Any]) -> Any:
    return OPINIONS[name].rule(**values)


def agrees(name: str, found: Finding, values: dict[str, Any]) -> bool:
    said = answer(name, values)
    if said is None:
        return found.value is None
    if found.status is Status.MISSING and "QUERY" in found.flags:
        return True
    label = OPINIONS[name].category
    return same(found.value, said) and (label is None or found.category == label(said) or near(found, said))


def near(found: Finding, said: Any) -> bool:
    return isinstance(said, float) and "NEAR_THRESHOLD" in found.flags


def same(one: Any, other: Any) -> bool:
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None:
        return one == other
    if isinstance(one, float) or isinstance(other, float):
        return isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-9)
    return one == other


def within(found: Finding, said: Any) -> bool:
    if not found.bounds or found.value is not None:
        return True
    if isinstance(said, str | bool):
        return said in found.bounds or not isinstance(found.bounds[0], str | bool)
    low, high = found.bounds
    tolerance = 1e-9 if isinstance(said, float) else 0
    return (low is None or said >= low - tolerance) and (high is None or said <= high + tolerance)


def drawn(random: Random, name: str) -> dict[str, Any]:
    """One person, whole; what the paper lets one leave out is left out one time in five."""
    one = OPINIONS[name]
    values = {item: value(random, name, item) for item in one.asks}
    return {item: None if item in one.optional and random.random() < 0.2 else known for item, known in values.items()}


def value(random: Random, name: str, item: str) -> Any:
    asked = catalogue()[name].items[item]
    if asked.kind is Kind.TRUTH:
        return random.random() < random.choice((0.15, 0.5))
    if asked.choices:
        return random.choice(asked.choices)
    low, high = limits(asked)
    fitting = [turn for turn in OPINIONS[name].turns if low <= turn <= high]
    if asked.kind is Kind.INTEGER:
        fitting = [turn for turn in fitting if turn.denominator == 1]
        return int(random.choice(fitting)) if fitting and random.random() < 0.5 else random.randint(int(low), int(high))
    if fitting and random.random() < 0.5:
        return random.choice(fitting)
    places = random.choice((0, 1, 2))
    top = min(high, max(low + 1, *fitting, 0) * random.choice((1, 2, 5))) if fitting else high
    return min(max(between(random, low, top, places), low), high)


def between(random: Random, low: Fraction, high: Fraction, places: int) -> Fraction:
    return Fraction(f"{random.uniform(float(low), float(high)):.{places}f}")


def limits(asked: Any) -> tuple[Fraction, Fraction]:
    """Between what an item is drawn: what can be, without what must be confirmed first."""
    low, high = Fraction(asked.low or 0), Fraction(asked.high if asked.high is not None else 1000)
    for queried, pick in zip(asked.query, (max, min), strict=True):
        if queried is not None:
            low, high = (max(low, queried), high) if pick is max else (low, min(high, queried))
    return low, high


def written(random: Random, name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {item: text(random, name, item, known) for item, known in values.items() if known is not None}


def text(random: Random, name: str, item: str, known: Any) -> Any:
    """As somebody writes it: with its unit, now and then with another unit in use."""
    asked = catalogue()[name].items[item]
    if isinstance(known, bool):
        return random.choice(("yes", "Y", "1") if known else ("no", "N", "0"))
    if isinstance(known, str) or not asked.units:
        return decimal(known) if not isinstance(known, str) else known
    others = [unit for unit in asked.units[1:] if (asked.units[0], unit) in FACTORS and factor_known(name, item, asked)]
    unit = random.choice([asked.units[0], *others])
    factor = Fraction(1) if unit == asked.units[0] else Fraction(FACTORS[asked.units[0], unit])
    there = known / factor
    if has_decimals(there):
        return f"{decimal(there)} {unit}"
    return f"{decimal(known)} {asked.units[0]}"


def factor_known(name: str, item: str, asked: Any) -> bool:
    mass_for_amount = asked.units[0] == "umol/L"
    return not mass_for_amount or "creatinine" in name or "creatinine" in item or name.startswith(("cockcroft", "ckd"))


def has_decimals(number: Fraction) -> bool:
    rest = Fraction(number).denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def decimal(number: Any) -> str:
    number = Fraction(number)
    assert has_decimals(number), number
    for places in range(12):
        if (number * 10**places).denominator == 1:
            return f"{float(number):.{places}f}"
    raise AssertionError(number)


def with_gaps(random: Random, name: str, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The person with one to three items missing or known within limits, and how to draw what those may be."""
    items = catalogue()[name].items
    asked_for = [item for item, one in values.items() if one is not None and item not in OPINIONS[name].optional]
    chosen = random.sample(asked_for, min(len(asked_for), random.randint(1, 3)))
    chosen = [item for item in chosen if items[item].needed or items[item].kind is Kind.NUMBER]
    chosen = [item for item in chosen if item != "vasopressors" or values["hypotension"]]  # not asked of whom has none
    known, gaps = written(random, name, {item: one for item, one in values.items() if item not in chosen}), {}
    for item in chosen:
        asked = catalogue()[name].items[item]
        if asked.kind is Kind.NUMBER and (not asked.needed or random.random() < 0.6):
            span = interval(random, asked, values[item])
            known[item] = f"{span[0]} {asked.units[0] if asked.units else ''}".strip()
            gaps[item] = span[1]
        else:
            gaps[item] = lambda random, item=item: value(random, name, item)
    return known, gaps


def interval(random: Random, asked: Any, known: Fraction) -> tuple[str, Any]:
    """`<x`, `>x` or `a-b` round a value, and how to draw from it."""
    low, high = limits(asked)
    width = max(known * random.choice((Fraction(1, 10), Fraction(1, 2))), Fraction(1, 10))
    below, above = max(low, known - width), min(high, known + width)
    below, above = Fraction(f"{float(below):.2f}"), Fraction(f"{float(above):.2f}")
    match random.choice(("below", "above", "between")):
        case "below" if above > low:
            start, end, said = low, above - Fraction(1, 1000), f"<{decimal(above)}"
        case "above" if below < high:
            start, end, said = below + Fraction(1, 1000), high, f">{decimal(below)}"
        case _:
            start, end, said = below, max(above, below), f"{decimal(below)}-{decimal(max(above, below))}"

    def draw(random: Random) -> Fraction:
        if random.random() < 0.3:
            return random.choice((max(start, low), end))
        return min(max(between(random, start, end, 3), start), end)

    return said, draw
