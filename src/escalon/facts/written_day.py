"""Dates as people and machines write them. What can mean one day only is read; what cannot is named with what it would be.

`2025-02-07`, `2025-02`, `2/2025`, `2025`, `2025/2/7`, `20250207`, `05-Oct-2025`, `Oct 5, 2025`, `2025年2月7日`, `UN-OCT-2025`;
a clock behind it, with or without an offset. `07.02.2025` and `45695` only where it is said how a column writes its dates.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias

from escalon.facts.number import narrow

FIRST_YEAR, LAST_YEAR = 1900, 2199  # beyond these a year is a slip of the pen
Dates: TypeAlias = Literal["dmy", "mdy", "excel", "excel1904"]
"""How a column writes dates that could mean several days."""
HOW: tuple[Dates, ...] = ("dmy", "mdy", "excel", "excel1904")
_STARTS = {"excel": date(1899, 12, 30), "excel1904": date(1904, 1, 1)}
_SERIALS = (20_000, 80_000)  # days in Excel's systems that can be a birth or a visit: 1954 to 2119
_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan jän  feb fév fev  mar mär mae mrz  apr avr  may mai  jun juin  jul juil  aug aoû aou  sep  oct okt  nov  dec dez déc"
        .split("  "), 1
    )
    for name in names.split()
}  # fmt: skip
"""The first letters of the months in English, German and French."""
_NAMED = rf"({'|'.join(sorted(_MONTHS, key=len, reverse=True))})[^\W\d_]*\.?"
_DASHES = dict.fromkeys(map(ord, "‐‑‒–"), "-")
_BASIC = re.compile(r"^T(\d\d)(\d\d)(\d\d)?(?!\d)")  # a clock of ISO 8601 without its colons
_GONE = r"(?:unk?|nk|uk|xx?|--|\?\?)"
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:h时点](\d{2})分?)?(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?\s*(z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_WRITE = "Write it as 2025-03-14, or 2025-03 or 2025 if that is all that is known"


class DayError(ValueError):
    """A text that is no date or duration; says what to write."""


@dataclass(frozen=True, slots=True)
class WrittenDay:
    """A date as written: the year, what is known of month and day, and a clock with its offset from UTC where one stands."""

    year: int
    month: int | None = None
    day: int | None = None
    clock: time | None = None
    offset: timedelta | None = None

    @property
    def moment(self) -> datetime:
        """The first moment it may be, by its own clock."""
        return datetime(self.year, self.month or 1, self.day or 1, *_parts(self.clock))


def _parts(clock: time | None) -> tuple[int, int, int]:
    return (0, 0, 0) if clock is None else (clock.hour, clock.minute, clock.second)


@lru_cache(maxsize=65536)
def read_written_day(text: str, dates: Dates | None = None) -> WrittenDay:
    """Read a date, full or partial, and its clock. Raises DayError, which says what to write."""
    written = " ".join(narrow(text[:80]).translate(_DASHES).split())
    for pattern, make in _FORMS:
        if found := pattern.match(written):
            year, month, day = make(*found.groups())
            _check(text, year, month, day)
            rest = _BASIC.sub(lambda clock: f"T{':'.join(filter(None, clock.groups()))}", written[found.end() :])
            if not rest:
                return WrittenDay(year, month, day)
            if day is not None and (
                found[0].endswith(("日", "号")) or re.match(r"\s*[Tt]|\s+|:", rest)
            ):  # SAS: 07FEB2025:09:30:00
                clock, offset = _clock(text, rest.strip().removeprefix("T").removeprefix("t").removeprefix(":").strip())
                return WrittenDay(year, month, day, clock, offset)
    return _as_said(text, written, dates)


def _of(*order: str) -> Callable[..., tuple[int, int | None, int | None]]:
    """A form's groups as year, month and day; a month may be a name, a part that is not known is `None`."""

    def make(*groups: str | None) -> tuple[int, int | None, int | None]:
        parts = dict(zip(order, groups, strict=True))
        month = parts.get("month")
        number = None if month is None else _MONTHS.get(month.lower()) or int(month)
        day = parts.get("day")
        return int(parts["year"] or 0), number, None if day is None else int(day)

    return make


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., tuple[int, int | None, int | None]]], ...] = tuple(
    (re.compile(pattern + r"(?:(?<=[日号])|(?![\d/.-]))", re.IGNORECASE), _of(*order.split()))
    for pattern, order in (
        (r"(\d{4})-(\d{2})-(\d{2})", "year month day"),
        (r"(\d{4})-(\d{2})", "year month"),
        (r"(\d{4})", "year"),
        (r"(\d{4})-(\d{1,2})-(\d{1,2})", "year month day"),
        (r"(\d{4})/(\d{1,2})/(\d{1,2})", "year month day"),
        (r"(\d{4})\.(\d{1,2})\.(\d{1,2})\.?", "year month day"),
        (r"(\d{4})[-/](\d{1,2})", "year month"),
        (r"(\d{1,2})[-/.](\d{4})", "month year"),
        (r"((?:19|20|21)\d{2})(\d{2})(\d{2})", "year month day"),
        (r"(\d{4}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?[日号]?", "year month day"),
        (r"(\d{4}) ?年 ?(\d{1,2}) ?月", "year month"),
        (r"(\d{4}) ?年", "year"),
        (rf"(\d{{1,2}})(?:st|nd|rd|th)?[ ./-]*{_NAMED}[ ,./-]*(\d{{4}})", "day month year"),
        (rf"{_NAMED}[ ./-]*(\d{{1,2}})(?:st|nd|rd|th)?[ ,./-]+(\d{{4}})", "month day year"),
        (rf"(\d{{4}})[ ./-]*{_NAMED}[ ./-]*(\d{{1,2}})", "year month day"),
        (rf"(?:{_GONE}[ ./-]*)?{_NAMED}[ ,./-]*(\d{{4}})", "month year"),
        (rf"(\d{{4}})[ ./-]*{_NAMED}", "year month"),
        (rf"{_GONE}[ ./-]+{_GONE}[ ./-]+(\d{{4}})", "year"),
        (rf"(\d{{4}})-(\d{{2}})-{_GONE}", "year month"),
        (rf"(\d{{4}})-{_GONE}(?:-{_GONE})?", "year"),
    )
)


def _check(text: str, year: int, month: int | None, day: int | None) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DayError(f"{text!r} is in the year {year}. Write a year from {FIRST_YEAR} to {LAST_YEAR}")
    if month == 0 or day == 0:
        known = f"{year}-{month:02d}" if month else str(year)
        raise DayError(f"{text!r} has a month or day 00. Write {known} if no more is known")
    try:
        date(year, month or 1, day or 1)
    except ValueError as error:
        raise DayError(f"{text!r} is not a day of the calendar ({error})") from None


def _clock(text: str, written: str) -> tuple[time, timedelta | None]:
    """The clock behind a date, and its offset from UTC."""
    if half := re.match(r"(上午|下午|晚上)\s*", written):
        written = f"{written[half.end() :]} {'am' if half[1] == '上午' else 'pm'}"
        if half[1] == "晚上" and written.startswith("12"):
            raise DayError(
                f"{text!r} is midnight, of this day or of the next. Write 2025-03-14T00:30 with the day it was"
            )
    found = _CLOCK.fullmatch(written)
    if found is None or (found[2] is None and found[4] is None and len(found[1]) != 2):
        raise DayError(
            f"{text!r} has something behind the date that is no clock. Write 2025-03-14T08:00, or the date alone"
        )
    hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if found[4]:
        hour = (hour % 12 if 1 <= hour <= 12 else 99) + (12 if found[4][0] in "pP" else 0)
    if (hour, minute, second) == (24, 0, 0):
        raise DayError(f"{text!r} is midnight at the end of the day. Write 00:00 of the day after")
    try:
        return time(hour, minute, second), _offset(found[5])
    except ValueError:
        raise DayError(f"{text!r} has a clock that does not exist. Write hours from 00:00 to 23:59") from None


def _offset(written: str | None) -> timedelta | None:
    if written is None:
        return None
    if written.lower() in ("z", "utc", "gmt"):
        return timedelta(0)
    hours, minutes = int(written[1:3]), int(written.replace(":", "")[3:5] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError("there is no such offset")
    return (-1 if written[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes)


# ---- what means several days unless it is said how dates are written

_SHORT_YEAR = re.compile(rf"\d{{1,2}}(?:[./-]\d{{1,2}}[./-]|[ ./-]*{_NAMED}[ ,./-]*)\d{{2}}", re.IGNORECASE)


def _as_said(text: str, written: str, dates: Dates | None) -> WrittenDay:
    if found := re.match(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?![\d./-])", written):
        day, clock = (
            _day_or_month_first(text, int(found[1]), int(found[3]), int(found[4]), dates),
            written[found.end() :],
        )
    elif found := re.match(r"(\d{5})(?:\.(\d+))?(?![\d./-])", written):
        day, clock = _serial(text, found[1], found[2], dates), ""
        return day
    elif _SHORT_YEAR.fullmatch(written):
        raise DayError(f"{text!r} has a year of two digits. Write all four, as in 2025-03-14")
    else:
        raise DayError(f"{text[:80]!r} is not a date. {_WRITE}")
    if not clock:
        return day
    if not clock.startswith((" ", "T")):
        raise DayError(f"{text!r} is not a date. {_WRITE}")
    return WrittenDay(day.year, day.month, day.day, *_clock(text, clock[1:].strip()))


def _day_or_month_first(text: str, first: int, second: int, year: int, dates: Dates | None) -> WrittenDay:
    if first == 0 and 1 <= second <= 12:
        _check(text, year, second, 0)
    possible = {how: _real(year, *pair) for how, pair in (("dmy", (second, first)), ("mdy", (first, second)))}
    if dates in possible:
        if possible[dates] is None:
            raise DayError(f"{text!r} is no date written as {dates}. {_WRITE}")
        found = possible[dates]
    else:
        days = sorted({day for day in possible.values() if day is not None})
        if not days:
            raise DayError(f"{text!r} is not a day of the calendar. {_WRITE}")
        if len(days) > 1:
            raise DayError(
                f"{text!r} is not a date of one meaning: {days[0]} or {days[1]}. Write the one that is "
                "meant, or say how the column writes its dates: dmy or mdy"
            )
        found = days[0]
    assert found is not None
    _check(text, found.year, found.month, found.day)
    return WrittenDay(found.year, found.month, found.day)


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _serial(text: str, days: str, share: str | None, dates: Dates | None) -> WrittenDay:
    number = int(days)
    if not _SERIALS[0] <= number <= _SERIALS[1]:
        raise DayError(f"{text!r} is not a date. {_WRITE}")
    if dates not in _STARTS:
        would = {how: start + timedelta(days=number) for how, start in _STARTS.items()}
        raise DayError(
            f"{text!r} is not a date, or a day of Excel: {would['excel']} (1900 system) or {would['excel1904']} (1904 "
            "system). Write the date, or say how the column writes its dates: excel or excel1904"
        )
    when = datetime.combine(_STARTS[dates] + timedelta(days=number), time())
    when += timedelta(seconds=round(float(f"0.{share}") * 86_400)) if share else timedelta()
    return WrittenDay(when.year, when.month, when.day, when.time() if share else None)
