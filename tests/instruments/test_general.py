"""Prednisone equivalents, change from baseline and the distortion flags: laws, and the parts that are plain functions."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Day, Fact, Status
from escalon.instruments import assess
from escalon.instruments.general.distortion_flags import DISTORTIONS
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
    assert assess("distortion_flags", day=180, lymphodepletion_day=-5, recovery_day=21).flags == ()


def test_everything_at_once_is_flagged_once_each() -> None:
    courses = {"crs": (2, 8), "infection": (12, 13), "steroid": (4, 6)}
    ends = {
        f"{name}_{end}_day": day
        for name, days in courses.items()
        for end, day in zip(("start", "end"), days, strict=True)
    }
    given = {
        "lymphodepletion_day": -5,
        "ivig_day": 10,
        "il6_blockade_day": 4,
        "igg_baseline": "14 g/L",
        "igg": "350 mg/dL",
    }
    found = assess("distortion_flags", day=14, **ends, **given)
    assert set(found.flags) == set(DISTORTIONS)
    assert found.value == 6


@given(st.integers(-20, 300), st.integers(-20, 300))
def test_later_assessments_leave_a_window_and_do_not_return(dose: int, day: int) -> None:
    flagged = "IL6_BLOCKADE" in assess("distortion_flags", day=day, il6_blockade_day=dose).flags
    assert flagged == (dose <= day <= dose + DISTORTIONS["IL6_BLOCKADE"].days)


@pytest.mark.parametrize(
    ("creatinine", "low", "high"),
    [("100-200 umol/L", "200 umol/L", "100 umol/L"), ("<40 umol/L", "40 umol/L", "0.1 umol/L"),
     (">300 umol/L", "10000 umol/L", "300 umol/L")],
)  # fmt: skip
@pytest.mark.parametrize("sex", ["female", "male"])
def test_an_egfr_of_a_range_of_creatinine_lies_between_those_of_its_ends(sex, creatinine, low, high):
    def egfr(value):
        return assess("ckd_epi_2021", age=60, sex=sex, creatinine=value, confirm="creatinine")

    assert egfr(creatinine).bounds == pytest.approx((egfr(low).value, egfr(high).value), rel=1e-9)


def test_filtration_of_somebody_whose_sex_is_not_known_lies_between_the_two_equations() -> None:
    given = {"age": 86, "creatinine": "120 umol/L"}
    women, men = (float(assess("ckd_epi_2021", sex=sex, **given).value) for sex in ("female", "male"))
    low, high = assess("ckd_epi_2021", **given).bounds
    assert (float(low), float(high)) == pytest.approx((women, men))
