"""The one reader: from what was written to a value that says how much is known. The same text means the same at every door.

`read_value` is called with what a column, an item or a question accepts (`Asked`) and what was written there. It gives a
`Reading`: a number, an `Interval`, a label, a truth, a day, or nothing with the reason why; or it raises `ReadError`, whose
sentence says what to write instead. Nothing is guessed: a comma, a quotient or a bare number that could be in two usual units
is asked about.
"""

import math
import re
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from escalon.facts import words
from escalon.facts.accepted import (
    Asked,
    Known,
    ReadError,
    Reading,
    beyond,
    plain_amount,
    range_text,
    span_text,
    takes_unit,
)
from escalon.facts.amount import MARKS, AmountError, read_amount, unit_in
from escalon.facts.day import Day
from escalon.facts.interval import Interval
from escalon.facts.number import exact, narrow, plain, read_number, thousands, without_noise
from escalon.facts.unit import UnitError, convert, spelled
from escalon.facts.written_day import Dates, DayError


def read_value(
    asked: Asked, written: Any, unit: str | None = None, *, name: str = "value", confirmed: bool = False
) -> Reading:
    """Read what was written for `asked`: text, or a number, a truth, a day, with the unit of its column where there is one.

    `confirmed` lets a value that would be held count, and is flagged CONFIRMED. Raises ReadError.
    """
    value = plain_value(written)
    if value is None:
        return Reading(None, words.NOT_KNOWN)
    text = value.strip() if isinstance(value, str) else None
    why = None if text is None else _not_known(asked, text)
    if why is not None:
        return Reading(None, why, text=text or None)
    if asked.kind == "label":
        return Reading(_label(name, asked, value))
    if asked.kind == "date":
        return Reading(_day(name, value))
    if asked.kind not in ("number", "integer"):
        return _truth(name, value)
    return _Amount(name, asked, confirmed).read(value, unit or None)


def plain_value(written: Any) -> Any:
    """A value as plain Python: NumPy's and pandas' numbers as ours, NaN and NaT as nothing; a 32-bit number as it prints."""
    if written is None or isinstance(written, str | bool | int | Decimal | Fraction | Day | Interval):
        return written
    if isinstance(written, float):
        return None if written != written else written
    if isinstance(written, datetime | date):
        return None if written != written else written  # pandas' NaT is a datetime unlike itself
    kind = getattr(getattr(written, "dtype", None), "kind", None)
    if kind == "f":
        return None if written != written else Decimal(str(written)) if math.isfinite(written) else float(written)
    if kind in ("i", "u", "b"):
        return written.item()
    return None if str(written) in ("<NA>", "NaT") else written


def _not_known(asked: Asked, text: str) -> str | None:
    """Why nothing is known; a word that the list itself has is an answer."""
    if asked.kind == "label" and words.label(text, tuple(asked.choices)) is not None:
        return None
    return words.not_known(text)


# ---- words


def _truth(name: str, value: Any) -> Reading:
    if isinstance(value, bool):
        return Reading(value)
    text = value if isinstance(value, str) else plain(value)
    if words.is_excused(text):
        said = f"{name} is present but not attributable to the disease, so it does not count"
        return Reading(False, flags={"NOT_ATTRIBUTABLE": said}, text=text)
    found = words.truth(text)
    if found is None:
        raise ReadError(
            "NOT_A_TRUTH", f"{name} is {text!r}. Write yes or no (present, absent), not_attributable or not_assessed"
        )
    return Reading(found)


def _label(name: str, asked: Asked, value: Any) -> str:
    text = value if isinstance(value, str) else plain(value)
    found = words.label(text, tuple(asked.choices)) if asked.choices else text
    if found is None:
        near = words.nearest(text, asked.choices)
        raise ReadError("NOT_A_CHOICE", f"{name} is {text!r}.{near} Write one of: {', '.join(asked.choices)}")
    return found


def _day(name: str, value: Any, dates: Dates | None = None) -> Day:
    try:
        return read_day(value, dates)
    except ReadError as error:
        raise ReadError(error.code, f"{name}: {error}") from None


def read_truth(text: Any) -> bool | None:
    """Yes, no, or `None` where it is said that it is not known. Raises ReadError."""
    value = plain_value(text)
    if value is None or (isinstance(value, str) and words.not_known(value) is not None):
        return None
    found = value if isinstance(value, bool) else words.truth(value if isinstance(value, str) else plain(value))
    if found is None:
        raise ReadError(
            "NOT_A_TRUTH", f"{value!r} is neither yes nor no. Write yes or no, or leave it empty if it is not known"
        )
    return found


def read_day(written: Any, dates: Dates | None = None) -> Day:
    """A day, full or partial, in any form that can mean one day only; `dates` says how others are written. Raises ReadError."""
    if isinstance(written, Day):
        return written
    if isinstance(written, date):
        return Day.of(written)
    try:
        return Day.parse(str(written), dates)
    except DayError as error:
        raise ReadError("NOT_A_DAY", str(error)) from None


def read_whole(text: Any) -> int:
    """A whole number. Raises ReadError."""
    try:
        number = read_decimal(text)
    except ReadError as error:
        raise ReadError(error.code, f"{str(error).rstrip('.')}. Write a whole number") from None
    if number != int(number):
        raise ReadError("NOT_WHOLE", f"{plain(number)} is not a whole number")
    return int(number)


def read_decimal(text: Any) -> Decimal:
    """A number alone, with the digits as written. Raises ReadError."""
    value = plain_value(text)
    try:
        if isinstance(value, str):
            amount = read_amount(value)
            if isinstance(amount.value, Interval) or amount.unit:
                raise AmountError(f"{value!r} is not a number alone. Write the number, without a sign or a unit")
            return amount.value
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise AmountError(f"{value!r} is not a number")
        return read_number(repr(value) if isinstance(value, float) else str(value))
    except ValueError as error:
        raise ReadError("NOT_A_NUMBER", str(error)) from None


def may_part_thousands(asked: Asked, text: str, unit: str | None) -> str | None:
    """The number meant where the point of a limit such as `150.000` may part thousands; nothing where it does not.

    Beside a value that is not known its unit may be missing, and then nothing is known of the limit.
    """
    try:
        return _Amount("limit", asked, False).thousands(text, unit)
    except ReadError:
        return None


def is_of_grams(joined: str, unit: str | None) -> bool:
    """Whether a dose in mg, its point taken out, is one that is given: 1.000 or 2.500 mg, but no half tablet of 4.375 mg."""
    return len(joined) == 4 and joined.endswith("0") and spelled(unit) in {"mg", "mg/d", "mg/wk", "mg/m2"}


_NUMBERED = re.compile(r"(?:day|d|tag|第)\.?\s*([-+]?)\s*(\d+(?:\.\d+)?)\s*[天日]?", re.IGNORECASE)


def read_elapsed(text: str) -> Decimal | Fraction:
    """Days from an event, before it negative: `7`, `D7`, `day -6`, `D+3`, `7 d`, `168 h`. Raises ReadError."""
    if numbered := _NUMBERED.fullmatch(narrow(text).strip()):
        return read_decimal("".join(numbered.groups()))
    written = narrow(text).strip()
    own = unit_in(written)
    if own is None or own == written:
        return read_decimal(text)
    with suppress(UnitError):
        if spelled(own) not in ("mo", "a"):  # months and years have no fixed number of days
            return convert(read_decimal(written.removesuffix(own)), own, "d")
    raise ReadError("WRONG_UNIT", f"{text!r} is no number of days. Write days, such as 7, 7.5 or -6")


def read_limit(text: str, unit: str | None) -> Decimal:
    """A limit in the unit of what it limits, written beside it or not. Raises ReadError for another unit and for a range."""
    own = unit_in(text)
    if own is None or spelled(own, unit) != spelled(unit):
        return read_decimal(text)
    return read_decimal(text.removesuffix(own))


# ---- amounts


class _Amount:
    """The reading of one number or interval: its unit, its range, what must be confirmed."""

    def __init__(self, name: str, asked: Asked, confirmed: bool) -> None:
        self.name, self.asked, self.confirmed = name, asked, confirmed
        self.beside = f" {asked.unit}" if asked.unit and spelled(asked.unit) != "1" else ""

    def read(self, value: Any, unit: str | None) -> Reading:
        number: Decimal | Fraction | Interval | int
        if isinstance(value, str):
            number, own = self._parsed(value)
            if unit and own in MARKS and not takes_unit(self.asked, own):
                own = None
            self._one_unit(value, own, unit)
            unit = own or unit
        else:
            number = self._number(value)
        converted = self._converted(number, unit)
        result: Known = self._possible(converted)
        flags = self._flags(number, result, unit, self.thousands(value, unit))
        differs = isinstance(number, Interval) or (unit is not None and spelled(unit) != spelled(self.asked.unit))
        held = "QUERY" in flags
        return Reading(
            None if held else result,
            "query" if held else None,
            MappingProxyType(flags),
            number,
            unit,
            f"{plain_amount(number)} {unit or self.asked.unit or ''}".strip() if differs else None,
        )

    def _parsed(self, text: str) -> tuple[Decimal | Interval, str | None]:
        try:
            amount = read_amount(text)
        except AmountError as error:
            said = f"{self.name} is {text!r}" if str(error).endswith("is not a number") else f"{self.name}: {error}"
            raise ReadError("NOT_A_NUMBER", f"{said}. {self._accepted()}") from None
        return amount.value, amount.unit

    def _number(self, value: Any) -> Decimal | Fraction | Interval | int:
        if isinstance(value, Interval | int | Fraction) and not isinstance(value, bool):
            return value
        if not isinstance(value, float | Decimal) or not Decimal(value).is_finite():  # a signalling NaN is no float
            raise ReadError("NOT_A_NUMBER", f"{self.name} is {value!r}. {self._accepted()}")
        try:
            return read_number(repr(value)) if isinstance(value, float) else without_noise(value)
        except ValueError as error:
            raise ReadError("NOT_A_NUMBER", f"{self.name}: {error}") from None

    def _accepted(self) -> str:
        return f"Write {'' if self.asked.levels else 'a '}{range_text(self.asked)}{self._in_units()}"

    def _in_units(self) -> str:
        return f" in {' or '.join(self.asked.units)}" if self.asked.units else ""

    def _one_unit(self, text: str, own: str | None, column: str | None) -> None:
        if own and column and spelled(own, self.asked.unit) != spelled(column, self.asked.unit):
            raise ReadError(
                "WRONG_UNIT",
                f"{self.name} is {text!r}, but its unit is said to be {column!r}. Write the number and one unit",
            )

    def _converted(self, number: Any, unit: str | None) -> Any:
        asked, name = self.asked, self.name
        if unit is None:
            if len(asked.units) > 1:
                parts = {"1": " as a part of one"}
                options = " or ".join(
                    f"{name}='{plain_amount(number)} {one}'{parts.get(one, '')}" for one in asked.units
                )
                raise ReadError("UNIT_MISSING", f"{name} {plain_amount(number)} has no unit. Write {options}")
            return number
        if asked.unit is None:
            if not takes_unit(asked, unit, name):
                raise ReadError(
                    "WRONG_UNIT",
                    f"{name} has no unit, but {unit!r} was given. Write the number alone, as {name} is counted",
                )
            return number
        if spelled(unit) == spelled(asked.unit):
            return number
        if not takes_unit(asked, unit):
            raise ReadError("WRONG_UNIT", f"{name} is in {unit!r}. Accepted: {', '.join(asked.units)}")
        if isinstance(number, Interval):
            return number.mapped(lambda end: convert(end, unit, asked.unit or "", asked.substance))
        return convert(number, unit, asked.unit, asked.substance)

    def _possible(self, number: Any) -> int | Fraction | Interval:
        """The value within what it can be: an interval clipped to it, a count whole."""
        asked = self.asked
        if isinstance(number, Interval):
            return self._clipped(number)
        whole = number if number.__class__ is int else exact(number)
        outside = beyond(whole, (asked.low, asked.high)) or (bool(asked.levels) and whole not in asked.levels)
        if outside or (asked.kind == "integer" and whole.denominator != 1):
            raise self._out_of_range(number)
        return int(whole) if whole.denominator == 1 else whole

    def _out_of_range(self, number: Any) -> ReadError:
        said = f"{self.name} is {plain_amount(number)}{self.beside}"
        return ReadError("OUT_OF_RANGE", f"{said}. Accepted: {range_text(self.asked)}{self.beside}")

    def _clipped(self, number: Interval) -> int | Fraction | Interval:
        try:
            found = number.within(self.asked.low, self.asked.high)
            found = found.whole if self.asked.kind == "integer" else found
            if self.asked.levels:
                inside = [level for level in self.asked.levels if level in found]
                found = Interval(min(inside), max(inside))
        except ValueError:
            raise self._out_of_range(number) from None
        if not found.is_point:
            return found
        point = Fraction(found.low)
        return int(point) if point.denominator == 1 else point

    def thousands(self, value: Any, unit: str | None) -> str | None:
        """The number meant if the point of `129.000` parts thousands: where that is usual, and what it says otherwise is not.

        Counts per µL, a thousandth of the unit they are kept in, have no decimals; nor has anything three, that may be both;
        and a dose of `1.000 mg` is a gram as often.
        """
        joined = thousands(value) if isinstance(value, str) and self.asked.doubtful[1] is not None else None
        if joined is None:
            return None
        asked, meant = self.asked, exact(self._converted(Decimal(joined), unit))
        if any(beyond(meant, ends) for ends in ((asked.low, asked.high), asked.query, asked.doubtful)):
            return None
        is_fine = meant * 1000 <= int(joined) or is_of_grams(joined, unit or asked.unit)
        return joined if is_fine or not joined.endswith("000") or beyond(meant / 1000, asked.doubtful) else None

    def _flags(self, number: Any, value: Any, unit: str | None, joined: str | None) -> dict[str, str]:
        flags = {}
        if isinstance(number, Interval):
            low, high = number.ends
            if low is None:
                flags[f"{self.name.upper()}_BELOW_LLOQ"] = (
                    f"{self.name} is {number}: it counts as a range, not as its limit"
                )
            elif high is None:
                flags[f"{self.name.upper()}_ABOVE_ULOQ"] = (
                    f"{self.name} is {number}: it counts as a range, not as its limit"
                )
            else:
                flags[f"{self.name.upper()}_RANGE"] = f"{self.name} is {number}: it counts as a range"
        is_held = beyond(value, self.asked.query)
        if not is_held and not joined and not beyond(value, self.asked.doubtful):
            return flags
        said = f"{self.name} {plain_amount(value)}{self.beside}"
        if is_held:
            doubt = f"{said} is outside {span_text(self.asked.query)}{self.beside}"
        elif joined:
            said = f"{self.name} {joined[:-3]}.{joined[-3:]}{f' {unit}' if unit else ''}"
            doubt = f"{said} would be {joined} if its point parted thousands"
        else:
            doubt = f"{said} is outside the usual {span_text(self.asked.doubtful)}{self.beside}"
        if self.confirmed:
            flags["CONFIRMED"] = f"{doubt} and was confirmed"
        elif is_held or joined:
            flags["QUERY"] = f"{doubt}: not scored until the value and its unit are confirmed (confirm={self.name})"
        else:
            flags["DOUBTFUL"] = f"{doubt}: check the value and its unit"
        return flags
