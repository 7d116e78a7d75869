"""Random programs and visits for every reading: all operators, shared parts, values on and beside every boundary."""

import os
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from escalon.expressions.exactness import computed_steps, irrational_steps
from escalon.expressions.program import Program, Step, program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.tree import COMPARISONS, Input, Kind, Literal, Node, Op

# A hundred programs of fifteen roots, the same each time; ESCALON_FUZZ=long (or a number) draws that many, and new ones.
_ASKED = os.environ.get("ESCALON_FUZZ", "")
fuzzed = settings(
    max_examples=20_000 if _ASKED == "long" else int(_ASKED or 100),
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

    rng: Random
    grown: dict[Kind, list[Node]]

    def node(self, kind: Kind, depth: int) -> Node:
        if self.grown[kind] and self.rng.randint(0, 5) == 0:
            return self.rng.choice(self.grown[kind])
        made = self._leaf(kind) if depth == 0 or self.rng.randint(0, 4) == 0 else self._grow(kind, depth - 1)
        if isinstance(made, Op):
            self.grown[kind].append(made)
        return made

    def _leaf(self, kind: Kind) -> Node:
        if self.rng.randint(0, 30) == 0:
            return Literal(None)
        leaves: dict[Kind, list[Any]] = {
            Kind.NUMBER: [*NUMBERS, *NUMBERS, *_CONSTANTS],
            Kind.TRUTH: [*TRUTHS, *TRUTHS, Literal(True), Literal(False)],
            Kind.LABEL: [*LABELLED, *LABELLED, *map(Literal, LABELS)],
        }
        return self.rng.choice(leaves[kind])

    def _grow(self, kind: Kind, depth: int) -> Node:
        if kind is Kind.NUMBER:
            return self._number(self.rng.choice(_OF_NUMBERS), depth)
        if kind is Kind.LABEL:
            name = self.rng.choice(["case", "otherwise"])
            first = (self.node(Kind.TRUTH, depth),) if name == "case" else ()
            return Op(name, (*first, self.node(kind, depth), self.node(kind, depth)))
        return self._truth(self.rng.choice(_OF_TRUTHS), depth)

    def _number(self, name: str, depth: int) -> Node:
        if name == "count_known":
            kinds = self.rng.choices([Kind.NUMBER, Kind.TRUTH, Kind.LABEL], k=self.rng.randint(1, 3))
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
                kind = self.rng.choice([Kind.NUMBER, Kind.TRUTH, Kind.LABEL])
                return Op(name, (self.node(kind, depth),))
            case "at_least":
                needed = Literal(self.rng.randint(-1, 5))
                return Op(name, (needed, *self._several(Kind.TRUTH, depth, 1, 4)))
            case "case":
                return Op(name, self._several(Kind.TRUTH, depth, 3, 3))
            case "otherwise":
                return Op(name, self._several(Kind.TRUTH, depth, 2, 2))
            case "and" | "or":
                return Op(name, self._several(Kind.TRUTH, depth, 1, 4))
            case _:
                kinds = [Kind.NUMBER, Kind.NUMBER, Kind.LABEL, Kind.TRUTH] if name in ("eq", "ne") else [Kind.NUMBER]
                return Op(name, self._several(self.rng.choice(kinds), depth, 2, 2))

    def _several(self, kind: Kind, depth: int, low: int, high: int) -> tuple[Node, ...]:
        return tuple(self.node(kind, depth) for _ in range(self.rng.randint(low, high)))


_OF_TRUTHS = ["and", "or", "not", "at_least", "known", "otherwise", "case", *sorted(COMPARISONS)]


def _program(seed: int, depth: int) -> Program:
    grower = _Grower(Random(seed), {kind: [] for kind in Kind})
    kinds = {"number": Kind.NUMBER, "truth": Kind.TRUTH, "label": Kind.LABEL}
    return program({f"{name}{place}": grower.node(kind, depth) for place in range(5) for name, kind in kinds.items()})


def programs() -> st.SearchStrategy[Program]:
    """A program with five roots of each kind, which share parts; a failing one shrinks in depth.

    Hypothesis draws the seed only: drawing every node would cost more than reading the program everywhere.
    """
    return st.builds(_program, st.integers(0, 2**63), st.integers(1, 4))


def _decimal(rng: Random, unit: int) -> Fraction:
    edges = [Fraction(n, 10) for n in (0, 1, 2, 3, 10, 20, 30, -10)]
    return rng.choice(edges) if rng.random() < 0.5 else Fraction(rng.randint(-3 * unit, 40 * unit), unit)


def _visit(seed: int) -> dict[str, Any]:
    rng = Random(seed)
    values = {
        "whole": rng.choice([0, 1, 2, 3, rng.randint(-5, 60), rng.randint(-5, 60)]),
        "tenths": _decimal(rng, 10),
        "hundredths": _decimal(rng, 100),
        **{node.name: rng.choice([True, False]) for node in TRUTHS},
        **{node.name: rng.choice(LABELS) for node in LABELLED},
    }
    missing = rng.choice([0, 0.1, 0.3, 0.6])
    return {name: None if rng.random() < missing else value for name, value in values.items()}


def visits() -> st.SearchStrategy[dict[str, Any]]:
    """Values for every input, on and beside boundaries; about a quarter are missing."""
    return st.integers(0, 2**63).map(_visit)


def decidable(drawn: Program, rows: list[dict[str, Any]], exact: bool) -> list[tuple[dict[str, Any], frozenset[str]]]:
    """The visits, each with the roots in which doubles can be held to the exact reading.

    Left out are roots that rest on a number so large, or on two compared numbers or an edge of a domain so close
    without being equal, that the last digits decide. Exact programs are promised for recorded values of ordinary size;
    roots and logarithms may differ in the last digit between mathematical libraries. Visits with a number near the ends
    of what a double holds are left out whole, because PostgreSQL raises an error there.
    """
    every = Program(drawn.steps, {str(number): number for number in range(len(drawn.steps))})
    reading = compile_scalar(every, exact)
    rough = computed_steps(drawn) if exact else irrational_steps(drawn)
    kept = []
    for row in rows:
        values = list(reading(**row).values())
        if all(_is_moderate(value) for value in values):
            good: list[bool] = []
            for number, step in enumerate(drawn.steps):
                good.append(_is_clear(number, step, values, rough, exact) and all(good[part] for part in step.parts))
            kept.append((row, frozenset(name for name, number in drawn.roots.items() if good[number])))
    return kept


def _is_moderate(value: Any) -> bool:
    return not _is_number(value) or value == 0 or 1e-100 < abs(value) < 1e100


def _is_clear(number: int, step: Step, values: list[Any], rough: frozenset[int], exact: bool) -> bool:
    """Whether doubles decide this step as the reading for one visit does, its parts being equal."""
    if _is_number(values[number]) and abs(values[number]) > (1e4 if number in rough else 1e9):
        return False
    if not isinstance(step.node, Op) or rough.isdisjoint(step.parts):
        return True
    parts = [values[part] for part in step.parts]
    if step.node.name in COMPARISONS:
        return not all(map(_is_number, parts)) or not _is_close(parts[0] - parts[1], exact)
    if step.node.name in ("div", "sqrt", "ln", "power"):
        return not any(_is_close(part, exact) for part in parts if _is_number(part))
    return True


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, bool | str)


def _is_close(gap: Any, exact: bool) -> bool:
    """So near to 0 that it may or may not be taken for 0; an exact 0 is safe in exact programs only."""
    return abs(gap) < 1e-7 and not (exact and gap == 0)
