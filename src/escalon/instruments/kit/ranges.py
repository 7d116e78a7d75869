"""What a measured quantity can be, what must be confirmed, and what is unusual: declared once, by its name in data.

Outside `possible` a value is refused; outside `confirm` it is kept and not used until somebody confirms it; outside
`unusual` it is used and flagged. An instrument's item may say its own range; what it leaves out is the quantity's. Each
range stands in the unit beside it and is carried over exactly into any other.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from escalon.expressions.tree import Kind
from escalon.facts import UnitError, convert
from escalon.instruments.kit.item import Item

Ends = tuple[Fraction | None, Fraction | None]

OURS = (
    "a plausibility limit set here, not a published one: it stops a slip of the finger or a wrong unit and is no reference "
    "range, so it is wide; nothing inside it is said to be normal, and what is outside `confirm` counts once confirmed"
)
_TABLE = Path(__file__).with_name("ranges.txt").read_text(encoding="utf-8")

# The quantity that another name of a test, of its limit or of an earlier value of it stands for.
_ALSO = {
    "hemoglobin": "haemoglobin",
    "white_cells": "wbc",
    "anc": "neutrophils",
    "lowest_anc": "neutrophils",
    "bilirubin": "total_bilirubin",
    "egfr": "gfr",
    "rf": "rheumatoid_factor",
    "urine_protein": "urine_protein_24h",
    "protein_24h": "urine_protein_24h",
}
_OF_THE_SAME = re.compile(r"^(previous_)?(?P<name>.+?)(_upper_limit|_lower_limit|_upper|_lower|_baseline)?$")


@dataclass(frozen=True, slots=True)
class Range:
    """The three ranges of a quantity in its unit, and where they come from."""

    unit: str
    possible: Ends
    confirm: Ends
    unusual: Ends
    source: str = OURS


def _ends(text: str) -> Ends:
    low, _, high = text.partition(":")
    return (Fraction(low) if low else None, Fraction(high) if high else None)


def _ranges() -> dict[str, tuple[Range, ...]]:
    found: dict[str, tuple[Range, ...]] = {}
    for line in _TABLE.splitlines()[1:]:
        name, unit, possible, confirm, unusual = line.split()
        found[name] = (*found.get(name, ()), Range(unit, _ends(possible), _ends(confirm), _ends(unusual)))
    return found


RANGES: Mapping[str, tuple[Range, ...]] = MappingProxyType(_ranges())


def ranges_of(name: str) -> tuple[Range, ...]:
    """The ranges of a quantity by its name in data (`creatinine`), one for each system of units that does not convert.

    `acr70.crp_upper_limit` and `previous_creatinine` have those of the quantity itself. Empty for what has none, such as a score.
    """
    match = _OF_THE_SAME.match(name.rpartition(".")[2])
    for known in (name, match["name"] if match else name):
        if found := RANGES.get(_ALSO.get(known, known)):
            return found
    return ()


def with_ranges(item: Item, name: str = "") -> Item:
    """An item (of that name in its instrument) with what its quantity says of its range wherever it says nothing itself."""
    if item.kind not in (Kind.NUMBER, Kind.INTEGER):
        return item
    for known in ranges_of(item.fact or (name if item.high is None else "")):
        with suppress(UnitError):
            return _filled(item, known)
    return item


def _filled(item: Item, known: Range) -> Item:
    low, high = _in_unit(known.possible, known, item)
    return replace(
        item,
        low=low if item.low is None else item.low,
        high=high if item.high is None else item.high,
        query=_in_unit(known.confirm, known, item) if item.query == (None, None) else item.query,
        doubtful=_in_unit(known.unusual, known, item) if item.doubtful == (None, None) else item.doubtful,
    )


def _in_unit(ends: Ends, known: Range, item: Item) -> tuple[int | Fraction | None, int | Fraction | None]:
    def carried(end: Fraction | None) -> int | Fraction | None:
        if end is None:
            return None
        value = Fraction(Decimal(f"{float(convert(end, known.unit, item.unit or known.unit, item.substance)):.3g}"))
        return int(value) if value.denominator == 1 else value

    return carried(ends[0]), carried(ends[1])
