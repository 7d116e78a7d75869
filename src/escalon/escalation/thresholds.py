"""The thresholds of an A+B design, and what the counts at one level say of that level alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from escalon.escalation.errors import EscalationError
from escalon.escalation.rule import Ints


@dataclass(frozen=True)
class Thresholds:
    """The five numbers of an A+B design (Lin & Shih 2001), and how many DLTs on A+B still let a level be the MTD.

    `declare` is E unless the protocol separates "escalate" from "may be the MTD": a design that stops at 2 of 6
    but goes down at more than 2 of 6 has E = 1, declare = 2.
    """

    a: int = 3
    b: int = 3
    c: int = 1
    d: int = 1
    e: int = 1
    declare: int | None = None

    def __post_init__(self) -> None:
        if self.declare is None:
            object.__setattr__(self, "declare", self.e)
        if not (self.a >= 1 and self.b >= 1 and 1 <= self.c <= self.d + 1 <= self.a):
            raise EscalationError(
                f"A+B thresholds need A >= 1, B >= 1 and 1 <= C <= D + 1 <= A, got {self}. "
                "The 3+3 is A=3, B=3, C=1, D=1, E=1"
            )
        if not self.d <= self.e <= self.may_declare < self.size:
            raise EscalationError(f"A+B thresholds need D <= E <= declare < A+B, got {self}")

    @property
    def size(self) -> int:
        """A+B: the most that one level is given."""
        return self.a + self.b

    @property
    def may_declare(self) -> int:
        """The most DLTs on A+B with which a level may still be the MTD."""
        return self.e if self.declare is None else self.declare

    def __str__(self) -> str:
        return f"A={self.a}, B={self.b}, C={self.c}, D={self.d}, E={self.e}, declare={self.declare}"


class Ruling(IntEnum):
    """What the counts at one level say of that level alone."""

    UNTRIED = 0
    OPEN = 1  # fewer than A evaluable
    PASSES = 2  # may be escalated from, but has not been given to A+B
    EXPAND = 3  # must be given to A+B before anything is said
    SETTLED = 4  # tolerable on A+B or more
    CEILING = 5  # on A+B: may be the MTD, may not be escalated from
    TOXIC = 6


NO_LEVEL = len(Ruling)  # stands for the verdict of a level that there is not
HALTS = [one not in (Ruling.PASSES, Ruling.SETTLED) for one in (*Ruling, NO_LEVEL)]  # not to be passed by


def verdict(thresholds: Thresholds, n: int, t: int) -> Ruling:
    """What `t` DLTs of `n` evaluable say of a level, for any counts.

    Between A and A+B (4 or 5 after an override) a level is too toxic once more than the A+B limit have had a DLT,
    whatever the others will have; above A+B the limits keep their proportion, compared in integers.
    """
    x = thresholds
    if n == 0:
        return Ruling.UNTRIED
    if n < x.a:
        return Ruling.TOXIC if t > x.d else Ruling.OPEN
    if n < x.size:
        if t < x.c:
            return Ruling.PASSES
        limit = x.d if n == x.a else x.may_declare
        return Ruling.TOXIC if t > limit else Ruling.EXPAND
    if t * x.size <= x.e * n:
        return Ruling.SETTLED
    return Ruling.CEILING if t * x.size <= x.may_declare * n else Ruling.TOXIC


@lru_cache
def verdict_table(thresholds: Thresholds, up_to: int) -> Ints:
    """`verdict` for every n and t up to a number at one level."""
    import numpy as np

    table = np.zeros((up_to + 1, up_to + 1), dtype=np.int64)
    for n in range(up_to + 1):
        for t in range(n + 1):
            table[n, t] = verdict(thresholds, n, t)
    return table
