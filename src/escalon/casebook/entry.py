"""An entry: one event with who, in which role, where, when, under which study and software version, and its hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from escalon.casebook.canonical import Plain, canonical, entry_hash, parse
from escalon.casebook.encoding import content, read_event, read_time, time_text
from escalon.history import entry as history
from escalon.history.entry import Author
from escalon.history.events import Event


@dataclass(frozen=True, slots=True)
class Entry(history.Entry):
    """An event as it stands in the casebook. `old` is the content of the entry it supersedes."""

    at: datetime
    old: dict[str, Plain] | None
    study: str
    software: str
    previous: str
    hash: str
    body: str


ON_THE_ENVELOPE = frozenset({"participant", "reason"})
"""Fields of every event that are written once, beside its content."""


def write_entry(
    event: Event,
    author: Author,
    at: datetime,
    *,
    number: int,
    previous: str,
    study: str,
    software: str,
    old: dict[str, Plain] | None = None,
    at_text: str | None = None,
) -> Entry:
    """Put an event into its written form and tie it to the entry before. `at_text` is `at`, if written already."""
    new = content(event)
    for name in ON_THE_ENVELOPE:
        new.pop(name, None)
    body = canonical(
        {
            "at": at_text or time_text(at),
            "event": event.kind,
            "new": new,
            "old": old,
            "origin": author.origin,
            "participant": event.participant,
            "person": author.person,
            "reason": event.reason,
            "role": author.role,
            "site": author.site,
            "software": software,
            "study": study,
            "what": event.what,
        }
    )
    hashed = entry_hash(number, previous, body)
    return Entry(number, at, author, event, old, study, software, previous, hashed, body)


def read_entry(number: int, previous: str, hashed: str, body: str) -> Entry:
    """The entry a stored row holds."""
    written: dict[str, Any] = parse(body)
    return Entry(
        number=number,
        at=read_time(written["at"]),
        author=Author(written["person"], written["role"], written["site"], written["origin"]),
        event=read_event(written["event"], written["new"] | _enveloped(written)),
        old=written["old"],
        study=written["study"],
        software=written["software"],
        previous=previous,
        hash=hashed,
        body=body,
    )


def _enveloped(written: dict[str, Any]) -> dict[str, Plain]:
    return {name: written[name] for name in ON_THE_ENVELOPE if written[name] is not None}
