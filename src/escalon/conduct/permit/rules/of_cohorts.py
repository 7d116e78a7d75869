"""Levels, cohorts and places: what stands before one is opened, given or closed, and what the study's rule and clocks hold."""

from __future__ import annotations

from escalon.conduct.judge import standing
from escalon.conduct.judge.committee import unagreed_text
from escalon.conduct.judge.strata import UNSAID, strata_named, stratum_of
from escalon.conduct.permit.act import Act, rule
from escalon.conduct.permit.holds import recommended
from escalon.escalation import Stop, Treat
from escalon.history.events import (
    AllocationReleased,
    CellsInfused,
    CohortClosed,
    CohortOpened,
    Course,
    DecisionProposed,
    FactRecorded,
    LevelAllocated,
    LymphodepletionGiven,
)


@rule(CellsInfused, LevelAllocated, LymphodepletionGiven, name="decision", signatures=2)
def level_is_opened_by_a_signed_decision(act: Act) -> str | None:
    """Nobody is allocated, prepared or dosed at a level that no standing, signed committee decision opened."""
    cohort = act.trial.cohorts.get(act.event.cohort) if isinstance(act.event, LevelAllocated) else act.cohort
    decision = act.trial.decisions.get(cohort.opened.decision) if cohort else None
    level = getattr(act.event, "level", cohort.opened.level if cohort else None)
    if cohort is None and isinstance(act.event, CellsInfused):
        return f"{act.event.participant} holds no place in a cohort that a signed decision opened"
    if cohort is None or decision is None or decision.proposed.level != level:
        return f"no signed decision opened level {level}" if level is not None else "no cohort is open"
    trial = act.informed()
    if changed := standing.changed_decision(act.study, trial, decision):
        return f"decision {decision.number} is stale: {changed}"
    if act.trial.stratum_of(cohort) != act.stratum:
        of = f"cohort {cohort.opened.cohort} is of {act.trial.stratum_of(cohort)}"
        return f"{of}, and {act.event.participant} belongs to: {act.stratum}"
    in_force = standing.decision_in_force(act.study, trial, act.stratum)
    if in_force is None or in_force.number != decision.number:
        return f"decision {decision.number} is not the one in force: {standing.in_words(in_force)}"
    return None


@rule(CellsInfused, CohortOpened, LymphodepletionGiven, name="adjudication", signatures=2)
def no_doubt_waits_for_a_judgement(act: Act) -> str | None:
    """No dose, no preparation for one and no new cohort while whether somebody had a DLT is in doubt."""
    return _held(act, "adjudication")


@rule(CellsInfused, name="sentinel clock", signatures=2)
def no_sentinel_clock_runs(act: Act) -> str | None:
    """Within a cohort, the second infusion waits the sentinel interval, each later one the stagger."""
    return _held(act, "sentinel clock")


@rule(CellsInfused, CohortOpened, name="dlt clock", signatures=2)
def no_dlt_clock_runs(act: Act) -> str | None:
    """No dosing in a cohort, and no opening of one, while the DLT window of anyone in an earlier cohort still runs."""
    return _held(act, "dlt clock")


@rule(CellsInfused, CohortOpened, name="rule", signatures=2)
def the_rule_opens_the_level(act: Act) -> str | None:
    """Nobody is dosed, and no cohort opened, where the study's dose rule says otherwise."""
    return _held(act, "rule")


def _held(act: Act, name: str) -> str | None:
    level = getattr(
        act.event, "level", act.cohort.opened.level if not isinstance(act.event, CohortOpened) and act.cohort else None
    )
    day = act.day if isinstance(act.event, CellsInfused) else act.today
    held = [one for one in act.held(day, level) if one.rule == name]
    return "; ".join(dict.fromkeys(one.says for one in held)) or None


@rule(CellsInfused, CohortOpened, name="amendment", signatures=2)
def an_amendment_is_signed_by_two(act: Act) -> str | None:
    """Nobody is dosed, and no cohort opened, under a text of the study that is not adopted, or not signed by two people."""
    return unagreed_text(act.study, act.trial) or None


@rule(DecisionProposed, name="stratum", signatures=0)
def a_decision_is_of_one_stratum(act: Act) -> str | None:
    """Where each stratum escalates by itself, whom to treat is decided of one of them; a stop may be of all."""
    named, of = act.event.stratum, act.study.dose.strata
    known = strata_named(act.study)
    if named in known or (not named and (of is None or act.event.course is Course.STOP)):
        return None
    if of is None:
        return f"the study has no strata, so a decision names none; this one names {named}"
    return f"each stratum has its own decision: name one of {', '.join(known)}" + (f", not {named}" if named else "")


@rule(FactRecorded, name="stratum", signatures=0)
def who_was_dosed_leaves_a_stratum_by_a_correction(act: Act) -> str | None:
    """Whoever was dosed belongs to the stratum recorded of them; another is a correction, which is judged by what it lifts."""
    if act.event.fact.name != act.study.dose.strata or not act.one.infusions:
        return None
    after = act.informed().with_event(act.event, act.author, act.now).courses[act.event.participant]
    if act.stratum in (UNSAID, stratum_of(act.study, after)):
        return None
    stated = act.one.facts.named(act.event.fact.name)[-1]
    return (
        f"{act.event.participant} was dosed and belongs to {act.stratum} [{stated.source}]; correct that entry instead"
    )


@rule(DecisionProposed, name="rule", signatures=2)
def a_decision_is_not_bolder_than_the_rule(act: Act) -> str | None:
    """A decision bolder than the study's rule is a departure, named and signed; a more cautious one needs a reason."""
    told = recommended(act.study, act.informed(), act.today, act.stratum)
    if act.event.course is Course.STOP:
        of_all = act.study.dose.strata is not None and not act.stratum
        cautious = (isinstance(told, Treat) or of_all) and not act.event.reason
        return f"the rule says: {told}. A more cautious decision needs its reason" if cautious else None
    if isinstance(told, Treat) and act.event.level == told.level:
        return None
    if unplanned := _unplanned(act):
        return unplanned
    if isinstance(told, Treat) and act.event.level < told.level:
        return None if act.event.reason else f"the rule says: {told}. A more cautious decision needs its reason"
    said = told if isinstance(told, Treat | Stop) else f"{told}"
    return f"the rule says otherwise: {said} ({told.reason})"


@rule(CohortOpened, name="one cohort", signatures=0)
def cohorts_are_opened_one_by_one(act: Act) -> str | None:
    """There is never more than one open cohort of a stratum, and cohorts are numbered without gaps."""
    if open_ones := act.trial.open_cohorts(act.stratum):
        return f"cohort {open_ones[0].opened.cohort} is still open"
    expected = max(act.trial.cohorts, default=0) + 1
    return None if act.event.cohort == expected else f"the next cohort is {expected}, not {act.event.cohort}"


@rule(CohortOpened, name="cohort size", signatures=2)
def a_cohort_has_the_planned_size(act: Act) -> str | None:
    """A cohort has the planned size at most, and a level the plan knows."""
    if unplanned := _unplanned(act):
        return unplanned
    size = act.study.dose.cohort_size
    return f"the plan's cohorts have {size} places, not {act.event.size}" if act.event.size > size else None


def _unplanned(act: Act) -> str:
    """Why the level an act names is none of the plan's; empty where it is one."""
    known = [level.number for level in act.study.dose.levels]
    return (
        "" if act.event.level in known else f"the plan has levels {', '.join(map(str, known))}, not {act.event.level}"
    )


@rule(CohortOpened, name="decision", signatures=2)
def a_cohort_follows_a_decision(act: Act) -> str | None:
    """A cohort is opened by the decision in force, once, at the level it names."""
    decision = act.trial.decisions.get(act.event.decision)
    if decision is None:
        return f"entry {act.event.decision} is not a proposed decision"
    trial = act.informed()
    if lacks := standing.why_not_effective(act.study, trial, decision):
        return f"decision {decision.number} is not in force: {lacks}"
    in_force = standing.decision_in_force(act.study, trial, act.stratum)
    if in_force is None or in_force.number != decision.number:
        return f"decision {decision.number} was followed by a newer one"
    if decision.proposed.course is Course.STOP or decision.proposed.level != act.event.level:
        return f"decision {decision.number} says {decision.proposed.course} level {decision.proposed.level}"
    used = [one.opened.cohort for one in act.trial.cohorts.values() if one.opened.decision == decision.number]
    return f"decision {decision.number} already opened cohort {used[0]}" if used else None


@rule(LevelAllocated, name="slot", signatures=0)
def a_place_is_given_once(act: Act) -> str | None:
    """A place is free, is the next in number, and belongs to an open cohort of the level named."""
    cohort = act.trial.cohorts.get(act.event.cohort)
    if cohort is None or not cohort.is_open:
        return f"cohort {act.event.cohort} is not open"
    if len(cohort.places) >= cohort.opened.size:
        return f"cohort {act.event.cohort} is full ({cohort.opened.size} of {cohort.opened.size} places taken)"
    if act.event.place != cohort.last_place + 1:
        return f"the next place of cohort {act.event.cohort} is {cohort.last_place + 1}, not {act.event.place}"
    return None


@rule(LevelAllocated, name="allocated once", signatures=0)
def a_participant_holds_one_place(act: Act) -> str | None:
    """A participant holds one place, and none after infusion."""
    if act.one.infusions:
        return f"{act.event.participant} was already infused"
    held = act.one.allocation
    return f"{act.event.participant} holds place {held.place} of cohort {held.cohort}" if held else None


@rule(LevelAllocated, name="trial size", signatures=2)
def the_trial_is_not_full(act: Act) -> str | None:
    """No more participants are allocated than the plan allows, in each stratum where each escalates by itself."""
    taken = [one for one in act.trial.courses.values() if one.allocation or one.infusions]
    act.know(tuple(one.code for one in taken) if act.stratum else ())
    own = sum(1 for one in taken if stratum_of(act.study, one) == act.stratum)
    return f"the plan allows {act.study.dose.cap} participants" if own >= act.study.dose.cap else None


@rule(AllocationReleased, name="slot", signatures=0)
def only_a_held_place_is_given_back(act: Act) -> str | None:
    """The place given back is the one the participant holds."""
    held = act.one.allocation
    if held and (held.cohort, held.place) == (act.event.cohort, act.event.place):
        return None
    return f"{act.event.participant} does not hold place {act.event.place} of cohort {act.event.cohort}"


@rule(CohortClosed, name="one cohort", signatures=0)
def only_an_open_cohort_is_closed(act: Act) -> str | None:
    """The cohort closed is an open one."""
    cohort = act.trial.cohorts.get(act.event.cohort)
    return None if cohort and cohort.is_open else f"cohort {act.event.cohort} is not open"
