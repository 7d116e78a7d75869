"""How many are enrolled, and how long it takes, on top of the exact law of evaluable participants.

A participant who is not evaluable is replaced, so with n_j evaluable at level j the number enrolled there in vain is
negative binomial; "up to 18" is a limit on enrolment, and replacements can break it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalon.escalation.characteristics import Laws
from escalon.escalation.ensemble import Ensemble
from escalon.escalation.errors import EscalationError
from escalon.escalation.estimates import Estimates
from escalon.escalation.scenario import Scenario
from escalon.escalation.truth import checked_truths

Floats = NDArray[np.float64]

LONGEST = 36_525.0  # days: a century
LONGEST_TAIL = 1e-12  # probability of still more enrolments that may be left out


def enrolment_law(ensemble: Ensemble, scenario: Scenario) -> Laws:
    """The exact law of the number enrolled, evaluable or not, when each who is not evaluable is replaced."""
    evaluable = scenario.evaluable
    vectors, which = np.unique(ensemble.n, axis=0, return_inverse=True)
    weight = np.bincount(which.ravel(), weights=ensemble.probability(scenario.seen))
    most = int(vectors.sum(axis=1).max())
    reach = most + _tail(most, float(evaluable.min()))
    in_vain = [[_negative_binomial(n, chance, reach) for n in range(int(vectors.max()) + 1)] for chance in evaluable]
    law = np.zeros(reach + 1)
    for vector, probability in zip(vectors.tolist(), weight.tolist(), strict=True):
        extra = np.ones(1)
        for level, n in enumerate(vector):
            if n:
                extra = np.convolve(extra, in_vain[level][n])[: reach + 1]
        total = sum(vector)
        law[total:] += (
            probability * extra[: reach + 1 - total]
            if len(extra) > reach - total
            else probability * np.pad(extra, (0, reach + 1 - total - len(extra)))
        )
    values = np.flatnonzero(law > 0)
    return Laws(values, Estimates(law[values]))


def _negative_binomial(successes: int, chance: float, up_to: int) -> Floats:
    """P(k failures before this many successes), k = 0..up_to."""
    k = np.arange(up_to + 1)
    ways = np.array(
        [comb(successes + int(one) - 1, int(one)) if successes else float(one == 0) for one in k], dtype=np.float64
    )
    law: Floats = ways * chance**successes * (1 - chance) ** k
    return law


def _tail(successes: int, chance: float) -> int:
    """How many failures suffice to leave out less than `LONGEST_TAIL`."""
    if chance >= 1:
        return 0
    reach, missing, term = 0, 1 - chance**successes, chance**successes
    while missing > LONGEST_TAIL and reach < 10_000:
        reach += 1
        term *= (1 - chance) * (successes + reach - 1) / reach
        missing -= term
    return reach


@dataclass(frozen=True)
class Pace:
    """How fast a trial goes, in days: the DLT window, the time between participants, the review after a cohort."""

    window: float
    days_between: float = 0.0
    review: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.window < LONGEST and 0 <= self.days_between < LONGEST and 0 <= self.review < LONGEST):
            raise EscalationError("A pace needs a DLT window above 0 days, and no negative or endless times")


def duration_law(ensemble: Ensemble, truths: ArrayLike, pace: Pace) -> Laws:
    """The exact law of the duration in days, if participants come at even intervals and cohorts wait for the window."""
    risks = checked_truths(truths, ensemble.levels)
    treated = ensemble.size.astype(np.int64) - ensemble.start.evaluable
    cohorts = ensemble.cohorts.astype(np.int64)
    days = (treated - cohorts) * pace.days_between + cohorts * (pace.window + pace.review)
    values, which = np.unique(days, return_inverse=True)
    weights = (which[None, :] == np.arange(len(values))[:, None]).astype(np.float64)
    return Laws(values, Estimates(ensemble.expect(weights, risks)))
