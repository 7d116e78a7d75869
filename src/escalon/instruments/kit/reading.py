"""Reading one item's value as it was written or recorded: kind, unit and range checked, nothing guessed."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from escalon.expressions.tree import Kind
from escalon.facts import Fact, Interval, UnitError, Value, convert, exact, plain, read_number, spelled
from escalon.instruments.kit.item import BELOW_LIMIT_COUNTS_AS, Item

_AMOUNT = re.compile(r"\s*(?P<below>[<≤]?)\s*(?P<number>[-+−]?[\d.,_]+(?:[eE][-+]?\d+)?)\s*(?P<unit>.*?)\s*")
_RATIO = re.compile(r"\s*(?P<over>\d+)/(?P<under>\d+)\s*(?P<unit>.*?)\s*")  # an exact score handed on, such as 20/3
_NOT_KNOWN = frozenset(
    [
        "",
        "nd",
        "na",
        "n/a",
        "?",
        "none",
        "missing",
        "unknown",
        "not known",
        "not done",
        "not_done",
        "not assessed",
        "not_assessed",
        "not_recorded",
        "not evaluable",
        "not_evaluable",
        "not examined",
        "not_assessable",
    ]
)
_YES = frozenset({"yes", "y", "true", "present", "positive", "pos", "+", "1"})
_NO = frozenset({"no", "n", "false", "absent", "negative", "neg", "-", "–", "−", "0"})
_NOT_ATTRIBUTABLE = frozenset({"not_attributable", "not attributable", "present_not_attributable"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as read: its value in the canonical unit (`None`: not known), and flags with a sentence each."""

    value: Any
    fact: Fact
    flags: Mapping[str, str]
    recorded: str | None = None
    """The reading as it was recorded, where a conversion changed it: `6 NRS`."""


class ItemError(ValueError):
    """A value that an item does not accept; `code` names the kind of mistake."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def read(name: str, item: Item, raw: Any, below_limit: str = "half") -> Entry:
    """Read a raw value for an item: a number, text such as `7 mg/L`, `(7, "mg/L")`, a Fact, or None.

    A value below a limit counts as half of it, as the limit or as zero.

    Raises ItemError with what is accepted. A present finding marked as not attributable counts as absent, and is flagged.
    """
    if raw is None:
        return _nothing(name)
    fact = raw if isinstance(raw, Fact) else None
    value, unit = _parts(raw)
    if isinstance(value, str) and value.strip().lower() in _NOT_KNOWN - set(item.choices):
        value = None
    if value is None:
        return Entry(None, fact or Fact(name, None), {})
    if item.kind is Kind.TRUTH:
        result, flags = _read_truth(name, value)
    elif item.kind is Kind.LABEL:
        result, flags = _read_choice(name, item, value)
    else:
        return _read_amount(name, item, value, unit, fact, below_limit)
    return Entry(result, fact or Fact(name, result), flags)


@lru_cache(maxsize=4096)
def _nothing(name: str) -> Entry:
    """An item for which nothing is recorded; one instrument may have a hundred of them."""
    return Entry(None, Fact(name, None), MappingProxyType({}))


def _parts(raw: Any) -> tuple[Any, str | None]:
    match raw:
        case Fact():
            return raw.value, raw.unit
        case (value, str() as unit):
            return value, unit
        case {"value": value, **rest}:
            stated = rest.get("unit")
            return value, None if stated is None else str(stated)
        case {"present": present, **rest}:
            excused = present and rest.get("attributable") is False
            return ("not_attributable" if excused else present), None
        case float() if raw != raw:  # a NaN is a missing value, whatever made it
            return None, None
        case _:
            return raw, None


def _read_truth(name: str, value: Any) -> tuple[Any, dict[str, str]]:
    if isinstance(value, bool):
        return value, {}
    word = plain(value).strip().lower()
    if word in _NOT_ATTRIBUTABLE:
        return False, {
            "NOT_ATTRIBUTABLE": f"{name} is present but not attributable to the disease, so it does not count"
        }
    if word in _YES:
        return True, {}
    if word in _NO:
        return False, {}
    raise ItemError(
        "NOT_A_TRUTH", f"{name} is {value!r}. Write yes or no (present, absent), not_attributable or not_assessed"
    )


def _read_choice(name: str, item: Item, value: Any) -> tuple[Any, dict[str, str]]:
    word = str(value).strip().lower()
    for option in item.choices:
        if word == option.lower():
            return option, {}
    raise ItemError("NOT_A_CHOICE", f"{name} is {value!r}. Write one of: {', '.join(item.choices)}")


def _read_amount(name: str, item: Item, value: Any, unit: str | None, fact: Fact | None, below_limit: str) -> Entry:
    below = False
    if isinstance(value, str):
        value, written, below = _written(name, item, value)
        unit = written or unit
    if isinstance(value, Interval):
        return _read_interval(name, item, value, unit, fact)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction) or not _is_finite(value):
        raise ItemError("NOT_A_NUMBER", f"{name} is {value!r}. Write a {item.range_text()}{_in_units(item)}")
    flags = {}
    kept = fact or Fact(name, value, unit=unit or item.unit)
    recorded = _as_recorded(item, value, unit, below)
    if below:
        said = {"half": "half of that limit is used", "limit": "the limit is used", "zero": "0 is used"}
        flags[f"{name.upper()}_BELOW_LLOQ"] = f"{name} is below {plain(value)}: {said[below_limit]}"
        value = exact(value) * BELOW_LIMIT_COUNTS_AS[below_limit]
    result, more = _ranged(name, item, _in_canonical_unit(name, item, value, unit))
    return Entry(result, kept, flags | more, recorded)


def _read_interval(name: str, item: Item, value: Interval, unit: str | None, fact: Fact | None) -> Entry:
    """An interval in the item's unit, as far as the item can be that: `<0.1` of what is never below 0 is also at least 0."""
    canonical = value.mapped(lambda end: exact(_in_canonical_unit(name, item, end, unit)))
    try:
        possible = item.narrowed(canonical)
    except ValueError:
        spoken = f" {item.unit}" if item.unit else ""
        sentence = f"{name} is {canonical}{spoken}. Accepted: {item.range_text()}{spoken}"
        raise ItemError("OUT_OF_RANGE", sentence) from None
    low, high = value.ends
    flags = {}
    if low is None and high is not None:
        flags[f"{name.upper()}_BELOW_LLOQ"] = f"{name} is {value}: below what was measured"
    elif high is None and low is not None:
        flags[f"{name.upper()}_ABOVE_ULOQ"] = f"{name} is {value}: above what was measured"
    result, more = _questioned(name, item, possible)
    kept = fact or Fact(name, value, unit=unit or item.unit)
    return Entry(result, kept, flags | more, f"{value} {unit or item.unit or ''}".strip())


def _is_finite(value: Value) -> bool:
    return math.isfinite(value) if isinstance(value, float | Decimal) else True


def _as_recorded(item: Item, value: Value, unit: str | None, below: bool) -> str | None:
    """The reading before anything was done to it; None if nothing was."""
    converted = unit is not None and spelled(unit) != spelled(item.unit)
    if not (below or converted):
        return None
    return f"{'< ' if below else ''}{plain(value)} {unit or item.unit or ''}".strip()


def _written(name: str, item: Item, text: str) -> tuple[Value, str | None, bool]:
    ratio = _RATIO.fullmatch(text)
    if ratio and int(ratio["under"]):
        return Fraction(int(ratio["over"]), int(ratio["under"])), ratio["unit"] or None, False
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise ItemError("NOT_A_NUMBER", f"{name} is {text!r}. Write a {item.range_text()}{_in_units(item)}")
    try:
        value: Value = read_number(found["number"].replace("−", "-"))
    except ValueError as error:
        raise ItemError("NOT_A_NUMBER", f"{name}: {error}") from None
    if found["below"] and not item.below_limit:
        raise ItemError("BELOW_LIMIT", f"{name} is {text!r}: a value below a limit cannot be scored here")
    return value, found["unit"] or None, bool(found["below"])


def _in_canonical_unit(name: str, item: Item, value: Any, unit: str | None) -> Any:
    if unit is None:
        if item.needs_unit:
            options = " or ".join(f"{name}='{plain(value)} {option}'" for option in item.units)
            raise ItemError("UNIT_MISSING", f"{name} {plain(value)} has no unit. Write {options}")
        return value
    if item.unit is None:
        if spelled(unit) != "1":
            raise ItemError("WRONG_UNIT", f"{name} has no unit, but {unit!r} was given. Write {name}={plain(value)}")
        return value
    if spelled(unit) not in {spelled(accepted) for accepted in item.units}:
        raise ItemError("WRONG_UNIT", f"{name} is in {unit!r}. Accepted: {', '.join(item.units)}")
    if spelled(unit) == spelled(item.unit):
        return value
    try:
        return convert(value, unit, item.unit, item.substance)
    except UnitError as error:
        raise ItemError("WRONG_UNIT", f"{name}: {error}. Accepted: {', '.join(item.units)}") from None


def _ranged(name: str, item: Item, value: Any) -> tuple[Any, dict[str, str]]:
    """The value within its range, None when it needs confirming first, and its flags."""
    whole = value if value.__class__ is int else exact(value)
    outside = _beyond(whole, (item.low, item.high)) or (bool(item.levels) and whole not in item.levels)
    unit = f" {item.unit}" if item.unit else ""
    if outside or (item.kind is Kind.INTEGER and whole.denominator != 1):
        raise ItemError("OUT_OF_RANGE", f"{name} is {plain(value)}{unit}. Accepted: {item.range_text()}{unit}")
    return _questioned(name, item, int(whole) if whole.denominator == 1 else whole)


def _questioned(name: str, item: Item, value: Any) -> tuple[Any, dict[str, str]]:
    """The value, None where it must be confirmed first, and the flag that asks about it."""
    unit = f" {item.unit}" if item.unit else ""
    if _beyond(value, item.query):
        confirm = "not scored until the value and its unit are confirmed"
        return None, {"QUERY": f"{_outside(name, value, unit)} {_span(item.query)}{unit}: {confirm}"}
    if _beyond(value, item.doubtful):
        return value, {
            "DOUBTFUL": f"{_outside(name, value, unit)} the usual {_span(item.doubtful)}{unit}: check the value and its unit"
        }
    return value, {}


def _outside(name: str, value: Any, unit: str) -> str:
    return f"{name} {plain(value)}{unit} is outside"


def _beyond(value: int | Fraction | Interval, ends: tuple[int | Fraction | None, int | Fraction | None]) -> bool:
    """Whether a number, or every number in an interval, lies outside."""
    least, most = (value.low, value.high) if isinstance(value, Interval) else (value, value)
    low, high = ends
    return (low is not None and most < low) or (high is not None and least > high)


def _span(ends: tuple[int | Fraction | None, int | Fraction | None]) -> str:
    return "–".join("…" if end is None else plain(end) for end in ends)


def _in_units(item: Item) -> str:
    return f" in {' or '.join(item.units)}" if item.units else ""
