"""Entries in words: who recorded what, with the study's names for things instead of the record's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from escalon.conduct.judge.dose_day import is_hidden
from escalon.conduct.permit.overrides import DOSES
from escalon.facts import plain
from escalon.history import Entry, Override
from escalon.history.events import (
    EVERY_SITE,
    AdverseEventRecorded,
    AnswerPart,
    FactCorrected,
    FactRecorded,
    Observation,
    SampleMeasured,
    Signed,
    TreatmentGiven,
    spaced,
)
from escalon.kinetics.detection import Detection
from escalon.protocol import Study
from escalon.protocol.prose import short_name
from escalon.reporting.printed import units
from escalon.reporting.reasons import called, in_words
from escalon.sources.frame import zone_of
from escalon.web.desk import Desk
from escalon.web.words import amount, day, unit_shown


@dataclass(frozen=True)
class EntryShown:
    """An entry as it is read: its number, moment, person and role, whom it is about, what it says and why."""

    number: int
    at: datetime | None
    person: str
    role: str
    participant: str
    kind: str
    what: str
    why: str


HIDDEN = "hidden until a second person has found the same"


def entry_shown(desk: Desk, entry: Entry) -> EntryShown:
    """An entry in words; of a dose that this reader may still have to find again, that it was prepared and no more."""
    author, study, names = entry.author, desk.study, desk.names
    what = f"{spaced(entry.kind)}: {HIDDEN}" if hides(desk, entry) else says(study, entry.event)
    return EntryShown(
        entry.number,
        entry.at and entry.at.astimezone(zone_of(study)),
        names.get(author.person, author.person),
        author.role,
        entry.participant or "",
        spaced(entry.kind),
        what,
        entry.event.reason or "",
    )


def hides(desk: Desk, entry: Entry) -> bool:
    """Whether what an entry says is hidden from this reader, who may be the second person of an infusion."""
    course = desk.trial.courses.get(entry.participant or "")
    return course is not None and is_hidden(course, entry, desk.account)


def says(study: Study, event: Any) -> str:
    """What an event says, in the study's words."""
    match event:
        case FactRecorded(fact=fact):
            return observed(study, fact)
        case FactCorrected(fact=fact):
            return f"corrected: {observed(study, fact)}"
        case SampleMeasured():
            measured = f"{event.value or 'not done'} {unit_shown(event.unit)}"
            measured = "not detected" if event.value == Detection.ND else measured.rstrip()
            return f"{short_name(event.analyte, study)} {measured}, {day(event.date or event.collected or '')}"
        case Signed():
            return event.what
    what = units(day(event.what))
    said = "" if isinstance(event, TreatmentGiven | AdverseEventRecorded) else "; ".join(_values(event, what))
    if not said:
        return what
    return said if what == spaced(event.kind) else f"{what}: {said}"


SAID_ELSEWHERE = frozenset(
    "participant reason override answer rests_on digest printed_name meaning public_key content site about query as_of needs "
    "lifts second_factor departures corrects annuls".split()
)
"""Fields that stand beside an entry's words, or that nobody reads."""


_PLAINLY = {"text": "", "because": "", "verdict": "", "at_site": "at "}
"""Fields whose value needs no name before it, or another than their own."""


def _values(event: Any, what: str) -> Iterator[str]:
    """What an event says beside `what`, field by field: the text of a query, a verdict, who was allotted which place."""
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name in SAID_ELSEWHERE or value is None or value == "" or value == ():
            continue
        if is_dataclass(value) or isinstance(value, tuple):
            continue
        if field.name == "is_dlt":
            yield "a DLT" if value else "no DLT"
            continue
        name = _PLAINLY.get(field.name, f"{field.name.replace('_', ' ')} ")
        text = "every site" if value == EVERY_SITE else day(str(plain(value)))
        if not _is_in(text if re.search("[^0-9.]", text) else name + text, what):
            yield name + text


def _is_in(word: str, what: str) -> bool:
    """Whether a sentence already says it; a number only with its name, since a level and a place may both be 2."""
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])(?!\.\d)", what) is not None


def labelled(study: Study, text: str, say: Callable[[str, Callable[[str], str]], str] = in_words) -> str:
    """A sentence with the study's names for things in place of the program's."""
    head, space, rest = text.partition(" ")
    text = f"{short_name(head, study)}{space}{rest}" if head in study.vocabulary else text
    return say(text, lambda name: short_name(name, study) if name in study.vocabulary else called(name))


def observed(study: Study, fact: Observation) -> str:
    """A recorded value with its name, unit, day and visit."""
    value = "not known" if fact.value is None or fact.value == "" else plain(fact.value)
    on = f", {day(fact.day)}" if fact.day else ""
    at = f" ({visit_name(study, fact.visit)})" if fact.visit else ""
    return f"{short_name(fact.name, study)}: {day(str(value))} {unit_shown(fact.unit or '')}".rstrip() + on + at


def visit_name(study: Study, visit: str) -> str:
    """A visit by the name the schedule gives it."""
    return next((one.name for one in study.visits if one.id == visit), visit)


def content_shown(it: Override) -> tuple[tuple[str, str], ...]:
    """What an override says of its act: each field in words, and its value."""
    return tuple((part.name.replace("_", " "), _shown(part)) for part in it.given.content)


def _shown(part: AnswerPart) -> str:
    """What an act will say, as it is read: a dose as everywhere."""
    try:
        return amount(Decimal(part.says)) if part.name in DOSES else part.says
    except (ArithmeticError, ValueError):
        return part.says
