"""Numbers as a table prints them: significant digits for reading; the full value stays in the JSON and CSV twins."""

from decimal import Decimal

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def significant(value: object, digits: int = 3) -> str:
    """A number with so many significant digits and no exponent; `–` when there is none.

    >>> significant(22539.584, 5), significant(0.056711, 3), significant(2150.0, 3), significant(None)
    ('22540', '0.0567', '2150', '–')
    """
    number = _decimal(value)
    if number is None:
        return "–"
    if number == 0:
        return "0"
    places = digits - 1 - number.adjusted()
    shown = round(number, max(places, 0))
    text = f"{shown:f}"
    return text.rstrip("0").rstrip(".") if "." in text and shown == shown.to_integral_value() else text


def times_ten(value: object, digits: int = 3) -> str:
    """A cell count as people write it: `1.72 × 10⁷`; `–` when there is none.

    >>> times_ten(17_200_000), times_ten(0)
    ('1.72 × 10⁷', '0')
    """
    number = _decimal(value)
    if number is None:
        return "–"
    if number == 0:
        return "0"
    mantissa, exponent = f"{number:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"


def _decimal(value: object) -> Decimal | None:
    """The nearest decimal of a number; whole digits are kept, because a level of 2150 is not 2200."""
    if value is None or isinstance(value, bool | str):
        return None
    return Decimal(repr(float(value)))  # type: ignore[arg-type]
