"""What the committee decided stands beside what the rule said, with its signatures and whether it is in force."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from escalon.conduct.judge.answers import decision_answer
from escalon.conduct.judge.departures import ActDeparture
from escalon.facts import Day
from escalon.history import Entry, Trial
from escalon.history.entry import Author
from escalon.history.events import Course, DecisionProposed, DecisionSigned, Event, OverrideGiven, OverrideSigned
from escalon.protocol import load_study
from escalon.reporting.packet import _in_one
from escalon.reporting.sections.escalation import decisions, overrides
from tests.histories import Infusion, history
from tests.reporting.views import STUDY, texts, view_of


def told(*events: tuple[str, Event]) -> Trial:
    """Three people at level 1, and what the committee then entered."""
    days = ("2025-03-03", "2025-03-17", "2025-03-24")
    trial = history(infusions=[Infusion(f"P0{n}", 1, Day.parse(day), Decimal(100000)) for n, day in enumerate(days, 1)])
    for person, event in events:
        at = datetime(2025, 4, 25, 9, tzinfo=UTC)
        trial.apply(Entry(trial.number + 1, at, Author(person, "committee", "*", "test"), event))
    return trial


def proposed(course: Course, level: int) -> DecisionProposed:
    answer = decision_answer(load_study(STUDY), told(), date(2025, 4, 22))
    return DecisionProposed(course=course, level=level, because="as seen", as_of=date(2025, 4, 22), answer=answer)


def test_a_decision_stands_beside_the_rule_with_its_signers_and_what_it_lacks():
    first = told().number + 1
    trial = told(
        ("cara", proposed(Course.TREAT, 2)),
        ("cara", DecisionSigned(decision=first, meaning="agreed", printed_name="Cara", digest="d")),
    )
    entry, as_of, what, because, rule, signed, state = texts(decisions(view_of(trial, Day(2025, 4, 26))))[str(first)]
    assert (entry, as_of, what, because, rule, signed) == (
        str(first), "2025-04-22", "treat level 2", "as seen", "treat 3 at level 2", "cara",
    )  # fmt: skip
    assert state == "1 of 2 signatures"


def test_an_override_names_the_rules_it_sets_aside_and_who_signed():
    first = told().number + 1
    given = OverrideGiven(participant="P04", act="CellsInfused", rules=("stagger",), reason="product expires")
    trial = told(
        ("ines", given), ("cara", OverrideSigned(given=first, meaning="agreed", printed_name="Cara", digest="d"))
    )
    row = texts(overrides(view_of(trial, Day(2025, 4, 26))))[str(first)]
    assert row == (str(first), "P04", "stagger", "CellsInfused", "product expires", "cara", "–")


def test_nothing_decided_is_said():
    view = view_of(told(), Day(2025, 4, 26))
    assert decisions(view).rows == overrides(view).rows == ()
    assert "a casebook does" in decisions(view).empty


def test_departures_that_say_the_same_are_said_once_with_everybody():
    some = [
        ActDeparture(who, Day(2025, 3, 3), "rule", says, "") for who, says in (("P1", "a"), ("P2", "b"), ("P3", "a"))
    ]
    assert _in_one(some) == ["P1, P3 (rule): a", "P2 (rule): b"]
