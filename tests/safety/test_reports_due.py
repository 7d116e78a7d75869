"""What is to be reported by when, from the adverse events as recorded."""

from datetime import date

from escalon.facts import Day
from escalon.history.events import AdverseEventRecorded
from escalon.reporting.safety import reports_due
from tests.histories import history


def event(**more):
    base = {"participant": "P01", "term": "Myocarditis", "grade": 4, "start": Day(2025, 3, 10), "serious": True}
    return AdverseEventRecorded(**(base | {"related": True, "expected": False, "aware": Day(2025, 3, 11)} | more))


def page(*events, today=date(2025, 3, 20)):
    return " ".join(reports_due(history(adverse_events=events), today))


def test_an_unexpected_related_serious_event_is_due_fifteen_days_after_awareness():
    assert "2025-03-26" in page(event())
    assert "6 days left" in page(event())


def test_a_fatal_one_is_due_after_seven_days_and_says_when_it_is_late():
    fatal = page(event(grade=5))
    assert "2025-03-18" in fatal
    assert "LATE by 2 days" in fatal


def test_an_expected_event_has_no_clock():
    assert page(event(expected=True)) == ""


def test_without_the_day_of_awareness_the_event_is_named_and_not_passed_over():
    assert "P01 Myocarditis grade 4" in page(event(aware=None))
    assert "day of awareness is not recorded" in page(event(aware=None, expected=None))
