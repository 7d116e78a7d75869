"""TodayPage: what waits, for whom, until when."""

from __future__ import annotations

from dataclasses import dataclass

from escalon.web.desk import Desk
from escalon.web.registry import page


@dataclass(frozen=True)
class TodayPage:
    """What waits for the reader."""

    day: str
    participants: int


@page("/")
def today(desk: Desk) -> TodayPage:
    """What waits for you."""
    return TodayPage(str(desk.today), len(desk.courses()))
