"""The next dose from what happened: who counts, who is pending, and what the study's rule says today."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from escalon.conduct.judge.committee import stopped
from escalon.conduct.judge.cutoff import as_of, checked
from escalon.conduct.judge.evidence import evidence, study_definition
from escalon.conduct.judge.given import Given, deviation, doses_of, first_doses
from escalon.conduct.judge.strata import UNSAID, strata_of
from escalon.conduct.judge.unread import refuse_unread
from escalon.escalation import Conduct, Decision, Outcome, Stop, Treat, Treated, Wait, conduct_of, headline, next_dose
from escalon.facts import Day, read_day
from escalon.history import Course, Current, Trial
from escalon.history.events import DltProposed
from escalon.protocol.design import calendar_guards, cohort_size, decision_table, dose_rule
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.study import DosePlan, Study
from escalon.safety.adverse_event import death_day, is_death
from escalon.safety.dlt_evidence import DltEvidence, uncounted_notes

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


@dataclass(frozen=True, slots=True)
class NextDose:
    """The decision and all it rests on."""

    decision: Decision
    conduct: Conduct
    reviews: tuple[DoseReview, ...]
    today: date
    assumptions: tuple[str, ...]
    strata: tuple[tuple[str, "NextDose"], ...] = ()
    """The decision of each stratum, where the study's strata escalate by themselves."""

    @property
    def headline(self) -> str:
        """The decision as a committee should read it: how many now, and what a stop does and does not say of an MTD."""
        if self.strata:
            return "; ".join(f"{name}: {one.headline}" for name, one in self.strata)
        return headline(self.decision)

    def as_json(self) -> dict[str, Any]:
        """The decision for scripts."""
        return {
            "headline": self.headline,
            "decision": self.decision.as_json(),
            "conduct": str(self.conduct),
            "today": self.today.isoformat(),
            "participants": [review.as_json() for review in self.reviews],
            "dlt_by_disease": {name: {"dlt": t, "evaluable": n} for name, (t, n) in by_disease(self.reviews).items()},
            "assumptions": list(self.assumptions),
            **({"strata": {name: one.as_json() for name, one in self.strata}} if self.strata else {}),
        }


def by_disease(reviews: Iterable[DoseReview]) -> dict[str, tuple[int, int]]:
    """DLTs, and evaluable participants, by disease."""
    found: dict[str, tuple[int, int]] = {}
    for one in reviews:
        dlts, evaluable = found.get(one.disease or "disease not recorded", (0, 0))
        had, counts = one.outcome is Outcome.DLT, one.outcome in (Outcome.DLT, Outcome.NO_DLT)
        found[one.disease or "disease not recorded"] = (dlts + had, evaluable + counts)
    return dict(sorted(found.items()))


def decide_next_dose(study: Study, trial: Trial, today: Day | date) -> NextDose:
    """The next dose by the study's rule, from infusions and adjudicated DLTs up to a day. Raises EscalationError.

    A DLT always counts. Nobody counts as free of DLT before the window has closed, nor while an event that could be one
    awaits adjudication; whoever left or died before without a DLT is not evaluable and is replaced. No dose is decided while
    a row of doses or adverse events is refused: it could be a DLT. While a correction that would lift a hold lacks its
    signatures, the more cautious of the answers with it and without it is given.
    """
    day = read_day(today)
    found = _governing(study, trial, day)
    said = stopped(trial) if isinstance(found.decision, Treat) else ""
    return _noted(found, said) if said else found


def _noted(found: NextDose, note: str) -> NextDose:
    return replace(found, decision=replace(found.decision, notes=(note, *found.decision.notes)))


def _governing(study: Study, trial: Trial, day: Day) -> NextDose:
    """The more cautious of the answers with and without what would lift a hold and is not signed."""
    found = decide_as_recorded(study, trial, day)
    if trial.stricter is None:
        return found
    without = decide_as_recorded(study, trial.stricter, day)
    unsigned = ", ".join(str(entry.number) for entry in trial.unsigned())
    note = f"entry {unsigned} would lift a hold and is not signed by those who may: the stricter history governs"
    return _noted(min(without, found, key=_boldness), note)


def _boldness(found: NextDose) -> tuple[int, int]:
    """How much an answer lets be done: the level opened and how many may be dosed now; to wait, for how long; to stop."""
    match found.decision:
        case Treat(level=level, now=now):
            return level, now or 0
        case Wait(until=until):
            return -1, -(until or date.max).toordinal()
        case Stop(mtd=mtd):
            return -2, mtd or 0


def decide_as_recorded(study: Study, trial: Trial, today: Day) -> NextDose:
    """The next dose of this history as it is, whether or not its corrections are signed; raises as `decide_next_dose`."""
    day = checked(today).latest
    if trial.until is None or trial.until > day:
        trial = as_of(trial, today)
    key = ("decided", id(study), day, decision_table(study))
    return trial.once(key, study, lambda: _decide_of_all(study, trial, day))


def _decide_of_all(study: Study, trial: Trial, day: date) -> NextDose:
    refuse_unread(study, trial)
    if study.dose.strata is not None:
        found = {name: _decide(study, one, day) for name, one in strata_of(study, trial).items()}
        return _by_stratum(study, _once_all_belong(found), day)
    return _decide(study, trial, day)


def _once_all_belong(found: dict[str, NextDose]) -> dict[str, NextDose]:
    """The decisions once it is known to which stratum everybody dosed belongs; until then nobody is dosed in any.

    Whoever was dosed counts in one of them, perhaps with a toxicity. That a stratum is not recorded of people who were not
    dosed changes nothing.
    """
    unsaid = found.pop(UNSAID, None)
    if unsaid is None or not unsaid.reviews:
        return found
    who = ", ".join(one.participant for one in unsaid.reviews)
    wait = Wait(f"the stratum of {who} is not recorded, so they count in none; record it", None)
    return {
        name: one if isinstance(one.decision, Stop) else replace(one, decision=replace(wait, notes=one.decision.notes))
        for name, one in (found | {UNSAID: unsaid}).items()
    }


def _by_stratum(study: Study, found: dict[str, NextDose], day: date) -> NextDose:
    """The decisions of all strata beside each other. As one decision it is a wait, unless every stratum has stopped."""
    reviews = tuple(
        sorted((one for each in found.values() for one in each.reviews), key=lambda one: one.infusion.day.earliest)
    )
    reason = "; ".join(f"{name}: {one.headline}, because {one.decision.reason}" for name, one in found.items())
    stopped = all(isinstance(one.decision, Stop) for one in found.values())
    notes = tuple(f"{name}: {note}" for name, one in found.items() for note in one.decision.notes)
    whole: Decision = Stop(None, reason, notes) if stopped else Wait(f"each stratum has its own: {reason}", None, notes)
    return NextDose(whole, conduct_of(map(_treated, reviews)), reviews, day, _rests_on(study), tuple(found.items()))


def _rests_on(study: Study) -> tuple[str, ...]:
    return tuple(one.id for one in study.assumptions_about("dose", "dlt"))


def _decide(study: Study, trial: Trial, day: date) -> NextDose:
    """The next dose of everybody in a trial, or in one of its strata."""
    reviews = tuple(review(study, trial, infusion, day) for infusion in first_doses(study, trial))
    conduct = conduct_of(map(_treated, reviews), cohort_size(study))
    decision = next_dose(dose_rule(study), conduct, calendar_guards(study), day, doubts(reviews))
    noted = replace(decision, notes=(*decision.notes, *_to_know(study, trial, reviews)))
    return NextDose(noted, conduct, reviews, day, _rests_on(study))


def doubts(reviews: Iterable[DoseReview]) -> str:
    """Of whom it is in doubt whether they had a DLT, and why; empty where of nobody."""
    return "; ".join(f"{one.participant}: {one.why}" for one in reviews if one.in_doubt)


def _to_know(study: Study, trial: Trial, reviews: tuple[DoseReview, ...]) -> list[str]:
    """What the committee should see beside the decision: doses off their level, severe events, silence, what lies later."""
    notes = [f"{one.participant} {_counted(one)}: {one.deviation}" for one in reviews if one.deviation]
    if any(one.outcome is Outcome.DLT for one in reviews):
        shares = [f"{name} {dlts} of {evaluable}" for name, (dlts, evaluable) in by_disease(reviews).items()]
        notes.append(f"DLTs by disease, of those evaluable: {', '.join(shares)}")
    notes += [f"{one.participant}: {said}" for one in reviews if one.late for said in one.late.split("; ")]
    definition = study_definition(study)
    if definition is not None:
        notes += uncounted_notes([one.evidence for one in reviews if one.evidence], definition)
    for one in reviews:
        seen = _last_seen(trial.course(one.participant))
        reviewed = one.evidence is not None and not one.evidence.uncounted
        if one.outcome is Outcome.NO_DLT and seen < one.window_ends and not reviewed:
            notes.append(
                f"nothing is recorded of {one.participant} from {seen} to the end of the window: confirm no DLT"
            )
    for course in trial.infused():
        notes += [
            f"{later.participant} was infused again on {later.day}: {_RETREATED[study.dose.retreatment]}"
            for later in doses_of(study, course)[1:]
        ]
    return notes


_RETREATED = {
    "not planned": "the study plans no retreatment; a DLT after it counts",
    "not counted": "a retreatment, which does not count for the dose rule",
    "counted": "a retreatment, which counts as the study says",
}


def _last_seen(course: Course) -> date:
    """The last day about which anything is recorded of a participant."""
    days = [day for fact in course.facts for day in (fact.day, fact.until)]
    days += [one.event.happened(course.zone) for one in course.samples]
    days += [day for one in course.adverse_events for day in (one.event.start, one.event.end)]
    return max((day.latest for day in days if day), default=date.min)


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
        return first
    return replace(
        first, outcome=later.outcome, why=f"after the dose of {again.day}: {later.why}", window_ends=later.window_ends,
        window=later.window, in_doubt=later.in_doubt, late=later.late, evidence=later.evidence, again=again,
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
    """That somebody left the study, or died by a day, in words; empty where neither is recorded."""
    if course.is_withdrawn:
        return f"{course.code} left the study"
    return f"{course.code} died" if has_died(course, day) else ""


def has_died(course: Course, day: date) -> bool:
    """Whether somebody died by a day, by an event or by the fact; a death without its day counts."""
    days = [death_day(one.event) for one in course.adverse_events if is_death(one.event)]
    return any(died is None or died.earliest <= day for died in (*days, *([course.died] if course.died else ())))


def _counted(one: DoseReview) -> str:
    if one.outcome is Outcome.NOT_EVALUABLE:
        return f"does not count at level {one.infusion.level}"
    return f"counts at level {one.counted_at}"


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


def _treated(one: DoseReview) -> Treated:
    """A review as the rule counts it; the window runs from the last bag."""
    again = one.again.last.earliest if one.again else None
    return Treated(one.counted_at, one.outcome, one.infusion.last.earliest, one.participant, died=one.died, again=again)
