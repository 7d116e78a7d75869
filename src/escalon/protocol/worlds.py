"""What a rule reads, and every combination of what may be recorded of it, as far as that can make a difference to the rule.

What is read is a number about its limits, a label among its choices, or a yes or no. A number over its laboratory's limit is
one number, however it is written: `alt / uln <= 3`, `alt <= 3 * uln`.
"""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, permutations, product
from math import ceil, floor, prod
from typing import Any

from escalon.criteria import with_members
from escalon.expressions.events import Exposure, Happened, How, Part, Pick, Span, UnitNumber, Window
from escalon.expressions.tree import COMPARISONS, Literal, Node, Op
from escalon.facts import Duration, UnitError, convert, together
from escalon.protocol.study import FactDefinition

MOST = 3000
"""Combinations that are tried; what would need more is passed over."""
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
Words = Mapping[str, FactDefinition]
World = Mapping[Node, Any]


@dataclass(frozen=True, slots=True)
class Limited:
    """One thing that a rule reads, and the limit or the word it is compared with; of a yes or no there is neither."""

    node: Node
    relation: str = ""
    value: Fraction | str | None = None

    @property
    def name(self) -> str:
        """The fact, as it is recorded; `alt / uln` of a ratio; empty where it is not one number or label."""
        match self.node:
            case Pick(name=name, part=Part.VALUE, how=how) if how is not How.COUNT:
                return name
            case Op("div", (Pick(name=name), Pick(part=part))):
                return f"{name} / {part.value}"
        return ""

    def holds(self, world: World) -> bool:
        """Whether it is as asked where so much is recorded."""
        seen = world[self.node]
        return bool(getattr(operator, self.relation)(seen, self.value) if self.relation else seen)


def asked(tree: Node, words: Words) -> list[Limited]:
    """All that a rule reads, in its order."""
    match tree:
        case Op("and" | "or" | "not" | "at_least", parts):
            return [one for part in parts if not isinstance(part, Literal) for one in asked(part, words)]
        case Op("eq" | "ne" as name, (Pick() as pick, Literal(str() as word))):
            return [Limited(pick, name, word)]
        case Op(name, (left, right)) if name in COMPARISONS and left == right:
            return [Limited(Literal(name in ("le", "ge", "eq")))]
        case Op(name, (left, right)) if name in COMPARISONS:
            sides = ((left, name, right), (right, MIRRORED[name], left))
            found = (one for side, relation, other in sides if (one := _limit(side, relation, other, words)))
            return [next(found, Limited(tree))]
    return [Limited(tree)]


def holds(tree: Node, world: World, words: Words) -> bool:
    """Whether a rule is met where so much is recorded."""
    match tree:
        case Op("and", parts):
            return all(holds(part, world, words) for part in parts)
        case Op("or", parts):
            return any(holds(part, world, words) for part in parts)
        case Op("not", (part,)):
            return not holds(part, world, words)
        case Op("at_least", (Literal(number), *parts)):
            return sum(holds(part, world, words) for part in parts) >= int(number or 0)
    (one,) = asked(tree, words)
    return one.holds(world)


def worlds(trees: Sequence[Node], words: Words) -> list[World]:
    """Every combination of what rules read that can be recorded together; none where there are too many."""
    values = together((one.node, one.value) for tree in trees for one in asked(tree, words))
    choices = [_choices(node, some, words) for node, some in values.items()]
    if prod(map(len, choices)) > MOST:
        return []
    follows = [(one, other) for one, other in permutations(values, 2) if _follows(one, other, words)]
    made = (dict(zip(values, world, strict=True)) for world in product(*choices))
    return [world for world in made if all(world[other] or not world[one] for one, other in follows)]


def _limit(side: Node, relation: str, other: Node, words: Words) -> Limited | None:
    """A side that is compared with a number, or with so many times its own laboratory's limit."""
    times, of = _multiple(other)
    if isinstance(side, Pick) and isinstance(of, Pick) and of.name == side.name and of.part is not Part.VALUE:
        return Limited(Op("div", (side, of)), relation, times)
    times, of = _multiple(side)
    value = limit_value(other, words.get(of.name) if isinstance(of, Pick) else None)
    return None if value is None or isinstance(of, Literal | UnitNumber) else Limited(of, relation, value / times)


def _multiple(side: Node) -> tuple[Fraction, Node]:
    """A side as so many times something; only times more than nothing, which turn no comparison round."""
    match side:
        case Op("mul", (Literal(int() | Fraction() as times), of)) | Op(
            "mul", (of, Literal(int() | Fraction() as times))
        ):
            return (Fraction(times), of) if times > 0 else (Fraction(1), side)
        case Op("div", (of, Literal(int() | Fraction() as parts))):
            return (Fraction(1, parts), of) if parts > 0 else (Fraction(1), side)
    return Fraction(1), side


def limit_value(node: Node, known: FactDefinition | None) -> Fraction | None:
    """The number that a side of a comparison is, in the unit of the fact it is compared with; None where it is none."""
    match node:
        case Literal(int() | Fraction() as value) if not isinstance(value, bool):
            return Fraction(value)
        case UnitNumber(value, unit) if known is not None and known.unit is not None:
            try:
                return convert(value, unit, known.unit, known.substance)
            except UnitError:
                return None
        case Op("neg", (part,)):
            inner = limit_value(part, known)
            return None if inner is None else -inner
    return None


def _choices(node: Node, values: list[Any], words: Words) -> list[Any]:
    """What may be recorded of one thing: each limit, a value on either side of it, and the ends of what can be recorded."""
    known = words.get(node.name) if isinstance(node, Pick) else None
    if isinstance(node, Literal):
        return [node.value]
    if None in values:
        return [True, False]
    if isinstance(values[0], str):
        return list(known.choices) if known is not None and known.choices else [*dict.fromkeys(values), ""]
    if isinstance(node, Pick) and node.how is How.COUNT:
        known = FactDefinition.made(name=node.name, kind="integer", low=0)
    low, high = (known.low, known.high) if known is not None else (None, None)
    ends = sorted({Fraction(one) for one in (*values, low, high) if one is not None})
    if known is not None and known.kind == "integer":
        found = {Fraction(whole) for end in ends for whole in (ceil(end) - 1, floor(end), ceil(end), floor(end) + 1)}
    else:
        found = {*ends, ends[0] - 1, ends[-1] + 1, *((a + b) / 2 for a, b in pairwise(ends))}
    return [one for one in sorted(found) if (low is None or one >= low) and (high is None or one <= high)]


# -- what happened in one window happened in a wider one ---------------------------------------------------------------------


def _follows(one: Node, other: Node, words: Words) -> bool:
    """Whether what happened as one rule asks happened as another asks too: the same or a drug of the class, in a wider window."""
    if not isinstance(one, Happened | Exposure) or not isinstance(other, Happened):
        return False
    if one.name not in with_members(words, other.name):
        return False
    if isinstance(one, Exposure):  # a stretch that reaches the anchor
        reaches = other.window is None or other.window.anchor in ("", one.anchor)
        return reaches and other.lasting is None and (other.window is None or other.window.span in _UP_TO)
    lasts = other.lasting is None or (one.lasting is not None and _is_no_longer(other.lasting, one.lasting))
    return lasts and _is_within(one.window, other.window)


_UP_TO = (Span.WITHIN, Span.SINCE, Span.BEFORE, Span.EVER)
"""Windows that hold the days just before their anchor."""


def _is_within(one: Window | None, other: Window | None) -> bool:
    """Whether every day of one window surely lies in the other."""
    if other is None or other.span is Span.EVER or one == other:
        return True
    if one is None or one.anchor != other.anchor or one.duration is None:
        return False
    match one.span, other.span:
        case (Span.WITHIN | Span.AT_LEAST, Span.BEFORE):
            return True
        case (Span.WITHIN, Span.WITHIN | Span.SINCE) | (Span.SINCE, Span.SINCE):
            return other.duration is not None and _is_no_longer(one.duration, other.duration)
        case (Span.AT_LEAST, Span.AT_LEAST):
            return other.duration is not None and _is_no_longer(other.duration, one.duration)
    return False


_COUNTED = {"day": ("day", 1), "week": ("day", 7), "month": ("month", 1), "year": ("month", 12)}


def _is_no_longer(one: Duration, other: Duration) -> bool:
    """Whether a time is no longer than another on whatever day it ends; a month has 28 to 31 days."""
    (unit, each), (other_unit, other_each) = _COUNTED[one.unit], _COUNTED[other.unit]
    shorter, longer = one.number * each, other.number * other_each
    if unit == other_unit:
        return shorter <= longer
    return shorter <= 28 * longer if unit == "day" else 31 * shorter <= longer
