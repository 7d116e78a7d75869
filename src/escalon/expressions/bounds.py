"""The reading for missing inputs: the lowest and highest value that what is missing still allows.

Every step is an interval of numbers, or the set of truths or labels it may still take. Each completion of the missing
inputs lies inside; the interval may be wider than the completions where one input is used twice.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from escalon.expressions.program import Program, Step
from escalon.expressions.tree import Input, Kind, Literal, Op


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers from `low` to `high`; `may_be_unknown` where a function could leave its domain."""

    low: Any
    high: Any
    may_be_unknown: bool = False


Possible: TypeAlias = Interval | frozenset[Any]
EVERYTHING = Interval(-math.inf, math.inf)
EITHER: frozenset[Any] = frozenset({True, False})
UNKNOWN: frozenset[Any] = frozenset({None})


def bounds(program: Program, values: Mapping[str, Any], ranges: Mapping[str, Possible]) -> dict[str, Possible]:
    """What each root may still be, given the known values and what each missing input may be.

    An input that is neither known nor in `ranges` may be anything of its kind.
    """
    possible: list[Possible] = []
    for step in program.steps:
        possible.append(_possible(step, [possible[part] for part in step.parts], values, ranges))
    return {name: possible[number] for name, number in program.roots.items()}


def _possible(step: Step, parts: list[Possible], values: Mapping[str, Any], ranges: Mapping[str, Possible]) -> Possible:
    match step.node:
        case Literal(value):
            return _just(value)
        case Input(name, kind):
            known = values.get(name)
            return ranges.get(name, _anything(kind)) if known is None else _just(known)
        case Op(name):
            return _operator(name, parts)
        case leaf:
            return _anything(leaf.kind)


def _just(value: Any) -> Possible:
    return frozenset({value}) if value is None or isinstance(value, bool | str) else Interval(value, value)


def _anything(kind: Kind) -> Possible:
    return EITHER if kind is Kind.TRUTH else frozenset({None}) if kind is Kind.LABEL else EVERYTHING


def _operator(name: str, parts: list[Possible]) -> Possible:
    match name:
        case "and" | "or" | "not" | "at_least" | "known":
            return _connective(name, parts)
        case "eq" | "ne" | "lt" | "le" | "gt" | "ge":
            return _comparison(name, parts[0], parts[1])
        case "otherwise":
            return parts[1] if parts[0] == UNKNOWN else _join([parts[0], parts[1]]) if _may_lack(parts[0]) else parts[0]
        case "case":
            condition = parts[0] if isinstance(parts[0], frozenset) else EITHER
            chosen = [part for truth, part in ((True, parts[1]), (False, parts[2])) if truth in condition]
            return _join([*chosen, *([UNKNOWN] if None in condition else [])])
        case "max_known" | "sum_known" | "count_known":
            return _of_known(name, parts)
        case _ if UNKNOWN in parts:
            return UNKNOWN
        case _:
            return _arithmetic(name, [part if isinstance(part, Interval) else EVERYTHING for part in parts])


def _may_lack(part: Possible) -> bool:
    return part.may_be_unknown if isinstance(part, Interval) else None in part


def _join(some: list[Possible]) -> Possible:
    intervals = [part for part in some if isinstance(part, Interval)]
    if not intervals:
        return frozenset().union(*(part for part in some if isinstance(part, frozenset)))
    unknown = len(intervals) < len(some) or any(part.may_be_unknown for part in intervals)
    return Interval(min(part.low for part in intervals), max(part.high for part in intervals), unknown)


def _connective(name: str, parts: list[Possible]) -> Possible:
    truths = [part if isinstance(part, frozenset) else EITHER for part in parts]
    if name == "known":
        return EITHER if _may_lack(parts[0]) and parts[0] != UNKNOWN else frozenset({parts[0] != UNKNOWN})
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
        return EITHER | {None}
    return frozenset(None if x is None or y is None else (x == y) is (name == "eq") for x in a for y in b)


def _arithmetic(name: str, parts: list[Interval]) -> Interval:
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


def _of_known(name: str, parts: list[Possible]) -> Possible:
    """A part that may be unknown may also not count at all."""
    counting = [part for part in parts if part != UNKNOWN]
    certain = [part for part in counting if not _may_lack(part)]
    if name == "count_known":
        return Interval(len(certain), len(counting))
    if not counting:
        return UNKNOWN
    some = [part if isinstance(part, Interval) else EVERYTHING for part in counting]
    sure = [part if isinstance(part, Interval) else EVERYTHING for part in certain]
    if name == "max_known":
        low = max(part.low for part in sure) if sure else min(part.low for part in some)
        return Interval(low, max(part.high for part in some), not sure)
    low = sum(part.low if part in sure else min(0, part.low) for part in some)
    high = sum(part.high if part in sure else max(0, part.high) for part in some)
    return Interval(low, high, not sure)


def _times(x: Any, y: Any) -> Any:
    return 0 if x == 0 or y == 0 else x * y  # 0 × ∞ is 0 here: the interval's end is reached, infinity never is


def _quotient(a: Interval, b: Interval, unknown: bool) -> Interval:
    if b.low <= 0 <= b.high:
        return Interval(-math.inf, math.inf, True)
    ends = [0 if math.isinf(y) else x / y for x in (a.low, a.high) for y in (b.low, b.high)]
    return Interval(min(ends), max(ends), unknown)


def _function(name: str, parts: list[Interval], unknown: bool) -> Interval:
    x = parts[0]
    if name == "sqrt":
        return Interval(math.sqrt(max(0, x.low)), math.sqrt(max(0, x.high)), unknown or x.low < 0)
    if name == "ln":
        low = math.log(x.low) if x.low > 0 else -math.inf
        high = math.log(x.high) if x.high > 0 else -math.inf
        return Interval(low, high, unknown or x.low <= 0)
    if name == "exp":
        low, high = (math.inf if end > 700 else math.exp(end) for end in (x.low, x.high))
        return Interval(low, high, unknown)
    y = parts[1]
    if y.low == y.high and y.low > 0:
        return Interval(
            max(0.0, float(x.low)) ** float(y.low), max(0.0, float(x.high)) ** float(y.low), unknown or x.low < 0
        )
    return Interval(0, math.inf, True)
