"""One infused participant as the dose decision sees them: how they count, why, at which level, and from which day on."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from escalon.conduct.judge.evidence import evidence
from escalon.conduct.judge.given import Given, deviation, doses_of
from escalon.escalation import Outcome, Treated
from escalon.facts import Day
from escalon.history import Course, Current, Trial
from escalon.history.events import DltProposed
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.study import DosePlan, Study
from escalon.safety.adverse_event import death_day, is_death
from escalon.safety.dlt_evidence import DltEvidence

OUTCOMES = {
    Outcome.NO_DLT: "no DLT",
    Outcome.DLT: "DLT",
    Outcome.PENDING: "pending",
    Outcome.NOT_EVALUABLE: "not evaluable",
}


@dataclass(frozen=True, slots=True)
class DoseReview:
    """One treated participant as the dose decision sees them: outcome, why, and whether the dose lay in its window."""

    participant: str
    infusion: Given
    outcome: Outcome
    why: str
    window_ends: date
    """The last day of the DLT window; an event on it still counts."""
    deviation: str = ""
    late: str = ""
    """What the committee should see beside the outcome: severe events, deaths, late toxicity, clauses met and judged no."""
    in_doubt: bool = False
    """Pending not for the window but because something recorded could be a DLT, or contradicts itself."""
    counted_at: int = 0
    """The level it counts at: the assigned one, unless the study counts as treated."""
    evidence: DltEvidence | None = None
    window: str = ""
    """The DLT window in one sentence: its days, its last day, the day from which dosing may go on."""
    disease: str = ""
    died: bool = False
    again: Given | None = None
    """The later dose whose own window decides, where the study counts what follows it."""
    before: "DoseReview | None" = None
    """The review by what came before that dose."""

    def as_json(self) -> dict[str, Any]:
        """The review for scripts."""
        return {
            "participant": self.participant,
            "level": self.infusion.level,
            "infused": str(self.infusion.day),
            "outcome": self.outcome.name.lower(),
            "why": self.why,
            "window_ends": self.window_ends.isoformat(),
            "window": self.window,
            "disease": self.disease,
            "died": self.died,
            "deviation": self.deviation,
            "late": self.late,
        }


def review(study: Study, trial: Trial, given: Given, day: date) -> DoseReview:
    """How one infused participant counts on a day, and why."""
    key = ("review", id(study), given, day)
    return trial.once(key, study, lambda: _review(study, trial, given, day))


def _review(study: Study, trial: Trial, given: Given, day: date) -> DoseReview:
    found = _of_dose(study, trial, given, day)
    for again in doses_of(study, trial.course(given.participant)):
        if again.numbers != given.numbers and again.day.earliest >= given.day.earliest:
            found = _followed_by(study, trial, found, again, day)
    return found


def _followed_by(study: Study, trial: Trial, first: DoseReview, again: Given, day: date) -> DoseReview:
    """The review with what followed a later dose, as the study counts it: a DLT after it, and its window where it has one."""
    policy = study.dose.retreatment
    if policy == "not counted" or first.outcome is Outcome.DLT:
        return first
    later = _of_dose(study, trial, again, day)
    runs = policy == "counted" and later.outcome is Outcome.PENDING
    doubted = later.in_doubt and later.evidence is not None and not _is_unanswered(later.evidence)
    if later.outcome is not Outcome.DLT and (first.in_doubt or not (runs or doubted)):
        return replace(first, again=again, before=first) if policy == "counted" else first
    return replace(
        first, outcome=later.outcome, why=f"after the dose of {again.day}: {later.why}", window_ends=later.window_ends,
        window=later.window, in_doubt=later.in_doubt, late=later.late, evidence=later.evidence, again=again,
        before=first,
        counted_at=later.counted_at if later.outcome is Outcome.DLT else first.counted_at,
    )  # fmt: skip


def _of_dose(study: Study, trial: Trial, given: Given, day: date) -> DoseReview:
    found = evidence(study, trial, given, day)
    off = deviation(study.dose, given)
    outcome, why = found.outcome, found.why
    in_doubt = found.in_doubt or _is_unanswered(found)
    waiting = [one for one in awaiting(trial.course(given.participant)) if outcome is not Outcome.DLT]
    if waiting:
        outcome, in_doubt = Outcome.PENDING, True
        why = f"a DLT was proposed ({waiting[0].event.because}) and awaits its judgement"
    elif _is_left_out(study.dose, given, off) and outcome is not Outcome.DLT and not in_doubt:
        outcome, why = Outcome.NOT_EVALUABLE, f"{off}: not counted unless it has a DLT, and replaced"
    return DoseReview(
        given.participant, given, outcome, why, found.window.last, off,
        "; ".join((*found.notes, *found.late)), in_doubt,
        _counted_level(study.dose, given, off), found, str(dlt_window(study, given.last.earliest)),
        _disease(trial.course(given.participant)), has_died(trial.course(given.participant), day),
    )  # fmt: skip


def _is_unanswered(found: DltEvidence) -> bool:
    """Whether the window has closed, and nobody says what it held."""
    return found.outcome is Outcome.PENDING and found.until is None and not found.doubts


def _disease(course: Course) -> str:
    found = course.facts.named("disease")
    return "" if not found or found[-1].value is None else str(found[-1].value)


def gone(course: Course, day: date) -> str:
    """That somebody left the study, or died, by a day, in words; empty where neither is recorded."""
    if any(left.earliest <= day for left in course.left_on(day)):
        return f"{course.code} left the study"
    return f"{course.code} died" if has_died(course, day) else ""


def has_died(course: Course, day: date) -> bool:
    """Whether somebody died by a day, by an event or by the fact; a death without its day counts."""
    return any(died is None or died.earliest <= day for died in deaths_of(course))


def deaths_of(course: Course) -> list[Day | None]:
    """The days of death that events and the fact say; None for one whose day nobody recorded."""
    days = [death_day(one.event) for one in course.adverse_events if is_death(one.event)]
    return [*days, *([course.died] if course.died else ())]


def _is_left_out(plan: DosePlan, given: Given, off: str) -> bool:
    """Whether a dose outside its level's window does not count, as the study says."""
    if not off or given.amount is None or plan.off_dose == "count":
        return False
    return plan.off_dose == "exclude unless DLT" or _level_of(plan, given.amount) is None


def awaiting(course: Course) -> list[Current[DltProposed]]:
    """The proposals that a participant had a DLT which no later judgement considered."""
    judged = course.dlt_judgements
    return [
        one
        for one in course.dlt_proposals
        if one.event.is_dlt and not any(one.number in each.event.rests_on for each in judged)
    ]


def _counted_level(plan: DosePlan, given: Given, off: str) -> int:
    """The level a participant counts at: the assigned one, or as treated where the study says so."""
    if not off or given.amount is None or plan.off_dose != "as treated":
        return given.level
    as_treated = _level_of(plan, given.amount)
    return given.level if as_treated is None else as_treated


def _level_of(plan: DosePlan, amount: Fraction) -> int | None:
    """The level in whose window an amount lies; None where it lies in none."""
    windows = ((level.number, *plan.window(level)) for level in plan.levels)
    return next((number for number, low, high in windows if low <= amount <= high), None)


def treated(study: Study, trial: Trial, reviews: Iterable[DoseReview], today: date) -> Iterator[Treated]:
    """The reviews as the rule counts them; the window runs from the last bag."""
    return (_treated(study, trial, one, today) for one in reviews)


def _treated(study: Study, trial: Trial, one: DoseReview, today: date) -> Treated:
    infused, again = one.infusion.last.earliest, one.again.last.earliest if one.again else None
    course = trial.course(one.participant)
    deaths = deaths_of(course)
    counted = Treated(
        one.counted_at, one.outcome, infused, one.participant, again=again, died=one.died,
        died_on=None if None in deaths else min((day.earliest for day in deaths if day), default=None),
        came=_came(study, trial, one, today),
        known=_told_of_a_dlt(course) if one.outcome is Outcome.DLT else None,
        away=tuple(course.absences),
    )  # fmt: skip
    if one.before is not None:
        return replace(counted, before=_treated(study, trial, one.before, today), since=again)
    if one.outcome is Outcome.DLT and _is_left_out(study.dose, one.infusion, one.deviation):
        return replace(counted, before=replace(counted, outcome=Outcome.NOT_EVALUABLE, came=None), since=counted.came)
    return counted


def _told_of_a_dlt(course: Course) -> date | None:
    """The first day on which the record held a judgement «yes», or the event that one is about; None in a data folder."""
    events = course.adverse_events
    told = {number: _first_said(one, "grade", "start") for one in events for number in (one.number, one.entry.number)}
    moments = [_first_said(one, "dlt", "grade", "start") for one in events if one.event.dlt]
    for one in course.dlt_judgements:
        if one.event.is_dlt:
            moments += [_first_said(one, "is_dlt"), *(told.get(number) for number in one.event.rests_on)]
    known = [moment for moment in moments if moment is not None]
    return min(known).astimezone(course.zone).date() if known else None


def _first_said(one: Current[Any], *names: str) -> datetime | None:
    """When an event was first recorded with what it says now: a correction of other words of it makes it no later."""
    is_same = all(getattr(one.first.event, name, None) == getattr(one.event, name) for name in names)
    return one.first.at if is_same else one.entry.at


def _came(study: Study, trial: Trial, one: DoseReview, today: date) -> date | None:
    """The day on which a DLT, or what leaves somebody uncounted, came about; None of any other outcome.

    Before it the participant was under observation like any other, which matters to whether others were dosed in time. Of
    somebody free of DLT it is the day on which a later dose ceased to be watched: there is nothing more to wait for.
    """
    if one.outcome is Outcome.NO_DLT and one.again is not None:
        return _came(study, trial, review(study, trial, one.again, today), today)
    if one.outcome not in (Outcome.DLT, Outcome.NOT_EVALUABLE):
        return None
    first = one.infusion.day.earliest
    days = [first + timedelta(days=number) for number in range((min(one.window_ends, today) - first).days)]
    at = bisect_left(days, True, key=lambda day: review(study, trial, one.infusion, day).outcome is one.outcome)
    return first + timedelta(days=at)
