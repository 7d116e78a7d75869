"""What meets a clause of the definition of a dose-limiting toxicity or may, and the days in which it counts."""

from dataclasses import dataclass
from datetime import date, timedelta

from escalon.facts import Day, Truth
from escalon.safety.occurrence import Occurrence


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days in which a toxicity can be dose-limiting: infusion is day 0, `last` still counts, `as_of` is the last known."""

    first: date
    last: date
    as_of: date

    def day(self, number: int) -> date:
        """The date of a day counted from infusion."""
        return self.first + timedelta(days=number)

    def day_of(self, day: Day | None) -> date:
        """The day of the window by which something certainly was there: only a review that reaches it has seen it."""
        return self.last if day is None else min(max(day.latest, self.first), self.last)


@dataclass(frozen=True, slots=True)
class ClauseGround:
    """One thing that meets a clause or may: an event, or the counts of a term."""

    clause: str
    about: str
    truth: Truth
    event: Occurrence | None = None
    term: str = ""
    """The term of blood counts it is about."""
    by: date | None = None
    """The day on which time alone will have settled it, where it still lies ahead."""
    since: date | None = None
    """The day of the evidence: what was reviewed up to an earlier day did not have it."""
    is_silence: bool = False
    """Open only because nobody recorded anything, not by anything recorded."""
    results: frozenset[object] = frozenset()
    """The laboratory's results it rests on."""

    @property
    def is_doubt(self) -> bool:
        """Whether what is recorded meets the clause or leaves it open with no day ahead that would settle it."""
        return not self.is_silence and (self.truth is True or (self.truth is None and self.by is None))

    def is_less_than(self, now: "ClauseGround") -> bool:
        """Whether what is there now has a result that this had not, or a graver event: a judgement of this is none of that."""
        before, grave = ((one.event.grade or 0) if one.event else 0 for one in (self, now))
        return not now.results <= self.results or before < grave

    @property
    def key(self) -> tuple[object, ...]:
        """The same question on another day or with more entries."""
        return (self.clause, self.term, self.event.key if self.event else ())
