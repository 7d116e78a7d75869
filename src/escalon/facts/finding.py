"""A finding: something concluded, with the facts it rests on, what was missing, and the version of the rule.

One contract for every instrument, grade, verdict and decision (docs/decisions/0002-one-result-contract.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import inf
from types import MappingProxyType
from typing import Any, TypeAlias, Union

from escalon.facts.day import Day
from escalon.facts.fact import Fact, Value
from escalon.facts.interval import Interval
from escalon.facts.number import exact, plain


class Status(StrEnum):
    """How far a finding got."""

    OK = "ok"
    MISSING = "missing"
    """A required input is missing, so there is no value."""
    INDETERMINATE = "indeterminate"
    """What is missing could change the answer; `bounds` says between what."""
    NOT_APPLICABLE = "not_applicable"
    INVALID = "invalid"
    """An input is out of range, in a wrong unit or contradicts another."""


Ground: TypeAlias = Union[Fact, "Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A conclusion and everything beneath it. `value` is `None` unless `status` is ok; `None` is never zero."""

    name: str
    value: Value
    status: Status = Status.OK
    category: str | None = None
    unit: str | None = None
    bounds: tuple[Value, Value] | None = None
    """Between what the value lies while it is open: two numbers (None: no end), or the answers still possible."""
    components: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    missing: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    rule: str = ""
    """Identifier and version of the rule that concluded this, such as `das28_esr/1`."""
    rests_on: tuple[Ground, ...] = ()
    day: Day | None = None
    bounds_open: tuple[bool, bool] = (False, False)
    """Whether either number of `bounds` is itself out of reach: `<5` is bounds (None, 5), the second open."""
    may_be_unknown: bool = False
    """Whether the value may stay unknown whatever is still learnt, so that its bounds settle nothing."""

    @property
    def complete(self) -> bool:
        """Whether nothing the rule reads was missing."""
        return not self.missing

    @property
    def span(self) -> Interval | None:
        """The interval an open value lies in, whatever is still missing; None where that settles nothing.

        A value that may stay unknown, a status that means no value (not applicable, invalid) and labels have none.
        """
        if self.bounds is None or self.may_be_unknown or self.status not in (Status.MISSING, Status.INDETERMINATE):
            return None
        low, high = self.bounds[0], self.bounds[-1]
        if isinstance(low, bool | str) or isinstance(high, bool | str):
            return None
        ends = (-inf if low is None else _end(low), inf if high is None else _end(high))
        return Interval(*ends, *self.bounds_open)

    def __str__(self) -> str:
        """The finding in one line, as a notebook prints it: the value, or between what it lies and why it is not known."""
        said = [self.name, plain(self.value, 4), *([self.unit] if self.unit else [])]
        said += [f"({self.category})"] if self.category else []
        said += (
            ["between " + " and ".join("…" if end is None else plain(end, 4) for end in self.bounds)]
            if self.bounds
            else []
        )
        why = self.reasons if self.value is None else ()
        return " ".join(said) + (f": {'; '.join(why)}" if why else "")

    def as_json(self) -> dict[str, Any]:
        """The finding for scripts; exact numbers become the nearest double, days ISO text."""
        return {
            "name": self.name,
            "value": jsonable(self.value),
            "status": self.status.value,
            "category": self.category,
            "unit": self.unit,
            "bounds": None if self.bounds is None else [jsonable(bound) for bound in self.bounds],
            "bounds_open": list(self.bounds_open),
            "components": {key: jsonable(part) for key, part in self.components.items()},
            "complete": self.complete,
            "missing": list(self.missing),
            "flags": list(self.flags),
            "reasons": list(self.reasons),
            "rule": self.rule,
            "day": None if self.day is None else str(self.day),
        }


def _end(bound: int | float | Decimal | Fraction) -> int | Fraction:
    return bound if isinstance(bound, int) else exact(bound)


def jsonable(value: object) -> Any:
    """A value that `json` can write: exact numbers as the nearest double, days and labels as text."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal() | Fraction():
            return int(value) if value == int(value) else float(value)
        case Mapping():
            return {str(key): jsonable(part) for key, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [jsonable(part) for part in value]
        case Finding():
            return value.as_json()
        case Interval():
            low, high = map(jsonable, value.ends)
            return {"low": low, "low_open": value.low_open, "high": high, "high_open": value.high_open}
        case _:
            return str(value)


def grounds(finding: Finding) -> tuple[Fact, ...]:
    """Every fact beneath a finding, once each, in the order met."""
    seen: dict[Fact, None] = {}
    for ground in finding.rests_on:
        for fact in (ground,) if isinstance(ground, Fact) else grounds(ground):
            seen.setdefault(fact)
    return tuple(seen)
