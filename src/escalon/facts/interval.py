"""A number that is only known to lie between two ends, as laboratories write it: `<0.1`, `≥ 5`, `1-2`, `>1000`.

Each end is included or not; `None` leaves that side without an end. An exact value is a number, never an interval of one
point: `between` says so. No limit and no half of it is ever put in the place of what was not measured.
"""

from dataclasses import dataclass
from fractions import Fraction

from escalon.facts.number import exact, plain


@dataclass(frozen=True, slots=True)
class Interval:
    """Every number from `low` to `high`; an open end does not belong to it."""

    low: Fraction | None
    high: Fraction | None
    low_open: bool = False
    high_open: bool = False

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None:
            if self.low > self.high or (self.low == self.high and (self.low_open or self.high_open)):
                raise ValueError(f"{self} holds no number. Write the smaller end first")

    def __str__(self) -> str:
        low, high = (None if end is None else plain(exact(end)) for end in (self.low, self.high))
        if low is None:
            return "any number" if high is None else f"{'<' if self.high_open else '≤'}{high}"
        if high is None:
            return f"{'>' if self.low_open else '≥'}{low}"
        if self.low_open or self.high_open:
            return f"{'>' if self.low_open else '≥'}{low} {'<' if self.high_open else '≤'}{high}"
        return f"{low}-{high}"
