"""`1NNN 2NNT`, read and printed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.escalation import EscalationError, Outcome, Treated, conduct_of, parse_conduct

cohorts = st.lists(st.tuples(st.integers(1, 12), st.text("NTPX", min_size=1, max_size=6)), max_size=8)


@given(cohorts)
def test_printing_and_parsing_are_inverse(drawn):
    text = " ".join(f"{level}{letters}" for level, letters in drawn)
    assert str(parse_conduct(text)) == text


def test_days_of_follow_up_are_read_and_printed():
    conduct = parse_conduct("1NNP@14 2T@5")
    assert [one.followed for one in conduct] == [None, None, 14, 5]
    assert str(conduct) == "1NNP@14 2T@5"


@given(cohorts)
def test_every_participant_is_counted_once(drawn):
    conduct = parse_conduct(" ".join(f"{level}{letters}" for level, letters in drawn))
    tally = conduct.tally(12)
    assert tally.enrolled == sum(len(letters) for _, letters in drawn)
    assert tally.evaluable + sum(tally.pending) + sum(tally.not_evaluable) == tally.enrolled


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1NNN NNT", "column 6: “NNT” is not a cohort"),
        ("1", "“1” is not a cohort"),
        ("0NNN", "numbered from 1"),
        ("1NNQ", "unknown letter Q"),
        ("1NET", "phase I/II"),
        ("1NN,2N", "not a cohort"),
        ("1NNN2NTT", "not a cohort"),
        ("1NP14", "not a cohort"),
    ],
)
def test_a_slip_is_named_with_its_place_and_the_right_form(text, says):
    with pytest.raises(EscalationError, match=says) as error:
        parse_conduct(text)
    assert "1NNN 2NNT" in str(error.value)


def test_a_level_the_design_does_not_have_is_refused():
    with pytest.raises(EscalationError, match="treats level 4, but the design has 3"):
        parse_conduct("4NNN").tally(3)


def test_no_dlt_yet_is_pending_until_the_window_closes():
    day = date(2026, 3, 2)
    conduct = conduct_of([Treated(1, Outcome.NO_DLT, day), Treated(1, Outcome.DLT, day + timedelta(7))])
    assert str(conduct.as_of(day + timedelta(27), timedelta(28))) == "1PT"
    assert str(conduct.as_of(day + timedelta(28), timedelta(28))) == "1NT"


def test_participants_are_grouped_by_level_and_cohort_size():
    treated = [Treated(1, Outcome(letter)) for letter in "NXNTNN"] + [Treated(2, Outcome.NO_DLT)]
    assert str(conduct_of(treated)) == "1NXNTNN 2N"
    assert str(conduct_of(treated, cohort=3)) == "1NXNT 1NN 2N"
