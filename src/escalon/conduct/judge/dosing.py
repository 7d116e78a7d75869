"""The next dose from what happened: who counts, who is pending, and what the study's rule says today."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from escalon.conduct.judge.committee import stopped, unagreed_text
from escalon.conduct.judge.cutoff import as_of, checked
from escalon.conduct.judge.dose_review import DoseReview, review, treated
from escalon.conduct.judge.evidence import study_definition
from escalon.conduct.judge.given import doses_of, first_doses
from escalon.conduct.judge.strata import UNSAID, strata_named, strata_of
from escalon.conduct.judge.unread import refuse_unread
from escalon.escalation import (
    Conduct,
    Decision,
    EscalationError,
    Outcome,
    Stop,
    Treat,
    Wait,
    conduct_of,
    headline,
    next_dose,
)
from escalon.facts import Day, read_day
from escalon.history import Course, Trial
from escalon.protocol.design import calendar_guards, cohort_size, decision_table, dose_rule
from escalon.protocol.study import Study
from escalon.safety.dlt_evidence import uncounted_notes

Made = TypeVar("Made")


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
    is_stopped: bool = False
    """Whether the committee stopped dosing by then, which stands above what the rule says."""

    @property
    def headline(self) -> str:
        """The decision as a committee should read it: how many now, and what a stop does and does not say of an MTD."""
        if self.is_stopped:
            return f"dose nobody: the committee stopped the trial; the rule alone says: {self.by_the_rule}"
        if self.strata:
            return "; ".join(f"{name}: {one.headline}" for name, one in self.strata)
        return self.by_the_rule

    @property
    def by_the_rule(self) -> str:
        """What the rule alone says, as a committee should read it."""
        if self.strata:
            return "; ".join(f"{name}: {one.by_the_rule}" for name, one in self.strata)
        return headline(self.decision)

    def of(self, stratum: str) -> "NextDose":
        """The decision of one stratum; of all, where none is named. Raises EscalationError for one that is not there."""
        if stratum and stratum not in dict(self.strata):
            known = ", ".join(dict(self.strata)) or "none: the study says no `strata` in [dose]"
            raise EscalationError(f"there is no stratum {stratum!r}. There are: {known}")
        return dict(self.strata)[stratum] if stratum else self

    @property
    def parts(self) -> tuple[tuple[str, "NextDose"], ...]:
        """The decision of each stratum by its name; where there are none, this one, of no name."""
        return self.strata or (("", self),)

    @property
    def wants_a_stratum(self) -> bool:
        """Whether somebody was dosed of whom no stratum is known, so that nobody is dosed in any."""
        return UNSAID in dict(self.strata)

    @property
    def treats(self) -> bool:
        """Whether somebody may be dosed, in some stratum."""
        says = isinstance(self.decision, Treat) or any(one.treats for _, one in self.strata)
        return says and not self.is_stopped

    def as_json(self) -> dict[str, Any]:
        """The decision for scripts."""
        return {
            "headline": self.headline,
            "is_stopped": self.is_stopped,
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
    signatures, the more cautious of the answers with it and without it is given. A record kept under another text of the
    study than this one, or under one that two have not signed, has no dose: what this text would say stands among the notes.
    """
    day = read_day(today)
    found = _governing(study, trial, day)
    if other := unagreed_text(study, trial):
        found = _all_wait(found, other)
    if found.strata:
        strata = tuple((name, _unless_stopped(study, one, trial, day, name)) for name, one in found.strata)
        return replace(found, strata=strata, is_stopped=all(one.is_stopped for _, one in strata))
    return _unless_stopped(study, found, trial, day)


def _unless_stopped(study: Study, found: NextDose, trial: Trial, day: Day, stratum: str = "") -> NextDose:
    stop = stopped(trial, day.latest, stratum, strata_named(study))
    return found if stop is None else replace(_noted(found, stop.says), is_stopped=stop.by_then)


def _noted(found: NextDose, note: str) -> NextDose:
    return replace(found, decision=replace(found.decision, notes=(note, *found.decision.notes)))


def _all_wait(found: NextDose, why: str) -> NextDose:
    """The decision and that of each stratum as a wait, with what was found instead among the notes."""
    strata = tuple((name, _all_wait(one, why)) for name, one in found.strata)
    notes = (f"under the text read here: {found.by_the_rule}", *found.decision.notes)
    return replace(found, decision=Wait(why, None, notes, found.decision.departures), strata=strata)


def _governing(study: Study, trial: Trial, day: Day) -> NextDose:
    """The more cautious of the answers with and without what would lift a hold and is not signed."""
    found = decide_as_recorded(study, trial, day)
    if trial.stricter is None:
        return found
    without = decide_as_recorded(study, trial.stricter, day)
    unsigned = ", ".join(str(entry.number) for entry in trial.unsigned())
    note = f"entry {unsigned} would lift a hold and is not signed by those who may: the stricter history governs"
    if study.dose.strata is not None:
        other = dict(without.strata)
        strata = {name: min(other.get(name, one), one, key=_boldness) for name, one in found.strata}
        return _noted(_by_stratum(study, trial, strata, day.latest), note)
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
    return by_the_rule(study, trial, ("decided", day), lambda: _decide_of_all(study, trial, day))


def by_the_rule(study: Study, trial: Trial, asked: tuple[object, ...], make: Callable[[], Made]) -> Made:
    """An answer of the study's rule, kept while neither the history nor the decision table that the rule names changes."""
    return trial.once((*asked, id(study), decision_table(study)), study, make)


def _decide_of_all(study: Study, trial: Trial, day: date) -> NextDose:
    refuse_unread(study, trial)
    if study.dose.strata is not None:
        found = {name: _decide(study, one, day) for name, one in strata_of(study, trial).items()}
        return _by_stratum(study, trial, _once_all_belong(found), day)
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


def _by_stratum(study: Study, trial: Trial, found: dict[str, NextDose], day: date) -> NextDose:
    """The decisions of all strata beside each other. As one decision it is a wait, unless every stratum has stopped."""
    reviews = tuple(
        sorted((one for each in found.values() for one in each.reviews), key=lambda one: one.infusion.day.earliest)
    )
    reason = "; ".join(f"{name}: {one.headline}, because {one.decision.reason}" for name, one in found.items())
    stopped = all(isinstance(one.decision, Stop) for one in found.values())
    notes = tuple(f"{name}: {note}" for name, one in found.items() for note in one.decision.notes)
    whole: Decision = Stop(None, reason, notes) if stopped else Wait(f"each stratum has its own: {reason}", None, notes)
    return NextDose(
        whole, conduct_of(treated(study, trial, reviews, day)), reviews, day, _rests_on(study), tuple(found.items())
    )


def _rests_on(study: Study) -> tuple[str, ...]:
    return tuple(one.id for one in study.assumptions_about("dose", "dlt"))


def _decide(study: Study, trial: Trial, day: date) -> NextDose:
    """The next dose of everybody in a trial, or in one of its strata."""
    reviews = tuple(review(study, trial, infusion, day) for infusion in first_doses(study, trial))
    conduct = conduct_of(treated(study, trial, reviews, day), cohort_size(study))
    told = next_dose(dose_rule(study), conduct, calendar_guards(study), day, doubts(reviews))
    decision = _since_the_levels_are_these(study, conduct, told)
    noted = replace(decision, notes=(*decision.notes, *_to_know(study, trial, reviews)))
    return NextDose(noted, conduct, reviews, day, _rests_on(study))


def _since_the_levels_are_these(study: Study, conduct: Conduct, told: Decision) -> Decision:
    """The decision without departures of cohorts dosed before an amendment inserted a level: they followed another text."""
    earlier = {
        number
        for number, cohort in enumerate(conduct.cohorts, start=1)
        if study.dose.before_insertion(cohort.treated[0].infused)
    }
    if not earlier:
        return told
    left_out = {f"departure from the rule: {one}" for one in told.departures if one.cohort in earlier}
    when = ", ".join(f"level {one.number} was inserted on {one.inserted}" for one in study.dose.levels if one.inserted)
    note = f"{when}: of cohorts dosed before, the clocks are asked and not the rule"
    notes = (*(one for one in told.notes if one not in left_out), note)
    return replace(told, notes=notes, departures=tuple(one for one in told.departures if one.cohort not in earlier))


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


def _counted(one: DoseReview) -> str:
    if one.outcome is Outcome.NOT_EVALUABLE:
        return f"does not count at level {one.infusion.level}"
    return f"counts at level {one.counted_at}"


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
