"""What a value may still be, and what the operators of the tree make of it.

A number may lie in an interval; a truth or a label is one of a set. Every operator gives something that holds whatever
its parts may be: the result may be wider than what is really possible where one input is used twice, never narrower.
"""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, TypeAlias

from escalon.expressions import spans
from escalon.facts.interval import Interval
from escalon.facts.number import exact
from escalon.facts.truth import Truth

Possible: TypeAlias = Interval | frozenset[Any]
EVERYTHING = Interval()
ANOTHER_LABEL = "(another label)"  # stands for every label that the program does not name
# Each set of truths stands here once, by whether it holds true, false and unknown, so that `is` tells them apart quickly.
_TRUTHS: dict[tuple[bool, ...], frozenset[Any]] = {
    held: frozenset(truth for truth, there in zip((True, False, None), held, strict=True) if there)
    for held in product((True, False), repeat=3)
}
_SAME = {truths: truths for truths in _TRUTHS.values()}
EITHER, UNKNOWN = _TRUTHS[True, True, False], _TRUTHS[False, False, True]
_TRUE, _FALSE = _TRUTHS[True, False, False], _TRUTHS[False, True, False]


def just(value: Any) -> Possible:
    """What a known value may be: itself. An interval or a set of possibilities passes."""
    if value is True or value is False or value is None:
        return _TRUTHS[value is True, value is False, value is None]
    if isinstance(value, str):
        return frozenset({value})
    if isinstance(value, frozenset):
        return _SAME.get(value, value)
    if isinstance(value, Interval):
        return value
    number = value if isinstance(value, int) or spans.is_infinite(value) else exact(value)
    return Interval(number, number)


def settled(possible: Possible) -> Any:
    """The one value that is possible (None: surely unknown); what is possible itself, as long as that is open."""
    if isinstance(possible, Interval):
        return possible.low if possible.is_point and not possible.may_be_unknown else possible
    return next(iter(possible)) if len(possible) == 1 and ANOTHER_LABEL not in possible else possible


def is_open(value: Any) -> bool:
    """Whether a value, as `settled` gives it, is not one value but several possible ones."""
    return isinstance(value, Interval | frozenset)


def applied(name: str, *values: Any) -> Any:
    """An operator applied to values of which some may be intervals; what it may be where that is open."""
    return settled(OPERATORS[name](*map(just, values)))


def holds(relation: str, a: Any, b: Any) -> Truth:
    """Whether a comparison holds between two values or intervals; None where it depends on where in them the numbers lie."""
    found = applied(relation, a, b)
    return None if is_open(found) else found


# ---- truths


def _joined(decides: frozenset[Any], passes: frozenset[Any], kept: bool) -> Callable[..., Possible]:
    """All, or any, of some truths: one that `decides` settles it, one that `passes` says nothing."""

    def operator(*parts: frozenset[Any]) -> Possible:
        every, some, unknown = True, False, False
        for part in parts:
            if part is passes:
                continue
            if part is decides:
                return decides
            every = every and kept in part
            some = some or (not kept) in part
            unknown = unknown or None in part
        return _TRUTHS[(every, some, unknown) if kept else (some, every, unknown)]

    return operator


def _not(part: frozenset[Any]) -> Possible:
    return _TRUTHS[False in part, True in part, None in part]


def _at_least(number: Interval, *parts: frozenset[Any]) -> Possible:
    needed = number.low
    certain, most = sum(part is _TRUE for part in parts), sum(True in part for part in parts)
    may_fail, not_false = sum(False in part for part in parts), sum(part is not _FALSE for part in parts)
    unknown = not_false >= needed and certain < needed and any(None in part for part in parts)
    return _TRUTHS[most >= needed, certain < needed and may_fail > len(parts) - needed, unknown]


def _known(part: Possible) -> Possible:
    known = is_known(part)
    return EITHER if known is None else _TRUE if known else _FALSE


def _count_known(*parts: Possible) -> Possible:
    found = [is_known(part) for part in parts]
    return Interval(found.count(True), len(parts) - found.count(False))


def is_known(part: Possible) -> bool | None:
    """Whether a part will be known once what is missing is; None where that is open."""
    if isinstance(part, Interval):
        return None if part.may_be_unknown else True
    return False if part == UNKNOWN else None if None in part else True


# ---- choices


def _otherwise(part: Possible, instead: Possible) -> Possible:
    known = is_known(part)
    if known is not None:
        return part if known else instead
    if isinstance(part, Interval):
        return either(Interval(part.low, part.high, part.low_open, part.high_open), instead)
    return either(part - UNKNOWN, instead)


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
        found = found if part is found else either(found, part)
    return found


def either(a: Possible, b: Possible) -> Possible:
    """What holds of one or of the other."""
    if isinstance(a, Interval) and isinstance(b, Interval):
        return spans.hull(a, b)
    if isinstance(a, Interval):
        return a if a.may_be_unknown else Interval(a.low, a.high, a.low_open, a.high_open, True)
    if isinstance(b, Interval):
        return either(b, a)
    joined = a | b
    return _SAME.get(joined, joined)


# ---- comparisons


def _less(a: Possible, b: Possible) -> Possible:
    if not isinstance(a, Interval) or not isinstance(b, Interval):
        return UNKNOWN
    may_fail = a.high > b.low or (a.high == b.low and not (a.high_open or b.low_open))
    return _TRUTHS[bool(a.low < b.high), bool(may_fail), a.may_be_unknown or b.may_be_unknown]


def _at_most(a: Possible, b: Possible) -> Possible:
    if not isinstance(a, Interval) or not isinstance(b, Interval):
        return UNKNOWN
    may_hold = a.low < b.high or (a.low == b.high and not (a.low_open or b.high_open))
    return _TRUTHS[bool(may_hold), bool(a.high > b.low), a.may_be_unknown or b.may_be_unknown]


def _equal(a: Possible, b: Possible) -> Possible:
    if not isinstance(a, Interval) or not isinstance(b, Interval):
        return UNKNOWN if UNKNOWN in (a, b) else _label_comparison(a, b)
    same = a.low == a.high == b.low == b.high
    return _TRUTHS[not (_is_below(a, b) or _is_below(b, a)), not same, a.may_be_unknown or b.may_be_unknown]


def _is_below(a: Interval, b: Interval) -> bool:
    return bool(a.high < b.low or (a.high == b.low and (a.high_open or b.low_open)))


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


def _numeric(arithmetic: Callable[..., Interval | None]) -> Callable[..., Possible]:
    """An operator that is unknown where one of its parts surely is, or where it has no value for any of them."""

    def operator(*parts: Possible) -> Possible:
        for part in parts:
            if not isinstance(part, Interval):
                return UNKNOWN
        found = arithmetic(*parts)
        return UNKNOWN if found is None else found

    return operator


def _of_those_known(arithmetic: Callable[..., Interval]) -> Callable[..., Possible]:
    def operator(*parts: Possible) -> Possible:
        present = [part for part in parts if isinstance(part, Interval)]
        return arithmetic(*present) if present else UNKNOWN

    return operator


OPERATORS: Mapping[str, Callable[..., Possible]] = {
    "and": _joined(_FALSE, _TRUE, True),
    "or": _joined(_TRUE, _FALSE, False),
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
    **{name: _of_those_known(arithmetic) for name, arithmetic in spans.OF_THOSE_KNOWN.items()},
    **{name: _numeric(arithmetic) for name, arithmetic in spans.ARITHMETIC.items()},
}
