"""From a tree back to its text, in one canonical spelling: `parse(render(tree)) == tree`."""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from escalon.expressions.events import Dose, Exposure, Happened, How, Part, Pick, Span, Stated, UnitNumber, Window
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import plain

RELATION_TEXT = {"lt": "<", "le": "<=", "eq": "=", "ne": "!=", "ge": ">=", "gt": ">"}
_ARITHMETIC = {"add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2)}


@lru_cache(maxsize=1 << 12)
def render(tree: Node) -> str:
    """The text of a criterion, made once: many people are examined by the same."""
    match tree:
        case Op("and" | "or" as name, parts):
            return _joined(name, parts)
        case Op("at_least", (Literal(number), *rules)):
            return f"at least {number} of ({', '.join(render(rule) for rule in rules)})"
        case Op("not", (Happened() as happened,)):
            return f"no {_happened(happened)}"
        case Op("not", (part,)):
            return f"not {_inner(part)}"
        case Op("eq", (Pick(name, window=window), Literal(str() as word))):
            return f"{name} is {word}{window_text(window)}"
        case Op(name, (left, right)) if name in RELATION_TEXT:
            return _comparison(RELATION_TEXT[name], left, right)
        case Happened():
            return f"any {_happened(tree)}"
        case Stated(name, window):
            return f"{name}{window_text(window)}"
        case Exposure():
            return _exposure(tree)
    raise TypeError(f"{tree!r} is not a criterion")


def _happened(leaf: Happened) -> str:
    lasting = f" for at least {leaf.lasting}" if leaf.lasting else ""
    return f"{'recorded ' if leaf.recorded else ''}{leaf.name}{lasting}{window_text(leaf.window)}"


def window_text(window: Window | None) -> str:
    """A window as it is written, with a blank before it."""
    if window is None:
        return ""
    if window.span is Span.EVER:
        return " ever"
    if window.duration is None:
        return f" {window.span} {window.anchor}"
    return f" {window.span} {window.duration} before {window.anchor}"


def _joined(name: str, parts: tuple[Node, ...]) -> str:
    if len(parts) in (2, 3):
        return f" {name} ".join(_inner(part) for part in parts)
    head = "all of" if name == "and" else "any of"
    return f"{head} ({', '.join(render(part) for part in parts)})"


def _inner(part: Node) -> str:
    compound = isinstance(part, Op) and part.name in ("and", "or") and len(part.parts) in (2, 3)
    return f"({render(part)})" if compound else render(part)


def _comparison(sign: str, left: Node, right: Node) -> str:
    windows = {pick.window for pick in (*_own_picks(left), *_own_picks(right))}
    shared = windows.pop() if len(windows) == 1 else None
    if shared is not None:
        left, right = without_window(left), without_window(right)
    return f"{quantity_text(left)} {sign} {quantity_text(right)}{window_text(shared)}"


def _own_picks(node: Node) -> list[Pick]:
    if isinstance(node, Pick):
        return [node]
    return [pick for part in node.parts for pick in _own_picks(part)] if isinstance(node, Op) else []


def without_window(node: Node) -> Node:
    """A quantity with its windows left out, to say what it is."""
    if isinstance(node, Pick):
        return replace(node, window=None)
    return Op(node.name, tuple(without_window(part) for part in node.parts)) if isinstance(node, Op) else node


@lru_cache(maxsize=1 << 12)
def label_of(node: Node) -> str:
    """What a quantity is, without when."""
    return quantity_text(without_window(node))


def quantity_text(node: Node, binding: int = 0) -> str:
    """A quantity as it is written; brackets only where they are needed."""
    match node:
        case Literal(int() | Fraction() as value):
            return plain(value, 12)
        case UnitNumber(value, unit):
            return f"{plain(value, 12)} {unit}"
        case Pick():
            return _pick(node)
        case Op("neg", (part,)):
            return f"-{quantity_text(part, 3)}"
        case Op(name, (left, right)) if name in _ARITHMETIC:
            sign, own = _ARITHMETIC[name]
            text = f"{quantity_text(left, own)} {sign} {quantity_text(right, own + 1)}"
            return f"({text})" if own < binding else text
    raise TypeError(f"{node!r} is not a quantity")


def _pick(pick: Pick) -> str:
    if pick.part is not Part.VALUE:
        return pick.part.value
    how = "" if pick.how is How.LATEST and pick.tie is None else f"{pick.how} "
    tie = f"{pick.tie} " if pick.tie else ""
    return f"{how}{tie}{pick.name}{window_text(pick.window)}"


def _exposure(exposure: Exposure) -> str:
    held = f" for at least {exposure.lasting}" if exposure.lasting else ""
    dosed = ""
    if exposure.dose is not None:
        stable = "stable " if exposure.stable else ""
        dosed = f" {stable}dose {dose_text(exposure.dose)} for at least {exposure.dose_lasting}"
    joined = " and" if held and dosed else ""
    return f"{exposure.name}{held}{joined}{dosed} before {exposure.anchor}"


def dose_text(dose: Dose) -> str:
    """A range of doses as it is written: `7.5 to 25 mg/week`, `up to 400 mg/day`, `from 10 mg/day`."""
    low, high = (None if end is None else plain(end, 12) for end in (dose.low, dose.high))
    unit = f" {dose.unit}" if dose.unit else ""
    return f"{low} to {high}{unit}" if low and high else f"up to {high}{unit}" if high else f"from {low}{unit}"
