"""What must have happened before what. Each rule is one function; a study's numbers come in as a `Plan`.

An override is always possible where a participant's safety may ask for it, and never silent: it is an entry of its own,
with a reason and the signatures the rule asks for. A rule with no signatures keeps the record well-formed; setting it
aside would help nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from escalon.casebook.casebook import TOLERANCE
from escalon.casebook.entry import Author, Entry
from escalon.conduct.refusal import Broken
from escalon.conduct.standing import Cohort, Decision, Participant, Standing
from escalon.history.events import (
    AdverseEventRecorded,
    AllocationReleased,
    ApheresisDone,
    CellsInfused,
    CohortClosed,
    CohortOpened,
    ConsentWithdrawn,
    Course,
    DltAdjudicated,
    DltProposed,
    EntryAnnulled,
    EntryCorrected,
    Event,
    FactCorrected,
    FactRecorded,
    LevelAllocated,
    LymphodepletionGiven,
    OverrideGiven,
    ParticipantConsented,
    ParticipantScreened,
    ParticipantWithdrawn,
    ProductReleased,
    QueryAnswered,
    QueryClosed,
    RowReported,
    VisitLocked,
    VisitUnlocked,
)


@dataclass(frozen=True)
class Plan:
    """The study's numbers. No defaults: each is the study's own decision."""

    levels: int
    cohort_size: int
    most_participants: int
    dlt_window: timedelta
    sentinel_interval: timedelta
    stagger: timedelta


@dataclass(frozen=True)
class Act:
    """An event someone wants recorded, and everything a rule may look at."""

    event: Any
    author: Author
    standing: Standing
    plan: Plan
    now: datetime
    entry: Callable[[int], Entry]

    @property
    def one(self) -> Participant:
        """The participant the act is about."""
        return self.standing.participants[self.event.participant]

    @property
    def cohort(self) -> Cohort | None:
        """The open cohort in which the participant holds a place."""
        held = self.one.allocation
        cohort = self.standing.cohorts.get(held.cohort) if held else None
        return cohort if cohort and cohort.is_open else None


Check = Callable[[Act], str | None]


@dataclass(frozen=True)
class Rule:
    """A rule: before which events it is asked, and how many signatures set it aside (0: none can)."""

    name: str
    before: tuple[type[Event], ...]
    signatures: int
    check: Check

    @property
    def says(self) -> str:
        """The rule as its function's docstring states it."""
        return (self.check.__doc__ or "").strip()


RULES: list[Rule] = []


def rule(*before: type[Event], name: str, signatures: int) -> Callable[[Check], Check]:
    """Declare a rule."""

    def declare(check: Check) -> Check:
        RULES.append(Rule(name, before, signatures, check))
        return check

    return declare


def broken_rules(act: Act) -> Iterator[Broken]:
    """Every rule the act would break, in the order they are written here."""
    if is_about_a_stranger(act):
        yield Broken("consent", f"participant {act.event.participant} has no consent recorded", 0)
        return
    for one in RULES:
        if isinstance(act.event, one.before) and (says := one.check(act)):
            yield Broken(one.name, says, one.signatures)


def is_about_a_stranger(act: Act) -> bool:
    """Whether the act is about a participant the casebook has no consent of."""
    entering = isinstance(act.event, ParticipantConsented)
    code = act.event.participant
    return code is not None and not entering and code not in act.standing.participants


TREATED = (ApheresisDone, LevelAllocated, LymphodepletionGiven, CellsInfused)


@rule(*TREATED, ProductReleased, name="consent", signatures=2)
def consent_stands(act: Act) -> str | None:
    """Nothing is done to a participant whose consent is not given or was withdrawn."""
    return None if act.one.has_consent else f"{act.event.participant} has no consent, or has withdrawn it"


@rule(*TREATED, name="withdrawn", signatures=2)
def participant_has_not_left(act: Act) -> str | None:
    """Nobody is treated who left the study."""
    return f"{act.event.participant} left the study" if act.one.is_withdrawn else None


@rule(*TREATED, name="eligibility", signatures=2)
def eligibility_is_signed(act: Act) -> str | None:
    """Treatment steps need a screening that says eligible, signed by an investigator, with nothing changed since."""
    if act.standing.is_eligible(act.one):
        return None
    if act.one.screening and act.one.eligibility_signed:
        return f"the signature on {act.event.participant}'s eligibility is void: what it rested on has changed"
    return f"{act.event.participant}'s eligibility is not signed"


@rule(LymphodepletionGiven, ProductReleased, CellsInfused, name="apheresis", signatures=1)
def apheresis_is_done(act: Act) -> str | None:
    """Lymphodepletion, release and infusion follow apheresis."""
    return None if act.one.apheresis else f"no apheresis is recorded for {act.event.participant}"


@rule(CellsInfused, name="lymphodepletion", signatures=1)
def lymphodepletion_is_given(act: Act) -> str | None:
    """Cells are infused after lymphodepletion."""
    given = act.one.lymphodepletion
    if given is None:
        return f"no lymphodepletion is recorded for {act.event.participant}"
    if act.event.at.date() < given.ended_on:
        return f"lymphodepletion ended on {given.ended_on}, after this infusion"
    return None


@rule(ProductReleased, name="identity", signatures=0)
def product_comes_from_the_participant(act: Act) -> str | None:
    """A product is released for the participant whose cells it was made from."""
    done = act.one.apheresis
    if done and done.collection != act.event.collection:
        return f"{act.event.participant}'s collection is {done.collection}, not {act.event.collection}"
    for code, other in act.standing.participants.items():
        if code != act.event.participant and act.event.product in other.products:
            return f"product {act.event.product} was released for {code}"
    return None


@rule(CellsInfused, name="release", signatures=2)
def product_is_released(act: Act) -> str | None:
    """The product infused is one released for this participant, at the level given."""
    released = act.one.products.get(act.event.product)
    if released is None:
        return f"product {act.event.product} is not released for {act.event.participant}"
    if released.level != act.event.level:
        return f"product {act.event.product} is released for level {released.level}, not {act.event.level}"
    if act.event.at < released.at:
        return f"product {act.event.product} was released after this infusion"
    return None


@rule(CellsInfused, name="slot", signatures=2)
def participant_holds_a_place(act: Act) -> str | None:
    """The participant holds a place in the open cohort, at the level given."""
    if act.cohort is None:
        return f"{act.event.participant} holds no place in an open cohort"
    if act.cohort.opened.level != act.event.level:
        return f"{act.event.participant}'s place is at level {act.cohort.opened.level}, not {act.event.level}"
    return None


@rule(CellsInfused, name="once", signatures=2)
def cells_are_infused_once(act: Act) -> str | None:
    """A participant is infused once."""
    return f"{act.event.participant} was infused at {act.one.infused_at}" if act.one.infused_at else None


@rule(CellsInfused, LevelAllocated, name="decision", signatures=2)
def level_is_opened_by_a_signed_decision(act: Act) -> str | None:
    """Nobody is allocated or dosed at a level that no standing, signed committee decision opened."""
    cohort = act.cohort if isinstance(act.event, CellsInfused) else act.standing.cohorts.get(act.event.cohort)
    decision = act.standing.decisions.get(cohort.opened.decision) if cohort else None
    if cohort is None or decision is None or decision.proposed.level != act.event.level:
        return f"no signed decision opened level {act.event.level}"
    if by := act.standing.support.disturbed.get(decision.number):
        return f"decision {decision.number} is stale: entry {by} changed what it rested on"
    in_force = act.standing.decision_in_force()
    if in_force is not decision:
        return f"decision {decision.number} is not the one in force: {_in_words(in_force)}"
    return None


def _in_words(decision: Decision | None) -> str:
    if decision is None:
        return "none is"
    return f"decision {decision.number} says {decision.proposed.course} level {decision.proposed.level}"


@rule(CellsInfused, CohortOpened, name="adjudication", signatures=2)
def no_dlt_waits_for_adjudication(act: Act) -> str | None:
    """No dosing and no new cohort while a proposed DLT awaits its adjudication."""
    waiting = sorted(code for code, one in act.standing.participants.items() if one.awaits_adjudication)
    return f"a proposed DLT of {', '.join(waiting)} awaits adjudication" if waiting else None


@rule(CellsInfused, name="sentinel clock", signatures=2)
def no_sentinel_clock_runs(act: Act) -> str | None:
    """Within a cohort, the second infusion waits the sentinel interval, each later one the stagger."""
    if act.cohort is None:
        return None
    moments = sorted(act.cohort.infusions)
    if not moments:
        return None
    may_start = max([moments[0] + act.plan.sentinel_interval, *(moment + act.plan.stagger for moment in moments)])
    if act.event.at < may_start:
        return f"the next infusion of cohort {act.cohort.opened.cohort} may start at {may_start:%Y-%m-%d %H:%M} UTC"
    return None


@rule(CellsInfused, CohortOpened, name="dlt clock", signatures=2)
def no_dlt_clock_runs(act: Act) -> str | None:
    """No dosing in a cohort, and no opening of one, while the DLT window of anyone in an earlier cohort still runs."""
    at = act.event.at if isinstance(act.event, CellsInfused) else act.now
    here = set(act.cohort.places.values()) if isinstance(act.event, CellsInfused) and act.cohort else set()
    running = sorted(
        code
        for code, one in act.standing.participants.items()
        if code not in here and code != act.event.participant and _clock_runs(one, at, act.plan.dlt_window)
    )
    return f"the DLT window of {', '.join(running)} still runs" if running else None


def _clock_runs(one: Participant, at: datetime, window: timedelta) -> bool:
    if one.infused_at is None or one.has_dlt or one.is_replaced:
        return False
    return at < one.infused_at + window


@rule(CellsInfused, ApheresisDone, ProductReleased, name="time", signatures=0)
def nothing_is_recorded_before_it_happens(act: Act) -> str | None:
    """What is recorded as done is not in the future."""
    return f"{act.event.at} is in the future" if act.event.at > act.now + TOLERANCE else None


@rule(CellsInfused, name="order", signatures=1)
def infusions_are_recorded_in_order(act: Act) -> str | None:
    """Infusions are recorded in the order they happened, because later ones were allowed by the clocks of earlier ones."""
    later = [one.infused_at for one in act.standing.infused() if one.infused_at and one.infused_at > act.event.at]
    return f"an infusion of {max(later):%Y-%m-%d %H:%M} UTC is already recorded" if later else None


@rule(CohortOpened, name="one cohort", signatures=0)
def cohorts_are_opened_one_by_one(act: Act) -> str | None:
    """There is never more than one open cohort, and cohorts are numbered without gaps."""
    if open_ones := act.standing.open_cohorts():
        return f"cohort {open_ones[0].opened.cohort} is still open"
    expected = max(act.standing.cohorts, default=0) + 1
    return None if act.event.cohort == expected else f"the next cohort is {expected}, not {act.event.cohort}"


@rule(CohortOpened, name="cohort size", signatures=2)
def a_cohort_has_the_planned_size(act: Act) -> str | None:
    """A cohort has the planned size at most, and a level the plan knows."""
    if act.event.level > act.plan.levels:
        return f"the plan has {act.plan.levels} levels, not {act.event.level}"
    if act.event.size > act.plan.cohort_size:
        return f"the plan's cohorts have {act.plan.cohort_size} places, not {act.event.size}"
    return None


@rule(CohortOpened, name="decision", signatures=2)
def a_cohort_follows_a_decision(act: Act) -> str | None:
    """A cohort is opened by the decision in force, once, at the level it names."""
    decision = act.standing.decisions.get(act.event.decision)
    if decision is None:
        return f"entry {act.event.decision} is not a proposed decision"
    if not act.standing.is_effective(decision):
        return f"decision {decision.number} is not in force: {why_not_effective(act.standing, decision.number)}"
    if decision is not act.standing.decision_in_force():
        return f"decision {decision.number} was followed by a newer one"
    if decision.proposed.course is Course.STOP or decision.proposed.level != act.event.level:
        return f"decision {decision.number} says {decision.proposed.course} level {decision.proposed.level}"
    used = [
        cohort.opened.cohort for cohort in act.standing.cohorts.values() if cohort.opened.decision == decision.number
    ]
    return f"decision {decision.number} already opened cohort {used[0]}" if used else None


def why_not_effective(standing: Standing, number: int) -> str:
    """What a decision lacks to take effect."""
    decision = standing.decisions[number]
    if by := standing.support.disturbed.get(number):
        return f"entry {by} changed what it rested on; propose it again"
    if len(decision.signers) < 2:
        return f"{len(decision.signers)} of 2 signatures"
    return "only those signed who entered the DLTs it rests on"


@rule(LevelAllocated, name="slot", signatures=0)
def a_place_is_given_once(act: Act) -> str | None:
    """A place is free, is the next in number, and belongs to an open cohort of the level named."""
    cohort = act.standing.cohorts.get(act.event.cohort)
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
    if act.one.infused_at:
        return f"{act.event.participant} was already infused"
    held = act.one.allocation
    return f"{act.event.participant} holds place {held.place} of cohort {held.cohort}" if held else None


@rule(LevelAllocated, name="trial size", signatures=2)
def the_trial_is_not_full(act: Act) -> str | None:
    """No more participants are allocated than the plan allows."""
    taken = sum(1 for one in act.standing.participants.values() if one.allocation or one.infused_at)
    return f"the plan allows {act.plan.most_participants} participants" if taken >= act.plan.most_participants else None


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
    cohort = act.standing.cohorts.get(act.event.cohort)
    return None if cohort and cohort.is_open else f"cohort {act.event.cohort} is not open"


@rule(DltAdjudicated, name="infused", signatures=1)
def a_dlt_follows_an_infusion(act: Act) -> str | None:
    """A dose-limiting toxicity is adjudicated in someone who was infused."""
    return None if act.one.infused_at else f"{act.event.participant} was not infused"


@rule(QueryAnswered, QueryClosed, name="query", signatures=0)
def a_query_is_open(act: Act) -> str | None:
    """Only a query that was raised and not closed is answered or closed."""
    state = act.standing.queries.get(act.event.query)
    if state is None:
        return f"entry {act.event.query} is not a query"
    if isinstance(act.event, QueryClosed) and state == "open":
        return f"query {act.event.query} has no answer yet"
    return f"query {act.event.query} is closed" if state == "closed" else None


@rule(FactRecorded, FactCorrected, name="lock", signatures=0)
def a_locked_visit_is_not_changed(act: Act) -> str | None:
    """A fact of a locked visit is neither added nor corrected until the visit is unlocked with a reason."""
    visits = {act.event.fact.visit}
    if isinstance(act.event, FactCorrected):
        visits.add(getattr(getattr(act.entry(act.event.corrects).event, "fact", None), "visit", None))
    locked = sorted(visit for visit in visits if visit in act.one.locked_visits)
    return f"visit {', '.join(locked)} is locked; unlock it with a reason first" if locked else None


@rule(FactCorrected, EntryCorrected, EntryAnnulled, name="correction", signatures=0)
def what_is_corrected_can_be_corrected(act: Act) -> str | None:
    """A fact is corrected by a fact, an entry about a participant or cohort by one of its kind; signatures never are."""
    number = act.event.supersedes
    target = act.entry(number)
    if target.participant != act.event.participant:
        return f"entry {number} is about {target.participant or 'no participant'}, not {act.event.participant}"
    if isinstance(act.event, FactCorrected):
        return None if isinstance(target.event, FactRecorded | FactCorrected) else f"entry {number} is not a fact"
    if not isinstance(target.event, CORRECTABLE):
        return f"entry {number} ({target.event.what}) can be answered by a new entry, not corrected"
    now = getattr(act.event, "now", None)
    if now is not None and (type(now) is not type(target.event) or now.participant != target.participant):
        return f"entry {number} is {target.kind} of {target.participant}; its correction must be the same"
    return None


CORRECTABLE = (
    FactRecorded,
    ParticipantConsented,
    ConsentWithdrawn,
    ParticipantScreened,
    ParticipantWithdrawn,
    ApheresisDone,
    LymphodepletionGiven,
    ProductReleased,
    CellsInfused,
    AdverseEventRecorded,
    DltProposed,
    DltAdjudicated,
    RowReported,
)
"""Kinds that say what was observed or done. What the trial decided (cohorts, places, decisions) is undone by a new act."""


@rule(VisitLocked, name="lock", signatures=0)
def a_visit_is_locked_once(act: Act) -> str | None:
    """A locked visit is not locked again."""
    return f"visit {act.event.visit} is already locked" if act.event.visit in act.one.locked_visits else None


@rule(VisitUnlocked, name="lock", signatures=0)
def only_a_locked_visit_is_unlocked(act: Act) -> str | None:
    """Only a locked visit is unlocked."""
    return None if act.event.visit in act.one.locked_visits else f"visit {act.event.visit} is not locked"


@rule(OverrideGiven, name="override", signatures=0)
def an_override_names_rules_that_can_be_set_aside(act: Act) -> str | None:
    """An override names rules that exist and that signatures can set aside."""
    known = {one.name for one in RULES if one.signatures}
    unknown = sorted(set(act.event.rules) - known)
    if unknown or not act.event.rules:
        return f"{', '.join(unknown) or 'no rule'} cannot be overridden; name some of {', '.join(sorted(known))}"
    return None
