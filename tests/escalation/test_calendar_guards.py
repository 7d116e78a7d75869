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
