"""Which skeleton for the CRM? The one that finds the right level most often, averaged over many truths, exactly.

Lee & Cheung 2009, doi:10.1177/1740774509105076: a skeleton is given by the halfwidth of the indifference interval around
the target and by the level guessed to be the MTD; both are chosen by the average probability of a correct selection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalon.escalation.catalogue import parse_design
from escalon.escalation.crm import skeleton
from escalon.escalation.rule import Rule
from escalon.escalation.sweep import sweep
from escalon.escalation.truth import check_target, checked_truths, true_mtd

HALFWIDTHS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.10)


@dataclass(frozen=True)
class Calibrated:
    """One candidate: its skeleton, how often it names the level closest to the target, and how often one above the target."""

    halfwidth: float
    prior_mtd: int
    design: str
    correct: float
    least_correct: float
    """For the true MTD (by level) at which it does worst."""
    above: float

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "halfwidth": self.halfwidth,
            "prior_mtd": self.prior_mtd,
            "design": self.design,
            "p_correct": self.correct,
            "p_correct_at_worst_level": self.least_correct,
            "p_above_target": self.above,
        }


def calibrate(
    levels: int,
    target: float,
    size: int,
    truths: NDArray[np.float64],
    cohort: int = 3,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Calibrated, ...]:
    """Every candidate skeleton, the one that is right most often first; exact for every truth [B, levels]."""
    check_target(target)
    checked = np.atleast_2d(checked_truths(truths, levels))
    mtd = np.array([true_mtd(truth, target) for truth in checked])
    candidates = list(_candidates(levels, target))
    found = []
    for number, (halfwidth, prior_mtd) in enumerate(candidates, start=1):
        guesses = "/".join(f"{risk:.4g}" for risk in skeleton(halfwidth, target, prior_mtd, levels))
        text = f"crm target={target:g} skeleton={guesses} size={size} cohort={cohort}"
        rule = parse_design(text, levels)
        assert isinstance(rule, Rule)
        selection = sweep(rule).under(checked).selection.exact
        correct = selection[np.arange(len(mtd)), mtd]
        least = min(float(correct[mtd == level].mean()) for level in np.unique(mtd))
        above = (selection[:, 1:] * (checked > target)).sum(axis=1).mean()
        found.append(Calibrated(halfwidth, prior_mtd, text, float(correct.mean()), least, float(above)))
        if progress:
            progress(f"halfwidth {halfwidth:g}, prior MTD {prior_mtd}", number, len(candidates))
    return tuple(sorted(found, key=lambda one: -one.correct))


def _candidates(levels: int, target: float) -> Iterable[tuple[float, int]]:
    """Halfwidths that leave room on both sides of the target, for every level guessed to be the MTD."""
    for halfwidth in HALFWIDTHS:
        if halfwidth < target < 1 - halfwidth:
            for prior_mtd in range(1, levels + 1):
                yield halfwidth, prior_mtd
