"""CRS and ICANS: coverage of every combination, properties, episodes."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.facts import Status
from escalon.instruments import assess
from escalon.instruments.safety.crs import OXYGEN, crs
from escalon.instruments.safety.icans import CONSCIOUSNESS, SEIZURES, icans
from escalon.safety.episodes import Assessment, Episode, by_day, episodes, grade_crs, grade_icans

START = datetime(2025, 3, 1, 8)
DEVICE_GRADE = {"none": 0, "low_flow_nc": 2, "nasal_cannula": 2, "blow_by": 2} | dict.fromkeys(
    ("high_flow_nc", "facemask", "non_rebreather", "venturi"), 3
) | dict.fromkeys(("cpap", "bipap", "ventilation"), 4)  # fmt: skip


def naive_crs(
    temp: float, hypotension: bool, others: int, vasopressin: bool, oxygen: str, flow: float, treated: bool
) -> int:
    """The sheet's pseudocode, written out again."""
    if not (temp >= 38.0 or treated):
        return 0
    none = others == 0 and not vasopressin
    h = 0 if not hypotension and none else 2 if none else 3 if others <= 1 else 4
    o = DEVICE_GRADE[oxygen]
    if oxygen in ("low_flow_nc", "nasal_cannula") and flow > 6:
        o = 3
    return max(1, h, o)


def test_every_combination_has_the_grade_of_the_pseudocode() -> None:
    combinations = product((37.9, 38.0), (False, True), (0, 1, 2), (False, True), OXYGEN, (6, 6.1), (False, True))
    for temp, hypotension, others, vasopressin, oxygen, flow, treated in combinations:
        found = crs(
            temp_c=temp, crs_active=treated, antipyretic_or_anticytokine=treated, hypotension=hypotension,
            vasopressors=others, vasopressin=vasopressin, oxygen=oxygen, flow_l_min=flow,
        )  # fmt: skip
        assert found == naive_crs(temp, hypotension, others, vasopressin, oxygen, flow, treated)


temperatures = st.decimals(35, 42, places=1)
observations = st.fixed_dictionaries(
    {
        "temp_c": temperatures,
        "hypotension": st.booleans(),
        "vasopressors": st.integers(0, 3),
        "oxygen": st.sampled_from(OXYGEN),
        "flow_l_min": st.integers(1, 20),
        "crs_active": st.booleans(),
        "antipyretic_or_anticytokine": st.booleans(),
    }
)


@given(observations, temperatures, st.integers(0, 3), st.sampled_from(OXYGEN))
def test_worse_crs_observation_never_lowers_the_grade(items: dict[str, Any], temp: Any, more: int, oxygen: str) -> None:
    worse = items | {
        "temp_c": max(items["temp_c"], temp),
        "hypotension": True,
        "vasopressors": items["vasopressors"] + more,
        "oxygen": max(items["oxygen"], oxygen, key=lambda device: (DEVICE_GRADE[device], OXYGEN.index(device))),
    }
    assert crs(**items) <= crs(**worse)


@given(observations, st.sets(st.sampled_from(["temp_c", "hypotension", "vasopressors", "oxygen", "flow_l_min"])))
def test_grade_lies_within_the_bounds_of_what_is_missing(items: dict[str, Any], hidden: set[str]) -> None:
    if "vasopressors" in hidden and not items["hypotension"]:
        items["vasopressors"] = 0  # without hypotension, a vasopressor that nobody recorded is taken as none
    finding = assess("crs", **{name: value for name, value in items.items() if name not in hidden})
    grade = crs(**items)
    if finding.status is Status.OK:
        assert finding.value == grade
    else:
        assert finding.value is None
        assert finding.bounds is not None
        assert finding.bounds[0] <= grade <= finding.bounds[1]


def test_missing_is_never_grade_zero() -> None:
    finding = assess("crs", temp_c=None)
    assert (finding.value, finding.bounds) == (None, (0, 4))


def test_names_of_vasopressors_may_be_a_list_or_text() -> None:
    common = {"temp_c": 39, "hypotension": True, "oxygen": "none"}
    for names in (["norepinephrine", "vasopressin"], "norepinephrine; vasopressin", "norepinephrine, Vasopressin"):
        assert assess("crs", vasopressors=names, **common).value == 3
    assert assess("crs", vasopressors="unknown", **common).bounds == (2, 4)
    assert assess("crs", vasopressors=2, **common).value == 4


@pytest.mark.parametrize("written", ["", "  ", None])
def test_empty_field_of_vasopressors_is_not_none_given(written: str | None) -> None:
    assert assess("crs", temp_c=39, hypotension=True, oxygen="none", vasopressors=written).bounds == (2, 4)


@pytest.mark.parametrize("written", [[], "none", "no", "0", 0])
def test_no_vasopressor_can_be_said(written: object) -> None:
    assert assess("crs", temp_c=39, hypotension=True, oxygen="none", vasopressors=written).value == 2


ICE_GRADE = dict(zip(range(11), (3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 0), strict=True))


def test_every_combination_of_icans_domains_has_the_worst_grade() -> None:
    for ice, wakes, seizure, motor, oedema, icp in product(
        range(11), CONSCIOUSNESS, SEIZURES, (False, True), ("none", "focal", "diffuse"), (False, True)
    ):
        worst = max(
            ICE_GRADE[ice],
            CONSCIOUSNESS.index(wakes),
            {"none": 0, "resolving": 3, "nonconvulsive_resolving": 3}.get(seizure, 4),
            4 if motor or icp else 0,
            {"none": 0, "focal": 3, "diffuse": 4}[oedema],
        )
        found = icans(
            ice=ice, consciousness=wakes, seizure=seizure, motor_weakness=motor, oedema=oedema, raised_icp=icp
        )
        assert found == worst


@given(st.integers(0, 10), st.integers(0, 10))
def test_lower_ice_never_lowers_the_icans_grade(a: int, b: int) -> None:
    normal = {
        "consciousness": "alert",
        "seizure": "none",
        "motor_weakness": False,
        "oedema": "none",
        "raised_icp": False,
    }
    assert icans(ice=max(a, b), **normal) <= icans(ice=min(a, b), **normal)


# ---- episodes

items = st.fixed_dictionaries(
    {
        "temp_c": st.sampled_from([36.8, 37.9, 38.0, 39.5]),
        "hypotension": st.sampled_from([False, False, True, None]),
        "vasopressors": st.sampled_from([0, 0, 1, 2]),
        "oxygen": st.sampled_from(["none", "none", "low_flow_nc", "facemask", "cpap"]),
        "flow_l_min": st.sampled_from([2, 8, None]),
        "antipyretic_or_anticytokine": st.sampled_from([None, False, True]),
    }
)
assessments = st.lists(st.tuples(st.integers(0, 400), items), min_size=1, max_size=8, unique_by=lambda one: one[0])


def course(some: list[tuple[int, dict[str, Any]]]) -> list[Assessment]:
    return [Assessment(START + timedelta(hours=hour), found) for hour, found in some]


def lowest(episode: Episode) -> int:
    highest = episode.maximum
    return highest.value if highest.bounds is None else highest.bounds[0]


@settings(deadline=None, max_examples=150)
@given(assessments, st.tuples(st.integers(401, 420) | st.integers(0, 400), items))
def test_adding_an_observation_of_fever_never_lowers_an_episodes_maximum(
    some: list[tuple[int, dict[str, Any]]], one: tuple[int, dict[str, Any]]
) -> None:
    if one[0] in {hour for hour, _ in some}:
        return
    before = episodes("crs", grade_crs(course(some)))
    after = episodes("crs", grade_crs(course([*some, (one[0], one[1] | {"temp_c": 39.5})])))
    for episode in before:
        holding = [found for found in after if found.start <= episode.start <= found.last_sign]
        assert len(holding) == 1
        assert lowest(holding[0]) >= lowest(episode)


@pytest.mark.parametrize("hours", [(24, 48, 95, 143.5), (24, 84)])
def test_episode_goes_on_while_every_assessment_needs_support_however_far_apart(hours: tuple[float, ...]) -> None:
    on_pressor = {"temp_c": 36.6, "hypotension": True, "vasopressors": "norepinephrine", "oxygen": "none"}
    first = (0, {"temp_c": 38.6, "hypotension": False, "oxygen": "none", "antipyretic_or_anticytokine": True})
    graded = grade_crs(course([first, *((hour, on_pressor) for hour in hours)]))
    assert [one.finding.value for one in graded] == [1, *(3 for _ in hours)]
    (episode,) = episodes("crs", graded)
    assert (episode.maximum.value, episode.end) == (3, None)


def test_episode_ends_when_an_assessment_without_signs_says_so() -> None:
    fever = {"temp_c": 38.6, "hypotension": False, "oxygen": "none"}
    well = fever | {"temp_c": 36.6}
    found = episodes("crs", grade_crs(course([(0, fever), (24, well), (90, fever)])))
    assert [episode.end is None for episode in found] == [False, True]


def test_a_sign_without_fever_or_an_open_episode_is_not_silent() -> None:
    finding = assess(
        "crs", temp_c=36.6, crs_active="no", hypotension="yes", vasopressors="norepinephrine", oxygen="none"
    )
    assert (finding.value, finding.flags) == (0, ("SIGNS_WITHOUT_CRS",))


@pytest.mark.parametrize(
    ("written", "grade"),
    [
        ("norepinephrine and epinephrine", 4), ("norepinephrine/epinephrine", 4), ("NE 0.1 µg/kg/min + epi", 4),
        ("norepinephrine, noradrenaline", 3), ("Levophed + vasopressin 0.03 U/min", 3), ("去甲肾上腺素", 3), ("terlipressin", 3),
        ("fluids", 2), ("none", 2), ("n/a", (2, 4)), ("yes", (3, 4)), ("norepinefrine, norepinephrine", (3, 4)),
        ("no norepinephrine", (2, 3)), ("dobutamine", (2, 3)), ("several", 4),
    ],
)  # fmt: skip
def test_vasopressors_are_recognised_by_name(written: str, grade: Any) -> None:
    finding = assess("crs", temp_c=38.5, hypotension="yes", oxygen="none", vasopressors=written)
    assert (finding.value if finding.bounds is None else finding.bounds) == grade


@pytest.mark.parametrize("joined", ["{} or {}", "{} -> {}", "{}, then {}", "switched from {} to {}", "{}改为{}"])
def test_one_drug_in_place_of_another_is_one_or_two(joined: str) -> None:
    written = joined.format("norepinephrine", "dopamine")
    found = assess("crs", temp_c=38.5, hypotension="yes", oxygen="none", vasopressors=written)
    assert (found.value, found.bounds) == (None, (3, 4))


def test_a_word_that_is_no_known_vasopressor_is_named() -> None:
    finding = assess("crs", temp_c=38.5, hypotension="yes", oxygen="none", vasopressors="norepinefrine, norepinephrine")
    assert any("'norepinefrine' (did you mean norepinephrine?)" in reason for reason in finding.reasons)


def test_each_sign_has_its_own_attribution() -> None:
    signs = {"temp_c": 38.5, "hypotension": "yes", "vasopressors": 1, "oxygen": "cpap"}
    assert assess("crs", **signs).value == 4
    assert assess("crs", **signs, attributable_hypoxia="no").value == 3
    assert assess("crs", **signs, attributable_hypoxia="no", attributable_hypotension="no").value == 1


def test_day_takes_the_highest_of_its_assessments() -> None:
    graded = grade_crs(
        course(
            [
                (0, {"temp_c": 38.5, "hypotension": False, "oxygen": "none"}),
                (4, {"temp_c": 38.5, "hypotension": False, "oxygen": "facemask"}),
                (24, {"temp_c": 38.5, "hypotension": False, "oxygen": "none"}),
            ]
        )
    )
    assert [finding.value for finding in by_day("crs", graded).values()] == [3, 1]


def test_treatment_is_carried_forward_while_the_episode_is_open() -> None:
    graded = grade_crs(
        course(
            [
                (0, {"temp_c": 38.5, "hypotension": False, "oxygen": "none", "antipyretic_or_anticytokine": True}),
                (10, {"temp_c": 36.5, "hypotension": True, "vasopressors": "norepinephrine", "oxygen": "none"}),
                (100, {"temp_c": 36.5, "hypotension": False, "oxygen": "none"}),
                (200, {"temp_c": 36.5, "hypotension": True, "vasopressors": "norepinephrine", "oxygen": "none"}),
            ]
        )
    )
    assert [one.finding.value for one in graded] == [1, 3, 0, 0]


def test_icans_episode_that_goes_on_has_no_end() -> None:
    sick = {
        "ice": 5,
        "consciousness": "alert",
        "seizure": "none",
        "motor_weakness": False,
        "oedema": "none",
        "raised_icp": False,
    }
    (episode,) = episodes("icans", grade_icans(course([(0, sick), (12, sick | {"ice": 2})])))
    assert (episode.end, episode.maximum.value, episode.hours) == (None, 3, 12)


@pytest.mark.parametrize("age", [5, 11])
def test_ice_is_refused_below_twelve_years(age: int) -> None:
    assert assess("icans", ice=8, age=age).status is Status.INVALID


@pytest.mark.parametrize(
    ("written", "grade"),
    [(">1", 4), ("2+", 4), ("at least two", 4), (">=1", None), ("<5", None), ("<2", None), ("1.0", 3), ("02", 4)],
)
def test_a_limit_of_how_many_vasopressors_is_no_count_of_its_own(written: str, grade: Any) -> None:
    found = assess("crs", temp_c="39 °C", hypotension=True, vasopressors=written, oxygen="none")
    assert found.value == grade
    assert grade is not None or found.bounds == {"<5": (2, 4), "<2": (2, 3), ">=1": (3, 4)}[written]


@pytest.mark.parametrize("written", ["-1", "+10", "1.5", "-2.0", "12"])
def test_a_number_that_counts_no_vasopressors_is_refused(written: str) -> None:
    found = assess("crs", temp_c="39 °C", hypotension=True, vasopressors=written, oxygen="none")
    assert found.status == "invalid"
    assert "whole number" in " ".join(found.reasons)
