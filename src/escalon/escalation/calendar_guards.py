"""Guards that read a calendar: open DLT windows, sentinel participants, staggered infusions.

They answer "may I dose the next participant today, and if not, when may I ask again". The day of asking is an
argument; nothing here reads a clock. Day 0 is the infusion, so a 28-day window is complete on infusion + 28 days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Protocol

from escalon.escalation.decision import Decision, Treat, Wait
from escalon.escalation.errors import EscalationError
from escalon.escalation.notation import Conduct, Outcome, Treated
from escalon.escalation.words import plural


class CalendarGuard(Protocol):
    """A limit that depends on the participants, not on counts: on infusion dates and the day of asking, or on deaths.

    One that reads the calendar needs the day of asking, and is asked only about an intended treatment.
    """

    @property
    def reads_calendar(self) -> bool:
        """Whether the day of asking is needed."""

    def hold(self, intended: Any, conduct: Conduct, open_cohort: tuple[Treated, ...], today: date) -> Decision:
        """The intended treatment, or a wait, or fewer participants today."""

    def prose(self) -> str:
        """The limit as a sentence for the protocol."""


@dataclass(frozen=True)
class DltWindow:
    """The DLT window in days. No DLT yet, window open, is pending: never counted as no DLT."""

    days: int
    reads_calendar = True

    def __post_init__(self) -> None:
        if self.days < 1:
            raise EscalationError(f"dlt_window({self.days}): write the length of the window in days, 1 or more")

    @property
    def length(self) -> timedelta:
        """The window as a duration."""
        return timedelta(days=self.days)

    def closes(self, one: Treated) -> date | None:
        """The first day on which this participant is evaluable without a DLT."""
        return (one.again or one.infused) + self.length if one.infused else None

    def hold(self, intended: Treat, conduct: Conduct, open_cohort: tuple[Treated, ...], today: date) -> Decision:
        """The window holds nothing back by itself: pending participants are handled by asking every completion."""
        return intended

    def prose(self) -> str:
        """The window as a sentence."""
        return (
            f"The DLT window is {self.days} days from infusion. While a window is open the next decision waits, "
            "unless every possible completion leads to the same decision."
        )


class Together(StrEnum):
    """Who are watched as one group: a cohort, or all at a level where a design places participants one by one."""

    COHORT = "cohort"
    LEVEL = "level"

    def joined(self, level: int, conduct: Conduct, open_cohort: tuple[Treated, ...]) -> list[Treated]:
        """Those whom the next participant at a level would join."""
        return [one for one in (open_cohort if self is Together.COHORT else conduct) if one.level == level]


@dataclass(frozen=True)
class Sentinel:
    """The first participant of each cohort (or level) is dosed alone and watched for `days` before the second."""

    days: int
    each: Together = Together.COHORT
    reads_calendar = True

    def hold(self, intended: Treat, conduct: Conduct, open_cohort: tuple[Treated, ...], today: date) -> Decision:
        """Dose one when a cohort opens; the others once the sentinel has been watched long enough."""
        joined = self.each.joined(intended.level, conduct, open_cohort)
        watched = joined[:1] if self.each is Together.COHORT else self._first_at_each(conduct, intended.level)
        if any(one.infused is None for one in joined[:1]) and len(joined) == 1:
            return Wait(f"the sentinel at level {intended.level} has no infusion date: record it")
        for free, level in sorted((one.infused + self.length, one.level) for one in watched if one.infused)[::-1]:
            if today < free:
                return Wait(f"the sentinel at level {level} is watched for {self.days} days first", free)
        if joined:
            return intended
        note = f"sentinel: dose one, the others {self.days} days later"
        return replace(intended, now=min(1, intended.now or 0), notes=(*intended.notes, note))

    @property
    def length(self) -> timedelta:
        """The interval as a duration."""
        return timedelta(days=self.days)

    def _first_at_each(self, conduct: Conduct, level: int) -> list[Treated]:
        """The first at a level and at each below it: nobody is dosed above a level whose first is still being watched."""
        first: dict[int, Treated] = {}
        for one in conduct:
            first.setdefault(one.level, one)
        return [one for one in first.values() if one.level <= level]

    def prose(self) -> str:
        """The interval as a sentence."""
        above = "" if self.each is Together.COHORT else " there or above"
        return (
            f"The first participant of each {self.each} is watched for {self.days} days before others are dosed{above}."
        )


@dataclass(frozen=True)
class Stagger:
    """At least `days` between any two infusions; one participant at a time."""

    days: int
    reads_calendar = True

    def hold(self, intended: Treat, conduct: Conduct, open_cohort: tuple[Treated, ...], today: date) -> Decision:
        """Wait until `days` after the last infusion, then dose one."""
        dated = [one.infused for one in conduct if one.infused is not None]
        one_at_a_time = replace(intended, now=min(1, intended.now or 0)) if self.days else intended
        if not dated:
            return one_at_a_time
        free = max(dated) + timedelta(days=self.days)
        if today < free:
            return Wait(f"infusions are at least {plural(self.days, 'day')} apart", free)
        return one_at_a_time

    def prose(self) -> str:
        """The interval as a sentence."""
        return f"Infusions are at least {plural(self.days, 'day')} apart."


@dataclass(frozen=True)
class WholeCohortFirst:
    """Nobody is dosed at another level, and no new cohort opens, while any DLT window is open."""

    each: Together = Together.COHORT
    reads_calendar = True

    def hold(self, intended: Treat, conduct: Conduct, open_cohort: tuple[Treated, ...], today: date) -> Decision:
        """Wait for every pending participant before opening a cohort."""
        pending = [one for one in conduct if one.outcome is Outcome.PENDING]
        joining = self.each.joined(intended.level, conduct, open_cohort)
        if pending and not joining:
            opens = "a new cohort opens" if self.each is Together.COHORT else "another level is entered"
            return Wait(f"{plural(len(pending), 'DLT window')} still open: {opens} only when all are closed")
        return intended

    def prose(self) -> str:
        """The limit as a sentence."""
        if self.each is Together.LEVEL:
            return "A level is entered for the first time only when every DLT window has closed."
        return "A new cohort opens only when every DLT window of the earlier ones has closed."


# Guards as they are written: `next_dose(rule, conduct, [dlt_window(28), sentinel(14)], today=today)`.
dlt_window, sentinel, stagger, whole_cohort_first = DltWindow, Sentinel, Stagger, WholeCohortFirst
