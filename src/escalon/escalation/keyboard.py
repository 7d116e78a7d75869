"""The Keyboard design and mTPI-2: which interval ("key") of DLT risk is most likely, given the data?

Yan, Mandrekar & Yuan 2017, doi:10.1158/1078-0432.CCR-17-0220; Guo et al. 2017, doi:10.1016/j.cct.2017.04.006. The
target key is target +- margin; keys of the same width cover the rest of (0, 1), an incomplete one at either end is
left out. With a uniform prior, the key of largest posterior mass decides: below the target key escalate, above it
de-escalate. Both designs decide alike; they differ in when elimination may begin.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from escalon.escalation.decision_table import Advice, DecisionTable, TableWalk
from escalon.escalation.errors import EscalationError
from escalon.escalation.exact_beta import Number, as_decimal, as_fraction, fewest_dlts_above, lower_tails, upper_tail

CLOSE = 1e-9  # two masses nearer than this (relative) are compared again in exact fractions


def keys(target: Number, margin: Number) -> tuple[list[Fraction], int]:
    """The edges of the keys in ascending order, and the index of the target key."""
    phi, half = as_fraction(target), as_fraction(margin)
    if not (half > 0 and phi - half > 0 and phi + half < 1):
        raise EscalationError(f"Keyboard needs 0 < target - margin and target + margin < 1, got {target} and {margin}")
    low, width = phi - half, 2 * half
    below = int(low / width)
    above = int((1 - phi - half) / width)
    return [low + (k - below) * width for k in range(below + above + 2)], below


def keyboard_table(
    target: Number, up_to: int, *, margin: Number = "0.05", cutoff: Number = "0.95", eliminate_from: int = 1
) -> DecisionTable:
    """The decision table for n = 1..up_to."""
    edges, target_key = keys(target, margin)
    tails = np.stack([lower_tails(up_to, float(edge)) for edge in edges])
    mass = np.diff(tails, axis=0)
    phi, limit = as_fraction(target), as_fraction(cutoff)
    too_many = [fewest_dlts_above(n, phi, limit) if n >= eliminate_from else n + 1 for n in range(up_to + 1)]

    def decide(n: int, t: int) -> Advice:
        if t >= too_many[n]:
            return Advice.ELIMINATE
        strongest = _strongest(mass[:, n, t], n, t, edges)
        return Advice(int(np.sign(target_key - strongest)))

    return DecisionTable.tabulate(decide, up_to)


def _strongest(mass: np.ndarray, n: int, t: int, edges: list[Fraction]) -> int:
    """The key of largest mass; of equals, the highest, which is the more cautious."""
    rivals = np.flatnonzero(mass >= mass.max() * (1 - CLOSE))
    if len(rivals) == 1:
        return int(rivals[0])
    exact = {int(key): upper_tail(n, t, edges[key]) - upper_tail(n, t, edges[key + 1]) for key in rivals}
    return max(exact, key=lambda key: (exact[key], key))


def keyboard(
    levels: int, target: Number, *, margin: Number = "0.05", up_to: int = 36, cutoff: Number = "0.95",
    eliminate_from: int = 1, name: str = "Keyboard", **walk: int,
) -> TableWalk:  # fmt: skip
    """The Keyboard design; combine with `at_most(n)` for the sample size. `walk`: cohort, start and lowest."""
    phi = float(as_fraction(target))
    says = (
        f"The risk scale is cut into intervals as wide as {phi:g} ± {float(as_fraction(margin)):g}. Escalate if "
        "the most probable interval lies below the target interval, de-escalate if above, stay if it is the target "
        f"interval. A level is closed when the probability that its risk exceeds {phi:g} is above {as_decimal(cutoff)}."
    )
    table = keyboard_table(target, up_to, margin=margin, cutoff=cutoff, eliminate_from=eliminate_from)
    return TableWalk(f"{name} {phi:g}", levels, table, phi, says=(says,), **walk)


def mtpi2(levels: int, target: Number, **settings: Any) -> TableWalk:
    """mTPI-2: the Keyboard decisions, elimination from three evaluable on."""
    return keyboard(levels, target, **{"eliminate_from": 3, "name": "mTPI-2", **settings})
