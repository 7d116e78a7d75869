"""What may be written in one place, what is read there, and in which words both are said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from escalon.facts.day import Day
from escalon.facts.interval import Interval
from escalon.facts.number import plain
from escalon.facts.unit import UnitError, convert, spelled

Known: TypeAlias = bool | int | Fraction | str | Interval | Day
Ends: TypeAlias = tuple[int | Fraction | None, int | Fraction | None]
NO_ENDS: Ends = (None, None)
COUNTED = {"age": "a", "anti_dsdna": "[iU]/mL", "anti_dsdna_upper_limit": "[iU]/mL"}
"""What a number without a unit counts, by its name: `45 years` says what `45` does."""
SCALE = "NRS"
"""A number someone points at is no length: it is read as one only where it is among the usual units."""


class Asked(Protocol):
    """What may be written in one place: an instrument's item, a fact of a study's dictionary, a column."""

    @property
    def kind(self) -> str:
        """`number`, `integer`, `label`, `date`; anything else is a yes or no."""

    @property
    def unit(self) -> str | None:
        """The unit a value is kept in."""

    @property
    def units(self) -> tuple[str, ...]:
        """The units in usual use, `unit` first; with two, a bare number is refused."""

    @property
    def substance(self) -> str | None:
        """What is measured, where mass and amount of substance convert."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The labels of a closed list."""

    @property
    def levels(self) -> tuple[int, ...]:
        """The whole numbers accepted, where not every one in the range is."""

    @property
    def low(self) -> int | Fraction | None:
        """The least it can be."""

    @property
    def high(self) -> int | Fraction | None:
        """The most it can be."""

    @property
    def query(self) -> Ends:
        """Outside these a value is held until it is confirmed."""

    @property
    def doubtful(self) -> Ends:
        """Outside these a value is unusual: kept and flagged."""


class ReadError(ValueError):
    """A text that cannot be read here; `code` names the kind of mistake, the sentence says what to write instead."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: the value in the place's own unit, `None` where nothing is known or a question must be answered first."""

    value: Known | None
    why: str | None = None
    """Why nothing is known: not done, not known, not applicable; `query` where it must be confirmed first."""
    flags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """What a person should know of the value, by code, with a sentence each."""
    written: Decimal | Fraction | Interval | int | None = None
    """The number or interval as written, with its digits, in `unit`."""
    unit: str | None = None
    """The unit as written."""
    text: str | None = None
    """What was written where the value is not that: `6 NRS`, `haemolysed`."""


def takes_unit(asked: Asked, unit: str, name: str = "") -> bool:
    """Whether a unit is the place's own or converts to it, or is what a number without one counts."""
    if asked.unit is None:
        counted = COUNTED.get(name.rpartition(".")[2])
        return spelled(unit) == "1" or (counted is not None and spelled(unit, counted) == counted)
    if spelled(unit) == spelled(asked.unit):
        return True
    if spelled(unit) == SCALE and SCALE not in map(spelled, asked.units):
        return False
    try:
        convert(1, unit, asked.unit, asked.substance)
        return True
    except UnitError:
        return False


def plain_amount(number: Any) -> str:
    """A number or an interval as people write it."""
    return str(number) if isinstance(number, Interval) else plain(number)


def beyond(value: int | Fraction | Interval, ends: Ends) -> bool:
    """Whether a number, or every number of an interval, lies outside."""
    low, high = ends
    if isinstance(value, Interval):
        below = low is not None and (value.high < low or (value.high_open and value.high <= low))
        return below or (high is not None and (value.low > high or (value.low_open and value.low >= high)))
    return (low is not None and value < low) or (high is not None and value > high)


def span_text(ends: Ends) -> str:
    """`20–1500`, `…–300`."""
    return "–".join("…" if end is None else plain(end) for end in ends)


def range_text(asked: Asked) -> str:
    """The accepted values as people read them: `whole number 0–28`, `yes or no`, `one of low, high`."""
    if asked.kind == "label":
        return "one of " + ", ".join(asked.choices)
    if asked.kind not in ("number", "integer"):
        return "yes or no"
    if asked.levels:
        return "one of " + ", ".join(map(str, asked.levels))
    whole = "whole number" if asked.kind == "integer" else "number"
    low, high = (None if end is None else plain(end) for end in (asked.low, asked.high))
    span = f"{low}–{high}" if low and high else f"{low} or more" if low else f"at most {high}" if high else ""
    return f"{whole} {span}".strip()
