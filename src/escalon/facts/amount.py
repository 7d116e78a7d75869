"""An amount as it was written: a number or what it is only known to lie between, and the unit beside it.

`7.5 mg/L`, `< 0.1 10^9/L`, `≥5`, `1-2`, `less than 3`, `低于5`; a quotient such as `8/10` is never worked out.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from escalon.facts.interval import Interval
from escalon.facts.number import LONGEST, narrow, read_number

_SIGNS = {
    "<": (
        "<  less than  lower than  fewer than  smaller than  below  under  "
        "unter  weniger als  kleiner als  moins de  小于  低于  少于  不足"
    ),
    ">": (
        ">  more than  greater than  higher than  larger than  above  over  exceeds  "
        "über  mehr als  größer als  plus de  大于  高于  多于  超过"
    ),
    "≤": (
        "≤  <=  =<  ≦  ⩽  at most  up to  not more than  no more than  "
        "höchstens  au plus  不超过  不高于  不大于  至多  小于等于  小于或等于"
    ),
    "≥": (
        "≥  >=  =>  ≧  ⩾  at least  not less than  no less than  "
        "mindestens  au moins  不低于  不少于  不小于  至少  大于等于  大于或等于"
    ),
}
_SIGN_OF = {word: sign for sign, words in _SIGNS.items() for word in re.split(r"\s{2,}", words)}
_SIGN = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(_SIGN_OF, key=len, reverse=True))
_NUMBER = r"[-+]?(?:\d[\d.,'’_]*(?:[\u00a0\u2009\u202f]\d{3})*|\.\d+)(?:[eE][-+]?\d+)?"
_TEN = r"(?:\s*[×x*·]\s*10\s*(?:\^|\*\*)?\s*(?:[-+]?\d+|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)(?!\d)(?![^\S\n]*/))?"  # 2.1 × 10⁷, but 150 ×10⁹/L
_MARK = r"(?:\s*(?:[↑↓]+|[(\[](?:HH?|LL?)[)\]]|(?-i:HH?|LL?(?!\s*/\s*(?:min|h|d)\b))(?=\s+\S)))?"
"""How a laboratory marks a value beyond its limits, its unit after it: `36 H U/L`, `20↓`. `5 L` and `2 L /min` are litres."""
MARKS = frozenset({"H", "HH", "L", "LL"})
_AMOUNT = re.compile(rf"(?:({_SIGN})\s*)?({_NUMBER}{_TEN}){_MARK}\s*(.*)", re.IGNORECASE | re.DOTALL)
_SPAN = re.compile(
    rf"({_NUMBER}{_TEN})\s*(?:[-–—~～]|to\b|至|到)\s*({_NUMBER}{_TEN})\s*(.*)", re.IGNORECASE | re.DOTALL
)
_ABOUT = re.compile(
    r"[~≈≅∼]|(?:ca|circa|approx|approximately|about|etwa|ungefähr|env|environ)\b|约|大约", re.IGNORECASE
)
_BELOW = re.compile(
    r"(?:<|≤|below|under|unter|低于|小于)?\s*(?:the\s+)?(?:l?lo[dq]|mdl)|b(?:l?lo?[qd]|ql|dl)|not detect(?:ed|able)|undetectable"
    r"|n(?:icht )?nachweisbar|未检出|低于检测限",
    re.IGNORECASE,
)
_ONE_TO = "1 ?[:∶] ?"
_TITRE = re.compile(rf"(?:(?:{_SIGN})\s*)?{_ONE_TO}\d+", re.IGNORECASE)
_DATE = re.compile(
    r"(?:(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2])|([-/])\d{1,2}\1\d{1,2}|年\d{1,2}月\d{1,2}日)|\d{1,2}([-./])\d{1,2}\2(?:19|20)\d\d"
    r"|(?:0?[1-9]|1[0-2])/(?:19|20)\d\d|0[1-9]-(?:19|20)\d\d)"
    r"(?:[T ].*)?",
    re.DOTALL,
)
_OUT_OF = re.compile(
    rf"({_NUMBER})\s*(?:/|\bof\b|\bout\s+of\b|\bvon\b|\bsur\b)\s*(\d[\d.,]*)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL
)


class AmountError(ValueError):
    """A text that is no amount; says what to write instead, where that can be said."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What a text says: a number with the digits as written, or an interval; and its unit, where one stands beside it."""

    value: Decimal | Interval
    unit: str | None = None
    text: str = ""


@lru_cache(maxsize=65536)
def read_amount(text: str) -> Amount:
    """Read a number, an interval and the unit beside it. Raises AmountError."""
    if len(text) > 2 * LONGEST:
        raise AmountError(f"{text[:20]!r}… is too long to be a number with its unit")
    written = narrow(text).strip()
    if _TITRE.fullmatch(written):
        raise AmountError(f"{text!r} is a titre. Write its reciprocal: {re.sub(_ONE_TO, '', written, count=1)}")
    if _DATE.fullmatch(written):
        raise AmountError(f"{text!r} is a date. Write the number (a program may have made the date of 3-4 or 3/4)")
    if out_of := _OUT_OF.fullmatch(written):
        instead = " ".join(part for part in (out_of[1], out_of[3]) if part)
        if out_of[1] == "1" and len(out_of[2]) > 1:
            raise AmountError(
                f"{text!r} is not divided. Write {out_of[2]} if it is a titre, {instead} if it is 1 of {out_of[2]}"
            )
        raise AmountError(f"{text!r} is not divided. Write {instead}, or the decimal number if a quotient is meant")
    if span := _SPAN.fullmatch(written):
        return Amount(_from_to(text, span[1], span[2]), span[3] or None, text)
    found = _AMOUNT.fullmatch(written)
    if found is None:
        if _ABOUT.match(written):
            raise AmountError(f"{text!r} is about a number. Write it as it was measured, or a range such as 35-45")
        if _BELOW.fullmatch(written):
            raise AmountError(f"{text!r} does not say below which number. Write it with the method's limit, such as <5")
        raise AmountError(f"{text!r} is not a number")
    sign = _SIGN_OF[" ".join(found[1].lower().split())] if found[1] else None
    if sign is None and re.match(r"\d{1,3}( \d{3})+(?!\d)", written):  # 129 000: a plain space may part two numbers
        raise AmountError(f"{text!r} holds a blank. Write {re.sub(r'(?<=[0-9]) (?=[0-9]{3})', '', written)}")
    number = _number(found[2])
    unit = found[3] or None
    return Amount(number if sign is None else _one_sided(sign, Fraction(number)), unit, text)


def unit_in(text: str) -> str | None:
    """The unit that stands beside a number in a text: `g/dL` of `9.9 g/dL`; of what is no amount, what follows its digits."""
    try:
        return read_amount(text).unit
    except AmountError:
        return re.sub(r"^[\s<>≤≥=~+-]*[\d.,]*", "", narrow(text)).strip() or None


def _number(text: str) -> Decimal:
    try:
        return read_number(text)
    except ValueError as error:
        raise AmountError(str(error)) from None


def _one_sided(sign: str, end: Fraction) -> Interval:
    if sign in "<≤":
        return Interval(high=end, high_open=sign == "<")
    return Interval(low=end, low_open=sign == ">")


def _from_to(text: str, first: str, last: str) -> Interval:
    low, high = Fraction(_number(first)), Fraction(_number(last))
    if low >= high:
        raise AmountError(f"{text!r} is no range. Write the smaller end first, such as {last}-{first}")
    return Interval(low, high)
