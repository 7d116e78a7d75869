"""A number that is only known to lie between two ends, as laboratories write it: `<0.1`, `≥ 5`, `1-2`, `>1000`.

Each end is included or not, and either may be absent. An exact value is a number, never an interval of one point. No
limit and no half of it is ever put in the place of what was not measured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, inf
from typing import Any, TypeAlias

from escalon.facts.number import Number, exact, plain

End: TypeAlias = int | Fraction | float
"""An end of an interval, exact; ∓∞ where that side has none."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Every number from `low` to `high`; an open end does not belong to it.

    A side without an end may be left out (or given as None) and is then infinite: `Interval(high=5, high_open=True)` is
    `<5`. In what is concluded, `may_be_unknown` says that there may also turn out to be no number at all.
    """

    low: End = -inf
    high: End = inf
    low_open: bool = False
    high_open: bool = False
    may_be_unknown: bool = False

    def __post_init__(self) -> None:
        for side, none in (("low", -inf), ("high", inf)):
            if getattr(self, side) is None:
                object.__setattr__(self, side, none)
        if self.low >= self.high and (self.low > self.high or self.low_open or self.high_open):
            raise ValueError(f"{self} holds no number. Write the smaller end first")

    def __str__(self) -> str:
        low, high = (None if end is None else plain(exact(end)) for end in self.ends)
        if low is None:
            return "any number" if high is None else f"{'<' if self.high_open else '≤'}{high}"
        if high is None:
            return f"{'>' if self.low_open else '≥'}{low}"
        if self.low_open or self.high_open or self.low < 0:
            return f"{'>' if self.low_open else '≥'}{low} {'<' if self.high_open else '≤'}{high}"
        return f"{low}-{high}"

    def __contains__(self, number: Number) -> bool:
        value = exact(number)
        above = value > self.low or (value == self.low and not self.low_open)
        return above and (value < self.high or (value == self.high and not self.high_open))

    @property
    def ends(self) -> tuple[End | None, End | None]:
        """Low and high, `None` for a side that has no end."""
        low, high = self.low, self.high  # a fraction is slow to compare with infinity
        return (
            None if low.__class__ is float and low == -inf else low,
            None if high.__class__ is float and high == inf else high,
        )

    @property
    def is_point(self) -> bool:
        """Whether it holds one number only."""
        return self.low == self.high

    def mapped(self, rising: Callable[[Any], Any]) -> "Interval":
        """The interval of `rising(x)`, such as another unit of it: each end is carried over, and stays open or closed."""
        low, high = (end if end in (-inf, inf) else rising(end) for end in (self.low, self.high))
        return Interval(low, high, self.low_open, self.high_open, self.may_be_unknown)

    def within(self, low: End | None = None, high: End | None = None) -> "Interval":
        """What of it lies from `low` to `high`: a concentration `<0.1` is also at least 0. ValueError if nothing does."""
        below = low is not None and low > self.low
        beyond = high is not None and high < self.high
        return Interval(
            low if below and low is not None else self.low, high if beyond and high is not None else self.high,
            self.low_open and not below, self.high_open and not beyond, self.may_be_unknown,
        )  # fmt: skip

    @property
    def whole(self) -> "Interval":
        """The whole numbers in it, from the first to the last: `>2 <6` is 3 to 5. ValueError if it holds none."""
        low = self.low if self.low == -inf else floor(self.low) + 1 if self.low_open else ceil(self.low)
        high = self.high if self.high == inf else ceil(self.high) - 1 if self.high_open else floor(self.high)
        return Interval(low, high, may_be_unknown=self.may_be_unknown)
