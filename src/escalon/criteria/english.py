"""A criterion as a sentence for the screening sheet."""

from collections.abc import Callable
from fractions import Fraction

from escalon.criteria.render import dose_text
from escalon.expressions.events import Exposure, Happened, How, Part, Pick, Span, Stated, Tie, UnitNumber, Window
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import plain

_RELATIONS = {
    "lt": "below", "le": "at most", "eq": "equal to", "ne": "different from", "ge": "at least", "gt": "above",
}  # fmt: skip
_ARITHMETIC = {"add": "plus", "sub": "minus", "mul": "times", "div": "divided by"}
Labels = Callable[[str], str]


def english(criterion: Node, label: Labels = lambda name: name.replace("_", " ")) -> str:
    """The criterion in words; `label` gives the words for a name."""
    match criterion:
        case Op("and", parts):
            return _listed([english(part, label) for part in parts], "and", "all of")
        case Op("or", (Op("not", (condition,)), then)):
            return f"if {english(condition, label)}, then {english(then, label)}"
        case Op("or", parts):
            return _listed([english(part, label) for part in parts], "or", "any of")
        case Op("at_least", (Literal(number), *rules)):
            return f"at least {number} of: {'; '.join(english(rule, label) for rule in rules)}"
        case Op("not", (Happened() as happened,)):
            return f"no {_happened(happened, label)}"
        case Op("not", (part,)):
            return f"not ({english(part, label)})"
        case Op("eq", (Pick(name, window=window), Literal(str() as word))):
            return f"{label(name)} is {word}{_when(window)}"
        case Op(name, (left, right)) if name in _RELATIONS:
            return f"{_quantity(left, label)} is {_RELATIONS[name]} {_quantity(right, label)}"
        case Happened():
            return _happened(criterion, label)
        case Stated(name, window):
            return f"{label(name)}: yes{_when(window)}"
        case Exposure():
            return _exposure(criterion, label)
    raise TypeError(f"{criterion!r} is not a criterion")


def _happened(leaf: Happened, label: Labels) -> str:
    lasting = f" for at least {leaf.lasting}" if leaf.lasting else ""
    return f"{label(leaf.name)}{' recorded' if leaf.recorded else ''}{lasting}{_when(leaf.window)}"


def _listed(parts: list[str], joint: str, head: str) -> str:
    if len(parts) <= 3 and not any(";" in part or f" {other} " in part for part in parts for other in ("and", "or")):
        return f" {joint} ".join(parts)
    return f"{head}: {'; '.join(parts)}"


def _when(window: Window | None) -> str:
    if window is None or window.span is Span.EVER:
        return "" if window is None else " at any time"
    anchor = (window.anchor or "").replace("_", " ")
    match window.span:
        case Span.WITHIN:
            return f" within {window.duration} before {anchor}"
        case Span.SINCE:
            return f" from {window.duration} before {anchor} on"
        case Span.AT_LEAST:
            return f" at least {window.duration} before {anchor}"
        case _:
            return f" {window.span} {anchor}"


def _quantity(node: Node, label: Labels, binding: int = 0) -> str:
    """A quantity in words; brackets where the order of reckoning would else be read otherwise."""
    match node:
        case Literal(int() | Fraction() as value):
            return plain(value, 12)
        case UnitNumber(value, unit):
            return f"{plain(value, 12)} {unit}"
        case Pick():
            return _pick(node, label)
        case Op("neg", (part,)):
            return f"minus {_quantity(part, label, 3)}"
        case Op(name, (left, right)) if name in _ARITHMETIC:
            own = 2 if name in ("mul", "div") else 1
            text = f"{_quantity(left, label, own)} {_ARITHMETIC[name]} {_quantity(right, label, own + 1)}"
            return f"({text})" if own < binding else text
    raise TypeError(f"{node!r} is not a quantity")


def _pick(pick: Pick, label: Labels) -> str:
    if pick.part is not Part.VALUE:
        return "its upper limit of normal" if pick.part is Part.UPPER else "its lower limit of normal"
    if pick.how is How.COUNT:
        return f"the number of values of {label(pick.name)}{_when(pick.window)}"
    tie = " (the lowest of a day)" if pick.tie is Tie.LOWEST else " (the highest of a day)" if pick.tie else ""
    return f"the {pick.how} {label(pick.name)}{tie}{_when(pick.window)}"


def _exposure(exposure: Exposure, label: Labels) -> str:
    held = f"for at least {exposure.lasting}" if exposure.lasting else ""
    dosed = ""
    if exposure.dose is not None:
        stable = "an unchanged dose of " if exposure.stable else ""
        dosed = f"at {stable}{dose_text(exposure.dose)} for at least {exposure.dose_lasting}"
    how = " and ".join(part for part in (held, dosed) if part)
    return f"{label(exposure.name)} {how} up to {exposure.anchor.replace('_', ' ')}"
