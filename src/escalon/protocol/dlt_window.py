"""The one clock of the DLT window: when it begins, its last day, and the day from which dosing may go on.

Day 0 is the infusion. The last day belongs to the window: of 28 days, a toxicity on day 28 counts, and day 29 is free.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from escalon.facts.words import counted
from escalon.protocol.design import in_days
from escalon.protocol.study import Study


@dataclass(frozen=True, slots=True)
class WindowDays:
    """The days of one participant's DLT window, first and last included, and the first day after it."""

    first: date
    last: date
    dosing_from: date

    @property
    def days(self) -> int:
        """How long the window is, counted from the infusion as day 0."""
        return (self.last - self.first).days

    def holds(self, day: date) -> bool:
        """Whether a day lies in the window."""
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.days} days; its last day is {self.last}; dosing from {self.dosing_from}"


def dlt_window(study: Study, infused: date) -> WindowDays:
    """The window of a participant infused on this day of the site.

    >>> from escalon.protocol import load_study
    >>> from escalon.studies import DEFAULT
    >>> print(dlt_window(load_study(DEFAULT), date(2026, 3, 10)))
    28 days; its last day is 2026-04-07; dosing from 2026-04-08
    """
    last = infused + timedelta(days=in_days(study.dose.dlt_window))
    return WindowDays(infused, last, last + timedelta(days=1))


def window_stands(last: date, today: date) -> str:
    """Where a window stands on a day of the site: `closes today`, `1 day left`, `closed`."""
    left = (last - today).days
    return "closed" if left < 0 else "closes today" if left == 0 else f"{counted(left, 'day')} left"


def dlt_window_sentence(study: Study) -> str:
    """The same window where nobody is infused yet: by study days."""
    days = in_days(study.dose.dlt_window)
    return f"{days} days from the {study.day_0} (day 0); its last day is day {days}; dosing from day {days + 1}"
