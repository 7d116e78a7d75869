"""Names that say their unit, as papers and case report forms write them: `crp_mgl`, `ptga_cm`, `scr_umol_l`.

A unit in the name is a unit: the bare number that goes with it is no longer one that could be in two.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from escalon.facts import read_number
from escalon.instruments.kit.instrument import Instrument

_WITH_ITS_OWN_UNIT = re.compile(r"\s*[<≤]?\s*[-+−]?\d[\d.]*\s*[^\d\s.,]")


class UnitTwice(ValueError):
    """A name that says its unit with a value that says one too; only one of them can be meant."""


@cache
def endings(unit: str) -> frozenset[str]:
    """How a unit is written at the end of a name: `mg/L` as `mgl`, `mg_l`, `mg_per_l`."""
    plain = re.sub(r"[^a-z0-9/%]", "", unit.lower().replace("µ", "u").replace("%", "percent"))
    return frozenset(plain.replace("/", joint).strip("_") for joint in ("", "_", "_per_")) - {""}


def split_name(instrument: Instrument, key: str) -> tuple[str, str | None]:
    """The item a name means, and the unit the name says; the name itself where it is neither."""
    if key in instrument.items or key in instrument.options:
        return key, None
    names = _by_lower_case(instrument)
    key = key.strip().lower().replace(" ", "_").replace("-", "_")
    if key in names:
        name = names[key]
        return name, _ending(key, instrument.items[name].units) if name in instrument.items and key != name else None
    for known in sorted(names, key=len, reverse=True):
        if key.startswith(f"{known}_") and names[known] in instrument.items:
            name = names[known]
            unit = next((one for one in instrument.items[name].units if key[len(known) + 1 :] in endings(one)), None)
            if unit is not None:
                return name, unit
    return key, None


@cache
def _by_lower_case(instrument: Instrument) -> Mapping[str, str]:
    """Every name an item or an option goes by, without regard to case."""
    own = {name.lower(): name for name in (*instrument.options, *instrument.items)}
    return {other.lower(): name for other, name in instrument.aliases.items()} | own


def _ending(key: str, units: tuple[str, ...]) -> str | None:
    return next((unit for unit in units if any(key.endswith(f"_{end}") for end in endings(unit))), None)


def with_unit(key: str, value: Any, unit: str | None) -> Any:
    """A value with the unit its name says. Raises UnitTwice where the value says one of its own."""
    if unit is None:
        return value
    if isinstance(value, int | float | Decimal | Fraction) and not isinstance(value, bool):
        return (value, unit)
    if isinstance(value, str) and _WITH_ITS_OWN_UNIT.match(value):
        raise UnitTwice(f"{key} says its unit, {unit}. Write the number alone: {key}={value.split()[0]}")
    if isinstance(value, str):
        try:
            return (read_number(value), unit)
        except ValueError:
            return value  # a word such as ND, or something the item will refuse by name
    return value
