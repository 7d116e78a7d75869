"""A fact of a study's dictionary as it is asked for: what can be, what is held until somebody confirms it, what is noted."""

from dataclasses import replace

from escalon.expressions.tree import Kind
from escalon.facts.accepted import Ends
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.ranges import with_ranges
from escalon.protocol.declared import FactDefinition


def as_item(definition: FactDefinition) -> Item:
    """A fact of the dictionary as the one reader asks for it, with the ranges of its quantity."""
    kinds = {"number": Kind.NUMBER, "integer": Kind.INTEGER, "label": Kind.LABEL}
    item = Item(
        definition.label, kinds.get(definition.kind, Kind.TRUTH), definition.low, definition.high, definition.unit,
        definition.accepts, definition.substance, definition.choices, fact=definition.name,
    )  # fmt: skip
    known = with_ranges(item)
    low, high = (
        ours if ours is not None else theirs
        for ours, theirs in zip(definition.doubtful, _widened(known.doubtful, definition.foreseen), strict=True)
    )
    return replace(known, query=_widened(known.query, definition.foreseen), doubtful=(low, high))


def _widened(ends: Ends, foreseen: Ends) -> Ends:
    """A range that takes in what a study foresees of its people."""
    (low, high), (from_, to) = ends, foreseen
    return (
        low if low is None or from_ is None else min(low, from_),
        high if high is None or to is None else max(high, to),
    )
