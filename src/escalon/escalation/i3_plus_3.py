"""i3+3: the interval 3+3.

Liu, Wang & Ji 2020, doi:10.1080/10543406.2019.1636811. With the equivalence interval [low, high]: escalate if t/n is
below it, stay if inside, and if above: stay when (t - 1)/n is below it (one DLT fewer would escalate: the data are
too few to tell), else de-escalate. Elimination as in BOIN. Compared in exact fractions.
"""

from __future__ import annotations

from fractions import Fraction

from escalon.escalation.decision_table import Advice, DecisionTable, TableWalk
from escalon.escalation.errors import EscalationError
from escalon.escalation.exact_beta import Number, as_decimal, as_fraction, fewest_dlts_above


def i3_plus_3_table(target: Number, up_to: int, *, margin: Number = "0.05", cutoff: Number = "0.95") -> DecisionTable:
    """The decision table for n = 1..up_to."""
    phi, half, limit = as_fraction(target), as_fraction(margin), as_fraction(cutoff)
    low, high = phi - half, phi + half
    if not 0 < low < high < 1:
        raise EscalationError(f"i3+3 needs 0 < target - margin and target + margin < 1, got {target} and {margin}")
    too_many = [fewest_dlts_above(n, phi, limit) if n >= 3 else n + 1 for n in range(up_to + 1)]

    def decide(n: int, t: int) -> Advice:
        if t >= too_many[n]:
            return Advice.ELIMINATE
        if Fraction(t, n) < low:
            return Advice.ESCALATE
        if Fraction(t, n) <= high or Fraction(t - 1, n) < low:
            return Advice.STAY
        return Advice.DE_ESCALATE

    return DecisionTable.tabulate(decide, up_to)


def i3_plus_3(
    levels: int, target: Number, *, margin: Number = "0.05", up_to: int = 36, cutoff: Number = "0.95", **walk: int
) -> TableWalk:
    """i3+3 over `levels` levels; combine with `at_most(n)` for the sample size. `walk`: cohort, start and lowest."""
    phi, half = as_fraction(target), as_fraction(margin)
    says = (
        f"Escalate if the observed DLT rate is below {float(phi - half):g}; stay if it is at most "
        f"{float(phi + half):g}; above that stay if one DLT fewer would give a rate below {float(phi - half):g}, "
        "otherwise de-escalate. A level is closed when the probability that its risk exceeds "
        f"{float(phi):g} is above {as_decimal(cutoff)}."
    )
    table = i3_plus_3_table(target, up_to, margin=margin, cutoff=cutoff)
    return TableWalk(f"i3+3 {float(phi):g}", levels, table, float(phi), says=(says,), **walk)
