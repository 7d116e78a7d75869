"""Safety reports: which are due of each event, by which day, and which were recorded as sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from escalon.facts.words import counted
from escalon.history import Course
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import awareness, due, susar


@dataclass(frozen=True, slots=True)
class ReportDue:
    """A report about an event: the entry it is about, what is due by when, and the day it was sent, if it was."""

    event: Occurrence
    entry: int
    what: str
    by: date | None
    """None where the day of awareness is not recorded, so that the clock cannot be read."""
    sent: date | None

    @property
    def is_open_question(self) -> bool:
        """Whether neither its clock can be read nor anybody said that the event was serious."""
        return self.by is None and not self.event.serious

    @property
    def waits(self) -> bool:
        """Whether it has still to be sent: silence is not a report, however long ago its day was."""
        return self.sent is None

    def state(self, today: date) -> str:
        """Where it stands, in a few words."""
        if self.by is None:
            return "the day of awareness is not recorded"
        if self.sent is not None:
            late = (self.sent - self.by).days
            return f"sent {self.sent}, {counted(late, 'day')} late" if late > 0 else f"sent {self.sent}"
        left = (self.by - today).days
        return (
            f"{counted(-left, 'day')} late"
            if left < 0
            else "due today"
            if left == 0
            else f"{counted(left, 'day')} left"
        )


def reports(course: Course, events: Iterable[Occurrence]) -> Iterator[ReportDue]:
    """Every report of a participant's events, in the order of the events."""
    numbers = {id(line.event): line.number for line in course.adverse_events}
    for event in events:
        mine = {numbers.get(id(line)) for line in event.lines}
        sent = {one.event.report: one.event.sent_on for one in course.reports if one.event.event in mine}
        entry, aware = numbers.get(id(event.lines[-1]), 0), awareness(event)
        if aware is not None:
            for one in due(event, aware.earliest):
                yield ReportDue(event, entry, one.what, one.by, sent.get(one.what))
        elif susar(event).value is not False:
            yield ReportDue(event, entry, "SUSAR", None, sent.get("SUSAR"))
