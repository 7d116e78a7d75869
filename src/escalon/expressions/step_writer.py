"""Writing steps one by one, each distinct one once, with what is already plain from constants left out."""

from typing import Any

from escalon.expressions.program import Step
from escalon.expressions.tree import Kind, Literal, Node, Op, kind_of

VARIES: Any = object()
"""What a step has in place of a value when it is no literal."""


class StepWriter:
    """Steps in the order written; every method gives the number of the step that holds its result."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._known: dict[object, int] = {}

    def leaf(self, node: Node) -> int:
        """A literal or an input."""
        return self._add((type(node), node, type(getattr(node, "value", None))), node, ())

    def literal(self, value: Any) -> int:
        """A constant."""
        return self.leaf(Literal(value))

    def op(self, name: str, *parts: int) -> int:
        """An operator as it is, nothing left out."""
        return self._add((name, parts), Op(name, tuple(self.steps[part].node for part in parts)), parts)

    def constant(self, number: int) -> Any:
        """The value of a step that is a literal; `VARIES` where it is none."""
        node = self.steps[number].node
        return node.value if isinstance(node, Literal) else VARIES

    def kind(self, number: int) -> Kind | None:
        """What a step yields."""
        return self.steps[number].kind

    def all(self, *parts: int) -> int:
        """Every one of some truths that are never unknown."""
        return self._joined("and", parts, leaves_out=True)

    def any(self, *parts: int) -> int:
        """Any one of some truths that are never unknown."""
        return self._joined("or", parts, leaves_out=False)

    def no(self, part: int) -> int:
        """The opposite of a truth that is never unknown."""
        value = self.constant(part)
        if value is not VARIES:
            return self.literal(not value)
        node, parts = self.steps[part].node, self.steps[part].parts
        return parts[0] if isinstance(node, Op) and node.name == "not" else self.op("not", part)

    def choose(self, condition: int, then: int, other: int) -> int:
        """One of two by a truth that is never unknown."""
        value = self.constant(condition)
        if value is not VARIES:
            return then if value else other
        if then == other:
            return then
        if self.constant(then) is True and self.constant(other) is False:
            return condition
        return self.op("case", condition, then, other)

    def known(self, part: int) -> int:
        """Whether a step is known."""
        value = self.constant(part)
        return self.op("known", part) if value is VARIES else self.literal(value is not None)

    def surely(self, truth: int) -> int:
        """Whether a truth is true; false where it is unknown."""
        return self._otherwise(truth, False)

    def perhaps(self, truth: int) -> int:
        """Whether a truth is true or unknown."""
        return self._otherwise(truth, True)

    def compare(self, name: str, a: int, b: int) -> int:
        """A comparison, worked out at once where both are constants."""
        x, y = self.constant(a), self.constant(b)
        if x is VARIES or y is VARIES:
            return self.op(name, a, b)
        return self.literal(None if x is None or y is None else _RELATIONS[name](x, y))

    def _otherwise(self, truth: int, instead: bool) -> int:
        value = self.constant(truth)
        if value is VARIES:
            return self.op("otherwise", truth, self.literal(instead))
        return self.literal(instead if value is None else value)

    def _joined(self, name: str, parts: tuple[int, ...], leaves_out: bool) -> int:
        left: dict[int, None] = {}
        for part in parts:
            value = self.constant(part)
            if value is (not leaves_out):
                return self.literal(not leaves_out)
            if value is not leaves_out:
                left.setdefault(part)
        if not left:
            return self.literal(leaves_out)
        return next(iter(left)) if len(left) == 1 else self.op(name, *left)

    def _add(self, key: object, node: Node, parts: tuple[int, ...]) -> int:
        if key not in self._known:
            self._known[key] = len(self.steps)
            self.steps.append(Step(node, parts, kind_of(node, tuple(self.steps[part].kind for part in parts))))
        return self._known[key]


_RELATIONS: dict[str, Any] = {
    "lt": lambda x, y: x < y, "le": lambda x, y: x <= y, "eq": lambda x, y: x == y, "ne": lambda x, y: x != y,
    "gt": lambda x, y: x > y, "ge": lambda x, y: x >= y,
}  # fmt: skip
