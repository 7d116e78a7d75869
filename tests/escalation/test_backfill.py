"""Backfill: cleared levels are filled, their DLTs count, and nobody is put where an outcome could close the level."""

from __future__ import annotations

from escalon.escalation import at_most, backfill, expand_at_mtd, next_dose, three_plus_three
from escalon.escalation.boin import boin
from escalon.escalation.sweep import sweep

RULE = three_plus_three(3, "V1") & backfill(6) & at_most(18)


def test_the_level_left_is_filled_before_going_on_above():
    decision = next_dose(RULE, "1NNN 2NNN")
    assert (decision.level, decision.size) == (1, 3)
    assert decision.reason == "backfill level 1 to six before going on above"
    assert next_dose(RULE, "1NNN 2NNN 1NNN").level == 3


def test_waiting_time_above_is_used():
    assert next_dose(three_plus_three(3, "V1"), "1NNN 2NTP").action == "wait"
    decision = next_dose(RULE, "1NNN 2NTP")
    assert (decision.action, decision.level, decision.size) == ("treat", 1, 3)
    assert "while level 2 is pending" in decision.reason
    assert next_dose(RULE, "1NNP").action == "wait"


def test_dlts_in_the_backfill_count():
    assert next_dose(RULE, "1NNN 2NNN 1NTT").mtd == 0


def test_backfilled_participants_are_in_the_operating_characteristics():
    truth = (0.05, 0.15, 0.30)
    for plain in (three_plus_three(3, "V1"), boin(3, "0.25") & at_most(12)):
        without = sweep(plain).under(truth)
        filled = sweep((plain if plain.cap == 18 else boin(3, "0.25")) & backfill(6) & at_most(18)).under(truth)
        assert abs(filled.selection.exact.sum() + float(filled.unsettled) - 1) < 1e-12
        assert filled.patients.exact[0] > without.patients.exact[0]


def test_a_cap_holds_in_whatever_order_guards_are_written():
    for rule in (
        three_plus_three(3, "V1") & at_most(10) & backfill(6),
        three_plus_three(3, "V1") & backfill(6) & at_most(10),
        three_plus_three(3, "V1") & at_most(10) & expand_at_mtd(9),
    ):
        assert rule.cap == 10
        assert sweep(rule).size.max() <= 10
        assert next_dose(rule, "1NNN 2NNN 1NNN").size <= 1


def test_a_cohort_above_is_completed_before_a_level_is_backfilled():
    rule = boin(4, "0.25") & backfill(8) & at_most(40)
    for conduct, level, size in (
        ("1NNN 2N", 2, 2),
        ("1NNN 2P", 2, 2),
        ("1NNN 2NN", 2, 1),
        ("1NNN 2NNN", 1, 5),
        ("1NNN 2TT", 1, 3),
    ):
        told = next_dose(rule, conduct)
        assert (told.level, told.size) == (level, size), conduct


def test_a_backfilled_level_is_not_filled_beyond_its_number():
    rule = boin(4, "0.25") & backfill(8) & at_most(40)
    told = next_dose(rule, "1NNN 2NNN 1NNN 1N")
    assert (told.level, told.size) == (1, 1)
    assert next_dose(rule, "1NNN 2NNN 1NNN 1NN").level == 2
    assert next_dose(rule, "1NNN 2NNN 1NNN 1NN 2NNN").departures == ()
