"""Dates, numbers and labels as they are read without doubt; the language's own words come from its catalogue."""

from __future__ import annotations

import re
from datetime import date, datetime

from markupsafe import Markup, escape

from escalon.web.languages import LANGUAGE

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
YEAR_FIRST = ("zh-Hans",)
"""The languages that write a day as 2025-10-05."""
_ENTRY = re.compile(r"\bentry (\d+)\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")


def day(value: date | datetime | str | None) -> str:
    """A date as it is read without doubt: 05-Oct-2025, in Chinese 2025-10-05; a partial one says what is known of it."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        value = f"{value:%Y-%m-%d}"
    return _ISO.sub(_written, value) if _ISO.search(value) else _partial(value)


def _written(found: re.Match[str]) -> str:
    year, month, number = found.groups()
    if LANGUAGE.get() in YEAR_FIRST:
        return found[0]
    return f"{number}-{MONTHS[int(month) - 1]}-{year}" if 1 <= int(month) <= 12 else found[0]


def _partial(value: str) -> str:
    year, dash, month = value.partition("-")
    whole = dash and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12
    return f"{MONTHS[int(month) - 1]}-{year}" if whole and LANGUAGE.get() not in YEAR_FIRST else value


def dates(text: str) -> Markup:
    """A sentence with its dates as they are read, none broken over two lines."""
    return Markup(_ISO.sub(lambda found: f'<span class="nw">{_written(found)}</span>', str(escape(text))))


def entries(text: str) -> Markup:
    """A sentence in which every entry it names opens."""
    return Markup(_ENTRY.sub(r'<a href="/entries/\1">entry \1</a>', str(escape(text))))


def unit_shown(text: str) -> str:
    """A unit as it is printed: `10^9/L` as 10⁹/L, `{cells}/kg` as cells/kg."""
    return text.replace("10^9", "10⁹").replace("{", "").replace("}", "")


def first_up(text: str) -> str:
    """A label at the head of a row: its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def weekday(value: date) -> str:
    """The day of the week."""
    return WEEKDAYS[value.weekday()]


def moment(value: datetime | None) -> str:
    """A moment with its day, on the 24-hour clock."""
    return "" if value is None else f"{day(value)} {value:%H:%M}"
