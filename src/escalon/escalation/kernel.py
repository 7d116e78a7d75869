"""The compiled form of `Ensemble`'s sums, used for large batches when the `fast` extra (Numba) is installed.

The same sums in the same order of states as the NumPy form; compiled once and cached on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from escalon.escalation.ensemble import Plan

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def is_available() -> bool:
    """True if the compiled kernel can be used."""
    return find_spec("numba") is not None


@lru_cache(maxsize=1)
def compiled() -> Callable[..., None]:
    """The kernel, compiled on first use and cached beside this file (or in the user's cache folder)."""
    import numba

    kernel: Callable[..., None] = numba.njit(cache=True)(_sums)
    return kernel


def _sums(
    factors: Floats,
    parent: Indices,
    factor: Indices,
    lower: Indices,
    upper: Indices,
    weights: Floats,
    outer: Floats,
    group: Indices,
    sums: Floats,
) -> None:  # pragma: no cover - compiled
    """Add weights times likelihoods to the sums of each group: factors [F, B], weights [S, K], sums [G, K + O, B].

    States come in runs that share their group and their lower half, whose product is multiplied in once a run;
    `outer` [S, O] are further weights, constant in a run, on the first of `weights`. Truths go through in blocks that
    keep every product in the cache; the innermost loops, over the truths of a block, become vector instructions.
    """
    kinds, outers, states = weights.shape[1], outer.shape[1], len(lower)
    product = np.empty((len(parent), 128))
    run = np.zeros((kinds, 128))
    for first in range(0, factors.shape[1], 128):
        truths = min(128, factors.shape[1] - first)
        for node in range(len(parent)):
            here, chosen = product[node], factors[factor[node], first : first + truths]
            if parent[node] < 0:
                for truth in range(truths):
                    here[truth] = chosen[truth]
            else:
                before = product[parent[node]]
                for truth in range(truths):
                    here[truth] = chosen[truth] * before[truth]
        for state in range(states):
            up = product[upper[state]]
            for kind in range(kinds):
                weight, part = weights[state, kind], run[kind]
                for truth in range(truths):
                    part[truth] += weight * up[truth]
            last = state + 1 == states
            if last or lower[state + 1] != lower[state] or group[state + 1] != group[state]:
                low = product[lower[state]]
                for truth in range(truths):
                    run[0, truth] *= low[truth]
                for other in range(outers):
                    weight, total = outer[state, other], sums[group[state], kinds + other, first : first + truths]
                    for truth in range(truths):
                        total[truth] += weight * run[0, truth]
                for kind in range(kinds):
                    part, total = run[kind], sums[group[state], kind, first : first + truths]
                    if kind > 0:
                        for truth in range(truths):
                            part[truth] *= low[truth]
                    for truth in range(truths):
                        total[truth] += part[truth]
                        part[truth] = 0.0


def grouped_sums(plan: Plan, factors: list[Floats], weights: Floats, outer: Floats) -> Floats:
    """Sums of weights [S, K] and outer ones [S, O] (in the plan's order) per group: [B, G, K + O]."""
    truths = factors[0].shape[1]
    offsets = np.cumsum([1, *(len(one) for one in factors)])  # factor 0 is 1, for a half without levels
    parents, chosen, starts, nodes = [np.array([-1])], [np.array([0])], [], 1
    for half in (plan.lower, plan.upper):
        before = 0
        for level, earlier, factor in half.steps:
            parents.append(earlier + before)
            chosen.append(factor + offsets[level])
            before, nodes = nodes, nodes + len(earlier)
        starts.append(before)
    sums = np.zeros((plan.groups, weights.shape[1] + outer.shape[1], truths))
    compiled()(
        np.concatenate([np.ones((1, truths)), *factors]),
        np.concatenate(parents),
        np.concatenate(chosen),
        plan.lower_of + starts[0],
        plan.upper_of + starts[1],
        np.ascontiguousarray(weights),
        np.ascontiguousarray(outer),
        plan.group_of,
        sums,
    )
    return sums.transpose(2, 0, 1)
