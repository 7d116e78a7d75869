"""A program as plain data for the page: the score that is shown as one types, with what it may still be.

The page's script reads each step as `possible` does here: an interval for a number, a set for a truth or a label. One reader
of a few kilobytes serves every instrument; a test holds it to this side over every row of the specification. What it shows
is a preview: the server's answer is the record.
"""

from fractions import Fraction
from typing import Any

from escalon.expressions.program import Program
from escalon.expressions.tree import Input, Literal, Op, TreeError


def live(program: Program) -> dict[str, Any]:
    """The steps that the roots need, and the step of each root: `[value]`, `["?", input, kind]` or `[operator, parts…]`."""
    needed = program.needed
    place = {number: at for at, number in enumerate(needed)}
    steps = [_step(program, number, place) for number in needed]
    return {"steps": steps, "roots": {name: place[number] for name, number in program.roots.items()}}


def _step(program: Program, number: int, place: dict[int, int]) -> list[Any]:
    step = program.steps[number]
    match step.node:
        case Literal(Fraction() as value):
            return [float(value)]
        case Literal(value):
            return [value]
        case Input(name, kind):
            return ["?", name, kind.value]
        case Op(name):
            return [name, *(place[part] for part in step.parts)]
        case _:
            raise TreeError(f"{step.node!r} reads a history; a layer above must put an input in its place")
