"""The DLT window of a participant: how it counts, and what a person judges of it, on exactly what the page showed."""

from __future__ import annotations

from dataclasses import dataclass

from escalon.casebook.canonical import digest
from escalon.conduct.judge.dose_review import OUTCOMES, DoseReview, awaiting, review
from escalon.conduct.judge.given import dose_of
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.proposals import propose_dlt
from escalon.history import Course, Entry
from escalon.history.events import DltAdjudicated
from escalon.web.acts import record
from escalon.web.answers import MeanwhileRecorded
from escalon.web.desk import Desk
from escalon.web.pages.cohorts import STATES
from escalon.web.registry import act
from escalon.web.said import Told, whole
from escalon.web.words import days


@dataclass(frozen=True)
class DltShown:
    """The DLT window: how it counts today, by which clauses, and what is asked of a person."""

    outcome: str
    state: str
    why: str
    window: str
    clauses: tuple[str, ...]
    doubts: tuple[str, ...]
    closed: bool
    proposed: bool
    judged: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    """The entries of the adverse events, which a judgement may rest on."""
    through: str
    shown: str
    """A digest of what a judgement is made on: of another, the reader has not seen it."""
    may_judge: bool
    may_review: bool
    may_count: bool


def reviewed(desk: Desk, course: Course) -> DoseReview | None:
    """How somebody dosed counts today; None for whoever was not."""
    given = dose_of(desk.study, desk.trial, course.code)
    return review(desk.study, desk.trial, given, desk.today) if given else None


def dlt_shown(desk: Desk, course: Course, found: DoseReview) -> DltShown:
    """The window as its card shows it, with a digest of what a judgement is made on."""
    word = OUTCOMES[found.outcome]
    evidence = found.evidence
    lines = tuple((str(one.number), days(one.event.span)) for one in course.adverse_events)
    judged = [f"{'DLT' if one.event.is_dlt else 'no DLT'}: {one.event.because}" for one in course.dlt_judgements]
    judged += [f"window reviewed through {one.event.through}" for one in course.window_reviews]
    clauses = tuple(str(clause) for clause in evidence.clauses if clause.truth is not False) if evidence else ()
    doubts = evidence.doubts if evidence else ()
    return DltShown(
        word, STATES[word], found.why, found.window, clauses, doubts, desk.today > found.window_ends,
        bool(course.dlt_proposals), tuple(judged), lines, min(desk.today, found.window_ends).isoformat(),
        digest(repr((word, clauses, doubts, judged, lines))),
        desk.may("DltAdjudicated", course.site),
        desk.may("DltWindowReviewed", course.site),
        desk.may("EvaluabilityJudged", course.site),
    )  # fmt: skip


@act("propose-dlt")
def propose(desk: Desk, said: Told) -> Entry:
    """Have the study's definition lay what it finds before a person."""
    return propose_dlt(desk.conduct, desk.author, said.text("participant"))


@act("adjudicate")
def adjudicate(desk: Desk, said: Told) -> Entry:
    """A person decides: of one event or the whole record, and of every proposal that waits."""
    code, answer, event = said.text("participant"), said.text("is_dlt", ""), whole(said.text("rests_on", ""))
    if answer not in ("yes", "no"):
        raise refuse("form", "is_dlt: choose yes or no")
    check_shown(desk, said)
    considered = [one.number for one in awaiting(desk.course(code))] + ([] if event is None else [event])
    judged = DltAdjudicated(
        participant=code, is_dlt=answer == "yes", because=said.text("because"), rests_on=tuple(considered)
    )
    return desk.conduct.record(desk.author, judged)


@act("DltWindowReviewed")
def review_window(desk: Desk, said: Told) -> Entry:
    """A person has looked at everything in the window, as the page showed it."""
    check_shown(desk, said)
    return record(desk, said.event("DltWindowReviewed"), said)


@act("EvaluabilityJudged")
def judge_evaluability(desk: Desk, said: Told) -> Entry:
    """A person decides whether somebody counts, on what the page showed."""
    check_shown(desk, said)
    return record(desk, said.event("EvaluabilityJudged"), said)


def check_shown(desk: Desk, said: Told) -> None:
    """Refuse a judgement from a page on which what is judged now did not stand: what nobody saw is not settled by it."""
    course = desk.course(said.text("participant"))
    found = reviewed(desk, course) if said.shown else None
    if found and dlt_shown(desk, course, found).shown != said.shown:
        says = "something was recorded since this page was opened, which changes what is judged. Read it, then judge"
        raise MeanwhileRecorded(says, ())
