"""Visits whose numbers are in part only known to lie in an interval, numbers in those intervals, and narrower ones."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from escalon.facts import Interval
from tests.expressions.random_programs import NUMBERS

Visit = dict[str, Any]
_WHOLE = {node.name for node in NUMBERS if node.kind == "integer"}
_steps = st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(1), Fraction(2), Fraction(3), Fraction(40)])


@st.composite
def _around(draw: st.DrawFn, value: Any) -> Any:
    """An interval that holds the value; at times one end is missing or open."""
    below, above = draw(_steps), draw(_steps)
    open_low, open_high = below > 0 and draw(st.booleans()), above > 0 and draw(st.booleans())
    low = value - below if draw(st.integers(0, 3)) else None
    high = value + above if draw(st.integers(0, 3)) or low is None else None
    return value if low == high else Interval(low, high, open_low and low is not None, open_high and high is not None)


@st.composite
def spread(draw: st.DrawFn, visit: Visit) -> Visit:
    """The visit with some of its numbers known as intervals only."""
    wide = dict(visit)
    for node in NUMBERS:
        if visit[node.name] is not None and draw(st.booleans()):
            wide[node.name] = draw(_around(visit[node.name]))
    return wide


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
