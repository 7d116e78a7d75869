"""Numbers and days as they are printed, in the report, on pages and on the command line: rounded once, at print, half to even.

The exact value stays behind what is printed. A minus is U+2212, a value that cannot be is `–`, groups of three stand apart by
a narrow space. Means have one digit more than the data, their spread at most one more than that.
"""

import re
from collections.abc import Callable, Container, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from statistics import median

from escalon.facts import Day, Number, Truth, exact, plain
from escalon.history.events import TreatmentGiven
from escalon.reporting.document import NOT_APPLICABLE
from escalon.safety.proportion import Proportion, clopper_pearson

MINUS = "−"
NARROW = "\u202f"
PERCENT_FROM = 10
"""From so many people on a percentage is printed beside the count."""
SETTLED = 2
"""Decimals of a computed score, whose digits never end."""
_DATED = re.compile(r"«[^»]*»|\[[^]]*\]|(?<![\w-])((?:19|20)\d\d)-(\d\d)(?:-(\d\d))?(?![\w-])")
"""A day, outside what people wrote and the places of records."""
_MONTHS = "January February March April May June July August September October November December".split()
_POWER = re.compile(r"(/?)\b10\^(-?\d+)")
_SURFACE = re.compile(r"(?<![A-Za-z])m2\b")
_MICROLITRE = re.compile(r"\buL\b")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def number(value: object, places: int | None = None) -> str:
    """A number to so many decimals; without them, with the digits it has, at most six.

    >>> number(-2.5, 0), number(3.5, 0), number(None), number(Fraction(1, 3), 2)
    ('−2', '4', '–', '0.33')
    """
    found = _exact(value)
    if found is None:
        return NOT_APPLICABLE if value is None else str(value)
    return (plain(value) if places is None else _fixed(found, places)).replace("-", MINUS)


def as_sentence(said: str) -> str:
    """What a study notes, as a sentence; a word that is written in its own way stays so.

    >>> as_sentence("by central reading"), as_sentence("mRSS by one reader."), as_sentence("由中心评定。")
    ('By central reading.', 'mRSS by one reader.', '由中心评定。')
    """
    said = f"{said[0].upper()}{said[1:]}" if said.split(maxsplit=1)[0].islower() else said
    return said if said.endswith(tuple(".!?。！？")) else f"{said}."


def signed(value: object, places: int | None = None) -> str:
    """A change: `+1.5`, `−6`, `0`.

    >>> signed(1.5, 1), signed(-6), signed(0)
    ('+1.5', '−6', '0')
    """
    text = number(value, places)
    found = _exact(value)
    return f"+{text}" if found is not None and found > 0 and text.strip("0.") else text


def significant(value: object, digits: int = 3) -> str:
    """A number with so many significant digits and no exponent; whole digits are kept; `–` where there is none.

    >>> significant(22539.584, 5), significant(0.056711, 3), significant(2150.0, 3), significant(None)
    ('22540', '0.0567', '2150', '–')
    """
    found = None if isinstance(value, str) else _exact(value)
    if found is None:
        return NOT_APPLICABLE
    if found == 0:
        return "0"
    text = _fixed(found, max(digits - 1 - _magnitude(found), 0)).replace("-", MINUS)
    return text.rstrip("0").rstrip(".") if "." in text and not text.split(".")[1].strip("0") else text


def grouped(value: object, digits: int = 3) -> str:
    """A large number to so many significant digits, in groups of three: `7 840`, `11 800`.

    >>> grouped(7842.2).replace(NARROW, " "), grouped(11808).replace(NARROW, " "), grouped(0.0567)
    ('7 840', '11 800', '0.0567')
    """
    found = None if isinstance(value, str) else _exact(value)
    if found is None or found == 0 or abs(found) < 1000:
        return significant(value, digits)
    step = 10 ** max(_magnitude(found) + 1 - digits, 0)
    whole = round(found / step) * step
    return f"{whole:,d}".replace(",", NARROW).replace("-", MINUS)


def times_ten(value: object, digits: int = 3) -> str:
    """A cell count as people write it: `1.72 × 10⁷`, `1.00 × 10⁵`; `–` where there is none.

    >>> times_ten(17_200_000), times_ten(335_000), times_ten(0)
    ('1.72 × 10⁷', '3.35 × 10⁵', '0')
    """
    found = None if isinstance(value, str) else _exact(value)
    if found is None:
        return NOT_APPLICABLE
    if found == 0:
        return "0"
    power = _magnitude(found)
    mantissa = _fixed(found / Fraction(10) ** power, digits - 1)
    if mantissa.lstrip("-").startswith("10"):
        power, mantissa = power + 1, _fixed(found / Fraction(10) ** (power + 1), digits - 1)
    return f"{mantissa.replace('-', MINUS)} × 10{str(power).translate(_RAISED)}"


def dose(value: object) -> str:
    """An amount that was given, to three significant digits: `3.35 × 10⁵`, `54`.

    >>> dose(335_000), dose(54), dose(None)
    ('3.35 × 10⁵', '54', '–')
    """
    found = _exact(value)
    return significant(value) if found is None or abs(found) < 10_000 else times_ten(value)


def doses(low: object, high: object) -> str:
    """The range of amounts in one power of ten: `0.895 to 1.09 × 10⁵`.

    >>> doses(89_500, 109_000), doses(54, 60), doses(300_000, 300_000)
    ('0.895 to 1.09 × 10⁵', '54 to 60', '3.00 × 10⁵')
    """
    small, large = _exact(low), _exact(high)
    if small is None or large is None or small == large:
        return dose(large if small is None else small)
    if large < 10_000:
        return f"{dose(small)} to {dose(large)}"
    mantissa, _, power = times_ten(large).partition(" × 10")
    scale = Fraction(10) ** int(power.translate(_LOWERED))
    return f"{significant(small / scale)} to {mantissa} × 10{power}"


def percent(part: Proportion) -> str:
    """`7 (58 %, 28–85 %)` from ten people on, before that `3/5 (15–95 %)`: exact limits (Clopper–Pearson), whole numbers.

    >>> percent(clopper_pearson(7, 12)), percent(clopper_pearson(3, 5)), percent(clopper_pearson(0, 0))
    ('7 (58 %, 28–85 %)', '3/5 (15–95 %)', '–')
    """
    if part.percent is None or part.low is None or part.high is None:
        return NOT_APPLICABLE
    limits = f"{_whole(part.low * 100)}–{_whole(part.high * 100)} %"
    if part.of < PERCENT_FROM:
        return f"{part.events}/{part.of} ({limits})"
    return f"{part.events} ({_whole(part.percent)} %, {limits})"


def count(events: int, of: int) -> str:
    """`7 (58 %)` from ten people on, before that the bare number.

    >>> count(7, 12), count(3, 5)
    ('7 (58 %)', '3')
    """
    return f"{events} ({_whole(clopper_pearson(events, of).percent or 0)} %)" if of >= PERCENT_FROM else str(events)


def spread(values: Sequence[Number], places: int | None = None) -> str:
    """All values where there are six or fewer, in order; else median and range: `43 (29–60)`.

    >>> spread([3, 1, 2]), spread([1, 2, 3, 4, 5, 6, 8])
    ('1, 2, 3', '4 (1–8)')
    """
    if not values:
        return NOT_APPLICABLE
    return ", ".join(number(one, places) for one in sorted(values)) if len(values) <= 6 else middle(values, places)


def middle(values: Sequence[Number], places: int | None = None) -> str:
    """Median and range: `43 (29–60)`; the middle of two whole numbers has one digit more."""
    if not values:
        return NOT_APPLICABLE
    known = [exact(one) for one in values]
    low, high = (number(one, places) for one in (min(known), max(known)))
    to = " to " if MINUS in low + high else "–"
    half = median(known)
    return f"{number(half, places if half.denominator == 1 or places is None else places + 1)} ({low}{to}{high})"


def mean_and_sd(values: Sequence[Number]) -> str:
    """Mean and standard deviation (n − 1), the mean with one digit beyond the data: `43.2 (8.1)`; the mean alone for one.

    >>> mean_and_sd([1, 2, 3, 4]), mean_and_sd([5]), mean_and_sd([])
    ('2.5 (1.3)', '5.0', '–')
    """
    known = [exact(one) for one in values]
    if not known:
        return NOT_APPLICABLE
    places = max(map(_decimals, values)) + 1
    mean = sum(known, Fraction(0)) / len(known)
    if len(known) < 2:
        return number(mean, places)
    variance = sum(((one - mean) ** 2 for one in known), Fraction(0)) / (len(known) - 1)
    return f"{number(mean, places)} ({number(_root(variance), places)})"


def digits_of(values: Iterable[Fraction]) -> int:
    """The decimals the data have; two where a score was computed with digits that never end, more where all are small.

    >>> digits_of([Fraction(1, 8), Fraction(2)]), digits_of([Fraction(1, 3)]), digits_of([Fraction(17, 6_000)])
    (3, 2, 4)
    """
    known = set(values)
    most = max((len(plain(value, 12).partition(".")[2]) for value in known), default=0)
    largest = max(map(abs, known), default=Fraction(0))
    return most if most <= 3 else SETTLED if largest >= 1 or not largest else max(SETTLED, 1 - _magnitude(largest))


def as_recorded(value: object) -> str:
    """A number with the digits it was recorded with, whole ones in groups of three: `7.3`, `1 031`.

    >>> as_recorded(Fraction(73, 10)), as_recorded(1031).replace(NARROW, " "), as_recorded(Fraction(17, 6_000))
    ('7.3', '1 031', '0.0028')
    """
    found = _exact(value)
    if found is None or abs(found) < 1000:
        return number(value, None if found is None else digits_of([found]))
    whole, dot, rest = number(found, digits_of([found])).partition(".")
    return f"{int(whole.replace(MINUS, '-')):,d}".replace(",", NARROW).replace("-", MINUS) + dot + rest


def units(text: str) -> str:
    """Powers of ten as people write them, and the square metre: `96 10^9/L` as `96 × 10⁹/L`, `mg/m2` as `mg/m²`.

    >>> units("platelets 96 10^9/L"), units("mL/min/1.73m2")
    ('platelets 96 × 10⁹/L', 'mL/min/1.73m²')
    """
    return _SURFACE.sub("m²", _POWER.sub(lambda found: f"{found[1] or '× '}10{found[2].translate(_RAISED)}", text))


def dose_of(given: TreatmentGiven) -> str:
    """The dose of a drug as it is recorded, with its unit: `25 mg/m²/day`."""
    return "dose not recorded" if given.dose is None else f"{plain(given.dose)} {unit(given.unit)}".strip()


def unit(text: str) -> str:
    """A unit by itself, as an axis names it: `10^9/L` as `10⁹/L`, the microlitre with its sign.

    >>> unit("10^9/L"), unit("copies/10^6 cells"), unit("/uL")
    ('10⁹/L', 'copies/10⁶ cells', '/µL')
    """
    return _MICROLITRE.sub("µL", units(text).removeprefix("× "))


def day(value: Day | None) -> str:
    """A day in ISO form; what is not recorded says so."""
    return "not recorded" if value is None else str(value)


def in_prose(text: str, people: Container[str] = ()) -> str:
    """A sentence with its days as people say them, in tables they stay as they are: `on 2025-05-06` as `on 6 May 2025`.

    A participant's code stays as it is, though it looks like a month.

    >>> in_prose("given on 2025-05-06, begun in 2025-04; entry 2025-1"), in_prose("«on 2025-05-06»")
    ('given on 6 May 2025, begun in April 2025; entry 2025-1', '«on 2025-05-06»')
    >>> in_prose("2001-05 was given it in 2025-05", {"2001-05"})
    '2001-05 was given it in May 2025'
    """
    return each_day(text, lambda said, *parts: said if said in people else _spoken(*parts))


def each_day(text: str, write: Callable[[str, str, int, str | None], str]) -> str:
    """A sentence with each of its days, or months, written by `write`: as it stands, its year, month, and day, if it has one.

    What people wrote (in « ») and the places of records (in brackets) stay as they are.
    """

    def written(found: re.Match[str]) -> str:
        year, month, number_ = found.groups()
        return write(found[0], year, int(month), number_) if year and 1 <= int(month) <= 12 else found[0]

    return _DATED.sub(written, text)


def _spoken(year: str, month: int, number_: str | None) -> str:
    return " ".join(filter(None, (number_ and str(int(number_)), _MONTHS[month - 1], year)))


def yes_no(truth: Truth, unknown: str = "not recorded") -> str:
    """Yes, no, or that nobody recorded it: silence is never no."""
    return unknown if truth is None else "yes" if truth else "no"


def listed(items: Iterable[str], none: str = NOT_APPLICABLE) -> str:
    """A list in a cell; `–` where it is empty."""
    return ", ".join(items) or none


def named(items: Sequence[str], most: int = 5) -> str:
    """The first of a list, and how many more there are: a list cut short says so."""
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


def told(sentences: Sequence[str], most: int) -> str:
    """The first of some short sentences, and how many more there are."""
    return "; ".join(sentences[:most]) + (f"; and {len(sentences) - most} more" if len(sentences) > most else "")


def _exact(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        return None
    return exact(value)


def _fixed(value: Fraction, places: int) -> str:
    scaled = round(value * 10**places)
    digits = f"{abs(scaled):0{places + 1}d}"
    return ("-" if scaled < 0 else "") + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _whole(value: Fraction | float) -> str:
    return str(round(exact(value)))


def _magnitude(value: Fraction) -> int:
    """The power of ten of the first digit: 2 for 150, −2 for 0.04."""
    size = abs(value)
    power = len(str(size.numerator)) - len(str(size.denominator))
    return power if size >= Fraction(10) ** power else power - 1


def _decimals(value: Number) -> int:
    text = plain(value)
    return len(text.partition(".")[2])


def _root(value: Fraction) -> Fraction:
    """The square root to thirty digits."""
    scale = 10**60
    return Fraction(isqrt(value.numerator * scale // value.denominator), 10**30)
