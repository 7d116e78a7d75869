"""What a criterion is examined against: one participant's facts, the study's anchors, and what the names mean."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol, TypeVar

from escalon.expressions.events import Span, Window
from escalon.facts import Day, Fact, Facts, Finding, Status, Truth, all_known

Made = TypeVar("Made")


class Meaning(Protocol):
    """What a study says of a name: its unit, which names it stands for, and how to obtain it."""

    @property
    def label(self) -> str:
        """What it is, in words."""

    @property
    def unit(self) -> str | None:
        """The canonical unit; None for a bare number."""

    @property
    def substance(self) -> str | None:
        """The substance, where mass and amount convert."""

    @property
    def settle(self) -> str:
        """What to do to obtain it."""

    @property
    def members(self) -> Sequence[str]:
        """The names this one stands for, such as the drugs of a class."""


def with_members(meanings: Mapping[str, Meaning], name: str) -> tuple[str, ...]:
    """A name and the names it stands for, such as the drugs of a class."""
    meaning = meanings.get(name)
    return (name, *(meaning.members if meaning else ()))


@dataclass(frozen=True, slots=True)
class AnchorDay:
    """A day that windows are measured from, and the period about it that `at` means; None where it is not known."""

    day: Day | None
    first: Day | None = None
    last: Day | None = None
    unsettled: str = ""
    """Why the day is not known, and what to do, where more can be said than that nothing is recorded."""
    to_come: bool = False
    """It has not come and is taken to be the day of decision: what lies before it can be asked, and nothing came after it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One participant on the day of decision. Facts after `as_of` do not exist yet."""

    facts: Facts
    as_of: Day
    anchors: Mapping[str, AnchorDay] = field(default_factory=dict)
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    index: str = "screening"
    """The anchor from which on an open-ended «no» must have been stated."""
    _read: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, key: object, make: Callable[[], Made]) -> Made:
        """What several rules read of the same name in the same days, read once."""
        if key not in self._read:
            self._read[key] = make()
        found: Made = self._read[key]
        return found

    def known(self, name: str, period: "Stretch | None" = None, newest: bool = False) -> tuple[Fact, ...]:
        """The facts of a name up to the day of decision; of a period, all that may decide for it and perhaps others."""
        if period is None or self.as_of.is_partial:
            facts = self.facts.named(name)
        elif period.unplaced is not None:
            facts = self.facts.near(name, None, self.as_of)
        else:
            ends_here = period.last is None or period.last.latest > self.as_of.latest
            facts = self.facts.near(name, period.first, self.as_of if ends_here else period.last, newest)
        return tuple(fact for fact in facts if fact.day is None or fact.day.is_by(self.as_of) is not False)

    def meaning(self, name: str) -> Meaning | None:
        """What the study says of a name."""
        return self.meanings.get(name)

    def label(self, name: str) -> str:
        """A name in words."""
        meaning = self.meanings.get(name)
        return meaning.label if meaning and meaning.label else name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A window laid on the calendar. `stated_from`: a «no» counts when it was said on this day or later.

    `unplaced` says what is needed where the anchor's day is not known, so that nothing can be said of the window.
    `by` is the day of decision: what may have come after it is never sure to count.
    """

    by: Day
    first: Day | None = None
    last: Day | None = None
    stated_from: Day | None = None
    unplaced: str | None = None

    def holds(self, fact: Fact) -> Truth:
        """Whether a fact's day lies in the period; None where its date or the anchor's does not settle it."""
        if self.unplaced is not None:
            return None
        if fact.day is None:
            return True if self.first is None and self.last is None else None
        return all_known((fact.day.is_within(self.first, self.last), fact.day.is_by(self.by)))

    def denies(self, fact: Fact) -> bool:
        """Whether a «no» was said surely late enough to speak for the period, and surely not after the decision."""
        if self.unplaced is not None:
            return False
        late = self.stated_from is None or (fact.day is not None and self.stated_from.is_by(fact.day) is True)
        return late and (fact.day is None or fact.day.is_by(self.by) is True)

    def overlaps(self, fact: Fact) -> Truth:
        """Whether something that lasted reached into the period; ongoing things last to the day of decision."""
        if fact.until is None and not fact.ongoing and not fact.end_unknown:
            return self.holds(fact)
        if self.unplaced is not None or fact.day is None:
            return None
        begins = fact.day.is_by(self.by) if self.last is None else fact.day.is_by(self.last)
        return all_known((begins, self._lasts_into(fact, fact.day), fact.day.is_by(self.by)))

    def _lasts_into(self, fact: Fact, start: Day) -> Truth:
        """Whether something that began was still there when the period began; a missing end leaves it open."""
        if self.first is None or fact.ongoing:
            return True
        if fact.until is not None:
            return self.first.is_by(fact.until)
        return True if self.first.is_by(start) else None


def placed(window: Window | None, situation: Situation) -> Stretch:
    """Lay a window on the calendar, as far as the participant's anchors are known."""
    by = situation.as_of
    if window is None or window.span is Span.EVER:
        index = situation.anchors.get(situation.index)
        return Stretch(by, stated_from=None if index is None else index.first or index.day)
    anchor = situation.anchors.get(window.anchor)
    if anchor is None or anchor.day is None or anchor.day.is_partial:
        return Stretch(by, unplaced=(anchor.unsettled if anchor else "") or f"the day of {window.anchor}")
    day, duration = anchor.day, window.duration
    match window.span:
        case Span.AT:
            first = anchor.first or day
            return Stretch(by, first, anchor.last or by, first)
        case Span.BEFORE:
            return Stretch(by, None, day, _spoken(day, by))
        case Span.AFTER if anchor.to_come:
            return Stretch(by, _next(by), None, by)  # nothing that is recorded came after it
        case Span.AFTER:
            return Stretch(by, day, None, by)  # a «no» speaks for the time up to when it was said, so only one of today
    assert duration is not None
    match window.span:
        case Span.WITHIN:
            return Stretch(by, duration.before(day), day, _spoken(day, by))
        case Span.SINCE:
            return Stretch(by, duration.before(day), by, _spoken(day, by))
        case _:
            return Stretch(by, None, duration.before(day), _spoken(duration.before(day), by))


def _next(day: Day) -> Day:
    return Day.of(min(day.latest, date.max - timedelta(days=1)) + timedelta(days=1))


def _spoken(day: Day, by: Day) -> Day:
    """From when on a «no» speaks for a window up to a day: that day, or the day of decision, which may come before it."""
    return by if day.is_by(by) is False else day


def day_range(fact: Fact) -> tuple[date, date]:
    """The earliest and latest calendar day a fact may have; everything for one without a day."""
    return (fact.day.earliest, fact.day.latest) if fact.day else (date.min, date.max)


def said(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The statements of a name that count: «asked and not known» does, unless the same day or visit has an answer.

    An undated «not known» says nothing. A score that could not be computed gives way to the score somebody recorded for
    the same visit or day, but one whose items contradict each other does not.
    """
    answered = [fact for fact in facts if fact.value is not None]
    return tuple(fact for fact in facts if fact.value is not None or not _moot(fact, answered))


def _moot(fact: Fact, answered: list[Fact]) -> bool:
    if fact.day is None:
        return True
    behind = fact.behind
    if isinstance(behind, Finding) and behind.status is Status.INVALID:
        return False
    return any(
        (other.day == fact.day and not fact.day.is_partial) or (isinstance(behind, Finding) and one_visit(fact, other))
        for other in answered
    )


def one_visit(fact: Fact, other: Fact) -> bool:
    """Whether two facts belong to one named visit."""
    return bool(fact.visit) and fact.visit == other.visit
