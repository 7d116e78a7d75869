"""Random programs and visits for every reading: all operators, shared parts, values on and beside every boundary."""

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from escalon.expressions.exactness import computed_steps, irrational_steps
from escalon.expressions.program import Program, program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.tree import COMPARISONS, Input, Kind, Literal, Node, Op

# A few hundred programs, the same each time; ESCALON_FUZZ=long (or a number) draws that many, and new ones.
_ASKED = os.environ.get("ESCALON_FUZZ", "")
fuzzed = settings(
    max_examples=20_000 if _ASKED == "long" else int(_ASKED or 200),
    derandomize=not _ASKED,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
LABELS = ("low", "high", "it's")
NUMBERS = [Input("whole", Kind.INTEGER), Input("tenths"), Input("hundredths")]
TRUTHS = [Input("yes", Kind.TRUTH), Input("maybe", Kind.TRUTH)]
LABELLED = [Input("grade", Kind.LABEL), Input("arm", Kind.LABEL)]
INPUTS = {node.name: node for node in (*NUMBERS, *TRUTHS, *LABELLED)}

_CONSTANTS = [Literal(n) for n in (0, 1, 2, -1, 3, Fraction(1, 10), Fraction(3, 10), Fraction(14, 25), Fraction(1, 3))]
_OF_NUMBERS = [
    *("add", "sub", "mul", "div", "neg", "abs", "sqrt", "min", "max", "max_known", "sum_known", "otherwise", "case"),
    *("count_known", "ln", "exp", "power"),
]
_WITH_TWO = {"sub", "mul", "div", "power", "otherwise"}
_WITH_ONE = {"neg", "abs", "sqrt", "ln", "exp"}


@dataclass
class _Grower:
    """Grows a tree kind by kind; what it grew before may come up again, so that parts are shared."""

    draw: Any
    grown: dict[Kind, list[Node]]

    def node(self, kind: Kind, depth: int) -> Node:
        if self.grown[kind] and self.draw(st.integers(0, 5)) == 0:
            return self.draw(st.sampled_from(self.grown[kind]))
        made = self._leaf(kind) if depth == 0 or self.draw(st.integers(0, 4)) == 0 else self._grow(kind, depth - 1)
        if isinstance(made, Op):
            self.grown[kind].append(made)
        return made

    def _leaf(self, kind: Kind) -> Node:
        if self.draw(st.integers(0, 30)) == 0:
            return Literal(None)
        leaves: dict[Kind, list[Any]] = {
            Kind.NUMBER: [*NUMBERS, *NUMBERS, *_CONSTANTS],
            Kind.TRUTH: [*TRUTHS, *TRUTHS, Literal(True), Literal(False)],
            Kind.LABEL: [*LABELLED, *LABELLED, *map(Literal, LABELS)],
        }
        return self.draw(st.sampled_from(leaves[kind]))

    def _grow(self, kind: Kind, depth: int) -> Node:
        if kind is Kind.NUMBER:
            return self._number(self.draw(st.sampled_from(_OF_NUMBERS)), depth)
        if kind is Kind.LABEL:
            name = self.draw(st.sampled_from(["case", "otherwise"]))
            first = (self.node(Kind.TRUTH, depth),) if name == "case" else ()
            return Op(name, (*first, self.node(kind, depth), self.node(kind, depth)))
        return self._truth(self.draw(st.sampled_from(_OF_TRUTHS)), depth)

    def _number(self, name: str, depth: int) -> Node:
        if name == "count_known":
            kinds = self.draw(st.lists(st.sampled_from([Kind.NUMBER, Kind.TRUTH, Kind.LABEL]), min_size=1, max_size=3))
            return Op(name, tuple(self.node(kind, depth) for kind in kinds))
        if name == "case":
            return Op(name, (self.node(Kind.TRUTH, depth), *self._several(Kind.NUMBER, depth, 2, 2)))
        low, high = (1, 1) if name in _WITH_ONE else (2, 2) if name in _WITH_TWO else (1, 4)
        return Op(name, self._several(Kind.NUMBER, depth, low, high))

    def _truth(self, name: str, depth: int) -> Node:
        match name:
            case "not":
                return Op(name, (self.node(Kind.TRUTH, depth),))
            case "known":
                kind = self.draw(st.sampled_from([Kind.NUMBER, Kind.TRUTH, Kind.LABEL]))
                return Op(name, (self.node(kind, depth),))
            case "at_least":
                needed = Literal(self.draw(st.integers(-1, 5)))
                return Op(name, (needed, *self._several(Kind.TRUTH, depth, 1, 4)))
            case "case":
                return Op(name, self._several(Kind.TRUTH, depth, 3, 3))
            case "otherwise":
                return Op(name, self._several(Kind.TRUTH, depth, 2, 2))
            case "and" | "or":
                return Op(name, self._several(Kind.TRUTH, depth, 1, 4))
            case _:
                kinds = [Kind.NUMBER, Kind.NUMBER, Kind.LABEL, Kind.TRUTH] if name in ("eq", "ne") else [Kind.NUMBER]
                return Op(name, self._several(self.draw(st.sampled_from(kinds)), depth, 2, 2))

    def _several(self, kind: Kind, depth: int, low: int, high: int) -> tuple[Node, ...]:
        return tuple(self.node(kind, depth) for _ in range(self.draw(st.integers(low, high))))


_OF_TRUTHS = ["and", "or", "not", "at_least", "known", "otherwise", "case", *sorted(COMPARISONS)]


@st.composite
def programs(draw: Any, depth: int = 4) -> Program:
    """A program with a root of each kind, which share parts."""
    grower = _Grower(draw, {kind: [] for kind in Kind})
    kinds = {"number": Kind.NUMBER, "truth": Kind.TRUTH, "label": Kind.LABEL}
    return program({name: grower.node(kind, depth) for name, kind in kinds.items()})


def _decimals(unit: int) -> st.SearchStrategy[Fraction | None]:
    edges = [Fraction(n, 10) for n in (0, 1, 2, 3, 10, 20, 30, -10)]
    wide = st.integers(-3 * unit, 40 * unit).map(lambda n: Fraction(n, unit))
    return st.one_of(st.none(), st.sampled_from(edges), wide)


@st.composite
def visits(draw: Any) -> dict[str, Any]:
    """Values for every input; about a third are missing."""
    return {
        "whole": draw(st.one_of(st.none(), st.sampled_from([0, 1, 2, 3]), st.integers(-5, 60))),
        "tenths": draw(_decimals(10)),
        "hundredths": draw(_decimals(100)),
        **{node.name: draw(st.sampled_from([None, True, False])) for node in TRUTHS},
        **{node.name: draw(st.sampled_from([None, *LABELS])) for node in LABELLED},
    }


def is_decidable_in_doubles(drawn: Program, visit: dict[str, Any], exact: bool) -> bool:
    """Whether doubles can be held to the exact reading: no step so large, and no two compared values or edge of a
    domain so close without being equal, that the last digits decide. Exact programs are promised for recorded values
    of ordinary size; roots and logarithms may differ in the last digit between mathematical libraries.
    """
    every = Program(drawn.steps, {str(number): number for number in range(len(drawn.steps))})
    values = compile_scalar(every, exact)(**visit)
    rough = computed_steps(drawn) if exact else irrational_steps(drawn)
    for number, step in enumerate(drawn.steps):
        value = values[str(number)]
        if _is_number(value) and abs(value) > (1e4 if number in rough else 1e9):
            return False
        if isinstance(step.node, Op) and not rough.isdisjoint(step.parts):
            parts = [values[str(part)] for part in step.parts]
            if step.node.name in COMPARISONS and all(map(_is_number, parts)) and _is_close(parts[0] - parts[1], exact):
                return False
            if step.node.name in ("div", "sqrt", "ln", "power") and any(
                _is_close(p, exact) for p in parts if _is_number(p)
            ):
                return False
    return True


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, bool | str)


def _is_close(gap: Any, exact: bool) -> bool:
    """So near to 0 that it may or may not be taken for 0; an exact 0 is safe in exact programs only."""
    return abs(gap) < 1e-7 and not (exact and gap == 0)
