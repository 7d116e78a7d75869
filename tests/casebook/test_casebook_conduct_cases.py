"""What the casebook records reaches the dose rule as what it is: three at level 1, asked two months later."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.casebook.trial import CORA, CYRUS, INES, PLAN, Trial

from escalon.casebook.casebook import Casebook
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.escalation import Outcome, Treat
from escalon.facts import Day
from escalon.history.events import (
    AdverseEventRecorded,
    AllocationReleased,
    DltAdjudicated,
    EntrySigned,
    EvaluabilityJudged,
    ParticipantWithdrawn,
)


@pytest.fixture
def three(sqlite_casebook: Casebook) -> Trial:
    """P-1, P-2 and P-3 were infused at level 1; P-3 a day ago."""
    trial = Trial(sqlite_casebook)
    trial.open_cohort(1, 1)
    for code in ("P-1", "P-2", "P-3"):
        trial.prepare(code, 1, 1)
    for code, wait in (("P-1", 0), ("P-2", 14), ("P-3", 3)):
        trial.days(wait)
        trial.infuse(code, 1)
    trial.days(1)
    return trial


def asked(trial: Trial, reported: bool = True) -> tuple[Any, dict[str, Outcome]]:
    trial.days(60)
    if reported:
        trial.nothing_to_report()
    found = decide_next_dose(PLAN, trial.conduct.informed(), Day.of(trial.today()))
    return found.decision, {one.participant: one.outcome for one in found.reviews}


def level(decision: Any) -> int | None:
    return decision.level if isinstance(decision, Treat) else None


def test_nothing_happened_and_level_2_is_open(three: Trial) -> None:
    assert level(asked(three)[0]) == 2


def test_who_left_within_the_window_is_not_evaluable(three: Trial) -> None:
    three.record(INES, ParticipantWithdrawn(participant="P-3", on=three.today(), reason="moved"))
    decision, outcomes = asked(three)
    assert (level(decision), outcomes["P-3"]) == (1, Outcome.NOT_EVALUABLE)


@pytest.mark.parametrize(("first", "outcome"), [("judged", Outcome.NOT_EVALUABLE), ("left", Outcome.NO_DLT)])
def test_evaluable_answers_for_leaving_that_was_recorded_before_it(three: Trial, first: str, outcome: Outcome) -> None:
    said = {
        "judged": EvaluabilityJudged(participant="P-3", is_evaluable=True, because="all counts are there"),
        "left": ParticipantWithdrawn(participant="P-3", on=three.today(), reason="moved"),
    }
    entries = {event.kind: three.record(INES, event) for event in (said.pop(first), *said.values())}
    for signer in (CORA, CYRUS):  # it would count whoever left: two sign under it
        three.sign(signer, EntrySigned, entry=entries["EvaluabilityJudged"].number)
    assert asked(three)[1]["P-3"] is outcome


def test_giving_a_place_back_changes_no_outcome_and_a_judgement_does(three: Trial) -> None:
    three.record(INES, AllocationReleased(participant="P-3", cohort=1, place=3, reason="not evaluable, replaced"))
    assert level(asked(three)[0]) == 2
    three.record(INES, EvaluabilityJudged(participant="P-3", is_evaluable=False, because="dose lost"))
    decision, outcomes = asked(three)
    assert (level(decision), outcomes["P-3"]) == (1, Outcome.NOT_EVALUABLE)


def test_a_judgement_without_an_event_beneath_counts(three: Trial) -> None:
    three.record(CORA, DltAdjudicated(participant="P-3", is_dlt=True, because="seen"))
    decision, outcomes = asked(three)
    assert (level(decision), outcomes["P-3"]) == (1, Outcome.DLT)


def test_silence_about_adverse_events_waits(three: Trial) -> None:
    assert level(asked(three, reported=False)[0]) is None
    assert three.today() > date(2026, 3, 2)


def test_an_infusion_has_the_day_of_the_place_where_it_happened(sqlite_casebook: Casebook) -> None:
    """At 07:30 in Shanghai it is still the day before in UTC; the 28th day after is in the window."""
    plan = PLAN.model_copy(update={"zone": "Asia/Shanghai"})
    trial = Trial(sqlite_casebook, plan)
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.clock.move(datetime(2026, 3, 9, 23, 30, tzinfo=UTC) - trial.clock.now())
    trial.infuse("P-1", 1)
    assert str(trial.conduct.trial.courses["P-1"].infused) == "2026-03-10"
    trial.days(40)
    for day, outcome in (("2026-04-08", False), ("2026-04-07", True)):
        event = AdverseEventRecorded(participant="P-1", term="CRS", grade=4, start=Day.parse(day), end=Day.parse(day))
        trial.record(INES, event)
        found = decide_next_dose(plan, trial.conduct.informed(), Day.of(trial.today()))
        assert any(one.in_doubt for one in found.reviews) == outcome, day
