"""Runs of end states that share a group and the lower half of the levels; runs alike are summed once for all.

Within a run the sum over states is `sum(weight * likelihood of the upper half)`. What can follow a lower half depends
on little of it, so many runs hold the same upper halves with proportional weights: one sum, and a factor for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

EXACT_INTEGERS = 2**53  # below this a float64 holds every integer, so `ways` are exact up to 52 participants


@dataclass(frozen=True)
class Runs:
    """Sums [C], each of one group, over terms weight [T, K] * upper half, and over runs [R] of factor * lower half.

    Terms and runs come in the order of the sums they belong to: those of sum c are `terms[c]` up to `terms[c + 1]`,
    and `runs[c]` up to `runs[c + 1]`.
    """

    group_of: Indices
    terms: Indices
    upper_of: Indices
    weights: Floats
    runs: Indices
    lower_of: Indices
    factor: Floats
    first: Indices  # the first state of each run

    @classmethod
    def of(cls, group_of: Indices, lower_of: Indices, upper_of: Indices, ways: Floats, weights: Floats) -> Runs:
        """Runs of states [S], sorted by group, lower and upper half, for weights [S, K] beside their `ways`."""
        new = (group_of[1:] != group_of[:-1]) | (lower_of[1:] != lower_of[:-1])
        starts = np.concatenate(([0], np.flatnonzero(new) + 1))
        ends = np.append(starts[1:], len(ways))
        shared = _common_divisors(ways, starts)
        scaled = weights * (ways / np.repeat(shared, ends - starts))[:, None]
        like = _first_alike(group_of[starts], starts, ends, upper_of, scaled)
        order = np.argsort(like, kind="stable")
        sums, runs = np.unique(like[order], return_index=True)
        states = np.concatenate([np.arange(starts[run], ends[run]) for run in sums])
        return cls(
            group_of=group_of[starts[sums]],
            terms=np.concatenate(([0], np.cumsum((ends - starts)[sums]))),
            upper_of=upper_of[states],
            weights=np.ascontiguousarray(scaled[states]),
            runs=np.append(runs, len(order)),
            lower_of=lower_of[starts[order]],
            factor=shared[order],
            first=starts[order],
        )


def _common_divisors(ways: Floats, starts: Indices) -> Floats:
    """The greatest common divisor of the ways of each run; 1 where they are too many to be held exactly."""
    if ways.max() >= EXACT_INTEGERS:
        return np.ones(len(starts))
    divisors: Floats = np.gcd.reduceat(ways.astype(np.int64), starts).astype(np.float64)
    return divisors


def _first_alike(group_of: Indices, starts: Indices, ends: Indices, upper_of: Indices, scaled: Floats) -> Indices:
    """For each run the first one of its group with the same upper halves and the same scaled weights, bit for bit."""
    table = np.column_stack([upper_of.astype(np.float64), scaled])
    content, width = table.tobytes(), table.strides[0]
    seen: dict[tuple[int, bytes], int] = {}
    runs = enumerate(zip(group_of.tolist(), (starts * width).tolist(), (ends * width).tolist(), strict=True))
    return np.array([seen.setdefault((group, content[begin:end]), run) for run, (group, begin, end) in runs])
