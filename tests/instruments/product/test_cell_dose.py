from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Finding, Status, UnitError, grounds
from escalon.instruments import assess
from escalon.instruments.product.cell_dose import infused_volume
from escalon.instruments.product.dose import DoseAmount
from escalon.instruments.product.dose_window import DoseAdjustment, DoseLevel, judge_dose, percent_apart
from escalon.instruments.product.infusion import Bag, calculate

LEVELS = [
    DoseLevel(1, DoseAmount.parse("100000 cells/kg")),
    DoseLevel(2, DoseAmount.parse("300000 cells/kg")),
    DoseLevel(3, DoseAmount.parse("600000 cells/kg")),
]
WEIGHT = Finding("dosing_weight", 55, unit="kg")

volumes = st.fractions(Fraction(1, 10), 500, max_denominator=100)
counts = st.integers(1_000, 10**8)
shares = st.fractions(Fraction(1, 100), 1, max_denominator=1000)
weights = st.fractions(30, 150, max_denominator=10)


def per_kg(value):
    return Finding("cells_per_kg", value, unit="{cells}/kg")


@given(counts, shares, shares, weights, st.sampled_from(LEVELS), st.sampled_from(["viable", "total"]))
def test_infusing_the_calculated_volume_gives_exactly_the_level(tnc, viability, fraction, weight, level, gate):
    factors = {"cells_per_ml": tnc, "viability": (viability, "1"), "car_fraction": (fraction, "1"), "car_gate": gate}
    volume = assess("volume_to_infuse", level=level.dose.value, weight=weight, **factors).value
    if volume is None:
        assert (gate, fraction > viability) == ("total", True), "no more are viable and CAR-positive than are viable"
        return
    if volume > 2000:
        return
    cells = assess("car_positive_cells", volume=volume, **factors).value
    assert assess("cells_per_kg", cells=cells, weight=weight).value == level.dose.value


@given(volumes, counts, shares, shares, st.sampled_from(["volume", "cells_per_ml", "viability", "car_fraction"]))
def test_a_missing_factor_gives_no_dose_never_that_of_one_hundred_per_cent(volume, tnc, viability, fraction, gone):
    items = {"volume": volume, "cells_per_ml": tnc, "viability": (viability, "1"), "car_fraction": (fraction, "1")}
    found = assess("car_positive_cells", **(items | {gone: None}))
    assert found.value is None
    assert found.missing == (gone,)


@given(volumes, counts, shares, shares)
def test_the_unit_of_a_fraction_does_not_matter(volume, tnc, viability, fraction):
    as_fraction = assess(
        "car_positive_cells", volume=volume, cells_per_ml=tnc, viability=(viability, "1"), car_fraction=(fraction, "1")
    )
    as_percent = assess(
        "car_positive_cells",
        volume=volume,
        cells_per_ml=tnc,
        viability=(viability * 100, "%"),
        car_fraction=(fraction * 100, "%"),
    )
    assert as_fraction.value == as_percent.value


def test_a_bare_viability_is_refused_because_it_could_be_a_percentage():
    found = assess("car_positive_cells", volume=20, cells_per_ml=2.5e6, viability=0.85, car_fraction="40 %")
    assert found.status is Status.INVALID
    assert found.flags == ("UNIT_MISSING",)


@given(st.sampled_from(LEVELS), st.sampled_from([Fraction(4, 5), Fraction(6, 5)]), st.integers(1, 10**12))
def test_the_limits_are_inside_and_the_least_step_beyond_them_is_outside(level, limit, fineness):
    step = Fraction(1, fineness)
    outward = step if limit > 1 else -step
    on = judge_dose(per_kg(level.dose.value * limit), level, LEVELS, Fraction(1, 5))
    beyond = judge_dose(per_kg(level.dose.value * (limit + outward)), level, LEVELS, Fraction(1, 5))
    assert on.value is True
    assert beyond.value is False


def test_a_tolerance_written_as_a_float_is_the_decimal_it_prints():
    assert judge_dose(per_kg(480_000), LEVELS[2], LEVELS, 0.2).value is True
    assert judge_dose(per_kg(720_000), LEVELS[2], LEVELS, 0.2).value is True


@given(st.fractions(1, 2_000_000, max_denominator=10**6))
def test_a_dose_is_in_the_window_exactly_when_it_belongs_to_the_assigned_level(dose):
    for level in LEVELS:
        found = judge_dose(per_kg(dose), level, LEVELS, 0.2)
        assert found.value is (level.number in found.components["levels_matching"])


def test_overlapping_windows_name_no_single_level():
    found = judge_dose(per_kg(200_000), LEVELS[0], LEVELS[:2], Fraction(9, 10))
    assert "ambiguous_level" not in found.flags
    close = [DoseLevel(1, DoseAmount.parse("100000 cells/kg")), DoseLevel(2, DoseAmount.parse("120000 cells/kg"))]
    found = judge_dose(per_kg(110_000), close[0], close, 0.2)
    assert found.components["level_delivered"] is None
    assert found.components["levels_matching"] == (1, 2)
    assert "ambiguous_level" in found.flags


def test_a_deviation_just_beyond_the_limit_never_prints_as_the_limit():
    assert percent_apart(Fraction("20.004"), Fraction(20)) == "+20.004"
    assert percent_apart(Fraction(-20), Fraction(20)) == "-20.0"
    assert percent_apart(Fraction("-20.238"), Fraction(20)) == "-20.2"


def test_a_deviation_needs_a_reason_until_one_is_given():
    outside = per_kg(500_000)
    assert "reason_required" in judge_dose(outside, LEVELS[1], LEVELS, 0.2).flags
    why = DoseAdjustment("bag leaked", "Dr Li", datetime(2025, 3, 14, 9, 30, tzinfo=UTC), analysis_level=3)
    found = judge_dose(outside, LEVELS[1], LEVELS, 0.2, why)
    assert "reason_required" not in found.flags
    assert "protocol_deviation" in found.flags
    assert found.components["assigned_level"] == 2
    assert found.components["analysis_level"] == 3


@pytest.mark.parametrize(("reason", "author"), [("", "Dr Li"), ("leak", " ")])
def test_an_adjustment_without_reason_or_author_is_refused(reason, author):
    with pytest.raises(ValueError, match="needs a"):
        DoseAdjustment(reason, author, datetime(2025, 3, 14, tzinfo=UTC))


def test_an_adjustment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        DoseAdjustment("leak", "Dr Li", datetime(2025, 3, 14))


def test_a_dose_in_another_unit_is_not_judged():
    with pytest.raises(UnitError):
        judge_dose(Finding("volume_to_infuse", 20, unit="mL"), LEVELS[0], LEVELS, 0.2)


def test_what_stays_in_bag_and_line_was_not_given():
    assert infused_volume(20, Fraction(3, 2)).value == Fraction(37, 2)
    assert infused_volume(20).flags == ("residual_not_recorded",)
    assert infused_volume(None).value is None
    assert infused_volume(5, 7).status is Status.INVALID


def test_release_viability_never_stands_in_for_viability_after_thaw():
    bag = Bag(cells_per_ml=2_500_000, car_fraction=Fraction(2, 5), volume=20, release_viability=Fraction(9, 10))
    found = calculate(bag, WEIGHT, LEVELS[1], LEVELS, 0.2)
    assert found.per_kg.value is None
    assert found.verdict.missing == ("viability",)
    assert found.verdict.reasons == ("viability is not known",)


def test_a_plan_names_the_volumes_that_stay_in_the_window_and_what_to_load():
    bag = Bag(2_500_000, Fraction(85, 100), Fraction(2, 5), residual=Fraction(3, 2))
    plan = calculate(bag, WEIGHT, LEVELS[1], LEVELS, 0.2)
    assert not plan.was_given
    assert plan.to_infuse.value == Fraction(330, 17)
    parts = plan.to_infuse.components
    assert parts["volume_to_load"] == Fraction(330, 17) + Fraction(3, 2)
    for end in ("lowest_volume", "highest_volume"):
        given_bag = Bag(2_500_000, Fraction(85, 100), Fraction(2, 5), volume=parts[end], residual=0)
        assert calculate(given_bag, WEIGHT, LEVELS[1], LEVELS, 0.2).verdict.value is True


def test_too_little_product_is_said():
    bag = Bag(2_500_000, Fraction(85, 100), Fraction(2, 5), volume=10, residual=1)
    assert "not_enough_product" in calculate(bag, WEIGHT, LEVELS[1], LEVELS, 0.2).to_infuse.flags


def test_a_reported_count_that_differs_from_its_factors_is_shown_and_flagged():
    bag = Bag(2_500_000, Fraction(85, 100), Fraction(2, 5), volume=20, residual=0, cells=17_000_001)
    found = calculate(bag, WEIGHT, LEVELS[1], LEVELS, 0.2)
    assert "cells_disagree" in found.verdict.flags
    assert found.cells.components["computed"] == 17_000_000


def test_a_ceiling_on_cells_lowers_the_target_only_where_the_study_has_one():
    bag = Bag(2_500_000, Fraction(85, 100), Fraction(2, 5))
    assert calculate(bag, WEIGHT, LEVELS[2], LEVELS, 0.2, cap=20_000_000).target.value == 20_000_000
    assert calculate(bag, WEIGHT, LEVELS[2], LEVELS, 0.2).target.value == 33_000_000


def test_the_verdict_opens_down_to_every_factor():
    bag = Bag(2_500_000, Fraction(85, 100), Fraction(2, 5), volume=20, residual=0)
    found = calculate(bag, WEIGHT, LEVELS[1], LEVELS, 0.2)
    names = {fact.name for fact in grounds(found.verdict)}
    assert {"viability", "cells_per_ml", "volume", "car_fraction", "weight"} <= names
