"""What to look at again in what was just recorded: a value outside the usual, no term of CTCAE, or the same said before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date

from escalon.facts import Day
from escalon.history import Entry
from escalon.history.events import (
    AdverseEventRecorded,
    Event,
    FactRecorded,
    Observation,
    ParticipantConsented,
    SampleMeasured,
    TreatmentGiven,
)
from escalon.sources.rows import doubts, doubts_of_a_day
from escalon.web.desk import Desk
from escalon.web.said import whole
from escalon.web.telling import says


def just_recorded(desk: Desk, numbers: str) -> tuple[list[int], list[str]]:
    """Of the entries an address names those this reader has recorded, and what to look at again in them."""
    wanted = {whole(one) for one in numbers.split(",")} - {None}
    if not wanted or desk.person is None:
        return [], []
    mine = [one for one in desk.entries() if one.number in wanted and one.author.person == desk.account]
    return [one.number for one in mine], [said for one in mine for said in doubts_of(desk, one)]


def doubts_of(desk: Desk, entry: Entry) -> Iterator[str]:
    """What a person should look at in an entry that is recorded all the same; of what was said before, the last."""
    yield from map(str, doubts(desk.conduct.dictionary, entry.event))
    for name, text in _days(entry.event):
        yield from (f"{name}: {said}" for said in doubts_of_a_day(desk.today, desk.trial.frame.zone, text))
    about = _about(entry.event)
    if about is None:
        return
    every = desk.entries(participant=entry.participant)
    changed = {one.event.supersedes for one in every}
    before = [
        one for one in every if one.number < entry.number and one.number not in changed and _about(one.event) == about
    ]
    for one in before[-1:]:
        yield f"entry {one.number} says of the same: {says(desk.study, one.event)}. If one of the two is wrong, correct it"


WRITTEN = {SampleMeasured: ("date", "collected"), Observation: ("day", "until")}
"""The fields that keep a day as it was written."""


def _days(event: Event) -> Iterator[tuple[str, str]]:
    """The days that a row of the event's table would say, by the names of their fields."""
    if not isinstance(event, FactRecorded | SampleMeasured | AdverseEventRecorded | TreatmentGiven):
        return
    said = getattr(event, "fact", event)
    for name, value in ((one.name, getattr(said, one.name)) for one in fields(said)):
        if value and (name in WRITTEN.get(type(said), ()) or isinstance(value, Day) or type(value) is date):
            yield name, str(value)


def _about(event: Event) -> object:
    """What an event says something of: two entries about the same can be one thing entered twice."""
    match event:
        case FactRecorded(fact=fact):
            return fact.name, fact.day, fact.visit
        case TreatmentGiven():
            return event.kind, event.treatment, event.start, event.end
        case AdverseEventRecorded() if not event.id:
            return event.kind, event.term, event.start
        case SampleMeasured():
            return event.analyte, event.date, event.day, event.collected, event.visit
        case ParticipantConsented():
            return event.kind
    return None
