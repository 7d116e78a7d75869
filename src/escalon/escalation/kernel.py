"""The compiled form of `Ensemble`'s sums, used for large batches when the `fast` extra (Numba) is installed.

The sums of the NumPy form, with runs of states that are alike taken together; compiled once and cached on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from escalon.escalation.runs import Runs

if TYPE_CHECKING:
    from escalon.escalation.ensemble import Plan

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

BLOCK = 64  # truths evaluated side by side


@lru_cache(maxsize=1)
def is_available() -> bool:
    """True if the compiled kernel can be used: Numba is installed and fits the NumPy beside it."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True


@lru_cache(maxsize=1)
def compiled() -> Callable[..., None]:
    """The kernel, compiled on first use and cached beside this file (or in the user's cache folder)."""
    import numba

    kernel: Callable[..., None]
    try:
        kernel = numba.njit(cache=True)(_sums)
    except RuntimeError:  # no folder to keep the cache in: compile once per process
        kernel = numba.njit()(_sums)
    return kernel


def _sums(
    risks: Floats,
    pairs: Indices,
    parent: Indices,
    factor: Indices,
    group: Indices,
    terms: Indices,
    upper: Indices,
    weights: Floats,
    runs: Indices,
    lower: Indices,
    outer: Floats,
    sums: Floats,
) -> None:  # pragma: no cover - compiled
    """Add weights times likelihoods to the sums of each group: risks [D, B], weights [T, K], sums [G, K + O, B].

    A factor f is p^t (1-p)^k at one level, `pairs[f]` = (level, t, k); a node is a factor times its parent node.
    What is summed is described at `Runs`: the terms of a sum, each weights times an `upper` node, times its runs, each
    a `lower` half (a factor and its parent node) times `outer` [R, 1 + O], the run's own factor and that factor times
    its further weights. Truths go through in blocks that keep every product in the cache; the innermost loops, over
    the truths of a block, become vector instructions.
    """
    kinds, outers, levels = weights.shape[1], outer.shape[1], len(risks)
    most = max(pairs[:, 1].max(), pairs[:, 2].max()) + 1
    powers = np.ones((levels, 2, most, BLOCK))
    value = np.empty((len(pairs), BLOCK))
    product = np.empty((len(parent), BLOCK))
    above, below, low = np.empty((kinds, BLOCK)), np.empty((outers, BLOCK)), np.empty(BLOCK)
    for first in range(0, risks.shape[1], BLOCK):
        truths = min(BLOCK, risks.shape[1] - first)
        for level in range(levels):
            for power in range(1, most):
                for truth in range(truths):
                    risk = risks[level, first + truth]
                    powers[level, 0, power, truth] = powers[level, 0, power - 1, truth] * risk
                    powers[level, 1, power, truth] = powers[level, 1, power - 1, truth] * (1 - risk)
        for one in range(len(pairs)):
            had, not_had = powers[pairs[one, 0], 0, pairs[one, 1]], powers[pairs[one, 0], 1, pairs[one, 2]]
            here = value[one]
            for truth in range(truths):
                here[truth] = had[truth] * not_had[truth]
        product[0] = 1.0
        for node in range(1, len(parent)):
            here, chosen, before = product[node], value[factor[node]], product[parent[node]]
            for truth in range(truths):
                here[truth] = chosen[truth] * before[truth]
        for one in range(len(group)):
            above[:] = 0.0
            for term in range(terms[one], terms[one + 1]):
                up = product[upper[term]]
                for kind in range(kinds):
                    weight, part = weights[term, kind], above[kind]
                    for truth in range(truths):
                        part[truth] += weight * up[truth]
            below[:] = 0.0
            for run in range(runs[one], runs[one + 1]):
                chosen, before = value[lower[run, 0]], product[lower[run, 1]]
                for truth in range(truths):
                    low[truth] = chosen[truth] * before[truth]
                for other in range(outers):
                    weight, part = outer[run, other], below[other]
                    for truth in range(truths):
                        part[truth] += weight * low[truth]
            for kind in range(kinds):
                part, total = above[kind], sums[group[one], kind, first : first + truths]
                for truth in range(truths):
                    total[truth] += part[truth] * below[0, truth]
            for other in range(1, outers):
                part, total = below[other], sums[group[one], kinds + other - 1, first : first + truths]
                for truth in range(truths):
                    total[truth] += part[truth] * above[0, truth]


def grouped_sums(
    plan: Plan, pairs: list[Indices], risks: Floats, ways: Floats, weights: Floats, outer: Floats
) -> Floats:
    """Sums of ways [S] times weights [S, K] and outer ones [S, O], states in the plan's order, per group: [G, K + O, B].

    For risks [B, D]; outer weights depend on the lower half alone and apply to the first of `weights`.
    """
    offsets = np.cumsum([1, *(len(one) for one in pairs)])  # factor 0 is p^0 (1-p)^0, for a half without levels
    factors = [np.zeros((1, 3), dtype=np.int64)]
    for level, one in enumerate(pairs):
        factors.append(np.stack([np.full(len(one), level), one[:, 1], one[:, 0] - one[:, 1]], axis=1))
    parents, chosen = [np.array([0])], [np.array([0])]  # node 0 is 1
    last = Indexed(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), 0)
    ends = []
    for half in (plan.lower, plan.upper):
        before, nodes = 0, sum(map(len, parents))
        end = last
        for level, earlier, factor in half.steps:
            end = Indexed(factor + offsets[level], earlier + before, nodes)
            parents.append(end.parent)
            chosen.append(end.factor)
            before, nodes = nodes, nodes + len(earlier)
        ends.append(end)
    lower, upper = ends
    runs = Runs.of(plan.group_of, plan.lower_of, plan.upper_of, ways, weights)
    sums = np.zeros((plan.groups, weights.shape[1] + outer.shape[1], len(risks)))
    compiled()(
        np.ascontiguousarray(risks.T),
        np.concatenate(factors),
        np.concatenate(parents),
        np.concatenate(chosen),
        runs.group_of,
        runs.terms,
        runs.upper_of + upper.first,
        runs.weights,
        runs.runs,
        np.stack([lower.factor[runs.lower_of], lower.parent[runs.lower_of]], axis=1),
        runs.factor[:, None] * np.column_stack([np.ones(len(runs.first)), outer[runs.first]]),
        sums,
    )
    return sums


@dataclass(frozen=True)
class Indexed:
    """The nodes of the last step of a half: factor and parent of each, and the number of the first."""

    factor: Indices
    parent: Indices
    first: int
