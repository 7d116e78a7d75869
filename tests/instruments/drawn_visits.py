"""Visits of any instrument at random, in canonical units: quiet and busy, with items missing, and often on a limit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

from escalon.expressions.tree import Kind, Literal
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item

FAR = 300
"""Where an item has no upper end."""

GOOD = {"treatment_tolerated"}
"""Findings that somebody who is well has."""


def drawn_visits(instrument: Instrument, rows: int, seed: int = 19) -> list[dict[str, Any]]:
    """So many visits, the same for a seed: each with its own share of missing items and of present findings.

    One in five is of somebody who has become well: baseline at its worst, now at its least, with a few exceptions.
    """
    rng = random.Random(f"{seed} {instrument.name}")
    return [
        _visit(instrument, rng, rng.choice((0, 0, 0.03, 0.2, 0.6)), rng.choice((0.05, 0.3, 0.8)), rng.random() < 0.2)
        for _ in range(rows)
    ]


def _visit(instrument: Instrument, rng: random.Random, missing: float, busy: float, well: bool) -> dict[str, Any]:
    limits = limits_of(instrument)
    visit: dict[str, Any] = {}
    for name, item in instrument.items.items():
        if rng.random() < (missing if item.needed else 0.5):
            visit[name] = None
        elif well and rng.random() < 0.98:
            visit[name] = _extreme(item, worst="baseline" in name or name in GOOD)
        else:
            visit[name] = value_of(item, limits, rng, busy)
    return visit


def _extreme(item: Item, worst: bool) -> Any:
    """An item at its worst or its least; the choices of an index run from the worst to the best."""
    match item.kind:
        case Kind.TRUTH:
            return worst
        case Kind.LABEL:
            return item.choices[0 if worst else -1]
    if item.levels:
        return max(item.levels) if worst else min(item.levels)
    low, high = ends(item)
    end = high if worst else low
    return int(end) if item.kind is Kind.INTEGER else end


def value_of(item: Item, limits: tuple[Fraction, ...], rng: random.Random, busy: float = 0.5) -> Any:
    """A value that an item accepts; numbers are on or beside a limit of the rule as often as not."""
    match item.kind:
        case Kind.TRUTH:
            return rng.random() < busy
        case Kind.LABEL:
            return rng.choice(item.choices)
    if item.levels:
        return rng.choice(item.levels)
    low, high = ends(item)
    if item.kind is Kind.INTEGER:
        return rng.randint(int(low), int(high)) if rng.random() < busy else int(low)
    if limits and rng.random() < 0.5:
        near = rng.choice(limits) + rng.choice((0, 0, Fraction(1, 10), Fraction(-1, 10)))
        if low <= near <= high:
            return near
    return rng.choice((low, high, *(Fraction(rng.randint(int(low * 10), int(high * 10)), 10) for _ in range(4))))


def ends(item: Item) -> tuple[Fraction, Fraction]:
    """Between what a value is accepted and scored."""
    low = max((Fraction(end) for end in (item.low, item.query[0]) if end is not None), default=Fraction(0))
    high = min(
        (Fraction(end) for end in (item.high, item.query[1]) if end is not None), default=max(low * 2, Fraction(FAR))
    )
    return low, high


@cache
def limits_of(instrument: Instrument) -> tuple[Fraction, ...]:
    """The numbers that stand in the rule, to two decimals as they could be recorded."""
    return tuple(sorted({round(number, 2) for number in _literals(instrument)}))


def _literals(instrument: Instrument) -> Iterator[Fraction]:
    for step in instrument.program().steps:
        if isinstance(step.node, Literal) and type(step.node.value) in (int, Fraction):
            yield Fraction(step.node.value)
