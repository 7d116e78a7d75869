"""The terminal slope and half-life: a straight line through the last points of the logarithm of the level."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from escalon.kinetics.area import Point

# The larger number of points is preferred when its adjusted R² is this close to the best: spec cell-therapy CT-7.4,
# the default of PKNCA (Denney 2015, doi:10.1007/s10928-015-9432-2).
_AS_GOOD = 0.0001


@dataclass(frozen=True, slots=True)
class Decline:
    """An exponential decline fitted to the last `points` quantified samples after the peak."""

    rate: float
    intercept: float
    adjusted_r_squared: float
    points: int
    first: float
    last: float

    @property
    def half_life(self) -> float:
        """Time in which the level halves."""
        return log(2) / self.rate

    @property
    def span(self) -> float:
        """How many half-lives the fitted points cover."""
        return (self.last - self.first) / self.half_life

    def level(self, time: float) -> float:
        """The fitted level at a time."""
        return exp(self.intercept - self.rate * time)


def terminal_decline(points: Sequence[Point]) -> Decline | None:
    """The decline over the last n >= 3 of the points, n chosen by adjusted R²; `None` without a terminal decline.

    `points` are the quantified samples strictly after the peak. Among all n the highest adjusted R² wins, the larger n
    if within 0.0001 of it; when the winner rises or is flat there is no half-life.
    """
    fits = [fit for n in range(3, len(points) + 1) if (fit := _fit(points[-n:])) is not None]
    if not fits:
        return None
    best = max(fit.adjusted_r_squared for fit in fits)
    chosen = [fit for fit in fits if fit.adjusted_r_squared >= best - _AS_GOOD][-1]
    return chosen if chosen.rate > 0 else None


def _fit(points: Sequence[Point]) -> Decline | None:
    """Least squares of ln C on t; `None` when the level does not change at all, where R² has no meaning."""
    n = len(points)
    times, logs = [t for t, _ in points], [log(c) for _, c in points]
    t_mean, y_mean = sum(times) / n, sum(logs) / n
    stt = sum((t - t_mean) ** 2 for t in times)
    sty = sum((t - t_mean) * (y - y_mean) for t, y in zip(times, logs, strict=True))
    syy = sum((y - y_mean) ** 2 for y in logs)
    if syy < 1e-24 * n:
        return None
    slope = sty / stt
    r_squared = sty * sty / (stt * syy)
    adjusted = 1 - (1 - r_squared) * (n - 1) / (n - 2)
    return Decline(-slope, y_mean - slope * t_mean, adjusted, n, times[0], times[-1])
