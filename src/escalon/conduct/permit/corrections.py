"""Corrections: what can be corrected, that new content meets the rules of its own act, and what a correction would lift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import escalon.conduct.permit.rules  # noqa: F401  (the rules that a corrected content meets)
from escalon.conduct.judge.dose_review import review
from escalon.conduct.judge.given import dose_of
from escalon.conduct.permit.act import MORE, Act, broken_by_order, rule
from escalon.conduct.permit.authority import may
from escalon.conduct.permit.holds import A_DLT, Hold, lifted
from escalon.conduct.permit.refusal import Broken
from escalon.escalation import Outcome
from escalon.history import Author, Trial
from escalon.history.events import (
    AdverseEventRecorded,
    ApheresisDone,
    CellsInfused,
    ConsentWithdrawn,
    DltAdjudicated,
    DltProposed,
    DltWindowReviewed,
    EntryAnnulled,
    EntryCorrected,
    EvaluabilityJudged,
    Event,
    FactCorrected,
    FactRecorded,
    LymphodepletionGiven,
    NothingToReport,
    Observation,
    ParticipantConsented,
    ParticipantScreened,
    ParticipantTransferred,
    ParticipantWithdrawn,
    ProductReleased,
    Role,
    SampleMeasured,
    TreatmentGiven,
)
from escalon.protocol.study import Study

CORRECTABLE = (
    FactRecorded,
    FactCorrected,
    ParticipantConsented,
    ConsentWithdrawn,
    ParticipantScreened,
    ParticipantWithdrawn,
    ParticipantTransferred,
    ApheresisDone,
    LymphodepletionGiven,
    ProductReleased,
    CellsInfused,
    AdverseEventRecorded,
    TreatmentGiven,
    SampleMeasured,
    DltProposed,
    DltAdjudicated,
    DltWindowReviewed,
    EvaluabilityJudged,
    NothingToReport,
)
"""Kinds that say what was observed or done. What the trial decided (cohorts, places, decisions) is undone by a new act."""

LIFTING = (FactCorrected, EntryCorrected, EntryAnnulled, EvaluabilityJudged, DltAdjudicated)
"""Kinds that may make a hold go away without being the judgement it waits for: of a judgement, one that takes a DLT back."""


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
    return None if now is None else _same_kind(number, target.event, now)


def _same_kind(number: int, was: Event, now: Event) -> str | None:
    if type(now) is not type(was) or now.participant != was.participant:
        return f"entry {number} is {was.kind} of {was.participant}; its correction must be the same"
    if isinstance(was, ParticipantConsented) and isinstance(now, ParticipantConsented) and was.site != now.site:
        return (
            f"{was.participant}'s site is moved by an act of its own: record ParticipantTransferred to_site={now.site}"
        )
    return None


@rule(FactRecorded, FactCorrected, EntryCorrected, EntryAnnulled, name="lock", signatures=0)
def a_locked_visit_is_not_changed(act: Act) -> str | None:
    """A fact of a locked visit is neither added, corrected nor annulled until the visit is unlocked with a reason."""
    course = act.trial.courses.get(act.event.participant)
    if course is None or not course.locked_visits:
        return None
    told: list[object] = [act.event, getattr(act.event, "now", None)]
    if act.event.supersedes is not None:
        told.append(act.entry(act.event.supersedes).event)
    visits = {_visit(one) for one in told}
    locked = sorted(visit for visit in visits if course.is_locked(visit))
    return f"visit {', '.join(locked)} is locked; unlock it with a reason first" if locked else None


def _visit(event: object) -> str:
    seen = getattr(event, "fact", None)
    found = seen.visit if isinstance(seen, Observation) else getattr(event, "visit", None)
    return found or "" if isinstance(found, str) else ""


def broken_by_content(act: Act) -> Iterator[Broken]:
    """The rules that the corrected content would break by itself, and that what it replaces does not."""
    if not isinstance(act.event, EntryCorrected):
        return
    was, now = act.entry(act.event.corrects).event, act.event.now
    before = act.trial.without(act.event.corrects)
    if now.participant is not None and now.participant not in before.courses:
        return  # the very consent is corrected: there is nothing else to meet
    known = {one.rule for one in broken_by_order(replace(act, event=was, trial=before))}
    yield from (one for one in broken_by_order(replace(act, event=now, trial=before)) if one.rule not in known)


def would_lift(act: Act) -> list[Hold]:
    """The holds that would be gone, or end sooner, if the act were taken as it stands."""
    if not isinstance(act.event, LIFTING):
        return []
    if act.event.participant is not None:
        act.know((act.event.participant,))
    before = act.informed()
    found = [_lifted(act, one) for one in (before, before.stricter) if one is not None]
    return list(dict.fromkeys(hold for each in found for hold in each))


def _lifted(act: Act, before: Trial) -> list[Hold]:
    """What would be lifted of one history: as it is written, or the stricter one while a correction waits for signatures."""
    if isinstance(act.event, DltAdjudicated) and not _takes_a_dlt_back(act, before):
        return []
    after = before.with_event(act.event, act.author, act.now)
    return lifted(act.study, before, after, act.today, act.event.participant)


def _takes_a_dlt_back(act: Act, before: Trial) -> bool:
    """Whether a judgement «no» stands against one that said yes; where nobody had judged yet it is what was waited for."""
    given = dose_of(act.study, before, act.event.participant)
    return (
        not act.event.is_dlt
        and given is not None
        and review(act.study, before, given, act.today).outcome is Outcome.DLT
    )


@rule(AdverseEventRecorded, name="adjudication", signatures=0)
def a_no_is_said_by_those_who_judge(act: Act) -> str | None:
    """That a grave event is no DLT is said by those who adjudicate; a DLT that stands is taken back by an adjudication."""
    if act.event.dlt is not False:
        return None
    lifts = taken_back(act.study, act.informed(), act.event, act.author, act.now)
    code = act.event.participant
    if lifts and not may(Role(act.author.role), DltAdjudicated.__name__, act.author.site, act.one.site or None):
        return f"whether this is a DLT is judged by an investigator or the committee; leave dlt empty ({lifts[0].says})"
    stands = [one.says for one in lifts if one.about.startswith(A_DLT)]
    return f"{code} has a {stands[0]}; record DltAdjudicated to take that back" if stands else None


def taken_back(study: Study, trial: Trial, event: Event, author: Author, now: datetime) -> list[Hold]:
    """What a row lifts by the judgement it carries: an event by its «no», beyond what it says of the body; an evaluability."""
    if isinstance(event, AdverseEventRecorded) and event.dlt is False:
        before = trial.with_event(replace(event, dlt=None), author, now)
    elif isinstance(event, EvaluabilityJudged):
        before = trial
    else:
        return []
    today = now.astimezone(trial.frame.zone).date()
    return lifted(study, before, trial.with_event(event, author, now), today, event.participant)


MORE.append(broken_by_content)
