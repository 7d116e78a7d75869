"""The next dose from what happened: who counts, who is pending, and what the study's rule says today."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from escalon.casebook.records import AdverseEvent, Infusion, Records
from escalon.escalation import (
    Cohort,
    Conduct,
    Decision,
    EscalationError,
    Outcome,
    Treated,
    Wait,
    next_dose,
)
from escalon.facts import Day, exact
from escalon.protocol.design import calendar_guards, dose_rule, in_days
from escalon.protocol.study import DosePlan, Study


@dataclass(frozen=True, slots=True)
class DoseReview:
    """One treated participant as the dose decision sees them: outcome, why, and whether the dose lay in its window."""

    participant: str
    infusion: Infusion
    outcome: Outcome
    why: str
    window_ends: date
    """The last day of the DLT window; an event on it still counts."""
    deviation: str = ""

    def as_json(self) -> dict[str, Any]:
        """The review for scripts."""
        return {
            "participant": self.participant,
            "level": self.infusion.level,
            "infused": str(self.infusion.day),
            "outcome": self.outcome.name.lower(),
            "why": self.why,
            "window_ends": self.window_ends.isoformat(),
            "deviation": self.deviation,
        }


@dataclass(frozen=True, slots=True)
class NextDose:
    """The decision and all it rests on."""

    decision: Decision
    conduct: Conduct
    reviews: tuple[DoseReview, ...]
    today: date
    assumptions: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The decision for scripts."""
        return {
            "decision": self.decision.as_json(),
            "conduct": str(self.conduct),
            "today": self.today.isoformat(),
            "participants": [review.as_json() for review in self.reviews],
            "assumptions": list(self.assumptions),
        }


def decide_next_dose(study: Study, records: Records, today: Day) -> NextDose:
    """The next dose by the study's rule, from infusions and adjudicated DLTs up to a day. Raises EscalationError.

    A DLT always counts. Nobody counts as free of DLT before the window has closed, nor while an event that could be one
    awaits adjudication; whoever left before without a DLT is not evaluable and is replaced.
    """
    day = today.latest
    reviews = tuple(review(study, records, infusion, day) for infusion in _infusions(records, day))
    conduct = Conduct(tuple(Cohort(tuple(treated)) for treated in _cohorts(reviews, study.dose)))
    assumptions = tuple(one.id for one in study.assumptions_about("dose", "dlt"))
    unsettled = [one for one in reviews if one.outcome is Outcome.PENDING and one.window_ends < day]
    decision = next_dose(dose_rule(study), conduct, calendar_guards(study), day)
    if unsettled and isinstance(decision, Wait):
        who = ", ".join(one.participant for one in unsettled)
        decision = Wait(f"{decision.reason}; adjudicate the events of {who} first", decision.until, decision.notes)
    return NextDose(decision, conduct, reviews, day, assumptions)


def _infusions(records: Records, day: date) -> list[Infusion]:
    given = sorted(
        (one for one in records.infusions if one.day.earliest <= day),
        key=lambda one: (one.day.earliest, one.participant),
    )
    people = [one.participant for one in given]
    twice = sorted({code for code in people if people.count(code) > 1})
    if twice:
        raise EscalationError(
            f"{', '.join(twice)} has more than one infusion. Correct doses.csv before a dose is decided"
        )
    return given


def review(study: Study, records: Records, infusion: Infusion, day: date) -> DoseReview:
    """How one infused participant counts on a day, and why."""
    ends = infusion.day.earliest + timedelta(days=in_days(study.dose.dlt_window))
    events = [event for event in records.adverse_events if event.participant == infusion.participant]
    outcome, why = _outcome(study, records, infusion, events, ends, day)
    return DoseReview(infusion.participant, infusion, outcome, why, ends, _deviation(study.dose, infusion))


def _outcome(
    study: Study, records: Records, infusion: Infusion, events: list[AdverseEvent], ends: date, day: date
) -> tuple[Outcome, str]:
    within = [event for event in events if _may_lie_in(event, infusion.day.earliest, min(ends, day))]
    dlts = [event for event in within if event.dlt]
    if dlts:
        return Outcome.DLT, f"DLT: {dlts[0].term}, grade {dlts[0].grade}, from {dlts[0].start}"
    if infusion.evaluable is False:
        return Outcome.NOT_EVALUABLE, "judged not evaluable"
    left = _left(records, infusion.participant, day)
    if left is not None and left <= ends:
        return Outcome.NOT_EVALUABLE, f"left on {left}, before the window ended, without a DLT: replaced"
    open_events = [event for event in within if event.dlt is None and (event.grade is None or event.grade >= 3)]
    if open_events:
        first = open_events[0]
        return (
            Outcome.PENDING,
            f"{first.term}, grade {first.grade}, from {first.start}: whether it is a DLT is not decided",
        )
    if day <= ends:
        return Outcome.PENDING, f"DLT window open to the end of {ends}"
    return Outcome.NO_DLT, "window closed without a DLT"


def _may_lie_in(event: AdverseEvent, first: date, last: date) -> bool:
    return event.start is None or (event.start.latest >= first and event.start.earliest <= last)


def _left(records: Records, participant: str, day: date) -> date | None:
    """The day a participant left the study, if they did by a day."""
    left = [
        fact.day.earliest
        for fact in records.facts_of(participant).named("study_discontinuation")
        if fact.value is True and fact.day is not None and fact.day.earliest <= day
    ]
    return min(left, default=None)


def _cohorts(reviews: tuple[DoseReview, ...], plan: DosePlan) -> list[list[Treated]]:
    """Consecutive participants of one level are a cohort; the rule counts, so a fourth does no harm."""
    treated = [Treated(one.infusion.level, one.outcome, one.infusion.day.earliest, one.participant) for one in reviews]
    cohorts: list[list[Treated]] = []
    for _, same in groupby(treated, key=lambda one: one.level):
        run: list[Treated] = []
        for one in same:
            run.append(one)
            if sum(each.outcome is not Outcome.NOT_EVALUABLE for each in run) == plan.cohort_size:
                cohorts.append(run)
                run = []
        if run:
            cohorts.append(run)
    return cohorts


def _deviation(plan: DosePlan, infusion: Infusion) -> str:
    """A dose outside its level's window is named; it is never moved to another level in silence."""
    if infusion.cells_per_kg is None:
        return "the dose really given is not recorded"
    low, high = plan.window(plan.level(infusion.level))
    given = exact(infusion.cells_per_kg)
    if low <= given <= high:
        return ""
    off = (given / plan.level(infusion.level).cells_per_kg - 1) * 100
    return f"{float(off):+.1f} % from level {infusion.level}, outside ±{float(plan.tolerance * 100):g} %"
