"""Classification sets against every completion of what is missing, enumerated."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Status
from escalon.instruments import assess, catalogue
from tests.instruments import naive_rheum

maybe = st.none() | st.booleans()


def completions(visit):
    """Every way in which the findings that are missing may turn out."""
    gone = [name for name, value in visit.items() if value is None]
    return [visit | dict(zip(gone, answers, strict=True)) for answers in product([True, False], repeat=len(gone))]


def assert_decided_exactly(finding, labels):
    """The value if every completion gives the same label, otherwise the labels that are still possible."""
    if len(labels) == 1:
        assert (finding.status, finding.value) == (Status.OK, next(iter(labels)))
    else:
        assert finding.status is Status.INDETERMINATE
        assert set(finding.bounds) >= labels


ROMAN = ("i", "ii", "iii", "iv", "v", "vi")


@given(st.fixed_dictionaries(dict.fromkeys((*ROMAN, "associated_disease", "exclusion"), maybe)))
def test_aecg_is_decided_exactly_when_every_completion_agrees(visit):
    labels = set()
    for full in completions(visit):
        primary, _ = naive_rheum.aecg(*(full[name] for name in (*ROMAN, "associated_disease")))
        labels.add("excluded" if full["exclusion"] else "met" if primary else "not_met")
    assert_decided_exactly(assess("sjogren_aecg_2002", **visit), labels)


@pytest.mark.parametrize("answers", list(product([True, False], repeat=7)))
def test_all_128_patterns_of_aecg(answers):
    entries = dict(zip((*ROMAN, "associated_disease"), answers, strict=True))
    finding = assess("sjogren_aecg_2002", **entries, exclusion=False)
    primary, secondary = naive_rheum.aecg(*answers)
    assert finding.value == ("met" if primary else "not_met")
    assert finding.category == ("primary" if primary else "secondary" if secondary else "neither")


SJOGREN_ITEMS = {"histopathology": 3, "anti_ssa": 3, "ocular_staining": 1, "tear_flow": 1, "salivary_flow": 1}


@given(st.fixed_dictionaries(dict.fromkeys((*SJOGREN_ITEMS, "exclusion"), maybe)))
def test_sjogren_2016_is_decided_exactly_when_every_completion_agrees(visit):
    labels = set()
    for full in completions(visit):
        points = sum(weight for name, weight in SJOGREN_ITEMS.items() if full[name])
        labels.add("excluded" if full["exclusion"] else "met" if points >= 4 else "not_met")
    assert_decided_exactly(assess("sjogren_2016", **visit, dryness_symptom=True), labels)


SSC_ITEMS = [
    name
    for name, item in catalogue()["ssc_2013"].items.items()
    if item.needed and name not in ("thickening_sparing_fingers", "better_explained")
]


@given(
    st.fixed_dictionaries({name: st.booleans() for name in SSC_ITEMS}),
    st.sets(st.sampled_from(SSC_ITEMS), max_size=6),
)
def test_ssc_2013_is_decided_exactly_when_every_completion_agrees(visit, gone):
    visit = visit | dict.fromkeys(gone)
    points = [naive_rheum.ssc_points(full) for full in completions(visit)]
    finding = assess("ssc_2013", **visit, thickening_sparing_fingers=False, better_explained=False)
    assert_decided_exactly(finding, {"met" if number >= 9 else "not_met" for number in points})
    assert (finding.components["points_certain"], finding.components["points_possible"]) == (min(points), max(points))


RA_CHOICES = {
    "joints": [(large, small) for large in range(11) for small in range(31)],
    "serology": ["negative", "low", "high"],
    "acute_phase": ["normal", "abnormal"],
    "duration": [Fraction(0), Fraction(41), Fraction(42), Fraction("42.5")],
}


@given(st.fixed_dictionaries({name: st.none() | st.sampled_from(choices) for name, choices in RA_CHOICES.items()}))
def test_ra_2010_counts_points_and_what_may_be_added(visit):
    large, small = visit["joints"] or (None, None)
    entries = {"large_joints": large, "small_joints": small} | {
        name: visit[name] for name in ("serology", "acute_phase")
    }
    days = None if visit["duration"] is None else (visit["duration"], "d")
    filled = [visit[name] if visit[name] is not None else choices for name, choices in RA_CHOICES.items()]
    options = [choice if isinstance(choice, list) else [choice] for choice in filled]
    points = [naive_rheum.ra_points(*joints, *rest) for joints, *rest in product(*options)]
    lenient, strict = (
        assess("ra_2010", **entries, duration=days, synovitis=True, better_explained=False, required_tests=reading)
        for reading in ("lenient", "strict")
    )
    labels = {"met" if number >= 6 else "not_met" for number in points}
    assert_decided_exactly(lenient, labels)
    tested = visit["serology"] is not None and visit["acute_phase"] is not None
    if labels == {"met"} and not tested:
        assert strict.status is Status.INDETERMINATE
    else:
        assert strict.value == lenient.value


@pytest.mark.parametrize("entry", [(True, True), (False, False), (None, False), (True, None)])
def test_the_entry_condition_of_ra_2010(entry):
    synovitis, explained = entry
    finding = assess(
        "ra_2010",
        synovitis=synovitis,
        better_explained=explained,
        large=0,
        small=11,
        serology="high",
        acute_phase="abnormal",
        duration="60 d",
    )
    wanted = Status.INDETERMINATE if None in entry else Status.NOT_APPLICABLE
    assert (finding.status, finding.value) == (wanted, None)


@given(st.integers(0, 100), st.integers(1, 30))
def test_high_positive_is_more_than_three_times_the_limit(titre, limit):
    found = assess("ra_2010", rf=titre, rf_upper_limit=limit).components["serology_points"]
    assert found == (3 if titre > 3 * limit else 2 if titre > limit else 0)


@pytest.mark.parametrize("name", ["sjogren_aecg_2002", "sjogren_2016", "ssc_2013", "ra_2010"])
def test_nothing_recorded_classifies_nobody(name):
    finding = assess(name)
    assert (finding.status, finding.value) == (Status.INDETERMINATE, None)
    assert finding.missing
