"""From a value to a place on paper: linear, logarithmic, logarithmic above a limit, and a time whose first days are wider."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Protocol


class Scale(Protocol):
    """What gives a value its place, and ticks at round values."""

    def at(self, value: float) -> float:
        """The place of a value."""

    def ticks(self) -> list[float]:
        """Round values within the scale."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Equal steps take equal room."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value."""
        span = self.high - self.low
        return self.start if span == 0 else self.start + (value - self.low) / span * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values within the scale."""
        return round_ticks(self.low, self.high, most)


@dataclass(frozen=True, slots=True)
class Log:
    """Each power of ten takes equal room; both ends are above zero."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value."""
        low, high = log10(self.low), log10(self.high)
        return self.start if high == low else self.start + (log10(value) - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """The powers of ten within the scale, every second or third where there are many."""
        first, last = ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9)
        step = max(1, ceil((last - first + 1) / 6))
        return [10.0**power for power in range(first, last + 1, step)]


@dataclass(frozen=True, slots=True)
class SymLog:
    """Linear up to `limit`, logarithmic above, so that zero has a place."""

    limit: float
    high: float
    start: float
    end: float
    marks: tuple[float, ...] = ()

    def at(self, value: float) -> float:
        """The place of a value."""
        return self.start + self._part(value) / self._part(self.high) * (self.end - self.start)

    def _part(self, value: float) -> float:
        return value / self.limit if value <= self.limit else 1 + log10(value / self.limit)

    def ticks(self) -> list[float]:
        """Zero, the limit, what was asked for, powers of ten above, and twice or five times the last where that is drawn."""
        powers = [10.0**power for power in range(-3, 7) if self.limit < 10.0**power <= self.high]
        last = max([self.limit, *powers])
        top = [times * last for times in (5, 2) if times * last <= self.high][:1]
        return sorted({0.0, self.limit, *(one for one in self.marks if one <= self.high), *powers, *top})


@dataclass(frozen=True, slots=True)
class WidenedStart:
    """Linear between given values, each at its given part of the room: the first 30 days wider than the year after."""

    stops: tuple[tuple[float, float], ...]
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value; beyond the ends it runs on as in the outermost piece."""
        pairs = list(zip(self.stops, self.stops[1:], strict=False))
        (low, first), (high, last) = next((pair for pair in pairs if value <= pair[1][0]), pairs[-1])
        part = first + (value - low) / (high - low) * (last - first)
        return self.start + part * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Where the pieces meet."""
        return [value for value, _ in self.stops]


def round_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """At most so many values of 1, 2 or 5 times a power of ten, from low to high."""
    if high <= low:
        return [low]
    power = 10.0 ** floor(log10((high - low) / most))
    step = next(size for size in (power, 2 * power, 5 * power, 10 * power, 20 * power) if (high - low) / size <= most)
    first = ceil(low / step - 1e-9)
    count = floor(high / step + 1e-9) - first
    digits = max(0, -floor(log10(step) + 1e-9))
    return [round((first + n) * step, digits) + 0.0 for n in range(count + 1)]


def day_ticks(first: float, last: float, most: int = 16) -> list[float]:
    """Days from infusion at a step people count in: days, weeks, months of 28 days, quarters, years.

    >>> day_ticks(0, 28), day_ticks(0, 400, 8)
    ([0, 7, 14, 21, 28], [0, 91, 182, 273, 364])
    """
    steps = (7, 14, 28, 56, 91, 182, 365)
    step = next((size for size in steps if (last - first) / size <= most), ceil((last - first) / most / 365) * 365)
    return [float(day) for day in range(ceil(first / step) * step, floor(last) + 1, step)]


def scale_over(values: Iterable[float], start: float, end: float, *, most: int = 4) -> Linear:
    """A linear scale around values and zero, its ends at ticks."""
    some = [0.0, *values]
    low, high = min(some), max(some)
    if low == high:
        high = low + 1
    ticks = round_ticks(low, high, most)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else high - low
    return Linear(floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step, start, end)


def spoken(values: Sequence[float]) -> list[str]:
    """Ticks in words: thousands apart, no trailing zero, a true minus."""
    return [_spoken(value) for value in values]


def _spoken(value: float) -> str:
    words = f"{abs(value):,.6f}".rstrip("0").rstrip(".").replace(",", "\u2009")
    return f"−{words}" if value < 0 and words != "0" else words
