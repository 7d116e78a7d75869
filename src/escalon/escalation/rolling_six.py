"""The rolling six: two to six participants at a level without waiting for each cohort of three.

Skolnik et al. 2008, doi:10.1200/JCO.2007.12.7712; decision grid as printed in JAMA Netw Open 2020;3(5):e204787,
Table 2. Each arriving participant is placed by the numbers enrolled, with a DLT, without, and pending at the current
level. Who arrives when depends on accrual, so the design is simulated, never swept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from escalon.escalation.characteristics import Characteristics
from escalon.escalation.errors import EscalationError
from escalon.escalation.simulation import summarise
from escalon.escalation.tite_crm import with_days
from escalon.escalation.truth import checked_truths

Progress = Callable[[int, int], None]


class Placement(StrEnum):
    """Where the next participant goes."""

    SAME = "same level"
    ESCALATE = "escalate"
    DE_ESCALATE = "de-escalate"
    SUSPEND = "suspend accrual"


def placement(dlts: int, without: int, pending: int) -> Placement:
    """The decision grid for the current level, from its three counts.

    >>> placement(dlts=0, without=2, pending=1).value
    'same level'
    >>> placement(dlts=0, without=5, pending=1).value
    'escalate'
    """
    if min(dlts, without, pending) < 0 or dlts + without + pending > 6:
        raise EscalationError(f"The rolling six has at most six at a level, got {dlts} + {without} + {pending}")
    if dlts >= 2:
        return Placement.DE_ESCALATE
    enrolled = dlts + without + pending
    if dlts == 0 and without >= 3 and (pending == 0 or without >= 5):
        return Placement.ESCALATE
    if dlts == 1 and without == 5:
        return Placement.ESCALATE
    return Placement.SUSPEND if enrolled == 6 else Placement.SAME


@dataclass
class _Level:
    """What has happened at one level: for each participant, when it is known and whether it is a DLT."""

    known_at: list[float]
    had_dlt: list[bool]

    def counts(self, now: float) -> tuple[int, int, int]:
        """(DLTs, without DLT, pending) as known at a time."""
        known = [dlt for at, dlt in zip(self.known_at, self.had_dlt, strict=True) if at <= now]
        return sum(known), len(known) - sum(known), len(self.known_at) - len(known)


@dataclass(frozen=True)
class RollingSix:
    """The rolling six over `levels` levels with a DLT window in days.

    A level with two DLTs is too toxic. The grid says "escalate" of the MTD too; where no level above is left, the
    level is the MTD: at the top as it stands, below a too toxic level once six were treated there. While accrual is
    suspended, arrivals wait. A DLT that comes late at a level left upwards (five
    of six known) makes it one of six, which is tolerable, so nothing is looked back at.
    """

    levels: int
    window: float

    @property
    def name(self) -> str:
        """The design's name."""
        return "rolling six"

    def __post_init__(self) -> None:
        if self.levels < 1 or self.window <= 0:
            raise EscalationError("A rolling six needs one or more levels and a DLT window in days")

    def simulate(
        self, truth: ArrayLike, trials: int, seed: int, *, days_between: float, progress: Progress | None = None
    ) -> Characteristics:
        """Simulated characteristics; arrivals `days_between` apart on average (exponential), DLT times uniform."""
        risks = checked_truths(truth, self.levels)
        rng = np.random.default_rng(seed)
        n = np.zeros((trials, self.levels), dtype=np.int64)
        t, mtd, days = np.zeros_like(n), np.zeros(trials, dtype=np.int64), np.zeros(trials)
        for trial in range(trials):
            seen, mtd[trial], days[trial] = self._run(risks.tolist(), rng, days_between)
            n[trial] = [len(level.had_dlt) for level in seen]
            t[trial] = [sum(level.had_dlt) for level in seen]
            if progress and trial % 500 == 499:
                progress(trial + 1, trials)
        return with_days(summarise(self.name, risks, n, t, mtd, seed), days)

    def _run(
        self, risks: list[float], rng: np.random.Generator, days_between: float
    ) -> tuple[list[_Level], int, float]:
        """One trial: what happened at each level, the MTD (0: none) and its length in days."""
        seen = [_Level([], []) for _ in risks]
        level, closed_from, now = 0, len(risks), 0.0
        while True:
            here = seen[level]
            decision = placement(*here.counts(now))
            at_ceiling = level + 1 == closed_from
            if decision is Placement.DE_ESCALATE:
                closed_from = level
                if level == 0:
                    return seen, 0, max(now, self._last_known(seen))
                level -= 1
            elif decision is Placement.ESCALATE and not at_ceiling:
                level += 1
            elif decision is Placement.ESCALATE and (len(here.had_dlt) == 6 or closed_from == self.levels):
                return seen, level + 1, max(now, self._last_known(seen))
            elif decision is Placement.SUSPEND:
                now = min(at for at in here.known_at if at > now)
            else:
                self._enrol(here, risks[level], now, rng)
                now += rng.exponential(days_between)

    def _enrol(self, here: _Level, risk: float, now: float, rng: np.random.Generator) -> None:
        """One more participant: a DLT strikes uniformly in the window; none is known when the window closes."""
        had_dlt = bool(rng.random() < risk)
        here.known_at.append(now + (rng.random() * self.window if had_dlt else self.window))
        here.had_dlt.append(had_dlt)

    def _last_known(self, seen: list[_Level]) -> float:
        return max((at for level in seen for at in level.known_at), default=0.0)
