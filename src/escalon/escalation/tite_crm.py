"""TITE-CRM: the CRM that counts a participant still under observation as partly observed.

Cheung & Chappell 2000, doi:10.1111/j.0006-341X.2000.01177.x; weights and printed examples of dfcrm. A participant
without a DLT after time u of a window T enters the likelihood as 1 - w p with weight w = u/T (linear), or with the
adaptive weights of the same paper. Times are not counts, so this design is simulated, never swept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalon.escalation.characteristics import Characteristics
from escalon.escalation.crm import DoseToxicity, Posterior, posterior_from
from escalon.escalation.errors import EscalationError
from escalon.escalation.estimates import Estimates
from escalon.escalation.simulation import summarise
from escalon.escalation.truth import checked_truths

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Weighting = Literal["linear", "adaptive"]
Progress = Callable[[int, int], None]

TRIALS_AT_ONCE = 250


def linear_weights(follow_up: Floats, dlt: Bools, window: float) -> Floats:
    """u/T, at most 1; participants with a DLT weigh 1."""
    return np.where(dlt, 1.0, np.minimum(follow_up / window, 1.0))


def adaptive_weights(follow_up: Floats, dlt: Bools, window: float) -> Floats:
    """Weights that rise where DLTs have been seen to occur; linear before the first DLT. One trial [N]."""
    times = np.sort(follow_up[dlt])
    if not len(times):
        return linear_weights(follow_up, dlt, window)
    knots = np.concatenate([[0.0], times, [window]])
    below = np.minimum(np.searchsorted(times, follow_up, side="right"), len(times))
    gap = knots[below + 1] - knots[below]
    inside = np.divide(follow_up - knots[below], gap, out=np.ones_like(follow_up), where=gap > 0)
    return np.where(dlt, 1.0, np.minimum((below + inside) / (len(times) + 1), 1.0))


def tite_posterior(model: DoseToxicity, levels: ArrayLike, dlt: ArrayLike, weights: ArrayLike) -> Posterior:
    """The posterior of b from participants: level, DLT (True/False) and weight each, [N] or [S, N]."""
    level, had_dlt = np.atleast_2d(np.asarray(levels, dtype=np.int64)), np.atleast_2d(np.asarray(dlt, dtype=np.bool_))
    weight = np.atleast_2d(np.asarray(weights, dtype=np.float64))
    p = np.exp(model.log_risks[0])  # [G, D]
    log_likelihood = np.zeros((len(level), len(p)))
    for one in range(level.shape[1]):
        risk = p[:, level[:, one] - 1].T
        seen = np.where(had_dlt[:, one, None], risk, 1 - weight[:, one, None] * risk)
        log_likelihood += np.log(np.maximum(seen, 1e-300))
    return posterior_from(model, log_likelihood)


@dataclass(frozen=True)
class TiteCrm:
    """A TITE-CRM: the next participant goes to the level whose estimate is closest to the target.

    `window` in days; one participant at a time, no untried level skipped, no escalation right after a DLT
    (coherence, Cheung 2005, doi:10.1093/biomet/92.4.863).
    """

    model: DoseToxicity
    target: float
    window: float
    size: int
    weighting: Weighting = "linear"
    start: int = 1

    @property
    def name(self) -> str:
        """The design in two words."""
        return f"TITE-CRM {self.target:g}"

    def __post_init__(self) -> None:
        if not (0 < self.target < 1 and self.window > 0 and self.size >= 1):
            raise EscalationError("A TITE-CRM needs 0 < target < 1, a DLT window in days and a number of participants")
        if self.weighting not in ("linear", "adaptive"):
            raise EscalationError(f"Unknown weighting “{self.weighting}”. Write linear or adaptive")

    def weights(self, follow_up: Floats, dlt: Bools) -> Floats:
        """The weights of participants [S, N]."""
        if self.weighting == "linear":
            return linear_weights(follow_up, dlt, self.window)
        rows = zip(np.atleast_2d(follow_up), np.atleast_2d(dlt), strict=True)
        return np.stack([adaptive_weights(time, had, self.window) for time, had in rows])

    def closest(self, levels: ArrayLike, dlt: ArrayLike, follow_up: ArrayLike) -> NDArray[np.int64]:
        """The level whose estimated risk is closest to the target, per trial."""
        had, time = (
            np.atleast_2d(np.asarray(dlt, dtype=np.bool_)),
            np.atleast_2d(np.asarray(follow_up, dtype=np.float64)),
        )
        estimate = tite_posterior(self.model, levels, had, self.weights(time, had)).risk
        found: NDArray[np.int64] = np.abs(estimate - self.target).argmin(axis=1) + 1
        return found

    def simulate(
        self, truth: ArrayLike, trials: int, seed: int, *, days_between: float, progress: Progress | None = None
    ) -> Characteristics:
        """Simulated characteristics; arrivals `days_between` apart on average (exponential), DLT times uniform."""
        risks = checked_truths(truth, len(self.model.skeleton))
        rng = np.random.default_rng(seed)
        ends = []
        for first in range(0, trials, TRIALS_AT_ONCE):
            ends.append(self._run(risks, min(TRIALS_AT_ONCE, trials - first), rng, days_between))
            if progress:
                progress(min(first + TRIALS_AT_ONCE, trials), trials)
        n, t, mtd, days = (np.concatenate(part) for part in zip(*ends, strict=True))
        return with_days(summarise(self.name, risks, n, t, mtd, seed), days)

    def _run(
        self, risks: Floats, trials: int, rng: np.random.Generator, days_between: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats]:
        arrival = np.cumsum(rng.exponential(days_between, (trials, self.size)), axis=1)
        arrival -= arrival[:, :1]
        levels = np.full((trials, self.size), self.start, dtype=np.int64)
        fate, onset = rng.random((trials, self.size)), rng.random((trials, self.size)) * self.window
        had = np.zeros((trials, self.size), dtype=np.bool_)
        highest = np.full(trials, self.start)
        for one in range(self.size):
            if one:
                seen = had[:, :one] & (arrival[:, :one] + onset[:, :one] <= arrival[:, one, None])
                time = np.where(seen, onset[:, :one], np.minimum(arrival[:, one, None] - arrival[:, :one], self.window))
                wanted = np.minimum(self.closest(levels[:, :one], seen, time), highest + 1)
                levels[:, one] = np.where(seen[:, -1], np.minimum(wanted, levels[:, one - 1]), wanted)
            had[:, one] = fate[:, one] < risks[levels[:, one] - 1]
            highest = np.maximum(highest, levels[:, one])
        complete = np.where(had, onset, self.window)
        mtd = np.minimum(self.closest(levels, had, complete), highest)
        at = levels[:, :, None] == np.arange(1, len(risks) + 1)
        return at.sum(axis=1), (at & had[:, :, None]).sum(axis=1), mtd, (arrival + complete).max(axis=1)


def with_days(found: Characteristics, days: Floats) -> Characteristics:
    """The same characteristics with the mean duration in days, from the durations of the trials."""
    return replace(found, days=Estimates.of(days.mean(), days.std(ddof=1) / np.sqrt(len(days))))
