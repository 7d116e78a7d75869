"""Tracing: a plain Python function called with symbols writes down its own tree.

`0.56 * sqrt(tender) + 0.70 * log(esr)` means the same called with numbers or with symbols. Python's `and`, `or`,
`not` and `if` cannot be traced and raise; write `all_of`, `any_of`, `negated` and `case` instead.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias, Union

from escalon.expressions.tree import Input, Kind, Literal, Node, Op, TreeError

Term: TypeAlias = Union["Symbol", int, float, Fraction, Decimal, str, bool, None]


def _operator(name: str) -> Any:
    """A method of a symbol that applies an operator to it and what stands beside it."""
    return lambda own, *other: apply(name, own, *other)


def _reflected(name: str) -> Any:
    """The same where the symbol stands on the right."""
    return lambda own, other: apply(name, other, own)


class Symbol:
    """A node that can be added, compared and so on; each operation yields another symbol."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    __add__, __sub__, __mul__, __truediv__, __pow__ = map(_operator, ("add", "sub", "mul", "div", "power"))
    __radd__, __rsub__, __rmul__, __rtruediv__ = map(_reflected, ("add", "sub", "mul", "div"))
    __lt__, __le__, __gt__, __ge__, __eq__, __ne__ = map(_operator, ("lt", "le", "gt", "ge", "eq", "ne"))
    __neg__, __abs__ = map(_operator, ("neg", "abs"))
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError(
            "a symbol is neither true nor false: and, or, not, if, min, max and a < b < c cannot be traced. "
            "Write all_of(…), any_of(…), negated(…), case(…), minimum(…), maximum(…)"
        )

    def __repr__(self) -> str:
        return f"Symbol({self.node!r})"


def as_node(term: Term) -> Node:
    """The node of a term; a float literal counts as the decimal that was written."""
    match term:
        case Symbol():
            return term.node
        case None | bool() | str():
            return Literal(term)
        case int():
            return Literal(int(term))
        case float():
            return Literal(_whole(Fraction(Decimal(repr(term)))))
        case Decimal() | Fraction():
            return Literal(_whole(Fraction(term)))
    raise TreeError(f"{term!r} cannot be part of an expression")


def _whole(value: Fraction) -> int | Fraction:
    return int(value) if value.denominator == 1 else value


def apply(name: str, *terms: Term) -> Symbol:
    """An operator applied to terms."""
    return Symbol(Op(name, tuple(as_node(term) for term in terms)))


def symbol(name: str, kind: Kind = Kind.NUMBER) -> Symbol:
    """A symbol for a supplied value."""
    return Symbol(Input(name, kind))


def sqrt(x: Any) -> Any:
    """Square root; unknown below 0."""
    return apply("sqrt", x)


def log(x: Any) -> Any:
    """Natural logarithm; unknown at 0 and below."""
    return apply("ln", x)


def exp(x: Any) -> Any:
    """e to the power x."""
    return apply("exp", x)


def minimum(*terms: Any) -> Any:
    """The smallest; unknown if any is."""
    return apply("min", *terms)


def maximum(*terms: Any) -> Any:
    """The largest; unknown if any is."""
    return apply("max", *terms)


def largest_known(*terms: Any) -> Any:
    """The largest of those known; unknown only if none is."""
    return apply("max_known", *terms)


def sum_known(*terms: Any) -> Any:
    """The sum of those known; unknown only if none is."""
    return apply("sum_known", *terms)


def count_known(*terms: Any) -> Any:
    """How many are known."""
    return apply("count_known", *terms)


def total(terms: Iterable[Any]) -> Any:
    """The sum; unknown if any term is."""
    return apply("add", *terms)


def points(condition: Any, number: Any = 1) -> Any:
    """`number` where the condition is true, 0 where it is false, unknown where it is unknown."""
    return apply("case", condition, number, 0)


def count(conditions: Iterable[Any]) -> Any:
    """How many of the conditions are true; unknown if any is unknown."""
    return total(points(condition) for condition in conditions)


def known(term: Any) -> Any:
    """Whether the value is known: true or false, never unknown."""
    return apply("known", term)


def otherwise(first: Any, second: Any) -> Any:
    """The first, or the second where the first is not known."""
    return apply("otherwise", first, second)


def case(condition: Any, then: Any, *rest: Any) -> Any:
    """`case(c1, v1, c2, v2, …, last)`: the value of the first true condition; unknown once a condition is."""
    if len(rest) == 1:
        return apply("case", condition, then, rest[0])
    if not rest:
        raise TreeError("case needs a last value for when no condition holds")
    return apply("case", condition, then, case(*rest))


def all_of(*conditions: Any) -> Any:
    """And, three-valued."""
    return apply("and", *_flat(conditions))


def any_of(*conditions: Any) -> Any:
    """Or, three-valued."""
    return apply("or", *_flat(conditions))


def negated(condition: Any) -> Any:
    """Not, three-valued."""
    return apply("not", condition)


def at_least(number: int, *conditions: Any) -> Any:
    """At least `number` of the conditions: true once reached, false once out of reach, else unknown."""
    return apply("at_least", number, *_flat(conditions))


def between(low: Any, x: Any, high: Any) -> Any:
    """low ≤ x ≤ high."""
    return all_of(x >= low, x <= high)


def one_of(label: Any, choices: Iterable[str]) -> Any:
    """Whether a label is one of the choices."""
    return any_of(*(label == choice for choice in choices))


def _flat(conditions: Iterable[Any]) -> list[Any]:
    flat: list[Any] = []
    for condition in conditions:
        if isinstance(condition, Iterable) and not isinstance(condition, str | Mapping):
            flat.extend(condition)
        else:
            flat.append(condition)
    return flat
