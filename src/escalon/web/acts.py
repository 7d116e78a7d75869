"""Acts: what was said becomes an event and goes in through `conduct.record`, or is refused in its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

from escalon.conduct.permit.refusal import Refused, refuse
from escalon.conduct.record.signing import Password, check_password, sign
from escalon.history.entry import Entry
from escalon.history.events import (
    KINDS,
    AdverseEventRecorded,
    ApheresisDone,
    Event,
    FactRecorded,
    LymphodepletionGiven,
    ProductReleased,
    SampleMeasured,
    Signed,
    TreatmentGiven,
)
from escalon.web.answers import CanBeSetAside, MeanwhileRecorded, Recorded
from escalon.web.desk import Desk, override_address
from escalon.web.doubts import doubts_of
from escalon.web.registry import ACTS, Leads, Made
from escalon.web.said import Told

T = TypeVar("T")

OF_SIGNING = frozenset(one.name for one in fields(Signed)) - {"participant"}
"""Fields of a signature that signing itself writes."""


MOST = 50
"""Of how many entries of one act it is said what to look at again: a form's, not an imported folder's."""


def do(desk: Desk, kind: str, said: Told) -> Recorded:
    """Do an act at a desk. Raises Refused, with every rule it would break."""
    if not desk.bench.is_casebook:
        raise refuse("authority", "a data folder is served for reading; record in a casebook: escalon serve BOOK")
    known = ACTS.get(kind)
    made = known(desk, said) if known else _record(desk, kind, said)
    entries = _entries(made)
    if isinstance(made, Leads):
        return Recorded((), (made.says,), made.to)
    doubtful = (says for one in entries[:MOST] for says in doubts_of(desk, one))
    says = (made,) if isinstance(made, str) else (*(one.event.what for one in entries), *doubtful)
    return Recorded(tuple(one.number for one in entries), says)


def _entries(made: Made) -> tuple[Entry, ...]:
    if isinstance(made, str | Leads):
        return ()
    return (made,) if isinstance(made, Entry) else tuple(made)


def _record(desk: Desk, kind: str, said: Told) -> Made:
    if kind not in KINDS:
        raise refuse("form", f"{kind} is not an act")
    of = KINDS[kind]
    if issubclass(of, Signed):
        return sign_as(desk, of, said)
    event = said.event(kind)
    check_unseen(desk, event, said)
    check_new(desk, event, said)
    return record(desk, event, said)


def record(desk: Desk, event: Event, said: Told) -> Entry:
    """Record an event under the override named, if one is; a refusal says where one is asked for that covers exactly this."""
    try:
        return desk.conduct.record(desk.author, event, override=said.override)
    except Refused as refused:
        asks = desk.conduct.what_forbids(desk.author, event) if said.override else refused.broken
        if desk.may("OverrideGiven") and (leads := override_address(event, asks)):
            raise CanBeSetAside(refused.broken, leads) from None
        raise


def sign_as(desk: Desk, kind: type[Signed], said: Told, digest: str | None = None) -> Entry:
    """Sign, with the password typed again. `digest` is of what lies outside the casebook."""
    subject = signed_subject(kind, said)
    meaning = said.text("meaning", "")
    if not meaning:
        raise refuse("form", "meaning: choose or write what your signature means")
    password = said.needs_password()
    named: dict[str, Any] = {"password": password, "meaning": meaning, "digest": digest, **subject}
    return with_password(desk, lambda: sign(desk.conduct, desk.bench.sealed, desk.author, kind, **named))


def signed_subject(kind: type[Signed], said: Told) -> dict[str, Any]:
    """What a signature is put under: `decision=12`, or `participant=…, screening=5`."""
    subject: dict[str, Any] = {}
    for one in fields(kind):
        if (name := one.name) == "participant":
            if text := said.text(name, None if kind.about_participant else ""):
                subject[name] = text
        elif name not in OF_SIGNING:
            subject[name] = said.number(name) if one.type == "int" else said.text(name)
    return subject


def with_password(desk: Desk, act: Callable[[], T]) -> T:
    """Do what checks a password, counted for this account at this desk, so that an open screen is no place to guess."""
    now, account = desk.bench.now(), desk.author.person
    if desk.bench.throttle.waits(account, "signing", now):
        raise refuse("wait", "too many wrong passwords; wait a quarter of an hour")
    try:
        made = act()
    except Refused as refused:
        if refused.broken[0].rule == "password":
            desk.bench.throttle.note(account, "signing", now, right=False)
        raise
    desk.bench.throttle.note(account, "signing", now, right=True)
    return made


def ask_password(desk: Desk, password: Password) -> None:
    """Refuse a wrong password of the person at this desk."""
    with_password(desk, lambda: check_password(desk.conduct, desk.bench.sealed, desk.author.person, password))


MAY_HAPPEN_AGAIN = (
    AdverseEventRecorded,
    ApheresisDone,
    LymphodepletionGiven,
    ProductReleased,
    SampleMeasured,
    TreatmentGiven,
)
"""What happens to a person more than once: said twice to the letter, it is asked about."""


def check_new(desk: Desk, event: Event, said: Told) -> None:
    """Refuse a row that is recorded to the letter: a form gone back to, and sent again, is no second sample or event."""
    if not isinstance(event, MAY_HAPPEN_AGAIN) or said.again or not said.form:
        return
    every = desk.entries(participant=event.participant)
    gone = {one.event.supersedes for one in every}
    same = [one.number for one in every if replace(one.event, override=None) == event and one.number not in gone]
    if same:
        raise refuse("twice", f"entry {same[-1]} says exactly this. If it happened once more, say so below")


def check_unseen(desk: Desk, event: Event, said: Told) -> None:
    """Refuse a fact where somebody else recorded the same one since the form was opened: both are shown, a person chooses."""
    if said.seen is None or not isinstance(event, FactRecorded):
        return
    later = desk.conduct.casebook.entries(participant=event.participant, after=said.seen, kinds=["FactRecorded"])
    for entry in later:
        other = entry.event
        if not isinstance(other, FactRecorded) or entry.author.person == desk.author.person:
            continue
        if (other.fact.name, other.fact.visit, other.fact.day) == (event.fact.name, event.fact.visit, event.fact.day):
            said_there = f"{other.fact.value} {other.fact.unit or ''}".strip()
            says = f"{entry.author.person} recorded {other.fact.name} {said_there} meanwhile (entry {entry.number})"
            raise MeanwhileRecorded(says, (entry.number,), "fact.value")
