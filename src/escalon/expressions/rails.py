"""The NumPy text behind the reading over columns: each step written as the rails that something asks for."""

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from escalon.expressions.exactness import TOLERANCE, computed_steps
from escalon.expressions.program import Program, Step
from escalon.expressions.tree import COMPARISONS, DOMAIN, INFIX, Input, Kind, Literal, Op, TreeError

_DEEPEST = 20  # nested brackets in one generated line; Python's parser has a limit
_FUNCTIONS = {
    "neg": "-", "abs": "np.abs", "sqrt": "np.sqrt", "ln": "logarithm", "exp": "exponential", "power": "power",
    "min": "np.minimum", "max": "np.maximum", "max_known": "np.fmax",
}  # fmt: skip
"""How NumPy calls an operator; `sqrt` is NaN below 0."""


class BlockWriter:
    """Writes the block function. A part asked for once stands where it is used; others get a line of their own.

    The rails of a step: `n` its doubles (a truth's: 1, 0, NaN), `t` where it is true, `f` where it is false, `c` its
    codes, `k` where it is known.
    """

    def __init__(
        self,
        program: Program,
        exact: bool,
        labels: tuple[str, ...],
        uses: dict[tuple[int, str], int],
        counted: bool,
    ) -> None:
        self.program = program
        self.computed = computed_steps(program) if exact else frozenset()
        self.codes = {label: code for code, label in enumerate(labels)}
        self.uses = uses
        self.counted = counted
        self.lines: list[str] = []
        self.written: dict[tuple[int, str], str] = {}

    def text(self) -> str:
        """The block function, whole."""
        for number in self.program.needed:  # parts first, so that no rule is too deep to write
            for rail in _RAILS:
                if (number, rail) in self.uses:
                    self.rail(number, rail)
        inputs = [n for n in self.program.needed if isinstance(self.program.steps[n].node, Input)]
        body = "\n    ".join([*self.lines, f"return ({', '.join(self.results())},)"])
        return f"def block({', '.join(f'i{number}' for number in inputs)}):\n    {body}\n"

    def results(self) -> list[str]:
        """The text of each root."""
        kinds = [(number, self.program.steps[number].kind) for number in self.program.roots.values()]
        return [self.rail(number, "c" if kind is Kind.LABEL else "n") for number, kind in kinds]

    def rail(self, number: int, rail: str) -> str:
        """The text for one rail of a step: a name, or the expression itself if nothing else asks for it."""
        key = (number, rail)
        if not self.counted:
            self.uses[key] = self.uses.get(key, 0) + 1
            return "counted"
        if key not in self.written:
            text = _RAILS[rail](self, number, self.program.steps[number])
            if not text.isidentifier() and (self.uses[key] > 1 or _depth(text) > _DEEPEST):
                self.lines.append(f"{rail}{number} = {text}")
                text = f"{rail}{number}"
            self.written[key] = text
        return self.written[key]

    def count(self) -> dict[tuple[int, str], int]:
        """How often each rail is asked for, from the results back to the inputs."""
        self.results()
        for number in reversed(self.program.needed):
            done: set[str] = set()
            while asked := [rail for rail in _RAILS if (number, rail) in self.uses and rail not in done]:
                done.add(asked[0])
                _RAILS[asked[0]](self, number, self.program.steps[number])
        return self.uses

    # -- doubles

    def numbers(self, number: int, step: Step) -> str:
        """Doubles; a truth's are 1, 0 and NaN."""
        match step.node:
            case Literal(None):
                return "nan"
            case Literal(bool() | int() | Fraction() as value):
                return f"number({float(value)!r})"
            case Input():
                return f"i{number}"
            case Op(name):
                if step.kind is Kind.TRUTH:
                    return f"np.where({self.rail(number, 't')}, 1.0, np.where({self.rail(number, 'f')}, 0.0, nan))"
                return self._number(name, step)
            case _:
                raise TreeError(f"{step.node!r} has no column of numbers")

    def _number(self, name: str, step: Step) -> str:
        match name:
            case "case":
                return self._chosen_number(step)
            case "count_known":
                return f"({self._how_many([self.rail(part, 'k') for part in step.parts])}).astype(np.float64)"
            case "sum_known":
                kept = [f"np.where({self.rail(p, 'k')}, {self.rail(p, 'n')}, 0.0)" for p in step.parts]
                any_known = " | ".join(self.rail(part, "k") for part in step.parts)
                return f"np.where({any_known}, {' + '.join(kept)}, nan)"
        v = [self.rail(part, "n") for part in step.parts]
        at = DOMAIN.get(name)
        if at is not None and step.parts[at] in self.computed:
            v[at] = f"np.where(np.abs({v[at]}) <= {TOLERANCE!r}, 0.0, {v[at]})"
        return self._arithmetic(name, v, step)

    def _arithmetic(self, name: str, v: list[str], step: Step) -> str:
        if name in INFIX:
            return f"({f' {INFIX[name]} '.join(v)})"
        match name:
            case "div":
                return (
                    f"({v[0]} / {v[1]})" if self._value(step.parts[1]) not in (None, 0) else f"divided({v[0]}, {v[1]})"
                )
            case "otherwise":
                return f"np.where({self.rail(step.parts[0], 'k')}, {v[0]}, {v[1]})"
            case "min" | "max" | "max_known":
                return reduce(lambda text, other: f"{_FUNCTIONS[name]}({text}, {other})", v)
            case _:
                return f"{_FUNCTIONS[name]}({', '.join(v)})"

    def _chosen_number(self, step: Step) -> str:
        condition, then, other = step.parts
        a, b = self.rail(then, "n"), self.rail(other, "n")
        asked = self.program.steps[condition].node
        if isinstance(asked, Input) and self._value(other) == 0 and self._value(then) is not None:
            return f"({self.rail(condition, 'n')} * {a})"  # points for a box: 1 × weight, 0 × weight, NaN
        if self._is_never_unknown(condition):
            return f"np.where({self.rail(condition, 't')}, {a}, {b})"
        return f"np.where({self.rail(condition, 't')}, {a}, np.where({self.rail(condition, 'f')}, {b}, nan))"

    # -- truths

    def truth(self, number: int, step: Step, wanted: bool) -> str:
        """Where a truth is `wanted`."""
        same, opposite = ("t", "f") if wanted else ("f", "t")
        match step.node:
            case Literal(value):
                return f"np.bool_({value is wanted})"
            case Input():
                return f"({self.rail(number, 'n')} == {1.0 if wanted else 0.0})"
            case Op("not"):
                return self.rail(step.parts[0], opposite)
            case Op("and" | "or" as name):
                joined = " & " if (name == "and") is wanted else " | "
                return f"({joined.join(self.rail(part, same) for part in step.parts)})"
            case Op("known"):
                known = self.rail(step.parts[0], "k")
                return known if wanted else f"np.logical_not({known})"
            case Op("at_least"):
                return self._reached(step, wanted)
            case Op("case"):
                condition, then, other = step.parts
                yes, no = (self.rail(condition, rail) for rail in "tf")
                return f"(({yes} & {self.rail(then, same)}) | ({no} & {self.rail(other, same)}))"
            case Op("otherwise"):
                first, second = step.parts
                return f"({self.rail(first, same)} | (np.logical_not({self.rail(first, 'k')}) & {self.rail(second, same)}))"
            case Op(name) if name in COMPARISONS:
                return self._compared(name, step, wanted)
            case _:
                raise TreeError(f"{step.node!r} has no column of truths")

    def _reached(self, step: Step, wanted: bool) -> str:
        needed, parts = self._value(step.parts[0]), step.parts[1:]
        if needed <= 0 or needed > len(parts):
            return f"np.bool_({(needed <= 0) is wanted})"
        limit = needed if wanted else len(parts) - needed + 1
        return f"({self._how_many([self.rail(part, 't' if wanted else 'f') for part in parts])} >= {limit})"

    def _how_many(self, masks: list[str]) -> str:
        return " + ".join(f"np.asarray({mask}).astype(np.int16)" for mask in masks)

    def _compared(self, name: str, step: Step, wanted: bool) -> str:
        kinds = {self.program.steps[part].kind for part in step.parts}
        if None in kinds and len(kinds) == 1:
            return "np.bool_(False)"
        if not wanted:
            name = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "le": "gt", "gt": "le"}[name]
        a, b = step.parts
        if Kind.LABEL in kinds:
            both = f"{self.rail(a, 'k')} & {self.rail(b, 'k')}"
            return f"(({self.rail(a, 'c')} {'==' if name == 'eq' else '!='} {self.rail(b, 'c')}) & {both})"
        if Kind.TRUTH in kinds:
            pairs = (("t", "t"), ("f", "f")) if name == "eq" else (("t", "f"), ("f", "t"))
            return "(" + " | ".join(f"({self.rail(a, x)} & {self.rail(b, y)})" for x, y in pairs) + ")"
        if a in self.computed or b in self.computed:
            return _near(name, f"({self.rail(a, 'n')} - {self.rail(b, 'n')})")
        sign = {"eq": "==", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
        x, y = self.rail(a, "n"), self.rail(b, "n")
        return f"(({x} < {y}) | ({x} > {y}))" if name == "ne" else f"({x} {sign[name]} {y})"

    # -- labels, and what is known

    def coded(self, number: int, step: Step) -> str:
        """A label's places in the vocabulary, -1 where unknown."""
        match step.node:
            case Literal(str(value)):
                return f"np.int32({self.codes[value]})"
            case Input():
                return f"i{number}"
            case Op("case"):
                condition, then, other = step.parts
                a, b = self.rail(then, "c"), self.rail(other, "c")
                yes, no = self.rail(condition, "t"), self.rail(condition, "f")
                return f"np.where({yes}, {a}, np.where({no}, {b}, -1))"
            case Op("otherwise"):
                a, b = (self.rail(part, "c") for part in step.parts)
                return f"np.where({self.rail(step.parts[0], 'k')}, {a}, {b})"
            case _:
                return "np.int32(-1)"

    def known(self, number: int, step: Step) -> str:
        """Where a step's value is known."""
        if isinstance(step.node, Literal):
            return f"np.bool_({step.node.value is not None})"
        match step.kind:
            case None:
                return "np.bool_(False)"
            case Kind.LABEL:
                return f"({self.rail(number, 'c')} >= 0)"
            case Kind.TRUTH if isinstance(step.node, Op):
                return f"({self.rail(number, 't')} | {self.rail(number, 'f')})"
            case _:
                return f"({self.rail(number, 'n')} == {self.rail(number, 'n')})"

    # -- small questions

    def _value(self, number: int) -> Any:
        node = self.program.steps[number].node
        return node.value if isinstance(node, Literal) else None

    def _is_never_unknown(self, number: int) -> bool:
        step = self.program.steps[number]
        if isinstance(step.node, Op) and step.node.name in ("and", "or", "not"):
            return all(self._is_never_unknown(part) for part in step.parts)
        return isinstance(step.node, Op) and step.node.name == "known"


def _near(name: str, gap: str) -> str:
    """A comparison of two computed numbers, given their difference."""
    match name:
        case "eq" | "ne":
            return f"(np.abs({gap}) {'<=' if name == 'eq' else '>'} {TOLERANCE!r})"
        case "lt" | "ge":
            return f"({gap} {'<' if name == 'lt' else '>='} {-TOLERANCE!r})"
        case _:
            return f"({gap} {'<=' if name == 'le' else '>'} {TOLERANCE!r})"


def _depth(text: str) -> int:
    deepest = now = 0
    for sign in text:
        now += (sign == "(") - (sign == ")")
        deepest = max(deepest, now)
    return deepest


_RAILS: dict[str, Callable[[BlockWriter, int, Step], str]] = {
    "n": BlockWriter.numbers,
    "t": lambda writer, number, step: writer.truth(number, step, True),
    "f": lambda writer, number, step: writer.truth(number, step, False),
    "c": BlockWriter.coded,
    "k": BlockWriter.known,
}


def write_block(program: Program, exact: bool, labels: tuple[str, ...]) -> str:
    """The text of `block(columns…)`, which returns a column for each root, in order."""
    uses = BlockWriter(program, exact, labels, {}, counted=False).count()
    return BlockWriter(program, exact, labels, uses, counted=True).text()


def names_in_scope() -> dict[str, Any]:
    """What the generated text refers to."""
    nan, inf = np.float64("nan"), np.float64("inf")

    def divided(x: Any, y: Any) -> Any:
        return x / np.where(y == 0, nan, y)

    def logarithm(x: Any) -> Any:
        return np.log(np.where(x > 0, x, nan))

    def exponential(x: Any) -> Any:
        result = np.exp(x)
        return np.where(result < inf, result, nan)

    def power(x: Any, y: Any) -> Any:
        result = np.power(x, y)
        return np.where(
            (x >= 0) & (y == y) & (np.abs(result) < inf), result, nan
        )  # NumPy: NaN ** 0 = 1, (-0.0) ** -1 = -inf

    functions = {"divided": divided, "logarithm": logarithm, "exponential": exponential, "power": power}
    return {"np": np, "nan": nan, "number": np.float64, **functions}
