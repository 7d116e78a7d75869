"""Arithmetic with intervals: every sum, product or root of numbers that lie in them lies in the result.

Ends stay exact where the operator is; an end belongs to the result if it is reached. `None` in place of a result: no
number in the parts has one (ln of nothing above 0).
"""

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from escalon.facts.interval import Interval

_INFINITY = math.inf
LARGEST_EXPONENT = math.log(sys.float_info.max)
_End: TypeAlias = tuple[Any, bool]
"""A number, and whether it is open."""


def is_infinite(end: Any) -> bool:
    """Whether an end is none at all."""
    return isinstance(end, float) and math.isinf(end)


def _lowest(ends: Iterable[_End]) -> _End:
    """The least of several ends; reached if any of the least is."""
    low, is_open = _INFINITY, True
    for value, opened in ends:
        if value < low or (value == low and is_open and not opened):
            low, is_open = value, opened
    return low, is_open


def _highest(ends: Iterable[_End]) -> _End:
    high, is_open = -_INFINITY, True
    for value, opened in ends:
        if value > high or (value == high and is_open and not opened):
            high, is_open = value, opened
    return high, is_open


def _made(low: _End, high: _End, unknown: bool) -> Interval:
    """An infinite end is none, so it is neither open nor closed. Ends that rounding let meet or pass are closed."""
    if low[0] >= high[0]:
        return Interval(high[0], low[0], False, False, unknown)
    return Interval(low[0], high[0], low[1] and low[0] != -_INFINITY, high[1] and high[0] != _INFINITY, unknown)


def hull(a: Interval, b: Interval) -> Interval:
    """The least interval that holds both."""
    low, low_open, high, high_open = a.low, a.low_open, a.high, a.high_open
    if b.low <= low:
        low, low_open = b.low, b.low_open and (low_open or b.low < low)
    if b.high >= high:
        high, high_open = b.high, b.high_open and (high_open or b.high > high)
    return Interval(low, high, low_open, high_open, a.may_be_unknown or b.may_be_unknown)


def _add(*parts: Interval) -> Interval:
    low: Any = 0
    high: Any = 0
    low_open = high_open = unknown = False
    for part in parts:
        low += part.low
        high += part.high
        low_open = low_open or part.low_open
        high_open = high_open or part.high_open
        unknown = unknown or part.may_be_unknown
    if low_open or high_open or low > high:
        return _made((low, low_open), (high, high_open), unknown)
    return Interval(low, high, False, False, unknown)


def _negative(a: Interval) -> Interval:
    return Interval(-a.high, -a.low, a.high_open, a.low_open, a.may_be_unknown)


def _difference(a: Interval, b: Interval) -> Interval:
    return _add(a, _negative(b))


def _distance(a: Interval) -> Interval:
    ends = (abs(a.low), a.low_open), (abs(a.high), a.high_open)
    return _made((0, False) if 0 in a else _lowest(ends), _highest(ends), a.may_be_unknown)


def _least(*parts: Interval) -> Interval:
    """The high end is reached only if no part stays below it."""
    found = parts[0]
    low, low_open, high, high_open, unknown = (
        found.low, found.low_open, found.high, found.high_open, found.may_be_unknown
    )  # fmt: skip
    for part in parts[1:]:
        if part.low <= low:
            low, low_open = part.low, part.low_open and (low_open or part.low < low)
        if part.high <= high:
            high, high_open = part.high, part.high_open or (high_open and part.high == high)
        unknown = unknown or part.may_be_unknown
    return Interval(low, high, low_open, high_open, unknown)


def _greatest(*parts: Interval) -> Interval:
    """The low end is reached only if no part stays above it."""
    return _negative(_least(*map(_negative, parts)))


def _product(a: Interval, b: Interval) -> Interval:
    ends = [_times(x, y) for x in _both(a) for y in _both(b)]
    return _made(_lowest(ends), _highest(ends), a.may_be_unknown or b.may_be_unknown)


def _both(a: Interval) -> tuple[_End, _End]:
    return (a.low, a.low_open), (a.high, a.high_open)


def _times(x: _End, y: _End) -> _End:
    """0 × ∞ is 0: the interval's end is reached, infinity never is."""
    if x[0] == 0 or y[0] == 0:
        return 0, not ((x[0] == 0 and not x[1]) or (y[0] == 0 and not y[1]))
    return x[0] * y[0], x[1] or y[1]


def _quotient(a: Interval, b: Interval) -> Interval | None:
    if b.low == b.high == 0:
        return None
    unknown = a.may_be_unknown or b.may_be_unknown or 0 in b
    if b.low < 0 < b.high:
        return Interval(may_be_unknown=unknown)
    ends = [_over(x, y, b.low >= 0) for x in _both(a) for y in _both(b)]
    return _made(_lowest(ends), _highest(ends), unknown)


def _over(x: _End, y: _End, positive: bool) -> _End:
    """A divisor at 0 is never 0, only as close as one likes; its sign is that of the other end."""
    if x[0] == 0 or is_infinite(y[0]):
        return 0, x[1] or x[0] != 0
    if y[0] == 0:
        return (_INFINITY if (x[0] > 0) is positive else -_INFINITY), True
    ratio = x[0] / y[0] if isinstance(x[0], float) or isinstance(y[0], float) else Fraction(x[0]) / y[0]
    return ratio, x[1] or y[1]


def _exponential(x: Interval) -> Interval | None:
    if x.low > LARGEST_EXPONENT:
        return None
    too_large = x.high > LARGEST_EXPONENT
    high = _INFINITY if too_large else math.exp(x.high)
    return _made((math.exp(x.low), x.low_open), (high, x.high_open), x.may_be_unknown or too_large)


def _logarithm(x: Interval) -> Interval | None:
    if x.high <= 0:
        return None
    low = (math.log(x.low), x.low_open) if x.low > 0 else (-_INFINITY, False)
    leaves = x.low < 0 or (x.low == 0 and not x.low_open)
    return _made(low, (math.log(x.high), x.high_open), x.may_be_unknown or leaves)


def _root(x: Interval) -> Interval | None:
    if x.high < 0 or (x.high == 0 and x.high_open):
        return None
    low = (math.sqrt(x.low), x.low_open) if x.low >= 0 else (0.0, False)
    return _made(low, (math.sqrt(x.high), x.high_open), x.may_be_unknown or x.low < 0)


def _power(x: Interval, y: Interval) -> Interval | None:
    """Rising in x for one exponent above 0; one number for one number; anything from 0 up otherwise."""
    if x.is_point and y.is_point:
        return _one_power(float(x.low), float(y.low), x.may_be_unknown or y.may_be_unknown)
    if x.high < 0 or (x.high == 0 and x.high_open):
        return None
    if not (y.is_point and y.low > 0):
        return Interval(0, may_be_unknown=True)
    low = (_raised(float(x.low), float(y.low)), x.low_open) if x.low >= 0 else (0.0, False)
    high = _raised(float(x.high), float(y.low))
    unknown = x.may_be_unknown or y.may_be_unknown or x.low < 0 or high == _INFINITY
    return _made(low, (high, x.high_open), unknown)


def _one_power(x: float, y: float, unknown: bool) -> Interval | None:
    if x < 0 or (x == 0 and y < 0) or (power := _raised(x, y)) == _INFINITY:
        return None
    return Interval(power, power, may_be_unknown=unknown)


def _raised(x: float, y: float) -> float:
    try:
        return float(x**y)
    except OverflowError:
        return _INFINITY


def _greatest_known(*parts: Interval) -> Interval:
    """A part that may be unknown may also not count at all."""
    sure = [part for part in parts if not part.may_be_unknown]
    if len(sure) == len(parts):
        return _greatest(*parts)
    low = _greatest(*sure) if sure else _least(*parts)
    high, is_open = _highest([(part.high, part.high_open) for part in parts])
    return Interval(low.low, high, low.low_open, is_open, not sure)


def _sum_known(*parts: Interval) -> Interval:
    """A part that may be unknown adds what it is, or nothing."""
    found = _add(*(part if not part.may_be_unknown else hull(part, _NOTHING) for part in parts))
    nothing_sure = all(part.may_be_unknown for part in parts)
    return Interval(found.low, found.high, found.low_open, found.high_open, nothing_sure)


_NOTHING = Interval(0, 0)

ARITHMETIC: Mapping[str, Callable[..., Interval | None]] = {
    "add": _add,
    "sub": _difference,
    "mul": _product,
    "div": _quotient,
    "neg": _negative,
    "abs": _distance,
    "sqrt": _root,
    "ln": _logarithm,
    "exp": _exponential,
    "power": _power,
    "min": _least,
    "max": _greatest,
}
OF_THOSE_KNOWN: Mapping[str, Callable[..., Interval]] = {"max_known": _greatest_known, "sum_known": _sum_known}
