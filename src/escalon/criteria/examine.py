"""Examining one participant: met, not met or unknown, with the facts it rests on and what would settle it.

Nothing is guessed. A value that is not recorded, a date known only to the month, a missing reference limit each leave the
answer open wherever they could change it; `no x` is met only where somebody said no.
"""

import operator
from collections.abc import Callable, Iterable
from itertools import product
from sys import intern
from typing import Any

from escalon.criteria.amounts import in_own_units
from escalon.criteria.english import english
from escalon.criteria.exposure import exposed, lasted
from escalon.criteria.quantity import TIE, Valued, quantity, stated
from escalon.criteria.render import label_of, render
from escalon.criteria.situation import Situation, placed, with_members
from escalon.expressions.events import Exposure, Happened, Pick, Stated
from escalon.expressions.possible import holds
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import (
    Fact,
    Finding,
    Ground,
    Interval,
    Status,
    Truth,
    all_known,
    any_known,
    at_least_known,
    negate,
    plain,
)

_SIGNS = {"lt": "<", "le": "≤", "eq": "=", "ne": "≠", "ge": "≥", "gt": ">"}
_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt, "le": operator.le, "eq": operator.eq, "ne": operator.ne, "ge": operator.ge, "gt": operator.gt,
}  # fmt: skip


def examine(criterion: Node, situation: Situation) -> Finding:
    """Decide a criterion for one participant as true, false or None (unknown), keeping what the decision rests on."""
    match criterion:
        case Op("and" | "or" | "not" | "at_least" as name, parts):
            return _connective(criterion, name, [examine(part, situation) for part in _rules(name, parts)])
        case Op("eq", (Pick() as pick, Literal(str() as word))):
            return _is_word(criterion, pick, word, situation)
        case Op(name, sides) if name in _RELATIONS:
            left, right = in_own_units(sides, situation.meanings)
            return _compared(criterion, name, quantity(left, situation), quantity(right, situation))
        case Stated():
            return _stated(criterion, situation)
        case Happened():
            return _happened(criterion, situation)
        case Exposure():
            truth, facts, missing = exposed(criterion, situation)
            return _concluded(criterion, truth, facts, missing, [str(fact) for fact in facts])
    raise TypeError(f"{criterion!r} is not a criterion")


def decisive(finding: Finding) -> tuple[Finding, ...]:
    """The parts that settled a finding (or left it open): the false ones of a false «and», the unknown of an unknown one."""
    parts = tuple(part for part in finding.rests_on if isinstance(part, Finding))
    if finding.rule == "criteria/not":
        return parts
    same = tuple(part for part in parts if part.value is finding.value)
    return same or parts


def _rules(name: str, parts: tuple[Node, ...]) -> tuple[Node, ...]:
    return parts[1:] if name == "at_least" else parts


def _connective(criterion: Op, name: str, findings: list[Finding]) -> Finding:
    truths: list[Truth] = [finding.value for finding in findings]  # type: ignore[misc]
    match name:
        case "and":
            truth = all_known(truths)
        case "or":
            truth = any_known(truths)
        case "not":
            truth = negate(truths[0])
        case _:
            number = criterion.parts[0]
            assert isinstance(number, Literal)
            truth = at_least_known(int(number.value or 0), truths)
    missing = tuple(dict.fromkeys(text for finding in findings for text in finding.missing)) if truth is None else ()
    return _finding(criterion, intern(f"criteria/{name}"), truth, tuple(findings), missing, ())


def _finding(
    criterion: Node, rule: str, truth: Truth, rests_on: tuple[Any, ...], missing: Iterable[str], reasons: Iterable[str],
    flags: Iterable[str] = (),
) -> Finding:  # fmt: skip
    return Finding(
        name=render(criterion),
        value=truth,
        status=Status.INDETERMINATE if truth is None else Status.OK,
        missing=tuple(missing),
        reasons=tuple(reasons),
        flags=tuple(flags),
        rule=rule,
        rests_on=rests_on,
    )


def _concluded(
    criterion: Node, truth: Truth, facts: Iterable[Any], missing: Iterable[str], reasons: Iterable[str],
    flags: Iterable[str] = (),
) -> Finding:  # fmt: skip
    return _finding(criterion, "criteria/leaf", truth, tuple(facts), missing if truth is None else (), reasons, flags)


def _agreed(truths: Iterable[Truth]) -> Truth:
    """The truth all possibilities share; unknown where they differ."""
    found = set(truths)
    return found.pop() if len(found) == 1 else None


def _compared(criterion: Op, name: str, left: Valued, right: Valued) -> Finding:
    truth = _agreed(_related(name, a, b) for a, b in product(left.values, right.values))
    label = label_of(criterion.parts[0])
    days = " and ".join(dict.fromkeys(str(fact.day) for fact in (*left.facts, *right.facts) if fact.day is not None))
    shown = f"{left.shown()}{f' on {days}' if days else ''}, wanted {_SIGNS[name]} {right.shown()}"
    if behind := _behind(criterion.parts[0], (*left.facts, *right.facts)):
        shown += f" ({behind})"
    missing = (*left.missing, *right.missing)
    if truth is None and not missing:
        missing = (_open(label, TIE in (*left.flags, *right.flags)),)
    return _concluded(
        criterion, truth, (*left.facts, *right.facts), missing, [f"{label}: {shown}"], (*left.flags, *right.flags)
    )


def _related(name: str, a: Any, b: Any) -> Truth:
    if a is None or b is None:
        return None
    return holds(name, a, b) if isinstance(a, Interval) or isinstance(b, Interval) else _RELATIONS[name](a, b)


def _behind(quantity: Node, facts: Iterable[Any]) -> str:
    """The values a calculated quantity was made of, each with its limits: a ratio alone hides the number measured."""
    if not isinstance(quantity, Op):
        return ""
    return "; ".join(dict.fromkeys(_with_limits(fact) for fact in facts if isinstance(fact, Fact)))


def _with_limits(fact: Fact) -> str:
    limits = [
        f"{name} {plain(limit)}" for name, limit in (("lln", fact.lower), ("uln", fact.upper)) if limit is not None
    ]
    return " ".join((f"{fact.name} {plain(fact.value)} {fact.unit or ''}".strip(), *limits))


def _open(label: str, tied: bool) -> str:
    if tied:
        return f"which value of {label} holds: the record has several of one day, and they do not agree on the answer"
    return f"the day of each {label}: what is recorded leaves more than one value possible"


def _is_word(criterion: Op, pick: Pick, word: str, situation: Situation) -> Finding:
    reading = stated(pick.name, pick.window, situation)
    truth = _agreed(None if value is None else plain(value).lower() == word.lower() for value in reading.values)
    return _of_statement(criterion, pick, truth, reading, situation)


def _stated(criterion: Stated, situation: Situation) -> Finding:
    reading = stated(criterion.name, criterion.window, situation)
    truth = _agreed(value if isinstance(value, bool) else None for value in reading.values)
    return _of_statement(criterion, criterion, truth, reading, situation)


def _of_statement(
    criterion: Node, asked: Pick | Stated, truth: Truth, reading: Valued, situation: Situation
) -> Finding:
    """What several rules conclude from one reading says the same of it, put into words once."""
    said = situation.once(("said", asked.name, asked.window), lambda: _said(reading))
    missing = reading.missing or (
        f"which statement on {situation.label(asked.name)} is the last: the dates leave it open",
    )
    return _concluded(criterion, truth, reading.facts, missing, [said], reading.flags)


def _said(reading: Valued) -> str:
    return "; ".join(map(_as_ground, reading.facts)) or "nothing recorded"


def _as_ground(ground: Ground) -> str:
    """A fact, or a finding with its answer and why it has none, as people read it."""
    if isinstance(ground, Fact):
        return str(ground)
    said = ground.status.value if ground.value is None else plain(ground.value)
    why = "; ".join(ground.reasons) if ground.value is None else ""
    answer = said.replace("_", " ")
    why = why.removeprefix(answer).removeprefix(": ")
    return f"{ground.name} {answer}{f' on {ground.day}' if ground.day else ''}{f' ({why})' if why else ''}"


def _happened(criterion: Happened, situation: Situation) -> Finding:
    names = with_members(situation.meanings, criterion.name)
    period = placed(criterion.window, situation)
    recorded = [fact for name in names for fact in situation.known(name)]
    events = [(fact, period.overlaps(fact)) for fact in recorded if fact.value is not None and fact.value is not False]
    denials = [fact for fact in recorded if fact.value is False and period.denies(fact)]
    denied = {fact.name for fact in denials if not _doubted(fact, recorded)}
    absent = criterion.name in denied or (len(names) > 1 and denied >= set(names[1:]))
    happened = any_known(truth for _, truth in events) if events else False
    if criterion.lasting is not None and happened is not False and period.unplaced is None:
        happened = lasted((fact for fact, where in events if where is not False), period, criterion.lasting, situation)
    silent = not absent and not (criterion.recorded and period.unplaced is None)
    truth: Truth = True if happened else None if happened is None or silent else False
    facts = [fact for fact, where in events if where is not False] if truth is not False else denials
    flags = ("CONTRADICTION",) if truth and absent else ()
    missing = _missing_history(criterion, period.unplaced, happened, situation) if truth is None else ()
    return _concluded(criterion, truth, facts or denials, missing, [str(fact) for fact in facts], flags)


def _doubted(denial: Fact, recorded: Iterable[Fact]) -> bool:
    """Whether the same was asked again after a «no», and was not known."""
    blanks = (fact for fact in recorded if fact.name == denial.name and fact.value is None and fact.day is not None)
    return any(denial.day is None or (fact.day and fact.day.is_by(denial.day) is not True) for fact in blanks)


def _missing_history(
    criterion: Happened, unplaced: str | None, happened: Truth, situation: Situation
) -> tuple[str, ...]:
    if unplaced is not None:
        return (unplaced,)
    label = situation.label(criterion.name)
    if happened is None:
        return (f"the full start and end of {label}: what is recorded may or may not fall in the window",)
    meaning = situation.meaning(criterion.name)
    what = meaning.settle if meaning and meaning.settle else f"record whether there was {label}"
    return (what if not criterion.window else f"{what} ({english(criterion)})",)
