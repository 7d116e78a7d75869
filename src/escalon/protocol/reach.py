"""Limits that nobody can meet: the same number asked to be at least 100 and below 30, or outside what can be recorded.

Only what must hold together is compared: the parts of an «and» within inclusions, and the negation of the parts of an «or»
within exclusions, for everyone or for one `applies`. Numbers are compared exactly, in the fact's own unit.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from escalon.criteria import render
from escalon.expressions.events import How, Part, Pick, UnitNumber
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import UnitError, convert, plain
from escalon.facts.accepted import beyond, span_text
from escalon.protocol.asked import as_item
from escalon.protocol.names import leaves
from escalon.protocol.study import Criterion, FactDefinition, Study

_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Criteria that cannot be met together, and why."""

    criteria: tuple[Criterion, ...]
    what: str


@dataclass(frozen=True, slots=True)
class _Limit:
    side: Node
    """What is limited: a value, or one divided by its laboratory's limit."""
    relation: str
    value: Fraction
    criterion: Criterion

    @property
    def name(self) -> str:
        """The fact, as it is recorded; `alt / uln` of a ratio."""
        value, *limit = (one for one in leaves(self.side) if isinstance(one, Pick))
        return " / ".join((value.name, *(one.part.value for one in limit)))


def conflicts(study: Study) -> Iterator[Conflict]:
    """Every pair of limits that leaves nothing, and every limit beyond a fact's range."""
    groups: dict[str, list[_Limit]] = defaultdict(list)
    for one in study.criteria:
        groups[group_of(one)] += _limits(one.tree, one, study.vocabulary, negated=one.kind == "exclusion")
    everyone = groups.get("", [])
    for limit in (limit for some in groups.values() for limit in some):
        yield from _out_of_range(limit, study.vocabulary)
    for group, some in groups.items():
        yield from _pairs(some, some if group == "" else [*everyone, *some])
    yield from _labels(study)


def idle(study: Study) -> Iterator[Conflict]:
    """Every clause that is one limit and decides nothing: whatever may be recorded meets it, or another clause asks for more."""
    whole = [(limit, group_of(one)) for one in study.criteria for limit in _alone(one, study.vocabulary)]
    for limit, group in whole:
        known = study.vocabulary.get(limit.name)
        if known is not None and _holds_throughout(limit, known):
            yield Conflict((limit.criterion,), f"whatever may be recorded of {known.name} is {_shown(limit)}")
        for other, theirs in whole:
            stricter = other.criterion is not limit.criterion and theirs in ("", group) and other.side == limit.side
            if stricter and _implies(other, limit):
                what = f"{limit.name} {_shown(limit)} follows from {other.criterion.id}, which asks for {_shown(other)}"
                yield Conflict((limit.criterion, other.criterion), what)


def held(study: Study) -> Iterator[Conflict]:
    """Every limit among values that are held until somebody confirms them, though the clause is about such people."""
    for one in study.criteria:
        for limit in _limits(one.tree, one, study.vocabulary, negated=False):
            known = study.vocabulary.get(limit.name)
            if known is not None and known.origin == "study" and beyond(limit.value, query := as_item(known).query):
                what = f"asks about {known.name} {plain(limit.value)}; what is outside {span_text(query)} is held until confirmed"
                yield Conflict((limit.criterion,), what)


def group_of(one: Criterion) -> str:
    """For whom a clause is, as it is written; empty for everybody."""
    return render(one.applies) if one.applies is not None else ""


def _alone(one: Criterion, words: Mapping[str, FactDefinition]) -> list[_Limit]:
    """The limit of a clause that is nothing else."""
    is_one = isinstance(one.tree, Op) and one.tree.name in MIRRORED
    return _limits(one.tree, one, words, negated=one.kind == "exclusion") if is_one else []


def _holds_throughout(limit: _Limit, known: FactDefinition) -> bool:
    low, low_open, high, high_open = _interval(limit)
    below = low is None or (known.low is not None and (known.low > low or (known.low == low and not low_open)))
    above = high is None or (known.high is not None and (known.high < high or (known.high == high and not high_open)))
    return below and above


def _implies(one: _Limit, other: _Limit) -> bool:
    """Whether whatever meets the first limit meets the second, which is not the same one."""
    low, low_open, high, high_open = _interval(one)
    low2, low2_open, high2, high2_open = _interval(other)
    below = low2 is None or (low is not None and (low > low2 or (low == low2 and (low_open or not low2_open))))
    above = high2 is None or (high is not None and (high < high2 or (high == high2 and (high_open or not high2_open))))
    return below and above and (one.relation, one.value) != (other.relation, other.value)


def _pairs(some: list[_Limit], others: list[_Limit]) -> Iterator[Conflict]:
    for number, limit in enumerate(some):
        for other in (one for one in others if one.side == limit.side and one not in some[: number + 1]):
            if _is_empty(limit, other):
                what = f"{limit.name} would have to be {_shown(limit)} and {_shown(other)}"
                yield Conflict(tuple(dict.fromkeys((other.criterion, limit.criterion))), what)


def _limits(tree: Node, one: Criterion, words: Mapping[str, FactDefinition], negated: bool) -> list[_Limit]:
    """The limits that must hold if the criterion is to be passed."""
    match tree:
        case Op("and", parts) if not negated:
            return [limit for part in parts for limit in _limits(part, one, words, negated)]
        case Op("or", parts) if negated:
            return [limit for part in parts for limit in _limits(part, one, words, negated)]
        case Op("not", (part,)):
            return _limits(part, one, words, not negated)
        case Op(name, (left, right)) if name in MIRRORED:
            return _limit(name, left, right, one, words, negated) or _limit(
                MIRRORED[name], right, left, one, words, negated
            )
        case _:
            return []


def _limit(
    name: str, side: Node, other: Node, one: Criterion, words: Mapping[str, FactDefinition], negated: bool
) -> list[_Limit]:
    if not (_is_latest(side) or _is_ratio(side)):
        return []
    value = limit_value(other, words.get(side.name) if isinstance(side, Pick) else None)
    relation = _OPPOSITE.get(name) if negated else name
    return [] if value is None or relation is None else [_Limit(side, relation, value, one)]


def _is_latest(side: Node, part: Part = Part.VALUE) -> bool:
    return isinstance(side, Pick) and side.part is part and side.how is How.LATEST


def _is_ratio(side: Node) -> bool:
    """Whether a side is a value in units of its own upper or lower limit."""
    if not isinstance(side, Op) or side.name != "div":
        return False
    value, limit = side.parts
    return _is_latest(value) and any(_is_latest(limit, part) for part in (Part.UPPER, Part.LOWER))


def _labels(study: Study) -> Iterator[Conflict]:
    """Every label of which the clauses for the same people leave no choice."""
    allowed: dict[tuple[str, Pick], list[tuple[Criterion, frozenset[str]]]] = defaultdict(list)
    for one in study.criteria:
        for pick, words in _chosen(one.tree):
            choices = frozenset(known.choices) if (known := study.vocabulary.get(pick.name)) else frozenset()
            if choices:
                allowed[group_of(one), pick].append((one, words if one.kind == "inclusion" else choices - words))
    for (group, pick), some in allowed.items():
        every = some if group == "" else [*allowed.get(("", pick), ()), *some]
        if not frozenset.intersection(*(left for _, left in every)):
            criteria = tuple(dict.fromkeys(one for one, _ in every))
            yield Conflict(criteria, f"{pick.name} could be none of {', '.join(study.vocabulary[pick.name].choices)}")


def _chosen(tree: Node) -> list[tuple[Pick, frozenset[str]]]:
    """The label that a whole rule asks for, and the words of it that meet the rule."""
    match tree:
        case Op("eq", (Pick() as pick, Literal(str() as word))):
            return [(pick, frozenset((word,)))]
        case Op("or", parts):
            found = [one for part in parts for one in _chosen(part)]
            if len(found) == len(parts) and len({pick for pick, _ in found}) == 1:
                return [(found[0][0], frozenset.union(*(words for _, words in found)))]
    return []


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
        case _:
            return None


def _is_empty(one: _Limit, other: _Limit) -> bool:
    low, low_open, high, high_open = _interval(one)
    low2, low2_open, high2, high2_open = _interval(other)
    below = high is not None and low2 is not None and (high < low2 or (high == low2 and (high_open or low2_open)))
    above = high2 is not None and low is not None and (high2 < low or (high2 == low and (high2_open or low_open)))
    return below or above


def _interval(limit: _Limit) -> tuple[Fraction | None, bool, Fraction | None, bool]:
    match limit.relation:
        case "lt" | "le":
            return None, False, limit.value, limit.relation == "lt"
        case "gt" | "ge":
            return limit.value, limit.relation == "gt", None, False
        case _:
            return limit.value, False, limit.value, False


def _out_of_range(limit: _Limit, words: Mapping[str, FactDefinition]) -> Iterator[Conflict]:
    known = words.get(limit.name)
    if known is None:
        return
    low, low_open, high, high_open = _interval(limit)
    above = known.high is not None and low is not None and (low > known.high or (low == known.high and low_open))
    below = known.low is not None and high is not None and (high < known.low or (high == known.low and high_open))
    if above or below:
        span = f"{'' if known.low is None else plain(known.low)} to {'' if known.high is None else plain(known.high)}"
        what = f"{known.name} would have to be {_shown(limit)}, but only {span} can be recorded"
        yield Conflict((limit.criterion,), what)


def _shown(limit: _Limit) -> str:
    signs = {"lt": "below", "le": "at most", "gt": "above", "ge": "at least", "eq": "exactly"}
    return f"{signs[limit.relation]} {plain(limit.value)}"
