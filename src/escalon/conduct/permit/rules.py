"""What must have happened before what. Each rule is one function; every number and clock is the study's.

An override is always possible where a participant's safety may ask for it, and never silent: it is an entry of its own,
with a reason and the signatures the rule asks for. A rule with no signatures keeps the record well-formed; setting it
aside would help nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from escalon import history
from escalon.conduct.judge import standing
from escalon.conduct.judge.given import Given, amount_of, deviation, doses_of
from escalon.conduct.permit.act import RULES, TOLERANCE, Act, rule
from escalon.conduct.permit.holds import recommended
from escalon.escalation import Stop, Treat
from escalon.facts import Day
from escalon.history.events import (
    AdverseEventRecorded,
    AllocationReleased,
    ApheresisDone,
    CellsInfused,
    CohortClosed,
    CohortOpened,
    ConsentWithdrawn,
    Course,
    DecisionProposed,
    DltAdjudicated,
    DltWindowReviewed,
    DoseChecked,
    DosePrepared,
    Event,
    FactCorrected,
    FactRecorded,
    FolderImported,
    LevelAllocated,
    LymphodepletionGiven,
    OverrideGiven,
    ParticipantConsented,
    ParticipantScreened,
    ParticipantWithdrawn,
    ProductReleased,
    QueryAnswered,
    QueryClosed,
    SafetyReportSent,
    SampleMeasured,
    ToxicityObserved,
    TreatmentGiven,
    VisitLocked,
    VisitUnlocked,
)

TREATED = (ApheresisDone, LevelAllocated, LymphodepletionGiven, CellsInfused)


@rule(*TREATED, ProductReleased, name="consent", signatures=2)
def consent_stands(act: Act) -> str | None:
    """Nothing is done to a participant before consent, or after it was withdrawn."""
    if not act.one.has_consent:
        return f"{act.event.participant} has no consent, or has withdrawn it"
    given = act.one.consented
    if given is not None and given.earliest > act.day:
        return f"{act.event.participant} consented on {given}, after {act.day}"
    return None


@rule(*TREATED, name="withdrawn", signatures=2)
def participant_has_not_left(act: Act) -> str | None:
    """Nobody is treated who left the study."""
    return f"{act.event.participant} left the study" if act.one.is_withdrawn else None


@rule(*TREATED, name="eligibility", signatures=2)
def eligibility_is_signed(act: Act) -> str | None:
    """Treatment steps need a screening that says eligible, signed by an investigator, with no answer changed since."""
    act.know((act.event.participant,))
    return standing.eligibility(act.study, act.trial, act.one, act.day) or None


@rule(ParticipantScreened, name="screening", signatures=2)
def nobody_is_called_eligible_against_the_criteria(act: Act) -> str | None:
    """Nobody is recorded as eligible whom the study's criteria, on what is recorded, exclude."""
    answer = act.event.answer
    if act.event.verdict != "eligible" or answer is None or answer.says != "not eligible":
        return None
    failed = [part.name for part in answer.parts if part.says == "not met"]
    return f"{act.event.participant} is not eligible by the record: {', '.join(failed)}"


@rule(LymphodepletionGiven, ProductReleased, CellsInfused, name="apheresis", signatures=1)
def apheresis_is_done(act: Act) -> str | None:
    """Lymphodepletion, release and infusion follow apheresis; a product follows its own collection."""
    code, done = act.event.participant, act.one.collections
    if not done:
        return f"no apheresis is recorded for {code}"
    mine = [one for one in done if one.event.collection == getattr(act.event, "collection", one.event.collection)]
    first = min((one.event.at for one in mine), default=None)
    moment = getattr(act.event, "at", None)
    if first is None:
        return None  # a product of another collection is refused by [identity]
    too_early = moment < first if isinstance(moment, datetime) else act.day < _day(first, act)
    return f"the cells of {code} were collected on {_day(first, act)}, after this" if too_early else None


def _day(moment: datetime, act: Act) -> date:
    return moment.astimezone(act.trial.frame.zone).date()


@rule(CellsInfused, name="lymphodepletion", signatures=1)
def lymphodepletion_is_given(act: Act) -> str | None:
    """Cells are infused after lymphodepletion."""
    if not act.one.conditionings:
        return f"no lymphodepletion is recorded for {act.event.participant}"
    ended = max(one.event.ended_on for one in act.one.conditionings)
    return f"lymphodepletion ended on {ended}, after this infusion" if act.day < ended else None


@rule(ProductReleased, name="identity", signatures=0)
def product_comes_from_the_participant(act: Act) -> str | None:
    """A product is released for the participant whose cells it was made from."""
    collections = [one.event.collection for one in act.one.collections]
    if collections and act.event.collection not in collections:
        return f"{act.event.participant}'s collection is {', '.join(collections)}, not {act.event.collection}"
    for code, other in act.trial.courses.items():
        if code != act.event.participant and any(one.event.product == act.event.product for one in other.products):
            return f"product {act.event.product} was released for {code}"
    return None


@rule(CellsInfused, name="release", signatures=2)
def product_is_released(act: Act) -> str | None:
    """The product infused is one released for this participant, at the level given, before the infusion."""
    released = [one.event for one in act.one.products if one.event.product == act.event.product]
    if not released:
        return f"product {act.event.product or 'without a name'} is not released for {act.event.participant}"
    if released[-1].level != act.event.level:
        return f"product {act.event.product} is released for level {released[-1].level}, not {act.event.level}"
    if act.event.at is not None and act.event.at < released[-1].at:
        return f"product {act.event.product} was released after this infusion"
    return None


@rule(CellsInfused, LymphodepletionGiven, name="slot", signatures=2)
def participant_holds_a_place(act: Act) -> str | None:
    """The participant holds a place in the open cohort, at the level given."""
    if act.cohort is None:
        return f"{act.event.participant} holds no place in an open cohort"
    if isinstance(act.event, CellsInfused) and act.cohort.opened.level != act.event.level:
        return f"{act.event.participant}'s place is at level {act.cohort.opened.level}, not {act.event.level}"
    return None


@rule(CellsInfused, name="second check", signatures=2)
def a_prepared_dose_was_checked(act: Act) -> str | None:
    """A dose that was calculated here is infused only after another person found the same, for this product and level."""
    prepared = act.one.prepared
    if prepared is None:
        return None
    checks = act.one.checks_of(prepared)
    if not checks:
        return f"the dose prepared for {act.event.participant} was not checked by a second person"
    if not checks[-1].event.agrees:
        return f"the second person found otherwise: {', '.join(checks[-1].event.differs)}"
    if (prepared.event.product, prepared.event.level) != (act.event.product, act.event.level):
        return f"what was checked is product {prepared.event.product} at level {prepared.event.level}"
    return None


@rule(DoseChecked, name="second person", signatures=0)
def another_person_checks(act: Act) -> str | None:
    """The dose prepared last is checked, by somebody who neither prepared nor changed it, before it is infused."""
    prepared = act.one.prepared
    if prepared is None or prepared.number != act.event.prepared:
        return f"entry {act.event.prepared} is not the dose prepared last for {act.event.participant}"
    if act.author.person in (prepared.first.author.person, prepared.entry.author.person):
        return f"{act.author.person} prepared this dose; another person checks it"
    return f"{act.event.participant} was already infused" if act.one.infusions else None


@rule(SafetyReportSent, name="event", signatures=0)
def a_report_is_about_an_event(act: Act) -> str | None:
    """A safety report is about an adverse event of the participant."""
    known = {one.number for one in act.one.adverse_events}
    return (
        None if act.event.event in known else f"entry {act.event.event} is no adverse event of {act.event.participant}"
    )


@rule(CellsInfused, name="once", signatures=2)
def cells_are_infused_once(act: Act) -> str | None:
    """A participant is infused once; bags within the study's days for a split dose are one infusion."""
    given = doses_of(act.study, act.one)
    if not given or len(given) == len(doses_of(act.study, _with_bag(act))):
        return None
    return f"{act.event.participant} was infused on {given[0].day}"


def _with_bag(act: Act) -> history.Course:
    entry = act.trial.entries[act.one.infusions[0].number]
    return replace(act.one, infusions=[*act.one.infusions, history.Current(act.event, entry, entry)])


@rule(CellsInfused, name="dose", signatures=2)
def the_dose_belongs_to_its_level(act: Act) -> str | None:
    """The dose delivered lies within the window of the level they are recorded at."""
    if act.event.level not in {level.number for level in act.study.dose.levels}:
        return f"the study has no level {act.event.level}"
    try:
        amount = amount_of(act.study.dose, act.event)
    except ValueError as error:
        return str(error)
    given = Given(act.event.participant, act.event.level, Day.of(act.day), Day.of(act.day), amount)
    off = deviation(act.study.dose, given)
    return f"the dose of {act.event.participant} is off: {off}" if off else None


@rule(CellsInfused, LevelAllocated, LymphodepletionGiven, name="decision", signatures=2)
def level_is_opened_by_a_signed_decision(act: Act) -> str | None:
    """Nobody is allocated, conditioned or dosed at a level that no standing, signed committee decision opened."""
    cohort = act.trial.cohorts.get(act.event.cohort) if isinstance(act.event, LevelAllocated) else act.cohort
    decision = act.trial.decisions.get(cohort.opened.decision) if cohort else None
    level = getattr(act.event, "level", cohort.opened.level if cohort else None)
    if cohort is None or decision is None or decision.proposed.level != level:
        return f"no signed decision opened level {level}" if level is not None else "no cohort is open"
    trial = act.informed()
    if changed := standing.changed_decision(act.study, trial, decision):
        return f"decision {decision.number} is stale: {changed}"
    in_force = standing.decision_in_force(act.study, trial)
    if in_force is None or in_force.number != decision.number:
        return f"decision {decision.number} is not the one in force: {standing.in_words(in_force)}"
    return None


@rule(CellsInfused, CohortOpened, LymphodepletionGiven, name="adjudication", signatures=2)
def no_doubt_waits_for_a_judgement(act: Act) -> str | None:
    """No dosing, no conditioning and no new cohort while whether somebody had a DLT is in doubt."""
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


@rule(DecisionProposed, name="rule", signatures=2)
def a_decision_is_not_bolder_than_the_rule(act: Act) -> str | None:
    """A decision bolder than the study's rule is a departure, named and signed; a more cautious one needs a reason."""
    if act.event.course is Course.STOP:
        told = recommended(act.study, act.informed(), act.today)
        cautious = isinstance(told, Treat) and not act.event.reason
        return f"the rule says: {told}. A more cautious decision needs its reason" if cautious else None
    told = recommended(act.study, act.informed(), act.today)
    if isinstance(told, Treat) and act.event.level == told.level:
        return None
    if isinstance(told, Treat) and act.event.level < told.level:
        return None if act.event.reason else f"the rule says: {told}. A more cautious decision needs its reason"
    said = told if isinstance(told, Treat | Stop) else f"{told}"
    return f"the rule says otherwise: {said} ({told.reason})"


HAPPENED = (
    ParticipantConsented,
    ConsentWithdrawn,
    ParticipantWithdrawn,
    ApheresisDone,
    ProductReleased,
    LymphodepletionGiven,
    CellsInfused,
    AdverseEventRecorded,
    TreatmentGiven,
    SampleMeasured,
    FactRecorded,
    FactCorrected,
    DltWindowReviewed,
    DosePrepared,
    DoseChecked,
    SafetyReportSent,
    ToxicityObserved,
)


@rule(*HAPPENED, name="time", signatures=0)
def nothing_is_recorded_before_it_happens(act: Act) -> str | None:
    """What is recorded as done is not in the future."""
    moment = getattr(act.event, "at", None)
    if isinstance(moment, datetime):
        return f"{moment} is in the future" if moment > act.now + TOLERANCE else None
    last = getattr(act.event, "ended_on", None)
    day = max(act.day, last) if last else act.day
    return f"{day} is in the future" if day > act.today else None


@rule(CellsInfused, name="order", signatures=1)
def infusions_are_recorded_in_order(act: Act) -> str | None:
    """Infusions are recorded in the order they happened, because later ones were allowed by the clocks of earlier ones."""
    days = [one.infused.earliest for one in act.trial.infused() if one.infused and one.code != act.event.participant]
    later = [day for day in days if day > act.day]
    return f"an infusion of {max(later)} is already recorded" if later else None


@rule(CohortOpened, name="one cohort", signatures=0)
def cohorts_are_opened_one_by_one(act: Act) -> str | None:
    """There is never more than one open cohort, and cohorts are numbered without gaps."""
    if open_ones := act.trial.open_cohorts():
        return f"cohort {open_ones[0].opened.cohort} is still open"
    expected = max(act.trial.cohorts, default=0) + 1
    return None if act.event.cohort == expected else f"the next cohort is {expected}, not {act.event.cohort}"


@rule(CohortOpened, name="cohort size", signatures=2)
def a_cohort_has_the_planned_size(act: Act) -> str | None:
    """A cohort has the planned size at most, and a level the plan knows."""
    dose = act.study.dose
    if act.event.level not in {level.number for level in dose.levels}:
        return f"the plan has levels {', '.join(str(level.number) for level in dose.levels)}, not {act.event.level}"
    if act.event.size > dose.cohort_size:
        return f"the plan's cohorts have {dose.cohort_size} places, not {act.event.size}"
    return None


@rule(CohortOpened, name="decision", signatures=2)
def a_cohort_follows_a_decision(act: Act) -> str | None:
    """A cohort is opened by the decision in force, once, at the level it names."""
    decision = act.trial.decisions.get(act.event.decision)
    if decision is None:
        return f"entry {act.event.decision} is not a proposed decision"
    trial = act.informed()
    if lacks := standing.why_not_effective(act.study, trial, decision):
        return f"decision {decision.number} is not in force: {lacks}"
    in_force = standing.decision_in_force(act.study, trial)
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
    """No more participants are allocated than the plan allows."""
    taken = sum(1 for one in act.trial.courses.values() if one.allocation or one.infusions)
    return f"the plan allows {act.study.most} participants" if taken >= act.study.most else None


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


@rule(DltAdjudicated, DltWindowReviewed, name="infused", signatures=1)
def a_dlt_follows_an_infusion(act: Act) -> str | None:
    """A dose-limiting toxicity is adjudicated, and a window reviewed, in someone who was infused."""
    return None if act.one.infusions else f"{act.event.participant} was not infused"


@rule(QueryAnswered, QueryClosed, name="query", signatures=0)
def a_query_is_open(act: Act) -> str | None:
    """Only a query that was raised and not closed is answered or closed."""
    query = act.trial.queries.get(act.event.query)
    if query is None:
        return f"entry {act.event.query} is not a query"
    if isinstance(act.event, QueryClosed) and query.state == "open":
        return f"query {act.event.query} has no answer yet"
    return f"query {act.event.query} is closed" if query.state == "closed" else None


@rule(VisitLocked, name="lock", signatures=0)
def a_visit_is_locked_once(act: Act) -> str | None:
    """A locked visit is not locked again."""
    return f"visit {act.event.visit} is already locked" if act.event.visit in act.one.locked_visits else None


@rule(VisitUnlocked, name="lock", signatures=0)
def only_a_locked_visit_is_unlocked(act: Act) -> str | None:
    """Only a locked visit is unlocked."""
    return None if act.event.visit in act.one.locked_visits else f"visit {act.event.visit} is not locked"


CONTENT: dict[type[Event], tuple[str, ...]] = {
    CellsInfused: ("level", "product", "cells_per_kg"),
    LevelAllocated: ("cohort", "level"),
    CohortOpened: ("cohort", "level", "size"),
    ProductReleased: ("product", "level"),
    LymphodepletionGiven: ("regimen",),
    ApheresisDone: ("collection",),
    DecisionProposed: ("course", "level"),
    FolderImported: ("departures",),
}
"""What an override must say of the act it allows, by kind: the signatures cover that and nothing else."""


@rule(OverrideGiven, name="override", signatures=0)
def an_override_names_rules_and_content(act: Act) -> str | None:
    """An override names rules that signatures can set aside, and what the act will say."""
    known = {one.name for one in RULES if one.signatures}
    unknown = sorted(set(act.event.rules) - known)
    if unknown or not act.event.rules:
        return f"{', '.join(unknown) or 'no rule'} cannot be overridden; name some of {', '.join(sorted(known))}"
    kinds = {kind.__name__: names for kind, names in CONTENT.items()}
    said = {part.name for part in act.event.content}
    if {"amount", "unit"} <= said:  # the dose said in the study's own unit
        said.add("cells_per_kg")
    missing = [name for name in kinds.get(act.event.act, ()) if name not in said]
    if missing:
        written = " ".join(f"content.{name}=…" for name in missing)
        return f"an override covers one act with its content: write {written} as well"
    return None
