"""Random visits for any instrument, drawn from what its items say they accept."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from escalon.expressions.tree import Kind
from escalon.facts import Finding
from escalon.instruments import assess
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item

FAR = 300
"""Where an item has no upper end."""


def values(item: Item) -> st.SearchStrategy[Any]:
    """Every value an item accepts, in its canonical unit; numbers in tenths, often on a whole number."""
    if item.kind is Kind.TRUTH:
        return st.booleans()
    if item.kind is Kind.LABEL:
        return st.sampled_from(item.choices)
    if item.levels:
        return st.sampled_from(item.levels)
    low, high = item.query
    low = max(end for end in (item.low, low, Fraction(0)) if end is not None) if item.low is None else item.low
    high = item.high if item.high is not None else high if high is not None else Fraction(FAR)
    if item.kind is Kind.INTEGER:
        return st.integers(int(low), int(high))
    tenths = st.integers(-int(-low * 10), int(high * 10)).map(lambda n: Fraction(n, 10))
    whole = st.integers(-int(-low), int(high)).map(Fraction)
    return whole | tenths


def visits(instrument: Instrument, missing: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """A visit of an instrument; needed items may be missing, helpers are left out as often as not."""
    nothing: st.SearchStrategy[Any] = st.none()

    def drawn(item: Item) -> st.SearchStrategy[Any]:
        if item.needed and not missing:
            return values(item)
        return values(item) | nothing if item.needed else nothing | values(item)

    return st.fixed_dictionaries({name: drawn(item) for name, item in instrument.items.items()})


def recorded(instrument: Instrument, visit: Mapping[str, Any]) -> dict[str, Any]:
    """The visit as somebody would record it: with a unit where one is asked for."""
    items = instrument.items
    return {
        name: (value, items[name].unit) if value is not None and items[name].needs_unit else value
        for name, value in visit.items()
    }


def assessed(instrument: Instrument, visit: Mapping[str, Any], **options: Any) -> Finding:
    """The finding of a visit in canonical units."""
    return assess(instrument.name, **recorded(instrument, visit), **options)


def counts(item: Item, value: Any) -> bool:
    """Whether a value is used as it stands: outside the item's range it waits for somebody to confirm it."""
    low, high = item.query
    return value is None or ((low is None or value >= low) and (high is None or value <= high))


def within(value: Any, bounds: tuple[Any, ...] | None) -> bool:
    """Whether a value lies between bounds, or is one of the labels still possible."""
    if bounds is None:
        return True
    if isinstance(value, bool | str):
        return value in bounds
    low, high = bounds
    slack = Fraction(1, 10**9) if isinstance(value, float) else 0
    return (low is None or value >= low - slack) and (high is None or value <= high + slack)
