"""A measured value that is only known to lie in an interval is scored as far as every number in it scores alike."""

from fractions import Fraction

import pytest

from escalon.facts import Interval, Status
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.reading import read


def below(limit: str) -> Interval:
    return Interval(high=Fraction(limit), high_open=True)


def above(limit: str) -> Interval:
    return Interval(low=Fraction(limit), low_open=True)


RA_2010 = {
    "synovitis": True, "better_explained": False, "large": 0, "small": 1, "rf_upper_limit": "20 IU/mL", "acpa": "1 U/mL",
    "acpa_upper_limit": "5 U/mL", "acute_phase": "abnormal", "duration": "12 wk",
}  # fmt: skip
REMISSION = {"tender": 0, "swollen": 0, "patient_global": "1 cm"}
DECIDED = [
    ("ctcae_neutrophil_count_decreased", {"value": (below("0.1"), "10^9/L"), "lower": "2 10^9/L"}, 4),
    ("ctcae_neutrophil_count_decreased", {"value": (below("0.5"), "10^9/L"), "lower": "2 10^9/L"}, 4),
    ("ctcae_alanine_aminotransferase_increased", {"value": (above("1000"), "U/L"), "upper": "40 U/L", "baseline": "30 U/L"}, 4),
    ("ctcae_alanine_aminotransferase_increased", {"value": (below("10"), "U/L"), "upper": "40 U/L", "baseline": "30 U/L"}, 0),
    ("ra_2010", dict(RA_2010, rf=(below("20"), "IU/mL")), "not_met"),
    ("boolean_remission_2", dict(REMISSION, crp=(below("5"), "mg/L")), True),
    ("boolean_remission_2", dict(REMISSION, crp=(above("10"), "mg/L")), False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "value"), DECIDED)
def test_what_every_number_in_the_interval_gives_is_the_answer(name, given, value):
    finding = assess(name, **given)
    assert (finding.status, finding.value) == (Status.OK, value)


def test_neutrophils_below_a_limit_that_two_grades_share_are_between_those():
    finding = assess("ctcae_neutrophil_count_decreased", value=(below("1"), "10^9/L"), lower="2 10^9/L")
    assert (finding.status, finding.value, finding.bounds) == (Status.INDETERMINATE, None, (3, 4))


def test_remission_is_open_while_the_crp_may_be_above_its_limit():
    finding = assess("boolean_remission_2", **REMISSION, crp=(below("20"), "mg/L"))
    assert (finding.status, finding.value) == (Status.INDETERMINATE, None)
    assert "the answer differs within it" in finding.reasons[0]


def test_a_score_between_two_numbers_has_the_band_of_both():
    finding = assess("das28_crp", tender=4, swollen=5, crp=(below("5"), "mg/L"), global_health="50 mm")
    low, high = finding.bounds
    assert (finding.value, finding.category, finding.bounds_open) == (None, "moderate", (False, True))
    assert (round(low, 3), round(high, 3)) == (3.406, 4.051)
    assert finding.flags == ("CRP_BELOW_LLOQ",)
    assert finding.components["crp_recorded"] == "<5 mg/L"


def test_a_score_that_touches_a_limit_has_no_band_and_says_so():
    finding = assess("das28_crp", tender=14, swollen=15, crp=(below("5"), "mg/L"), global_health="50 mm")
    assert finding.category is None
    assert "NEAR_THRESHOLD" in finding.flags


def test_a_missing_item_beside_an_interval_is_what_is_named():
    finding = assess("das28_crp", tender=4, swollen=5, crp=(below("5"), "mg/L"))
    assert (finding.status, finding.missing) == (Status.MISSING, ("global_health",))
    assert round(finding.bounds[1], 3) == round(4.051 + 0.014 * 50, 3)


def test_an_interval_is_clipped_to_what_the_item_can_be():
    tender = catalogue()["cdai"].items["tender"]
    assert read("tender", tender, Interval(low=26, low_open=True)).value == Interval(27, 28)
    assert read("tender", tender, Interval(high=1, high_open=True)).value == 0
    finding = assess(
        "cdai", tender=Interval(low=28, low_open=True), swollen=0, patient_global="1 cm", physician_global="1 cm"
    )
    assert (finding.status, finding.flags) == (Status.INVALID, ("OUT_OF_RANGE",))


def test_an_interval_in_another_unit_is_converted_at_both_ends():
    finding = assess("das28_crp", tender=4, swollen=5, crp=(below("0.5"), "mg/dL"), global_health="50 mm")
    assert round(finding.bounds[1], 3) == 4.051


def test_the_function_itself_takes_an_interval():
    assert catalogue()["cdai"](4, 5, Interval(1, 2, high_open=True), 6) == Interval(16, 17, high_open=True)
    assert catalogue()["ctcae_neutrophil_count_decreased"](below("0.1"), 2) == 4


def test_json_says_which_end_is_out_of_reach():
    shown = assess("das28_crp", tender=4, swollen=5, crp=(below("5"), "mg/L"), global_health="50 mm").as_json()
    assert shown["bounds_open"] == [False, True]
    assert shown["components"]["crp"] == {"low": 0, "low_open": False, "high": 5, "high_open": True}
