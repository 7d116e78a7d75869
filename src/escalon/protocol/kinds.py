"""Whether a rule asks of each name what it can answer: a number in its unit, a word among its choices, an event, a drug."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from escalon.criteria.amounts import amounts_in, is_compound, measured_names, of_amounts
from escalon.expressions.events import Exposure, Happened, Pick, Stated, UnitNumber
from escalon.expressions.tree import COMPARISONS, Literal, Node, Op
from escalon.facts import UnitError, factor, plain, spelled
from escalon.protocol.study import FactDefinition

_NUMBERS = ("number", "integer")
_HAPPENS = ("event", "treatment", "date")


@dataclass(frozen=True, slots=True)
class Misuse:
    """A word of a rule that does not fit what it is used for, and what to write instead."""

    word: str
    what: str


def misuses(tree: Node, words: Mapping[str, FactDefinition]) -> Iterator[Misuse]:
    """Every name of a rule that is used as something it is not. Names nobody defines are passed over."""
    match tree:
        case Op("eq" | "ne", (Pick(name), Literal(str() as word))):
            yield from _word(name, word, words.get(name))
        case Op(name, (left, right)) if name in COMPARISONS:
            yield from (*misuses(left, words), *misuses(right, words))
            yield from _compared(left, right, words)
        case Op(_, parts):
            for part in parts:
                yield from misuses(part, words)
        case Pick(name, how):
            yield from _number(name, words.get(name), how.value)
        case Stated(name):
            yield from _statement(name, words.get(name))
        case Happened(name):
            yield from _event(name, words.get(name))
        case Exposure():
            yield from _drug(tree, words.get(tree.name))


def _number(name: str, known: FactDefinition | None, how: str) -> Iterator[Misuse]:
    if known is None or known.kind in _NUMBERS:
        return
    counted = f'Record how many as a whole number of its own, [fact.{name}_count] with kind = "integer", or write'
    do = counted if how == "count of" else "Write"
    yield Misuse(name, f"{name} is {described(known)}, not a number. {do} {_right_use(known)}")


def _statement(name: str, known: FactDefinition | None) -> Iterator[Misuse]:
    if known is not None and known.kind != "truth":
        yield Misuse(name, f"{name} is {described(known)}, not a yes or no. Write {_right_use(known)}")


def _event(name: str, known: FactDefinition | None) -> Iterator[Misuse]:
    if known is not None and known.kind not in _HAPPENS:
        yield Misuse(name, f"{name} is {described(known)}, not something that happens. Write {_right_use(known)}")


def _word(name: str, word: str, known: FactDefinition | None) -> Iterator[Misuse]:
    if known is None:
        return
    if known.kind != "label":
        yield Misuse(name, f"{name} is {described(known)}, not a choice of words. Write {_right_use(known)}")
    elif known.choices and word not in known.choices:
        yield Misuse(word, f"{name} is never {word!r}. Write one of {', '.join(known.choices)}")


def _drug(exposure: Exposure, known: FactDefinition | None) -> Iterator[Misuse]:
    if known is None:
        return
    if known.kind != "treatment":
        yield Misuse(exposure.name, f"{exposure.name} is {described(known)}, not a drug that is taken for a time")
    elif exposure.dose is not None and known.members:
        yield Misuse(exposure.name, f"{exposure.name} is a class of drugs, which has no dose. Name the drug")


def _compared(left: Node, right: Node, words: Mapping[str, FactDefinition]) -> Iterator[Misuse]:
    """What two sides compare: values in one unit, and numbers in it or in one that converts to it."""
    names = dict.fromkeys((*measured_names(left), *measured_names(right)))
    known = [one for name in names if (one := words.get(name)) is not None and one.kind in _NUMBERS]
    for other in known[1:]:
        if spelled(other.unit) != spelled(known[0].unit):
            both = " and ".join(f"{one.name} is {_in_its_unit(one)}" for one in (known[0], other))
            yield Misuse(other.name, f"{both}, so they cannot be compared or added. Declare both in one unit")
    compound = is_compound(left) or is_compound(right)
    for pair in (*of_amounts(left), *of_amounts(right)):
        what = "a product or a quotient of two amounts is none. Write one amount"
        yield Misuse(f"{plain(pair.value, 12)} {pair.unit}", what)
    for number in (*amounts_in(left), *amounts_in(right)):
        match number:
            case UnitNumber(value, unit) if known:
                yield from _unit(known[0], plain(value, 12), unit)
            case UnitNumber(value, unit) if compound:
                what = "the unit of a product or a quotient of two values is not reckoned"
                yield Misuse(
                    f"{plain(value, 12)} {unit}", f"{what}. Write the number alone, as it is in their own units"
                )
            case Literal(value) if known and value is not None and not isinstance(value, str | bool):
                yield from _bare(known[0], plain(value, 12))


def _in_its_unit(known: FactDefinition) -> str:
    return f"in {known.unit}" if known.unit else "a number without a unit"


def _unit(known: FactDefinition, value: str, unit: str) -> Iterator[Misuse]:
    if known.unit is None:
        yield Misuse(f"{value} {unit}", f"{known.name} has no unit. Write {value}")
        return
    try:
        factor(unit, known.unit, known.substance)
    except UnitError:
        yield Misuse(
            f"{value} {unit}",
            f"{known.name} is in {known.unit}, which {unit} does not convert to. Write it in {known.unit}",
        )


def _bare(known: FactDefinition, value: str) -> Iterator[Misuse]:
    if known.unit is not None and spelled(known.unit) != "1":
        yield Misuse(value, f"{known.name} is in {known.unit}. Write {value} {known.unit}")


def described(known: FactDefinition) -> str:
    """What a fact is, in words: `a number`, `an event`, `one of positive, negative`."""
    names = {
        "number": "a number", "integer": "a whole number", "truth": "a yes or no", "event": "an event",
        "treatment": "a drug or a class of drugs", "date": "a day",
    }  # fmt: skip
    return names.get(known.kind) or f"one of {', '.join(known.choices) or 'several words'}"


def _right_use(known: FactDefinition) -> str:
    unit = f" {known.unit}" if known.unit else ""
    match known.kind:
        case "number" | "integer":
            return f"{known.name} >= …{unit}"
        case "truth":
            return f"{known.name} at screening, without a comparison"
        case "label":
            return f"{known.name} is {known.choices[0] if known.choices else '…'}"
        case _:
            return f"any {known.name}, or no {known.name}"


def place_of(word: str, text: str) -> tuple[int, int]:
    """Line and column (from 1) of a word in a rule; its start where it is not written that way."""
    loose = r"\s*".join(re.escape(part) for part in word.split())
    found = re.search(rf"(?<![\w.]){loose}(?![\w])", text)
    before = text[: found.start()] if found else ""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
