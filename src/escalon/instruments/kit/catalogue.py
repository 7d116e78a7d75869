"""Every instrument there is, found by walking the package: nothing is registered in a second place."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import escalon.instruments
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.meaning import did_you_mean


class UnknownInstrument(ValueError):
    """A name no instrument has; suggests the nearest."""


@cache
def catalogue() -> Mapping[str, Instrument]:
    """All instruments by name, in the order of their files."""
    found: dict[str, Instrument] = {}
    for module in pkgutil.walk_packages(escalon.instruments.__path__, "escalon.instruments."):
        if ".kit" in module.name or module.ispkg:
            continue
        for thing in vars(importlib.import_module(module.name)).values():
            if isinstance(thing, Instrument) and thing.rule.__module__ == module.name:
                found[thing.name] = thing
    return found


@cache
def _in_its_file(key: str) -> Instrument | None:
    """The instrument whose function has this name: the one file it stands in is loaded, not the package."""
    root = Path(escalon.instruments.__path__[0])
    for file in sorted(root.rglob("*.py")) if key.isidentifier() else ():
        if f"\ndef {key}(" in file.read_text(encoding="utf-8"):
            place = ".".join(file.relative_to(root).with_suffix("").parts)
            found = vars(importlib.import_module(f"escalon.instruments.{place}")).get(key)
            return found if isinstance(found, Instrument) else None
    return None


def find(name: str) -> Instrument:
    """The instrument of a name (`das28_esr`; `DAS28-ESR` does too). Raises UnknownInstrument."""
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    alone = _in_its_file(key)
    if alone is not None:
        return alone
    key = next((found.name for found in catalogue().values() if key in found.also), key)
    if key not in catalogue():
        said = {
            one.name: f"{one.title} {' '.join(one.also)} {one.about.splitlines()[0]}" for one in catalogue().values()
        }
        hint = did_you_mean(name, said) or " `escalon score` lists them."
        raise UnknownInstrument(f"there is no instrument {name!r}.{hint}")
    return catalogue()[key]


def family(instrument: Instrument) -> str:
    """The part of the package an instrument stands in: activity, classification, safety, general, product."""
    return instrument.rule.__module__.split(".")[2]
