"""The reading for people: a tree as a formula in plain text.

`0.56·√tender + 0.28·√swollen + 0.7·ln esr + 0.014·global_health`
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from escalon.expressions.tree import COMPARISONS, Input, Literal, Node, Op

# How tightly an operator binds; a part that binds less stands in brackets.
_CASE, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _POWER, _ATOM = range(9)


def plain_text(node: Node, names: Mapping[str, str] | None = None) -> str:
    """The tree as one line of plain text; `names` says how an input is called where that is not its own name."""
    return _Plain(names or {}).write(node)[0]


def number_text(value: int | Fraction) -> str:
    """A literal as written: a decimal where that is exact, else a ratio."""
    if isinstance(value, int):
        return str(value)
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


class _Plain:
    signs: ClassVar[Mapping[str, str]] = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
    minus, times = "−", "·"

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def write(self, node: Node) -> tuple[str, int]:
        """The text of a node, and how tightly it binds."""
        match node:
            case Literal(None):
                return self.words("unknown"), _ATOM
            case Literal(bool(value)):
                return self.words("true" if value else "false"), _ATOM
            case Literal(str(value)):
                return self.words(value), _ATOM
            case Literal(int() | Fraction() as value):
                return self.number(value)
            case Input(name):
                return self.words(self.names.get(name, name)), _ATOM
            case Op(name, parts):
                return self.operator(name, parts)
            case _:
                return self.words(str(node)), _ATOM

    def number(self, value: int | Fraction) -> tuple[str, int]:
        text = number_text(-value if value < 0 else value)
        tight = _PRODUCT if "/" in text else _ATOM
        return (f"{self.minus}{text}", _SUM) if value < 0 else (text, tight)

    def part(self, node: Node, least: int) -> str:
        """A part, in brackets if it binds less tightly than it must."""
        text, tight = self.write(node)
        return text if tight >= least else self.bracketed(text)

    def operator(self, name: str, parts: tuple[Node, ...]) -> tuple[str, int]:
        if name in COMPARISONS:
            a, b = (self.part(part, _SUM) for part in parts)
            return f"{a} {self.signs[name]} {b}", _COMPARISON
        match name:
            case "add":
                return self.sum(parts), _SUM if len(parts) > 1 else _ATOM
            case "sub":
                return f"{self.part(parts[0], _SUM)} {self.minus} {self.part(parts[1], _PRODUCT)}", _SUM
            case "mul":
                return f"{self.part(parts[0], _PRODUCT)}{self.times}{self.part(parts[1], _PRODUCT)}", _PRODUCT
            case "neg":
                return f"{self.minus}{self.part(parts[0], _PRODUCT)}", _SUM
            case "div":
                return self.fraction(*parts)
            case "power":
                return self.power(*parts)
            case "and" | "or":
                return self.joined(name, parts)
            case "case":
                return self.cases(*_branches(Op(name, parts)))
            case _:
                return self.function(name, parts)

    def sum(self, parts: tuple[Node, ...]) -> str:
        text = self.part(parts[0], _SUM)
        for part in parts[1:]:
            match part:
                case Op("neg", (positive,)):
                    text += f" {self.minus} {self.part(positive, _PRODUCT)}"
                case Literal(int() | Fraction() as value) if value < 0:
                    text += f" {self.minus} {self.number(-value)[0]}"
                case _:
                    text += f" + {self.part(part, _SUM)}"
        return text

    def joined(self, name: str, parts: tuple[Node, ...]) -> tuple[str, int]:
        match parts:
            case (Op("ge", (x, low)), Op("le", (same, high))) if name == "and" and x == same:
                ends = [self.part(part, _SUM) for part in (low, x, high)]
                return f" {self.signs['le']} ".join(ends), _COMPARISON
            case (only,):
                return self.write(only)
        tight = _AND if name == "and" else _OR
        # `a and b or c` is read in two ways by two people, so either stands in brackets inside the other.
        return self.words(f" {name} ").join(self.part(part, _NOT) for part in parts), tight

    def fraction(self, above: Node, below: Node) -> tuple[str, int]:
        return f"{self.part(above, _PRODUCT)}/{self.part(below, _POWER)}", _PRODUCT

    def power(self, base: Node, exponent: Node) -> tuple[str, int]:
        return f"{self.part(base, _ATOM)}^{self.part(exponent, _ATOM)}", _POWER

    def cases(self, branches: list[tuple[Node, Node]], last: Node) -> tuple[str, int]:
        if len(branches) == 1 and last == Literal(0):
            condition, then = branches[0]
            return f"{self.part(then, _OR)} if {self.part(condition, _OR)}", _CASE
        some = [f"if {self.part(condition, _OR)} then {self.part(then, _OR)}" for condition, then in branches]
        return f"{' else '.join(some)} else {self.part(last, _OR)}", _CASE

    def function(self, name: str, parts: tuple[Node, ...]) -> tuple[str, int]:
        match name:
            case "sqrt":
                return f"√{self.part(parts[0], _ATOM)}", _POWER
            case "ln":
                inside, tight = self.write(parts[0])
                return (f"ln {inside}" if tight == _ATOM else f"ln({inside})"), _POWER
            case "abs":
                return f"|{self.part(parts[0], _CASE)}|", _ATOM
            case "not":
                return self.negated(parts[0])
            case "known":
                return f"{self.part(parts[0], _ATOM)}{self.words(' is known')}", _COMPARISON
            case "otherwise":
                first, second = (self.part(part, _SUM) for part in parts)
                return f"{first}{self.words(', or if not known ')}{second}", _CASE
            case "at_least":
                return (
                    f"{self.words('at least ')}{self.part(parts[0], _ATOM)}{self.words(' of ')}{self.listed(parts[1:])}",
                    _ATOM,
                )
            case "max_known" | "sum_known" | "count_known":
                words = {
                    "max_known": "largest known of ",
                    "sum_known": "sum of the known of ",
                    "count_known": "number known of ",
                }
                return f"{self.words(words[name])}{self.listed(parts)}", _ATOM
            case _:
                return f"{name}{self.listed(parts)}", _ATOM

    def negated(self, part: Node) -> tuple[str, int]:
        match part:
            case Op("known", (inside,)):
                return f"{self.part(inside, _ATOM)}{self.words(' is not known')}", _COMPARISON
            case _:
                return f"{self.words('not ')}{self.part(part, _COMPARISON)}", _NOT

    def listed(self, parts: Sequence[Node]) -> str:
        return self.bracketed(", ".join(self.part(part, _CASE) for part in parts))

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def words(self, text: str) -> str:
        return text


def _branches(node: Node) -> tuple[list[tuple[Node, Node]], Node]:
    """A chain of cases as (condition, value) pairs, and the value left when none holds."""
    branches: list[tuple[Node, Node]] = []
    while isinstance(node, Op) and node.name == "case":
        condition, then, node = node.parts
        branches.append((condition, then))
    return branches, node
