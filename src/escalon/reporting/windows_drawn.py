"""DLT windows as the figures draw them: who, with which outcome, and what was recorded on each of their days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from escalon.conduct.judge.dosing import DoseReview
from escalon.conduct.judge.evidence import followed
from escalon.escalation import Outcome
from escalon.history import Trial
from escalon.protocol.design import in_days
from escalon.protocol.study import Study
from escalon.reporting.figures.cohorts import CohortCourse
from escalon.reporting.figures.evidence import DayLane, DayLanes, GradedDays
from escalon.safety.blood_counts import Counts
from escalon.safety.occurrence import Occurrence

SYNDROMES = {"Cytokine release syndrome": "CRS", "ICANS": "ICANS"}
COUNTS = ("neutrophils", "platelets")


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
    return tuple(_lanes(trial, one, days) for one in reviews), days


def _lanes(trial: Trial, one: DoseReview, days: int) -> DayLanes:
    first = one.infusion.day.earliest
    as_of = one.evidence.window.as_of if one.evidence else one.window_ends
    seen = followed(trial, trial.course(one.participant), as_of)
    reached = min((as_of - first).days, days)
    counts = Counts([line.what for line in seen.counts], first, as_of)
    lanes = [*_syndromes(seen.occurrences, first, as_of), *_counts(counts, reached)]
    return DayLanes(one.participant, one.infusion.level, reached, tuple(lanes))


def _syndromes(events: Iterable[Occurrence], first: date, as_of: date) -> Iterator[DayLane]:
    known = [event for event in events if event.start is not None and event.start.earliest <= as_of]
    for name, short in SYNDROMES.items():
        seen = tuple(
            GradedDays(
                (line.start.earliest - first).days, ((line.end.latest if line.end else as_of) - first).days, line.grade
            )
            for event in known
            if event.term.name == name
            for line in event.lines
            if line.start is not None
        )
        if seen:
            yield DayLane(short, _without_overlap(seen))


def _without_overlap(seen: tuple[GradedDays, ...]) -> tuple[GradedDays, ...]:
    """Each grade until the day before the next one begins."""
    ordered = sorted(seen, key=lambda one: one.first)
    ends = [*(one.first - 1 for one in ordered[1:]), ordered[-1].last]
    cut = (GradedDays(one.first, min(one.last, end), one.grade) for one, end in zip(ordered, ends, strict=True))
    return tuple(one for one in cut if one.last >= one.first)


def _counts(counts: Counts, reached: int) -> Iterator[DayLane]:
    """Neutrophils and platelets by day; silence is said once a day has passed."""
    for name in COUNTS:
        looks = [look for look in counts.looks(name) if look.day <= reached]
        seen = tuple(GradedDays(look.day, look.day, look.high if look.low == look.high else None) for look in looks)
        yield DayLane(
            name, seen, "" if seen else "no count recorded after infusion" if reached > 0 else "window begins today"
        )
