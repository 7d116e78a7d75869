"""The value of a quantity for one participant: every value the record leaves possible, and the facts behind it."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from escalon.criteria.situation import Situation, Stretch, day_range, one_visit, placed, said
from escalon.expressions.events import How, Part, Pick, Tie, UnitNumber, Window
from escalon.expressions.possible import applied
from escalon.expressions.tree import Literal, Node, Op
from escalon.facts import Fact, Finding, Ground, Interval, Status, Truth, UnitError, convert, exact, plain, spelled

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul,
    "div": lambda a, b: None if b == 0 else Fraction(a) / Fraction(b),
}  # fmt: skip


TIE = "TIE"
"""Several different values of one day."""


@dataclass(frozen=True, slots=True)
class Valued:
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


def quantity(node: Node, situation: Situation) -> Valued:
    """Read a quantity: exact arithmetic, in the canonical unit of each name."""
    match node:
        case Literal(value):
            return Valued((value,))
        case UnitNumber(value, unit):
            return Valued((value,), unit=unit)
        case Pick():
            return _picked(node, situation)
        case Op("neg", (part,)):
            inner = quantity(part, situation)
            return Valued(
                tuple(None if v is None else applied("neg", v) for v in inner.values),
                inner.facts,
                inner.missing,
                inner.flags,
            )
        case Op(name, (left, right)) if name in _ARITHMETIC:
            return _combined(name, quantity(left, situation), quantity(right, situation))
    raise TypeError(f"{node!r} is not a quantity")


def _combined(name: str, left: Valued, right: Valued) -> Valued:
    pairs = product(left.values, right.values)
    values = tuple(dict.fromkeys(_reckoned(name, a, b) for a, b in pairs))
    unit = None if name == "div" and left.unit == right.unit else left.unit or right.unit
    facts = tuple(dict.fromkeys((*left.facts, *right.facts)))
    return Valued(values, facts, (*left.missing, *right.missing), (*left.flags, *right.flags), unit)


def _reckoned(name: str, a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    return applied(name, a, b) if isinstance(a, Interval) or isinstance(b, Interval) else _ARITHMETIC[name](a, b)


def _picked(pick: Pick, situation: Situation) -> Valued:
    period = placed(pick.window, situation)
    if pick.how is How.COUNT:
        return _counted(
            pick, [fact for fact in said(situation.known(pick.name)) if fact.value is not None], period, situation
        )
    candidates = _candidates(pick.name, pick.window, period, situation, newest=pick.how is How.LATEST)
    # A limit belongs to the value it was printed beside, so the fact is chosen by its value and never by its limit.
    by_value = pick if pick.part is Part.VALUE else replace(pick, part=Part.VALUE)
    chosen = _chosen(by_value, candidates, situation)
    certain = any(where for _, where in candidates)
    values = _possible_values(pick, chosen, candidates, situation) + ([] if certain else [None])
    readings = tuple(dict.fromkeys(values))
    is_settled = certain and not any(value is None or isinstance(value, Interval) for value in readings)
    missing = () if is_settled else (_wanted(pick, period, chosen, situation),)
    flags = {flag for fact in chosen if isinstance(fact.behind, Finding) for flag in fact.behind.flags}
    flags |= {TIE} if _tied(chosen, candidates) else set()
    meaning = situation.meaning(pick.name)
    return Valued(readings, tuple(_grounds(chosen)), missing, tuple(sorted(flags)), meaning.unit if meaning else None)


def _candidates(
    name: str, window: Window | None, period: Stretch, situation: Situation, newest: bool
) -> list[tuple[Fact, Truth]]:
    """The statements of a name that count and may lie in a period, each with whether it does."""

    def read() -> list[tuple[Fact, Truth]]:
        recorded = said(situation.known(name, period, newest=newest))
        return [(fact, where) for fact in recorded if (where := period.holds(fact)) is not False]

    return situation.once((name, window, newest), read)


def _possible_values(
    pick: Pick, chosen: list[Fact], candidates: list[tuple[Fact, Any]], situation: Situation
) -> list[Any]:
    """The values of the chosen facts; the highest of several is at least the low end of each, the lowest at most its high.

    An interval wholly on the other side is none of them: beside a value that is not known every fact is chosen.
    """
    values = [_value(fact, pick, situation) for fact in chosen]
    if pick.how not in (How.HIGHEST, How.LOWEST) or not any(isinstance(value, Interval) for value in values):
        return values
    certain = [value for fact, where in candidates if where and (value := _value(fact, pick, situation)) is not None]
    if not certain:
        return values
    highest = pick.how is How.HIGHEST
    edge = max(_ends(value)[0] for value in certain) if highest else min(_ends(value)[1] for value in certain)
    beyond = {"low": edge} if highest else {"high": edge}
    reaching = [value for value in values if not isinstance(value, Interval) or _reaches(value, edge, high=highest)]
    return [_point(value.within(**beyond)) if isinstance(value, Interval) else value for value in reaching]


def _point(interval: Interval) -> Any:
    return interval.low if interval.is_point else interval


def _ends(value: Any) -> tuple[Any, Any]:
    return (value.low, value.high) if isinstance(value, Interval) else (value, value)


def _grounds(facts: Sequence[Fact]) -> list[Ground]:
    """The finding behind a computed fact, if it carries one; else the fact itself."""
    return [fact.behind if isinstance(fact.behind, Finding) else fact for fact in facts]


def _chosen(pick: Pick, candidates: list[tuple[Fact, Any]], situation: Situation) -> list[Fact]:
    """Every fact that may be the one picked: more than one where dates, or values of one day, leave it open."""
    if pick.how in (How.HIGHEST, How.LOWEST):
        return _extreme(pick, candidates, situation)
    late = pick.how is How.LATEST
    certain = sorted((fact for fact, where in candidates if where), key=day_range, reverse=late)  # the likeliest first
    possible = [fact for fact, _ in candidates if not is_beaten(fact, certain, late=late)]
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
    kept = [_outermost(same, pick.tie is not Tie.LOWEST, pick, situation) for same in by_day.values()]
    return [fact for same in kept for fact in same]


def _outermost(facts: list[Fact], highest: bool, pick: Pick, situation: Situation) -> list[Fact]:
    """The facts that may be the highest or lowest of several; one that cannot be read could always be it."""
    values = [(fact, _value(fact, pick, situation)) for fact in facts]
    unread = [fact for fact, value in values if value is None]
    return unread or _not_beaten(values, values, highest)


def _not_beaten(some: list[tuple[Fact, Any]], certain: list[tuple[Fact, Any]], highest: bool) -> list[Fact]:
    """The facts whose value may be as high (or low) as every certain one; `<10` never is as high as 10."""
    if highest:
        floor = max((_ends(value)[0] for _, value in certain), default=None)
        return [fact for fact, value in some if floor is None or _reaches(value, floor, high=True)]
    ceiling = min((_ends(value)[1] for _, value in certain), default=None)
    return [fact for fact, value in some if ceiling is None or _reaches(value, ceiling, high=False)]


def _reaches(value: Any, edge: Any, *, high: bool) -> bool:
    end = _ends(value)[high]
    is_open = isinstance(value, Interval) and (value.high_open if high else value.low_open)
    return bool((end > edge if high else end < edge) or (end == edge and not is_open))


def _extreme(pick: Pick, candidates: list[tuple[Fact, Any]], situation: Situation) -> list[Fact]:
    known = [(fact, where, _value(fact, pick, situation)) for fact, where in candidates]
    if any(value is None for _, _, value in known):
        return [fact for fact, _, _ in known]
    certain = [(fact, value) for fact, where, value in known if where]
    return _not_beaten([(fact, value) for fact, _, value in known], certain, pick.how is How.HIGHEST)


def _tied(chosen: list[Fact], candidates: list[tuple[Fact, Any]]) -> bool:
    """Whether a day that counts has several different values."""
    days = {fact.day for fact in chosen if fact.day is not None and not fact.day.is_partial}
    return any(
        len({(fact.value, fact.unit, fact.lower, fact.upper) for fact, _ in candidates if fact.day == day}) > 1
        for day in days
    )


def _value(fact: Fact, pick: Pick, situation: Situation) -> Any:
    """The number wanted of a fact, or an interval it lies in, in the name's canonical unit; None where there is neither."""
    raw = {Part.VALUE: _known(fact), Part.UPPER: fact.upper, Part.LOWER: fact.lower}[pick.part]
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | Fraction | Interval):
        return None
    meaning = situation.meaning(pick.name)
    if meaning is None or spelled(meaning.unit) == spelled(fact.unit):
        return raw.mapped(exact) if isinstance(raw, Interval) else exact(raw)
    from_unit, to_unit, substance = fact.unit or "", meaning.unit or "", meaning.substance
    try:
        if isinstance(raw, Interval):
            return raw.mapped(lambda end: convert(end, from_unit, to_unit, substance))
        return convert(raw, from_unit, to_unit, substance)
    except UnitError:
        return None


def _known(fact: Fact) -> Any:
    """The value of a fact, unless it must be confirmed first; of an open score, between what it lies, whatever is missing."""
    finding = _own_finding(fact)
    return finding.span if finding else None if fact.question else fact.value


def _own_finding(fact: Fact) -> Finding | None:
    """The finding of a score without a value; a part of a score carries the finding of the whole, which says nothing of it."""
    behind = fact.behind
    return behind if fact.value is None and isinstance(behind, Finding) and behind.name == fact.name else None


def _counted(pick: Pick, recorded: list[Fact], period: Stretch, situation: Situation) -> Valued:
    sure = [fact for fact in recorded if period.holds(fact)]
    perhaps = [fact for fact in recorded if period.holds(fact) is None]
    if not recorded:
        return Valued((None,), missing=(_wanted(pick, period, [], situation),))
    values = tuple(range(len(sure), len(sure) + len(perhaps) + 1))
    return Valued(values, (*sure, *perhaps))


def _wanted(pick: Pick, period: Stretch, chosen: Sequence[Fact], situation: Situation) -> str:
    """What would settle an unknown value."""
    if period.unplaced is not None:
        return period.unplaced
    label = situation.label(pick.name)
    values = [(fact, _value(fact, pick, situation)) for fact in chosen]
    bad = next((fact for fact, value in values if value is None or isinstance(value, Interval)), None)
    if bad is not None and bad.value is not None and pick.part is not Part.VALUE:
        return f"the laboratory's {pick.part} for {label} on {bad.day}"
    if bad is not None:
        return _why_unusable(bad, label, situation)
    return f"{_settle(pick.name, situation)}{_dates(period)}{_undated(chosen)}"


def _settle(name: str, situation: Situation) -> str:
    meaning = situation.meaning(name)
    return meaning.settle if meaning and meaning.settle else f"record {situation.label(name)}"


def _why_unusable(fact: Fact, label: str, situation: Situation) -> str:
    if isinstance(fact.behind, Finding):
        return f"{label} on {fact.day}: {'; '.join(fact.behind.reasons) or 'not known'}"
    if fact.question:
        return f"{label} on {fact.day}, confirmed: {fact.question}"
    if fact.value is None:
        return f"{label} was asked on {fact.day} and is {fact.why or 'not known'}: {_settle(fact.name, situation)}"
    if isinstance(fact.value, Interval):
        return f"{label} on {fact.day} more exactly: {fact.value} {fact.unit or ''}".rstrip() + " leaves it open"
    meaning = situation.meaning(fact.name)
    unit = meaning.unit if meaning else None
    return f"{label} on {fact.day} as a number{f' in {unit}' if unit else ''} (recorded: {plain(fact.value)} {fact.unit or ''})"


def _undated(chosen: Sequence[Fact]) -> str:
    return "; what is recorded has no day" if any(fact.day is None for fact in chosen) else ""


def _dates(period: Stretch) -> str:
    if period.first and period.last:
        until = "" if period.first == period.last else f" to {period.last}"
        return f" (dated {period.first}{until})"
    return f" (dated by {period.last})" if period.last else f" (dated from {period.first})" if period.first else ""


def stated(name: str, window: Window | None, situation: Situation) -> Valued:
    """What was last stated under a name: labels and yes/no; two different statements of one day leave it open."""
    return situation.once(("stated", name, window), lambda: _last_stated(name, window, situation))


def _last_stated(name: str, window: Window | None, situation: Situation) -> Valued:
    period = placed(window, situation)
    candidates = _candidates(name, window, period, situation, newest=True)
    certain = sorted((fact for fact, where in candidates if where), key=day_range, reverse=True)
    last = [fact for fact, _ in candidates if not is_beaten(fact, certain)]
    values = tuple(dict.fromkeys([*(one for fact in last for one in _said(fact)), *([] if certain else [None])]))
    missing = (
        () if None not in values and len(values) < 2 else (_wanted_statement(name, window, period, last, situation),)
    )
    flags = ("CONTRADICTION",) if len({fact.value for fact in last if fact.value is not None}) > 1 else ()
    return Valued(values, tuple(_grounds(last)), missing, flags)


def _said(fact: Fact) -> Sequence[Any]:
    """What a fact states: of a classification that does not apply, that; of one that is open, all it may still be."""
    finding = _own_finding(fact)
    if finding is not None:
        if finding.status is Status.NOT_APPLICABLE:
            return ("not applicable",)
        if finding.bounds and not finding.may_be_unknown and all(isinstance(one, str) for one in finding.bounds):
            return finding.bounds
    return (fact.value,)


def _wanted_statement(
    name: str, window: Window | None, period: Stretch, last: Sequence[Fact], situation: Situation
) -> str:
    blank = next((fact for fact in last if fact.value is None), None)
    if blank is not None and period.unplaced is None:
        return _why_unusable(blank, situation.label(name), situation)
    undated = "" if period.unplaced else _undated(last)
    return _wanted(Pick(name, window=window), period, [], situation) + undated
