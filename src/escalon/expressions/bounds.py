"""The reading for missing inputs: the lowest and highest value that what is missing still allows.

Every step is an interval of numbers, or the set of truths or labels it may still take. Each completion of the missing
inputs lies inside; the interval may be wider than the completions where one input is used twice.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
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
EVERYTHING = Interval(-math.inf, math.inf)
EITHER: frozenset[Any] = frozenset({True, False})
ANOTHER_LABEL = "(another label)"  # stands for every label that the program does not name
_LARGEST_EXPONENT = math.log(sys.float_info.max)
UNKNOWN: frozenset[Any] = frozenset({None})


def bounds(program: Program, values: Mapping[str, Any], ranges: Mapping[str, Possible]) -> dict[str, Possible]:
    """What each root may still be, given the known values and what each missing input may be.

    An input that is neither known nor in `ranges` may be anything of its kind. Values and literals count exactly.
    """
    anything: dict[Kind, Possible] = {
        Kind.TRUTH: EITHER,
        Kind.LABEL: frozenset({*program.labels, ANOTHER_LABEL}),
    }
    possible: list[Possible] = []
    for step in program.steps:
        parts = [possible[part] for part in step.parts]
        match step.node:
            case Literal(value):
                found = _just(value)
            case Input(name, kind):
                known = values.get(name)
                missing = known is None or known != known
                found = ranges.get(name, anything.get(kind, EVERYTHING)) if missing else _just(known)
            case Op(name):
                found = _operator(name, parts)
            case leaf:
                found = anything.get(leaf.kind, EVERYTHING)
        possible.append(found)
    return {name: possible[number] for name, number in program.roots.items()}


def _just(value: Any) -> Possible:
    if value is None or isinstance(value, bool | str):
        return frozenset({value})
    number = value if isinstance(value, int) else exact(value)
    return Interval(number, number)


def _operator(name: str, parts: list[Possible]) -> Possible:
    match name:
        case "and" | "or" | "not" | "at_least":
            return _connective(name, parts)
        case "known":
            return frozenset({_is_known(parts[0])} - {None}) or EITHER
        case "count_known":
            found = [_is_known(part) for part in parts]
            return Interval(found.count(True), len(parts) - found.count(False))
        case "eq" | "ne" | "lt" | "le" | "gt" | "ge":
            return _comparison(name, parts[0], parts[1])
        case "otherwise":
            known = _is_known(parts[0])
            return _join([parts[0], parts[1]]) if known is None else parts[0] if known else parts[1]
        case "case":
            return _case(parts[0] if isinstance(parts[0], frozenset) else EITHER, parts[1], parts[2])
        case "sum_known" | "max_known":
            present = [part for part in parts if isinstance(part, Interval)]
            return _of_known(name, present) if present else UNKNOWN
        case _:
            numbers = [part for part in parts if isinstance(part, Interval)]
            return _arithmetic(name, numbers) if len(numbers) == len(parts) else UNKNOWN


def _is_known(part: Possible) -> bool | None:
    """Whether a part will be known once what is missing is; None where that is open."""
    if part == UNKNOWN:
        return False
    may_lack = part.may_be_unknown if isinstance(part, Interval) else None in part
    return None if may_lack else True


def _case(condition: frozenset[Any], then: Possible, other: Possible) -> Possible:
    chosen = [part for truth, part in ((True, then), (False, other), (None, UNKNOWN)) if truth in condition]
    return _join(chosen)


def _join(some: list[Possible]) -> Possible:
    intervals = [part for part in some if isinstance(part, Interval)]
    if not intervals:
        return frozenset().union(*(part for part in some if isinstance(part, frozenset)))
    unknown = len(intervals) < len(some) or any(part.may_be_unknown for part in intervals)
    return Interval(min(part.low for part in intervals), max(part.high for part in intervals), unknown)


def _connective(name: str, parts: list[Possible]) -> Possible:
    truths = [part if isinstance(part, frozenset) else EITHER for part in parts]
    if name == "not":
        return frozenset(None if truth is None else not truth for truth in truths[0])
    if name == "at_least":
        needed, truths = parts[0].low if isinstance(parts[0], Interval) else 0, truths[1:]
    else:
        needed = len(truths) if name == "and" else 1
    fewest = sum(truth == {True} for truth in truths)
    most = sum(True in truth for truth in truths)
    not_false = sum(truth != {False} for truth in truths)
    found: set[bool | None] = {True} if most >= needed else set()
    found |= {False} if fewest < needed and sum(False in truth for truth in truths) > len(truths) - needed else set()
    found |= {None} if not_false >= needed and any(None in truth for truth in truths) and fewest < needed else set()
    return frozenset(found)


def _comparison(name: str, a: Possible, b: Possible) -> Possible:
    if UNKNOWN in (a, b):
        return UNKNOWN
    if UNKNOWN in (a, b):
        return UNKNOWN
    if isinstance(a, frozenset) or isinstance(b, frozenset):
        return _label_comparison(name, a, b)
    if name in ("gt", "ge"):
        return _comparison({"gt": "lt", "ge": "le"}[name], b, a)
    if name in ("eq", "ne"):
        apart = a.high < b.low or b.high < a.low
        same = a.low == a.high == b.low == b.high
        equal = {False} if apart else {True} if same else {True, False}
        truths = equal if name == "eq" else {not truth for truth in equal}
    elif name == "lt":
        truths = {True} if a.high < b.low else {False} if a.low >= b.high else {True, False}
    else:
        truths = {True} if a.high <= b.low else {False} if a.low > b.high else {True, False}
    unsettled: set[bool | None] = {None} if a.may_be_unknown or b.may_be_unknown else set()
    return frozenset(truths | unsettled)


def _label_comparison(name: str, a: Possible, b: Possible) -> Possible:
    if not isinstance(a, frozenset) or not isinstance(b, frozenset):
        return EITHER | UNKNOWN
    if ANOTHER_LABEL in a & b:
        return EITHER | UNKNOWN if None in a | b else EITHER  # two other labels may be the same or not
    return frozenset(None if x is None or y is None else (x == y) is (name == "eq") for x in a for y in b)


def _arithmetic(name: str, parts: list[Interval]) -> Possible:
    unknown = any(part.may_be_unknown for part in parts)
    low, high = [part.low for part in parts], [part.high for part in parts]
    match name:
        case "add":
            return Interval(sum(low), sum(high), unknown)
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
