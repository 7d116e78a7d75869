"""What values come to: exact where arithmetic is exact, and never more than the number of people allows.

Means, medians and their differences are fractions; a standard deviation is worked out to 30 digits from the exact variance.
Limits of a mean are those of Student's t, for five values or more; of a proportion Clopper and Pearson's. There are no p values.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

FEWEST_FOR_LIMITS = 5
"""Below five values the values themselves say more than limits of their mean."""
DIGITS = 30


def mean(values: Sequence[Fraction]) -> Fraction:
    """The arithmetic mean. Raises ZeroDivisionError for none."""
    return sum(values, Fraction(0)) / len(values)


def median(values: Sequence[Fraction]) -> Fraction:
    """The middle value, or the mean of the two middle ones."""
    order, half = sorted(values), len(values) // 2
    return order[half] if len(values) % 2 else (order[half - 1] + order[half]) / 2


def deviation(values: Sequence[Fraction]) -> Fraction | None:
    """The standard deviation of a sample (n − 1 below the line), to 30 digits; None for fewer than two."""
    if len(values) < 2:
        return None
    middle = mean(values)
    return root(sum(((value - middle) ** 2 for value in values), Fraction(0)) / (len(values) - 1))


def root(value: Fraction) -> Fraction:
    """The square root to 30 digits; exact where the root is a fraction with as few."""
    with localcontext(prec=2 * DIGITS):
        found = (Decimal(value.numerator) / Decimal(value.denominator)).sqrt()
    with localcontext(prec=DIGITS):
        return Fraction(+found)


def limits_of_mean(values: Sequence[Fraction]) -> tuple[Fraction, Fraction] | None:
    """The two-sided 95 % limits of a mean by Student's t; None below five values, where the values are shown instead."""
    spread = deviation(values)
    if spread is None or len(values) < FEWEST_FOR_LIMITS:
        return None
    from scipy.special import stdtrit

    quantile = Fraction(float(stdtrit(len(values) - 1, 0.975)))
    half = quantile * spread / root(Fraction(len(values)))
    return mean(values) - half, mean(values) + half
