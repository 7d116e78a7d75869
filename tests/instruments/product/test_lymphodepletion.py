from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Finding, Status
from escalon.instruments import assess
from escalon.instruments.product.lymphodepletion import (
    AUTOIMMUNE_A,
    ONCOLOGY_B,
    REGIMENS,
    fludarabine_renal_factor,
    lymphodepletion,
    regimen_named,
    round_dose,
)

AREA = assess("body_surface_area", height="165 cm", weight=62)
clearances = st.fractions(0, 200, max_denominator=100)


def renal(value):
    return Finding("creatinine_clearance", value, unit="mL/min")


def test_nothing_is_calculated_without_a_named_regimen():
    (found,) = lymphodepletion(None, AREA, renal(95), signed_by="Dr Li", question="Q-LD-DOSE")
    assert found.value is None
    assert found.status is Status.MISSING
    assert "Q-LD-DOSE" in found.reasons[0]


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=REGIMENS)
def test_every_dose_is_unconfirmed_until_someone_signs(regimen):
    for found in lymphodepletion(regimen, AREA, renal(95)):
        assert "rule_unconfirmed" in found.flags
    for found in lymphodepletion(regimen, AREA, renal(95), signed_by="Dr Li"):
        assert "rule_unconfirmed" not in found.flags
        assert found.components["signed_by"] == "Dr Li"


@given(clearances, clearances, st.sampled_from(["us_2010", "legacy_20pct"]))
def test_a_worse_clearance_never_raises_the_dose(one, other, policy):
    low, high = sorted((one, other))
    doses = [lymphodepletion(ONCOLOGY_B, AREA, renal(value), policy=policy)[0].value for value in (low, high)]
    assert doses[0] <= doses[1]


@given(clearances, st.sampled_from(["us_2010", "legacy_20pct"]))
def test_below_thirty_fludarabine_is_contraindicated_and_only_then(clearance, policy):
    found = lymphodepletion(AUTOIMMUNE_A, AREA, renal(clearance), policy=policy)[0]
    assert (found.value == 0) is (clearance < 30)
    assert ("contraindicated" in found.flags) is (clearance < 30)


@given(clearances)
def test_the_bands_of_the_label_have_no_gap_and_no_overlap(clearance):
    factor = fludarabine_renal_factor(clearance)
    bands = {Fraction(1): clearance >= 80, Fraction(4, 5): 50 <= clearance < 80, Fraction(3, 5): 30 <= clearance < 50}
    bands[Fraction(0)] = clearance < 30
    assert [value for value, inside in bands.items() if inside] == [factor]


def test_unknown_renal_function_gives_no_fludarabine_dose():
    found = lymphodepletion(AUTOIMMUNE_A, AREA, Finding("creatinine_clearance", None, Status.MISSING))
    assert found[0].value is None
    assert found[0].missing == ("creatinine_clearance",)


def test_formula_policy_and_regimen_are_in_the_result():
    parts = lymphodepletion(AUTOIMMUNE_A, AREA, renal(70))[0].components
    assert (parts["formula"], parts["renal_policy"], parts["regimen"]) == ("mosteller", "us_2010", "autoimmune_A")
    assert parts["total_mg"] == pytest.approx(3 * 25 * AREA.value * 0.8)


@given(st.floats(0.1, 5000), st.sampled_from([1, 5, 10, 50]), st.sampled_from(["nearest", "down"]))
def test_rounding_is_a_multiple_of_the_step_and_records_its_error(dose, step, mode):
    found = round_dose(Finding("fludarabine_dose", dose, unit="mg"), step, mode)
    assert found.value % step == 0
    assert abs(found.value - Fraction(repr(dose))) <= (step if mode == "down" else Fraction(step, 2))
    assert found.value == Fraction(repr(dose)) * (1 + found.components["relative_error"])


def test_rounding_keeps_an_unknown_dose_unknown():
    assert round_dose(Finding("fludarabine_dose", None, Status.MISSING, unit="mg"), 5).value is None


def test_a_regimen_of_the_wrong_name_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="autoimmune_A, oncology_B"):
        regimen_named("flu_cy")
