"""Every measured quantity has what can be, what must be confirmed and what is unusual, declared once."""

import pytest

from escalon.expressions.tree import Kind
from escalon.facts import Status, convert
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.ranges import RANGES, range_of
from escalon.protocol import load_study

NO_COMMON_UNIT = {"anti_dsdna", "ch50"}
"""In the unit of each laboratory, so that no range can be said."""
COUNTED = {"urine_rbc_hpf", "urine_wbc_hpf", "infused_volume", "tnc_per_ml", "post_thaw_viability"}
"""Counts per field, and what the product's own rules judge."""


def measured():
    for name, one in catalogue().items():
        for key, item in one.items.items():
            if (
                item.kind is Kind.NUMBER
                and item.fact
                and (item.low is None or item.high is None or item.fact in RANGES)
            ):
                yield pytest.param(item, id=f"{name}.{key}")


@pytest.mark.parametrize("item", list(measured()))
def test_every_measured_item_has_three_ranges(item):
    if item.fact in NO_COMMON_UNIT | COUNTED:
        return
    assert range_of(item.fact) is not None
    assert item.high is not None
    assert item.query != (None, None)
    assert item.doubtful != (None, None)


@pytest.mark.parametrize("name", sorted(RANGES))
def test_each_range_lies_within_the_wider_one_and_names_its_source(name):
    known = RANGES[name]
    (low, high), confirm, unusual = known.possible, known.confirm, known.unusual
    assert known.source
    for inner, outer in ((confirm, (low, high)), (unusual, confirm)):
        assert inner[0] is None or outer[0] is None or inner[0] >= outer[0]
        assert inner[1] is not None
        assert outer[1] is not None
        assert inner[1] <= outer[1]


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
