"""Assumed true DLT risks by level: checked, and named when they are unusual."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalon.escalation.errors import EscalationError

Floats = NDArray[np.float64]


def checked_truths(truths: ArrayLike, levels: int) -> Floats:
    """One truth [D] or many [B, D] as floats; refuse risks outside [0, 1] and the wrong number of levels."""
    risks = np.asarray(truths, dtype=np.float64)
    if risks.ndim not in (1, 2) or risks.shape[-1] != levels:
        raise EscalationError(
            f"A truth needs one DLT risk per level: {levels} numbers for this design, got shape {risks.shape}"
        )
    wrong = ~((risks >= 0) & (risks <= 1))
    if wrong.any():
        where = tuple(int(index[0]) for index in np.nonzero(wrong))
        raise EscalationError(
            f"DLT risk {risks[where]:g} at level {where[-1] + 1} is outside 0 to 1. Write probabilities: 0.05, 0.15, 0.30"
        )
    return risks


def check_target(target: float) -> None:
    """Refuse a target that is no DLT risk."""
    if not 0 < target < 1:
        raise EscalationError(f"A target DLT risk of {target:g}: write a probability between 0 and 1, for example 0.25")


def is_monotone(truth: Sequence[float] | Floats) -> bool:
    """True if the risk never falls from one level to the next."""
    return bool(np.all(np.diff(np.asarray(truth, dtype=np.float64)) >= 0))


def true_mtd(truth: Sequence[float] | Floats, target: float) -> int:
    """The level whose true risk is closest to the target; the lower of two equally close, 0 if there is no level."""
    gaps = [abs(Fraction(str(risk)) - Fraction(str(target))) for risk in np.asarray(truth, dtype=np.float64).tolist()]
    return gaps.index(min(gaps)) + 1 if gaps else 0
