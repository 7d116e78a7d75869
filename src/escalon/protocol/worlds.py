"""Clauses that no values could meet, that all do, or that follow from another: every combination of what they read is tried.

What a clause reads is a number about its limits, a label among its choices, or a yes or no; names and windows are taken to be
independent, so what is found holds whatever is recorded, and not everything is found.
"""

import operator
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, pairwise, product
from math import ceil, floor, prod
from typing import Any

from escalon.expressions.events import How, Pick
from escalon.expressions.tree import COMPARISONS, Literal, Node, Op
from escalon.facts import together
from escalon.protocol.reach import MIRRORED, Conflict, group_of, limit_value
from escalon.protocol.study import Criterion, FactDefinition, Study

MOST = 3000
"""Combinations that are tried of one or two clauses; what would need more is passed over."""
World = Mapping[Node, Any]


def hopeless(study: Study) -> Iterator[Conflict]:
    """Every clause that no values meet, and every two for the same people that none meet together."""
    for one in study.criteria:
        if (worlds := _worlds([one], study.vocabulary)) and not any(_passes(one, world, study) for world in worlds):
            yield Conflict((one,), "nothing that may be recorded could meet it")
    for one, other, both in _together(study):
        if not any(_passes(one, world, study) and _passes(other, world, study) for world in both):
            said = f"is required by {one.id} and excluded by {other.id}: nobody can enter"
            yield Conflict(
                (one, other), said if one.tree == other.tree else "nothing that may be recorded could meet both"
            )


def pointless(study: Study) -> Iterator[Conflict]:
    """Every clause that all values meet, and every one that is met whenever another for the same people is."""
    always = set()
    for one in study.criteria:
        worlds = _worlds([one], study.vocabulary)
        if worlds and not _is_of_words(one, study) and all(_passes(one, world, study) for world in worlds):
            always.add(one.id)
            yield Conflict((one,), "whatever may be recorded meets it")
    for pair in _together(study):
        for one, other in (pair[:2], pair[1::-1]):
            met = [world for world in pair[2] if _passes(other, world, study)]
            holds = met and all(_passes(one, world, study) for world in met) and group_of(other) in ("", group_of(one))
            if holds and one.id not in always and one.tree != other.tree:
                yield Conflict((one, other), f"whoever meets {other.id} meets it")


def _is_of_words(one: Criterion, study: Study) -> bool:
    """Whether a clause asks for words of labels alone: that every choice is let in asks that one be recorded."""
    return all(test is not None and isinstance(test[1], str) for _, test in _asked(one.tree, study.vocabulary))


def _together(study: Study) -> Iterator[tuple[Criterion, Criterion, Sequence[World]]]:
    """Every two clauses for the same people that read something in common, and what may be recorded of it."""
    for one, other in combinations(study.criteria, 2):
        if group_of(one) == group_of(other) or "" in (group_of(one), group_of(other)):
            own, theirs = (
                dict.fromkeys(node for node, _ in _asked(each.tree, study.vocabulary)) for each in (one, other)
            )
            if own.keys() & theirs.keys() and (worlds := _worlds([one, other], study.vocabulary)):
                yield one, other, worlds


def _passes(one: Criterion, world: World, study: Study) -> bool:
    return _holds(one.tree, world, study.vocabulary) is (one.kind == "inclusion")


def _holds(tree: Node, world: World, words: Mapping[str, FactDefinition]) -> bool:
    match tree:
        case Op("and", parts):
            return all(_holds(part, world, words) for part in parts)
        case Op("or", parts):
            return any(_holds(part, world, words) for part in parts)
        case Op("not", (part,)):
            return not _holds(part, world, words)
        case Op("at_least", (Literal(number), *parts)):
            return sum(_holds(part, world, words) for part in parts) >= int(number or 0)
    for node, test in _asked(tree, words):
        if test is None:
            return bool(world[node])
        relation, value = test
        return bool(getattr(operator, relation)(world[node], value))
    raise TypeError(f"{tree!r} asks nothing")


def _asked(tree: Node, words: Mapping[str, FactDefinition]) -> Iterator[tuple[Node, tuple[str, Any] | None]]:
    """What a rule reads, each with the relation and the value asked about; none of a yes or no."""
    match tree:
        case Op("and" | "or" | "not" | "at_least", parts):
            for part in parts:
                if not isinstance(part, Literal):
                    yield from _asked(part, words)
        case Op("eq" | "ne" as name, (Pick() as pick, Literal(str() as word))):
            yield pick, (name, word)
        case Op(name, (left, right)) if name in COMPARISONS:
            for side, relation, other in ((left, name, right), (right, MIRRORED.get(name, name), left)):
                known = words.get(side.name) if isinstance(side, Pick) else None
                if (value := limit_value(other, known)) is not None:
                    yield side, (relation, value)
                    return
            yield tree, None
        case _:
            yield tree, None


def _worlds(clauses: Sequence[Criterion], words: Mapping[str, FactDefinition]) -> list[World]:
    """Every combination of what clauses read, as far as it can make a difference; none where there are too many."""
    pairs = (pair for one in clauses for pair in _asked(one.tree, words))
    asked = together((node, None if test is None else test[1]) for node, test in pairs)
    choices = [_choices(node, values, words) for node, values in asked.items()]
    if prod(map(len, choices)) > MOST:
        return []
    return [dict(zip(asked, world, strict=True)) for world in product(*choices)]


def _choices(node: Node, values: list[Any], words: Mapping[str, FactDefinition]) -> list[Any]:
    known = words.get(node.name) if isinstance(node, Pick) else None
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
