"""Visits whose numbers are in part only known to lie in an interval, numbers in those intervals, and narrower ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from math import inf
from random import Random
from typing import Any

from hypothesis import strategies as st

from escalon.expressions.intervals import resting_on
from escalon.expressions.program import Program
from escalon.expressions.tree import Kind
from escalon.expressions.widened import names_of_ends
from escalon.facts import Interval
from tests.expressions.random_programs import NUMBERS

Visit = dict[str, Any]
_WHOLE = {node.name for node in NUMBERS if node.kind == "integer"}
_STEPS = [Fraction(0), Fraction(1, 10), Fraction(1), Fraction(2), Fraction(3), Fraction(40)]


def _around(rng: Random, value: Any) -> Any:
    """An interval that holds the value; at times one end is missing or open."""
    below, above = rng.choice(_STEPS), rng.choice(_STEPS)
    open_low, open_high = below > 0 and rng.random() < 0.5, above > 0 and rng.random() < 0.5
    low = value - below if rng.random() < 0.75 else None
    high = value + above if rng.random() < 0.75 or low is None else None
    if low == high:
        return value
    return Interval(-inf if low is None else low, inf if high is None else high, open_low and low is not None,
                    open_high and high is not None)  # fmt: skip


def widen(visit: Visit, seed: int) -> Visit:
    """The visit with some of its numbers known as intervals only."""
    rng, wide = Random(seed), dict(visit)
    for node in NUMBERS:
        if visit[node.name] is not None and rng.random() < 0.5:
            wide[node.name] = _around(rng, visit[node.name])
    return wide


def spread(visit: Visit) -> st.SearchStrategy[Visit]:
    """The visit with some of its numbers known as intervals only; the seed only is drawn."""
    return st.integers(0, 2**63).map(lambda seed: widen(visit, seed))


def _at(interval: Interval, share: Fraction) -> Fraction:
    low, high = interval.ends
    low = Fraction(high) - 100 if low is None and high is not None else Fraction(low or 0)
    high = low + 100 if high is None else Fraction(high)
    return low + share * (high - low)


@st.composite
def numbers_in(draw: st.DrawFn, wide: Visit) -> Visit:
    """A visit with one number from each interval: often the first or the last in it."""
    point = dict(wide)
    for name, value in wide.items():
        if isinstance(value, Interval):
            held = value.whole if name in _WHOLE else value
            least, most = Fraction(int(held.low_open), 1000), 1 - Fraction(int(held.high_open), 1000)
            share = draw(st.sampled_from([least, most, Fraction(1, 2), Fraction(1, 10)]))
            number = _at(held, share)
            point[name] = int(number) if name in _WHOLE else number
    return point


@st.composite
def narrower(draw: st.DrawFn, wide: Visit) -> Visit:
    """The visit with every interval the same, a part of itself, or one number of it."""
    point = draw(numbers_in(wide))
    narrow = dict(wide)
    for name, value in wide.items():
        if isinstance(value, Interval):
            part = [value, point[name]]
            if value.low != point[name]:
                part.append(Interval(value.low, point[name], value.low_open))
            narrow[name] = draw(st.sampled_from(part))
    return narrow


def as_ends(name: str, value: Any) -> dict[str, Any]:
    """A number, an interval or None as its four columns."""
    low, high = value.ends if hasattr(value, "ends") else (value, value)
    opens = getattr(value, "low_open", False), getattr(value, "high_open", False)
    return dict(zip(names_of_ends(name), (low, opens[0], high, opens[1]), strict=True))


def interval_roots(program: Program, intervals: Collection[str]) -> Iterator[str]:
    """The roots that are numbers and rest on an interval, so that they have ends of their own."""
    wide = set(resting_on(program, frozenset(intervals)))
    for name, number in program.roots.items():
        if number in wide and program.steps[number].kind in (Kind.NUMBER, Kind.INTEGER):
            yield name
