"""Facts of a large source kept as columns, and the entries of a source in order: a kept fact is made when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from escalon.history.current import Current
from escalon.history.entry import Entry, entry_of_file
from escalon.history.events import FactRecorded, Observation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.int64]

Look: TypeAlias = "Callable[[Numbers], Iterable[tuple[str, Observation]]]"
"""What stands in some rows of a table: where each is written, and the observation."""


@dataclass(frozen=True, eq=False)
class KeptFacts:
    """Facts of one table: which row each is, whose, and which of the different days it has; `look` makes what it says."""

    rows: Numbers
    people: Numbers
    codes: Sequence[str]
    """The participants' codes; `people` says which is whose."""
    days: Numbers
    look: Look
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
        return replace(self, rows=self.rows[some], people=self.people[some], days=self.days[some])


class Entries(Sequence[Entry]):
    """The entries of a source in order. Two of the same entries are equal."""

    def __init__(self, parts: Iterable[Entry | KeptFacts]) -> None:
        self.parts = tuple(parts)

    def __len__(self) -> int:
        return sum(len(one) if isinstance(one, KeptFacts) else 1 for one in self.parts)

    def __iter__(self) -> Iterator[Entry]:
        return chain.from_iterable(one.entries() if isinstance(one, KeptFacts) else (one,) for one in self.parts)

    def __getitem__(self, at: Any) -> Any:
        return tuple(self)[at]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(len(self))

    def telling(self) -> Iterator[Entry]:
        """Every entry that is no kept fact, and of kept facts the first of each participant."""
        return chain.from_iterable(one.first_of_each() if isinstance(one, KeptFacts) else (one,) for one in self.parts)
