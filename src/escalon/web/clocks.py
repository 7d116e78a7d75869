"""The clocks of Today: each DLT window, and in words how far it has run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class ClockShown:
    """A DLT window: who, which level, from when to when, and in words how far it has run."""

    participant: str
    level: int
    begins: date
    ends: date
    says: str
