"""One infused participant as the definition of dose limitation sees them: what was recorded, and what people decided of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Generic, TypeVar

from escalon.facts import Day, Fact, Truth, any_known
from escalon.safety.adverse_event import ASKS, GRADES, AdverseEvent, coded, is_death
from escalon.safety.occurrence import Occurrence, occurrences

Recorded = TypeVar("Recorded")
UNNUMBERED = 0
"""The entry of what is kept without numbers, such as a row of a data folder: it is never newer than a judgement."""
OF_LESS = -1
"""Where a «no» stands on a milder line only: older than everything, so that it settles nothing of the grave one."""


@dataclass(frozen=True, slots=True)
class Entered(Generic[Recorded]):
    """Something recorded, with the number of the entry that says it as it now stands."""

    what: Recorded
    entry: int = UNNUMBERED


@dataclass(frozen=True, slots=True)
class Judgement:
    """A person's decision whether something was dose-limiting: of the entries it rests on, or of all then recorded."""

    is_dlt: bool
    entry: int = UNNUMBERED
    rests_on: frozenset[int] = frozenset()
    because: str = ""


@dataclass(frozen=True, slots=True)
class WindowReview:
    """The investigator's signed review of a window: no dose-limiting toxicity through this day."""

    through: date
    entry: int = UNNUMBERED


@dataclass(frozen=True, slots=True)
class Bedside:
    """A syndrome looked for at the bedside: the grade found, and the day."""

    syndrome: str
    grade: int
    day: Day
    entry: int

    def is_told_by(self, event: Occurrence) -> bool:
        """Whether an event is what was seen: the syndrome, begun by that day and not over before it, at that grade or more."""
        return event.term == coded(self.syndrome) and event.may_be_seen(self.grade, self.day.earliest)

    def __str__(self) -> str:
        return f"{self.syndrome}, grade {self.grade}, was observed on {self.day}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A fact or an adverse event that was written and could not be read: what, its day, and where and why."""

    name: str
    day: Day | None
    why: str
    is_event: bool = False


@dataclass(frozen=True, kw_only=True)
class Followed:
    """One infused participant as the definition sees them: what was recorded, and what people decided about it."""

    participant: str
    events: Sequence[Entered[AdverseEvent]] = ()
    counts: Sequence[Entered[Fact]] = ()
    unreadable: Sequence[Unreadable] = ()
    rounds: Sequence[Bedside] = ()
    judgements: Sequence[Judgement] = ()
    reviews: Sequence[WindowReview] = ()
    evaluable: Truth = None
    """As a person judged it; None leaves it to the study's rule."""
    begun: Day | None = None
    """The first day of conditioning, where there was one: counts before it are those from before treatment."""
    left: Day | None = None
    died: Day | None = None
    """A death recorded elsewhere than as an adverse event."""
    is_reported: bool = True
    """Whether the trial's record has adverse events, or says that there are none; silence is never «no»."""

    @cached_property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """The events, lines of one id together."""
        return occurrences(self.participant, [line.what for line in self.events])

    def known_at(self, entry: int) -> "Followed":
        """What was recorded up to an entry."""
        return replace(
            self,
            events=tuple(line for line in self.events if line.entry <= entry),
            counts=tuple(line for line in self.counts if line.entry <= entry),
        )

    def judged(self, event: Occurrence) -> tuple[Truth, int]:
        """What was last decided of an event, and by which entry; of unnumbered answers that differ, yes."""
        lines = self.lines(event)
        said = [line for line in lines if line.what.dlt is not None]
        given = [(OF_LESS if _of_less(line, lines) else line.entry, line.what.dlt) for line in said]
        given += [(one.entry, one.is_dlt) for one in self.judgements if self._is_about(one, lines)]
        last = max((entry for entry, _ in given), default=OF_LESS)
        return any_known(answer for entry, answer in given if entry == last) if given else None, last

    def lines(self, event: Occurrence) -> list[Entered[AdverseEvent]]:
        """The recorded lines of an event."""
        whole = next(one for one in self.occurrences if one.key == event.key)
        mine = set(map(id, whole.lines))
        return [line for line in self.events if id(line.what) in mine]

    def _is_about(self, judgement: Judgement, lines: Sequence[Entered[AdverseEvent]]) -> bool:
        """Whether a judgement rests on a line of an event, or says no of all that was then recorded."""
        if self.names(judgement):
            return any(line.entry in judgement.rests_on for line in lines)
        return not judgement.is_dlt and any(line.entry <= judgement.entry for line in lines)

    def judged_round(self, look: Bedside) -> Truth:
        """What was decided of a syndrome seen at the bedside since, by name or with all that was then recorded."""
        said = [
            one
            for one in self.judgements
            if one.entry > look.entry and (look.entry in one.rests_on or not self.names(one))
        ]
        if said:
            return max(said, key=lambda one: one.entry).is_dlt
        reviewed = any(one.entry > look.entry and one.through >= look.day.earliest for one in self.reviews)
        return False if reviewed else None

    def is_of_counts(self, judgement: Judgement) -> bool:
        """Whether a judgement rests on a count, or is of all that was then recorded."""
        return not self.names(judgement) or any(line.entry in judgement.rests_on for line in self.counts)

    def names(self, judgement: Judgement) -> bool:
        """Whether a judgement names an event, or a syndrome seen at the bedside, and so is not of everything."""
        return not self._nameable.isdisjoint(judgement.rests_on)

    @cached_property
    def _nameable(self) -> frozenset[int]:
        return frozenset({line.entry for line in self.events} | {look.entry for look in self.rounds})

    def reviewed_to(self, day: date) -> bool:
        """Whether the investigator's review reaches a day."""
        return any(review.through >= day for review in self.reviews)

    @cached_property
    def whole(self) -> Judgement | None:
        """The last judgement that names no event: of everything then recorded."""
        return max((one for one in self.judgements if not self.names(one)), key=lambda one: one.entry, default=None)


def _of_less(line: Entered[AdverseEvent], lines: Sequence[Entered[AdverseEvent]]) -> bool:
    """Whether a «no» stands on a milder line of an event whose grave line nobody judged: it says nothing of that one."""
    return line.what.dlt is False and any(
        other.what.dlt is None and _gravity(other.what) > max(_gravity(line.what), ASKS - 1) for other in lines
    )


def _gravity(event: AdverseEvent) -> int:
    return GRADES[-1] if is_death(event) else ASKS if event.grade is None else event.grade
