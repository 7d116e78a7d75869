"""An entry that is wrong: its fields said anew with a reason, or the whole entry taken back; what it said stays readable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from escalon.casebook.encoding import plain
from escalon.casebook.words import correction
from escalon.conduct.permit.corrections import CORRECTABLE
from escalon.conduct.permit.refusal import refuse
from escalon.facts import Day
from escalon.history import Entry, Trial
from escalon.history.events import EntryAnnulled, EntryCorrected, Event
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
    first, event = _first_said(entry)
    stands = not any(one.event.supersedes in (first, entry.number) for one in desk.entries(after=entry.number))
    course = desk.trial.courses.get(entry.participant or "")
    may = desk.person is not None and desk.may(event.kind, course.site or None if course else None)
    if hidden or not (may and stands and isinstance(event, CORRECTABLE)):
        return (), (), ()
    anew = correction(first, event, (), "…")
    back = EntryAnnulled(participant=entry.participant, annuls=first, reason="…")
    correcting, annulling = (tuple(one.says for one in desk.forbids(way) if not one.signatures) for way in (anew, back))
    return tuple(_asked(event)), correcting, annulling


def _first_said(entry: Entry) -> tuple[int, Event]:
    """The number by which an entry is corrected or taken back, that of the first, and what it says."""
    event = entry.event
    return (event.corrects, event.now) if isinstance(event, EntryCorrected) else (entry.number, event)


def _asked(event: Any, within: str = "") -> Iterator[FieldAsked]:
    for one in fields(event):
        value = getattr(event, one.name)
        if one.name in NOT_ASKED or isinstance(value, tuple):
            continue
        if is_dataclass(value) and not isinstance(value, Day):
            yield from _asked(value, f"{one.name}.")
            continue
        is_day = one.name in DAYS.get(within, ()) or (isinstance(value, Day | date) and not isinstance(value, datetime))
        yield FieldAsked(within + one.name, one.name.replace("_", " "), _written(value), _choices(value), is_day)


def _written(value: Any) -> str:
    """A value as it is typed, in one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else " ".join(str(plain(value)).splitlines()).strip()


def _choices(value: Any) -> tuple[tuple[str, str], ...]:
    """What a field may say, where that is a list."""
    words = ("yes", "no") if isinstance(value, bool) else tuple(type(value)) if isinstance(value, StrEnum) else ()
    return tuple((str(word), str(word)) for word in words)


@act("correct")
def correct(desk: Desk, said: Told) -> Entry:
    """Say some fields of an entry anew; those that say what they said are left as they are."""
    number, reason = said.number("corrects"), said.text("reason")
    entry = desk.conduct.casebook.entry(number)
    wrong = _first_said(entry)[1]
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
    return _replace(desk, number, read_or_refused(lambda: correction(number, entry.event, words, reason)), said)


@act("EntryAnnulled")
def annul(desk: Desk, said: Told) -> Entry:
    """Take an entry back that should not be there at all; with a correction, what it corrects."""
    event = said.event("EntryAnnulled")
    assert isinstance(event, EntryAnnulled)
    first, _ = _first_said(desk.conduct.casebook.entry(event.annuls))
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
