"""The reading for one visit when a number is only known to lie in an interval: `<5`, `1-2`.

A comparison, a band or a grade is decided when every number in the interval decides alike. What rests on no interval is
read as always, in exact numbers; only the steps above an interval are read as what they may be (`possible`).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from escalon.expressions.possible import OPERATORS, Possible, just, settled
from escalon.expressions.program import Program
from escalon.expressions.tree import Input, Kind, Op
from escalon.facts.interval import Interval

Values: TypeAlias = Mapping[str, Any]


def resting_on(program: Program, names: frozenset[str]) -> tuple[int, ...]:
    """The numbers of the steps that read one of the named inputs, themselves or through their parts, in order."""
    found: set[int] = set()
    for number in program.needed:
        step = program.steps[number]
        if (isinstance(step.node, Input) and step.node.name in names) or not found.isdisjoint(step.parts):
            found.add(number)
    return tuple(sorted(found))


def compile_intervals(
    program: Program, exact: bool, every_step: Callable[..., dict[str, Any]]
) -> Callable[[Values], dict[str, Any]]:
    """A function from the inputs, of which some are intervals, to each root: a value, or what it may be where it is open.

    `every_step` is the reading of the same program with each step's number as a root. Where it computes in doubles, so
    are the ends.
    """
    plans: dict[frozenset[str], tuple[int, ...]] = {}

    def reading(values: Values) -> dict[str, Any]:
        given = {name: value for name, value in values.items() if isinstance(value, Interval)}
        names = frozenset(given)
        if names not in plans:
            plans[names] = resting_on(program, names)
        plain = every_step(**{name: value for name, value in values.items() if name not in given})
        possible = _Possible(plain)
        for number in plans[names]:
            step = program.steps[number]
            if isinstance(step.node, Input):
                supplied = _supplied(step.node, given[step.node.name])
                possible[number] = supplied if exact else supplied.mapped(float)
            elif isinstance(step.node, Op):
                possible[number] = OPERATORS[step.node.name](*[possible[part] for part in step.parts])
        return {
            name: settled(possible[number]) if number in possible else plain[str(number)]
            for name, number in program.roots.items()
        }

    return reading


class _Possible(dict[int, Possible]):
    """What each step may be; a step that rests on no interval is just its value."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self.plain = plain

    def __missing__(self, number: int) -> Possible:
        value = self.plain[str(number)]
        return Interval(value, value) if isinstance(value, float) else just(value)


def _supplied(node: Input, value: Interval) -> Interval:
    if node.kind is Kind.INTEGER:
        return value.whole
    if node.kind is Kind.NUMBER:
        return value
    raise TypeError(f"{node.name} is {value}. Give a {node.kind}, or None where it is not known")
