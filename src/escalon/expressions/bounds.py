"""The reading for missing inputs: the lowest and highest value that what is missing still allows.

Every step is an interval of numbers, or the set of truths or labels it may still take. Each completion of the missing
inputs lies inside; the interval may be wider than the completions where one input is used twice.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from escalon.expressions.possible import ANOTHER_LABEL, EITHER, EVERYTHING, OPERATORS, Possible, just
from escalon.expressions.program import Program
from escalon.expressions.tree import Input, Kind, Literal, Op

Reading: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Possible]], dict[str, Possible]]
_Plan: TypeAlias = list[tuple[int, Callable[..., Possible], tuple[int, ...]]]


def bounds(program: Program, values: Mapping[str, Any], ranges: Mapping[str, Possible]) -> dict[str, Possible]:
    """What each root may still be, given the known values and what each missing input may be.

    An input that is neither known nor in `ranges` may be anything of its kind. Values and literals count exactly; a
    value may be an interval.
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
    plan: _Plan = []
    for number in program.needed:
        step = program.steps[number]
        match step.node:
            case Literal(value):
                start[number] = just(value)
            case Input(name, kind):
                asked.append((number, name, anything.get(kind, EVERYTHING)))
            case Op(name, (_, Literal() as then, Literal() as other)) if name == "case":
                plan.append((number, _choice(just(then.value), just(other.value)), step.parts[:1]))
            case Op(name):
                plan.append((number, OPERATORS[name], step.parts))
            case leaf:
                start[number] = anything.get(leaf.kind, EVERYTHING)

    def reading(values: Mapping[str, Any], ranges: Mapping[str, Possible]) -> dict[str, Possible]:
        possible = start.copy()
        for number, name, otherwise in asked:
            known = values.get(name)
            if known is None or known != known:
                found = ranges.get(name, otherwise)
                possible[number] = just(found) if isinstance(found, frozenset) else found
            else:
                possible[number] = just(known)
        for number, operator, parts in plan:
            possible[number] = operator(*[possible[part] for part in parts])
        return {name: possible[number] for name, number in program.roots.items()}

    return reading


def _choice(then: Possible, other: Possible) -> Callable[..., Possible]:
    """A choice between two constants, made once for each set of truths: most of a points index is of this kind."""
    made: dict[Any, Possible] = {}

    def operator(condition: Any) -> Possible:
        if condition not in made:
            made[condition] = OPERATORS["case"](condition, then, other)
        return made[condition]

    return operator
