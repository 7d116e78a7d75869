"""Exact confidence limits of a proportion (Clopper–Pearson), from the binomial tail itself.

Source: Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import exp, lgamma, log, log1p

_STEPS = 200  # halvings: the bracket becomes narrower than a double can tell


@dataclass(frozen=True, slots=True)
class Proportion:
    """Participants with an event among those observed, with the exact limits."""

    events: int
    of: int
    low: float | None
    high: float | None

    @property
    def percent(self) -> Fraction | None:
        """The percentage; `None` where nobody was observed."""
        return Fraction(100 * self.events, self.of) if self.of else None


def clopper_pearson(events: int, of: int, confidence: Fraction | float = 0.95) -> Proportion:
    """The exact two-sided limits of `events` among `of`; no limits where nobody was observed.

    >>> round(clopper_pearson(0, 6).high, 3)
    0.459
    """
    if not 0 <= events <= of:
        raise ValueError(f"{events} of {of}: the number with an event must lie between 0 and the number observed")
    if of == 0:
        return Proportion(0, 0, None, None)
    tail = (1 - float(confidence)) / 2
    low = 0.0 if events == 0 else _solve(lambda p: sum(_exactly(k, of, p) for k in range(events, of + 1)), tail)
    high = 1.0 if events == of else _solve(lambda p: 1 - sum(_exactly(k, of, p) for k in range(events + 1)), 1 - tail)
    return Proportion(events, of, low, high)


def _exactly(events: int, of: int, p: float) -> float:
    ways = lgamma(of + 1) - lgamma(events + 1) - lgamma(of - events + 1)
    return exp(ways + events * log(p) + (of - events) * log1p(-p))


def _solve(rising: Callable[[float], float], target: float) -> float:
    """Where a function that rises in p reaches the target."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if rising(middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2
