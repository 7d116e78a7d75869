"""One item's value as it was written or recorded, through the one reader; what becomes of a value below a limit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
from types import MappingProxyType
from typing import Any

from escalon.facts import Fact, Interval, ReadError, Reading, exact, plain, read_decimal, read_truth, read_value
from escalon.instruments.kit.item import AS_RANGE, BELOW_LIMIT_COUNTS_AS, Item

RECORDED_ANSWER = "(confirmed: yes)"
"""Where a question about a recorded value is answered: beside the value, by the name of the column."""
ItemError = ReadError
"""A value that an item does not accept; `code` names the kind of mistake."""


@dataclass(frozen=True, slots=True)
class ItemEntry:
    """One item as read: its value in the canonical unit (`None`: not known), and flags with a sentence each."""

    value: Any
    fact: Fact
    flags: Mapping[str, str]
    recorded: str | None = None
    """The reading as it was recorded, where a conversion changed it: `6 NRS`."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A value that an instrument made of what was written, with flags a person should see."""

    value: Any
    flags: Mapping[str, str]


def read(name: str, item: Item, raw: Any, below_limit: str = AS_RANGE, confirmed: bool = False) -> ItemEntry:
    """Read a raw value for an item: a number, text such as `7 mg/L`, `(7, "mg/L")`, a Fact, or None.

    A value below a limit is a range; the option `below_limit` may count it as half of it, as the limit or as zero.

    Raises ItemError with what is accepted. A present finding marked as not attributable counts as absent, and is flagged.
    """
    if raw is None:
        return _nothing(name)
    if isinstance(raw, Noted):
        entry = read(name, item, raw.value, below_limit, confirmed)
        return replace(entry, flags={**entry.flags, **raw.flags})
    value, unit = _parts(name, raw)
    confirmed = confirmed or (isinstance(raw, Fact) and raw.confirmed)
    found = read_value(item, value, unit, name=name, confirmed=confirmed)
    if item.below_limit and below_limit != AS_RANGE and isinstance(found.written, Interval):
        found = _with_number(name, item, found, below_limit, confirmed)
    if isinstance(raw, Fact) and "QUERY" in found.flags:
        asked = found.flags["QUERY"].replace(f"(confirm={name})", RECORDED_ANSWER)
        found = replace(found, flags={**found.flags, "QUERY": asked})
    fact = raw if isinstance(raw, Fact) else _fact(name, item, found)
    return ItemEntry(found.value, fact, found.flags, found.text if found.value is not None else None)


@lru_cache(maxsize=4096)
def _nothing(name: str) -> ItemEntry:
    """An item for which nothing is recorded; one instrument may have a hundred of them."""
    return ItemEntry(None, Fact(name, None), MappingProxyType({}))


def _fact(name: str, item: Item, found: Reading) -> Fact:
    if found.written is not None:
        return Fact(name, found.written, unit=found.unit or item.unit)
    return Fact(name, found.value if isinstance(found.value, bool | str) else None)


def _with_number(name: str, item: Item, found: Reading, below_limit: str, confirmed: bool) -> Reading:
    """The reading with a number in the place of what is below a limit, as the option says, visibly."""
    assert isinstance(found.written, Interval)
    low, limit = found.written.ends
    share = BELOW_LIMIT_COUNTS_AS[below_limit]
    if low is not None or limit is None or share is None:
        return found
    counted = read_value(item, limit * share, found.unit, name=name, confirmed=confirmed)
    said = {"half": "half of that limit is used", "limit": "the limit is used", "zero": "0 is used"}[below_limit]
    flags = dict(counted.flags) | {f"{name.upper()}_BELOW_LLOQ": f"{name} is below {plain(limit)}: {said}"}
    return replace(counted, flags=flags, written=found.written, unit=found.unit, text=found.text)


def _parts(name: str, raw: Any) -> tuple[Any, str | None]:
    match raw:
        case Fact():
            return raw.value, raw.unit
        case (value, str() as unit):
            return value, unit
        case Mapping():
            return _of_object(name, raw)
        case _:
            return raw, None


def _of_object(name: str, raw: Mapping[str, Any]) -> tuple[Any, str | None]:
    """`{"value": 7, "unit": "mg/L"}`, an interval as one is shown (`{"low": 1, "high": 5}`), or `{"present": true, …}`."""
    forms = ({"value"}, {"unit"}), ({"low", "high"}, {"low_open", "high_open", "unit"}), ({"present"}, {"attributable"})
    if not any(needed & raw.keys() and raw.keys() <= needed | more for needed, more in forms):
        raise ItemError(
            "NOT_A_VALUE", f'{name} is {dict(raw)!r}. Write {{"value": …, "unit": "…"}}, or the value alone'
        )
    stated = raw.get("unit")
    unit = None if stated is None else str(stated)
    if "present" in raw:
        present, attributable = read_truth(raw["present"]), read_truth(raw.get("attributable"))
        return ("not_attributable" if present and attributable is False else present), None
    if "value" in raw:
        return raw["value"], unit
    low, high = (
        none if raw.get(end) is None else exact(read_decimal(raw[end])) for end, none in (("low", -inf), ("high", inf))
    )
    opened = (bool(read_truth(raw.get(f"{end}_open"))) for end in ("low", "high"))
    try:
        return Interval(low, high, *opened) if (low, high) != (-inf, inf) else None, unit
    except ValueError as error:
        raise ItemError("NOT_A_NUMBER", f"{name}: {error}") from None
