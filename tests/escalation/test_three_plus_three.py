"""The 3+3 as conduct: every path, every count, every guard."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.escalation import (
    EscalationError,
    Stop,
    Tally,
    Thresholds,
    Treat,
    Wait,
    a_plus_b,
    at_most,
    expand_at_mtd,
    next_dose,
    parse_conduct,
    three_plus_three,
)
from escalon.escalation.rule import Counts
from tests.escalation.naive_three_plus_three import advised, paths, written

VARIANTS = ("V1", "V2", "V3")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_conduct_follows_every_path_of_an_independent_enumeration(variant, levels):
    rule = three_plus_three(levels, variant)
    for path, mtd in paths(levels, variant):
        for done in range(len(path)):
            decision = next_dose(rule, written(path[:done]))
            assert (decision.action, decision.level, decision.size) == ("treat", path[done][0], 3), written(path[:done])
        end = next_dose(rule, written(path))
        assert (end.action, end.mtd, end.departures) == ("stop", mtd, ())
        assert end.reached is (None if mtd == 0 else mtd < levels)


PAIRS = [(n, t) for n in range(7) for t in range(n + 1)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_history_of_three_levels_is_decided_as_an_independent_reading_of_the_prose_decides_it(variant):
    states = np.array(list(product(PAIRS, repeat=3)))
    n, t = states[..., 0], states[..., 1]
    current = 3 - (n[:, ::-1] > 0).argmax(axis=1) * n.any(axis=1)
    moves = three_plus_three(3, variant).decide(Counts(n, t, current, n.sum(axis=1)))
    said = ["treat" if level else "stop" for level in moves.level.tolist()]
    where = np.where(moves.level > 0, moves.level, moves.mtd).tolist()
    for row, found in enumerate(zip(said, where, strict=True)):
        assert found == advised(n[row].tolist(), t[row].tolist(), variant), (n[row], t[row])


@given(
    st.lists(st.tuples(st.integers(1, 3), st.text("NTX", min_size=1, max_size=4)), max_size=6),
    st.sampled_from(VARIANTS),
)
def test_nobody_goes_up_past_a_level_that_was_never_cleared(cohorts, variant):
    so_far = " ".join(f"{level}{letters}" for level, letters in cohorts)
    tally = parse_conduct(so_far).tally(3)
    decision = next_dose(three_plus_three(3, variant), so_far)
    for level in range(1, decision.level or 0):
        n, t = tally[level]
        assert (n >= 3 and t == 0) or (n >= 6 and t * 6 <= n), so_far


@given(
    st.lists(st.tuples(st.integers(1, 3), st.text("NTX", min_size=1, max_size=4)), max_size=6),
    st.sampled_from(VARIANTS),
)
def test_a_departure_is_named_exactly_where_the_rule_had_said_something_else(cohorts, variant):
    words = [f"{level}{letters}" for level, letters in cohorts]
    rule = three_plus_three(3, variant)
    named = {one.cohort for one in next_dose(rule, " ".join(words)).departures}
    for number, (level, letters) in enumerate(cohorts, start=1):
        said = next_dose(rule, " ".join(words[: number - 1]))
        places = len(letters.replace("X", ""))
        assert (number in named) is (said.action != "treat" or said.level != level or places > said.size)


@st.composite
def tallies(draw, most=8):
    depth = draw(st.integers(1, 5))
    n = draw(st.lists(st.integers(0, most), min_size=depth, max_size=depth))
    t = [draw(st.integers(0, one)) for one in n]
    treated = [level for level, count in enumerate(n, start=1) if count]
    current = draw(st.sampled_from(treated)) if treated else 0
    return Tally(tuple(n), tuple(t), current=current)


@given(tallies(), st.sampled_from(VARIANTS), st.integers(1, 20))
def test_no_decision_treats_beyond_the_top_level_or_past_the_cap(tally, variant, cap):
    decision = next_dose(three_plus_three(tally.levels, variant), tally, guards=[at_most(cap)])
    assert decision.reason
    if isinstance(decision, Treat):
        assert 1 <= decision.level <= tally.levels
        assert decision.size >= 1
        assert tally.enrolled + decision.size <= cap
    else:
        assert isinstance(decision, Stop)
        assert decision.mtd is None or 0 <= decision.mtd <= tally.levels


@given(tallies(), st.sampled_from(VARIANTS))
def test_nobody_is_treated_at_or_above_a_level_with_two_dlts_in_six(tally, variant):
    decision = next_dose(three_plus_three(tally.levels, variant), tally)
    for level in range(1, tally.levels + 1):
        n, t = tally[level]
        if t >= 2 and n <= 6:
            assert (decision.level or 0) < level


@given(tallies(most=5), st.sampled_from(VARIANTS), st.data())
def test_one_more_dlt_never_raises_the_dose(tally, variant, data):
    with_room = [level for level in range(1, tally.levels + 1) if tally[level][1] < tally[level][0]]
    if not with_room:
        return
    level = data.draw(st.sampled_from(with_room))
    worse = Tally(tally.n, tuple(t + (at == level) for at, t in enumerate(tally.t, start=1)), current=tally.current)
    rule = three_plus_three(tally.levels, variant)
    better_answer, worse_answer = next_dose(rule, tally), next_dose(rule, worse)
    assert (worse_answer.level or 0) <= (better_answer.level or 0)


@given(tallies(most=6), st.sampled_from(VARIANTS), st.data())
def test_pending_participants_never_change_an_answer_already_given(tally, variant, data):
    pending = tuple(data.draw(st.integers(0, 2)) for _ in tally.n)
    asked = Tally(tally.n, tally.t, pending=pending, current=tally.current)
    rule = three_plus_three(tally.levels, variant)
    answer = next_dose(rule, asked)
    if isinstance(answer, Wait) or not any(pending):
        return
    dlts = tuple(data.draw(st.integers(0, count)) for count in pending)
    done = Tally(
        tuple(n + p for n, p in zip(tally.n, pending, strict=True)),
        tuple(t + d for t, d in zip(tally.t, dlts, strict=True)),
        current=asked.current,
    )
    later = next_dose(rule, done)
    assert (later.action, later.level) == (answer.action, answer.level)
    assert later.size >= answer.size


def test_two_dlts_of_three_are_enough_whatever_the_pending_participant_does():
    decision = next_dose(three_plus_three(3), "1NNN 2TTP")
    assert (decision.action, decision.level) == ("treat", 1)
    assert "(1 pending)" in decision.reason


def test_a_participant_who_is_not_evaluable_is_replaced_and_still_counts_towards_the_cap():
    rule = three_plus_three(3)
    assert next_dose(rule, "1NNX").size == 1
    assert next_dose(rule, "1NNX", guards=[at_most(3)]) == Stop(None, "3 enrolled of at most 3: the trial is full")


def test_a_cohort_is_cut_to_the_places_left():
    assert next_dose(three_plus_three(3), "1NNX 1N", guards=[at_most(5)]).size == 1


def test_thresholds_are_data_so_two_of_six_may_stop_without_going_down():
    sister = a_plus_b(3, Thresholds(3, 3, 1, 1, 1, declare=2), "V2")
    two_of_six, three_of_six = next_dose(sister, "1NNN 2NNT 2NNT"), next_dose(sister, "1NNN 2NNT 2NTT")
    reason = "2 of 6 had a DLT at level 2: tolerable, but not to be escalated from: it is the MTD"
    assert two_of_six == Stop(2, reason, reached=True)
    assert (three_of_six.action, three_of_six.level) == ("treat", 1)


def test_expansion_dlts_reopen_the_question():
    rule = three_plus_three(2, "V1") & expand_at_mtd(6)
    assert str(next_dose(rule, "1NNN 2NTT")) == "treat 3 at level 1"
    assert next_dose(rule, "1NNN 2NTT 1NTT").mtd == 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"variant": "V4"}, "Unknown 3\\+3 variant “V4”. Write one of V1"),
        ({"levels": 0}, "0 dose levels; write 1 or more"),
    ],
)
def test_a_design_that_cannot_be_is_refused(wrong, says):
    with pytest.raises(EscalationError, match=says):
        three_plus_three(**wrong)


def test_thresholds_that_cannot_be_are_refused():
    with pytest.raises(EscalationError, match="need D <= E"):
        Thresholds(3, 3, 1, 2, 1)


def test_decisions_are_plain_data():
    assert next_dose(three_plus_three(3), "1NNN").as_json() == {
        "action": "treat",
        "level": 2,
        "size": 3,
        "now": 3,
        "until": None,
        "reason": "0 of 3 had a DLT at level 1: escalate",
        "notes": [],
        "departures": [],
    }
