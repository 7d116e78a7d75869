"""Every measured quantity has what can be, what must be confirmed and what is unusual, declared once."""

import pytest

from escalon.expressions.tree import Kind
from escalon.facts import Status, convert
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.ranges import RANGES, ranges_of
from escalon.instruments.safety.ctcae.laboratory import grade_laboratory, laboratory_terms
from escalon.protocol import load_study

NO_COMMON_UNIT = {"anti_dsdna", "anti_dsdna_upper_limit", "ch50", "ch50_lower_limit", "car_copies", "reference_copies"}
"""In the unit of each laboratory, or counted per reaction, so that no range can be said."""
JUDGED = {"infused_volume", "tnc_per_ml", "post_thaw_viability", "cells_given", "cells_per_ml", "volume"}
"""What the product's own rules judge against the study's window."""
SAYS_ITS_OWN = {"previous_systolic_bp", "previous_diastolic_bp", "temperature", "calcium", "albumin", "age"}
"""Items of one instrument alone that state both ends of their range themselves."""


def measured():
    """Every test of blood, urine, heart, lung or body that an instrument asks for: whatever is a quantity by its name."""
    for name, one in catalogue().items():
        for key, item in one.items.items():
            if item.kind is Kind.NUMBER and (ranges_of(item.fact or key) or (item.fact and item.high is None)):
                yield pytest.param(key, item, id=f"{name}.{key}")
    for lab, one in laboratory_terms().values():
        yield pytest.param(lab.quantity.name, one.items["value"], id=f"{one.name}.value")


@pytest.mark.parametrize(("key", "item"), list(measured()))
def test_every_measured_item_has_three_ranges(key, item):
    if (item.fact or key) in NO_COMMON_UNIT | JUDGED:
        return
    assert item.high is not None
    own = not item.fact and key in SAYS_ITS_OWN
    assert own or item.query != (None, None)
    assert own or item.doubtful != (None, None)


@pytest.mark.parametrize(
    "known", [pytest.param(one, id=f"{name}, {one.unit}") for name in sorted(RANGES) for one in RANGES[name]]
)
def test_each_range_lies_within_the_wider_one_and_names_its_source(known):
    assert known.source
    for inner, outer in ((known.confirm, known.possible), (known.unusual, known.confirm)):
        assert inner[0] is None or outer[0] is None or inner[0] >= outer[0]
        assert inner[1] is not None
        assert outer[1] is not None
        assert inner[1] <= outer[1]


@pytest.mark.parametrize(
    ("test", "value", "limits", "says"),
    [
        ("platelets", "0.129 10^9/L", {"lower": "150 10^9/L"}, "DOUBTFUL"),  # 129 000 /uL, a thousand times too small
        ("platelets", "6000 10^9/L", {"lower": "150 10^9/L"}, "QUERY"),
        ("platelets", "129000 10^9/L", {"lower": "150 10^9/L"}, "OUT_OF_RANGE"),
        ("hemoglobin", "1.2 g/L", {"lower": "120 g/L"}, "QUERY"),  # in g/dL
        ("calcium", "9.5 mmol/L", {"upper": "2.6 mmol/L"}, "QUERY"),  # in mg/dL
        ("glucose", "100 mmol/L", {}, "DOUBTFUL"),  # in mg/dL
        ("creatinine", "0.9 umol/L", {"upper": "100 umol/L"}, "QUERY"),  # in mg/dL
        ("albumin", "3.9 g/L", {"lower": "35 g/L"}, "DOUBTFUL"),  # in g/dL
    ],
)
def test_a_grade_says_that_no_living_person_has_the_value(test, value, limits, says):
    for found in grade_laboratory(test, value=value, **limits):
        assert says in found.flags
        assert says == "DOUBTFUL" or found.value is None


def test_an_ordinary_value_is_graded_in_silence():
    found = grade_laboratory("platelets", value="40 10^9/L", lower="150 10^9/L")[0]
    assert (found.value, set(found.flags)) == (3, set())


def test_a_range_is_the_same_in_every_unit():
    litres, decilitres = (catalogue()[name].items["crp"] for name in ("das28_crp", "sdai"))
    assert convert(decilitres.query[1], "mg/dL", "mg/L") == litres.query[1]


@pytest.mark.parametrize(
    ("crp", "status", "flag"),
    [("50 mg/L", Status.OK, None), ("400 mg/L", Status.OK, "DOUBTFUL"), ("1200 mg/L", Status.MISSING, "QUERY"),
     ("3000 mg/L", Status.INVALID, "OUT_OF_RANGE")],
)  # fmt: skip
def test_unusual_is_flagged_implausible_is_held_impossible_is_refused(crp, status, flag):
    found = assess("das28_crp", tender=4, swollen=2, crp=crp, global_health="30 mm")
    assert found.status is status
    assert flag is None or flag in found.flags


def test_every_fact_of_the_schedule_has_a_kind():
    study = load_study("nct07052565")
    height = study.vocabulary["height"]
    assert (height.kind, height.unit) == ("number", "cm")
