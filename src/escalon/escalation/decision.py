"""What a dose rule may answer: treat, wait or stop, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

NO_DOSE = 0  # the MTD of a trial in which no level was tolerable


@dataclass(frozen=True)
class Treat:
    """Treat `size` more participants at `level`; `now` of them may be dosed today (fewer behind a sentinel)."""

    level: int
    size: int
    reason: str
    now: int | None = None
    notes: tuple[str, ...] = ()
    action: Literal["treat"] = "treat"
    until: None = None

    def __post_init__(self) -> None:
        if self.now is None:
            object.__setattr__(self, "now", self.size)

    def __str__(self) -> str:
        return f"treat {self.size} at level {self.level}"

    def as_json(self) -> dict[str, Any]:
        """The decision as plain data."""
        return {
            "action": self.action,
            "level": self.level,
            "size": self.size,
            "now": self.now,
            "until": None,
            "reason": self.reason,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Wait:
    """Dose nobody yet. `until` is the day by which the windows waited for have closed; None if no date is known."""

    reason: str
    until: date | None = None
    notes: tuple[str, ...] = ()
    action: Literal["wait"] = "wait"
    level: None = None
    size: Literal[0] = 0

    def __str__(self) -> str:
        return "wait" if self.until is None else f"wait until {self.until.isoformat()}"

    def as_json(self) -> dict[str, Any]:
        """The decision as plain data."""
        return {
            "action": self.action,
            "level": None,
            "size": 0,
            "until": self.until.isoformat() if self.until else None,
            "reason": self.reason,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Stop:
    """Stop escalating. `mtd` is a level, 0 when no level is tolerable, None when the rule names none."""

    mtd: int | None
    reason: str
    notes: tuple[str, ...] = ()
    action: Literal["stop"] = "stop"
    size: Literal[0] = 0
    until: None = None

    @property
    def level(self) -> int | None:
        """The level declared MTD; None when there is none."""
        return self.mtd or None

    def __str__(self) -> str:
        match self.mtd:
            case None:
                return "stop, MTD not settled by the rule"
            case 0:
                return "stop, no MTD"
            case _:
                return f"stop, MTD is level {self.mtd}"

    def as_json(self) -> dict[str, Any]:
        """The decision as plain data; `mtd` 0 means that no level is tolerable, null that the rule names none."""
        return {
            "action": self.action,
            "mtd": self.mtd,
            "level": self.level,
            "size": 0,
            "until": None,
            "reason": self.reason,
            "notes": list(self.notes),
        }


Decision = Treat | Wait | Stop
