"""Every end state of a trial, and sums over them: exact operating characteristics for one truth or many.

The table never holds a risk. A characteristic is a weight per end state; its expectation under a truth p is
`sum(weight * ways * prod p^t (1-p)^(n-t))`. Risks of 0 and 1 are ordinary: powers are taken as products, so 0^0 is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalon.escalation.characteristics import TOLERANCE, Characteristics, Laws
from escalon.escalation.errors import EscalationError
from escalon.escalation.estimates import Estimates
from escalon.escalation.rule import Rule
from escalon.escalation.tally import Tally
from escalon.escalation.truth import checked_truths

Floats = NDArray[np.float64]
Small = NDArray[np.int16]

EXACT_INTEGERS = 2**53  # below this a float64 holds every integer, so `ways` are exact up to 52 participants
FEW_TRUTHS = 4
TRUTHS_AT_ONCE = 64  # with STATES_AT_ONCE, keeps a block in the cache
STATES_AT_ONCE = 384  # and a product below the size from which BLAS would start threads, which fight on busy machines


@dataclass(frozen=True, eq=False)
class Ensemble:
    """End states [S]: evaluable `n` and DLTs `t` [S, D], `ways` to get there, the `mtd` named (0 none, -1 unsettled).

    `why` indexes the rule's reasons; `cohorts` counts the cohorts treated from `start` on. Counts include those of
    the start; probabilities are given the start.
    """

    rule: Rule
    start: Tally
    n: Small
    t: Small
    ways: Floats
    mtd: Small
    why: Small
    cohorts: Small

    def __len__(self) -> int:
        return len(self.ways)

    @property
    def levels(self) -> int:
        """How many dose levels."""
        return int(self.n.shape[1])

    @cached_property
    def size(self) -> Small:
        """Evaluable participants at the end, per state."""
        total: Small = self.n.sum(axis=1, dtype=np.int16)
        return total

    def under(self, truths: ArrayLike) -> Characteristics:
        """The exact operating characteristics under one truth [D] or many [B, D]."""
        risks = checked_truths(truths, self.levels)
        many = np.atleast_2d(risks)
        labels, label_of = np.unique(self.mtd.astype(np.int64) + 1 + (self.levels + 2) * self.size, return_inverse=True)
        half = self.levels // 2
        weights = np.vstack([np.ones(len(self)), self.n.T[half:]])
        sums = self._sums(weights, self.n.T[:half].astype(np.float64), many, label_of)  # [labels, 1 + upper + lower, B]
        sizes, mtd = np.divmod(labels, self.levels + 2)
        values, size_of = np.unique(sizes, return_inverse=True)
        selection = _gathered(sums[:, 0], mtd, self.levels + 2)
        treated = sums[:, 1:].sum(axis=0)
        patients = np.roll(treated, half, axis=0).T  # the lower levels come last
        before_n, before_t = np.array(self.start.n), np.array(self.start.t)
        found = Characteristics(
            design=self.rule.name,
            truth=many,
            selection=Estimates(selection[:, 1:]),
            unsettled=Estimates(selection[:, 0]),
            patients=Estimates(patients),
            dlts=Estimates(before_t + many * (patients - before_n)),  # each new participant at j has risk p_j
            sizes=Laws(values, Estimates(_gathered(sums[:, 0], size_of, len(values)))),
        )
        return found[0] if risks.ndim == 1 else found

    def expect(self, weights: ArrayLike, truths: ArrayLike) -> Floats:
        """The expectation of weights [K, S] (or [S]) under truths [B, D] (or [D]): [B, K], [K], [B] or a number."""
        risks = checked_truths(truths, self.levels)
        weight = np.asarray(weights, dtype=np.float64)
        sums = self._sums(
            np.atleast_2d(weight), np.zeros((0, len(self))), np.atleast_2d(risks), np.zeros(len(self), dtype=np.int64)
        )
        shaped: Floats = sums[0].T.reshape(risks.shape[:-1] + weight.shape[:-1])
        return shaped

    def overdosing(
        self, truths: ArrayLike, target: float, share: Fraction, judged_by: ArrayLike | None = None
    ) -> Floats:
        """P(more than `share` of those treated are treated at levels whose true risk is above the target), per truth.

        `judged_by` are the true risks, where they differ from those the rule sees. Truths [B, D] (or [D]): [B] (or a number).
        """
        risks = checked_truths(truths, self.levels)
        many = np.atleast_2d(risks)
        judges = np.atleast_2d(risks if judged_by is None else checked_truths(judged_by, self.levels))
        patterns, which = np.unique(judges > target + TOLERANCE, axis=0, return_inverse=True)
        found = np.empty(len(many))
        for number, above in enumerate(patterns):
            treated = self.n[:, above].sum(axis=1, dtype=np.int64)
            too_many = treated * share.denominator > self.size * share.numerator
            here = which.ravel() == number
            found[here] = self.expect(too_many.astype(np.float64), many[here])
        return found if risks.ndim == 2 else found[0]

    def probability(self, truth: ArrayLike) -> Floats:
        """The probability of every end state under one truth."""
        risks = checked_truths(truth, self.levels)
        factors = self._factors(risks[:, None])
        likelihood = self.ways.copy()
        for (_, number), factor in zip(self._pairs, factors, strict=True):
            likelihood *= factor[number, 0]
        return likelihood

    def exactly(self, truth: Sequence[Fraction]) -> dict[int, Fraction]:
        """The probability of each MTD in rational arithmetic (0: none, -1: unsettled); the values add up to exactly 1."""
        if self.ways.sum() >= EXACT_INTEGERS:
            raise EscalationError(
                "More ways than a float64 counts exactly: rational arithmetic ends at 52 participants"
            )
        found: dict[int, Fraction] = {}
        powers = [[[risk**k for k in range(int(self.size.max()) + 1)] for risk in (p, 1 - p)] for p in truth]
        new_n, new_t = self.n - np.array(self.start.n), self.t - np.array(self.start.t)
        for n, t, ways, mtd in zip(new_n.tolist(), new_t.tolist(), self.ways.tolist(), self.mtd.tolist(), strict=True):
            likelihood = Fraction(int(ways))
            for (p, q), some, dlts in zip(powers, n, t, strict=True):
                likelihood *= p[dlts] * q[some - dlts]
            found[mtd] = found.get(mtd, Fraction(0)) + likelihood
        return found

    @cached_property
    def _pairs(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Per level: the distinct (new n, new t) [U, 2] and the number [S] of each state's pair among them."""
        found = []
        for level in range(self.levels):
            n = self.n[:, level].astype(np.int64) - self.start.n[level]
            t = self.t[:, level].astype(np.int64) - self.start.t[level]
            base = int(t.max(initial=0)) + 1
            present = np.flatnonzero(np.bincount(n * base + t))
            number = np.zeros(present[-1] + 1, dtype=np.int64)
            number[present] = np.arange(len(present))
            found.append((np.stack(np.divmod(present, base), axis=1), number[n * base + t]))
        return found

    def _factors(self, risks: Floats) -> list[Floats]:
        """p^t (1-p)^(n-t) per level, for every distinct pair [U] and every truth: risks [D, B] -> D arrays [U, B]."""
        found = []
        for (pairs, _), p in zip(self._pairs, risks, strict=True):
            most = int(pairs[:, 0].max()) + 1
            powers, risk = np.ones((2, most, len(p))), np.stack([p, 1 - p])
            for k in range(1, most):
                np.multiply(powers[:, k - 1], risk, out=powers[:, k])
            dlt, none = powers
            factor = dlt.take(pairs[:, 1], axis=0)
            factor *= none.take(pairs[:, 0] - pairs[:, 1], axis=0)
            found.append(factor)
        return found

    def _sums(self, weights: Floats, outer: Floats, risks: Floats, group_of: NDArray[np.int64]) -> Floats:
        """Sums over the states of each group, for truths [B, D]: of weights [K, S], then of outer [O, S]: [G, K + O, B].

        In blocks that fit the cache; states that share the lower (or the upper) half of the levels share its product.
        Outer weights depend on the lower half alone and apply to the first of `weights`.
        """
        if len(risks) <= FEW_TRUTHS:
            return self._plain_sums(weights, outer, risks, group_of)
        plan = self._plan(group_of)
        ways, weights, outer = self.ways[plan.order], weights[:, plan.order], outer[:, plan.order]
        sums = np.zeros((plan.groups, len(weights) + len(outer), len(risks)))
        together = np.vstack([weights, outer * weights[0]]) * ways
        at_once = TRUTHS_AT_ONCE if len(self) > STATES_AT_ONCE else 8 * TRUTHS_AT_ONCE
        for first in range(0, len(risks), at_once):
            truths = slice(first, first + at_once)
            factors = self._factors(np.ascontiguousarray(risks[truths].T))
            lower, upper = plan.lower.likelihood(factors), plan.upper.likelihood(factors)
            for group, states in plan.blocks:
                likelihood = lower.take(plan.lower_of[states], axis=0)
                likelihood *= upper.take(plan.upper_of[states], axis=0)
                sums[group, :, truths] += together[:, states] @ likelihood
        return sums

    def _plain_sums(self, weights: Floats, outer: Floats, risks: Floats, group_of: NDArray[np.int64]) -> Floats:
        """The same for a few truths, for which ordering the states would cost more than it saves."""
        groups, kinds = int(group_of.max()) + 1, [*weights, *(outer * weights[0])]
        sums = np.zeros((groups, len(kinds), len(risks)))
        for at, truth in enumerate(risks):
            probability = self.probability(truth)
            for kind, weight in enumerate(kinds):
                sums[:, kind, at] = np.bincount(group_of, weights=weight * probability, minlength=groups)
        return sums

    def _plan(self, group_of: NDArray[np.int64]) -> SummingPlan:
        """Order the states by group, then lower half, then upper half."""
        numbers = [number for _, number in self._pairs]
        half = self.levels // 2
        lower, lower_of = Shared.of(numbers, range(half))
        upper, upper_of = Shared.of(numbers, range(self.levels - 1, half - 1, -1))
        order = np.argsort((group_of * (lower_of.max() + 1) + lower_of) * (upper_of.max() + 1) + upper_of)
        ends = np.cumsum(np.bincount(group_of)).tolist()
        blocks = [
            (group, slice(first, min(first + STATES_AT_ONCE, end)))
            for group, (begin, end) in enumerate(pairwise([0, *ends]))
            for first in range(begin, end, STATES_AT_ONCE)
        ]
        return SummingPlan(order, lower, upper, lower_of[order], upper_of[order], len(ends), blocks)


def _gathered(sums: Floats, into: NDArray[np.int64], count: int) -> Floats:
    """Sums [G, B] added up into fewer, [B, count]; row by row, since BLAS would start threads for it."""
    gathered = np.zeros((count, sums.shape[1]))
    for row, at in zip(sums, into, strict=True):
        gathered[at] += row
    return gathered.T


@dataclass(frozen=True)
class Shared:
    """The distinct products over some levels, each one level's factor times a product over the levels before it."""

    steps: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]  # (level, which earlier product, which factor)

    @classmethod
    def of(cls, numbers: list[NDArray[np.int64]], levels: range) -> tuple[Shared, NDArray[np.int64]]:
        """The shared products over some levels, and which of them each state needs."""
        steps, product_of = [], np.zeros(len(numbers[0]), dtype=np.int64)
        for level in levels:
            base = int(numbers[level].max(initial=0)) + 1
            distinct, product_of = np.unique(product_of * base + numbers[level], return_inverse=True)
            steps.append((level, *np.divmod(distinct, base)))
        return cls(steps), product_of

    def likelihood(self, factors: list[Floats]) -> Floats:
        """Every distinct product [U, B]."""
        product = np.ones((1, factors[0].shape[1]))
        for at, (level, earlier, factor) in enumerate(self.steps):
            chosen = factors[level].take(factor, axis=0)
            if at:
                chosen *= product.take(earlier, axis=0)
            product = chosen
        return product


@dataclass(frozen=True)
class SummingPlan:
    """How to evaluate a table of states: an order, the shared products of each state, and blocks of one group each."""

    order: NDArray[np.int64]
    lower: Shared
    upper: Shared
    lower_of: NDArray[np.int64]
    upper_of: NDArray[np.int64]
    groups: int
    blocks: list[tuple[int, slice]]
