"""The reference reading: one visit, plain Python values, generated once as straight-line code.

Exact programs compute sums, differences, products and ratios as rational numbers, so that a threshold on a decimal
is met exactly when it is met on paper; what rests on a root, a logarithm or a power is compared to nine decimals
(`exactness`). Other programs compute in doubles.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from escalon.expressions.exactness import TOLERANCE, irrational_steps
from escalon.expressions.program import Program, Step
from escalon.expressions.tree import COMPARISONS, Input, Kind, Literal, Op, TreeError
from escalon.facts.interval import Interval
from escalon.facts.number import exact as exact_number

_INFIX = {"sub": "-", "mul": "*", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def compile_scalar(program: Program, exact: bool) -> Callable[..., dict[str, Any]]:
    """A function from the inputs, by keyword, to the value of each root. `None` in, where it matters `None` out.

    Numbers may be int, float, Decimal or Fraction, and NaN is missing; truths may be True, False, 1 or 0. Raises
    TypeError for anything else, naming the input. A number may also be an Interval: a root is then its value where every
    number in the interval gives it that value, and otherwise the interval or set of what it may be.
    """
    lines: list[str] = []
    constants: dict[str, object] = {}
    names = [step.node.name for step in program.steps if isinstance(step.node, Input)]
    rough = irrational_steps(program) if exact else frozenset()
    for number in program.needed:
        step = program.steps[number]
        if isinstance(step.node, Literal):
            constants[f"v{number}"] = _constant(step.node.value, exact)
        elif isinstance(step.node, Input):
            lines.append(f"v{number} = {_supplied(step.node, _parameter(names, step.node.name))}")
        elif isinstance(step.node, Op):
            lines.append(f"v{number} = {_python(step.node.name, step, program, exact, rough)}")
        else:
            raise TreeError(f"{step.node!r} reads a history; a layer above must put an input in its place")
    result = ", ".join(f"{name!r}: v{number}" for name, number in program.roots.items())
    arguments = ", ".join(f"{_parameter(names, name)}=None" for name in names)
    body = "\n    ".join([*lines, f"return {{{result}}}"])
    scope = {**_FUNCTIONS, **constants, "number": _exact if exact else _double}
    exec(f"def reading({arguments}):\n    {body}", scope)  # our own generated text: no input reaches it
    reading: Any = scope["reading"]
    return _renamed(reading, names, lambda: _with_intervals(program, exact))


def _with_intervals(program: Program, exact: bool) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    from escalon.expressions.intervals import compile_intervals

    every = {str(number): number for number in program.needed}
    return compile_intervals(program, exact, compile_scalar(Program(program.steps, every), exact))


def _supplied(node: Input, argument: str) -> str:
    """The common types pass at once; the rest are converted or refused."""
    if node.kind is Kind.TRUTH:
        return f"{argument} if {argument} is True or {argument} is False else truth({argument}, {node.name!r})"
    if node.kind is Kind.LABEL:
        return f"{argument} if {argument}.__class__ is str else label({argument}, {node.name!r})"
    return f"{argument} if {argument}.__class__ is int else number({argument}, {node.name!r})"


def _parameter(names: list[str], name: str) -> str:
    return f"i{names.index(name)}"


def _renamed(
    reading: Callable[..., Any], names: list[str], with_intervals: Callable[[], Callable[..., dict[str, Any]]]
) -> Callable[..., dict[str, Any]]:
    """The reading by keyword; an interval among the values is met as a number that is none, so exact numbers wait for nothing."""
    made: list[Callable[..., dict[str, Any]]] = []

    def call(**values: Any) -> dict[str, Any]:
        try:
            result: dict[str, Any] = reading(*[values.get(name) for name in names])
        except TypeError:
            if not any(isinstance(value, Interval) for value in values.values()):
                raise
            if not made:
                made.append(with_intervals())
            result = made[0](values)
        return result

    call.positional = reading  # type: ignore[attr-defined]
    call.names = tuple(names)  # type: ignore[attr-defined]
    return call


def _constant(value: object, exact: bool) -> object:
    return float(value) if isinstance(value, Fraction) and not exact else value


def _python(name: str, step: Step, program: Program, exact: bool, rough: frozenset[int]) -> str:
    v = [f"v{part}" for part in step.parts]
    match name:
        case "and":
            return f"False if {_each(v, 'is False', 'or')} else None if {_each(v, 'is None', 'or')} else True"
        case "or":
            return f"True if {_each(v, 'is True', 'or')} else None if {_each(v, 'is None', 'or')} else False"
        case "not":
            return f"None if {v[0]} is None else not {v[0]}"
        case "at_least":
            return f"at_least({v[0]}, ({', '.join(v[1:])},))"
        case "known":
            return f"{v[0]} is not None"
        case "otherwise":
            return f"{v[1]} if {v[0]} is None else {v[0]}"
        case "case":
            return f"{v[1]} if {v[0]} is True else {v[2]} if {v[0]} is False else None"
        case "count_known":
            return "0 + " + " + ".join(f"({part} is not None)" for part in v)
        case "max_known" | "sum_known":
            return f"{name}(({', '.join(v)},))"
        case _:
            unknown = [p for p, number in zip(v, step.parts, strict=True) if _may_be_unknown(program.steps[number])]
            if exact and not rough.isdisjoint(step.parts):
                v = _to_nine_decimals(name, v)
            value = _arithmetic(name, v, exact)
            return f"None if {_each(unknown, 'is None', 'or')} else {value}" if unknown else value


def _may_be_unknown(step: Step) -> bool:
    return not (isinstance(step.node, Literal) and step.node.value is not None)


def _to_nine_decimals(name: str, v: list[str]) -> list[str]:
    """Parts so written that comparing them, or leaving a domain, ignores what lies beyond the ninth decimal."""
    if name in COMPARISONS:
        return [f"near0({v[0]} - {v[1]})", "0"]
    if name in ("sqrt", "ln", "power"):
        return [f"near0({v[0]})", *v[1:]]
    return [v[0], f"near0({v[1]})"] if name == "div" else v


def _each(parts: list[str], test: str, joined: str) -> str:
    return f" {joined} ".join(f"{part} {test}" for part in parts)


def _arithmetic(name: str, v: list[str], exact: bool) -> str:
    if name in _INFIX:
        return f"{v[0]} {_INFIX[name]} {v[1]}"
    if name == "add":
        return " + ".join(v)
    if name == "neg":
        return f"-{v[0]}"
    if name == "div":
        return f"{'ratio' if exact else 'quotient'}({v[0]}, {v[1]})"
    if name in ("min", "max") and len(v) == 1:
        return v[0]
    return f"{name}({', '.join(v)})"


def _double(value: Any, name: str) -> Any:
    if value is None or isinstance(value, str):
        return _refused(value, name, "a number") if value is not None else None
    number = float(value)
    return None if number != number else number


def _exact(value: Any, name: str) -> Any:
    if value is None or isinstance(value, str):
        return _refused(value, name, "a number") if value is not None else None
    return None if value != value else exact_number(value)


def _truth(value: Any, name: str) -> bool | None:
    if value is None or value != value:
        return None
    return bool(value) if value in (0, 1) else _refused(value, name, "True, False, 1 or 0")


def _label(value: Any, name: str) -> str | None:
    if value is None or value != value:
        return None
    return str(value) if isinstance(value, str) else _refused(value, name, "a label")


def _refused(value: Any, name: str, wanted: str) -> Any:
    raise TypeError(f"{name} is {value!r}. Give {wanted}, or None where it is not known")


def _near_zero(x: Any) -> Any:
    return 0 if -TOLERANCE <= x <= TOLERANCE else x


def _sqrt(x: Any) -> float | None:
    return None if x < 0 else math.sqrt(x)


def _ln(x: Any) -> float | None:
    return None if x <= 0 else math.log(x)


def _exp(x: Any) -> float | None:
    try:
        return math.exp(x)
    except OverflowError:
        return None


def _power(x: Any, y: Any) -> Any:
    if x < 0 or (x == 0 and y < 0):
        return None
    try:
        return float(x) ** float(y)
    except OverflowError:
        return None


def _quotient(x: Any, y: Any) -> float | None:
    return None if y == 0 else x / y


def _ratio(x: Any, y: Any) -> Any:
    if y == 0:
        return None
    return x / y if isinstance(x, float) or isinstance(y, float) else Fraction(x, y)


def _max_known(parts: tuple[Any, ...]) -> Any:
    return max((part for part in parts if part is not None), default=None)


def _sum_known(parts: tuple[Any, ...]) -> Any:
    present = [part for part in parts if part is not None]
    return sum(present) if present else None


def _at_least(number: int, parts: tuple[Any, ...]) -> bool | None:
    yes = parts.count(True)
    return True if yes >= number else False if yes + parts.count(None) < number else None


_FUNCTIONS: Mapping[str, Any] = {
    "sqrt": _sqrt,
    "ln": _ln,
    "exp": _exp,
    "power": _power,
    "quotient": _quotient,
    "ratio": _ratio,
    "near0": _near_zero,
    "truth": _truth,
    "label": _label,
    "max_known": _max_known,
    "sum_known": _sum_known,
    "at_least": _at_least,
}
