"""Beta posteriors after a uniform prior, exactly: tails of a binomial with a rational risk, in integers.

P(risk > x | t of n) for risk ~ Beta(1, 1) is the probability of at most t successes in n + 1 trials of risk x.
Decisions compare it with a cut-off such as .95; done in integers the comparison cannot be wrong at the edge.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Number = float | str | Fraction


def as_fraction(value: Number) -> Fraction:
    """The decimal number a person wrote: 0.3 is three tenths, not the nearest binary fraction."""
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def as_decimal(value: Number) -> str:
    """A number as a protocol prints it: 0.95."""
    return f"{float(as_fraction(value)):g}"


def upper_tail(n: int, t: int, x: Fraction) -> Fraction:
    """P(risk > x) after t DLTs of n, exactly.

    >>> upper_tail(3, 2, Fraction(1, 4))
    Fraction(243, 256)
    """
    p, q = x.numerator, x.denominator - x.numerator
    return Fraction(sum(comb(n + 1, k) * p**k * q ** (n + 1 - k) for k in range(t + 1)), x.denominator ** (n + 1))


@lru_cache(maxsize=4096)
def fewest_dlts_above(n: int, x: Fraction, cutoff: Fraction) -> int:
    """The fewest DLTs of n for which P(risk > x) exceeds the cut-off; n + 1 if none does."""
    p, q, total = x.numerator, x.denominator - x.numerator, 0
    limit = cutoff * x.denominator ** (n + 1)
    bound = limit.numerator // limit.denominator  # total is an integer, so total > limit is total > floor(limit)
    powers_p, powers_q = 1, q ** (n + 1)
    for t in range(n + 1):
        total += comb(n + 1, t) * powers_p * powers_q
        if total > bound:
            return t
        powers_p, powers_q = powers_p * p, powers_q // q if q else 0
    return n + 1


def lower_tails(up_to: int, x: float) -> NDArray[np.float64]:
    """P(risk <= x | t of n) in floating point for n, t = 0..up_to, [n, t]: the quick companion of `upper_tail`."""
    import numpy as np

    tails = np.zeros((up_to + 1, up_to + 1))
    for n in range(up_to + 1):
        k = np.arange(n + 2)
        mass = np.array([float(comb(n + 1, int(j))) for j in k]) * x**k * (1 - x) ** (n + 1 - k)
        tails[n, : n + 1] = mass[::-1].cumsum()[::-1][1:]
    return tails
