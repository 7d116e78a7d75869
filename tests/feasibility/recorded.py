"""The facts of people as rows of the relations, in the study's units."""

import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from escalon.criteria.situation import Meaning
from escalon.facts import Day, Fact, Facts, Finding, Interval, UnitError, convert, plain, spelled
from escalon.feasibility.steps import FIRST, LAST
from escalon.feasibility.treatments import DOSE, dose_unit

Row = tuple[Any, ...]


def rows(
    people: Mapping[Any, Facts], number: Callable[[str], int | None], meanings: Mapping[str, Meaning], by: Day
) -> Iterator[Row]:
    """A row for each fact whose name has a number, and which may be of the day asked about or earlier."""
    for person, facts in people.items():
        for k, fact in enumerate(facts):
            n = number(fact.name)
            if n is not None and (fact.day is None or fact.day.is_by(by) is not False):
                yield (person, n, *_row(fact, meanings.get(fact.name)), k)


def _row(fact: Fact, meaning: Meaning | None) -> Row:
    dated = fact.day is not None
    until = (fact.until.earliest, fact.until.latest) if fact.until else (None, None)
    times, unit = dose_unit(fact.unit)
    ends = _ends(_number(fact), fact, meaning, times)
    return (
        fact.value is not None, *ends,
        _amount(fact.upper, fact, meaning, Fraction(1)), _amount(fact.lower, fact, meaning, Fraction(1)),
        fact.value if isinstance(fact.value, bool) else None,
        None if fact.value is None else plain(fact.value).lower(),
        dated, fact.day.earliest if fact.day else FIRST, fact.day.latest if fact.day else LAST,
        *until, fact.ongoing, fact.end_unknown, unit,
    )  # fmt: skip


def _number(fact: Fact) -> Any:
    """The number of a fact; of a score that is open, between what it lies."""
    behind = fact.behind
    if fact.value is None and isinstance(behind, Finding) and behind.name == fact.name:
        return behind.span
    return None if fact.question else fact.value


def _ends(value: Any, fact: Fact, meaning: Meaning | None, times: Fraction) -> Row:
    if isinstance(value, Interval):
        low, high = value.ends
        return (
            -math.inf if low is None else _amount(low, fact, meaning, times), value.low_open,
            math.inf if high is None else _amount(high, fact, meaning, times), value.high_open,
        )  # fmt: skip
    number = _amount(value, fact, meaning, times)
    return number, False, number, False


def _amount(value: Any, fact: Fact, meaning: Meaning | None, times: Fraction) -> float | None:
    """A number in the unit of its name; a dose, whose name has no unit, in mg/d. None where it cannot be had so."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        return None
    if meaning is None or (meaning.unit is None and dose_unit(fact.unit)[1] == DOSE):
        return float(Fraction(value) * times)
    if spelled(meaning.unit) == spelled(fact.unit):
        return float(value)
    try:
        return float(convert(value, fact.unit or "", meaning.unit or "", meaning.substance))
    except UnitError:
        return None
