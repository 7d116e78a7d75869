"""A syndrome of grade 3 or more seen at the bedside: asked until an event tells of it, or somebody judges it since."""

from datetime import date, timedelta
from typing import Any

import pytest

from escalon.escalation import Outcome
from escalon.facts import Day
from escalon.safety.adverse_event import AdverseEvent
from escalon.safety.dlt_definition import DltDefinition, DltRule
from escalon.safety.dlt_evidence import DltEvidence, dlt_evidence
from escalon.safety.dlt_grounds import Horizon
from escalon.safety.followed import Bedside, Entered, Followed, Judgement, WindowReview

FIRST = date(2025, 3, 3)
LAST = FIRST + timedelta(days=28)
RULE = DltRule("D-1", "ICANS of grade 3 or more", ("ICANS",), 3)
DLT, NO_DLT, PENDING = Outcome.DLT, Outcome.NO_DLT, Outcome.PENDING


def on(day: int) -> Day:
    return Day.of(FIRST + timedelta(days=day))


SEEN = Bedside("ICANS", 3, on(5), 10)
RASH = Entered(AdverseEvent(term="Rash maculo-papular", grade=1, start=on(3), end=on(9)), 7)


def icans(start: int, end: int | None = None, grade: int = 3, term: str = "ICANS", dlt: bool | None = False) -> Any:
    event = AdverseEvent(term=term, grade=grade, start=on(start), end=on(end) if end else None, dlt=dlt)
    return Entered(event, 11)


def evidence(*looks: Bedside, as_of: date = LAST + timedelta(days=9), **more: Any) -> DltEvidence:
    followed = Followed(participant="P1", **{"events": [RASH], "rounds": looks} | more)
    return dlt_evidence(DltDefinition((RULE,)), followed, Horizon(FIRST, LAST, as_of))


def no(entry: int, *rests_on: int, yes: bool = False) -> Judgement:
    return Judgement(yes, entry, frozenset(rests_on))


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({}, PENDING),
        # judgements: of the look, of everything, of something else, or of what was recorded before it was seen
        ({"judgements": [no(12, 10)]}, NO_DLT),
        ({"judgements": [no(12)]}, NO_DLT),
        ({"judgements": [no(12, 7)]}, PENDING),
        ({"judgements": [no(9)]}, PENDING),
        ({"judgements": [no(12, 10, yes=True)]}, DLT),
        ({"judgements": [no(12, 10, yes=True), no(13, 10)]}, NO_DLT),
        # reviews: through its day or not, since or before
        ({"reviews": [WindowReview(LAST, 12)]}, NO_DLT),
        ({"reviews": [WindowReview(FIRST + timedelta(days=4), 12)]}, PENDING),
        ({"reviews": [WindowReview(FIRST + timedelta(days=5), 12)]}, NO_DLT),
        ({"reviews": [WindowReview(LAST, 9)]}, PENDING),
        # events judged no: the same episode, by another name, milder, over before it, begun after it, after the window
        ({"events": [RASH, icans(4, 7)]}, NO_DLT),
        ({"events": [RASH, icans(5, 5, term="Immune effector cell-associated neurotoxicity syndrome")]}, NO_DLT),
        ({"events": [RASH, icans(4, 7, grade=2)]}, PENDING),
        ({"events": [RASH, icans(2, 4)]}, PENDING),
        ({"events": [RASH, icans(6, 9)]}, PENDING),
        ({"events": [RASH, icans(40, 44)]}, PENDING),
    ],
)
def test_what_was_seen_asks_until_it_is_told_or_judged(more: dict[str, Any], outcome: Outcome) -> None:
    found = evidence(SEEN, **more)
    assert found.outcome is outcome
    assert found.in_doubt is (outcome is PENDING)
    if outcome is PENDING:
        assert (
            found.why
            == "ICANS, grade 3, was observed on 2025-03-08, and no event of that grade is recorded on that day"
        )


@pytest.mark.parametrize(
    "look",
    [Bedside("ICANS", 2, on(5), 10), Bedside("ICANS", 4, on(-1), 10), Bedside("ICANS", 4, on(29), 10)],
    ids=["mild", "before the infusion", "after the window"],
)
def test_what_lies_outside_or_is_mild_asks_nothing(look: Bedside) -> None:
    assert evidence(look).outcome is NO_DLT


@pytest.mark.parametrize(
    "look", [Bedside("ICANS", 2, on(5), 10), Bedside("ICANS", 3, on(29), 10), Bedside("CRS", 0, on(1), 10)]
)
def test_whatever_was_seen_is_a_dlt_where_a_judgement_says_so_by_name(look: Bedside) -> None:
    found = evidence(look, judgements=[no(12, 10, yes=True)])
    assert (found.outcome, found.why) == (DLT, f"DLT: {look}")
    assert evidence(look, judgements=[no(12, 10, yes=True), no(13, 10)]).outcome is NO_DLT


def test_a_judgement_of_what_was_seen_says_nothing_of_an_event() -> None:
    found = evidence(SEEN, events=[RASH, icans(20, 22, dlt=None)], judgements=[no(12, 10)])
    assert (found.outcome, found.decided) == (PENDING, None)
    assert found.why.startswith("ICANS, grade 3, from 2025-03-23")
