"""The next dose from what happened, day by day."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalon.casebook.records import AdverseEvent, Infusion, Records, gathered
from escalon.conduct.dosing import decide_next_dose
from escalon.escalation import EscalationError, Outcome
from escalon.facts import Day, Fact

FIRST = Day(2025, 3, 3)


def day(number: int) -> Day:
    return Day.of(FIRST.earliest + timedelta(days=number))


def trial(*infusions: tuple[int, int], events: tuple[AdverseEvent, ...] = (), facts: tuple[Fact, ...] = ()) -> Records:
    given = tuple(Infusion(f"P{n:02d}", level, day(when)) for n, (level, when) in enumerate(infusions, start=1))
    return Records(facts=facts, infusions=given, adverse_events=events, by_participant=gathered(facts, (), given))


def dlt(participant: str, when: int, decided: bool | None = True, grade: int = 3) -> AdverseEvent:
    return AdverseEvent(participant, "CRS", grade, day(when), dlt=decided)


THREE = ((1, 0), (1, 14), (1, 21))


def test_the_first_participant_is_treated_at_level_1(study):
    found = decide_next_dose(study, Records(), day(0))
    assert (found.decision.action, found.decision.level) == ("treat", 1)


def test_three_without_dlt_escalate_only_once_the_last_window_has_ended(study):
    records = trial(*THREE)
    assert decide_next_dose(study, records, day(21 + 28)).decision.action == "wait"
    found = decide_next_dose(study, records, day(21 + 29)).decision
    assert (found.action, found.level) == ("treat", 2)


def test_a_toxicity_on_the_last_day_of_the_window_counts_and_a_day_later_does_not(study):
    on_last = trial(*THREE, events=(dlt("P03", 21 + 28),))
    assert decide_next_dose(study, on_last, day(60)).reviews[2].outcome is Outcome.DLT
    after = trial(*THREE, events=(dlt("P03", 21 + 29),))
    assert decide_next_dose(study, after, day(60)).reviews[2].outcome is Outcome.NO_DLT


def test_an_event_that_nobody_has_judged_keeps_the_participant_pending(study):
    records = trial(*THREE, events=(dlt("P02", 20, decided=None),))
    found = decide_next_dose(study, records, day(60))
    assert found.reviews[1].outcome is Outcome.PENDING
    assert found.decision.action == "wait"
    assert "P02" in found.decision.reason


def test_one_dlt_of_three_expands_and_two_stop(study):
    one = trial(*THREE, events=(dlt("P01", 5),))
    assert decide_next_dose(study, one, day(60)).decision.level == 1
    two = trial(*THREE, events=(dlt("P01", 5), dlt("P02", 20)))
    assert decide_next_dose(study, two, day(60)).decision.action == "stop"


def test_two_dlts_decide_while_the_third_is_still_pending(study):
    records = trial(*THREE, events=(dlt("P01", 5), dlt("P02", 16)))
    assert decide_next_dose(study, records, day(23)).decision.action == "stop"


def test_who_leaves_before_the_window_ends_is_replaced(study):
    left = Fact("study_discontinuation", True, day(30), participant="P03")
    found = decide_next_dose(study, trial(*THREE, facts=(left,)), day(60))
    assert found.reviews[2].outcome is Outcome.NOT_EVALUABLE
    assert (found.decision.level, found.decision.size) == (1, 1)


def test_the_sentinel_is_watched_before_the_second_participant(study):
    records = trial((1, 0))
    found = decide_next_dose(study, records, day(5)).decision
    assert (found.action, found.until) == ("wait", day(14).earliest)
    assert decide_next_dose(study, records, day(14)).decision.action == "treat"


def test_a_dose_outside_its_window_is_named_and_never_moved(study):
    infusion = replace(trial((1, 0)).infusions[0], cells_per_kg=121_000)
    found = decide_next_dose(study, Records(infusions=(infusion,)), day(1)).reviews[0]
    assert "outside ±20 %" in found.deviation
    assert found.infusion.level == 1
    inside = replace(infusion, cells_per_kg=120_000)
    assert decide_next_dose(study, Records(infusions=(inside,)), day(1)).reviews[0].deviation == ""


def test_two_infusions_of_one_person_stop_the_decision(study):
    twice = (Infusion("P01", 1, day(0)), Infusion("P01", 1, day(9)))
    with pytest.raises(EscalationError, match="P01 has more than one infusion"):
        decide_next_dose(study, Records(infusions=twice), day(60))


def test_no_decision_treats_past_eighteen(study):
    infusions = tuple((1 + n // 6, 30 * n) for n in range(18))
    found = decide_next_dose(study, trial(*infusions), day(30 * 18 + 60)).decision
    assert found.action == "stop"
