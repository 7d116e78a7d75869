"""DLT windows as the figures draw them: who, with which outcome, and what was recorded on each of their days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from escalon.conduct.judge.dose_review import DoseReview
from escalon.conduct.judge.evidence import followed, study_definition
from escalon.escalation import Outcome
from escalon.facts import together
from escalon.history import Trial
from escalon.protocol.design import in_days
from escalon.protocol.study import Study
from escalon.reporting.figures.cohorts import CohortCourse
from escalon.reporting.figures.evidence import DayLane, DayLanes, GradedDays
from escalon.safety.blood_counts import Counts
from escalon.safety.dlt_judged import counts_of
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import special_interest

SYNDROMES = {"Cytokine release syndrome": "CRS", "ICANS": "ICANS"}


def windows_of(reviews: Sequence[DoseReview], hrefs: bool = False) -> tuple[CohortCourse, ...]:
    """The window of everybody infused, with its outcome and, of a DLT, the first day of what was judged so."""
    return tuple(
        CohortCourse(
            one.participant,
            one.infusion.level,
            one.infusion.day.earliest,
            one.window_ends,
            one.outcome.name.lower(),
            _dlt_day(one),
            f"/participants/{one.participant}" if hrefs else "",
        )
        for one in reviews
    )


def _dlt_day(one: DoseReview) -> date | None:
    """The first day of the gravest event of a met clause; None where it was not a DLT, or no day is known."""
    if one.outcome is not Outcome.DLT or one.evidence is None:
        return None
    events = [ground.event for clause in one.evidence.clauses if clause.truth for ground in clause.grounds]
    days = [event.start.earliest for event in events if event is not None and event.start is not None]
    return min(days, default=None)


def evidence_windows(study: Study, trial: Trial, reviews: Iterable[DoseReview]) -> tuple[tuple[DayLanes, ...], int]:
    """The lanes of each window, and how many days a window has. The facts of everybody must have been read."""
    days = in_days(study.dose.dlt_window)
    return tuple(day_lanes(study, trial, one, _seen_until(one), days) for one in reviews), days


def _seen_until(one: DoseReview) -> date:
    return one.evidence.window.as_of if one.evidence else one.window_ends


def day_lanes(study: Study, trial: Trial, one: DoseReview, as_of: date, days: int) -> DayLanes:
    """One window as known on a day: each syndrome, each other event that was grave or judged, each count that a clause reads."""
    first = one.infusion.day.earliest
    known = followed(trial, trial.course(one.participant), as_of)
    inside = [event for event in known.occurrences if event.is_inside(first, one.window_ends) is not False]
    found = together((_drawn_as(event, first), event) for event in inside)
    names = [*SYNDROMES.values(), *sorted(found.keys() - {"", *SYNDROMES.values()})]
    lanes = [lane for name in names if (lane := _lane(name, found.get(name, ()), first, as_of)) is not None]
    lanes += _counts(study, counts_of(known, first, as_of))
    return DayLanes(one.participant, one.infusion.level, min(days, (as_of - first).days), tuple(lanes))


def _drawn_as(event: Occurrence, first: date) -> str:
    """The syndrome an event is; of others the term, where from the first day on it was grave, not graded or judged a DLT."""
    kind = special_interest(event)
    if kind in SYNDROMES.values():
        return str(kind)
    since = [line for line in event.spans() if line.start is None or line.start.latest >= first]
    is_told = any(line.grade is None or line.grade >= 3 or line.dlt for line in since)
    return event.term.name if is_told else ""


def _lane(name: str, events: Iterable[Occurrence], first: date, as_of: date) -> DayLane | None:
    """The days of some events, each line of them at its own grade; no lane where there is none with a day."""
    seen = []
    for event in events:
        for line in event.spans():
            if line.start is not None:
                end = line.end.latest if line.end else as_of if line.ongoing else line.start.earliest
                seen.append(GradedDays((line.start.earliest - first).days, (end - first).days, line.grade))
    return DayLane(name, tuple(seen)) if seen else None


def _counts(study: Study, counts: Counts) -> list[DayLane]:
    """A lane for each count that a clause of the definition reads; silence is said."""
    definition = study_definition(study)
    rules = [rule for rule in definition.rules if rule.not_recovered_by_day is not None] if definition else []
    found = []
    for term in dict.fromkeys(term for rule in rules for term in rule.term):
        looks = counts.looks(term)
        seen = tuple(GradedDays(look.day, look.day, look.high if look.low == look.high else None) for look in looks)
        found.append(DayLane(term, seen, "" if seen else "no count recorded after infusion"))
    return found
