"""Counts by dose level: all that a counting rule may know."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from escalon.escalation.errors import EscalationError


@dataclass(frozen=True)
class Tally:
    """Evaluable participants `n` and those with a DLT `t`, level by level, and the level treated last.

    `pending` (window open) and `not_evaluable` are enrolled but in no denominator. `current` is 0 before anyone
    is treated. Levels are counted from the lowest, which is 1; `tally[2]` is the pair (n, t) at level 2. `last` is the
    pair (n, t) of the cohort treated last, for rules that look at it; unknown, it is taken to be all at the current level.
    """

    n: tuple[int, ...]
    t: tuple[int, ...]
    pending: tuple[int, ...] = ()
    not_evaluable: tuple[int, ...] = ()
    current: int = 0
    last: tuple[int, int] | None = None
    last_pending: int = 0

    def __post_init__(self) -> None:
        depth = len(self.n)
        if not self.pending:
            object.__setattr__(self, "pending", (0,) * depth)
        if not self.not_evaluable:
            object.__setattr__(self, "not_evaluable", (0,) * depth)
        if not depth or not depth == len(self.t) == len(self.pending) == len(self.not_evaluable):
            raise EscalationError("A tally needs one count per dose level: n=(3, 3, 0), t=(0, 1, 0)")
        for level, (n, t) in enumerate(zip(self.n, self.t, strict=True), start=1):
            if not 0 <= t <= n:
                raise EscalationError(f"Level {level}: {t} with a DLT of {n} evaluable is impossible (0 <= DLTs <= n)")
        if min(self.pending) < 0 or min(self.not_evaluable) < 0:
            raise EscalationError("Pending and not-evaluable counts cannot be negative")
        if not 0 <= self.current <= len(self.n):
            raise EscalationError(f"Current level {self.current}: write 1 to {len(self.n)}, or 0 before the first")
        if self.current == 0 and any(self.n + self.pending):
            object.__setattr__(self, "current", self.highest)

    def __getitem__(self, level: int) -> tuple[int, int]:
        return self.n[level - 1], self.t[level - 1]

    def last_reached(self, rate: Fraction) -> bool:
        """Whether the share of DLTs in the cohort treated last is at least a rate."""
        n, t = self.last if self.last is not None else self[self.current] if self.current else (0, 0)
        return n > 0 and t * rate.denominator >= n * rate.numerator

    @property
    def levels(self) -> int:
        """How many dose levels the trial has."""
        return len(self.n)

    @property
    def highest(self) -> int:
        """The highest level at which anyone was treated."""
        return max(
            (level for level in range(1, self.levels + 1) if self.n[level - 1] + self.pending[level - 1]), default=0
        )

    @property
    def evaluable(self) -> int:
        """Participants who count: a completed DLT window, or a DLT."""
        return sum(self.n)

    def saw(self, level: int, named: int) -> str:
        """What is known of a level, in words; nobody evaluable is not «0 of 0»."""
        n, t, pending = self.n[level - 1], self.t[level - 1], self.pending[level - 1]
        seen = f"{t} of {n} had a DLT at level {named}" if n else f"nobody is evaluable at level {named}"
        return seen + (f" ({pending} pending)" if pending else "")

    def untried(self, level: int, named: int, was: str = "skipped") -> str:
        """Why nobody counts at a level: nobody was treated there, or those who were are not evaluable."""
        return self.saw(level, named) if self.not_evaluable[level - 1] else f"level {named} was {was}"

    @property
    def nobody(self) -> str:
        """That nobody counts yet, and whether anybody was treated."""
        return "nobody is evaluable yet" if self.enrolled else "nobody treated yet"

    @property
    def enrolled(self) -> int:
        """Everyone enrolled: evaluable, pending and not evaluable."""
        return sum(self.n) + sum(self.pending) + sum(self.not_evaluable)
