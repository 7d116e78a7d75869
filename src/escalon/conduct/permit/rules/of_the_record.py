"""The record itself: nothing from the future, in order, about what is there; and what an override must say."""

from __future__ import annotations

from datetime import date, datetime

from escalon.conduct.permit.act import RULES, TOLERANCE, Act, rule
from escalon.facts import Day
from escalon.facts.words import is_blank
from escalon.history.events import (
    KINDS,
    AdverseEventRecorded,
    ApheresisDone,
    CellsInfused,
    CohortOpened,
    ConsentWithdrawn,
    DecisionProposed,
    DltAdjudicated,
    DltProposed,
    DltWindowReviewed,
    DoseChecked,
    DosePrepared,
    EvaluabilityJudged,
    Event,
    FactCorrected,
    FactRecorded,
    FolderImported,
    LevelAllocated,
    LymphodepletionGiven,
    OverrideGiven,
    ParticipantConsented,
    ParticipantWithdrawn,
    ProductReleased,
    QueryAnswered,
    QueryClosed,
    QueryRaised,
    SafetyReportSent,
    SampleMeasured,
    ToxicityObserved,
    TreatmentGiven,
    VisitLocked,
    VisitUnlocked,
)

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
    for moment in (getattr(act.event, "at", None), getattr(act.event, "ended_at", None)):
        if isinstance(moment, datetime) and moment > act.now + TOLERANCE:
            return f"{moment.astimezone(act.trial.frame.zone):%Y-%m-%d %H:%M} is in the future"
    if isinstance(getattr(act.event, "at", None), datetime):
        return None
    day = max([act.day, *ended(act.event)])
    return f"{day} is in the future" if day > act.today else None


def ended(event: Event) -> list[date]:
    """The day on which an event says that something ended, as early as it can be."""
    until = event.fact.until if isinstance(event, FactRecorded | FactCorrected) else None
    told = (getattr(event, "ended_on", None), getattr(event, "end", None), Day.parse(until) if until else None)
    return [one.earliest if isinstance(one, Day) else one for one in told if one is not None]


@rule(CellsInfused, name="order", signatures=1)
def infusions_are_recorded_in_order(act: Act) -> str | None:
    """Infusions are recorded in the order they happened, because later ones were allowed by the clocks of earlier ones."""
    days = [one.infused.earliest for one in act.trial.infused() if one.infused and one.code != act.event.participant]
    later = [day for day in days if day > act.day]
    return f"an infusion of {max(later)} is already recorded" if later else None


@rule(DltAdjudicated, DltWindowReviewed, EvaluabilityJudged, name="infused", signatures=1)
def a_dlt_follows_an_infusion(act: Act) -> str | None:
    """A dose-limiting toxicity is adjudicated, a window reviewed, evaluability judged, in someone who was infused."""
    return None if act.one.infusions else f"{act.event.participant} was not infused"


@rule(DltProposed, DltAdjudicated, name="event", signatures=0)
def a_judgement_is_about_the_participant(act: Act) -> str | None:
    """A judgement rests on entries about the same participant."""
    others = [one for one in act.event.rests_on if act.entry(one).participant != act.event.participant]
    return f"entry {others[0]} is not about {act.event.participant}" if others else None


@rule(DltProposed, DltAdjudicated, QueryRaised, QueryAnswered, name="words", signatures=0)
def what_a_person_writes_can_be_read(act: Act) -> str | None:
    """A judgement says why, and a question and its answer say something: not only blanks, or letters nobody sees."""
    name = "text" if hasattr(act.event, "text") else "because"
    return f"{name}: write something that can be read" if is_blank(getattr(act.event, name)) else None


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
    """A visit is named and not locked yet."""
    if not act.event.visit.strip():
        return "which visit? Without a name, every fact of no visit would be locked"
    return f"visit {act.event.visit} is already locked" if act.one.is_locked(act.event.visit) else None


@rule(VisitUnlocked, name="lock", signatures=0)
def only_a_locked_visit_is_unlocked(act: Act) -> str | None:
    """Only a locked visit is unlocked."""
    return None if act.one.is_locked(act.event.visit) else f"visit {act.event.visit} is not locked"


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
    if act.event.act not in KINDS:
        return f"act: {act.event.act} is not an act"
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
