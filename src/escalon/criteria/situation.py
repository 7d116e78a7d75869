"""What a criterion is examined against: one participant's facts, the study's anchors, and what the names mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from escalon.expressions.events import Span, Window
from escalon.facts import Day, Fact, Facts, Truth


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


@dataclass(frozen=True, slots=True)
class Anchor:
    """A day that windows are measured from, and the period about it that `at` means; None where it is not known."""

    day: Day | None
    first: Day | None = None
    last: Day | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """One participant on the day of decision. Facts after `as_of` do not exist yet."""

    facts: Facts
    as_of: Day
    anchors: Mapping[str, Anchor] = field(default_factory=dict)
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    index: str = "screening"
    """The anchor from which on an open-ended «no» must have been stated."""

    def known(self, name: str) -> tuple[Fact, ...]:
        """The facts of a name up to the day of decision."""
        return tuple(
            fact for fact in self.facts.named(name) if fact.day is None or fact.day.is_by(self.as_of) is not False
        )

    def meaning(self, name: str) -> Meaning | None:
        """What the study says of a name."""
        return self.meanings.get(name)

    def label(self, name: str) -> str:
        """A name in words."""
        meaning = self.meanings.get(name)
        return meaning.label if meaning and meaning.label else name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Period:
    """A window laid on the calendar. `stated_from`: a «no» counts when it was said on this day or later.

    `unplaced` names the anchor whose day is not known, so that nothing can be said of the window.
    """

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
        return fact.day.is_within(self.first, self.last)

    def overlaps(self, fact: Fact) -> Truth:
        """Whether something that lasted reached into the period; ongoing things last to the day of decision."""
        if fact.until is None and not fact.ongoing:
            return self.holds(fact)
        if self.unplaced is not None or fact.day is None:
            return None
        begins = True if self.last is None else fact.day.is_by(self.last)
        ends = True if self.first is None or fact.until is None else self.first.is_by(fact.until)
        return False if begins is False or ends is False else None if begins is None or ends is None else True


def placed(window: Window | None, situation: Situation) -> Period:
    """Lay a window on the calendar, as far as the participant's anchors are known."""
    if window is None or window.span is Span.EVER:
        index = situation.anchors.get(situation.index)
        return Period(stated_from=None if index is None else index.first or index.day)
    anchor = situation.anchors.get(window.anchor)
    if anchor is None or anchor.day is None or anchor.day.is_partial:
        return Period(unplaced=window.anchor)
    day, duration = anchor.day, window.duration
    match window.span:
        case Span.AT:
            first = anchor.first or day
            return Period(first, anchor.last or situation.as_of, first)
        case Span.BEFORE:
            return Period(None, day, day)
        case Span.AFTER:
            return Period(day, None, day)
    assert duration is not None
    match window.span:
        case Span.WITHIN:
            return Period(duration.before(day), day, day)
        case Span.SINCE:
            return Period(duration.before(day), situation.as_of, day)
        case _:
            return Period(None, duration.before(day), duration.before(day))


def day_range(fact: Fact) -> tuple[date, date]:
    """The earliest and latest calendar day a fact may have; everything for one without a day."""
    return (fact.day.earliest, fact.day.latest) if fact.day else (date.min, date.max)
