"""What a dose rule may answer: treat, wait or stop, each with its reason and with what people did that no rule had said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal

NO_DOSE = 0  # the MTD of a trial in which no level was tolerable


@dataclass(frozen=True)
class Departure:
    """A cohort that the rule had not asked for: which one, what was done, and what the rule had said instead."""

    cohort: int
    done: str
    said: str

    def __str__(self) -> str:
        return f"cohort {self.cohort} ({self.done}): the rule said {self.said}"

    def as_json(self) -> dict[str, Any]:
        """The departure as plain data."""
        return {"cohort": self.cohort, "done": self.done, "said": self.said}


class _Answer:
    """What every answer says of itself as plain data: what is `told` of it, until when, why, and what was done otherwise."""

    told: ClassVar[tuple[str, ...]]
    until: date | None
    reason: str
    notes: tuple[str, ...]
    departures: tuple[Departure, ...]

    def as_json(self) -> dict[str, Any]:
        """The decision as plain data; `mtd` 0 means that no level is tolerable, null that the rule names none."""
        return {name: getattr(self, name) for name in self.told} | {
            "until": self.until.isoformat() if self.until else None,
            "reason": self.reason,
            "notes": list(self.notes),
            "departures": [one.as_json() for one in self.departures],
        }


@dataclass(frozen=True)
class Treat(_Answer):
    """Treat `size` more participants at `level`; `now` of them may be dosed today (fewer behind a sentinel)."""

    told = ("action", "level", "size", "now")
    level: int
    size: int
    reason: str
    now: int | None = None
    notes: tuple[str, ...] = ()
    departures: tuple[Departure, ...] = ()
    action: Literal["treat"] = "treat"
    until: None = None

    def __post_init__(self) -> None:
        if self.now is None:
            object.__setattr__(self, "now", self.size)

    def __str__(self) -> str:
        return f"treat {self.size} at level {self.level}"


@dataclass(frozen=True)
class Wait(_Answer):
    """Dose nobody yet. `until` is the day by which the windows waited for have closed; None if no date is known."""

    told = ("action", "level", "size")
    reason: str
    until: date | None = None
    notes: tuple[str, ...] = ()
    departures: tuple[Departure, ...] = ()
    action: Literal["wait"] = "wait"
    level: None = None
    size: Literal[0] = 0

    def __str__(self) -> str:
        return "wait" if self.until is None else f"wait until {self.until.isoformat()}"


@dataclass(frozen=True)
class Stop(_Answer):
    """Stop escalating. `mtd` is a level, 0 when no level is tolerable, None when the rule names none.

    `reached` is False when the level is the top one and was tolerated, so that the maximum tolerated dose may lie above
    every dose studied; None where no level is named.
    """

    told = ("action", "mtd", "reached", "level", "size")
    mtd: int | None
    reason: str
    notes: tuple[str, ...] = ()
    departures: tuple[Departure, ...] = ()
    action: Literal["stop"] = "stop"
    size: Literal[0] = 0
    until: None = None
    reached: bool | None = None

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
            case _ if self.reached is False:
                return f"stop, the top level, {self.mtd}, was tolerated: the MTD was not reached"
            case _:
                return f"stop, MTD is level {self.mtd}"


Decision = Treat | Wait | Stop


def headline(decision: Decision) -> str:
    """The decision as a committee should read it: how many now, and what a stop does and does not say of an MTD."""
    match decision:
        case Treat(level, size, now=now):
            some = f"dose {now} now" if now == size else f"dose {now} now, the others later"
            return f"level {level} is open for {size}: {some}"
        case Wait(until=until):
            return f"dose nobody before {until}" if until else "dose nobody yet"
        case Stop(mtd=None):
            return "stop: the rule has not settled an MTD"
        case Stop(mtd=0):
            return "stop: the lowest level is too toxic, so there is no MTD"
        case Stop(mtd=mtd, reached=False):
            return f"stop: the top level, {mtd}, was tolerated; the MTD was not reached"
        case Stop(mtd=mtd):
            return f"stop: the MTD is level {mtd}"
