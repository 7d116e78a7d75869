"""A day as it was recorded, which may be only a month or a year, and durations between days.

A partial date is a range of days. Every comparison is three-valued: it answers only what the record settles.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Self

from escalon.facts.truth import Truth
from escalon.facts.written_day import Dates, DayError, WrittenDay, read_written_day

_DURATION = re.compile(r"(\d{1,4})\s*(day|week|month|year)s?")


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day, month or year, in ISO 8601 form: `2025-03-14`, `2025-03` or `2025`."""

    year: int
    month: int | None = None
    day: int | None = None

    @classmethod
    def parse(cls, text: str, dates: Dates | None = None) -> Self:
        """Read a date, full or partial, in any form that can mean one day only; raises DayError, which says what to write."""
        written = read_written_day(text, dates)
        return cls(written.year, written.month, written.day)

    @classmethod
    def of(cls, when: date) -> Self:
        """The full day of a calendar date."""
        return cls(when.year, when.month, when.day)

    @property
    def is_partial(self) -> bool:
        """Whether the day or the month is not known."""
        return self.day is None

    @property
    def earliest(self) -> date:
        """The first calendar day this may be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last calendar day this may be."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def is_by(self, other: "Day") -> Truth:
        """Whether this day is on or before the other."""
        return True if self.latest <= other.earliest else False if self.earliest > other.latest else None

    def is_before(self, other: "Day") -> Truth:
        """Whether this day is strictly before the other."""
        return True if self.latest < other.earliest else False if self.earliest >= other.latest else None

    def may_be(self, other: "Day") -> bool:
        """Whether the two may be one day, as far as they are known."""
        return self.earliest <= other.latest and other.earliest <= self.latest

    def is_within(self, first: "Day | None", last: "Day | None") -> Truth:
        """Whether this day lies between two days, both included; `None` leaves that side open."""
        after = True if first is None else first.is_by(self)
        before = True if last is None else self.is_by(last)
        return False if after is False or before is False else None if after is None or before is None else True

    def __str__(self) -> str:
        parts = [f"{self.year:04d}"]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)


@dataclass(frozen=True, slots=True)
class Moment:
    """A day with the clock beside it, where one was written; `note` says how it was moved to the site's own time."""

    day: Day
    clock: time | None = None
    note: str = ""

    @property
    def earliest(self) -> datetime:
        """The first moment this may be."""
        return datetime.combine(self.day.earliest, self.clock or time())


def read_moment(text: str, dates: Dates | None = None, zone: tzinfo | None = None) -> Moment:
    """Read a date and the clock beside it. A clock with an offset is moved to the site's zone. Raises DayError."""
    written = read_written_day(text, dates)
    day = Day(written.year, written.month, written.day)
    if written.offset is None or zone is None or written.clock is None:
        return Moment(day, written.clock)
    return _moved(text, written, zone)


def _moved(text: str, written: WrittenDay, zone: tzinfo) -> Moment:
    local = datetime.combine(date(written.year, written.month or 1, written.day or 1), written.clock or time())
    there = local.replace(tzinfo=timezone(written.offset or timedelta()))
    here = there.astimezone(zone)
    same = here.utcoffset() == written.offset
    note = "" if same else f"{text} is {here:%Y-%m-%d %H:%M} in the site's own time"
    return Moment(Day.of(here.date()), here.time(), note)


@dataclass(frozen=True, slots=True)
class Duration:
    """A whole number of days, weeks, months or years, as protocols write them."""

    number: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `4 weeks`, `6 months`, `28 days` or `1 year`."""
        found = _DURATION.fullmatch(text.strip())
        if not found:
            raise DayError(f"{text!r} is not a duration. Write it as 4 weeks, 28 days, 6 months or 1 year")
        return cls(int(found[1]), found[2])

    def before(self, day: Day) -> Day:
        """The day this long before a full day. Months clamp to the month's end, as SQL engines do."""
        return Day.of(shift(day.earliest, -self.number, self.unit))

    def after(self, day: Day) -> Day:
        """The day this long after a full day."""
        return Day.of(shift(day.latest, self.number, self.unit))

    def __str__(self) -> str:
        return f"{self.number} {self.unit}{'' if self.number == 1 else 's'}"


def shift(day: date, number: int, unit: str) -> date:
    """Move a date by days, weeks, months or years; 31 January + 1 month is the last day of February."""
    if unit in ("day", "week"):
        return day + timedelta(days=number * (7 if unit == "week" else 1))
    months = day.month - 1 + number * (12 if unit == "year" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
