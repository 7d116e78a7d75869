"""The value of a quantity for one participant: every value the record leaves possible, and the facts behind it."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from escalon.criteria.situation import Period, Situation, day_range, one_visit, placed, said
from escalon.expressions.events import Amount, How, Part, Pick, Tie, Window
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import Fact, Finding, Ground, UnitError, convert, exact, plain, spelled

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul,
    "div": lambda a, b: None if b == 0 else Fraction(a) / Fraction(b),
}  # fmt: skip


TIE = "TIE"
"""Several different values of one day."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The values a quantity may have; one if the record settles it. `None` among them: it may be unknown."""

    values: tuple[Any, ...]
    facts: tuple[Ground, ...] = ()
    missing: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    unit: str | None = None

    def shown(self) -> str:
        """The value as people read it."""
        unit = f" {self.unit}" if self.unit and self.values != (None,) else ""
        return " or ".join(plain(value) for value in self.values) + unit


def quantity(node: Node, situation: Situation) -> Reading:
    """Read a quantity: exact arithmetic, in the canonical unit of each name."""
    match node:
        case Literal(value):
            return Reading((value,))
        case Amount(value, unit):
            return Reading((value,), unit=unit)
        case Pick():
            return _picked(node, situation)
        case Op("neg", (part,)):
            inner = quantity(part, situation)
            return Reading(
                tuple(None if v is None else -v for v in inner.values), inner.facts, inner.missing, inner.flags
            )
        case Op(name, (left, right)) if name in _ARITHMETIC:
            return _combined(name, quantity(left, situation), quantity(right, situation))
    raise TypeError(f"{node!r} is not a quantity")


def _combined(name: str, left: Reading, right: Reading) -> Reading:
    apply = _ARITHMETIC[name]
    pairs = product(left.values, right.values)
    values = tuple(dict.fromkeys(None if a is None or b is None else apply(a, b) for a, b in pairs))
    unit = None if name == "div" and left.unit == right.unit else left.unit or right.unit
    facts = tuple(dict.fromkeys((*left.facts, *right.facts)))
    return Reading(values, facts, (*left.missing, *right.missing), (*left.flags, *right.flags), unit)


def _picked(pick: Pick, situation: Situation) -> Reading:
    period = placed(pick.window, situation)
    recorded = list(said(situation.known(pick.name)))
    if pick.how is How.COUNT:
        return _counted(pick, [fact for fact in recorded if fact.value is not None], period, situation)
    candidates = [(fact, where) for fact in recorded if (where := period.holds(fact)) is not False]
    # A limit belongs to the value it was printed beside, so the fact is chosen by its value and never by its limit.
    chosen = _chosen(replace(pick, part=Part.VALUE), candidates, situation)
    certain = any(where for _, where in candidates)
    values = [_value(fact, pick, situation) for fact in chosen] + ([] if certain else [None])
    readings = tuple(dict.fromkeys(value for value in values))
    missing = () if certain and None not in readings else (_wanted(pick, period, chosen, situation),)
    flags = {flag for fact in chosen if isinstance(fact.behind, Finding) for flag in fact.behind.flags}
    flags |= {TIE} if _tied(chosen, candidates) else set()
    meaning = situation.meaning(pick.name)
    return Reading(readings, tuple(_grounds(chosen)), missing, tuple(sorted(flags)), meaning.unit if meaning else None)


def _grounds(facts: Sequence[Fact]) -> list[Ground]:
    """The finding behind a computed fact, if it carries one; else the fact itself."""
    return [fact.behind if isinstance(fact.behind, Finding) else fact for fact in facts]


def _chosen(pick: Pick, candidates: list[tuple[Fact, Any]], situation: Situation) -> list[Fact]:
    """Every fact that may be the one picked: more than one where dates, or values of one day, leave it open."""
    if pick.how in (How.HIGHEST, How.LOWEST):
        return _extreme(pick, candidates, situation)
    certain = [fact for fact, where in candidates if where]
    possible = [fact for fact, _ in candidates if not is_beaten(fact, certain, late=pick.how is How.LATEST)]
    return possible if pick.tie is None else _one_per_day(pick, possible, situation)


def is_beaten(fact: Fact, certain: Sequence[Fact], *, late: bool = True) -> bool:
    """Whether another fact is surely the later (or earlier) one; a recorded score and the computed one of a visit are peers."""
    first, last = day_range(fact)
    others = [other for other in certain if not (one_visit(fact, other) and _computed(fact) != _computed(other))]
    if late:
        return any(day_range(other)[0] > last for other in others)
    return any(day_range(other)[1] < first for other in others)


def _computed(fact: Fact) -> bool:
    return isinstance(fact.behind, Finding)


def _one_per_day(pick: Pick, facts: list[Fact], situation: Situation) -> list[Fact]:
    """Of several values on one full day, the highest or the lowest, as the criterion says; equal ones all stay."""
    by_day: dict[Any, list[Fact]] = {}
    for fact in facts:
        key = (fact.day, _computed(fact)) if fact.day is not None and not fact.day.is_partial else id(fact)
        by_day.setdefault(key, []).append(fact)
    best = min if pick.tie is Tie.LOWEST else max
    kept = {key: best(_order(fact, pick, situation) for fact in same) for key, same in by_day.items()}
    return [fact for key, same in by_day.items() for fact in same if _order(fact, pick, situation) == kept[key]]


def _order(fact: Fact, pick: Pick, situation: Situation) -> tuple[bool, Any]:
    """A value that cannot be read comes first either way: it could be the highest or the lowest."""
    value = _value(fact, pick, situation)
    unread = value is None if pick.tie is Tie.HIGHEST else value is not None
    return (unread, value if value is not None else 0)


def _extreme(pick: Pick, candidates: list[tuple[Fact, Any]], situation: Situation) -> list[Fact]:
    sign = 1 if pick.how is How.HIGHEST else -1
    known = [(fact, where, _value(fact, pick, situation)) for fact, where in candidates]
    if any(value is None for _, _, value in known):
        return [fact for fact, _, _ in known]
    certain = [sign * value for _, where, value in known if where]
    floor = max(certain, default=None)
    return [fact for fact, _, value in known if floor is None or sign * value >= floor]


def _tied(chosen: list[Fact], candidates: list[tuple[Fact, Any]]) -> bool:
    """Whether a day that counts has several different values."""
    days = {fact.day for fact in chosen if fact.day is not None and not fact.day.is_partial}
    return any(
        len({(fact.value, fact.unit, fact.lower, fact.upper) for fact, _ in candidates if fact.day == day}) > 1
        for day in days
    )


def _value(fact: Fact, pick: Pick, situation: Situation) -> Any:
    """The number wanted of a fact, in the name's canonical unit; None where the record does not give one."""
    raw = {Part.VALUE: fact.value, Part.UPPER: fact.upper, Part.LOWER: fact.lower}[pick.part]
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | Fraction):
        return None
    meaning = situation.meaning(pick.name)
    if meaning is None or spelled(meaning.unit) == spelled(fact.unit):
        return exact(raw)
    try:
        return convert(raw, fact.unit or "", meaning.unit or "", meaning.substance)
    except UnitError:
        return None


def _counted(pick: Pick, recorded: list[Fact], period: Period, situation: Situation) -> Reading:
    sure = [fact for fact in recorded if period.holds(fact)]
    perhaps = [fact for fact in recorded if period.holds(fact) is None]
    if not recorded:
        return Reading((None,), missing=(_wanted(pick, period, [], situation),))
    values = tuple(range(len(sure), len(sure) + len(perhaps) + 1))
    return Reading(values, (*sure, *perhaps))


def _wanted(pick: Pick, period: Period, chosen: Sequence[Fact], situation: Situation) -> str:
    """What would settle an unknown value."""
    if period.unplaced is not None:
        return period.unplaced
    label = situation.label(pick.name)
    bad = next((fact for fact in chosen if _value(fact, pick, situation) is None), None)
    if bad is not None and bad.value is not None and pick.part is not Part.VALUE:
        return f"the laboratory's {pick.part} for {label} on {bad.day}"
    if bad is not None:
        return _why_unusable(bad, label, situation)
    return f"{_settle(pick.name, situation)}{_dates(period)}"


def _settle(name: str, situation: Situation) -> str:
    meaning = situation.meaning(name)
    return meaning.settle if meaning and meaning.settle else f"record {situation.label(name)}"


def _why_unusable(fact: Fact, label: str, situation: Situation) -> str:
    if isinstance(fact.behind, Finding):
        return f"{label} on {fact.day}: {'; '.join(fact.behind.reasons) or 'not known'}"
    if fact.value is None:
        return f"{label} was asked on {fact.day} and is not known: {_settle(fact.name, situation)}"
    meaning = situation.meaning(fact.name)
    unit = meaning.unit if meaning else None
    return f"{label} on {fact.day} as a number{f' in {unit}' if unit else ''} (recorded: {plain(fact.value)} {fact.unit or ''})"


def _dates(period: Period) -> str:
    if period.first and period.last:
        return f" (dated {period.first} to {period.last})"
    return f" (dated by {period.last})" if period.last else f" (dated from {period.first})" if period.first else ""


def stated(name: str, window: Window | None, situation: Situation) -> Reading:
    """What was last stated under a name: labels and yes/no; two different statements of one day leave it open."""
    period = placed(window, situation)
    recorded = said(situation.known(name))
    candidates = [(fact, where) for fact in recorded if (where := period.holds(fact)) is not False]
    certain = [fact for fact, where in candidates if where]
    last = [fact for fact, _ in candidates if not is_beaten(fact, certain)]
    values = tuple(dict.fromkeys([*(fact.value for fact in last), *([] if certain else [None])]))
    missing = () if None not in values else (_wanted_statement(name, window, period, last, situation),)
    flags = ("CONTRADICTION",) if len({fact.value for fact in last if fact.value is not None}) > 1 else ()
    return Reading(values, tuple(_grounds(last)), missing, flags)


def _wanted_statement(
    name: str, window: Window | None, period: Period, last: Sequence[Fact], situation: Situation
) -> str:
    blank = next((fact for fact in last if fact.value is None), None)
    if blank is not None and period.unplaced is None:
        return _why_unusable(blank, situation.label(name), situation)
    return _wanted(Pick(name, window=window), period, [], situation)
