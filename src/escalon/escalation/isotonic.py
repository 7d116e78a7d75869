"""The MTD from the data at the end: isotonic regression, kept apart from the conduct of the trial.

As BOIN's `select.mtd` (Liu & Yuan 2015, doi:10.1111/rssc.12089): estimates (t + .05)/(n + .1), weighted by the
inverse variance of Beta(t + .05, n - t + .05), made non-decreasing, closest to the target; of equals below the
target the highest level, above it the lowest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escalon.escalation.rule import Bools, Ints

Floats = NDArray[np.float64]

PSEUDO_DLT, PSEUDO_PARTICIPANTS = 0.05, 0.1
TIE_BREAK = 1e-10  # per level, as in select.mtd; far above rounding, far below any two unequal estimates


def isotonic_estimates(n: Ints, t: Ints, among: Bools | None = None) -> Floats:
    """Non-decreasing estimates of DLT risk [S, D]; nan at levels that were not tried or not `among`.

    The value at level j is the maximum over a <= j of the minimum over b >= j of the weighted mean of a..b.
    """
    tried = n > 0 if among is None else (n > 0) & among
    x, size = t + PSEUDO_DLT, n + PSEUDO_PARTICIPANTS
    precision = np.where(tried, size * size * (size + 1) / (x * (size - x)), 0.0)
    weight, moment = (np.ascontiguousarray(one.T) for one in (precision, precision * x / size))  # one row per level
    best = np.full(weight.shape, -np.inf)
    with np.errstate(
        invalid="ignore"
    ):  # 0/0 where a..b holds no tried level; a tried level is in all of its own blocks
        for a in range(len(weight)):
            total, sum_of_means = np.zeros(len(n)), np.zeros(len(n))
            means = np.empty_like(weight[a:])
            for b in range(a, len(weight)):
                total += weight[b]
                sum_of_means += moment[b]
                np.divide(sum_of_means, total, out=means[b - a])
            for b in range(len(means) - 2, -1, -1):
                np.minimum(means[b], means[b + 1], out=means[b])
            np.maximum(best[a:], means, out=best[a:])
    return np.where(tried, best.T, np.nan)


def isotonic_mtd(n: Ints, t: Ints, target: float, among: Bools | None = None) -> Ints:
    """The level whose isotonic estimate is closest to the target, per row [S]; 0 where no level qualifies."""
    chosen, least = np.zeros(len(n), dtype=np.int64), np.full(len(n), np.inf)
    for level, estimate in enumerate(isotonic_estimates(n, t, among).T, start=1):
        distance = np.abs(estimate + TIE_BREAK * level - target)
        closer = distance < least  # never true of nan
        chosen[closer], least[closer] = level, distance[closer]
    return chosen
