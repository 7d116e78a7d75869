from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import UnitError
from escalon.kinetics import (
    Copies,
    Detection,
    Limits,
    Per,
    change_from_baseline,
    per_microgram,
    per_microlitre,
    per_reaction,
    profile,
    to_blood_volume,
    to_dna_mass,
)

levels = st.fractions(0, 10**9, max_denominator=10**6)
amounts = st.fractions(Fraction(1, 1000), 10**6, max_denominator=10**6)


@pytest.mark.parametrize(("one", "other"), list(permutations(Per, 2)))
def test_levels_counted_in_different_things_never_meet(one, other):
    left, right = Copies(Fraction(5), one), Copies(Fraction(5), other)
    for mix in (lambda: left < right, lambda: left <= right, lambda: left + right, lambda: left.over(right)):
        with pytest.raises(UnitError):
            mix()


@pytest.mark.parametrize("level", [Copies(Fraction(5), Per.MICROGRAM_DNA), Copies(Fraction(5), Per.MICROLITRE_BLOOD)])
def test_only_copies_per_reaction_are_normalised(level):
    with pytest.raises(UnitError):
        per_microgram(level, 200)
    with pytest.raises(UnitError):
        per_microlitre(level, 50, 5, 200)


def test_mass_and_volume_do_not_convert_without_the_yield_of_the_sample():
    with pytest.raises(UnitError, match="yield"):
        to_blood_volume(Copies(Fraction(5), Per.MICROGRAM_DNA), None)
    with pytest.raises(UnitError, match="yield"):
        to_dna_mass(Copies(Fraction(5), Per.MICROLITRE_BLOOD), None)


@given(levels, amounts)
def test_there_and_back_with_the_yield_changes_nothing(level, dna_yield):
    start = Copies(level, Per.MICROGRAM_DNA)
    assert to_dna_mass(to_blood_volume(start, dna_yield), dna_yield) == start


@given(levels, amounts, st.integers(1, 100))
def test_half_the_recovery_doubles_the_level(copies, blood, elution):
    whole = per_microlitre(per_reaction(copies), elution, Fraction(elution, 2), blood)
    half = per_microlitre(per_reaction(copies), elution, Fraction(elution, 2), blood, Fraction(1, 2))
    assert half.value == 2 * whole.value


@pytest.mark.parametrize(
    "call",
    [
        lambda c: per_microgram(c, 0),
        lambda c: per_microlitre(c, 50, 0, 200),
        lambda c: per_microlitre(c, 50, 60, 200),
        lambda c: per_microlitre(c, 50, 5, 200, 0),
        lambda c: per_microlitre(c, 50, 5, 200, 85),
        lambda c: per_microgram(per_reaction(-1), 200),
    ],
)
def test_impossible_measurements_are_refused(call):
    with pytest.raises(ValueError, match=r"must be|is more|fraction|negative"):
        call(per_reaction(100))


@given(st.fractions(0, 10**7, max_denominator=1000))
def test_every_level_has_exactly_one_code(value):
    code = Limits("copies/µL", 5, 2, 10**6).code(value)
    expected = [
        (Detection.ND, value < 2),
        (Detection.BLQ, 2 <= value < 5),
        (Detection.QUANTIFIED, 5 <= value <= 10**6),
        (Detection.ABOVE, value > 10**6),
    ]
    assert [name for name, holds in expected if holds] == [code]


@pytest.mark.parametrize("limits", [(None, None, None), (0, None, None), (5, 6, None), (5, 2, 5), (-1, None, None)])
def test_limits_that_cannot_be_are_refused(limits):
    with pytest.raises(ValueError, match=r"lloq is empty|must be above 0 and rise"):
        Limits("copies/µL", *limits)


def test_a_cell_count_needs_no_limit_of_quantification():
    assert Limits("cells/µL").code(Fraction(1, 2)) is Detection.QUANTIFIED
    assert Limits("cells/µL").code(0) is Detection.ND


LIMITS = Limits("copies/µL", 5, lod=1)


def test_log_change_sets_what_is_below_to_half_the_limit_and_says_so():
    first, second, third = change_from_baseline(profile([0, 7, 14, 28], [0, 3, 250, 0], LIMITS))
    assert first.value == 0
    assert "blq_set_to_half_lloq" in first.flags
    assert second.value == pytest.approx(2)
    assert second.flags == ("baseline_set_to_half_lloq",)
    assert third.value == 0
    assert second.components["fold_change"] is None
    assert "undefined" in second.reasons[0]
    assert second.reasons[1].startswith("the baseline counts as half of 5 copies/µL: it was not measured")
    assert third.reasons[1].startswith("baseline and sample each count as half of 5 copies/µL: neither was measured")


def test_no_change_without_a_baseline_or_from_a_positive_one():
    assert change_from_baseline(profile([7], [250], LIMITS))[0].value is None
    found = change_from_baseline(profile([-1, 7], [50, 250], LIMITS))[0]
    assert found.value is None
    assert found.flags == ("baseline_positive",)
