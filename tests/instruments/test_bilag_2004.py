"""BILAG-2004 held to a second implementation, to its bounds, and to the other readings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.expressions.columns import compile_columns
from escalon.expressions.tree import Kind
from escalon.facts import Finding, Status
from escalon.instruments import assess
from escalon.instruments.activity.bilag_2004.form import (
    CONSTITUTIONAL,
    ITEMS,
    RATED,
    SYSTEMS,
    VALUES,
)
from escalon.instruments.activity.bilag_2004.haematological import table
from escalon.instruments.activity.bilag_2004.index import bilag_2004
from tests.instruments import naive_bilag as naive

NUMBERED = {one.number: one.name for one in (*CONSTITUTIONAL, *(one for some in RATED.values() for one in some))}
POINTS = {"A": 12, "B": 8, "C": 1, "D": 0, "E": 0}
UNITS = {
    "acr": "mg/mmol",
    "upcr": "mg/mmol",
    "protein_24h": "g/24h",
    "creatinine": "umol/L",
    "haemoglobin": "g/dL",
} | dict.fromkeys(("white_cells", "neutrophils", "lymphocytes", "platelets"), "10^9/L")
QUIET: dict[str, Any] = (
    dict.fromkeys(NUMBERED.values(), 0)
    | {f"previous_{system}": False for system in SYSTEMS}
    | {name: False for name in (*VALUES["renal"], *VALUES["haematological"]) if ITEMS[name].kind is Kind.TRUTH}
    | {"systolic_bp": 120, "diastolic_bp": 80, "upcr": 10, "creatinine": 70, "ttp": 0}
    | {"haemoglobin": 13, "white_cells": 6, "neutrophils": 4, "lymphocytes": 2, "platelets": 200}
)


def scored(**items: Any) -> Finding:
    """A finding for items in canonical units, which are written out as the form asks."""
    written = {
        name: (value, UNITS[name.removeprefix("previous_")])
        if name.removeprefix("previous_") in UNITS and value is not None
        else value
        for name, value in items.items()
    }
    return assess("bilag_2004", **written)


def tenths(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(round(low * 10), round(high * 10)).map(lambda tenth: tenth / 10)


ratings = st.one_of(st.just(0), st.integers(0, 4))
rated_visits = st.fixed_dictionaries(dict.fromkeys(NUMBERED, ratings))
histories = st.fixed_dictionaries(dict.fromkeys(SYSTEMS, st.booleans()))
# Near the limits, so that equality, one above and one below all come up.
MEASURED: dict[str, st.SearchStrategy[Any]] = {
    "systolic_bp": st.sampled_from([110, 111, 120, 140, 141, 150, 160]),
    "diastolic_bp": st.sampled_from([70, 75, 76, 80, 90, 91, 96]),
    "dipstick_protein": st.integers(0, 3),
    "acr": st.sampled_from([0, 25, 26, 50, 75, 99, 100, 101, 134, 135, 200]),
    "upcr": st.sampled_from([0, 25, 26, 49, 50, 100, 101, 133, 134, 135, 136, 400]),
    "protein_24h": st.sampled_from([0, 0.25, 0.26, 0.45, 0.5, 0.6, 1, 1.01, 1.4]),
    "creatinine": st.sampled_from([60, 100, 113, 114, 125, 130, 131, 143.75, 150, 162.5, 163, 300]),
    "gfr": st.sampled_from([20, 33.5, 49, 50, 51, 53.6, 66, 67, 79, 80, 100, 120]),
}
TRUTHS = ("accelerated_hypertension", "nephrotic_syndrome", "active_sediment", "active_nephritis_histology")


@st.composite
def renal_visits(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A visit with at least one measure of protein and of function, and the visit before with whatever was done."""
    maybe = {name: st.none() | values for name, values in MEASURED.items()}
    now = {name: draw(values) for name, values in maybe.items()}
    now |= {"systolic_bp": draw(MEASURED["systolic_bp"]), "diastolic_bp": draw(MEASURED["diastolic_bp"])}
    for some in (("upcr", "acr", "protein_24h", "dipstick_protein"), ("creatinine", "gfr")):
        if all(now[name] is None for name in some):
            chosen = draw(st.sampled_from(some))
            now[chosen] = draw(MEASURED[chosen])
    now |= {name: draw(st.booleans()) for name in TRUTHS}
    return now, {name: draw(values) for name, values in maybe.items()}


@given(rated_visits, histories)
def test_rated_systems_agree_with_the_second_implementation(visit: dict[int, int], before: dict[str, bool]) -> None:
    items = {NUMBERED[number]: rating for number, rating in visit.items()}
    finding = scored(**QUIET | items | {f"previous_{name}": was for name, was in before.items()})
    expected = {name: naive.grade_rated(name, visit, before[name]) for name in naive.ROLES}
    expected["constitutional"] = naive.grade_constitutional(visit, before["constitutional"])
    assert {name: finding.components[name] for name in expected} == expected
    quiet = "renal", "haematological"
    assert finding.value == sum(POINTS[grade] for grade in expected.values())
    assert finding.category == min([*expected.values(), *("D" if before[name] else "E" for name in quiet)])


@settings(max_examples=400)
@given(renal_visits(), st.booleans(), st.booleans())
def test_renal_rule_agrees_with_the_second_implementation(
    visits: tuple[dict[str, Any], dict[str, Any]], before: bool, registry: bool
) -> None:
    now, last = visits
    measured = {"upcr": None, "creatinine": None} | now | {f"previous_{name}": value for name, value in last.items()}
    policy = "registry" if registry else "written"
    finding = scored(**QUIET | measured | {"previous_renal": before}, first_visit=policy)
    assert finding.status is Status.OK
    assert finding.components["renal"] == naive.grade_renal(now, last, before, registry)
    assert finding.components["first_visit"] == policy


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {
            "haemoglobin": tenths(7, 12),
            "white_cells": tenths(0.5, 5),
            "neutrophils": tenths(0.2, 2.5),
            "lymphocytes": tenths(0.5, 1.5),
            "platelets": st.sampled_from([24, 25, 49, 50, 149, 150]),
            "ttp": st.sampled_from([0, 0, 0, 1, 2, 4]),
            "active_haemolysis": st.booleans(),
            "coombs_isolated": st.booleans(),
        }
    ),
    st.booleans(),
)
def test_blood_agrees_with_the_second_implementation(now: dict[str, Any], before: bool) -> None:
    finding = scored(**QUIET | now | {"previous_haematological": before})
    assert finding.components["haematological"] == naive.grade_blood(now, before)
    assert "rule_unconfirmed" in finding.flags


@given(rated_visits, st.sets(st.sampled_from(sorted(NUMBERED)), min_size=1, max_size=4), st.data())
def test_a_grade_is_given_exactly_when_missing_as_absent_and_as_new_agree(
    visit: dict[int, int], gone: set[int], data: st.DataObject
) -> None:
    known = {NUMBERED[number]: None if number in gone else rating for number, rating in visit.items()}
    partial = scored(**QUIET | known)
    least = scored(**QUIET | known | {NUMBERED[number]: 0 for number in gone})
    most = scored(**QUIET | known | {NUMBERED[number]: 4 for number in gone})
    between = scored(**QUIET | known | {NUMBERED[number]: data.draw(st.integers(0, 4)) for number in gone})
    for system in SYSTEMS:
        low, high = least.components[system], most.components[system]
        grade, possible = partial.components[system], partial.components.get(f"{system}_bounds", ())
        if grade == "not_assessable":
            continue
        assert grade == (low if low == high else None)
        if grade is None:
            assert (possible[0], possible[-1]) == (high, low)
            assert between.components[system] in possible
    if partial.value is None:
        assert partial.bounds == (least.value, most.value)
        assert partial.status is Status.INDETERMINATE
    else:
        assert partial.value == least.value == most.value
    if partial.components["eligible"] is None:
        assert (least.components["eligible"], most.components["eligible"]) == (False, True)
    else:
        assert partial.components["eligible"] == least.components["eligible"] == most.components["eligible"]


@given(rated_visits, st.sampled_from(sorted(NUMBERED)))
def test_a_higher_rating_never_lowers_the_score(visit: dict[int, int], number: int) -> None:
    items = QUIET | {NUMBERED[one]: rating for one, rating in visit.items()}
    scores = [bilag_2004.scalar()(**items | {NUMBERED[number]: rating})["value"] for rating in range(5)]
    assert scores == sorted(scores)
    assert all(0 <= score <= 108 for score in scores)


@settings(max_examples=100)
@given(
    renal_visits(), st.sampled_from(["upcr", "creatinine", "active_sediment", "systolic_bp", "gfr", "acr"]), st.data()
)
def test_renal_bounds_contain_every_completion(
    visits: tuple[dict[str, Any], dict[str, Any]], gone: str, data: st.DataObject
) -> None:
    now, last = visits
    items = QUIET | {"upcr": None, "creatinine": None} | now | {f"previous_{n}": value for n, value in last.items()}
    partial = scored(**items | {gone: None})
    if gone in partial.missing:
        drawn = data.draw(st.booleans() if gone in TRUTHS else MEASURED[gone])
        grade = scored(**items | {gone: drawn}).components["renal"]
        assert partial.components["renal"] in (grade, None)
        assert grade in (partial.components.get("renal_bounds") or {partial.components["renal"]})


def test_items_answer_to_name_and_number() -> None:
    for number, name in NUMBERED.items():
        for spelling in (name, f"item_{number}", f"i{number}", str(number)):
            finding = assess("bilag_2004", missing="assume_absent", **{spelling: 4})
            assert finding.components[name] == 4
    numbers = {spelling for item in ITEMS.values() for spelling in item.also if spelling.isdigit()}
    assert numbers == {str(number) for number in range(1, 98)}


def test_units_do_not_change_the_grade() -> None:
    one = assess(
        "bilag_2004", missing="assume_absent", creatinine="1.7 mg/dL", previous_creatinine="1.2 mg/dL", hb="85 g/L"
    )
    two = assess(
        "bilag_2004",
        missing="assume_absent",
        creatinine="150.28 umol/L",
        previous_creatinine="106.08 umol/L",
        hb="8.5 g/dL",
    )
    assert one.value == two.value == 16
    assert one.components["renal"] == two.components["renal"] == "B"


@pytest.mark.parametrize("name", ["haemoglobin", "upcr", "creatinine", "platelets"])
def test_a_bare_number_is_refused_where_units_are_mixed_up(name: str) -> None:
    finding = assess("bilag_2004", **{name: 5})
    assert finding.status is Status.INVALID
    assert finding.flags == ("UNIT_MISSING",)


def test_the_haematological_table_is_versioned_and_unconfirmed() -> None:
    assert table().version == "bilag_haem_2009"
    assert not table().confirmed
    assert bilag_2004.version.endswith(table().version)
    assert "rule_unconfirmed" not in scored(**dict.fromkeys(NUMBERED.values(), 0)).flags


def test_columns_give_what_one_visit_gives() -> None:
    columns = drawn_columns(500)
    results = compile_columns(bilag_2004.program(), bilag_2004.is_exact)(columns)
    reading = bilag_2004.scalar()
    for row in range(500):
        one = reading(**one_visit(columns, row))
        assert results["value"][row] == one["value"]
        assert results["part:eligible"][row] == one["part:eligible"]


def drawn_columns(rows: int) -> dict[str, np.ndarray[Any, Any]]:
    """Visits at random, in canonical units, everything recorded."""
    rng = np.random.default_rng(2004)
    columns = {}
    for name, item in ITEMS.items():
        seldom = rng.random(rows) < 0.05
        if item.kind is Kind.INTEGER:
            columns[name] = rng.integers(0, 4, rows) * seldom
        elif item.kind is Kind.TRUTH:
            columns[name] = seldom.astype(float)
        else:
            columns[name] = np.round(rng.random(rows) * 200, 1)
    return columns


def one_visit(columns: dict[str, np.ndarray[Any, Any]], row: int) -> dict[str, Any]:
    return {
        name: bool(column[row]) if ITEMS[name].kind is Kind.TRUTH else column[row].item()
        for name, column in columns.items()
    }
