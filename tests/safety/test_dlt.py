"""Dose-limiting toxicity: definition, proposal, adjudication, stale decisions."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Day
from escalon.instruments.safety.ctcae.terms import find_event
from escalon.safety.adjudication import Rested, adjudicate, evidence, stale_decisions, verdict
from escalon.safety.adverse_event import AdverseEvent, Causality, GradeChange
from escalon.safety.dlt import Course, evaluable, propose
from escalon.safety.dlt_definition import USUAL, DefinitionError, definition_of, read_definition
from escalon.safety.toxicity_course import Moment, Toxicity, lasted_longer, toxicity

INFUSED = date(2025, 3, 1)
CUTOFF = date(2025, 6, 1)
FINE = {"Neutrophil count decreased": {28: 1}, "Platelet count decreased": {28: 1}}
STUDY = Path(__file__).parents[2] / "src" / "escalon" / "studies" / "nct07052565" / "dose.toml"


def crs(hours: int, grade: int = 3, identifier: str = "AE1", **more: object) -> Toxicity:
    start = datetime(2025, 3, 5, 8)
    steps = ((Moment.of(start), grade), (Moment.of(start + timedelta(hours=hours)), 2))
    return Toxicity("P1", "CRS", steps[0][0], steps, kind="CRS", is_related=True, identifier=identifier, **more)  # type: ignore[arg-type]


def course(*toxicities: Toxicity, **more: object) -> Course:
    return Course("P1", INFUSED, toxicities, **({"count_grades": FINE} | more))  # type: ignore[arg-type]


@given(st.integers(1, 200))
def test_grade_three_is_a_dlt_exactly_beyond_72_hours(hours: int) -> None:
    assert propose(course(crs(hours)), USUAL, CUTOFF).value is (hours > 72)


def test_rule_that_is_met_is_named_with_its_evidence() -> None:
    finding = propose(course(crs(73)), USUAL, CUTOFF)
    assert finding.components["DLT-1b"] is True
    assert "AE1" in finding.reasons[0]


def test_days_without_a_clock_leave_the_hours_open() -> None:
    event = AdverseEvent(
        "P1", find_event("CRS"), 3, Day.parse("2025-03-05"),
        changes=(GradeChange(Day.parse("2025-03-05"), 3), GradeChange(Day.parse("2025-03-08"), 2)),
    )  # fmt: skip
    assert propose(course(toxicity(event)), USUAL, CUTOFF).value is None
    longer = AdverseEvent("P1", find_event("CRS"), 3, Day.parse("2025-03-05"), end=Day.parse("2025-03-12"))
    assert propose(course(toxicity(longer)), USUAL, CUTOFF).value is True
    shorter = AdverseEvent("P1", find_event("CRS"), 3, Day.parse("2025-03-05"), end=Day.parse("2025-03-06"))
    assert propose(course(toxicity(shorter)), USUAL, CUTOFF).value is False


def test_grade_that_still_lasts_is_open_until_the_time_has_passed() -> None:
    lasting = Toxicity(
        "P1", "CRS", Moment.of(datetime(2025, 3, 5, 8)), ((Moment.of(datetime(2025, 3, 5, 8)), 3),), kind="CRS"
    )
    assert lasted_longer(lasting, 3, timedelta(hours=72), 2, datetime(2025, 3, 8, 8)) is None
    assert lasted_longer(lasting, 3, timedelta(hours=72), 2, datetime(2025, 3, 8, 9)) is True


def test_onset_known_to_the_month_may_lie_outside_the_window() -> None:
    event = AdverseEvent("P1", find_event("CRS"), 4, Day.parse("2025-03"))
    assert propose(course(toxicity(event)), USUAL, CUTOFF).value is None
    inside = AdverseEvent("P1", find_event("CRS"), 4, Day.parse("2025-03-29"))
    outside = AdverseEvent("P1", find_event("CRS"), 4, Day.parse("2025-03-30"))
    assert propose(course(toxicity(inside)), USUAL, CUTOFF).value is True
    assert propose(course(toxicity(outside)), USUAL, CUTOFF).value is False


def test_excluded_event_is_no_dlt() -> None:
    assert propose(course(crs(100, explained_by=frozenset({"disease_flare"}))), USUAL, CUTOFF).value is False


def test_unrelated_toxicity_is_not_counted_but_missing_relation_is() -> None:
    marks = (Causality.UNLIKELY, None)
    found = []
    for mark in marks:
        causes = {} if mark is None else {"car_t_product": mark}
        event = AdverseEvent(
            "P1", find_event("Hepatic failure"), 3, Day.parse("2025-03-05"), end=Day.parse("2025-03-20"), causes=causes
        )
        found.append(propose(course(toxicity(event)), USUAL, CUTOFF).value)
    assert found == [False, True]


def test_component_of_crs_is_left_to_the_crs_rule() -> None:
    event = AdverseEvent(
        "P1", find_event("Hypotension"), 3, Day.parse("2025-03-05"), end=Day.parse("2025-03-20"), component_of="CRS"
    )
    assert propose(course(toxicity(event)), USUAL, CUTOFF).value is False


def test_low_count_due_to_the_disease_is_no_dlt() -> None:
    low = {"Neutrophil count decreased": {28: 4}, "Platelet count decreased": {28: 1}}
    assert propose(course(count_grades=low), USUAL, CUTOFF).value is True
    excused = course(count_grades=low, counts_due_to_disease=frozenset({"Neutrophil count decreased"}))
    assert propose(excused, USUAL, CUTOFF).value is False


@pytest.mark.parametrize(
    ("grade", "end", "expected"),
    [(4, "2025-03-20", False), (4, "2025-03-29", False), (4, "2025-03-30", None), (4, None, None), (3, None, False)],
)
def test_recorded_cytopenia_stands_in_for_counts_nobody_recorded(
    grade: int, end: str | None, expected: bool | None
) -> None:
    low = AdverseEvent(
        "P1",
        find_event("Neutrophil count decreased"),
        grade,
        Day.parse("2025-03-03"),
        None if end is None else Day.parse(end),
    )
    counts = {"Platelet count decreased": {28: 1}}
    assert propose(course(toxicity(low), count_grades=counts), USUAL, CUTOFF).value is expected


def test_open_window_waits() -> None:
    finding = evaluable(course(), USUAL, False, INFUSED + timedelta(days=10))
    assert (finding.value, finding.category) == (None, "wait")


# ---- the definition as data


def test_study_folder_gives_the_same_proposals_as_the_usual_list() -> None:
    definition = read_definition(tomllib.loads(STUDY.read_text(encoding="utf-8"))["dlt"])
    assert not definition.confirmed
    for hours in (71, 72, 73):
        assert propose(course(crs(hours)), definition, CUTOFF).value is propose(course(crs(hours)), USUAL, CUTOFF).value
    assert definition_of(definition.rules, 28, definition.excluded) == definition


RULE = {"id": "X", "text": "CRS grade 3", "term": ["CRS"], "grade": 3}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"grade": 6}, "Write 1 to 5"),
        ({"improves_to": 3}, "no improvement"),
        ({"at_most_grade": 2}, "below grade 3"),
        ({"within_days": 3}, "is not a field"),
    ],
)
def test_mistake_in_a_definition_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        read_definition({"event": [RULE | change]})


def test_every_threshold_is_a_parameter() -> None:
    strict = read_definition({"event": [RULE | {"within_hours": 24, "improves_to": 2}]}, window_days=42)
    assert propose(course(crs(25)), strict, CUTOFF).value is True
    assert strict.window_days == 42


# ---- adjudication


def test_proposal_and_decision_stand_side_by_side() -> None:
    decided = adjudicate(course(crs(73)), USUAL, is_dlt=False, by="Dr A", on=CUTOFF, reason="haemorrhage was the cause")
    found = verdict(course(crs(73)), USUAL, CUTOFF, decided)
    assert (found.proposed.value, found.value, found.overrules, found.stale) == (True, False, True, ())


def test_nothing_counts_before_a_person_has_decided() -> None:
    assert verdict(course(crs(73)), USUAL, CUTOFF).value is None


def test_adjudication_needs_a_name_and_a_reason() -> None:
    with pytest.raises(ValueError, match="who decided and why"):
        adjudicate(course(), USUAL, is_dlt=True, by="Dr A", on=CUTOFF, reason=" ")


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (course(crs(71), crs(5, identifier="AE2")), "event AE2 was added"),
        (course(crs(72)), "event AE1 was changed"),
        (course(), "event AE1 was withdrawn"),
        (
            course(crs(71), count_grades=FINE | {"Platelet count decreased": {28: 2}}),
            "counts Platelet count decreased was changed",
        ),
    ],
)
def test_late_or_changed_evidence_makes_the_decision_stale(now: Course, says: str) -> None:
    decided = adjudicate(course(crs(71)), USUAL, is_dlt=False, by="Dr A", on=CUTOFF, reason="improved in time")
    found = verdict(now, USUAL, CUTOFF, decided)
    assert found.stale == (says,)
    assert found.value is None
    rested = Rested("cohort 1: escalate", {"P1": decided.evidence})
    assert stale_decisions([rested], [now], USUAL) == {"cohort 1: escalate": (f"P1: {says}",)}


def test_current_decision_is_not_stale_and_a_changed_threshold_is() -> None:
    rested = Rested("cohort 1", {"P1": evidence(course(crs(71)), USUAL)})
    assert stale_decisions([rested], [course(crs(71))], USUAL) == {}
    other = definition_of(USUAL.rules, 42, USUAL.excluded)
    assert stale_decisions([rested], [course(crs(71))], other) == {"cohort 1": ("P1: definition was changed",)}


def test_source_of_an_event_is_no_evidence() -> None:
    assert evidence(course(crs(71)), USUAL) == evidence(course(crs(71, source="ae.csv, line 3")), USUAL)
