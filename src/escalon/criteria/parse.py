"""From the text of a criterion to its tree, and errors that say where and what to write instead."""

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from escalon.expressions.events import Dose, Exposure, Happened, How, Part, Pick, Span, Stated, Tie, UnitNumber, Window
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import Duration
from escalon.facts.number import LONGEST

KEYWORDS = (
    "after", "all", "and", "any", "at", "before", "between", "count", "dose", "earliest", "ever", "for", "from",
    "highest", "if", "is", "latest", "least", "lowest", "no", "none", "not", "of", "one", "or", "recorded", "since", "stable",
    "then", "to", "up", "within",
)  # fmt: skip
RELATIONS = {"<": "lt", "<=": "le", "≤": "le", "=": "eq", "!=": "ne", "≠": "ne", ">=": "ge", "≥": "ge", ">": "gt"}


class CriterionError(ValueError):
    """A criterion that cannot be read: the text, the place (line and column from 1), what is wrong, what to write."""

    def __init__(self, text: str, line: int, column: int, problem: str, width: int = 1) -> None:
        self.text, self.line, self.column, self.problem, self.width = text, line, column, problem, max(width, 1)
        super().__init__(self.caret())

    def caret(self) -> str:
        """The offending line with a caret under the place."""
        lines = self.text.splitlines() or [""]
        shown = lines[min(self.line, len(lines)) - 1]
        return f"{shown}\n{' ' * (self.column - 1)}{'^' * self.width} {self.problem}"


_TOO_LONG = re.compile(rf"\d{{{LONGEST + 1},}}")


def parse(text: str) -> Node:
    """The tree of a criterion such as `latest alt / uln <= 3 at screening`. Raises CriterionError."""
    from lark import UnexpectedInput

    if long := _TOO_LONG.search(text):
        above = text[: long.start()]
        line, column = above.count("\n") + 1, long.start() - (above.rfind("\n") + 1) + 1
        said = f"this number has {len(long[0])} digits; a criterion's has {LONGEST} at most"
        raise CriterionError(text, line, column, said)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _explained(text, error) from None
    return _build(tree)


@cache
def _parser() -> Any:
    from lark import Lark

    grammar = files("escalon.criteria").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar.replace("KEYWORDS", "|".join(KEYWORDS)), parser="lalr", lexer="contextual")


def _build(tree: Any) -> Node:
    if not hasattr(tree, "data"):
        return Stated(str(tree))
    parts = list(tree.children)
    match tree.data:
        case "either" | "both":
            return Op("or" if tree.data == "either" else "and", tuple(_build(part) for part in parts))
        case "negation":
            return Op("not", (_build(parts[0]),))
        case "implication":
            return Op("or", (Op("not", (_build(parts[0]),)), _build(parts[1])))
        case "grouped":
            return _build(parts[0])
        case "listed":
            return _listed(parts[0], tuple(_build(part) for part in parts[1:]))
        case "comparison":
            return _comparison(parts)
        case "between":
            return _between(parts)
        case "label_is":
            return _label(parts)
        case "exposure":
            return _exposure(parts)
        case "happened":
            return _happened(parts)
        case "not_happened":
            return Op("not", (_happened(parts),))
        case _:
            return Stated(str(parts[0]), _window(parts[1:]))


def _listed(head: Any, rules: tuple[Node, ...]) -> Node:
    match head.data:
        case "any_of":
            return Op("or", rules)
        case "all_of":
            return Op("and", rules)
        case "none_of":
            return Op("not", (Op("or", rules),))
        case _:
            return Op("at_least", (Literal(int(head.children[0])), *rules))


def _comparison(parts: list[Any]) -> Node:
    left, relation, right, *rest = parts
    sides = Op(RELATIONS[str(relation)], (_quantity(left), _quantity(right)))
    return _settled(sides, _window(rest))


def _between(parts: list[Any]) -> Node:
    value, low, high, *rest = parts
    ends = (Op("ge", (_quantity(value), _quantity(low))), Op("le", (_quantity(value), _quantity(high))))
    return Op("and", tuple(_settled(end, _window(rest)) for end in ends))


def _label(parts: list[Any]) -> Node:
    words = [str(part.children[0]) for part in parts[1:] if part.data == "word"]
    window = _window([part for part in parts[1:] if part.data != "word"])
    tests = tuple(Op("eq", (Pick(str(parts[0]), window=window), Literal(word))) for word in words)
    return tests[0] if len(tests) == 1 else Op("or", tests)


def _happened(parts: list[Any]) -> Happened:
    words = [str(part) for part in parts if not hasattr(part, "data")]
    held = [Duration.parse(str(part.children[0])) for part in parts if getattr(part, "data", "") == "held"]
    window = [part for part in parts if hasattr(part, "data") and part.data != "held"]
    return Happened(words[-1], _window(window), held[0] if held else None, len(words) > 1)


def _exposure(parts: list[Any]) -> Node:
    name, *how, anchor = parts
    found = Exposure(str(name), str(anchor))
    for part in how:
        if part.data == "held":
            found = replace(found, lasting=Duration.parse(str(part.children[0])))
        else:
            *stable, span, lasting = part.children
            found = replace(
                found, dose=_dose(span), dose_lasting=Duration.parse(str(lasting)), stable=any(map(bool, stable))
            )
    return found


def _dose(span: Any) -> Dose:
    ends = [_quantity(part) for part in span.children]
    unit = next((end.unit for end in ends if isinstance(end, UnitNumber)), "")
    values = [end.value if isinstance(end, UnitNumber) else Fraction(getattr(end, "value", 0)) for end in ends]
    if span.data == "from_to":
        return Dose(values[0], values[1], unit)
    return Dose(None, values[0], unit) if span.data == "up_to" else Dose(values[0], None, unit)


def _quantity(tree: Any) -> Node:
    parts = tree.children
    match tree.data:
        case "amount":
            return _amount(str(parts[0]))
        case "pick":
            *tie, name = (part for part in parts[1:] if not hasattr(part, "data"))
            return Pick(str(name), How(parts[0]), window=_window(parts), tie=Tie(tie[0]) if tie and tie[0] else None)
        case "latest":
            return Pick(str(parts[0]), window=_window(parts))
        case "count":
            return Pick(str(parts[0]), How.COUNT, window=_window(parts))
        case "bracketed":
            return _quantity(parts[0])
        case "neg":
            return Op("neg", (_quantity(parts[0]),))
        case operator:
            return Op(operator, tuple(_quantity(part) for part in parts))


def _amount(text: str) -> Node:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(.*)", text)
    assert found is not None
    value = Fraction(found[1])
    if not found[2]:
        return Literal(int(value) if value.denominator == 1 else value)
    return UnitNumber(value, found[2])


def _window(parts: list[Any]) -> Window | None:
    """The window among parse tree parts, if there is one."""
    found = next((part for part in parts if hasattr(part, "data") and part.data in _SPANS), None)
    if found is None:
        return None
    span = _SPANS[found.data]
    *duration, anchor = [str(part) for part in found.children] or [""]
    return Window(span, anchor, Duration.parse(duration[0]) if duration else None)


_SPANS = {
    "within": Span.WITHIN, "since": Span.SINCE, "at_least_before": Span.AT_LEAST, "before": Span.BEFORE,
    "after": Span.AFTER, "at": Span.AT, "ever": Span.EVER,
}  # fmt: skip


def _settled(node: Op, trailing: Window | None) -> Node:
    """Give a comparison's last window to every pick without one, and read `uln`, `lln` as those of the pick before."""
    picks = list(_picks(node))
    window = trailing or (picks[-1].window if picks else None)
    current: Pick | None = None

    def settle(part: Node) -> Node:
        nonlocal current
        if isinstance(part, Op):
            return Op(part.name, tuple(settle(child) for child in part.parts))
        if not isinstance(part, Pick):
            return part
        if part.name in (Part.UPPER, Part.LOWER) and current is not None:
            return replace(current, part=Part(part.name))
        current = replace(part, window=part.window or window)
        return current

    return settle(node)


def _picks(node: Node) -> Iterator[Pick]:
    if isinstance(node, Pick):
        yield node
    elif isinstance(node, Op):
        for part in node.parts:
            yield from _picks(part)


_EXPECTED = {
    "NAME": "a name", "NUMBER": "a number", "AMOUNT": "a number with its unit", "DURATION": "a duration such as 4 weeks",
    "RELATION": "a comparison (<, <=, =, >=, >)", "LPAR": "(", "RPAR": ")", "COMMA": ",", "LABEL": "a label", "$END": "the end",
    "HOW": "latest, earliest, highest or lowest", "SLASH": "/", "PLUS": "+", "MINUS": "-", "STAR": "*",
}  # fmt: skip


def _explained(text: str, error: Any) -> CriterionError:
    line, column = max(error.line or 1, 1), max(error.column or 1, 1)
    token = str(getattr(error, "token", "") or "")
    if getattr(getattr(error, "token", None), "type", "") == "$END":
        line, column, token = len(text.splitlines()) or 1, len((text.splitlines() or [""])[-1]) + 1, ""
    word = token or _word_at(text, line, column)
    expected = sorted(getattr(error, "expected", None) or getattr(error, "allowed", None) or ())
    before = "\n".join(text.splitlines()[: line - 1]) + (text.splitlines() or [""])[line - 1][: column - 1]
    return CriterionError(text, line, column, _problem(word, expected, before), len(word))


def _word_at(text: str, line: int, column: int) -> str:
    rest = text.splitlines()[line - 1][column - 1 :] if text else ""
    found = re.match(r"[\w.]+|\S", rest)
    return found[0] if found else ""


def _problem(word: str, expected: list[str], before: str) -> str:
    """What is wrong with a word, and what to write; `before` is the text in front of it."""
    previous = (re.findall(r"\S+", before) or [""])[-1]
    if not word and not before.strip():
        return "nothing is written here. Write a criterion, such as: age >= 18 years"
    if (previous[-1:] + word)[-2:] in _OTHER_SPELLINGS or word in _OTHER_SPELLINGS:
        return f"Write {_OTHER_SPELLINGS.get((previous[-1:] + word)[-2:], _OTHER_SPELLINGS.get(word))}"
    if re.fullmatch(r"[A-Z]\w*", word) and "LABEL" not in expected:
        return f"names are written in lower case. Write {word.lower()}"
    if "DURATION" in expected and re.fullmatch(r"\d+", word):
        return f"a duration needs its unit. Write {word} days, {word} weeks, {word} months or {word} years"
    if word in _WINDOWS and previous.endswith(")"):
        return "days belong to one name, not to a bracket. Write them behind each: a at screening and b at screening"
    for candidate in (word, previous):
        close = get_close_matches(candidate, KEYWORDS, 1, 0.75)
        if close and candidate not in KEYWORDS:
            return f"{candidate!r} is not understood here. Did you mean {close[0]}?"
    if word in KEYWORDS and "NAME" in expected and len(expected) <= 3:
        return f"{word!r} is a word of this language and names nothing. Call the day or the fact otherwise: {word}_day"
    what = f"{word!r} is not understood here" if word else "something is missing here"
    return f"{what}. Expected {_wanted(expected)}"


def _wanted(expected: list[str]) -> str:
    if {"NAME", "NUMBER", "HOW", "NOT"} <= set(expected):
        return "a criterion: a comparison, a name, any …, no …, any of (…)"
    if {"NAME", "NUMBER", "HOW"} <= set(expected):
        return "a quantity: a name, or a number with its unit"
    names = (_EXPECTED.get(name, name.lower()) for name in expected if name not in ("TIE", "STABLE"))
    return ", ".join(dict.fromkeys(names))


_WINDOWS = ("after", "at", "before", "ever", "since", "within")
_OTHER_SPELLINGS = {"==": "=", "&&": "and", "||": "or", "&": "and", "|": "or", "!": "not", "=>": ">=", "=<": "<="}
