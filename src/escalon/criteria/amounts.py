"""The unit in which a side of a comparison stands, and the amounts of a rule in the unit of what is beside them."""

from collections.abc import Mapping
from dataclasses import replace

from escalon.criteria.situation import Meaning
from escalon.expressions.events import How, Pick, UnitNumber
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import UnitError, convert, spelled


def measured_names(side: Node) -> tuple[str, ...]:
    """The names in whose unit a quantity stands: of sums and of multiples; of a product or a quotient of two, none."""
    match side:
        case Pick(name=name, how=how):
            return () if how is How.COUNT else (name,)
        case Op("mul" | "div" as operator, (left, right)):
            inner = measured_names(left)
            if operator == "mul":
                inner = inner or measured_names(right)
            return inner if isinstance(left, Literal) or isinstance(right, Literal) else ()
        case Op("add" | "sub" | "neg", parts):
            return tuple(dict.fromkeys(name for part in parts for name in measured_names(part)))
    return ()


def is_compound(side: Node) -> bool:
    """Whether a quantity is, or adds up, a product or a quotient of two values, whose unit is not reckoned."""
    match side:
        case Op("mul" | "div", (left, right)):
            return not (isinstance(left, Literal) or isinstance(right, Literal))
        case Op("add" | "sub" | "neg", parts):
            return any(map(is_compound, parts))
    return False


def amounts_in(side: Node) -> tuple[Node, ...]:
    """The numbers of a rule that a quantity is or adds up, with a unit or without."""
    match side:
        case UnitNumber() | Literal():
            return (side,)
        case Op("add" | "sub" | "neg", parts):
            return tuple(one for part in parts for one in amounts_in(part))
    return ()


def in_own_units(sides: tuple[Node, ...], meanings: Mapping[str, Meaning]) -> tuple[Node, ...]:
    """The sides of a comparison, each amount in the unit of the values it is compared with or added to: 1500 /µL as 1.5 10⁹/L."""
    names = [name for side in sides for name in measured_names(side) if name in meanings]
    return tuple(_converted(side, meanings[names[0]]) for side in sides) if names else sides


def _converted(node: Node, own: Meaning) -> Node:
    match node:
        case UnitNumber(value, unit) if own.unit is not None and spelled(unit, own.unit) != spelled(own.unit):
            try:
                return replace(node, value=convert(value, unit, own.unit, own.substance), unit=own.unit)
            except UnitError:
                return node
        case Op("add" | "sub" | "neg" as name, parts):
            return Op(name, tuple(_converted(part, own) for part in parts))
    return node
