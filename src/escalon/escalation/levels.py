"""What people call the dose levels: 1, 2, 3; or -1, 1, 2 where one lies below level 1. There is no level 0."""

from __future__ import annotations

from abc import ABC, abstractmethod

from escalon.escalation.errors import EscalationError
from escalon.escalation.tally import Tally


def label(level: int, lowest: int = 1) -> int:
    """What people call a level counted from the lowest.

    >>> [label(level, lowest=-1) for level in (1, 2, 3)]
    [-1, 1, 2]
    """
    named = lowest + level - 1
    return named + 1 if lowest < 0 <= named else named


def counted(named: int, levels: int, lowest: int = 1) -> int:
    """A level as people call it, counted from the lowest. Raises EscalationError for one the design does not have.

    >>> [counted(named, levels=3, lowest=-1) for named in (-1, 1, 2)]
    [1, 2, 3]
    """
    level = named - lowest + (0 if lowest < 0 < named else 1)
    if named == 0 or not 1 <= level <= levels:
        names = ", ".join(str(label(one, lowest)) for one in range(1, levels + 1))
        raise EscalationError(
            f"there is no level {named}: the design has {levels} levels. Write one of {names}, "
            "or give the design more levels"
        )
    return level


class Levelled(ABC):
    """What every design has: its dose levels and what people call them, its cohorts, and its sentences for the protocol."""

    name: str
    levels: int
    start: int = 1  # counted from the lowest
    lowest: int = 1  # what people call the lowest level: -1 where one lies below level 1

    @property
    @abstractmethod
    def cohort(self) -> int:
        """The usual number of participants in a cohort."""

    @property
    def cap(self) -> int | None:
        """The largest number of participants the design can enrol, if it is bounded by its own logic."""
        return None

    @abstractmethod
    def prose(self) -> tuple[str, ...]:
        """The design as sentences for the protocol."""

    def remarks(self, tally: Tally) -> tuple[str, ...]:
        """What a reader must know of an answer from these counts: where the design is ours and not the publication's."""
        return ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the design lacks that its users rely on."""
        return ()

    def label(self, level: int) -> int:
        """What people call a level counted from the lowest."""
        return label(level, self.lowest)

    def counted(self, named: int) -> int:
        """A level as people call it, counted from the lowest."""
        return counted(named, self.levels, self.lowest)

    @property
    def labels(self) -> tuple[int, ...]:
        """What people call the levels, from the lowest up."""
        return tuple(map(self.label, range(1, self.levels + 1)))

    def starts(self) -> str:
        """Where the trial starts, in words."""
        named = "" if self.lowest == 1 else f", called {', '.join(map(str, self.labels))}"
        return f"starting at level {self.label(self.start)} of {self.levels}{named}"

    def check_levels(self) -> None:
        """Refuse a start that is no level, and names of levels that people do not use. Raises EscalationError."""
        if self.lowest > 1 or self.lowest == 0 or -self.lowest > self.levels:
            raise EscalationError(
                f"{self.name}: the lowest level is called {self.lowest}; write 1, or -1 where one of the "
                f"{self.levels} levels lies below level 1"
            )
        if not 1 <= self.start <= self.levels:
            raise EscalationError(f"{self.name}: it starts at none of its {self.levels} levels")
