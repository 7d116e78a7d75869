"""The compiled form of `Ensemble`'s sums, used for large batches when the `fast` extra (Numba) is installed.

The same sums in the same order of states as the NumPy form; compiled once and cached on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from escalon.escalation.ensemble import Plan

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


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
    lower: Indices,
    upper: Indices,
    weights: Floats,
    outer: Floats,
    group: Indices,
    sums: Floats,
) -> None:  # pragma: no cover - compiled
    """Add weights times likelihoods to the sums of each group: risks [D, B], weights [S, K], sums [G, K + O, B].

    A factor f is p^t (1-p)^k at one level, `pairs[f]` = (level, t, k); a node is a factor times its parent node.
    A state is `lower` (a factor and its parent node) times `upper` (a node). States come in runs that share group and
    lower half, which is multiplied in once a run; `outer` [S, O] are further weights, constant in a run, on the first
    of `weights`. Truths go through in blocks that keep every product in the cache; the innermost loops, over the
    truths of a block, become vector instructions.
    """
    kinds, outers, states, levels = weights.shape[1], outer.shape[1], len(lower), len(risks)
    most = max(pairs[:, 1].max(), pairs[:, 2].max()) + 1
    powers = np.ones((levels, 2, most, 64))
    value = np.empty((len(pairs), 64))
    product = np.empty((len(parent), 64))
    run, low = np.zeros((kinds, 64)), np.empty(64)
    for first in range(0, risks.shape[1], 64):
        truths = min(64, risks.shape[1] - first)
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
        for node in range(len(parent)):
            here, chosen, before = product[node], value[factor[node]], product[parent[node]]
            if node == 0:
                for truth in range(truths):
                    here[truth] = 1.0
            else:
                for truth in range(truths):
                    here[truth] = chosen[truth] * before[truth]
        for state in range(states):
            up = product[upper[state]]
            for kind in range(kinds):
                weight, part = weights[state, kind], run[kind]
                for truth in range(truths):
                    part[truth] += weight * up[truth]
            same = state + 1 < states and group[state + 1] == group[state]
            if same and lower[state + 1, 0] == lower[state, 0] and lower[state + 1, 1] == lower[state, 1]:
                continue
            chosen, before = value[lower[state, 0]], product[lower[state, 1]]
            for truth in range(truths):
                low[truth] = chosen[truth] * before[truth]
            for kind in range(kinds):
                part, total = run[kind], sums[group[state], kind, first : first + truths]
                for truth in range(truths):
                    part[truth] *= low[truth]
                    total[truth] += part[truth]
            for other in range(outers):
                weight, part = outer[state, other], run[0]
                total = sums[group[state], kinds + other, first : first + truths]
                for truth in range(truths):
                    total[truth] += weight * part[truth]
            for kind in range(kinds):
                part = run[kind]
                for truth in range(truths):
                    part[truth] = 0.0


def grouped_sums(plan: Plan, pairs: list[Indices], risks: Floats, weights: Floats, outer: Floats) -> Floats:
    """Sums of weights [S, K] and outer ones [S, O] (in the plan's order) per group, for risks [B, D]: [B, G, K + O]."""
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
    sums = np.zeros((plan.groups, weights.shape[1] + outer.shape[1], len(risks)))
    compiled()(
        np.ascontiguousarray(risks.T),
        np.concatenate(factors),
        np.concatenate(parents),
        np.concatenate(chosen),
        np.stack([lower.factor[plan.lower_of], lower.parent[plan.lower_of]], axis=1),
        plan.upper_of + upper.first,
        np.ascontiguousarray(weights),
        np.ascontiguousarray(outer),
        plan.group_of,
        sums,
    )
    return sums.transpose(2, 0, 1)


@dataclass(frozen=True)
class Indexed:
    """The nodes of the last step of a half: factor and parent of each, and the number of the first."""

    factor: Indices
    parent: Indices
    first: int
