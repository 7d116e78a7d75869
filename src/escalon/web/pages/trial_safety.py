"""Safety of everybody infused, in one list: the worst of each, their windows, and every report that is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from escalon.conduct.judge.dose_review import OUTCOMES, DoseReview, review
from escalon.conduct.judge.evidence import followed
from escalon.conduct.judge.given import dose_of
from escalon.reporting.figures.evidence import DayLanes
from escalon.reporting.windows_drawn import evidence_windows
from escalon.safety.occurrence import Occurrence
from escalon.web.desk import Desk
from escalon.web.pages.cohorts import STATES
from escalon.web.pages.safety import ROUND, short_term
from escalon.web.pages.safety_reports import ReportRow, reports_of
from escalon.web.registry import page


@dataclass(frozen=True)
class SafetyRow:
    """One infused participant in the trial-wide list."""

    code: str
    level: int
    day: int
    outcome: str
    state: str
    worst: str
    serious: int
    doubts: str


@dataclass(frozen=True)
class TrialSafetyPage:
    """Everybody infused, and every report that is due."""

    day: date
    rows: tuple[SafetyRow, ...]
    reports: tuple[tuple[str, ReportRow], ...]
    windows: tuple[DayLanes, ...]
    days: int
    may_attest: bool
    """Whether this reader may state that there was no adverse event: none is recorded of anybody."""


@page("/safety")
def trial_safety(desk: Desk) -> TrialSafetyPage:
    """Safety of everybody infused."""
    given = [dose_of(desk.study, desk.trial, one.code) for one in desk.known() if one.infusions]
    reviews = [review(desk.study, desk.trial, one, desk.today) for one in given if one]
    found = [
        (one, followed(desk.trial, desk.trial.courses[one.participant], desk.today).occurrences) for one in reviews
    ]
    due = [
        (one.participant, row)
        for one, events in found
        for row in reports_of(desk, desk.trial.courses[one.participant], events)
    ]
    due.sort(key=lambda pair: (pair[1].kind == "done", pair[1].by or date.min))
    running = [one for one in reviews if one.window_ends >= desk.today or one.in_doubt]
    rows = tuple(_row(desk, one, events) for one, events in found)
    everybody = desk.trial.courses.values()
    none = bool(given) and not any(one.adverse_events for one in everybody)
    may_attest = none and bool(desk.person) and all(desk.may("NothingToReport", one.site or None) for one in everybody)
    return TrialSafetyPage(desk.today, rows, tuple(due), *evidence_windows(desk.study, desk.trial, running), may_attest)


def _row(desk: Desk, one: DoseReview, events: tuple[Occurrence, ...]) -> SafetyRow:
    named = [(short_term(event.term.name), event.grade) for event in events]
    worst = ", ".join(f"{term} {grade}" for term, grade in named if term in ROUND and grade) or "–"
    word, day = OUTCOMES[one.outcome], (desk.today - one.infusion.day.earliest).days
    doubts = "; ".join(one.evidence.doubts) if one.evidence and one.in_doubt else ""
    serious = sum(event.serious is True for event in events)
    return SafetyRow(one.participant, one.infusion.level, day, word, STATES[word], worst, serious, doubts)
