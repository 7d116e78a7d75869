"""BOIN, the Bayesian optimal interval design.

Liu & Yuan 2015, doi:10.1111/rssc.12089: escalate if the observed DLT rate at the current level is at most lambda_e,
de-escalate if it is at least lambda_d; eliminate a level and those above when P(risk > target) > .95 with three or
more evaluable. Boundaries agree with `BOIN::get.boundary`.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from escalon.escalation.decision_table import DecisionTable, TableWalk
from escalon.escalation.errors import EscalationError
from escalon.escalation.exact_beta import Number, as_decimal, as_fraction, fewest_dlts_above

DIGITS = Context(prec=40)  # the boundaries are irrational; 40 digits settle every comparison t <= n * lambda

ELIMINATE_FROM = 3  # evaluable at a level before it may be eliminated (Liu & Yuan 2015)


@lru_cache
def boundary_rates(target: Number, low: Number | None = None, high: Number | None = None) -> tuple[Decimal, Decimal]:
    """(lambda_e, lambda_d) for a target; `low` and `high` default to .6 and 1.4 times the target.

    >>> [round(float(rate), 6) for rate in boundary_rates(0.3)]
    [0.236491, 0.358519]
    """
    phi = as_fraction(target)
    phi1 = phi * Fraction(6, 10) if low is None else as_fraction(low)
    phi2 = phi * Fraction(14, 10) if high is None else as_fraction(high)
    if not 0 < phi1 < phi < phi2 < 1:
        raise EscalationError(
            f"BOIN needs 0 < low < target < high < 1, got low {float(phi1):g}, target {float(phi):g}, high {float(phi2):g}"
        )
    return _between(phi1, phi), _between(phi, phi2)


def _between(low: Fraction, high: Fraction) -> Decimal:
    """The rate at which risks `low` and `high` are equally likely."""
    failures = _log((1 - low) / (1 - high))
    return DIGITS.divide(failures, DIGITS.add(failures, _log(high / low)))


def _log(ratio: Fraction) -> Decimal:
    return DIGITS.divide(Decimal(ratio.numerator), Decimal(ratio.denominator)).ln(DIGITS)


def boin_table(
    target: Number,
    up_to: int,
    *,
    cutoff: Number = "0.95",
    low: Number | None = None,
    high: Number | None = None,
) -> DecisionTable:
    """BOIN's decision table for n = 1..up_to."""
    escalate_at, de_escalate_at = boundary_rates(target, low, high)
    phi, limit, counts = as_fraction(target), as_fraction(cutoff), range(1, up_to + 1)
    return DecisionTable.from_boundaries(
        escalate=[floor(n * escalate_at) for n in counts],
        de_escalate=[ceil(n * de_escalate_at) for n in counts],
        eliminate=[fewest_dlts_above(n, phi, limit) if n >= ELIMINATE_FROM else n + 1 for n in counts],
    )


def boin(
    levels: int, target: Number, *, up_to: int = 60, cutoff: Number = "0.95",
    low: Number | None = None, high: Number | None = None, **walk: int,
) -> TableWalk:  # fmt: skip
    """BOIN over `levels` levels for a target DLT risk; combine with `at_most(n)` for the sample size.

    `up_to` is the largest number at one level the table covers; `walk` are the cohort, start and lowest of the `TableWalk`.
    """
    rates, phi = boundary_rates(target, low, high), float(as_fraction(target))
    says = (
        f"Escalate if the observed DLT rate at the current level is at most {float(rates[0]):.4f}, de-escalate "
        f"if it is at least {float(rates[1]):.4f}, otherwise stay. With three or more evaluable, a level is "
        f"closed when the probability that its risk exceeds {phi:g} is above {as_decimal(cutoff)}."
    )
    table = boin_table(target, up_to, cutoff=cutoff, low=low, high=high)
    return TableWalk(f"BOIN {phi:g}", levels, table, phi, says=(says,), **walk)
