"""Histories for the tests: facts, events, infusions and samples said shortly, folded as any source's entries are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any

from escalon.facts import Day, Fact
from escalon.history import Frame, Trial, Unread, entry_of_file, fold
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    EvaluabilityJudged,
    Event,
    FactRecorded,
    MarkedSynthetic,
    NothingToReport,
    Observation,
    SampleMeasured,
    TreatmentGiven,
)
from escalon.history.frame import as_written
from escalon.kinetics import Sample

ROLES = {
    "consent": "informed_consent",
    "screening": "screening_visit",
    "left": "study_discontinuation",
    "death": "death",
    "conditioning": "lymphodepletion_start",
    "infusion": "car_t_infusion",
    "dlt_review": "dlt_review",
}


@dataclass(frozen=True)
class Infusion:
    """An infusion, said shortly."""

    participant: str
    level: int
    day: Day
    cells_per_kg: Decimal | None = None
    evaluable: bool | None = None
    source: str = ""


def event(**said: Any) -> AdverseEventRecorded:
    """An adverse event of a participant."""
    return AdverseEventRecorded(**said)


def history(
    facts: Iterable[Fact] = (),
    treatments: Iterable[TreatmentGiven] = (),
    adverse_events: Iterable[AdverseEventRecorded] = (),
    infusions: Iterable[Infusion] = (),
    samples: Iterable[Sample] = (),
    *,
    synthetic: bool = False,
    unread: tuple[Unread, ...] = (),
    reported: bool = True,
) -> Trial:
    """A trial folded from what is said; `reported` attests that there was no other adverse event."""
    known = list(facts)
    events: list[Event] = [MarkedSynthetic()] if synthetic else []
    events += [NothingToReport(table="adverse_events")] if reported else []
    events += [
        FactRecorded(
            participant=one.participant,
            fact=Observation(name=one.name, value="", day=None if one.day is None else str(one.day), source=str(place)),
        )
        for place, one in enumerate(known)
    ]
    events += treatments
    for given in infusions:
        events.append(
            CellsInfused(
                participant=given.participant, level=given.level, on=given.day, cells_per_kg=given.cells_per_kg
            )
        )
        if given.evaluable is not None:
            events.append(EvaluabilityJudged(participant=given.participant, is_evaluable=given.evaluable))
    events += adverse_events
    events += [SampleMeasured(**one.cells) for one in samples]
    frame = Frame(UTC, ROLES, lambda code, seen, place: _read_said(known, code, seen, place), _stated)
    trial = fold((entry_of_file(number, one, f"said:{number}") for number, one in enumerate(events, start=1)), frame)
    trial.unread = unread
    return trial


def _read_said(known: list[Fact], participant: str, seen: Observation, place: str) -> Fact:
    """The fact as it was said; a step of the trial is read as it is written."""
    return known[int(seen.source)] if seen.source else as_written(participant, seen, place)


def _stated(role: str, day: Day, until: Day | None) -> Observation | None:
    """A step as a fact that holds its day."""
    name = ROLES.get(role)
    return None if name is None else Observation(name=name, value=str(day), day=str(day))


def facts(trial: Trial) -> list[Fact]:
    """Every recorded fact of everybody, in the order of the entries."""
    found = [(one.number, fact) for course in trial.courses.values() for one, fact in _read(course)]
    return [fact for _, fact in sorted(found, key=lambda pair: pair[0])]


def _read(course: Any) -> list[tuple[Any, Fact]]:
    return [(one, course.frame.read(course.code, one.event.fact, one.place)) for one in course.observations]


def said(fact: Fact) -> FactRecorded:
    """A fact as somebody would record it."""

    def text(value: object) -> str | None:
        return None if value is None else {True: "yes", False: "no"}.get(value, str(value))  # type: ignore[call-overload]

    seen = Observation(
        name=fact.name,
        value=text(fact.value),
        unit=fact.unit,
        day=text(fact.day),
        until=text(fact.until),
        lower=text(fact.lower),
        upper=text(fact.upper),
        visit=fact.visit or None,
        source=fact.source,
    )
    return FactRecorded(participant=fact.participant, fact=seen)


def with_facts(trial: Trial, *more: Fact) -> Trial:
    """A trial with some more facts."""
    number = trial.number
    added = [
        entry_of_file(number + place, said(fact), fact.source or "more") for place, fact in enumerate(more, start=1)
    ]
    return fold([*trial.entries.values(), *added], trial.frame)


def changed(trial: Trial, change: Any) -> Trial:
    """A trial with its recorded facts changed: `change(fact)` is the fact instead, or None to leave it out."""
    kept = []
    for entry in trial.entries.values():
        if isinstance(entry.event, FactRecorded):
            fact = trial.frame.read(entry.participant or "", entry.event.fact, entry.place)
            now = change(fact)
            if now is None:
                continue
            if now is not fact:
                entry = entry_of_file(entry.number, said(now), entry.place)
        kept.append(entry)
    return fold(kept, trial.frame)


def without(trial: Trial, participant: str, *names: str) -> Trial:
    """A trial without some facts of one participant."""
    return changed(trial, lambda fact: None if fact.participant == participant and fact.name in names else fact)
