"""An item: one thing an instrument asks, stated once: what it is, its range, its unit, its choices.

From it come the entry form, range checks, the data dictionary, the JSON schema and the `--help` of `escalon score`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from escalon.expressions.possible import EITHER, EVERYTHING, Possible
from escalon.expressions.tree import Kind
from escalon.facts import Number, exact
from escalon.facts.accepted import range_text

# The option of every instrument with such an item: what a laboratory's `< 5` counts as. A range, unless a number is chosen
# for it: the literature has all three.
BELOW_LIMIT = "below_limit"
AS_RANGE = "range"
BELOW_LIMIT_COUNTS_AS = {AS_RANGE: None, "half": Fraction(1, 2), "limit": Fraction(1), "zero": Fraction(0)}


@dataclass(frozen=True, slots=True)
class Item:
    """One input of an instrument, in its canonical unit.

    Any unit that converts to `unit` is read; `accepts` lists further ones in usual use, and with any there a bare number is
    refused, because a unit mix-up is a wrong score. Outside the range `doubtful` a value is scored and flagged DOUBTFUL;
    outside `query` it is kept, flagged QUERY and not scored until confirmed. `fact` is the name it has in the data dictionary
    when several instruments share it; otherwise that is `<instrument>.<item>`.
    """

    about: str
    kind: Kind = Kind.NUMBER
    low: int | Fraction | None = None
    high: int | Fraction | None = None
    unit: str | None = None
    accepts: tuple[str, ...] = ()
    substance: str | None = None
    choices: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    """The whole numbers accepted, where not every one between `low` and `high` is."""
    also: tuple[str, ...] = ()
    fact: str | None = None
    doubtful: tuple[int | Fraction | None, int | Fraction | None] = (None, None)
    query: tuple[int | Fraction | None, int | Fraction | None] = (None, None)
    below_limit: bool = False
    """Whether the option `below_limit` may put a number in the place of a laboratory's `< 5`; otherwise that is a range."""
    missing_when: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    """Facts or scores of the same visit it may be taken from, in order, where its own name is not recorded."""
    baseline_of: str | None = None
    """The item (or score) of which this is the value at baseline: taken from the visits, typed only where none is recorded."""
    source_of: str | None = None
    """The item whose source this names: which form of a score it was taken from."""
    instead_of: tuple[str, ...] = ()
    """The items in whose place this one is recorded where they are not, such as a count of joints."""
    ever: tuple[str, ...] = ()
    """A part of the score and the results of it of which one at any earlier visit makes this yes: «ever graded A, B or C»."""
    needed: bool = True
    """Whether a missing value makes the score missing; a helper that another item may stand in for is not needed."""

    @property
    def needs_unit(self) -> bool:
        """Whether a bare number is refused."""
        return bool(self.accepts)

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit that may be written, the canonical one first."""
        return (self.unit, *self.accepts) if self.unit else self.accepts

    def range_text(self) -> str:
        """The accepted values as people read them: `0–28`, `yes or no`, `one of low, high`."""
        return range_text(self)

    def possible(self) -> Possible:
        """What the item may be when it is missing."""
        if self.kind is Kind.TRUTH:
            return EITHER
        if self.kind is Kind.LABEL:
            return frozenset(self.choices)
        return EVERYTHING.within(self.low, self.high)


def number(
    about: str,
    low: Number | str | None = None,
    high: Number | str | None = None,
    unit: str | None = None,
    *,
    accepts: Iterable[str] = (),
    **more: Any,
) -> Item:
    """A measured number in a unit."""
    return Item(about, Kind.NUMBER, _limit(low), _limit(high), unit, tuple(accepts), **_tidy(more))


def integer(about: str, low: int | None = None, high: int | None = None, **more: Any) -> Item:
    """A whole number: a count, a level, an item response."""
    return Item(about, Kind.INTEGER, _limit(low), _limit(high), **_tidy(more))


def level(about: str, *levels: int, **more: Any) -> Item:
    """One of several whole numbers, such as the activity levels that a domain has."""
    return Item(about, Kind.INTEGER, _limit(min(levels)), _limit(max(levels)), levels=levels, **_tidy(more))


def truth(about: str, **more: Any) -> Item:
    """A finding that is present, absent or not assessed."""
    return Item(about, Kind.TRUTH, **_tidy(more))


def choice(about: str, *choices: str, **more: Any) -> Item:
    """One of several labels."""
    return Item(about, Kind.LABEL, choices=choices, **_tidy(more))


def named(item: Item, about: str, **more: Any) -> Item:
    """The same kind of item under another description."""
    return replace(item, about=about, **_tidy(more))


def at_baseline(name: str, item: Item) -> Item:
    """The item of that name as it was at baseline: taken from the visits, and typed only where none is recorded."""
    also, missing_when = (tuple(f"{other}_baseline" for other in some) for some in (item.also, item.missing_when))
    return replace(
        item,
        about=f"{item.about}, at baseline",
        also=also,
        missing_when=missing_when,
        fact=None,
        of=(),
        baseline_of=name,
    )


def _limit(end: Number | str | None) -> int | Fraction | None:
    """The exact end of a range; a whole one as an int, which compares far quicker."""
    if end is None:
        return None
    limit = exact(Decimal(end) if isinstance(end, str) else end)
    return int(limit) if limit.denominator == 1 else limit


def _tidy(more: dict[str, Any]) -> dict[str, Any]:
    tidy = dict(more)
    for name in {"doubtful", "query"} & set(more):
        tidy[name] = tuple(_limit(end) for end in more[name])
    for name in {"also", "of"} & set(more):
        tidy[name] = (more[name],) if isinstance(more[name], str) else tuple(more[name])
    return tidy
