"""Somebody who had left, and came back within the DLT window, does not count on the days between."""

from datetime import date, timedelta

from escalon.escalation.notation import Cohort, Conduct, Treated

WINDOW = timedelta(days=28)
GONE, BACK = date(2026, 3, 10), date(2026, 3, 20)


def conduct(outcome: str) -> Conduct:
    one = Treated(1, outcome, date(2026, 3, 2), "P-01", came=date(2026, 3, 15), away=((GONE, BACK),))
    return Conduct((Cohort((one, Treated(1, "N", date(2026, 3, 2), "P-02"))),))


def test_on_the_days_between_nobody_waits_for_them():
    days = (GONE - timedelta(days=1), GONE, BACK - timedelta(days=1), BACK, date(2026, 3, 30))
    assert [str(conduct("N").as_of(day, WINDOW)) for day in days] == ["1PP", "1XP", "1XP", "1PP", "1NN"]


def test_a_dlt_that_is_known_counts_though_they_had_left():
    assert str(conduct("T").as_of(date(2026, 3, 16), WINDOW)) == "1TP"
    assert str(conduct("T").as_of(date(2026, 3, 12), WINDOW)) == "1XP"


def test_a_cohort_begun_in_their_absence_was_asked_for_without_them():
    assert str(conduct("N").seen_on(GONE)) == "1XN"
    assert str(conduct("N").seen_on(BACK)) == str(conduct("N").seen_on(None)) == "1NN"
