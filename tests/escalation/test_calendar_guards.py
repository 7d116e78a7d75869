"""May the next participant be dosed today, and if not, when?"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from escalon.escalation import (
    EscalationError,
    Outcome,
    Treated,
    conduct_of,
    dlt_window,
    next_dose,
    sentinel,
    stagger,
    three_plus_three,
    whole_cohort_first,
)

START = date(2026, 1, 5)
RULE = three_plus_three(3)


def day(number: int) -> date:
    return START + timedelta(days=number)


def treated(level: int, *days: int, outcome: str = "N"):
    return [Treated(level, Outcome(outcome), day(number)) for number in days]


def test_an_open_window_makes_the_decision_wait_until_it_closes():
    conduct = conduct_of(treated(1, 0, 14, 14))
    assert next_dose(RULE, conduct, [dlt_window(28)], today=day(30)).until == day(42)
    assert next_dose(RULE, conduct, [dlt_window(28)], today=day(42)).level == 2


def test_a_dlt_needs_no_closed_window():
    conduct = conduct_of([*treated(1, 0), *treated(1, 14, 14, outcome="T")])
    assert next_dose(RULE, conduct, [dlt_window(28)], today=day(15)).action == "stop"


def test_a_sentinel_is_dosed_alone_and_watched():
    guards = [dlt_window(28), sentinel(14)]
    first = next_dose(RULE, conduct_of([]), guards, today=day(0))
    assert (first.size, first.now) == (3, 1)
    one_in = conduct_of(treated(1, 0))
    assert next_dose(RULE, one_in, guards, today=day(13)).until == day(14)
    assert next_dose(RULE, one_in, guards, today=day(14)).now == 2


def test_infusions_are_staggered():
    guards = [dlt_window(28), stagger(7)]
    assert next_dose(RULE, conduct_of(treated(1, 0)), guards, today=day(3)).until == day(7)
    assert next_dose(RULE, conduct_of(treated(1, 0)), guards, today=day(7)).now == 1


def test_a_new_cohort_can_be_made_to_wait_even_when_the_answer_is_determined():
    almost = conduct_of([*treated(1, 0, 0, 0), *treated(1, 40, 40, 60)])
    assert next_dose(RULE, almost, [dlt_window(28)], today=day(70)).level == 2
    held = next_dose(RULE, almost, [dlt_window(28), whole_cohort_first()], today=day(70))
    assert (held.reason, held.until) == (
        "1 DLT window still open: a new cohort opens only when all are closed",
        day(88),
    )


def test_the_latest_of_several_waits_is_the_answer():
    guards = [dlt_window(28), sentinel(14), stagger(21)]
    assert next_dose(RULE, conduct_of(treated(1, 0)), guards, today=day(3)).until == day(21)


def test_a_calendar_guard_needs_the_day_of_asking():
    with pytest.raises(EscalationError, match="need `today`"):
        next_dose(RULE, "1NNN", [dlt_window(28)])


def test_a_window_that_closed_unrecorded_is_named():
    conduct = conduct_of([*treated(1, 0, 0), *treated(1, 5, outcome="P")])
    decision = next_dose(RULE, conduct, [dlt_window(28)], today=day(60))
    assert decision.action == "wait"
    assert decision.until is None
    assert decision.notes == ("1 DLT window closed with no outcome recorded: record it",)


def test_an_infusion_without_a_date_is_noted_and_one_in_the_future_refused():
    undated = conduct_of([Treated(1, Outcome.NO_DLT)] * 3)
    assert (
        "3 participants without an infusion date" in next_dose(RULE, undated, [dlt_window(28)], today=day(0)).notes[0]
    )
    with pytest.raises(EscalationError, match="after 2026-01-05"):
        next_dose(RULE, conduct_of(treated(1, 3)), [dlt_window(28)], today=day(0))


def test_an_infusion_before_its_day_is_named_as_a_departure():
    guards = [dlt_window(28), sentinel(14), stagger(7)]
    found = next_dose(RULE, conduct_of(treated(1, 0, 0, 0)), guards, today=day(30))
    assert (found.action, found.level) == ("treat", 2)
    assert [str(one).split(": ")[1] for one in found.departures] == [
        "the rule said wait until 2026-01-19 (the sentinel at level 1 is watched for 14 days first)"
    ] * 2
    assert next_dose(RULE, conduct_of(treated(1, 0, 14, 21)), guards, today=day(60)).departures == ()


def test_a_cohort_opened_while_windows_were_open_is_named_as_a_departure():
    guards = [dlt_window(28)]
    early = conduct_of([*treated(1, 0, 0, 0), *treated(2, 20)])
    (left,) = next_dose(RULE, early, guards, today=day(30)).departures
    assert (left.cohort, "3 participants pending at level 1" in left.said) == (2, True)
    assert next_dose(RULE, conduct_of([*treated(1, 0, 0, 0), *treated(2, 28)]), guards, today=day(30)).departures == ()


def test_nobody_is_said_to_have_been_early_because_of_a_dlt_that_may_have_come_later():
    guards = [dlt_window(28)]
    third_after_a_dlt = [*treated(1, 0), *treated(1, 10, outcome="T"), *treated(1, 14)]
    assert next_dose(RULE, conduct_of(third_after_a_dlt), guards, today=day(60)).departures == ()
    down_after_two_dlts = [*treated(1, 0, 0, 0), *treated(2, 30, 30, outcome="T"), *treated(1, 40)]
    assert next_dose(RULE, conduct_of(down_after_two_dlts), guards, today=day(80)).departures == ()
    known = [*treated(1, 0), Treated(1, Outcome.DLT, day(10), followed=2), *treated(1, 14)]
    assert len(next_dose(RULE, conduct_of(known), guards, today=day(60)).departures) == 1


def test_one_by_one_nobody_is_dosed_above_a_level_whose_first_is_still_watched():
    from escalon.escalation.calendar_guards import Together
    from escalon.escalation.catalogue import parse_design

    rule = parse_design("tite-crm target=0.25 skeleton=0.08/0.15/0.25 window=42 size=24", levels=3)
    conduct = conduct_of(treated(1, 0, outcome="P"))
    guards = [dlt_window(42), sentinel(14, Together.LEVEL)]
    assert next_dose(rule, conduct, guards[:1], today=day(7)).level == 2, "the rule alone goes on"
    told = next_dose(rule, conduct, guards, today=day(7))
    assert (told.action, told.until, told.reason) == (
        "wait",
        day(14),
        "the sentinel at level 1 is watched for 14 days first",
    )
    assert next_dose(rule, conduct, guards, today=day(14)).level == 2
    below = conduct_of([*treated(1, 0, 14), *treated(2, 15, outcome="T")])
    told = next_dose(rule, below, guards, today=day(17))
    assert (told.action, told.level) == ("treat", 1), "a level below one that is watched may be given"
