"""The tree beneath every criterion, formula and rule: few node types, plain data, one meaning of its own.

A tree holds no Python callables, so it can be printed, hashed, sent as JSON, and read in several ways: with numbers
(`scalar`), as an interval when inputs are missing (`bounds`), over columns (`columns`), as SQL text (`sql`) and as
JavaScript (`javascript`). The scalar reading is the reference; generated tests hold the others to it.

Meaning: a missing value is unknown; outside its domain (ln 0, √−1, x/0) a function is unknown, never infinite; truth is
three-valued; `case` is unknown unless its condition is known; literals are exact decimals.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar, TypeAlias


class Kind(StrEnum):
    """What a node yields."""

    INTEGER = "integer"
    NUMBER = "number"
    TRUTH = "truth"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: an exact number, a label, a truth, or `None` (unknown)."""

    value: int | Fraction | str | bool | None


@dataclass(frozen=True, slots=True)
class Input:
    """A named value that is supplied: an instrument's item, a column."""

    name: str
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True, slots=True)
class Op:
    """An operator of `OPERATORS` applied to parts."""

    name: str
    parts: tuple["Node", ...]
    _hash: int = field(default=0, init=False, repr=False, compare=False)
    """Kept once it is asked for: what is said of a rule is looked up by the rule, and a tree may be deep."""

    def __hash__(self) -> int:
        if not self._hash:
            object.__setattr__(self, "_hash", hash((self.name, self.parts)))
        return self._hash

    def __reduce__(self) -> tuple[type["Op"], tuple[object, ...]]:
        return Op, (self.name, self.parts)  # a text has another hash in another process

    def __repr__(self) -> str:
        return _outline(self, 6)  # whole, a tree whose parts are shared could fill the memory


class Leaf:
    """A leaf that a layer above reads: what happened to one participant over time (`events`)."""

    __slots__ = ()
    kind: ClassVar[Kind] = Kind.TRUTH


Node: TypeAlias = Literal | Input | Op | Leaf

# Each operator with how many parts it takes (None: one or more) and one line of meaning.
OPERATORS: dict[str, tuple[int | None, str]] = {
    "add": (None, "sum; unknown if any part is"),
    "sub": (2, "difference"),
    "mul": (2, "product"),
    "div": (2, "quotient; unknown when the divisor is 0"),
    "neg": (1, "the negative"),
    "abs": (1, "distance from 0"),
    "sqrt": (1, "square root; unknown below 0"),
    "ln": (1, "natural logarithm; unknown at 0 and below"),
    "exp": (1, "e to this power; unknown beyond 1.8·10³⁰⁸"),
    "power": (2, "the first to the power of the second; unknown below 0, for 0 to a negative power, beyond 1.8·10³⁰⁸"),
    "min": (None, "the smallest; unknown if any part is"),
    "max": (None, "the largest; unknown if any part is"),
    "max_known": (None, "the largest of the known parts; unknown only if all are"),
    "sum_known": (None, "the sum of the known parts; unknown only if all are"),
    "count_known": (None, "how many parts are known"),
    "known": (1, "whether the part is known"),
    "otherwise": (2, "the first, or the second where the first is unknown"),
    "case": (3, "the second where the first is true, the third where it is false"),
    "eq": (2, "equal"),
    "ne": (2, "different"),
    "lt": (2, "less"),
    "le": (2, "at most"),
    "gt": (2, "more"),
    "ge": (2, "at least"),
    "not": (1, "not"),
    "and": (None, "all of"),
    "or": (None, "any of"),
    "at_least": (None, "at least the first (a literal) of the others"),
}
COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
INFIX = {"add": "+", "sub": "-", "mul": "*"}  # written so, between their parts, in every language
DOMAIN = {"div": 1, "sqrt": 0, "ln": 0, "power": 0}  # which part must lie in a domain; just beside 0 it counts as 0
CONNECTIVES = frozenset({"not", "and", "or", "at_least", "known"})
ALWAYS_INTEGER = frozenset({"count_known"})
CLOSED_ON_INTEGERS = frozenset({"add", "sub", "mul", "neg", "abs", "min", "max", "max_known", "sum_known"})


class TreeError(ValueError):
    """A tree that cannot mean anything: an unknown operator, a wrong number of parts, kinds that do not fit."""


def kind_of(node: Node, parts: tuple[Kind | None, ...] = ()) -> Kind | None:
    """What a node yields, given what its parts yield; `None` for the literal unknown. Raises TreeError."""
    match node:
        case Literal(None):
            return None
        case Literal(bool()):
            return Kind.TRUTH
        case Literal(str()):
            return Kind.LABEL
        case Literal(value):
            return Kind.INTEGER if isinstance(value, int) else Kind.NUMBER
        case Input(_, kind):
            return kind
        case Leaf():
            return node.kind
        case Op(name, children):
            return _kind_of_operator(name, children, parts)


def _kind_of_operator(name: str, children: tuple[Node, ...], parts: tuple[Kind | None, ...]) -> Kind | None:
    if name not in OPERATORS:
        raise TreeError(f"{name!r} is not an operator. Known: {', '.join(OPERATORS)}")
    wanted = OPERATORS[name][0]
    if (wanted is not None and len(children) != wanted) or not children:
        raise TreeError(f"{name} takes {wanted or 'one or more'} parts, not {len(children)}")
    if name == "at_least" and not (_is_whole(children[0]) and len(children) > 1):
        raise TreeError("at_least takes a whole number as its first part, then at least one condition")
    if name in COMPARISONS:
        return _comparison(name, parts)
    if name == "known":
        return Kind.TRUTH
    if name in ("otherwise", "case"):
        return _common(parts[1:] if name == "case" else parts)
    if name in CONNECTIVES:
        return _checked(name, parts[1:] if name == "at_least" else parts, {Kind.TRUTH}, Kind.TRUTH)
    if name in ALWAYS_INTEGER:
        return Kind.INTEGER
    integral = name in CLOSED_ON_INTEGERS and all(part in (Kind.INTEGER, None) for part in parts)
    return _checked(name, parts, {Kind.INTEGER, Kind.NUMBER}, Kind.INTEGER if integral else Kind.NUMBER)


def _is_whole(node: Node) -> bool:
    return isinstance(node, Literal) and type(node.value) is int


def _comparison(name: str, parts: tuple[Kind | None, ...]) -> Kind | None:
    """Labels and truths are equal or not, never more or less: their order would differ from engine to engine."""
    alike: set[Kind] = {Kind.INTEGER, Kind.NUMBER}
    for kind in (Kind.LABEL, Kind.TRUTH):
        if kind in parts and name in ("eq", "ne"):
            alike = {kind}
    return _checked(name, parts, alike, Kind.TRUTH)


def _checked(name: str, parts: tuple[Kind | None, ...], allowed: set[Kind], result: Kind) -> Kind:
    wrong = [part for part in parts if part is not None and part not in allowed]
    if wrong:
        names = " or ".join(sorted(allowed))
        raise TreeError(f"{name} takes {names}, not {wrong[0]}")
    return result


def _common(parts: tuple[Kind | None, ...]) -> Kind | None:
    kinds = {part for part in parts if part is not None}
    if kinds <= {Kind.INTEGER, Kind.NUMBER} and len(kinds) == 2:
        return Kind.NUMBER
    if len(kinds) > 1:
        raise TreeError(f"the branches of one case yield different kinds: {', '.join(sorted(kinds))}")
    return next(iter(kinds), None)


def inputs(*nodes: Node) -> tuple[Input, ...]:
    """Every input beneath the nodes, once each, in the order met."""
    found: dict[Input, None] = {}
    visited: set[int] = set()
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        match node:
            case Input():
                found.setdefault(node)
            case Op(_, parts):
                stack.extend(reversed(parts))
            case _:
                pass
    return tuple(found)


def _outline(node: Node, deepest: int) -> str:
    if not isinstance(node, Op):
        return repr(node)
    parts = ", ".join(_outline(part, deepest - 1) for part in node.parts) if deepest else "…"
    return f"{node.name}({parts})"
