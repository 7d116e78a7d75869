"""Designs as rules: tables brought by the user, guards, names, prose, and clear errors."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import simpson

from escalon.escalation import (
    EscalationError,
    Stop,
    Tally,
    Treat,
    at_most,
    backfill,
    expand_at_mtd,
    lowest_too_toxic,
    next_dose,
    no_skipping,
    parse_conduct,
    parse_design,
    three_plus_three,
)
from escalon.escalation.boin import boin, boin_table
from escalon.escalation.catalogue import EXAMPLES, design_from
from escalon.escalation.crm import DoseToxicity, crm, posterior, skeleton
from escalon.escalation.decision_table import DecisionTable
from escalon.escalation.i3_plus_3 import i3_plus_3
from escalon.escalation.keyboard import keyboard, mtpi2
from escalon.escalation.protocol_text import decision_rows
from escalon.escalation.rolling_six import RollingSix
from escalon.escalation.sweep import sweep
from escalon.escalation.tite_crm import TiteCrm, adaptive_weights, linear_weights, tite_posterior
from escalon.escalation.user_table import read_decision_table, user_table
from tests.escalation.boundaries import boundaries

INTERVAL = {
    "boin": boin(4, "0.25"),
    "keyboard": keyboard(4, "0.25"),
    "mtpi2": mtpi2(4, "0.25"),
    "i3+3": i3_plus_3(4, "0.25"),
    "crm": crm((0.05, 0.12, 0.25, 0.4), 0.25),
}


def as_csv(table: DecisionTable, layout: str) -> str:
    rows = table.rows()
    match layout:
        case "cells":
            lines = [f"{n},{t},{cell}" for n, row in rows.items() for t, cell in enumerate(row)]
            return "n,t,decision\n" + "\n".join(lines)
        case "wide":
            most = max(rows)
            lines = [f"{n}," + ",".join([*row, *[""] * (most + 1 - len(row))]) for n, row in rows.items()]
            return "n," + ",".join(map(str, range(most + 1))) + "\n" + "\n".join(lines)
        case _:
            lines = [
                ",".join(str("" if x is None else x) for x in (n, *found)) for n, found in boundaries(table).items()
            ]
            return "n,escalate,de_escalate,eliminate\n" + "\n".join(lines)


@pytest.mark.parametrize("layout", ["cells", "wide", "boundaries"])
def test_a_users_table_equal_to_boins_gives_boins_answers_bit_for_bit(layout, tmp_path):
    ours = boin_table("0.3", 18)
    path = tmp_path / "decisions.csv"
    path.write_text(as_csv(ours, layout), encoding="utf-8")
    theirs = user_table(3, path, 0.3) & at_most(18)
    assert theirs.rule.table == ours
    one, two = sweep(theirs), sweep(boin(3, "0.3", up_to=18) & at_most(18))
    truth = np.random.default_rng(1).random((20, 3))
    for name in ("n", "t", "ways", "mtd", "cohorts"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
    assert np.array_equal(one.under(truth).selection.exact, two.under(truth).selection.exact)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("n,t,decision\n3,0,E\n3,1,S\n3,2,D", "n = 3 has no decision for t = 3"),
        ("n,t,decision\n3,0,Q", "line 2: “Q” is not a decision"),
        ("n,t,decision\n3,x,E", "line 2: “x” is not a count"),
        ("n,0,1,2\n1,E,D,D", "line 2: a decision for 2 DLTs of 1"),
        ("a,b\n1,2", "unknown header"),
        ("n,t,decision\n1,0,E\n1,0,S\n1,1,D", "given twice"),
        ("", "no rows"),
    ],
)
def test_a_slip_in_a_users_table_is_named(text, says):
    with pytest.raises(EscalationError, match=says):
        read_decision_table(text)


def test_a_table_that_is_silent_on_a_count_says_so_when_asked():
    rule = user_table(2, "n,t,decision\n3,0,E\n3,1,S\n3,2,D\n3,3,DU", 0.3)
    assert next_dose(rule, "1NNN").level == 2
    with pytest.raises(EscalationError, match="says nothing of n = 2"):
        rule.next(Tally((2, 0), (0, 0), current=1))
    with pytest.raises(EscalationError, match="ends at n = 3"):
        rule.next(Tally((6, 0), (0, 0), current=1))


@pytest.mark.parametrize(("so_far", "says"), [
    ("1N", "treat 2 at level 1"), ("1P", "treat 2 at level 1"), ("1TP", "wait"), ("1NNP", "wait"), ("1NNX", "treat 1 at level 1"),
])  # fmt: skip
def test_a_table_of_whole_cohorts_says_nothing_of_a_cohort_that_is_not_full_and_need_not(so_far, says):
    rule = user_table(2, "n,t,decision\n3,0,E\n3,1,S\n3,2,D\n3,3,DU", 0.3)
    assert str(next_dose(rule, so_far)).startswith(says)


@st.composite
def tallies(draw, levels=4, most=9):
    n = draw(st.lists(st.integers(0, most), min_size=levels, max_size=levels))
    t = [draw(st.integers(0, one)) for one in n]
    treated = [level for level, count in enumerate(n, start=1) if count]
    return Tally(tuple(n), tuple(t), current=draw(st.sampled_from(treated)) if treated else 0)


@given(tallies(), st.sampled_from(sorted(INTERVAL)), st.integers(1, 40))
def test_any_counts_get_a_decision_with_a_reason_within_levels_and_cap(tally, name, cap):
    decision = next_dose(INTERVAL[name], tally, guards=[no_skipping(), at_most(cap)])
    assert decision.reason
    if isinstance(decision, Treat):
        assert 1 <= decision.level <= 4
        assert 1 <= decision.size <= cap - tally.enrolled
        assert decision.level <= tally.highest + 1
    else:
        assert isinstance(decision, Stop)
        assert 0 <= decision.mtd <= 4


@given(tallies(), st.sampled_from(["boin", "keyboard", "mtpi2", "i3+3"]))
def test_a_closed_level_is_never_entered(tally, name):
    rule = INTERVAL[name]
    closed = rule.closed_from(rule.cells(np.array([tally.n]), np.array([tally.t])))[0]
    decision = next_dose(rule, tally)
    assert (decision.level or 0) < closed


def test_full_trials_select_and_say_how():
    decision = next_dose(boin(3, "0.25") & at_most(9), "1NNN 2NNN 3NTT")
    assert decision.mtd == 2
    assert (
        decision.reason
        == "9 enrolled of at most 9: the trial is full; the estimate closest to the target is at level 2"
    )


def test_a_participant_pending_in_an_interval_design_waits_only_if_it_matters():
    rule = boin(3, "0.25")
    assert next_dose(rule, "1NNN 2TTP").level == 1
    assert next_dose(rule, "1NNN 2NNP").action == "wait"


def test_departures_from_the_rule_are_listed():
    left = next_dose(three_plus_three(3), "1NNN 3NNN 2NNNN").departures
    assert [departure.cohort for departure in left] == [2, 3]
    assert "the rule said treat 3 at level 2" in str(left[0])
    assert next_dose(three_plus_three(3), "1NNN 2NNT 2NNN").departures == ()


@pytest.mark.parametrize("model", ["power", "logistic"])
@pytest.mark.parametrize(
    ("n", "t"), [((3, 0, 0, 0), (1, 0, 0, 0)), ((6, 12, 24, 18), (0, 2, 6, 9)), ((0, 3, 0, 0), (0, 0, 0, 0))]
)
def test_the_posterior_agrees_with_another_quadrature(model, n, t):
    """Simpson's rule with a hundred times finer steps on the plain integrand."""
    risks = DoseToxicity((0.05, 0.12, 0.25, 0.4), model)
    b = np.linspace(-10, 10, 200_001)
    p = np.clip(risks.risk(b), 1e-300, 1 - 1e-16)
    log_density = -b * b / 2 / 1.34 + np.log(p) @ np.array(t) + np.log1p(-p) @ (np.array(n) - np.array(t))
    density = np.exp(log_density - log_density.max())
    found = posterior(risks, np.array([n]), np.array([t]))
    assert found.mean[0] == pytest.approx(simpson(b * density, x=b) / simpson(density, x=b), abs=1e-11)


def test_a_tite_crm_with_everyone_followed_up_is_the_crm():
    model = DoseToxicity((0.05, 0.12, 0.25, 0.4))
    levels, dlt = [1, 1, 2, 2, 3, 3], np.array([0, 0, 0, 1, 1, 0], dtype=bool)
    full = tite_posterior(model, levels, dlt, np.ones(6))
    counted = posterior(model, np.array([[2, 2, 2, 0]]), np.array([[0, 1, 1, 0]]))
    assert full.mean[0] == pytest.approx(counted.mean[0], abs=1e-12)


@given(st.lists(st.tuples(st.floats(0, 40), st.booleans()), min_size=1, max_size=12))
def test_weights_lie_between_zero_and_one_and_grow_with_follow_up(drawn):
    days, dlt = np.array([day for day, _ in drawn]), np.array([had for _, had in drawn])
    days = np.where(dlt, np.minimum(days, 28), days)
    for weigh in (linear_weights, adaptive_weights):
        weights = weigh(days, dlt, 28)
        assert ((weights >= 0) & (weights <= 1)).all()
        assert (weights[dlt] == 1).all()
        order = np.argsort(days[~dlt])
        assert (np.diff(weights[~dlt][order]) >= -1e-12).all()


def test_timed_designs_give_the_same_answer_for_the_same_seed_and_carry_errors():
    for design in (RollingSix(3, 28), TiteCrm(DoseToxicity((0.05, 0.12, 0.25)), 0.25, 28, 9, "adaptive")):
        one, two = (design.simulate((0.1, 0.2, 0.4), 60, 5, days_between=10) for _ in range(2))
        assert (one.selection.value == two.selection.value).all()
        assert one.selection.standard_error is not None
        assert one.days is not None
        assert float(one.days.standard_error) > 0
        assert one.selection.value.sum() == pytest.approx(1)


def test_the_rolling_six_never_puts_more_than_six_at_a_level_and_closes_toxic_ones():
    found = RollingSix(3, 28).simulate((0.0, 1.0, 1.0), 50, 1, days_between=10)
    assert (found.patients.value <= 6).all()
    assert found.selection.value[1] == 1


@pytest.mark.parametrize("text", [text for name, text in EXAMPLES.items() if name != "table"])
def test_every_design_is_made_from_its_line_and_prints_itself(text):
    rule = parse_design(text, 3)
    assert len(rule.prose()) >= 3
    assert all(sentence.endswith(".") for sentence in rule.prose())


def test_settings_as_data_and_as_text_give_the_same_rule():
    assert design_from({"design": "3+3", "levels": 3, "variant": "V3", "size": 18}) == parse_design("3+3 V3 size=18", 3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty design"),
        ("4+4", "Unknown design “4\\+4”"),
        ("3+3", "needs variant"),
        ("3+3 V9", "Unknown 3\\+3 variant"),
        ("boin size=18", "boin needs target"),
        ("boin target=0.25", "boin needs size"),
        ("boin target=1.5 size=18", "a risk between 0 and 1"),
        ("boin target=abc size=18", "Write for example: boin"),
        ("boin target=0.25 size=18 flavour=x", "does not know flavour"),
        ("boin target=0.25 size=18 size=12", "given twice"),
        ("boin 0.25", "“0.25” is not a setting"),
        ("crm target=0.25 size=18", "crm needs skeleton"),
        ("crm target=0.25 size=18 skeleton=0.1/0.2", "2 risks for 3 levels"),
        ("crm target=0.25 size=18 skeleton=0.3/0.2/0.1", "must rise"),
        ("keyboard target=0.03 size=18", "0 < target - margin"),
        ("rolling-six", "rolling-six needs window"),
        ("boin target=30 size=18", r"a risk between 0 and 1 \(30 % is 0.3\)"),
        ("keyboard target=0 size=18", "a risk between 0 and 1"),
        ("tite-crm target=0.25 skeleton=0.1/0.2/0.3 window=x size=18", "Write for example: tite-crm"),
        ("table file=absent.csv target=0.25 size=18", "absent.csv"),
    ],
)
def test_a_design_that_is_not_complete_is_refused_with_an_example(text, says):
    with pytest.raises(EscalationError, match=says):
        parse_design(text, 3)


def test_the_decision_table_of_a_3_plus_3():
    assert decision_rows(three_plus_three(3))[3] == ("E", "S", "DU", "DU")
    assert decision_rows(three_plus_three(3))[6] == ("E", "E", "DU", "DU", "DU", "DU", "DU")
    with pytest.raises(EscalationError, match="no decision table"):
        decision_rows(crm((0.1, 0.2), 0.2))


def test_the_skeleton_needs_room_around_the_target():
    with pytest.raises(EscalationError, match="A skeleton needs"):
        skeleton(0.3, 0.25, 2, 3)


LETTERED = st.lists(st.tuples(st.integers(1, 3), st.text("NTPX", min_size=1, max_size=4)), max_size=7)
GUARDED = {
    "3+3": three_plus_three(3, "V3") & at_most(18),
    "backfilled": three_plus_three(3, "V2") & backfill(6) & at_most(18),
    "expanded": three_plus_three(3, "V1") & expand_at_mtd(9) & at_most(18),
    "boin": boin(3, "0.25") & at_most(18),
    "crm": crm((0.05, 0.12, 0.25), 0.25) & lowest_too_toxic("0.25") & no_skipping() & at_most(18),
}


@settings(max_examples=300)
@given(LETTERED, st.sampled_from(sorted(GUARDED)))
def test_any_history_gets_a_reasoned_answer_within_the_levels_and_the_cap(cohorts, name):
    conduct = parse_conduct(" ".join(f"{level}{letters}" for level, letters in cohorts))
    decision = next_dose(GUARDED[name], conduct)
    assert decision.reason
    json.dumps(decision.as_json())
    if isinstance(decision, Treat):
        assert 1 <= decision.level <= 3
        assert decision.size >= 1
        assert conduct.tally(3).enrolled + decision.size <= 18


def test_a_crm_stops_when_the_lowest_level_is_too_toxic_also_at_the_very_end():
    rule = GUARDED["crm"]
    found = next_dose(rule, "1TTT")
    assert (found.mtd, found.reason) == (0, "3 of 3 had a DLT at level 1: the lowest level is too toxic")
    full = crm((0.05, 0.12, 0.25), 0.25) & lowest_too_toxic("0.25") & at_most(3)
    assert next_dose(full, "1TTT").mtd == 0
    assert sweep(full).under((1.0, 1.0, 1.0)).selection.exact[0] == 1
