"""The unit in which a side of a comparison stands, and the amounts of a rule in the unit of what is beside them."""

from collections.abc import Mapping
from dataclasses import replace

from escalon.criteria.situation import Meaning
from escalon.expressions.events import How, Pick, UnitNumber
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import UnitError, convert, spelled


def _terms(side: Node) -> tuple[Node, ...]:
    """What stands in the unit of the whole: the parts of a sum, and that of which it is so many times or a part."""
    match side:
        case Op("add" | "sub" | "neg", parts):
            return parts
        case Op("mul" | "div", (other, Literal())) | Op("mul", (Literal(), other)):
            return (other,)
    return ()


def measured_names(side: Node) -> tuple[str, ...]:
    """The names in whose unit a quantity stands: of sums and of multiples; of a product or a quotient of two, none."""
    if isinstance(side, Pick):
        return () if side.how is How.COUNT else (side.name,)
    return tuple(dict.fromkeys(name for part in _terms(side) for name in measured_names(part)))


def is_compound(side: Node) -> bool:
    """Whether a quantity is, or adds up, a product or a quotient of two values, whose unit is not reckoned."""
    return isinstance(side, Op) and (not _terms(side) or any(map(is_compound, _terms(side))))


def amounts_in(side: Node) -> tuple[Node, ...]:
    """The numbers of a rule that a quantity is, is a multiple of or adds up, with a unit or without."""
    if isinstance(side, UnitNumber | Literal):
        return (side,)
    return tuple(one for part in _terms(side) for one in amounts_in(part))


def of_amounts(side: Node) -> tuple[UnitNumber, ...]:
    """The first amount of each product or quotient of two amounts, such as 2 U/L * 3 U/L."""
    match side:
        case Op("mul" | "div", (UnitNumber() as one, UnitNumber())):
            return (one,)
        case Op(_, parts):
            return tuple(one for part in parts for one in of_amounts(part))
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
        case Op(name, parts) if _terms(node):
            return Op(name, tuple(_converted(part, own) for part in parts))
    return node
