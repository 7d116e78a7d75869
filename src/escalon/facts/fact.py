"""A fact: something observed about a participant on a day, with a unit and a source."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from escalon.facts.day import Day
from escalon.facts.interval import Interval
from escalon.facts.number import Number, plain

Value: TypeAlias = bool | int | float | Decimal | Fraction | str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One observation. `value` None means it was asked and is not known, an Interval that it is known to lie between two ends
    (`<0.1`); a day may be partial or absent.

    An event that lasts (a treatment, a history) carries `until`; `ongoing` says that it had not ended on the day it
    was recorded. `lower` and `upper` are the laboratory's reference limits, in the fact's own unit.
    """

    name: str
    value: Value | Interval
    day: Day | None = None
    unit: str | None = None
    source: str = ""
    participant: str = ""
    lower: Value = None
    upper: Value = None
    until: Day | None = None
    ongoing: bool = False
    visit: str = ""
    behind: object = None
    """The finding a computed fact comes from, such as a score; `None` for what was recorded."""
    end_unknown: bool = False
    """It lasted, but neither its end nor that it goes on is recorded."""
    confirmed: bool = False
    """A person confirmed the value where it was asked about."""
    question: str = ""
    """What must be confirmed before the value decides anything: it lies outside what a body has."""
    why: str = ""
    """Why nothing is known, where that was said: `not done, haemolysed`; empty where it is only not known."""

    @property
    def number(self) -> Number | None:
        """The number recorded; None where it is something else, not known, in doubt, or known only to lie in an interval."""
        value = None if self.question else self.value
        return value if isinstance(value, int | float | Decimal | Fraction) and not isinstance(value, bool) else None

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        when = f" on {self.day}" if self.day else ""
        open_ = " (ongoing)" if self.ongoing else " (end not recorded)" if self.end_unknown else ""
        end = f" until {self.until}" if self.until else open_
        said = plain(self.value) if self.value is not None else self.why or "not known"
        return f"{self.name} {said}{unit}{when}{end}"


class Facts:
    """What is known of one participant: every fact by name, in order of day. Never changed; `with_facts` makes a new one."""

    __slots__ = ("_by_name",)

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        by_name: dict[str, list[Fact]] = {}
        for fact in facts:
            by_name.setdefault(fact.name, []).append(fact)
        self._by_name = {name: tuple(sorted(some, key=_order)) for name, some in by_name.items()}

    def named(self, name: str) -> tuple[Fact, ...]:
        """All facts of a name, oldest first."""
        return self._by_name.get(name, ())

    def names(self) -> tuple[str, ...]:
        """The names something is recorded under."""
        return tuple(self._by_name)

    def with_facts(self, more: Iterable[Fact]) -> "Facts":
        """These facts and some more."""
        return Facts([*self, *more])

    def __iter__(self) -> Iterator[Fact]:
        for some in self._by_name.values():
            yield from some

    def __len__(self) -> int:
        return sum(len(some) for some in self._by_name.values())


def _order(fact: Fact) -> tuple[object, ...]:
    """By day; what is of one day by its content, so that the order of rows in a file changes nothing."""
    days = (fact.day.latest, fact.day.earliest) if fact.day else ()
    written = (fact.value, fact.unit, fact.visit, fact.until, fact.ongoing, fact.lower, fact.upper, fact.behind is None)
    return (fact.day is not None, *days, *map(str, written))
