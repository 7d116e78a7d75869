"""Operating characteristics: what a design does under an assumed truth. One type, exact or simulated.

Columns follow the field (Liu & Yuan 2015; Wheeler 2019, doi:10.1186/s12874-018-0638-z):
`selection` P(no dose), P(MTD = 1), ...; `patients` and `dlts` expected numbers by level; `sizes` the law of the
number of evaluable participants. "Over-dosing" means treating at levels whose true risk is above the target.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalon.escalation.estimates import Estimates
from escalon.escalation.truth import is_monotone, true_mtd

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Laws:
    """The law of a number, for one truth [V] or many [B, V]: P(it is values[v])."""

    values: NDArray[Any]
    probability: Estimates

    def __getitem__(self, truth: int) -> Laws:
        return Laws(self.values, self.probability[truth])

    def mean(self) -> Floats:
        """The expected value."""
        expected: Floats = self.probability.value @ self.values.astype(np.float64)
        return expected

    def more_than(self, limit: float) -> Floats:
        """P(the number is greater than `limit`)."""
        above: Floats = self.probability.value[..., self.values > limit].sum(axis=-1)
        return above

    def items(self) -> list[tuple[float, Estimates]]:
        """(value, probability) pairs of one law."""
        return [(value, self.probability[..., at]) for at, value in enumerate(self.values.tolist())]


@dataclass(frozen=True, eq=False)
class Characteristics:
    """What a design does under one truth, or under each of many (index it to get one).

    `unsettled` is the probability that the trial ends (full) without the design naming or excluding an MTD.
    `trials` and `seed` are None when the numbers are exact.
    """

    design: str
    truth: Floats
    selection: Estimates
    unsettled: Estimates
    patients: Estimates
    dlts: Estimates
    sizes: Laws
    size_error: Floats | None = None
    dlt_error: Floats | None = None
    trials: int | None = None
    seed: int | None = None
    scenario: str | None = None
    days: Estimates | None = None

    def __getitem__(self, truth: int) -> Characteristics:
        return replace(
            self,
            truth=self.truth[truth],
            selection=self.selection[truth],
            unsettled=self.unsettled[truth],
            patients=self.patients[truth],
            dlts=self.dlts[truth],
            sizes=self.sizes[truth],
            size_error=None if self.size_error is None else np.asarray(self.size_error[truth]),
            dlt_error=None if self.dlt_error is None else np.asarray(self.dlt_error[truth]),
            days=None if self.days is None else self.days[truth],
        )

    def __len__(self) -> int:
        return len(self.truth) if self.truth.ndim == 2 else 1

    @property
    def method(self) -> str:
        """`exact`, or how many trials were simulated with which seed."""
        return "exact" if self.trials is None else f"simulated ({self.trials:,} trials, seed {self.seed})"

    @property
    def is_exact(self) -> bool:
        """True if no number here carries simulation error."""
        return self.trials is None

    @property
    def none(self) -> Estimates:
        """P(no level is found tolerable)."""
        return self.selection[..., 0]

    @property
    def size(self) -> Estimates:
        """The expected number of evaluable participants."""
        return Estimates.of(self.patients.value.sum(axis=-1), self.size_error)

    @property
    def total_dlts(self) -> Estimates:
        """The expected number of participants with a DLT, at any level."""
        return Estimates.of(self.dlts.value.sum(axis=-1), self.dlt_error)

    def selects_correctly(self, target: float) -> Estimates:
        """P(the level whose true risk is closest to the target is named MTD); one truth."""
        return self.selection[true_mtd(self.truth, target)]

    def selects_above(self, target: float) -> Estimates:
        """P(the MTD named has a true risk above the target); one truth."""
        return self._sum_of_disjoint(self.selection[1:], self.truth > target + TOLERANCE)

    def _sum_of_disjoint(self, parts: Estimates, among: NDArray[np.bool_]) -> Estimates:
        """The probability of any of several events that exclude each other."""
        value = float(parts.value[among].sum())
        if self.trials is None:
            return Estimates.of(value)
        return Estimates.of(value, np.sqrt(max(value * (1 - value), 0.0) / self.trials))

    def as_json(self) -> dict[str, Any]:
        """Plain data for scripts; every number with its standard error, null where exact."""
        return {
            "design": self.design,
            "scenario": self.scenario,
            "truth": self.truth.tolist(),
            "monotone": is_monotone(self.truth) if self.truth.ndim == 1 else [is_monotone(row) for row in self.truth],
            "method": self.method,
            "exact": self.is_exact,
            "trials": self.trials,
            "seed": self.seed,
            "selection": self.selection.as_json(),
            "unsettled": self.unsettled.as_json(),
            "patients": self.patients.as_json(),
            "dlts": self.dlts.as_json(),
            "size": self.size.as_json(),
            "total_dlts": self.total_dlts.as_json(),
            "sizes": {"values": self.sizes.values.tolist(), **self.sizes.probability.as_json()},
        }


TOLERANCE = 1e-12  # a true risk written equal to the target is not above it
