"""The reading for missing inputs: the lowest and highest value that what is missing still allows.

Every step is an interval of numbers, or the set of truths or labels it may still take. Each completion of the missing
inputs lies inside; the interval may be wider than the completions where one input is used twice.
"""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

from escalon.expressions.program import Program
from escalon.expressions.tree import Input, Kind, Literal, Op
from escalon.facts.number import exact


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from `low` to `high`; `may_be_unknown` where a function could leave its domain."""

    low: Any
    high: Any
    may_be_unknown: bool = False


Possible: TypeAlias = Interval | frozenset[Any]
Reading: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Possible]], dict[str, Possible]]
EVERYTHING = Interval(-math.inf, math.inf)
ANOTHER_LABEL = "(another label)"  # stands for every label that the program does not name
_LARGEST_EXPONENT = math.log(sys.float_info.max)
# Each set of truths stands here once, by whether it holds true, false and unknown, so that `is` tells them apart quickly.
_TRUTHS: dict[tuple[bool, ...], frozenset[Any]] = {
    held: frozenset(truth for truth, there in zip((True, False, None), held, strict=True) if there)
    for held in product((True, False), repeat=3)
}
_SAME = {truths: truths for truths in _TRUTHS.values()}
EITHER, UNKNOWN = _TRUTHS[True, True, False], _TRUTHS[False, False, True]
_TRUE, _FALSE = _TRUTHS[True, False, False], _TRUTHS[False, True, False]


def bounds(program: Program, values: Mapping[str, Any], ranges: Mapping[str, Possible]) -> dict[str, Possible]:
    """What each root may still be, given the known values and what each missing input may be.

    An input that is neither known nor in `ranges` may be anything of its kind. Values and literals count exactly.
    """
    return compile_bounds(program)(values, ranges)


def compile_bounds(program: Program) -> Reading:
    """`bounds` of one program, prepared for many visits."""
    anything: dict[Kind | None, Possible] = {
        Kind.TRUTH: EITHER,
        Kind.LABEL: frozenset({*program.labels, ANOTHER_LABEL}),
    }
    start: list[Possible] = [EVERYTHING] * len(program.steps)
    asked: list[tuple[int, str, Possible]] = []
    plan: list[tuple[int, Callable[..., Possible], tuple[int, ...]]] = []
    for number in program.needed:
        step = program.steps[number]
        match step.node:
            case Literal(value):
                start[number] = _just(value)
            case Input(name, kind):
                asked.append((number, name, anything.get(kind, EVERYTHING)))
            case Op(name):
                plan.append((number, _OPERATORS[name], step.parts))
            case leaf:
                start[number] = anything.get(leaf.kind, EVERYTHING)

    def reading(values: Mapping[str, Any], ranges: Mapping[str, Possible]) -> dict[str, Possible]:
        possible = start.copy()
        for number, name, otherwise in asked:
            known = values.get(name)
            if known is None or known != known:
                found = ranges.get(name, otherwise)
                possible[number] = _just(*found) if isinstance(found, frozenset) and len(found) == 1 else found
            else:
                possible[number] = _just(known)
        for number, operator, parts in plan:
            possible[number] = operator(*[possible[part] for part in parts])
        return {name: possible[number] for name, number in program.roots.items()}

    return reading


def _just(value: Any) -> Possible:
    if value is True or value is False or value is None:
        return _TRUTHS[value is True, value is False, value is None]
    if isinstance(value, str):
        return frozenset({value})
    number = value if isinstance(value, int) else exact(value)
    return Interval(number, number)


# ---- truths


def _all(*parts: frozenset[Any]) -> Possible:
    true, false, unknown = True, False, False
    for part in parts:
        if part is _TRUE:
            continue
        if part is _FALSE:
            return _FALSE
        true = true and True in part
        false = false or False in part
        unknown = unknown or None in part
    return _TRUTHS[true, false, unknown]


def _any(*parts: frozenset[Any]) -> Possible:
    true, false, unknown = False, True, False
    for part in parts:
        if part is _FALSE:
            continue
        if part is _TRUE:
            return _TRUE
        true = true or True in part
        false = false and False in part
        unknown = unknown or None in part
    return _TRUTHS[true, false, unknown]


def _not(part: frozenset[Any]) -> Possible:
    return _TRUTHS[False in part, True in part, None in part]


def _at_least(number: Interval, *parts: frozenset[Any]) -> Possible:
    needed = number.low
    certain, most = sum(part is _TRUE for part in parts), sum(True in part for part in parts)
    may_fail, not_false = sum(False in part for part in parts), sum(part is not _FALSE for part in parts)
    unknown = not_false >= needed and certain < needed and any(None in part for part in parts)
    return _TRUTHS[most >= needed, certain < needed and may_fail > len(parts) - needed, unknown]


def _known(part: Possible) -> Possible:
    known = _is_known(part)
    return EITHER if known is None else _TRUE if known else _FALSE


def _count_known(*parts: Possible) -> Possible:
    found = [_is_known(part) for part in parts]
    return Interval(found.count(True), len(parts) - found.count(False))


def _is_known(part: Possible) -> bool | None:
    """Whether a part will be known once what is missing is; None where that is open."""
    if isinstance(part, Interval):
        return None if part.may_be_unknown else True
    return False if part == UNKNOWN else None if None in part else True


# ---- choices


def _otherwise(part: Possible, instead: Possible) -> Possible:
    known = _is_known(part)
    return _join([part, instead]) if known is None else part if known else instead


def _case(condition: frozenset[Any], then: Possible, other: Possible) -> Possible:
    if condition is _TRUE:
        return then
    if condition is _FALSE:
        return other
    chosen = [part for truth, part in ((True, then), (False, other), (None, UNKNOWN)) if truth in condition]
    return _join(chosen)


def _join(some: list[Possible]) -> Possible:
    found = some[0]
    for part in some[1:]:
        found = found if part is found else _either(found, part)
    return found


def _either(a: Possible, b: Possible) -> Possible:
    """What holds of one or of the other."""
    if isinstance(a, Interval) and isinstance(b, Interval):
        low, high = a.low if a.low <= b.low else b.low, a.high if a.high >= b.high else b.high
        return Interval(low, high, a.may_be_unknown or b.may_be_unknown)
    if isinstance(a, Interval):
        return a if a.may_be_unknown else Interval(a.low, a.high, True)
    if isinstance(b, Interval):
        return _either(b, a)
    joined = a | b
    return _SAME.get(joined, joined)


# ---- comparisons


def _less(a: Possible, b: Possible) -> Possible:
    if not isinstance(a, Interval) or not isinstance(b, Interval):
        return UNKNOWN
    return _TRUTHS[bool(a.low < b.high), bool(a.high >= b.low), a.may_be_unknown or b.may_be_unknown]


def _at_most(a: Possible, b: Possible) -> Possible:
    if not isinstance(a, Interval) or not isinstance(b, Interval):
        return UNKNOWN
    return _TRUTHS[bool(a.low <= b.high), bool(a.high > b.low), a.may_be_unknown or b.may_be_unknown]


def _equal(a: Possible, b: Possible) -> Possible:
    if not isinstance(a, Interval) or not isinstance(b, Interval):
        return UNKNOWN if UNKNOWN in (a, b) else _label_comparison(a, b)
    apart = a.high < b.low or b.high < a.low
    same = a.low == a.high == b.low == b.high
    return _TRUTHS[not apart, not same, a.may_be_unknown or b.may_be_unknown]


def _different(a: Possible, b: Possible) -> Possible:
    found = _equal(a, b)
    return _not(found) if isinstance(found, frozenset) else found


def _label_comparison(a: Possible, b: Possible) -> Possible:
    if not isinstance(a, frozenset) or not isinstance(b, frozenset):
        return EITHER | UNKNOWN
    unknown = None in a or None in b
    if ANOTHER_LABEL in a & b:
        return _TRUTHS[True, True, unknown]  # two other labels may be the same or not
    one, other = a - UNKNOWN, b - UNKNOWN
    return _TRUTHS[bool(one & other), len(one | other) > 1, unknown]


# ---- numbers


def _sum(*parts: Possible) -> Possible:
    low: Any = 0
    high: Any = 0
    unknown = False
    for part in parts:
        if not isinstance(part, Interval):
            return UNKNOWN
        low += part.low
        high += part.high
        unknown = unknown or part.may_be_unknown
    return Interval(low, high, unknown)


def _numeric(name: str) -> Callable[..., Possible]:
    """An operator that is unknown where one of its parts surely is."""

    def operator(*parts: Possible) -> Possible:
        numbers = [part for part in parts if isinstance(part, Interval)]
        return _arithmetic(name, numbers) if len(numbers) == len(parts) else UNKNOWN

    return operator


def _of_those_known(name: str) -> Callable[..., Possible]:
    def operator(*parts: Possible) -> Possible:
        present = [part for part in parts if isinstance(part, Interval)]
        return _of_known(name, present) if present else UNKNOWN

    return operator


def _arithmetic(name: str, parts: list[Interval]) -> Possible:
    unknown = any(part.may_be_unknown for part in parts)
    low, high = [part.low for part in parts], [part.high for part in parts]
    match name:
        case "sub":
            return Interval(low[0] - high[1], high[0] - low[1], unknown)
        case "neg":
            return Interval(-high[0], -low[0], unknown)
        case "abs":
            least = 0 if low[0] <= 0 <= high[0] else min(abs(low[0]), abs(high[0]))
            return Interval(least, max(abs(low[0]), abs(high[0])), unknown)
        case "min" | "max":
            chosen = min if name == "min" else max
            return Interval(chosen(low), chosen(high), unknown)
        case "mul":
            ends = [_times(x, y) for x in (low[0], high[0]) for y in (low[1], high[1])]
            return Interval(min(ends), max(ends), unknown)
        case "div":
            return _quotient(parts[0], parts[1], unknown)
        case _:
            return _function(name, parts, unknown)


def _of_known(name: str, parts: list[Interval]) -> Interval:
    """A part that may be unknown may also not count at all."""
    sure = [part for part in parts if not part.may_be_unknown]
    if name == "max_known":
        low = max(part.low for part in sure) if sure else min(part.low for part in parts)
        return Interval(low, max(part.high for part in parts), not sure)
    low = sum(part.low if part in sure else min(0, part.low) for part in parts)
    return Interval(low, sum(part.high if part in sure else max(0, part.high) for part in parts), not sure)


def _times(x: Any, y: Any) -> Any:
    return 0 if x == 0 or y == 0 else x * y  # 0 × ∞ is 0 here: the interval's end is reached, infinity never is


def _quotient(a: Interval, b: Interval, unknown: bool) -> Possible:
    if b.low == b.high == 0:
        return UNKNOWN
    if b.low <= 0 <= b.high:
        return Interval(-math.inf, math.inf, True)
    ends = [0 if math.isinf(y) else _ratio(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Interval(min(ends), max(ends), unknown)


def _ratio(x: Any, y: Any) -> Any:
    return x / y if isinstance(x, float) or isinstance(y, float) else Fraction(x) / y  # an exact end stays exact


def _function(name: str, parts: list[Interval], unknown: bool) -> Possible:
    x = parts[0]
    if name == "exp":
        if x.low > _LARGEST_EXPONENT:
            return UNKNOWN
        high = sys.float_info.max if x.high > _LARGEST_EXPONENT else math.exp(x.high)
        return Interval(math.exp(x.low), high, unknown or x.high > _LARGEST_EXPONENT)
    if x.high < 0 or (name == "ln" and x.high == 0):
        return UNKNOWN
    if name == "ln":
        return Interval(math.log(x.low) if x.low > 0 else -math.inf, math.log(x.high), unknown or x.low <= 0)
    if name == "sqrt":
        return Interval(math.sqrt(max(0, x.low)), math.sqrt(x.high), unknown or x.low < 0)
    return _power(x, parts[1], unknown or x.low < 0)


def _power(x: Interval, y: Interval, unknown: bool) -> Possible:
    """Rising in x for one exponent above 0; anything from 0 up otherwise."""
    if not (y.low == y.high and y.low > 0):
        return Interval(0, math.inf, True)
    low, high = (_raised(max(0.0, float(end)), float(y.low)) for end in (x.low, x.high))
    return Interval(low, high, unknown or math.isinf(high))


def _raised(x: float, y: float) -> float:
    try:
        return float(x**y)
    except OverflowError:
        return math.inf


_OPERATORS: Mapping[str, Callable[..., Possible]] = {
    "and": _all,
    "or": _any,
    "not": _not,
    "at_least": _at_least,
    "known": _known,
    "count_known": _count_known,
    "otherwise": _otherwise,
    "case": _case,
    "lt": _less,
    "le": _at_most,
    "gt": lambda a, b: _less(b, a),
    "ge": lambda a, b: _at_most(b, a),
    "eq": _equal,
    "ne": _different,
    "add": _sum,
    **{name: _of_those_known(name) for name in ("sum_known", "max_known")},
    **{name: _numeric(name) for name in "sub mul div neg abs sqrt ln exp power min max".split()},
}
