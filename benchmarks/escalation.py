"""Exact operating characteristics, from nothing, against 10,000 simulated trials of the same design in the same run.

Two yardsticks: a straightforward NumPy simulation (all trials advance together), and a tight compiled one (one trial
after the other, decisions from a table). The second is what a careful programmer could write at best: where it is as
quick as the sweep, exactness costs nothing, but is no quicker either. One core; BLAS kept to one thread by block size.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Measured, least, least_of_each
from escalon.escalation import at_most, next_dose, no_skipping, three_plus_three
from escalon.escalation.boin import boin, boin_table
from escalon.escalation.crm import crm, skeleton
from escalon.escalation.isotonic import isotonic_mtd
from escalon.escalation.outlook import outlook
from escalon.escalation.rule import Rule
from escalon.escalation.simulation import simulate
from escalon.escalation.sweep import sweep

P3, P6 = np.array([0.05, 0.15, 0.30]), np.array([0.05, 0.10, 0.20, 0.30, 0.45, 0.60])
TRIALS = 10_000
Floats = NDArray[np.float64]


def numpy_boin(risks: Floats, target: float, size: int) -> Floats:
    """10,000 BOIN trials advanced together, as a statistician's NumPy script would: P(none), P(MTD = 1), ..."""
    rng, cells = np.random.default_rng(1), boin_table(target, size).cells
    levels, every = len(risks), np.arange(TRIALS)
    n, t = np.zeros((TRIALS, levels), int), np.zeros((TRIALS, levels), int)
    level, closed, going = np.zeros(TRIALS, int), np.full(TRIALS, levels), np.ones(TRIALS, bool)
    for _ in range(size // 3):
        rows = every[going]
        n[rows, level[rows]] += 3
        t[rows, level[rows]] += rng.binomial(3, risks[level[rows]])
        cell = cells[n[every, level], t[every, level]]
        closed = np.where(going & (cell == -2), np.minimum(closed, level), closed)
        going &= closed > 0
        level = np.clip(level + np.clip(cell, -1, 1), 0, np.maximum(closed - 1, 0))
        level = np.minimum(level, levels - 1)
    mtd = isotonic_mtd(n, t, target, np.arange(levels) < closed[:, None])
    return np.bincount(mtd, minlength=levels + 1) / TRIALS


@numba.njit(cache=True)
def compiled_boin(risks, cells, target, size, trials, seed):  # type: ignore[no-untyped-def]
    """The same, one trial after the other in compiled code, isotonic selection included."""
    np.random.seed(seed)
    levels = len(risks)
    named = np.zeros(levels + 1)
    n, t = np.zeros(levels, np.int64), np.zeros(levels, np.int64)
    value, weight, count = np.zeros(levels), np.zeros(levels), np.zeros(levels, np.int64)
    for _ in range(trials):
        n[:], t[:] = 0, 0
        level, closed, total = 0, levels, 0
        while total < size and closed > 0:
            for _ in range(3):
                n[level] += 1
                total += 1
                if np.random.random() < risks[level]:
                    t[level] += 1
            cell = cells[n[level], t[level]]
            if cell == -2:
                closed = level
                level -= 1
            elif cell == -1 and level > 0:
                level -= 1
            elif cell == 1 and level + 1 < closed:
                level += 1
        blocks = 0
        for d in range(closed):
            if n[d] == 0:
                continue
            x, m = t[d] + 0.05, n[d] + 0.1
            value[blocks], weight[blocks], count[blocks] = x / m, m * m * (m + 1) / (x * (m - x)), 1
            blocks += 1
            while blocks > 1 and value[blocks - 2] > value[blocks - 1]:
                w = weight[blocks - 2] + weight[blocks - 1]
                value[blocks - 2] = (
                    value[blocks - 2] * weight[blocks - 2] + value[blocks - 1] * weight[blocks - 1]
                ) / w
                weight[blocks - 2] = w
                count[blocks - 2] += count[blocks - 1]
                blocks -= 1
        best, best_gap, d = 0, 2.0, 0
        for block in range(blocks):
            for _ in range(count[block]):
                d += 1
                gap = abs(value[block] + 1e-10 * d - target)
                if gap < best_gap:
                    best, best_gap = d, gap
        named[best] += 1
    return named / trials


@numba.njit(cache=True)
def compiled_three_plus_three(risks, trials, seed):  # type: ignore[no-untyped-def]
    """3+3 V2, one trial after the other in compiled code."""
    np.random.seed(seed)
    levels = len(risks)
    named = np.zeros(levels + 1)
    n, t = np.zeros(levels, np.int64), np.zeros(levels, np.int64)
    for _ in range(trials):
        n[:], t[:] = 0, 0
        level, down = 0, False
        while True:
            for _ in range(3):
                n[level] += 1
                if np.random.random() < risks[level]:
                    t[level] += 1
            if t[level] > 1:
                level, down = level - 1, True
                while level >= 0 and n[level] == 6 and t[level] > 1:
                    level -= 1
                if level < 0 or n[level] == 6:
                    break
            elif n[level] == 3 and t[level] == 1:
                continue
            elif down or level == levels - 1:
                break
            else:
                level += 1
        named[level + 1] += 1
    return named / trials


def checked(found: Floats, exact: Floats) -> None:
    """A race means nothing unless both run the same design."""
    assert np.abs(found - exact).max() < 0.03, (found, exact)


def exact(rule: Callable[[], Rule], truth: Floats) -> Callable[[], object]:
    """From nothing: build the design, sweep it, evaluate one truth."""
    return lambda: sweep(rule()).under(truth)


def single_truths() -> Iterator[Measured]:
    """One truth from nothing, beside both yardsticks."""
    designs: list[tuple[str, Callable[[], Rule], Floats, Callable[[], object], Callable[[], Floats], float]] = [
        (
            "3+3 V2, 3 levels",
            lambda: three_plus_three(3, "V2"),
            P3,
            lambda: simulate(three_plus_three(3, "V2"), P3, TRIALS, 1),
            lambda: compiled_three_plus_three(P3, TRIALS, 1),
            0.002,
        ),
        (
            "BOIN, 3 levels, N = 18",
            lambda: boin(3, 0.3, up_to=18) & at_most(18),
            P3,
            lambda: numpy_boin(P3, 0.3, 18),
            lambda: compiled_boin(P3, boin_table(0.3, 18).cells, 0.3, 18, TRIALS, 1),
            0.003,
        ),
        (
            "BOIN, 6 levels, N = 36",
            lambda: boin(6, 0.3, up_to=36) & at_most(36),
            P6,
            lambda: numpy_boin(P6, 0.3, 36),
            lambda: compiled_boin(P6, boin_table(0.3, 36).cells, 0.3, 36, TRIALS, 1),
            0.040,
        ),
    ]
    for name, rule, truth, by_numpy, compiled, goal in designs:
        checked(compiled(), sweep(rule()).under(truth).selection.exact)
        ours, slow, fast = least_of_each(exact(rule, truth), by_numpy, compiled, runs=25)
        yield Measured(f"{name}: one truth from nothing", ours, f"{len(sweep(rule())):,} end states", goal=goal)
        yield Measured("  against NumPy", ours, "", f"{TRIALS:,} trials, NumPy", slow)
        yield Measured("  against compiled", ours, "", f"{TRIALS:,} trials, compiled", fast)


def crm_design(size: int = 36, cohort: int = 3) -> Rule:
    return crm(skeleton(0.05, 0.3, 3, 6), 0.3, cohort=cohort) & no_skipping() & at_most(size)


def crm_truth() -> Iterator[Measured]:
    ours, slow = least_of_each(exact(crm_design, P6), lambda: simulate(crm_design(), P6, TRIALS, 1), runs=3)
    states = f"{len(sweep(crm_design())):,} end states"
    yield Measured("CRM, 6 levels, N = 36 in threes: one truth from nothing", ours, states, goal=0.3)
    yield Measured("  against NumPy", ours, "", f"{TRIALS:,} trials, NumPy (posterior by quadrature)", slow)


def batches() -> Iterator[Measured]:
    """Many truths of one design."""
    rng = np.random.default_rng(1)
    one_trial = least(partial(compiled_boin, P3, boin_table(0.3, 18).cells, 0.3, 18, TRIALS, 1), 3) / TRIALS
    million = np.sort(rng.random((1_000_000, 3)), axis=1)
    small = sweep(boin(3, 0.3, up_to=18) & at_most(18))
    seconds = least(lambda: small.under(million), 2)
    yield Measured("BOIN, 3 levels, N = 18", seconds, "1,000,000 truths", goal=1.0)
    yield Measured(
        "  against compiled", seconds, "", "as many × 10,000 trials, compiled (by proportion)", one_trial * 1e10
    )
    thousands = np.sort(rng.random((5_000, 6)), axis=1)
    large = sweep(boin(6, 0.3, up_to=36) & at_most(36))
    one_trial = least(partial(compiled_boin, P6, boin_table(0.3, 36).cells, 0.3, 36, TRIALS, 1), 3) / TRIALS
    seconds = least(lambda: large.under(thousands), 2) / len(thousands)
    yield Measured("BOIN, 6 levels, N = 36", seconds, "one of 5,000 truths", goal=120e-6)
    yield Measured("  against compiled", seconds, "", f"{TRIALS:,} trials, compiled", one_trial * TRIALS)


def curve() -> Iterator[Measured]:
    """Cost grows with reachable states, not with trials: the sweep over ever larger designs, from nothing."""
    for levels, size in ((2, 12), (3, 18), (4, 24), (5, 30), (6, 36), (6, 45)):
        truth = np.linspace(0.05, 0.6, levels)
        rule = boin(levels, 0.3, up_to=size) & at_most(size)
        cells = boin_table(0.3, size).cells
        ours, fast = least_of_each(
            exact(lambda rule=rule: rule, truth), partial(compiled_boin, truth, cells, 0.3, size, TRIALS, 1), runs=3
        )
        states = len(sweep(rule))
        of = f"{states:,} end states, {ours / states * 1e6:.2f} µs each"
        yield Measured(f"BOIN, {levels} levels, N = {size}", ours, of, f"{TRIALS:,} trials, compiled", fast)


def largest() -> Iterator[Measured]:
    start = time.perf_counter()
    states = len(sweep(boin(6, 0.3, up_to=60) & at_most(60)))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Measured("BOIN, 6 levels, N = 60", seconds, f"{states:,} end states, peak {peak:,.0f} MB in all", goal=6.0)


def bedside() -> Iterator[Measured]:
    rule = three_plus_three(3, "V2") & at_most(18)
    yield Measured("next dose from a notation", least(lambda: next_dose(rule, "1NNN 2NNT"), 5, 50), "one decision")
    yield Measured(
        "outlook of two steps with forecast", least(lambda: outlook(rule, "1NNN 2NNT", P3), 5, 5), "one outlook"
    )


def main() -> Iterator[Measured]:
    yield from single_truths()
    yield from crm_truth()
    yield from batches()
    yield from curve()
    if "--no-largest" not in sys.argv:
        yield from largest()
    yield from bedside()


if __name__ == "__main__":
    from benchmarks.run import print_table

    print_table("escalation", main())
