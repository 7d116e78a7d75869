"""Seeded simulation of a rule: for designs with too many states to sweep, and as a check on the sweep.

All trials advance together, one cohort at a time. Every number comes with its standard error.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalon.escalation.characteristics import Characteristics, Laws
from escalon.escalation.errors import EscalationError
from escalon.escalation.estimates import Estimates
from escalon.escalation.rule import UNSETTLED, Counts, Ints, Rule
from escalon.escalation.truth import checked_truths

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]  # called with (trials done, trials)

TRIALS_AT_ONCE = 20_000


def simulate(rule: Rule, truth: ArrayLike, trials: int, seed: int, progress: Progress | None = None) -> Characteristics:
    """Simulated operating characteristics of a rule under one truth, each number with its standard error."""
    risks = checked_truths(truth, rule.levels)
    if risks.ndim != 1:
        raise EscalationError("Simulate one truth at a time; a sweep takes many")
    if trials < 2:
        raise EscalationError(f"{trials} trials give no standard error: simulate 2 or more")
    rng = np.random.default_rng(seed)
    ends = []
    for first in range(0, trials, TRIALS_AT_ONCE):
        ends.append(_simulate(rule, risks, min(TRIALS_AT_ONCE, trials - first), rng))
        if progress:
            progress(min(first + TRIALS_AT_ONCE, trials), trials)
    n, t, mtd = (np.concatenate(part) for part in zip(*ends, strict=True))
    return summarise(rule.name, risks, n, t, mtd, seed)


def _simulate(rule: Rule, risks: Floats, trials: int, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    n = np.zeros((trials, rule.levels), dtype=np.int64)
    t, current, mtd = np.zeros_like(n), np.zeros(trials, dtype=np.int64), np.zeros(trials, dtype=np.int64)
    hot, recalls = np.zeros(trials, dtype=np.bool_), rule.recalls
    running = np.arange(trials)
    while len(running):
        counts = Counts(n[running], t[running], current[running], n[running].sum(axis=1), hot[running])
        moves = rule.decide(counts)
        stopped = moves.stopped
        mtd[running[stopped]] = moves.mtd[stopped]
        running, level, size = running[~stopped], moves.level[~stopped], moves.size[~stopped]
        dlts = rng.binomial(size, risks[level - 1])
        n[running, level - 1] += size
        t[running, level - 1] += dlts
        current[running] = level
        if recalls is not None:
            hot[running] = dlts * recalls.denominator >= size * recalls.numerator
    open_ended = mtd == UNSETTLED
    if rule.selects and open_ended.any():
        mtd[open_ended] = rule.select(n[open_ended], t[open_ended])
    return n, t, mtd


def summarise(design: str, risks: Floats, n: Ints, t: Ints, mtd: Ints, seed: int) -> Characteristics:
    """Means over simulated trials with their standard errors: n and t [trials, D], mtd [trials]."""
    trials, levels = n.shape
    sizes = n.sum(axis=1)
    values = np.unique(sizes)
    return Characteristics(
        design=design,
        truth=risks,
        selection=_share(mtd[:, None] == np.arange(levels + 1)),
        unsettled=_share(mtd == UNSETTLED),
        patients=_mean(n),
        dlts=_mean(t),
        sizes=Laws(values, _share(sizes[:, None] == values)),
        size_error=np.asarray(sizes.std(ddof=1) / np.sqrt(trials)),
        dlt_error=np.asarray(t.sum(axis=1).std(ddof=1) / np.sqrt(trials)),
        trials=trials,
        seed=seed,
    )


def _mean(observed: NDArray[np.int64]) -> Estimates:
    return Estimates.of(observed.mean(axis=0), observed.std(axis=0, ddof=1) / np.sqrt(len(observed)))


def _share(happened: NDArray[np.bool_]) -> Estimates:
    """Proportions with standard errors; one never (or always) seen gets that of half an event, not zero."""
    trials = len(happened)
    share = happened.mean(axis=0)
    kept = np.clip(share, 0.5 / trials, 1 - 0.5 / trials)
    return Estimates.of(share, np.sqrt(kept * (1 - kept) / trials))
