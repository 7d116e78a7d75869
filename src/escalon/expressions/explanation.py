"""The reading with reasons: every step's value for one visit, and which parts decided it.

Only decisive parts are shown: the false ones of a false *and*, the true ones of a true *or*, what is unknown where the
whole is unknown, the branch that a case took, the terms that added something. Each is opened when it is looked at, so
explaining a long rule costs little more than computing it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from escalon.expressions.possible import is_open
from escalon.expressions.program import Program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.text import plain_text
from escalon.expressions.tree import COMPARISONS, Input, Kind, Literal, Op
from escalon.facts.number import plain

_LONG = 24  # a step that rests on more steps than this is named by its kind, and opened by its parts


@dataclass(frozen=True)
class Explainer:
    """A program ready to explain visits; made once, used for many."""

    program: Program
    exact: bool
    names: Mapping[str, str]

    def __call__(self, values: Mapping[str, Any], root: str = "value") -> "Explained":
        """Why a root has its value for one visit; raises KeyError for a root that the program does not have."""
        return Explained(self, self.program.roots[root], self._values(values))

    @cached_property
    def _values(self) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        """All steps for one visit, by number."""
        every = {str(number): number for number in range(len(self.program.steps))}
        reading = compile_scalar(Program(self.program.steps, every), self.exact)
        return lambda values: reading(**values)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many nodes each step's tree has, as it would be printed."""
        sizes: list[int] = []
        for step in self.program.steps:
            sizes.append(1 + sum(sizes[part] for part in step.parts))
        return tuple(sizes)

    @cached_property
    def texts(self) -> dict[int, str]:
        """The steps written out so far."""
        return {}


@dataclass(frozen=True)
class Explained:
    """One step of a definition for one visit: what it says, its value, and the parts it rests on."""

    explainer: Explainer
    number: int
    values: Mapping[str, Any]

    @property
    def value(self) -> Any:
        """The step's value; None is unknown, an interval or a set what it may be."""
        return self.values[str(self.number)]

    @property
    def is_open(self) -> bool:
        """Whether more than one value is possible, because of an interval beneath."""
        return is_open(self.value)

    @property
    def text(self) -> str:
        """What the step says."""
        known = self.explainer.texts
        if self.number not in known:
            known[self.number] = _text(self.explainer, self.number)
        return known[self.number]

    @property
    def parts(self) -> tuple["Explained", ...]:
        """Everything the step is made of, in order."""
        return tuple(self._at(part) for part in self.explainer.program.steps[self.number].parts)

    @cached_property
    def decisive(self) -> tuple["Explained", ...]:
        """The parts that made the value what it is."""
        node = self.node
        found = _decisive(self, node.name) if isinstance(node, Op) else ()
        return tuple(part for part in found if not isinstance(part.node, Literal))

    @property
    def missing(self) -> tuple[str, ...]:
        """The inputs that are not known and because of which the value is not; empty where it is known."""
        if self.value is not None:
            return ()
        found = {step.node.name: None for step in self._unknowns() if isinstance(step.node, Input)}
        return tuple(self.explainer.names.get(name, name) for name in found)

    @property
    def undefined(self) -> tuple[str, ...]:
        """What is unknown though all its parts are known: a root, logarithm or quotient outside its domain."""
        if self.value is not None:
            return ()
        return tuple(dict.fromkeys(part.text for part in self._unknowns() if part._is_undefined))

    @property
    def node(self) -> Any:
        """The node behind the step."""
        return self.explainer.program.steps[self.number].node

    def render(self, deepest: int = 12) -> str:
        """The explanation as indented lines, decisive parts only."""
        return "\n".join(self._lines("", deepest, set()))

    def _at(self, number: int) -> "Explained":
        return Explained(self.explainer, number, self.values)

    @property
    def _is_undefined(self) -> bool:
        return isinstance(self.node, Op) and self.value is None and not any(part.value is None for part in self.parts)

    def _unknowns(self) -> Iterator["Explained"]:
        """Every unknown step that the unknown value rests on, once."""
        waiting, seen = [self], {self.number}
        while waiting:
            step = waiting.pop()
            yield step
            for part in reversed(step.decisive):
                if part.value is None and part.number not in seen:
                    seen.add(part.number)
                    waiting.append(part)

    def _lines(self, indent: str, deepest: int, shown: set[int]) -> Iterator[str]:
        again = self.number in shown and bool(self.decisive)
        yield f"{indent}{_valued(self)}{' (as above)' if again else ''}"
        shown.add(self.number)
        if again or isinstance(self.node, Input):
            return
        if self.value is None and not indent and self.missing:
            yield f"  missing: {', '.join(self.missing)}"
        if self._is_undefined:
            yield f"{indent}  not defined for these values"
        if deepest == 0 and self.decisive:
            yield f"{indent}  …"
            return
        for part in self.decisive:
            yield from part._lines(f"{indent}  ", deepest - 1, shown)


def explain(
    program: Program,
    values: Mapping[str, Any],
    root: str = "value",
    exact: bool = True,
    names: Mapping[str, str] | None = None,
) -> Explained:
    """Why a root of the program has its value for one visit.

    For many visits make an `Explainer(program, exact, names)` once: compiling costs more than explaining.
    """
    return Explainer(program, exact, names or {})(values, root)


def _decisive(step: Explained, name: str) -> tuple[Explained, ...]:
    value, parts = step.value, step.parts
    match name:
        case _ if step.is_open and name != "add":
            return tuple(part for part in parts if part.is_open) or parts
        case "and" | "or" | "at_least":
            return tuple(part for part in parts if part.value is value)
        case "case":
            return tuple(_taken(step))
        case "otherwise" if value is not None:
            return (parts[0] if parts[0].value is not None else parts[1],)
        case "add":
            terms = _terms(step)
            return tuple(part for part in terms if part.value is None or (value is not None and part.value != 0))
        case "min" | "max" | "max_known" if value is not None:
            return tuple(part for part in parts if part.value == value)
        case "sum_known" if value is not None:
            return tuple(part for part in parts if part.value is not None and part.value != 0)
        case "known" | "count_known" | "not":
            return parts
        case _ if value is None:
            return tuple(part for part in parts if part.value is None) or parts
        case _:
            return parts


def _terms(step: Explained) -> list[Explained]:
    """The terms of a sum; `a + b + c` was traced as a sum within a sum."""
    terms: list[Explained] = []
    for part in step.parts:
        terms.extend(_terms(part) if isinstance(part.node, Op) and part.node.name == "add" else [part])
    return terms


def _taken(step: Explained) -> Iterator[Explained]:
    """The conditions tried along a chain of cases, and the value that was taken."""
    while isinstance(step.node, Op) and step.node.name == "case":
        condition, then, other = step.parts
        yield condition
        if condition.value is None:
            return
        if condition.is_open:  # and yet the case is decided: what it may be is the same either way
            yield then
            yield other
            return
        step = then if condition.value else other
    yield step


def _valued(step: Explained) -> str:
    """A truth with its mark in front, anything else with its value behind."""
    if step.explainer.program.steps[step.number].kind is Kind.TRUTH:
        mark = {True: "true", False: "false"}.get(step.value, "open" if step.is_open else "unknown")
        return f"[{mark}] {step.text}"
    value = step.value
    if step.is_open:
        return f"{step.text} = {_either(value)}"
    is_huge = value is not None and not isinstance(value, bool | str) and abs(value) >= 10**15
    shown = "unknown" if value is None else f"{float(value):.6g}" if is_huge else plain(value)
    return f"{step.text} = {shown}"


def _either(value: Any) -> str:
    """What is possible, in words: `<5`, `low or moderate`."""
    return " or ".join(sorted(plain(one) for one in value)) if isinstance(value, frozenset) else str(value)


def _text(explainer: Explainer, number: int) -> str:
    """The step's formula, or, where that would fill a page, what kind of thing it is."""
    node = explainer.program.steps[number].node
    if explainer.sizes[number] <= _LONG or not isinstance(node, Op):
        return plain_text(node, explainer.names)
    count = len(node.parts)
    match node.name:
        case "and":
            return f"all of {count}"
        case "or":
            return f"any of {count}"
        case "at_least":
            return f"at least {plain_text(node.parts[0])} of {count - 1}"
        case "add" | "sum_known":
            return f"sum of {count} terms"
        case "min" | "max" | "max_known":
            return f"{'smallest' if node.name == 'min' else 'largest'} of {count}"
        case "case":
            return "depends on a condition"
        case name if name in COMPARISONS:
            signs = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
            return f" {signs[name]} ".join(_text(explainer, part) for part in explainer.program.steps[number].parts)
        case name:
            return f"{name.replace('_', ' ')} of {count}"
