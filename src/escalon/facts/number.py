"""Numbers as recorded: exact, with the digits that were written down."""

from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

Number: TypeAlias = int | float | Decimal | Fraction
LARGEST_EXPONENT = 99
"""Nothing that is recorded in a trial is 10¹⁰⁰ or more, or so close to 0; exact arithmetic on 1e999999 would never end."""


def exact(value: Number) -> Fraction:
    """The exact value; a float counts as the shortest decimal that prints the same, since that is what was typed."""
    return _as_written(value) if isinstance(value, float) else Fraction(value)


@lru_cache(maxsize=4096)
def _as_written(value: float) -> Fraction:
    return Fraction(Decimal(repr(value)))


def read_number(text: str) -> Decimal:
    """Read a recorded number; refuses what only looks like one (`nan`, `inf`, `1,5`, `1_000`)."""
    try:
        value = Decimal(text.strip()) if "_" not in text else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite():
        hint = f" Write the decimal sign as a point: {text.replace(',', '.')}" if "," in text else ""
        raise ValueError(f"{text!r} is not a number.{hint}")
    if value and abs(value.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(f"{text!r} is too {'large' if value.adjusted() > 0 else 'small'} to be a recorded number")
    return value


def plain(value: object, places: int = 6) -> str:
    """A number as people write it: no trailing zeros, no exponent, at most `places` decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        return "not known" if value is None else "yes" if value is True else "no" if value is False else str(value)
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    number = Decimal(repr(value)) if isinstance(value, float) else value
    text = _rounded(Fraction(number), places) if isinstance(number, Fraction) else _decimals(number, places)
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
