"""An observation read by a study's dictionary: each text is read once, however many rows say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from escalon.facts import Day, Fact, read_day, read_decimal
from escalon.facts.amount import unit_in
from escalon.facts.number import thousands
from escalon.facts.reading import may_part_thousands, read_limit
from escalon.facts.words import NOT_APPLICABLE, NOT_DONE, NOT_KNOWN, not_known
from escalon.history.events import Observation
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.reading import ItemError, read
from escalon.protocol.asked import as_item
from escalon.protocol.study import FactDefinition, FactKind, Study
from escalon.protocol.vocabulary import hint, labels

FINDING: FactKind = "label"
"""A finding recorded as such, whose items are not in the data: any label or number is taken as it is written."""
ATTESTED = "stated for all unmarked"
"""What stands in the source of a fact that one statement said of everything left unmarked."""
KEPT = 1 << 16
"""So many different texts are remembered before all are forgotten and read anew."""

T = TypeVar("T")


class RowError(ValueError):
    """A row that cannot be used: the column, what it holds, and what to write instead."""

    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value = column, value


@dataclass(frozen=True, slots=True)
class Read:
    """What one value says: itself with its digits, what a person should know of it, and what must be confirmed first."""

    definition: FactDefinition
    value: Any
    says: tuple[str, ...] = ()
    question: str = ""
    unit: str | None = None
    """The unit of the value, from its own cell or its column; nothing where the name has none."""


class Dictionary:
    """The names of a study as the one reader of observations."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._values: dict[tuple[str, str | None, str | None, bool], Read] = {}
        self._asked: dict[str, tuple[FactDefinition, Item]] = {}
        self._meant: dict[str, str] = {}
        """What is said of each name that is not there: it takes a search, and a file says the same name in many rows."""

    def fact(self, participant: str, seen: Observation, place: str) -> Fact:
        """An observation in the study's terms. Raises RowError, which names the column and says what to write instead."""
        found = self.value(seen)
        day, until, lower, upper = _beside(found, seen)
        source = ", ".join(filter(None, (seen.source, ATTESTED if seen.attested else "", _confirmed(seen))))
        return Fact(
            seen.name, found.value, day, found.unit, f"{place} ({source})" if source else place, participant,
            lower=lower, upper=upper, until=until, ongoing=seen.ongoing, visit=seen.visit or "", confirmed=seen.confirmed,
            question=found.question, why=_why_none(seen) if found.value is None else "",
        )  # fmt: skip

    def check(self, seen: Observation) -> Read:
        """What an observation's value says, once all of it can be read. Raises RowError."""
        found = self.value(seen)
        _beside(found, seen)
        return found

    def value(self, seen: Observation) -> Read:
        """What the value of an observation says. Raises RowError."""
        key = (seen.name, seen.value, seen.unit, seen.confirmed)
        found = self._values.get(key)
        if found is None:
            if len(self._values) >= KEPT:
                self._values.clear()
            if seen.name not in self._asked:
                definition = self.named("fact", seen.name)
                self._asked[seen.name] = definition, as_item(definition)
            found = self._values[key] = _value(*self._asked[seen.name], seen.value, seen.unit, seen.confirmed)
        return found

    def named(self, column: str, name: str) -> FactDefinition:
        """The definition of a name; of an instrument's result, as it may be recorded. Raises RowError for any other."""
        study = self.study
        definition = study.vocabulary.get(name)
        if definition is not None:
            return definition
        stem = name.partition(".")[0]
        if stem in study.instruments or stem in {one.partition(".")[0] for one in study.awaited}:
            label = f"{name}, concluded elsewhere and recorded"
            return FactDefinition.made(name=name, label=label, kind=FINDING, group="findings")
        if name not in self._meant:
            self._meant[name] = hint(name, labels(study.vocabulary)) or " `escalon data dictionary` lists the names"
        raise RowError(column, name, f"{name!r} is not in the data dictionary.{self._meant[name]}")


def _beside(found: Read, seen: Observation) -> tuple[Day | None, Day | None, Decimal | None, Decimal | None]:
    """The days and the reference limits beside a value, once they can be true."""
    day, until = _read("date", seen.day, _day), _read("until", seen.until, _day)
    definition = found.definition
    if day is None and found.value is not None and definition.kind in ("number", "integer", "event"):
        raise RowError("date", "", f"{definition.name} has no date. Write the day, month or year it was observed")
    if until is not None and day is not None and until.is_before(day):
        raise RowError("until", str(until), f"{until} is before {day}")
    unit = found.unit or seen.unit
    lower, upper = (
        _read(name, text, lambda text: _limit(text, unit))
        for name, text in (("lower", seen.lower), ("upper", seen.upper))
    )
    _check_limits(definition, lower, upper)
    for name, text in (("lower", seen.lower), ("upper", seen.upper)):
        if text and thousands(text) and (joined := may_part_thousands(as_item(definition), text, unit)):
            says = f"the {name} limit {text} would be {joined} if its point parted thousands. Write {joined}"
            whole, part = joined[:-3], joined[-3:]
            raise RowError(name, text, f"{says}, or {whole if part == '000' else f'{whole}.{part}0'}")
    if seen.attested and found.value not in (False, 0):
        says = f"{seen.name} {seen.value} is a finding. Only «no» or 0 is said of all that were left unmarked"
        raise RowError("attested", "yes", says)
    return day, until, lower, upper


def _confirmed(seen: Observation) -> str:
    """Who confirmed a value and why, where that is said."""
    by, why = seen.confirmed_by, seen.confirmed_why
    if not seen.confirmed or not (by or why):
        return ""
    return f"confirmed{f' by {by}' if by else ''}{f': {why}' if why else ''}"


def _why_none(seen: Observation) -> str:
    """Why nothing is known, in the words of the state and the person's own; empty where it is only not known."""
    if not seen.why and seen.state == NOT_KNOWN:
        return ""
    state = seen.state if seen.state in (NOT_DONE, NOT_APPLICABLE) else NOT_KNOWN
    return f"{state}, {seen.why}" if seen.why else state


def _read(column: str, text: str | None, reader: Callable[[str], T]) -> T | None:
    if not text:
        return None
    try:
        return reader(text)
    except ValueError as error:
        raise RowError(column, text, str(error)) from None


_day = lru_cache(maxsize=KEPT)(read_day)


@lru_cache(maxsize=KEPT)
def _limit(text: str, unit: str | None) -> Decimal | None:
    """A reference limit: a number, with the unit of its value or none; nothing where it is said not to be known."""
    return None if not_known(text) is not None else read_limit(text, unit)


def _check_limits(definition: FactDefinition, lower: Decimal | None, upper: Decimal | None) -> None:
    """Reference limits that can be true: a limit such as -99 is a code for «missing», and a ratio to it would pass anything."""
    if lower is not None and upper is not None and lower > upper:
        raise RowError("upper", str(upper), f"the upper limit {upper} is below the lower limit {lower}")
    if (lower is None and upper is None) or definition.low is None or definition.low < 0:
        return
    for name, limit in (("lower", lower), ("upper", upper)):
        if limit is not None and (limit < 0 or (limit == 0 and name == "upper")):
            raise RowError(
                name, str(limit), f"the {name} limit {limit} is not possible. Leave it empty if it is not known"
            )


def _value(definition: FactDefinition, item: Item, text: str | None, unit: str | None, confirmed: bool) -> Read:
    """The recorded value, as it was written and in its own unit, once it is known to be acceptable."""
    if text is None:
        return Read(definition, None)
    if definition.kind == FINDING and not definition.choices:
        return Read(definition, _recorded_finding(text), unit=unit)
    if definition.kind == "date":
        return Read(definition, str(_read("value", text, read_day)))
    is_number = definition.kind in ("number", "integer")
    if definition.unit and not unit and is_number and not_known(text) is None and unit_in(text) is None:
        options = " or ".join(definition.units)
        raise RowError("unit", "", f"{definition.name} {text} has no unit. Write {options}")
    try:
        entry = read(definition.name, item, (text, unit) if unit else text, confirmed=confirmed)
    except ItemError as error:
        column = "unit" if error.code in ("WRONG_UNIT", "UNIT_MISSING") else "value"
        raise RowError(column, unit or "" if column == "unit" else text, str(error)) from None
    if "NOT_ATTRIBUTABLE" in entry.flags:
        return Read(definition, "not_attributable")
    question = entry.flags.get("QUERY", "") if is_number else ""
    if isinstance(entry.value, bool | str) or (entry.value is None and not question):
        return Read(definition, entry.value)
    says = tuple(entry.flags[code] for code in ("QUERY", "DOUBTFUL", "CONFIRMED") if code in entry.flags)
    own = entry.fact.unit if definition.unit else None
    return Read(
        definition, entry.fact.value, says, question, own
    )  # the number with its digits, or the interval written


def _recorded_finding(text: str) -> Any:
    word = text.lower()
    if word in ("yes", "no"):
        return word == "yes"
    if not_known(text) is not None:
        return None
    try:
        return read_decimal(text)
    except ValueError:
        return text
