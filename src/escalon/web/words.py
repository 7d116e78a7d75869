"""Dates, numbers and labels as they are read without doubt; the language's own words come from its catalogue."""

from __future__ import annotations

import re
from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction

from markupsafe import Markup, escape

from escalon.facts import exact, plain
from escalon.reporting.printed import each_day, significant, times_ten, unit
from escalon.web.languages import LANGUAGE

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ZONE: ContextVar[tzinfo] = ContextVar("zone", default=UTC)
"""The zone of the study's place, in which every moment is shown."""
YEAR_FIRST = ("zh-Hans",)
"""The languages that write a day as 2025-10-05."""
_WRITTEN = re.compile(rf"\b(?:\d\d-(?:{'|'.join(MONTHS)})-\d{{4}}|(?:19|20)\d\d-\d\d-\d\d)\b")
"""A day as it is read, in any language."""
_ENTRY = re.compile(r"\bentry (\d+)\b")


def day(value: date | datetime | str | None) -> str:
    """A date as it is read without doubt: 05-Oct-2025, in Chinese 2025-10-05; a partial one says what is known of it."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        value = f"{value:%Y-%m-%d}"
    return each_day(value, lambda said, *parts: _written(said, *parts) if parts[2] or said == value else said)


def _written(said: str, year: str, month: int, number: str | None) -> str:
    if LANGUAGE.get() in YEAR_FIRST:
        return said
    return "-".join(filter(None, (number, MONTHS[month - 1], year)))


def days(text: str) -> str:
    """A text with its days as they are read; what looks like a month may be a code."""
    return each_day(text, lambda said, *parts: _written(said, *parts) if parts[2] else said)


def dates(text: str) -> Markup:
    """A sentence with its dates as they are read, none broken over two lines."""
    return Markup(_WRITTEN.sub(r'<span class="nw">\g<0></span>', days(str(escape(text)))))


def entries(text: str) -> Markup:
    """A sentence in which every entry it names opens."""
    return Markup(_ENTRY.sub(r'<a href="/entries/\1">entry \1</a>', str(escape(text))))


def unit_shown(text: str) -> str:
    """A unit as it is printed: `10^9/L` as 10⁹/L, `{cells}/kg` as cells/kg."""
    return unit(text).replace("{", "").replace("}", "")


def first_up(text: str) -> str:
    """A label at the head of a row: its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def weekday(value: date) -> str:
    """The day of the week."""
    return WEEKDAYS[value.weekday()]


def moment(value: datetime | None) -> str:
    """A moment with its day, on the 24-hour clock of the study's place: every page shows one clock."""
    at = value and value.astimezone(ZONE.get())
    return f"{day(at)} {at:%H:%M}" if at else ""


def rounded(value: object) -> str:
    """Three significant digits without a trailing zero, which is misread as ten times as much (ISMP, error-prone list).

    >>> rounded(Fraction(82, 100)), rounded(22.54), rounded(2150)
    ('0.82', '22.5', '2150')
    """
    return _trimmed(significant(value))


def _trimmed(words: str) -> str:
    head, space, tail = words.partition(" ")
    return (head.rstrip("0").rstrip(".") if "." in head else head) + space + tail


def amount(value: Decimal | Fraction | int) -> str:
    """A number as it is; from ten thousand on whole, with its thousands apart, and millions in words.

    >>> amount(300000), amount(21600000), amount(Decimal("22.50"))
    ('300\u2009000', '21.6 million', '22.5')
    """
    number = exact(value)
    if number < 10_000:
        return plain(value)
    return (
        f"{rounded(number / 1_000_000)} million" if number >= 1_000_000 else f"{round(number):,}".replace(",", "\u2009")
    )


def in_both(value: Decimal | Fraction | int) -> str:
    """A count in words and as a power of ten, 7.2 million (7.2 × 10⁶); a small number as it is."""
    return amount(value) if exact(value) < 10_000 else f"{amount(value)} ({_trimmed(times_ten(value))})"
