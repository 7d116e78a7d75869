"""A tree written out as numbered steps, each shared part once: what every generated reading is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from escalon.expressions.tree import Input, Kind, Literal, Node, Op, kind_of

Steps: TypeAlias = tuple["Step", ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One node; `parts` are the numbers of earlier steps."""

    node: Node
    parts: tuple[int, ...]
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class Program:
    """The steps of one or several trees, in an order in which parts come first, and the step of each root."""

    steps: Steps
    roots: Mapping[str, int]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The inputs read, in order."""
        return tuple(step.node for step in self.steps if isinstance(step.node, Input))

    @property
    def needed(self) -> tuple[int, ...]:
        """The steps that a root rests on, in order; a program may hold more when roots were left out."""
        found: set[int] = set()
        waiting = list(self.roots.values())
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting.extend(self.steps[number].parts)
        return tuple(sorted(found))

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that stands in the program, sorted; columns code a label by its place here."""
        found = {
            step.node.value
            for step in self.steps
            if isinstance(step.node, Literal) and isinstance(step.node.value, str)
        }
        return tuple(sorted(found))


def program(roots: Mapping[str, Node]) -> Program:
    """Write trees out as steps. Equal parts become one step, so the text grows with distinct parts only."""
    steps: list[Step] = []
    known: dict[object, int] = {}
    seen: dict[int, int] = {}

    def add(node: Node) -> int:
        if id(node) in seen:
            return seen[id(node)]
        parts = tuple(add(part) for part in node.parts) if isinstance(node, Op) else ()
        key = (node.name, parts) if isinstance(node, Op) else (type(node), node, type(getattr(node, "value", None)))
        if key not in known:
            known[key] = len(steps)
            steps.append(Step(node, parts, kind_of(node, tuple(steps[part].kind for part in parts))))
        seen[id(node)] = known[key]
        return known[key]

    numbers = {name: add(node) for name, node in roots.items()}
    return Program(tuple(steps), numbers)
