"""Plausible values of what a study records: by what is usual, by how ill an invented person is, or about a rule's limit."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import inf
from random import Random
from typing import Any

from escalon.expressions.events import Part, Pick, UnitNumber
from escalon.expressions.tree import Kind, Literal, Node, Op
from escalon.facts import Day, UnitError, exact, factor
from escalon.history.events import FactRecorded, Observation
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.ranges import ranges_of
from escalon.protocol.study import FactDefinition, Study
from escalon.safety.blood_counts import is_count_of
from escalon.safety.dlt_definition import TERMS

MANY = 12
"""An instrument of more items than these is one of which most items are absent in anyone."""


class Traits:
    """What stays the same of one invented person: a number from 0 to 1 for each thing that is measured of them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._of: dict[str, float] = {}

    def of(self, name: str) -> float:
        """The person's own number for a name."""
        return self._of.setdefault(name, self.random.random())

    def forget(self, names: Iterator[str] | list[str]) -> None:
        """Draw these anew."""
        for name in names:
            self._of.pop(name, None)


def observed(who: str, name: str, value: Any, day: date, visit: str = "", **more: Any) -> FactRecorded:
    """Something recorded of a person on a day."""
    said = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    seen = Observation(
        name=name, value=str(said), day=str(Day.of(day)), visit=visit or None, source="synthetic", **more
    )
    return FactRecorded(participant=who, fact=seen)


_DECIMALS = {"mm": 0, "cm": 1, "mm/h": 0, "mg/L": 1}
"""The most decimals people read off a line, a sedimentation tube, an analyser."""


def number_text(value: float, known: FactDefinition) -> str:
    """A number as somebody would write it, within what may be recorded: whole where it must be, else of at most three digits."""
    low, high = (None if end is None else float(end) for end in (known.low, known.high))
    value = max(value, low) if low is not None else value
    value = min(value, high) if high is not None else value
    if known.kind == "integer":
        return str(round(value))
    digits = min(0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2, _DECIMALS.get(known.unit or "", 2))
    return f"{Decimal(str(round(value, digits))).normalize():f}"


_USUAL = """
age 24:61 a · weight 48:92 kg · height 152:186 cm · temperature 36.1:37.2 Cel
systolic_bp 104:142 mm[Hg] · diastolic_bp 62:90 mm[Hg]
haemoglobin 105:150 g/L · wbc 3.8:9.2 10*9/L · neutrophils 2:6.2 10*9/L
lymphocytes 1:3.2 10*9/L · platelets 150:320 10*9/L
creatinine 48:92 umol/L · creatinine_clearance 68:124 mL/min · gfr 66:112 mL/min/{1.73_m2}
igg 7.4:15 g/L · c3 0.8:1.6 g/L · c4 0.12:0.4 g/L
"""
"""What invented people have of measured quantities, by their names in data. Plausible, and evidence of nothing."""
USUAL: dict[str, tuple[str, str]] = {
    name: (ends, unit)
    for name, ends, unit in (one.split() for line in _USUAL.strip().splitlines() for one in line.split(" · "))
}


def usual(known: FactDefinition) -> tuple[float, float] | None:
    """What most people have, where the study says it or the quantity is a common one."""
    if known.usual_low is not None and known.usual_high is not None:
        return float(known.usual_low), float(known.usual_high)
    if known.name not in USUAL or known.kind not in ("number", "integer"):
        return None
    ends, unit = USUAL[known.name]
    low, high = (float(_in_unit(Fraction(end), unit, known)) for end in ends.split(":"))
    return low, high


def plausible(known: FactDefinition) -> tuple[float, float]:
    """What may be found in somebody: the usual, else what is not even doubtful."""
    if found := usual(known):
        return found
    low, high = known.doubtful_low or known.low, known.doubtful_high or known.high
    if high is None and (published := next(iter(ranges_of(known.name)), None)) is not None:
        high = None if published.unusual[1] is None else _in_unit(published.unusual[1], published.unit, known) / 4
    bottom = float(low or 0)
    return bottom, float(high) if high is not None else max(10.0, 4 * abs(bottom))


def laboratory_limits(study: Study, known: FactDefinition) -> dict[str, str]:
    """The laboratory's limits of a result whose term a clause of toxicity names: without them it has no grade."""
    terms = [term for rule in (study.dlt.events if study.dlt else ()) for term in rule.term if term not in TERMS]
    if not any(is_count_of(term, known.name) for term in terms):
        return {}
    low, high = plausible(known)
    return {"upper": number_text(high, known), "lower": number_text(low, known)}


def _in_unit(value: Fraction, unit: str, known: FactDefinition) -> Fraction:
    try:
        return value * exact(factor(unit, known.unit or "", known.substance))
    except UnitError:
        return value


def _unremarkable(known: FactDefinition) -> tuple[float, float]:
    """The ends beyond which a value would be asked about."""
    published = next(iter(ranges_of(known.name)), None)
    ends = (known.doubtful_low, known.doubtful_high) if published is None else published.unusual
    unit = known.unit if published is None else published.unit
    low, high = (None if end is None else float(_in_unit(end, unit or "", known)) for end in ends)
    return -inf if low is None else low, inf if high is None else high


def limits_in(atom: Node, known: FactDefinition) -> list[float]:
    """The numbers a comparison compares a fact with, in the fact's own unit."""
    found: list[float] = []
    stack = [atom]
    while stack:
        node = stack.pop()
        if isinstance(node, Op):
            stack.extend(node.parts)
        elif isinstance(node, UnitNumber):
            found.append(float(_in_unit(node.value, node.unit, known)))
        elif isinstance(node, Literal) and isinstance(node.value, int | Fraction) and not isinstance(node.value, bool):
            found.append(float(node.value))
    return found


def picks_in(atom: Node) -> list[Pick]:
    """The recorded values a comparison reads."""
    if isinstance(atom, Pick):
        return [atom]
    return [pick for part in atom.parts for pick in picks_in(part)] if isinstance(atom, Op) else []


def about_limit(known: FactDefinition, atom: Node, attempt: int, random: Random) -> tuple[float, dict[str, str]]:
    """A value for a fact that a comparison reads, and the laboratory's limits where it asks for them."""
    parts = {pick.part for pick in picks_in(atom) if pick.name == known.name}
    low, high = plausible(known)
    limits = [limit for limit in limits_in(atom, known) if limit]
    ends: dict[str, str] = {}
    scale = 1.0
    if parts - {Part.VALUE}:
        lower, upper = (low, high) if usual(known) else (high / 20, high / 8)
        ends = {"upper": number_text(upper, known), "lower": number_text(lower, known)}
        scale = float(ends["lower"] if Part.LOWER in parts else ends["upper"])
    if limits and (attempt % 3 == 1 or (attempt % 3 == 0 and not usual(known))):
        value = random.choice(limits) * scale * random.uniform(0.45, 1.9)
        least, most = _unremarkable(known)
        return min(max(value, least), most), ends
    return random.uniform(low, high), ends


def item_value(item: Item, key: str, known: FactDefinition, severity: float, traits: Traits, sparse: bool) -> Any:
    """What an item holds in this person at a severity from 0 (well) to 1 (as ill as anyone); less ill, never more of it."""
    own = traits.of(key)
    share = severity * (max(0.0, own - 0.6) / 0.4 if sparse else 0.35 + 0.65 * own)
    if item.kind is Kind.TRUTH:
        return own < 0.35 * severity if sparse else own < 0.8 * severity
    if item.choices:
        return item.choices[int(own * len(item.choices) * 0.999)]
    if found := usual(known):
        low, high = found
        return number_text(low + (high - low) * own, known)
    if item.levels:
        return item.levels[min(round(share * (len(item.levels) - 1)), len(item.levels) - 1)]
    low, high = plausible(known)
    return number_text(low + (high - low) * share * 0.9, known)


def items_at(
    instrument: Instrument, vocabulary: Mapping[str, FactDefinition], severity: float, traits: Traits
) -> dict[str, tuple[Any, str | None]]:
    """What is recorded for an instrument at a visit: value and unit of each item that is asked there, by its name in data."""
    asked = {
        name: item
        for name, item in instrument.items.items()
        if item.needed
        and not (item.baseline_of or item.source_of or item.instead_of)
        and not (item.of and instrument.keys[name].startswith(f"{instrument.name}."))  # taken from another score
    }
    found: dict[str, tuple[Any, str | None]] = {}
    for name, item in asked.items():
        key = instrument.keys[name]
        known = vocabulary.get(key)
        if known is not None:
            found[key] = item_value(item, key, known, severity, traits, len(asked) > MANY), known.unit
    return found


def recorded(who: str, items: Mapping[str, tuple[Any, str | None]], day: date, visit: str) -> dict[str, FactRecorded]:
    """Items as what is recorded of a person at a visit, by name."""
    return {name: observed(who, name, value, day, visit, unit=unit) for name, (value, unit) in items.items()}
