"""Prednisone equivalents, change from baseline and the distortion flags: laws, and the parts that are plain functions."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Day, Fact, Status
from escalon.instruments import assess
from escalon.instruments.activity.das28 import das28_crp
from escalon.instruments.activity.sledai_2k import sledai_2k
from escalon.instruments.general.distortion_flags import DISTORTIONS, Course, Events, distortions, touched
from escalon.instruments.general.prednisone_equivalent import EQUAL_TO_5_MG, SYSTEMIC
from escalon.instruments.kit.assessment import UnknownItem
from escalon.instruments.kit.baseline import baseline_of

INFUSION = date(2025, 3, 10)
doses = st.dictionaries(st.sampled_from(sorted(EQUAL_TO_5_MG)), st.integers(0, 1000), min_size=1)


def on(study_day: int) -> Day:
    return Day.of(INFUSION + timedelta(days=study_day))


# ---- prednisone equivalents


@given(doses)
def test_a_regimen_is_the_sum_of_its_drugs(regimen: dict[str, int]) -> None:
    whole = assess("prednisone_equivalent", **regimen).value
    assert whole == sum(Fraction(mg) * 5 / EQUAL_TO_5_MG[drug] for drug, mg in regimen.items())
    assert whole == sum(assess("glucocorticoid_dose", drug=drug, dose=mg).value for drug, mg in regimen.items())


@given(doses, st.sampled_from(sorted(EQUAL_TO_5_MG)))
def test_more_of_any_drug_is_more(regimen: dict[str, int], drug: str) -> None:
    more = regimen | {drug: regimen.get(drug, 0) + 1}
    assert assess("prednisone_equivalent", **more).value > assess("prednisone_equivalent", **regimen).value


@pytest.mark.parametrize("drug", EQUAL_TO_5_MG)
def test_what_equals_five_milligrams_is_five(drug: str) -> None:
    assert assess("prednisone_equivalent", **{drug: EQUAL_TO_5_MG[drug]}).value == 5


def test_an_unknown_drug_is_refused_with_the_drugs_there_are() -> None:
    with pytest.raises(UnknownItem, match=r"fludrocortisone.*prednisolone"):
        assess("prednisone_equivalent", fludrocortisone=1)
    finding = assess("glucocorticoid_dose", drug="fludrocortisone", dose=1)
    assert finding.status is Status.INVALID
    assert "deflazacort" in finding.reasons[0]


@pytest.mark.parametrize("route", SYSTEMIC)
def test_systemic_routes_count_alike(route: str) -> None:
    assert assess("glucocorticoid_dose", drug="methylprednisolone", dose=500, route=route).value == 625


# ---- change from baseline


amounts = st.integers(0, 5000).map(lambda tenths: Fraction(tenths, 10))


@given(amounts, amounts)
def test_change_and_percent_change_are_exact(base: Fraction, now: Fraction) -> None:
    finding = assess("change_from_baseline", baseline=base, now=now)
    assert finding.value == now - base
    assert finding.components["pchg"] == (None if base == 0 else (now - base) / base * 100)


@given(amounts, amounts)
def test_the_unit_of_crp_does_not_matter(base: Fraction, now: Fraction) -> None:
    one = assess("crp_change", baseline=(base, "mg/L"), now=(now, "mg/L"))
    other = assess("crp_change", baseline=(base / 10, "mg/dL"), now=(now / 10, "mg/dL"))
    assert (one.value, one.components["pchg"]) == (other.value, other.components["pchg"])


def esr(study_day: int, value: int | None) -> Fact:
    return Fact("esr", value, on(study_day), "mm/h")


def test_baseline_is_the_last_before_lymphodepletion() -> None:
    recorded = [esr(-30, 50), esr(-10, 44), esr(-7, None), esr(-3, 30), esr(0, 20), esr(28, 12)]
    found = baseline_of(recorded, lymphodepletion=on(-5), infusion=on(0))
    assert (found.value, found.day) == (44, on(-10))
    assert found.flags == ("AFTER_LYMPHODEPLETION_NOT_USED",)
    assert [fact.value for fact in found.rests_on if isinstance(fact, Fact)] == [44, 30, 20]


def test_the_switch_takes_the_last_before_infusion() -> None:
    recorded = [esr(-10, 44), esr(-3, 30), esr(0, 20)]
    found = baseline_of(recorded, lymphodepletion=on(-5), infusion=on(0), rule="before_infusion")
    assert found.value == 30
    assert found.rule == "baseline/before_infusion"


def test_the_day_of_the_first_dose_is_not_before_it() -> None:
    found = baseline_of([esr(-5, 40)], lymphodepletion=on(-5))
    assert found.value is None
    assert found.status is Status.MISSING


def test_a_partial_date_that_could_be_the_last_leaves_the_baseline_undecided() -> None:
    some_day_in_march = Fact("esr", 60, Day(2025, 3), "mm/h")
    assert baseline_of([esr(-10, 44), some_day_in_march], lymphodepletion=on(-5)).status is Status.INDETERMINATE
    in_january = Fact("esr", 60, Day(2025, 1), "mm/h")
    assert baseline_of([esr(-10, 44), in_january], lymphodepletion=on(-5)).value == 44


def test_two_values_on_the_last_day_leave_the_baseline_undecided() -> None:
    assert baseline_of([esr(-10, 44), esr(-10, 45)], lymphodepletion=on(-5)).status is Status.INDETERMINATE
    assert baseline_of([esr(-10, 44), esr(-10, 44)], lymphodepletion=on(-5)).value == 44


def test_without_the_day_of_lymphodepletion_there_is_no_baseline() -> None:
    found = baseline_of([esr(-10, 44)], lymphodepletion=None)
    assert found.status is Status.MISSING
    assert found.reasons == ("the day of lymphodepletion is not recorded",)


# ---- distortions


def test_a_quiet_course_raises_nothing() -> None:
    assert distortions(on(180), Events(on(0), lymphodepletion=on(-5), recovery=on(21))).flags == ()


def test_everything_at_once_is_flagged_once_each() -> None:
    events = Events(
        infusion=on(0),
        lymphodepletion=on(-5),
        ivig=[on(-40), on(10), on(200)],
        il6_blockade=[on(4)],
        crs=[Course(on(2), on(8))],
        infections=[Course(on(12), on(13))],
        rescue_steroid=[Course(on(4), on(6))],
    )
    found = distortions(on(14), events, igg_baseline="14 g/L", igg="350 mg/dL")
    assert set(found.flags) == set(DISTORTIONS)
    assert found.value == 6


def test_of_several_courses_the_one_that_reaches_furthest_counts() -> None:
    events = Events(on(0), crs=[Course(on(1)), Course(on(5), on(6))])
    assert distortions(on(100), events).flags == ("CRS_WINDOW",)


def test_a_partial_date_raises_the_flag_it_may_raise() -> None:
    assert distortions(on(5), Events(on(0), il6_blockade=[Day(2025, 3)])).flags == ("IL6_BLOCKADE",)


@given(st.integers(-20, 300), st.integers(-20, 300))
def test_later_assessments_leave_a_window_and_do_not_return(dose: int, day: int) -> None:
    events = Events(on(0), il6_blockade=[on(dose)])
    flagged = "IL6_BLOCKADE" in distortions(on(day), events).flags
    assert flagged == (dose <= day <= dose + DISTORTIONS["IL6_BLOCKADE"].days)


def test_which_flags_concern_an_instrument_follows_from_its_items() -> None:
    assert touched(das28_crp)["IL6_BLOCKADE"] == {"crp"}
    assert touched(das28_crp)["RESCUE_STEROID"] == {"tender_joints_28", "swollen_joints_28", "patient_global"}
    assert touched(sledai_2k)["DRUG_CYTOPENIA"] == {"platelets", "wbc"}
    assert "IGG_DEPLETION" not in touched(das28_crp)
