from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Day, Fact, Status, UnitError
from escalon.kinetics import AplasiaRule, Limits, b_cell_aplasia, igg_change, percent_change, profile
from escalon.kinetics.sample import read_sample
from escalon.kinetics.samples_table import profiles_of

PER_UL = Limits("/uL", 1)
counts = st.lists(st.sampled_from([0, 0.5, 5, 9.9, 10, 30, 49.9, 50, 200, None]), min_size=1, max_size=12)


def b_cells(values, days=None):
    return profile(days or range(7, 7 + 7 * len(values), 7), values, PER_UL, analyte="cd19_b_cells")


@given(counts)
def test_recovery_is_always_two_values_in_a_row_from_fifty(values):
    measured = [value for value in values if value is not None]
    for found in b_cell_aplasia(b_cells(values)):
        day = found.components.get("recovery_day")
        if day is not None:
            place = [d for d, v in zip(range(7, 7 + 7 * len(values), 7), values, strict=True) if v is not None].index(
                day
            )
            assert measured[place] >= 50
            assert measured[place + 1] >= 50


@given(counts)
def test_an_episode_starts_aplastic_and_its_duration_lies_in_its_bounds(values):
    for found in b_cell_aplasia(b_cells(values)):
        if found.category in (None, "none"):
            continue
        start = int((found.components["onset_day"] - 7) / 7)
        assert values[start] is not None
        assert values[start] < 10
        shortest, longest = found.bounds
        assert shortest <= found.value
        assert longest is None or found.value <= longest
        assert (longest is None) is ("censored" in found.flags)


@given(counts)
def test_aplasia_is_found_exactly_when_some_value_is_below_the_limit(values):
    found = b_cell_aplasia(b_cells(values))
    measured = [value for value in values if value is not None]
    if not measured:
        assert found[0].status is Status.MISSING
    else:
        assert (found[0].category != "none") is any(value < 10 for value in measured)


@given(counts)
def test_the_unit_does_not_matter(values):
    litres = b_cells(values).in_unit("10*9/L")
    assert [f.value for f in b_cell_aplasia(litres)] == [f.value for f in b_cell_aplasia(b_cells(values))]


def test_copies_are_not_cells():
    with pytest.raises(UnitError):
        b_cell_aplasia(profile([7], [100], Limits("copies/µL", 5)))


def test_a_second_loss_after_recovery_is_a_second_episode():
    found = b_cell_aplasia(b_cells([0, 60, 70, 0, 0]))
    assert [episode.category for episode in found] == ["recovered", "ongoing"]


def test_the_laboratorys_lower_limit_of_normal_may_be_the_limit_of_recovery():
    found = b_cell_aplasia(b_cells([0, 60, 70, 110, 120]), AplasiaRule(recovered=100))
    assert found[0].components["recovery_day"] == 28


def test_who_had_no_b_cells_before_is_flagged():
    assert "aplastic_at_baseline" in b_cell_aplasia(b_cells([2, 0], [-3, 14]))[0].flags


@pytest.mark.parametrize(
    ("value", "lloq", "said"), [("<20", 20, True), ("<10", 10, False), ("ND", 20, False), ("3", 20, False)]
)
def test_aplasia_by_the_limit_of_the_assay_alone_says_so(value, lloq, said):
    rows = [{"participant": "P01", "analyte": "cd19_b_cells", "unit": "cells/µL", "lloq": str(lloq), "day": day, "value": level}
            for day, level in (("-3", "120"), ("D14", value), ("60", "60"), ("90", "70"))]  # fmt: skip
    (one,) = profiles_of([read_sample(row) for row in rows], {}).profiles
    (found,) = b_cell_aplasia(one)
    assert found.category == "recovered"
    assert ("limit_above_threshold" in found.flags) is said


def level(value, unit="g/L", name="igg"):
    return Fact(name, value, Day(2025, 3, 14), unit)


@given(st.integers(1, 1000), st.integers(0, 1000))
def test_the_change_is_the_same_in_every_unit(before, after):
    grams = percent_change(level(Fraction(before, 10)), level(Fraction(after, 10)))
    mixed = percent_change(level(Fraction(before, 10)), level(after * 10, "mg/dL"))
    assert grams.value == mixed.value == Fraction(after - before, before) * 100


def test_a_study_may_set_no_limit_for_replacement():
    assert igg_change(level(9), level(1), consider_at_or_below=None).flags == ()


def test_a_missing_level_is_not_a_loss():
    found = igg_change(level(9), level(None))
    assert found.value is None
    assert found.missing == ("value",)
    assert found.flags == ()
