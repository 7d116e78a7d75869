"""Measuring: the least of several runs, and what a benchmark hands to the runner."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One figure: how long something took, beside a baseline of the same run where there is one.

    `of` says for what (`1,000,000 visits`); `goal` is the largest acceptable ratio to the baseline, or, where there is
    no baseline, the most seconds.
    """

    name: str
    seconds: float
    of: str = ""
    baseline: str = ""
    baseline_seconds: float | None = None
    goal: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.baseline_seconds is None else self.seconds / self.baseline_seconds

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where none is set."""
        found = self.seconds if self.ratio is None else self.ratio
        return None if self.goal is None else found <= self.goal


def least(work: Callable[[], Any], runs: int = 5, calls: int = 1) -> float:
    """Seconds of one call: the least of several runs, after one that warms up."""
    work()
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        for _ in range(calls):
            work()
        best = min(best, (time.perf_counter() - start) / calls)
    return best


def least_of_each(*works: Callable[[], Any], runs: int = 5) -> list[float]:
    """Seconds of several works run in turn, so that a busy moment of the machine falls on all of them."""
    for work in works:
        work()
    best = [float("inf")] * len(works)
    for _ in range(runs):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - start)
    return best
