"""Facts of a large source kept as columns, and the entries of a source in order: a kept fact is made when it is looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from functools import cached_property
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from escalon.facts import Day, Fact, Facts, in_order, newest_of, together
from escalon.history.current import Current
from escalon.history.entry import Entry, entry_of_file
from escalon.history.events import FactRecorded, Observation
from escalon.history.frame import Read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.int64]

Look: TypeAlias = Callable[[Iterable[int]], Iterable[tuple[str, Observation]]]
"""What stands in some rows of a table: where each is written, and the observation."""


@dataclass(frozen=True, eq=False)
class KeptFacts:
    """Facts of one table: which row each is, whose, which of the different days and kinds; `look` makes what it says."""

    rows: Numbers
    people: Numbers
    codes: Sequence[str]
    """The participants' codes; `people` says which is whose."""
    days: Numbers
    kinds: Numbers
    """Which of them are alike in name, day, visit and whether anything is known."""
    look: Look
    read: Read
    """An observation as a fact: everything here can be read."""
    first: int = 1
    """The number of the entry of row 0."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self.first + int(self.rows[-1]) if len(self.rows) else 0

    def as_they_stand(self, at: Numbers) -> Iterator[Current[FactRecorded]]:
        """Some facts in the record: nothing changes them."""
        for entry in self.entries(at):
            yield Current(cast(FactRecorded, entry.event), entry, entry)

    def entries(self, at: Numbers | slice = slice(None)) -> Iterator[Entry]:
        """The entries of some facts (all of them), made now."""
        told = self.look(self.rows[at].tolist())
        for row, person, (place, seen) in zip(self.rows[at].tolist(), self.people[at].tolist(), told, strict=True):
            yield entry_of_file(self.first + row, FactRecorded(participant=self.codes[person], fact=seen), place)

    def facts(self, at: Sequence[int]) -> list[Fact]:
        """Some facts, made now."""
        rows, people = self._one_by_one
        told = self.look([rows[one] for one in at])
        return [self.read(self.codes[people[one]], seen, place) for one, (place, seen) in zip(at, told, strict=True)]

    @cached_property
    def _one_by_one(self) -> tuple[Sequence[int], Sequence[int]]:
        """Which row each fact is and whose, for whoever asks for a few: an array is slow to give a single number."""
        return self.rows.data, self.people.data

    @cached_property
    def outlines(self) -> Outlines:
        """One fact of each kind, and which kind each fact is."""
        import numpy as np

        _, firsts, of = np.unique(self.kinds, return_index=True, return_inverse=True)
        made = self.facts(firsts.tolist())
        ordered = {name: in_order(some) for name, some in together((fact.name, fact) for fact in made).items()}
        places = {id(fact): place for place, fact in enumerate(made)}
        ranks = np.empty(len(made), np.int64)
        ranks[[places[id(fact)] for some in ordered.values() for fact in some]] = np.arange(len(made))
        return Outlines(ordered, ranks[of])

    @cached_property
    def of(self) -> dict[str, Numbers]:
        """Each participant's facts, in the order the participants are first named."""
        import numpy as np

        order = np.argsort(self.people, kind="stable")
        theirs = np.split(order, np.flatnonzero(np.diff(self.people[order])) + 1) if len(order) else []
        return {self.codes[self.people[one[0]]]: one for one in sorted(theirs, key=lambda one: int(one[0]))}

    def first_of_each_day(self) -> Iterator[Entry]:
        """The first entry of each day (and last day) that stands in them."""
        import numpy as np

        return self.entries(np.sort(np.unique(self.days, return_index=True)[1]))

    def first_of_each(self) -> Iterator[Entry]:
        """The first entry of each participant."""
        import numpy as np

        return self.entries(np.array([one[0] for one in self.of.values()], np.int64))

    def by(self, last: date, zone: tzinfo) -> tuple[KeptFacts, Iterator[Entry]]:
        """What was known of a day as it is written, and the others: what happened later, or was to end later."""
        import numpy as np

        _, firsts, of = np.unique(self.days, return_index=True, return_inverse=True)
        known = [one.event.known_by(last, zone) is one.event for one in self.entries(firsts)]
        is_known = np.array(known, bool)[of]
        return self.only(is_known), self.entries(np.flatnonzero(~is_known))

    def only(self, some: NDArray[np.bool_]) -> KeptFacts:
        """Some of the facts."""
        return replace(
            self, rows=self.rows[some], people=self.people[some], days=self.days[some], kinds=self.kinds[some]
        )


class Outlines:
    """One fact of each kind, name by name in order of day: what tells of a fact which day it is of before it is made."""

    def __init__(self, by_name: Mapping[str, Sequence[Fact]], kinds: Numbers) -> None:
        self.each = [fact for some in by_name.values() for fact in some]
        self.kinds = kinds
        """Of each fact, the place in `each` of its kind."""
        self.names = [name for name, some in by_name.items() for _ in some]
        ends = [0, *accumulate(map(len, by_name.values()))]
        self.spans = dict(zip(by_name, pairwise(ends), strict=True))
        """Where the kinds of each name begin and end."""
        numbers: dict[tuple[str, Day] | None, int] = {}
        self.moment_of = [numbers.setdefault(one.moment, len(numbers)) for one in self.each]
        self.moments = list(numbers)

    def moment(self, kind: int) -> tuple[str, Day] | None:
        """The visit and day of a kind, where something is known of a full day."""
        return self.moments[self.moment_of[kind]]


class FactsByName(Facts):
    """One participant's facts of a large table, each made when its name is asked for, beside others of the same participant."""

    __slots__ = ("_kept", "_kinds", "_made", "_names", "_outlines", "_places")

    def __init__(self, kept: KeptFacts, which: Numbers, others: Iterable[Fact]) -> None:
        super().__init__(others)
        self._kept, self._outlines = kept, kept.outlines
        self._made: dict[int, Fact] = {}
        kinds = self._outlines.kinds[which]
        order = kinds.argsort(kind="stable")
        self._kinds: list[int] = kinds[order].tolist()
        self._places: list[int] = which[order].tolist()
        named = map(self._outlines.names.__getitem__, kinds.tolist())
        self._names = tuple(dict.fromkeys((*named, *self._by_name)))

    def kept(self, name: str) -> list[Fact]:
        """The facts of a name that stand in the table."""
        return self._at(self._of(name))

    def _of(self, name: str) -> range:
        """Where the facts of a name stand among all, the oldest kind first."""
        first, end = self._outlines.spans.get(name, (0, 0))
        return range(bisect_left(self._kinds, first), bisect_left(self._kinds, end))

    def _at(self, some: Iterable[int]) -> list[Fact]:
        """Some of the facts, each made once."""
        places = [self._places[one] for one in some]
        if new := [place for place in places if place not in self._made]:
            self._made.update(zip(new, self._kept.facts(new), strict=True))
        return [self._made[place] for place in places]

    def named(self, name: str) -> tuple[Fact, ...]:
        """All facts of a name, oldest first."""
        found = self._ordered.get(name)
        if found is None:
            found = self._ordered[name] = in_order((*self._by_name.get(name, ()), *self.kept(name)))
        return found

    def near(self, name: str, first: Day | None, last: Day | None, newest: bool = False) -> tuple[Fact, ...]:
        """Every fact of a name that may be of these days; where the newest is wanted, no other than may be it is made."""
        if not newest or name in self._ordered or name in self._by_name:
            return super().near(name, first, last, newest)
        some = self._of(name)
        found = newest_of([self._outlines.each[self._kinds[one]] for one in some], first, last)
        return in_order(self._at(some[at] for at in found))

    def at(self, name: str, moments: Container[tuple[str, Day]]) -> Iterable[Fact]:
        """What is known under a name of some moments, oldest first."""
        if name in self._ordered or name in self._by_name:
            return super().at(name, moments)
        some = (one for one in self._of(name) if self._outlines.moment(self._kinds[one]) in moments)
        return in_order(self._at(some))

    def moments(self) -> Iterable[tuple[str, Day]]:
        """The visit and day, once each, of everything known that has a full day."""
        numbers = set(map(self._outlines.moment_of.__getitem__, self._kinds))
        others = (one.moment for one in chain.from_iterable(self._by_name.values()))
        return {
            moment for moment in chain(map(self._outlines.moments.__getitem__, numbers), others) if moment is not None
        }

    def names(self) -> tuple[str, ...]:
        """The names something is recorded under."""
        return self._names

    def with_facts(self, more: Iterable[Fact]) -> Facts:
        """These facts and some more."""
        return Facts(self).with_facts(more)

    def __len__(self) -> int:
        return super().__len__() + len(self._places)


class Entries(Sequence[Entry]):
    """The entries of a source in order."""

    def __init__(self, parts: Iterable[Entry | KeptFacts]) -> None:
        self.parts = tuple(parts)

    def __len__(self) -> int:
        return sum(len(one) if isinstance(one, KeptFacts) else 1 for one in self.parts)

    def __iter__(self) -> Iterator[Entry]:
        return chain.from_iterable(one.entries() if isinstance(one, KeptFacts) else (one,) for one in self.parts)

    def __getitem__(self, at: Any) -> Any:
        return tuple(self)[at]

    def telling(self) -> Iterator[Entry]:
        """Every entry that is no kept fact, and of kept facts the first of each participant."""
        return chain.from_iterable(one.first_of_each() if isinstance(one, KeptFacts) else (one,) for one in self.parts)
