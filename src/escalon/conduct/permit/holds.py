"""Holds: what forbids an act now, which rule says so, since when and until when, and what it rests on.

`escalon dose next`, `escalon casebook status`, the acts and the pages read these. The dosing holds are the study's own rule
and guards asked one at a time, so that a hold and the answer of the rule can never disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from escalon.conduct.judge import standing
from escalon.conduct.judge.committee import unagreed_text
from escalon.conduct.judge.cutoff import as_of
from escalon.conduct.judge.dose_review import awaiting, gone, review
from escalon.conduct.judge.dosing import NextDose, by_the_rule, decide_as_recorded, doubts
from escalon.conduct.judge.given import first_doses
from escalon.conduct.judge.strata import stratum_of
from escalon.escalation import Decision, EscalationError, Outcome, Treat, Wait, next_dose
from escalon.escalation.calendar_guards import CalendarGuard, DltWindow, Sentinel, Stagger, WholeCohortFirst
from escalon.facts import Day, together
from escalon.history import Course, Trial
from escalon.protocol.design import calendar_guards, dose_rule
from escalon.protocol.study import Study


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that forbids an act: the rule, whom or which level it is about, in words, until when, and who lifts it."""

    rule: str
    about: str
    says: str
    signatures: int
    until: date | None = None
    """The first day on which it no longer holds; None where no day ends it."""

    def as_json(self) -> dict[str, Any]:
        """The hold for scripts."""
        return {
            "rule": self.rule,
            "about": self.about,
            "says": self.says,
            "signatures": self.signatures,
            "until": self.until.isoformat() if self.until else None,
        }


_CLOCKS: tuple[tuple[str, tuple[type[CalendarGuard], ...]], ...] = (
    ("sentinel clock", (Sentinel, Stagger)),
    ("dlt clock", (WholeCohortFirst,)),
)


def recommended(study: Study, trial: Trial, today: date, stratum: str = "") -> Decision:
    """What the study's rule says today, clocks of dosing apart; a wait where the evidence does not let it answer."""
    try:
        whole = decide_as_recorded(study, trial, Day.of(today))
        found = whole.of(stratum)
    except EscalationError as error:
        return Wait(str(error))
    if found.strata or whole.wants_a_stratum:
        return found.decision
    return _by(study, found, today, (), doubts(found.reviews))


def _by(
    study: Study, found: NextDose, today: date, kinds: tuple[type[CalendarGuard], ...], doubt: str = ""
) -> Decision:
    """What the rule says with the study's stopping rules and the clocks of some kinds alone."""
    every = calendar_guards(study)
    guards = [one for one in every if not one.reads_calendar or isinstance(one, (DltWindow, *kinds))]
    return next_dose(dose_rule(study), found.conduct, guards, today, doubt)


def dosing_holds(study: Study, trial: Trial, today: date, level: int | None = None, stratum: str = "") -> list[Hold]:
    """What forbids dosing at a level on a day: doubts, clocks, and the rule itself; at every level and of every stratum
    where none is named.
    """
    asked = ("dosing holds", today, level, stratum)
    return list(by_the_rule(study, trial, asked, lambda: _dosing_holds(study, trial, today, level, stratum)))


def _dosing_holds(study: Study, trial: Trial, today: date, level: int | None, stratum: str) -> list[Hold]:
    levels = [one.number for one in study.dose.levels] if level is None else [level]
    try:
        whole = decide_as_recorded(study, trial, Day.of(today))
        found = whole.of(stratum)
    except EscalationError as error:
        return [Hold("rule", f"level {one}", str(error), 2) for one in levels]
    holds = [
        Hold("adjudication", one.participant, f"whether {one.participant} had a DLT is not decided: {one.why}", 2)
        for one in found.reviews
        if one.in_doubt
    ]
    for name, one in found.parts:
        by_decision = (hold for at in levels for hold in _of_rule(one.decision, at))
        held = by_decision if whole.wants_a_stratum else _of_clocks(study, one, today, levels)
        holds += [_named(hold, name or stratum) for hold in held]
    return holds


def _named(hold: Hold, stratum: str) -> Hold:
    """A hold of one stratum says whose it is."""
    if not stratum:
        return hold
    return replace(hold, about=f"{hold.about} of {stratum}", says=f"{stratum}: {hold.says}")


def _of_clocks(study: Study, found: NextDose, today: date, levels: list[int]) -> list[Hold]:
    """What the rule holds at some levels, and, where it would let somebody be dosed, what its clocks hold."""
    allowed = _by(study, found, today, ())
    holds = [hold for one in levels for hold in _of_rule(allowed, one)]
    for name, kinds in _CLOCKS if isinstance(allowed, Treat) else ():
        decision = _by(study, found, today, kinds)
        if isinstance(decision, Wait):
            says = (_windows(found, today) if name == "dlt clock" else "") or _until(decision)
            holds += [Hold(name, f"level {one}", says, 2, decision.until) for one in levels]
    return holds


def _of_rule(decision: Decision, level: int) -> Iterator[Hold]:
    if isinstance(decision, Treat) and decision.level == level:
        return
    yield Hold("rule", f"level {level}", f"the rule says: {decision} ({decision.reason})", 2, decision.until)


def _windows(found: NextDose, today: date) -> str:
    """Whose DLT windows still run, each in the one sentence that says so everywhere."""
    return "; ".join(
        f"{one.participant}'s DLT window: {one.window}" for one in found.reviews if today <= one.window_ends
    )


def _until(wait: Wait) -> str:
    return f"{wait.reason}; dosing from {wait.until}" if wait.until else wait.reason


def personal_holds(study: Study, trial: Trial, course: Course, today: date) -> list[Hold]:
    """What forbids treating one participant: consent, leaving, eligibility, having been infused, locked visits."""
    code = course.code
    found = []
    if not course.has_consent:
        found.append(Hold("consent", code, f"{code} has no consent, or has withdrawn it", 2))
    if why := gone(course, today):
        found.append(Hold("withdrawn", code, why, 2))
    if why := standing.eligibility(study, trial, course, today):
        found.append(Hold("eligibility", code, why, 2))
    if course.infusions:
        found.append(Hold("once", code, f"{code} was infused on {course.infused}", 2))
    return found


def holds(study: Study, trial: Trial, today: date) -> list[Hold]:
    """Every hold of a trial on a day: of dosing, and of each participant who is not infused or has left."""
    people = [one for one in trial.courses.values() if one.consents and not one.infusions]
    unagreed = unagreed_text(study, trial)
    return [
        *([Hold("amendment", "the study", unagreed, 2)] if unagreed else []),
        *dosing_holds(study, trial, today),
        *(hold for one in people for hold in personal_holds(study, trial, one, today)),
    ]


def lifted(study: Study, before: Trial, after: Trial, today: date, participant: str | None) -> list[Hold]:
    """The holds that stand in one history and not, or not as long, in another: what a correction would lift.

    What counts against going on is compared one by one, so that nothing is taken away behind another hold.
    """
    all_holds = (_all(study, one, today, participant) for one in (before, after))
    was, now = (together(((one.rule, one.about), one) for one in some) for some in all_holds)
    return [hold for key, held in was.items() for hold in _gone(held, now.get(key, []))]


def _gone(was: list[Hold], now: list[Hold]) -> list[Hold]:
    """Those that are no more, or end sooner. Other words for the same number of them are no loss."""
    said = {one.says for one in now}
    others = [one for one in was if one.says not in said] or was
    return [
        *others[: max(len(was) - len(now), 0)],
        *(one for one, left in zip(was, now, strict=False) if _sooner(one, left)),
    ]


def _all(study: Study, trial: Trial, today: date, participant: str | None) -> list[Hold]:
    mine = personal_holds(study, trial, trial.courses[participant], today) if participant in trial.courses else []
    return [*dosing_holds(study, trial, today), *mine, *_of_each(study, trial, today)]


A_DLT = "DLT at"
"""What a hold is about that is a standing judgement «yes», and not a question or a clock."""


def _of_each(study: Study, trial: Trial, today: date) -> Iterator[Hold]:
    """What counts of everybody infused, whatever else holds: each DLT, each doubt, the level, and the window that runs."""
    known = as_of(trial, today)
    for one in (review(study, known, given, today) for given in first_doses(study, known)):
        who, found, own = one.participant, one.evidence, stratum_of(study, known.course(one.participant))
        level = f"level {one.counted_at} of {own}" if own else f"level {one.counted_at}"
        asked = [each.event.because for each in awaiting(known.course(who))]
        for about, said in (
            (f"{A_DLT} {level} of", found.dlts if found else ()),
            (f"doubt at {level} about", (*(found.doubts if found else ()), *asked)),
        ):
            yield from (Hold("adjudication", f"{about} {who}", each, 2) for each in said)
        yield Hold("rule", f"{level} for {who}", f"{who} counts at {level}", 2)
        if one.outcome is Outcome.PENDING and today <= one.window_ends:
            yield Hold("dlt clock", who, one.window, 2, one.window_ends + timedelta(days=1))


def _sooner(was: Hold, now: Hold) -> bool:
    return now.until is not None and (was.until is None or now.until < was.until)
