"""What every event has in common. An event is a past participle and is never edited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import ClassVar

from escalon.facts import Day

KINDS: dict[str, type[Event]] = {}
"""Every kind of event by the name it is stored under; a class enters by being defined."""

PARTICIPANT_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened. `override` names the signed override that allowed it against a rule."""

    participant: str | None = None
    reason: str | None = None
    override: int | None = None

    about_participant: ClassVar[bool] = False
    needs_reason: ClassVar[bool] = False
    own_command: ClassVar[str] = ""
    """The command that alone records this kind, because it checks more than an event can say; empty: any way in."""
    says: ClassVar[str] = ""
    """What it is about, with its fields in braces; empty: its name, spaced."""
    dated: ClassVar[str] = ""
    """The field with the day or moment it happened."""
    replaces: ClassVar[str] = ""
    """The field with the number of the entry whose content it replaces."""

    def __init_subclass__(cls) -> None:
        KINDS[cls.__name__] = cls

    def __post_init__(self) -> None:
        kind = type(self).__name__
        if self.about_participant and not self.participant:
            raise ValueError(f"{kind} needs the participant's code")
        if self.participant is not None and not PARTICIPANT_CODE.fullmatch(self.participant):
            raise ValueError(
                f"{self.participant!r} is not a participant code; use letters, digits, '.', '_' and '-', at most 32"
            )
        if self.needs_reason and not (self.reason or "").strip():
            raise ValueError(f"reason: {spaced(kind)} needs a reason, in words")

    @property
    def kind(self) -> str:
        """The name this event is stored under."""
        return type(self).__name__

    @property
    def what(self) -> str:
        """What the event is about, in a few words for the audit trail."""
        return self.says.format_map(vars(self)) if self.says else spaced(self.kind)

    def happened(self, zone: tzinfo) -> Day | None:
        """The day it happened, where it happened; None where it has none (an account) or none was written."""
        return day_of(getattr(self, self.dated), zone) if self.dated else None

    def known_by(self, last: date, zone: tzinfo) -> Event | None:
        """The event as it was known by the end of a day: None where it happened later, an end that lies later not yet known.

        A partial date that may lie before stays: leaving it out could hide something that had happened.
        """
        day = self.happened(zone)
        return None if day is not None and day.earliest > last else self

    @property
    def supersedes(self) -> int | None:
        """The number of the entry whose content this event replaces, if it replaces one."""
        return getattr(self, self.replaces) if self.replaces else None


@dataclass(frozen=True, kw_only=True)
class ParticipantEvent(Event):
    """Something that happened to, or was found in, one participant."""

    about_participant: ClassVar[bool] = True


def day_of(when: Day | date | datetime | None, zone: tzinfo) -> Day | None:
    """The calendar day of a moment, in the zone where it happened."""
    match when:
        case datetime():
            return Day.of(when.astimezone(zone).date())
        case date():
            return Day.of(when)
    return when


def spaced(kind: str) -> str:
    """`CellsInfused` as people say it: "cells infused"."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", kind).lower().replace("dlt", "DLT")
