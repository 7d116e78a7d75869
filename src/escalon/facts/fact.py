"""A fact: something observed about a participant on a day, with a unit and a source."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import takewhile
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

    @property
    def moment(self) -> tuple[str, Day] | None:
        """Its visit and day, where something is known and the day is known in full."""
        if self.value is None or self.day is None or self.day.is_partial:
            return None
        return self.visit, self.day

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        when = f" on {self.day}" if self.day else ""
        open_ = " (ongoing)" if self.ongoing else " (end not recorded)" if self.end_unknown else ""
        end = f" until {self.until}" if self.until else open_
        said = plain(self.value) if self.value is not None else self.why or "not known"
        return f"{self.name} {said}{unit}{when}{end}"


class Facts:
    """What is known of one participant: every fact by name, in order of day. Never changed; `with_facts` makes a new one."""

    __slots__ = ("_by_name", "_ordered")

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._by_name: dict[str, list[Fact]] = {}
        for fact in facts:
            self._by_name.setdefault(fact.name, []).append(fact)
        self._ordered: dict[str, tuple[Fact, ...]] = {}

    def named(self, name: str) -> tuple[Fact, ...]:
        """All facts of a name, oldest first."""
        found = self._ordered.get(name)
        if found is None:  # put in order when first asked for: most names of a long record never are
            found = self._ordered[name] = in_order(self._by_name.get(name, ()))
        return found

    def near(self, name: str, first: Day | None, last: Day | None, newest: bool = False) -> tuple[Fact, ...]:
        """Every fact of a name that may be of these days, and perhaps others; where the `newest` is wanted, all that may be it.

        What was recorded before a value surely of these days is not the newest; what is worked out (a score) need not be
        worked out for other days. Recorded and computed of one visit are peers, whichever is the later: both are given.
        """
        facts = self.named(name)
        if not newest or any(fact.behind is not None for fact in facts):
            return facts
        return tuple(facts[at] for at in newest_of(facts, first, last))

    def told(self) -> frozenset[str]:
        """Every name something may be known under; of others surely nothing is."""
        return frozenset(self.names())

    def moments(self) -> Iterable[tuple[str, Day]]:
        """The visit and day, once each, of everything known that has a full day."""
        return dict.fromkeys(moment for fact in self if (moment := fact.moment) is not None)

    def at(self, name: str, moments: Container[tuple[str, Day]]) -> Iterable[Fact]:
        """What is known under a name of some moments, oldest first."""
        return (fact for fact in self.named(name) if (moment := fact.moment) is not None and moment in moments)

    def names(self) -> tuple[str, ...]:
        """The names something is recorded under."""
        return tuple(self._by_name)

    def with_facts(self, more: Iterable[Fact]) -> "Facts":
        """These facts and some more."""
        new = Facts(more)
        grown = Facts()
        for name, some in self._by_name.items():
            grown._by_name[name] = [*some, *new._by_name.pop(name, ())]
            if len(grown._by_name[name]) == len(some) and name in self._ordered:
                grown._ordered[name] = self._ordered[name]
        grown._by_name |= new._by_name
        return grown

    def __iter__(self) -> Iterator[Fact]:
        for name in self.names():
            yield from self.named(name)

    def __len__(self) -> int:
        return sum(len(some) for some in self._by_name.values())


def newest_of(facts: Sequence[Fact], first: Day | None, last: Day | None) -> list[int]:
    """The places of recorded facts in order of day that may be the newest of these days.

    None is older than a value that surely is of them; what has no day may always be the newest.
    """
    undated = len(list(takewhile(lambda fact: fact.day is None, facts)))
    found, sure = list[int](), date.min
    for at in range(len(facts) - 1, undated - 1, -1):
        day = facts[at].day
        assert day is not None
        if day.latest < sure:
            break  # as is all before it
        found.append(at)
        is_sure = day.day is not None and facts[at].value is not None
        if is_sure and sure == date.min and day.is_within(first, last) is True:
            sure = day.latest
    return [*range(undated), *found[::-1]]


def in_order(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """By day; what is of one day is compared as a whole, which is seldom needed."""
    if len(facts) < 2:
        return tuple(facts)
    days = [fact.day for fact in facts]
    if len(set(days)) == len(days) and all(day is not None and day.day is not None for day in days):
        return tuple(sorted(facts, key=lambda fact: fact.day.earliest if fact.day else date.min))
    return tuple(sorted(facts, key=_order))


def _order(fact: Fact) -> tuple[object, ...]:
    """By day; what is of one day by its content, so that the order of rows in a file changes nothing."""
    days = (fact.day.latest, fact.day.earliest) if fact.day else ()
    written = (fact.value, fact.unit, fact.visit, fact.until, fact.ongoing, fact.lower, fact.upper, fact.behind is None)
    return (fact.day is not None, *days, *map(str, written))
