"""Eligibility and decisions rest on everything known: what is learnt later, by whatever door, makes them stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.casebook.trial import CARLA, CELLS, INES, PLAN, Trial, study

from escalon.casebook.casebook import Casebook
from escalon.casebook.errors import StorageFailed
from escalon.conduct.judge.answers import decision_answer
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.recording import Conduct
from escalon.facts import Day
from escalon.history import Entry, fold
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    CohortClosed,
    DltAdjudicated,
    EntryCorrected,
    Event,
    FactCorrected,
    FactRecorded,
    NothingToReport,
    Observation,
    TreatmentGiven,
)
from escalon.sources.frame import frame_of


def refused(act: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as why:
        act()
    return {one.rule for one in why.value.broken}


@pytest.fixture
def second(sqlite_casebook: Casebook) -> Trial:
    """Level 1 was tolerated, level 2 is decided, signed and open, and P-4 is ready."""
    trial = Trial(sqlite_casebook)
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    trial.open_cohort(2, 2)
    trial.prepare("P-4", 2, 2)
    return trial


def test_with_nothing_learnt_the_way_is_open(second: Trial) -> None:
    second.infuse("P-4", 2)


@pytest.mark.parametrize("grade", [4, 5])
def test_an_event_in_the_window_found_late_stops_dosing(second: Trial, grade: int) -> None:
    infused = second.conduct.trial.courses["P-1"].infused
    assert infused is not None
    second.record(CARLA, AdverseEventRecorded(participant="P-1", term="CRS", grade=grade, start=infused, end=infused))
    assert refused(lambda: second.infuse("P-4", 2)) >= {"decision", "adjudication"}


def test_a_judgement_corrected_after_the_decision_stops_dosing(sqlite_casebook: Casebook) -> None:
    trial = Trial(sqlite_casebook)
    trial.infuse_cohort(1, 1, "P-1", "P-2", "P-3")
    judged = trial.record(INES, DltAdjudicated(participant="P-1", is_dlt=False, because="seen"))
    trial.days(29)
    trial.nothing_to_report()
    trial.record(INES, CohortClosed(cohort=1, reason="x"))
    trial.open_cohort(2, 2)
    trial.prepare("P-4", 2, 2)
    now = replace(judged.event, is_dlt=True)
    trial.record(INES, EntryCorrected(participant="P-1", corrects=judged.number, now=now, reason="read again"))
    assert refused(lambda: trial.infuse("P-4", 2)) >= {"decision"}


# -- eligibility ---------------------------------------------------------------------------------------------------------


def said(name: str, value: str, day: object) -> FactRecorded:
    return FactRecorded(participant="P-1", fact=Observation(name=name, value=value, day=str(day)))


@pytest.fixture
def cleared(sqlite_casebook: Casebook) -> Trial:
    """P-1 is eligible with a negative HIV test and no B-cell therapy, signed, and ready for infusion."""
    trial = Trial(sqlite_casebook, study(clauses=("I-1a", "E-6", "E-9c", "E-4b")))
    trial.open_cohort(1, 1)
    trial.consent("P-1")
    for name, value in (
        ("screening_visit", str(trial.today())),
        ("age", "40"),
        ("hiv_antibody", "negative"),
        ("b_cell_therapy", "no"),
        ("end_stage_renal_failure", "no"),
    ):
        trial.record(CARLA, said(name, value, trial.today()))
    assert trial.screen("P-1").event.answer.says == "eligible"  # type: ignore[attr-defined]
    trial.sign_eligibility("P-1", [one.number for one in trial.casebook.entries(kinds=["ParticipantScreened"])][-1])
    trial.apheresis("P-1")
    trial.allocate("P-1", 1)
    trial.release("P-1", 1)
    trial.days(5)
    trial.lymphodepletion("P-1")
    trial.days(5)
    return trial


def test_what_runs_on_and_stays_as_it_was_voids_nothing(cleared: Trial) -> None:
    cleared.record(CARLA, said("hiv_antibody", "negative", cleared.today()))
    cleared.infuse("P-1", 1)


@pytest.mark.parametrize(("again", "holds"), [("negative", False), ("positive", True), ("", True)])
def test_what_was_signed_over_an_open_question_rests_on_what_was_at_hand(
    sqlite_casebook: Casebook, again: str, holds: bool
) -> None:
    """The day of screening is not recorded, so no clause can say of the test «at screening»; the investigator judged."""
    trial = Trial(sqlite_casebook, study(clauses=("E-9c", "E-4b")))
    trial.open_cohort(1, 1)
    trial.consent("P-1")
    trial.record(CARLA, said("hiv_antibody", "negative", trial.today()))
    screened = trial.screen("P-1")
    answer = screened.event.answer  # type: ignore[attr-defined]
    assert {part.name: part.says for part in answer.parts}["E-9c"] == "unknown (hiv_antibody negative)"
    trial.sign_eligibility("P-1", screened.number)
    trial.apheresis("P-1")
    trial.allocate("P-1", 1)
    trial.release("P-1", 1)
    trial.lymphodepletion("P-1")
    trial.days(1)
    later = TreatmentGiven(participant="P-1", treatment="rituximab", start=Day.of(trial.today()))
    trial.record(CARLA, said("hiv_antibody", again, trial.today()) if again else later)
    if holds:
        assert refused(lambda: trial.infuse("P-1", 1)) == {"eligibility"}
    else:
        trial.infuse("P-1", 1)


@pytest.mark.parametrize("days_ago", [0, 3, 8])
def test_a_positive_test_found_before_infusion_voids_eligibility(cleared: Trial, days_ago: int) -> None:
    cleared.record(CARLA, said("hiv_antibody", "positive", cleared.today() - timedelta(days=days_ago)))
    with pytest.raises(Refused, match=r"E-9c") as why:
        cleared.infuse("P-1", 1)
    assert {one.rule for one in why.value.broken} == {"eligibility"}


def test_a_forbidden_course_found_before_infusion_voids_eligibility(cleared: Trial) -> None:
    cleared.record(CARLA, TreatmentGiven(participant="P-1", treatment="rituximab", start=Day.of(cleared.today())))
    with pytest.raises(Refused, match=r"E-4b"):
        cleared.infuse("P-1", 1)


def test_what_does_not_run_on_is_asked_about_the_day_of_decision(cleared: Trial) -> None:
    cleared.record(CARLA, said("end_stage_renal_failure", "yes", cleared.today()))
    cleared.infuse("P-1", 1)


def test_a_fact_corrected_beneath_a_screening_that_named_none_voids_it(cleared: Trial) -> None:
    age = next(one for one in cleared.casebook.entries(kinds=["FactRecorded"]) if one.event.fact.name == "age")  # type: ignore[attr-defined]
    fact = replace(age.event.fact, value="7", confirmed=True, confirmed_why="read again in the source")  # type: ignore[attr-defined]
    cleared.record(CARLA, FactCorrected(participant="P-1", corrects=age.number, fact=fact, reason="a slip"))
    with pytest.raises(Refused, match=r"I-1a") as why:
        cleared.apheresis("P-1")
    assert "eligibility" in {one.rule for one in why.value.broken}


def test_what_an_amended_dictionary_can_no_longer_read_leaves_eligibility_open(sqlite_casebook: Casebook) -> None:
    """A value outside what is accepted now is not as if it had never been written."""
    trial = Trial(sqlite_casebook, study(clauses=("E-4b",)))
    trial.consent("P-1")
    trial.record(CARLA, said("b_cell_therapy", "no", trial.today()))
    trial.record(CARLA, said("screening_visit", str(trial.today()), trial.today()))
    far = Observation(name="alt", value="500502", unit="U/L", day=str(trial.today()))
    sqlite_casebook.append(CARLA, FactRecorded(participant="P-1", fact=far))
    answer = trial.screen("P-1").event.answer  # type: ignore[attr-defined]
    assert answer.says == "undecided"


@pytest.mark.parametrize("door", ["acts", "facts"])
def test_a_reading_that_breaks_off_counts_nothing_twice(
    second: Trial, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    for weight in ("60", "61"):
        seen = Observation(name="weight", value=weight, unit="kg", day=str(second.today()))
        second.record(CARLA, FactRecorded(participant="P-1", fact=seen))
    again, whole = Conduct(second.casebook, second.conduct.study), second.casebook.entries
    ask = (lambda: again.trial) if door == "acts" else (lambda: again.trial and again.know(("P-1",)))

    def breaks_off(**asked: Any) -> Iterator[Entry]:
        found = [*whole(**asked)]
        about_facts = asked.get("kinds") is not None
        yield from found[: len(found) - 1 if about_facts is (door == "facts") else None]
        if about_facts is (door == "facts"):
            raise StorageFailed("the disk does not answer")

    with monkeypatch.context() as failing:
        failing.setattr(second.casebook, "entries", breaks_off)
        with pytest.raises(StorageFailed):
            ask()
    found = again.informed().courses["P-1"]
    assert (len(found.infusions), len(found.consents)) == (1, 1)
    assert [one.event.fact.value for one in found.observations] == ["60", "61"]


def test_a_bag_given_since_a_decision_was_asked_for_leaves_what_was_known_of_its_participant() -> None:
    first = date(2026, 3, 2)
    asked = first + timedelta(days=20)
    left = PLAN.roles.of("left")
    assert left is not None

    def entry(number: int, event: Event) -> Entry:
        return Entry(number, datetime(2026, 3, 30, 9, number, tzinfo=UTC), INES, event)

    def bag(number: int, day: date) -> Entry:
        return entry(number, CellsInfused(participant="P-1", level=1, on=Day.of(day), cells_per_kg=CELLS[1]))

    gone = FactRecorded(participant="P-1", fact=Observation(name=left, value="yes", day="2026-03-10"))
    entries = [entry(1, NothingToReport(table="adverse_events")), bag(2, first), entry(3, gone)]
    then, now = (fold(some, frame_of(PLAN)) for some in (entries, [*entries, bag(5, asked)]))
    answer = decision_answer(PLAN, now, asked, 4)
    assert [(one.name, one.says) for one in answer.parts] == [("P-1", "not evaluable")]
    assert answer == decision_answer(PLAN, then, asked, 4)
