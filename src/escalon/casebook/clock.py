"""Where the time comes from. Nothing else in Escalon's record reads a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that can say what time it is, in UTC."""

    def now(self) -> datetime:
        """The present moment, with time zone."""
        ...


class ComputerClock:
    """The clock of this computer."""

    def now(self) -> datetime:
        """The present moment by this computer, in UTC."""
        return datetime.now(UTC)


@dataclass
class SetClock:
    """A clock that stands still until it is moved: for rehearsals, simulations and tests."""

    at: datetime

    def now(self) -> datetime:
        """The moment the clock was set to."""
        return self.at

    def move(self, by: timedelta) -> None:
        """Move the clock; a negative duration moves it back."""
        self.at += by
