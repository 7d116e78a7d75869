"""Facts of a large source kept as columns, and the entries of a source in order: a kept fact is made when it is looked at."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from escalon.facts import Day, Fact, Facts, in_order, newest_of
from escalon.history.current import Current
from escalon.history.entry import Entry, entry_of_file
from escalon.history.events import FactRecorded, Observation
from escalon.history.frame import Read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.int64]

Look: TypeAlias = "Callable[[Numbers], Iterable[tuple[str, Observation]]]"
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
        told = self.look(self.rows[at])
        for row, person, (place, seen) in zip(self.rows[at].tolist(), self.people[at].tolist(), told, strict=True):
            yield entry_of_file(self.first + row, FactRecorded(participant=self.codes[person], fact=seen), place)

    def facts(self, at: Sequence[int] | Numbers) -> list[Fact]:
        """Some facts, made now."""
        import numpy as np

        some = np.asarray(at, np.int64)
        told = zip(self.people[some].tolist(), self.look(self.rows[some]), strict=True)
        return [self.read(self.codes[person], seen, place) for person, (place, seen) in told]

    @cached_property
    def outlines(self) -> tuple[Sequence[Fact], Numbers]:
        """One fact of each kind, in order of day, and the place there of the kind of each fact."""
        import numpy as np

        _, firsts, of = np.unique(self.kinds, return_index=True, return_inverse=True)
        made = self.facts(firsts)
        places = {id(fact): place for place, fact in enumerate(made)}
        ordered = in_order(made)
        ranks = np.empty(len(made), np.int64)
        ranks[[places[id(fact)] for fact in ordered]] = np.arange(len(made))
        return ordered, ranks[of]

    @cached_property
    def moments(self) -> tuple[Sequence[tuple[str, Day] | None], Sequence[int]]:
        """The different moments of its kinds, and the place there of the moment of each kind."""
        places: dict[tuple[str, Day] | None, int] = {}
        of = [places.setdefault(one.moment, len(places)) for one in self.outlines[0]]
        return list(places), of

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


class FactsByName(Facts):
    """One participant's facts of a large table, each made when its name is asked for, beside others of the same participant."""

    __slots__ = ("_kept", "_made", "_names", "_places")

    def __init__(self, kept: KeptFacts, which: Numbers, others: Iterable[Fact]) -> None:
        super().__init__(others)
        self._kept = kept
        self._made: dict[int, Fact] = {}
        self._places: dict[str, array[int]] = {}
        outlines, kinds = kept.outlines
        for place, kind in zip(which.tolist(), kinds[which].tolist(), strict=True):
            self._places.setdefault(outlines[kind].name, array("q")).append(place)
        self._names = tuple(dict.fromkeys((*self._places, *self._by_name)))

    def kept(self, name: str) -> list[Fact]:
        """The facts of a name that stand in the table."""
        return self._at(self._places.get(name, ()))

    def _kinds(self, places: Sequence[int]) -> list[int]:
        """Which kind each of some places is of."""
        found: list[int] = self._kept.outlines[1][places].tolist()
        return found

    def _at(self, places: Sequence[int]) -> list[Fact]:
        """The facts of some places, each made once."""
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
        if not newest or name in self._ordered or name in self._by_name or name not in self._places:
            return super().near(name, first, last, newest)
        every, outlines = self._places[name], self._kept.outlines[0]
        places = sorted(zip(self._kinds(every), every, strict=True))
        some = newest_of([outlines[kind] for kind, _ in places], first, last)
        return in_order(self._at([places[at][1] for at in some]))

    def at(self, name: str, moments: Container[tuple[str, Day]]) -> Iterable[Fact]:
        """What is known under a name of some moments, oldest first."""
        if name in self._ordered or name in self._by_name:
            return super().at(name, moments)
        places, outlines = self._places.get(name, ()), self._kept.outlines[0]
        pairs = zip(self._kinds(places), places, strict=True) if places else ()
        return in_order(self._at([place for kind, place in pairs if outlines[kind].moment in moments]))

    def moments(self) -> Iterable[tuple[str, Day]]:
        """The visit and day, once each, of everything known that has a full day."""
        moments, of = self._kept.moments
        found = {of[kind] for places in self._places.values() for kind in self._kinds(places)}
        others = (one.moment for one in chain.from_iterable(self._by_name.values()))
        return {moment for moment in chain(map(moments.__getitem__, found), others) if moment is not None}

    def names(self) -> tuple[str, ...]:
        """The names something is recorded under."""
        return self._names

    def with_facts(self, more: Iterable[Fact]) -> Facts:
        """These facts and some more."""
        return Facts(self).with_facts(more)

    def __len__(self) -> int:
        return super().__len__() + sum(map(len, self._places.values()))


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
