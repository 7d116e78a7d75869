"""The next dose from what happened: who counts, who is pending, and what the study's rule says today."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from escalon.casebook.records import AdverseEvent, Infusion, Records
from escalon.conduct.cutoff import checked
from escalon.escalation import (
    Cohort,
    Conduct,
    Decision,
    EscalationError,
    Outcome,
    Stop,
    Treated,
    Wait,
    headline,
    next_dose,
)
from escalon.facts import Day, exact
from escalon.protocol.design import calendar_guards, dose_rule
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.study import DosePlan, Study

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
    infusion: Infusion
    outcome: Outcome
    why: str
    window_ends: date
    """The last day of the DLT window; an event on it still counts."""
    deviation: str = ""
    late: str = ""
    """A toxicity judged dose-limiting that began outside the window, which the rule does not count."""
    in_doubt: bool = False
    """Pending not for the window but because something recorded could be a DLT, or contradicts itself."""

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
            "late": self.late,
        }


@dataclass(frozen=True, slots=True)
class NextDose:
    """The decision and all it rests on."""

    decision: Decision
    conduct: Conduct
    reviews: tuple[DoseReview, ...]
    today: date
    assumptions: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The decision as a committee should read it: how many now, and what a stop does and does not say of an MTD."""
        return headline(self.decision)

    def as_json(self) -> dict[str, Any]:
        """The decision for scripts."""
        return {
            "headline": self.headline,
            "decision": self.decision.as_json(),
            "conduct": str(self.conduct),
            "today": self.today.isoformat(),
            "participants": [review.as_json() for review in self.reviews],
            "assumptions": list(self.assumptions),
        }


def decide_next_dose(study: Study, records: Records, today: Day) -> NextDose:
    """The next dose by the study's rule, from infusions and adjudicated DLTs up to a day. Raises EscalationError.

    A DLT always counts. Nobody counts as free of DLT before the window has closed, nor while an event that could be one
    awaits adjudication; whoever left or died before without a DLT is not evaluable and is replaced. No dose is decided while
    a row of doses or adverse events is refused: it could be a DLT.
    """
    day = checked(today).latest
    _all_read(records)
    reviews = tuple(review(study, records, infusion, day) for infusion in _infusions(records, day))
    conduct = _conduct(reviews, study.dose)
    assumptions = tuple(one.id for one in study.assumptions_about("dose", "dlt"))
    decision = next_dose(dose_rule(study), conduct, calendar_guards(study), day)
    if doubtful := [one for one in reviews if one.in_doubt]:
        decision = _held(study, decision, reviews, doubtful, day)
    noted = replace(decision, notes=(*decision.notes, *_to_know(records, reviews, day)))
    return NextDose(noted, conduct, reviews, day, assumptions)


def _held(
    study: Study, decision: Decision, reviews: tuple[DoseReview, ...], doubtful: list[DoseReview], day: date
) -> Decision:
    """Nobody is dosed on a doubt that could change the answer: the rule is asked again as if the doubtful were DLTs."""
    who = ", ".join(one.participant for one in doubtful)
    if isinstance(decision, Wait):
        return replace(decision, reason=f"{decision.reason}; settle {who} first", until=None)
    worst = tuple(replace(one, outcome=Outcome.DLT) if one.in_doubt else one for one in reviews)
    as_if = next_dose(dose_rule(study), _conduct(worst, study.dose), calendar_guards(study), day)
    if isinstance(decision, Stop) or (as_if.action, as_if.level) == (decision.action, decision.level):
        return decision
    return Wait(f"whether {who} had a DLT is not decided, and if so the rule would say: {as_if}", None, decision.notes)


def _all_read(records: Records) -> None:
    """Refuse to decide while something that could be a DLT is unread, or belongs to nobody who was infused."""
    held = [row.why for row in records.unread if row.table in _READ or row.about == LEFT]
    if held:
        raise EscalationError(f"what could be a DLT cannot be read, so no dose is decided. Correct: {'; '.join(held)}")
    infused = {infusion.participant for infusion in records.infusions}
    known = infused | {fact.participant for fact in records.facts}
    for event in records.adverse_events:
        if event.participant not in (infused if event.dlt else known):
            what = f"{event.term}, grade {event.grade}, from {event.start} [{event.source or 'no source'}]"
            raise EscalationError(
                f"{what} is recorded for {event.participant}, who was not infused. Correct the code in adverse_events, "
                "or add the infusion to doses"
            )


LEFT = "study_discontinuation"
_READ = ("doses", "adverse_events")


def _to_know(records: Records, reviews: tuple[DoseReview, ...], day: date) -> list[str]:
    """What the committee should see beside the decision: doses off their level, toxicities the rule left out, silence."""
    notes = [
        f"{one.participant} counts at level {one.infusion.level}: {one.deviation}" for one in reviews if one.deviation
    ]
    notes += [f"{one.participant}: {one.late}" for one in reviews if one.late]
    for one in reviews:
        seen = _last_seen(records, one.participant)
        if one.outcome is Outcome.NO_DLT and seen < one.window_ends:
            notes.append(
                f"nothing is recorded of {one.participant} from {seen} to the end of the window: confirm no DLT"
            )
    return notes


def _last_seen(records: Records, participant: str) -> date:
    """The last day about which anything is recorded of a participant."""
    days = [day for fact in records.facts_of(participant) for day in (fact.day, fact.until)]
    days += [sample.taken for sample in records.samples if sample.participant == participant]
    for event in records.adverse_events:
        if event.participant == participant:
            days += [event.start, event.end]
    return max((day.latest for day in days if day), default=date.min)


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
    ends = dlt_window(study, infusion.day.earliest).last
    events = [event for event in records.adverse_events if event.participant == infusion.participant]
    events.sort(key=_in_order)
    outcome, why = _outcome(study, records, infusion, events, ends, day)
    deviation, late = _deviation(study.dose, infusion), _after(events, ends)
    in_doubt = outcome is Outcome.PENDING and why != _open_until(ends)
    return DoseReview(infusion.participant, infusion, outcome, why, ends, deviation, late, in_doubt)


def _open_until(ends: date) -> str:
    return f"DLT window open to the end of {ends}"


def _in_order(event: AdverseEvent) -> tuple[object, ...]:
    days = (event.start.earliest, event.start.latest) if event.start else (date.min, date.min)
    return (*days, -(event.grade or 0), event.term, event.id, event.description)


def _after(events: list[AdverseEvent], ends: date) -> str:
    """A toxicity judged dose-limiting after the window: outside the definition, and for the committee to weigh."""
    late = [event for event in events if event.dlt and event.start and event.start.earliest > ends]
    return "; ".join(
        f"{one.term}, grade {one.grade}, from {one.start} is judged a DLT but began after the window ended on {ends}, so the "
        "rule does not count it: the committee decides"
        for one in late
    )


def _outcome(
    study: Study, records: Records, infusion: Infusion, events: list[AdverseEvent], ends: date, day: date
) -> tuple[Outcome, str]:
    within = [event for event in events if _may_lie_in(event, infusion.day.earliest, min(ends, day))]
    dlts = [event for event in within if event.dlt]
    if dlts:
        return Outcome.DLT, f"DLT: {dlts[0].term}, grade {dlts[0].grade}, from {dlts[0].start}"
    doubt = _doubt(study, infusion, events, within)
    if doubt:
        return Outcome.PENDING, doubt
    if infusion.evaluable is False:
        return Outcome.NOT_EVALUABLE, "judged not evaluable"
    left = _left(records, infusion.participant, day)
    if left is not None:
        return _without_the_rest(left, infusion, ends, day)
    died = next((event for event in within if event.grade == 5), None)
    if died is not None:
        return Outcome.NOT_EVALUABLE, f"died of {died.term} from {died.start}, judged no DLT, in the window: replaced"
    return _by_the_window(ends, day)


def _by_the_window(ends: date, day: date) -> tuple[Outcome, str]:
    if day <= ends:
        return Outcome.PENDING, _open_until(ends)
    return Outcome.NO_DLT, "window closed without a DLT"


def _doubt(study: Study, infusion: Infusion, events: list[AdverseEvent], within: list[AdverseEvent]) -> str:
    """Why it is not known whether there was a DLT: an event nobody has judged, or a judgement that cannot be right."""
    for event in events:
        if event.dlt and event.start and event.start.latest < infusion.day.earliest:
            return (
                f"{event.term} is judged a DLT but began on {event.start}, before the infusion: correct one of the two"
            )
    lowest = min((event.grade for event in study.dlt.events), default=1) if study.dlt else 1
    for event in within:
        if event.dlt is None and (event.grade is None or event.grade >= lowest):
            return f"{event.term}, grade {event.grade}, from {event.start}: whether it is a DLT is not decided"
    return ""


def _without_the_rest(left: Day, infusion: Infusion, ends: date, day: date) -> tuple[Outcome, str]:
    """What leaving the study means: before the window ended, not evaluable; on a day that is not known, undecided."""
    if left.latest < infusion.day.earliest:
        return Outcome.PENDING, f"left on {left}, before the infusion: correct one of the two"
    if left.earliest > ends:
        return _by_the_window(ends, day)
    if left.latest > ends:
        return Outcome.PENDING, f"left in {left}: whether before the window ended on {ends} is not known"
    return Outcome.NOT_EVALUABLE, f"left on {left}, before the window ended, without a DLT: replaced"


def _may_lie_in(event: AdverseEvent, first: date, last: date) -> bool:
    return event.start is None or (event.start.latest >= first and event.start.earliest <= last)


def _left(records: Records, participant: str, day: date) -> Day | None:
    """The day a participant left the study, if they did by a day."""
    left = [
        fact.day
        for fact in records.facts_of(participant).named(LEFT)
        if fact.value is True and fact.day is not None and fact.day.earliest <= day
    ]
    return min(left, key=lambda one: (one.earliest, one.latest), default=None)


def _conduct(reviews: tuple[DoseReview, ...], plan: DosePlan) -> Conduct:
    return Conduct(tuple(Cohort(tuple(treated)) for treated in _cohorts(reviews, plan)))


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
    off = (given / plan.level(infusion.level).amount.value - 1) * 100
    return f"{float(off):+.1f} % from level {infusion.level}, outside ±{float(plan.tolerance * 100):g} %"
