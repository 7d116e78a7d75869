"""Bands: the categories of a score, written as the paper prints them: `remission < 2.6 <= low <= 3.2 < high`."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from escalon.expressions.symbols import case
from escalon.facts import plain

_TOKEN = re.compile(r"(<=|<)")


@dataclass(frozen=True, slots=True)
class Band:
    """One category and its upper end; the last has none."""

    label: str
    upper: Fraction | None
    includes_upper: bool


def parse_bands(text: str) -> tuple[Band, ...]:
    """Read a chain `label < limit <= label <= limit < label`; raises ValueError for gaps or overlaps."""
    parts = [part.strip() for part in _TOKEN.split(text)]
    labels, signs, limits = parts[0::4], parts[1::2], [Fraction(part) for part in parts[2::4]]
    if len(parts) % 4 != 1 or len(signs) != 2 * len(limits):
        raise ValueError(f"{text!r} is not a chain of bands. Write: label < limit <= label")
    for ending, starting in zip(signs[0::2], signs[1::2], strict=True):
        if ending == starting:
            raise ValueError(
                f"{text!r}: a limit must belong to exactly one of its two bands (`<` then `<=`, or the reverse)"
            )
    if limits != sorted(set(limits)):
        raise ValueError(f"{text!r}: the limits must rise")
    ends = [*zip(limits, signs[0::2], strict=True), (None, "<")]
    return tuple(Band(label, limit, sign == "<=") for label, (limit, sign) in zip(labels, ends, strict=True))


def banded(value: Any, bands: tuple[Band, ...]) -> Any:
    """The category of a symbol, as a tree."""
    if len(bands) == 1:
        return bands[0].label
    first, rest = bands[0], bands[1:]
    below = value <= first.upper if first.includes_upper else value < first.upper
    return case(below, first.label, banded(value, rest))


def band_table(bands: tuple[Band, ...]) -> list[tuple[str, str]]:
    """Each category with its test, for documentation: `("low", "2.6 ≤ x ≤ 3.2")`."""
    rows, before = [], ""
    for band in bands:
        after = "" if band.upper is None else f" {'≤' if band.includes_upper else '<'} {plain(band.upper)}"
        rows.append((band.label, f"{before}x{after}"))
        before = "" if band.upper is None else f"{plain(band.upper)} {'<' if band.includes_upper else '≤'} "
    return rows
