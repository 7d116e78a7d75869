"""What an instrument takes from which visit: recorded facts, scores other instruments gave there, and baselines.

An item says it itself: `of` are the facts or scores it may be taken from where its own name is not recorded, `baseline_of`
that it is the value at baseline of another item (or of a score). Nobody types a baseline again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from sys import intern
from typing import Any

from escalon.expressions.bounds import bounds
from escalon.expressions.possible import ANOTHER_LABEL, UNKNOWN, Possible
from escalon.expressions.program import Program
from escalon.expressions.tree import Kind
from escalon.facts import Fact, Finding, Interval, Status, UnitError
from escalon.instruments.kit.assessment import assess_with
from escalon.instruments.kit.baseline import in_unit, settled
from escalon.instruments.kit.catalogue import catalogue, find
from escalon.instruments.kit.instrument import Instrument

Earlier = Callable[[str], Finding]
"""The baseline of a fact or score, by name."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What each item is taken from, what its name was there, and why a baseline is not known."""

    given: Mapping[str, Fact]
    names: Mapping[str, str] = field(default_factory=dict)
    unsettled: tuple[str, ...] = ()


def taken(instrument: Instrument, here: Mapping[str, Fact], earlier: Earlier | None = None) -> Taken:
    """The facts behind an instrument's items at a visit.

    `here` are the facts and scores of the visit, by name; `earlier` gives a baseline. A baseline comes from the same name as
    the value it is compared with, so that two joint sets or two forms of one score are never compared.
    """
    given: dict[str, Fact] = {}
    names: dict[str, str] = {}
    unsettled: dict[str, None] = {}
    for name, item in instrument.items.items():
        key = next((key for key in (instrument.keys[name], *item.of) if _is_known(here.get(key), instrument)), None)
        if key is not None:
            given[name], names[name] = as_known(here[key]), key
    for name, item in instrument.items.items():
        if item.baseline_of is None or name in given or earlier is None:
            continue
        for key in _compared_names(instrument, item.baseline_of, names):
            found = earlier(key)
            before = settled(found)
            if before is not None:
                given[name], names[name] = before, key
                break
            if found.status is Status.INDETERMINATE:
                unsettled |= dict.fromkeys(found.reasons)
    for name, item in instrument.items.items():
        if item.source_of in names and name not in given and names[item.source_of] in item.choices:
            given[name] = Fact(instrument.keys[name], names[item.source_of], given[item.source_of].day)
    return Taken(given, names, tuple(unsettled))


def _compared_names(instrument: Instrument, name: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """What a baseline is taken from: the name its value has at the visit; where that has none, any the value may have."""
    if name in names:
        return (names[name],)
    return (instrument.keys[name], *instrument.items[name].of) if name in instrument.items else (name,)


def change_since(name: str, now: Fact, baseline: Finding) -> Finding | None:
    """The change of any number from its baseline, in the unit of the visit; None for what is no number."""
    now = as_known(now)
    if isinstance(now.value, bool | str | None):
        return None
    before = settled(baseline)
    given: dict[str, Any] = {"now": replace(now, unit=None)}
    reasons = baseline.reasons if baseline.status is not Status.OK else ()
    if before is not None:
        try:
            given["baseline"] = replace(in_unit(before, now.unit), unit=None)
        except UnitError as error:
            reasons = (str(error),)
    found = assess_with(find("change_from_baseline"), given, now.day)
    grounds = tuple(fact for fact in (now, before) if fact is not None)
    return replace(
        found, name=intern(f"{name}.change"), unit=now.unit, rests_on=grounds, reasons=(*reasons, *found.reasons)
    )


@cache
def compares_visits(instrument: Instrument) -> bool:
    """Whether it cannot be had from one visit: a response, a change from baseline."""
    return any(item.baseline_of is not None and item.needed for item in instrument.items.values())


@cache
def reads_baseline(instrument: Instrument) -> bool:
    """Whether it says more with a baseline, needed or not."""
    return any(item.baseline_of is not None for item in instrument.items.values())


@cache
def may_be_settled(instrument: Instrument) -> bool:
    """Whether one entry may say enough: that the instrument does not apply, or which answer it has whatever is added.

    A number made of few entries is none that anybody meant.
    """
    program = instrument.program()
    is_answer = program.steps[program.roots["value"]].kind in (Kind.TRUTH, Kind.LABEL)
    return is_answer or compares_visits(instrument) or bool(instrument.sentences("unless"))


@cache
def may_answer(instrument: Instrument, given: frozenset[str]) -> bool:
    """Whether some of its items alone, whatever they say, may give an answer, or show that it does not apply."""
    if instrument.adapt:
        return True
    whole = instrument.program()
    roots = {name: whole.roots[name] for name in ("value", "applies")}
    anything: dict[Kind, Possible] = {
        Kind.TRUTH: frozenset({True, False, None}),
        Kind.LABEL: frozenset({*whole.labels, ANOTHER_LABEL, None}),
    }
    may_be: dict[str, Possible] = {
        name: anything.get(item.kind, _ANY_NUMBER) if name in given else UNKNOWN
        for name, item in instrument.items.items()
    }
    found = bounds(Program(whole.steps, roots), {}, may_be)
    applies, value = found["applies"], found["value"]
    return value != UNKNOWN or not isinstance(applies, frozenset) or False in applies


_ANY_NUMBER = Interval(may_be_unknown=True)


@cache
def _recorded() -> frozenset[str | None]:
    """What some instrument asks for by a name of its own in data."""
    return frozenset(item.fact for one in catalogue().values() for item in one.items.values())


def with_parts(names: Iterable[str]) -> tuple[str, ...]:
    """Instruments and every score their items are taken from, the parts before what is made of them.

    What is itself recorded, such as a count of joints, is no part to compute.
    """
    found: dict[str, None] = {}
    recorded = _recorded()

    def add(name: str) -> None:
        if name in found or name not in catalogue():
            return
        for item in catalogue()[name].items.values():
            for part in item.of[:1]:
                whole = part.partition(".")[0]
                if whole not in recorded and whole != name:
                    add(whole)
        found.setdefault(name)

    for name in names:
        add(name)
    return tuple(found)


def _is_known(fact: Fact | None, instrument: Instrument) -> bool:
    """Whether a fact has a value that does not come from this very instrument, which shows its items beside its score."""
    own = fact is not None and isinstance(fact.behind, Finding) and fact.behind.name == instrument.name
    return fact is not None and as_known(fact).value is not None and not own


def as_known(fact: Fact) -> Fact:
    """The fact; where it is a score that is open, as the interval it lies in."""
    if fact.value is not None or not isinstance(fact.behind, Finding) or fact.behind.name != fact.name:
        return fact
    return replace(fact, value=fact.behind.span)
