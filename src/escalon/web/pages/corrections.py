"""An entry that is wrong: its fields said anew with a reason, or the whole entry taken back; what it said stays readable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType, NoneType
from typing import Any, get_args, get_type_hints

from escalon.casebook.encoding import plain
from escalon.casebook.words import correction
from escalon.conduct.permit.corrections import CORRECTABLE
from escalon.conduct.permit.refusal import refuse
from escalon.facts import Day
from escalon.facts.words import NOT_APPLICABLE, NOT_DONE, NOT_KNOWN
from escalon.history import Entry, Trial
from escalon.history.events import (
    AdverseEventRecorded,
    EntryAnnulled,
    EntryCorrected,
    Event,
    FactCorrected,
    FactRecorded,
)
from escalon.protocol.study import Study
from escalon.safety.adverse_event import GRADES
from escalon.safety.words import Outcome, Syndrome
from escalon.web.answers import MeanwhileRecorded
from escalon.web.desk import Desk
from escalon.web.registry import act
from escalon.web.said import Told, read_or_refused

NOT_ASKED = frozenset(
    "participant reason override answer rests_on lifts needs findings as_of seen differs confirmed confirmed_by "
    "confirmed_why attested typed doubts source corrects name".split()
)
"""Fields nobody types: who it is about, what stands beside it, and what the program wrote of how it came about."""

DAYS = {"": ("date",), "fact.": ("day", "until")}
"""Days that an event keeps as they were written."""

YES_NO, NO_VALUE = ("yes", "no"), (NOT_KNOWN, NOT_DONE, NOT_APPLICABLE)
NOTHING: Mapping[str, Iterable[str]] = MappingProxyType({})

CONFIRMING = ("fact.confirmed", "fact.confirmed_why")
"""Said beside a value outside what a body has."""


@dataclass(frozen=True)
class FieldAsked:
    """A field of an entry: its name, its words, what it says now, what it may say, and whether it is a day."""

    name: str
    label: str
    says: str
    choices: tuple[tuple[str, str], ...]
    is_day: bool


def changeable(
    desk: Desk, entry: Entry, *, hidden: bool
) -> tuple[tuple[FieldAsked, ...], tuple[str, ...], tuple[str, ...]]:
    """The fields of an entry that a correction may say anew; why correcting, and why taking it back, would be refused now."""
    first, event = _first_said(desk, entry)
    stands = not any(one.event.supersedes in (first, entry.number) for one in desk.entries(after=entry.number))
    course = desk.trial.courses.get(entry.participant or "")
    may = desk.person is not None and desk.may(event.kind, course.site or None if course else None)
    if hidden or not (may and stands and isinstance(event, CORRECTABLE)):
        return (), (), ()
    anew = correction(first, event, (), "…")
    back = EntryAnnulled(participant=entry.participant, annuls=first, reason="…")
    correcting, annulling = (tuple(one.says for one in desk.forbids(way) if not one.signatures) for way in (anew, back))
    return tuple(_asked(event, _lists(desk.study, event))), correcting, annulling


def _first_said(desk: Desk, entry: Entry) -> tuple[int, Event]:
    """The number by which an entry is corrected or taken back, that of the first, and what it says."""
    event = desk.trial.as_numbered_now(entry)
    return (event.corrects, event.now) if isinstance(event, EntryCorrected) else (entry.number, event)


def _lists(study: Study, event: Event) -> dict[str, Iterable[str]]:
    """What fields may say by a list: a fact's in the study's dictionary, those of an adverse event."""
    if isinstance(event, AdverseEventRecorded):
        grades = [str(grade) for grade in GRADES]
        return {"outcome": Outcome, "component_of": Syndrome, "grade": grades, "baseline_grade": ["0", *grades]}
    known = study.vocabulary.get(event.fact.name) if isinstance(event, FactRecorded | FactCorrected) else None
    if known is None:
        return {}
    words = known.choices or (() if known.kind in ("number", "integer", "label", "date") else YES_NO)
    return {"fact.value": (*words, *(NO_VALUE if words else ())), "fact.unit": known.units}


def _asked(event: Any, lists: Mapping[str, Iterable[str]] = NOTHING, within: str = "") -> Iterator[FieldAsked]:
    hints = get_type_hints(type(event))
    for one in fields(event):
        value = getattr(event, one.name)
        if one.name in NOT_ASKED or isinstance(value, tuple):
            continue
        if is_dataclass(value) and not isinstance(value, Day):
            yield from _asked(value, lists, f"{one.name}.")
            continue
        is_day = one.name in DAYS.get(within, ()) or (isinstance(value, Day | date) and not isinstance(value, datetime))
        name, says = within + one.name, _written(value)
        choices = _choices(hints[one.name], says, lists.get(name, ()))
        yield FieldAsked(name, one.name.replace("_", " "), says, choices, is_day)


def _written(value: Any) -> str:
    """A value as it is typed, in one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else " ".join(str(plain(value)).splitlines()).strip()


def _choices(hint: Any, says: str, listed: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """What a field may say, where that is a list, and what it says now, which may be another word for one of these.

    Nothing is among them where the field may stay empty: a browser sends the first where none is chosen.
    """
    types = get_args(hint) or (hint,)
    words = [*listed]
    for kind in () if words else (one for one in types if isinstance(one, type)):
        words += YES_NO if kind is bool else [*kind] if issubclass(kind, StrEnum) else ()
    may_be_empty = not says or NoneType in types or hint is str
    nothing = (("", "not recorded"),) if words and may_be_empty else ()
    return (*nothing, *((str(word), str(word)) for word in dict.fromkeys(filter(None, (says, *words))) if words))


@act("correct")
def correct(desk: Desk, said: Told) -> Entry:
    """Say some fields of an entry anew; those that say what they said are left as they are."""
    number, reason = said.number("corrects"), said.text("reason")
    entry = desk.conduct.casebook.entry(number)
    wrong = _first_said(desk, entry)[1]
    before = {one.name: one.says for one in _asked(wrong)} | dict.fromkeys(CONFIRMING, "")
    before |= {"corrects": str(number), "reason": reason, "participant": wrong.participant or ""}
    now = {
        name: _written(text) if isinstance(text, bool | None) else str(text).strip() for name, text in said.told.items()
    }
    if strange := sorted(now.keys() - before.keys()):
        raise refuse("form", f"{strange[0]}: a correction takes {', '.join(before)}")
    words = [f"{name}={text}" for name, text in now.items() if text != before[name]]
    if not words:
        raise refuse("form", "nothing is said otherwise than before")
    return _replace(
        desk,
        number,
        read_or_refused(lambda: correction(number, desk.trial.as_numbered_now(entry), words, reason)),
        said,
    )


@act("EntryAnnulled")
def annul(desk: Desk, said: Told) -> Entry:
    """Take an entry back that should not be there at all; with a correction, what it corrects."""
    event = said.event("EntryAnnulled")
    assert isinstance(event, EntryAnnulled)
    first, _ = _first_said(desk, desk.conduct.casebook.entry(event.annuls))
    return _replace(desk, event.annuls, replace(event, annuls=first), said)


def _replace(desk: Desk, seen: int, event: Event, said: Told) -> Entry:
    """Record what replaces an entry; a conflict where somebody else replaced it since the page was opened."""

    def build(trial: Trial) -> Event:
        for one in trial.entries.values():
            if one.number > seen and one.event.supersedes in (seen, event.supersedes):
                who = desk.names.get(one.author.person, one.author.person)
                raise MeanwhileRecorded(f"{who} changed entry {seen} meanwhile (entry {one.number})", (one.number,))
        return event

    return desk.conduct.record_built(desk.author, build, override=said.override)
