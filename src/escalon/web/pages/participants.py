"""The participants: who they are by code, and where each stands."""

from __future__ import annotations

from dataclasses import dataclass

from escalon.web.desk import Desk
from escalon.web.registry import page


@dataclass(frozen=True)
class ParticipantRow:
    """A participant in the list."""

    code: str
    site: str


@dataclass(frozen=True)
class ParticipantsPage:
    """The list."""

    lines: tuple[ParticipantRow, ...]
    day: str


@page("/participants")
def participants(desk: Desk) -> ParticipantsPage:
    """Everybody whose record you may read."""
    return ParticipantsPage(tuple(ParticipantRow(one.code, one.site) for one in desk.courses()), str(desk.today))
