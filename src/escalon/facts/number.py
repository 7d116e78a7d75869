"""Numbers as recorded: exact, with the digits that were written down.

A comma is asked about, never guessed; a quotient is never worked out. What computers add in the last binary digit
(`0.7999999999999999`, `2.9000000953674316` from a 32-bit column) is taken back to the decimal it stands for.
"""

import re
import struct
import unicodedata
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

Number: TypeAlias = int | float | Decimal | Fraction
LARGEST_EXPONENT = 99
"""Nothing that is recorded in a trial is 10¹⁰⁰ or more, or so close to 0; exact arithmetic on 1e999999 would never end."""
LONGEST = 100  # characters: no instrument gives more digits
_NOISY = 15  # significant digits from which on a decimal may be a double's last bit
_SETTLED = 12  # digits kept of such a one
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | str.maketrans("\u3000−∕⁄", " -//")
_GROUPING = "\u00a0\u2009\u202f"  # the spaces that stand between groups of three
_PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_GROUPED = re.compile(rf"[-+]?\d{{1,3}}(?:[{_GROUPING}]\d{{3}})+(?:\.\d+)?", re.ASCII)
_POINTED = re.compile(r"[\s<>≤≥=~]*([1-9]\d{0,2})\.(\d{3})(?!\s*[-–\d.eE×x*·])", re.ASCII)
_TIMES_TEN = re.compile(r"(.+?)\s*[×x*·]\s*10\s*(?:\^|\*\*)?\s*([-+]?\d+|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)", re.ASCII)
_RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")


def exact(value: Number) -> Fraction:
    """The exact value; a float counts as the shortest decimal that prints the same, since that is what was typed."""
    return _as_written(value) if isinstance(value, float) else Fraction(value)


@lru_cache(maxsize=4096)
def _as_written(value: float) -> Fraction:
    return Fraction(Decimal(repr(value)))


def narrow(text: str) -> str:
    """Text with full-width letters, digits and signs as plain ones, a minus as `-`, a stroke as `/`; raised digits stay."""
    if text.isascii():
        return text
    text = text.translate(_FULL_WIDTH)
    return "".join(
        letter if letter.isascii() or (digit := unicodedata.decimal(letter, -1)) < 0 else str(digit) for letter in text
    )


@lru_cache(maxsize=65536)
def read_number(text: str) -> Decimal:
    """Read a recorded number: `0.80`, `1.2e5`, `2.1 × 10⁷`, groups of three apart by thin or no-break spaces.

    Raises ValueError with what to write for what only looks like one (`nan`, `1,5`, `129,000`, `10/10`, `1_000`).
    """
    written = narrow(text).strip()
    if len(written) > LONGEST:
        raise ValueError(f"{text[:20]!r}… is too long to be a recorded number")
    if _GROUPED.fullmatch(written):
        written = written.translate(dict.fromkeys(map(ord, _GROUPING)))
    elif raised := _TIMES_TEN.fullmatch(written):
        written = f"{raised[1].strip()}e{raised[2].translate(_RAISED)}"
    if not _PLAIN.fullmatch(written):
        hint = _hint(written)
        raise ValueError(f"{text!r} is not a number" + (f".{hint}" if hint else ""))
    try:
        value = Decimal(written)
    except InvalidOperation:  # an exponent of thousands of digits
        raise ValueError(f"{text!r} is too large to be a recorded number") from None
    if value and abs(value.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(f"{text!r} is too {'large' if value.adjusted() > 0 else 'small'} to be a recorded number")
    return without_noise(value)


def _hint(text: str) -> str:
    """What to write instead, where that can be said; never a number a thousand times too small."""
    if re.fullmatch(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", text):
        joined = text.replace(",", "")
        sure = text.count(",") > 1 or "." in text
        return f" Write {joined}" + ("" if sure else " if the comma parts thousands; a decimal sign is a point")
    if re.fullmatch(r"[-+]?\d{1,3}(\.\d{3})+,\d+", text):
        return f" Write {text.replace('.', '').replace(',', '.')}"
    if re.fullmatch(r"[-+]?\d*,\d+", text):
        return f" Write the decimal sign as a point: {text.replace(',', '.')}"
    if re.fullmatch(r"[-+]?\d{1,3}(?:[ '’_.]\d{3})+(?:\.\d+)?", text) and text.count(".") != 1:
        return f" Write {re.sub(r'[^0-9+-]', '', text)}"
    return ""


def thousands(text: str) -> str | None:
    """`129.000` without its point, which parts thousands in German, Spanish or Portuguese; nothing where it cannot."""
    found = _POINTED.match(narrow(text))
    return found and found[1] + found[2]


def without_noise(value: Decimal) -> Decimal:
    """A number of 15 digits or more that a shorter one becomes when computers store it, as that shorter one."""
    if len(value.as_tuple().digits) < _NOISY or not value:
        return value
    with localcontext(prec=_SETTLED):
        settled = +value
    if abs(value - settled) <= abs(value) * Decimal("1e-15"):
        return settled.normalize()
    return _single_precision(value)


def _single_precision(value: Decimal) -> Decimal:
    """The shortest decimal of a 32-bit number that was widened to 64 bits; any other number stays."""
    double = float(value)
    try:
        single = struct.unpack("f", struct.pack("f", double))[0]
    except OverflowError:
        return value
    if single != double or Decimal(repr(double)) != value:
        return value
    for digits in range(6, 10):
        short = f"{double:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(short)))[0] == single:
            return Decimal(short)
    return value


def plain(value: object, places: int = 6) -> str:
    """A number as people write it: no trailing zeros, no exponent, at most `places` decimals."""
    if value is None or isinstance(value, bool):
        return "not known" if value is None else "yes" if value else "no"
    if isinstance(value, Fraction):
        text = _rounded(value, places)
    elif not isinstance(value, float | Decimal) or value != value or value in (float("inf"), float("-inf")):
        return str(value)
    else:
        text = _decimals(Decimal(repr(value)) if isinstance(value, float) else value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rounded(value: Fraction, places: int) -> str:
    """A ratio to so many decimals, whatever its size."""
    scaled = round(value * 10**places)
    digits = f"{abs(scaled):0{places + 1}d}"
    return f"{'-' if scaled < 0 else ''}{digits[:-places]}.{digits[-places:]}" if places else str(scaled)


def _decimals(number: Decimal, places: int) -> str:
    """All the digits that were written, or so many decimals where there are more."""
    with localcontext(prec=max(28, number.adjusted() + places + 2)):
        return f"{number:f}" if number == round(number, places) else f"{number:.{places}f}"
