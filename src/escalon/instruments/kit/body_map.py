"""Figures of the body as data beside the instruments: which places they have, what is asked at each, and in whose words.

A figure is a TOML file in `instruments/figures` and the picture it names, an SVG of ours without any script. A layer says
which items stand at its places (`tender_{place}`), so that a new figure needs no code; a test demands every item once.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from escalon.instruments.kit.instrument import Instrument

FOLDER = files("escalon.instruments") / "figures"
LINES = "lines.toml"


@dataclass(frozen=True, slots=True)
class BodyPlace:
    """A place of the body: its centre in the picture and its name in words."""

    name: str
    at: tuple[float, float]
    says: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing asked at every place: whether it is tender, how thick the skin is.

    `of` names the item at a place; `counts` is the number that stands where single places are not recorded, and `recorded`
    the instrument whose items they are then. Without `values` it is a yes or no.
    """

    id: str
    title: str
    of: str
    absent: str
    mark: str = ""
    values: tuple[int, ...] = ()
    says: tuple[str, ...] = ()
    counts: str = ""
    recorded: str = ""

    def item(self, place: str) -> str:
        """The item at a place."""
        return self.of.format(place=place)


@dataclass(frozen=True, slots=True)
class BodyMap:
    """A picture with its places and layers; `radius` is that of a mark where the picture has no shape of its own there."""

    name: str
    title: str
    picture: str
    note: str
    radius: float
    places: tuple[BodyPlace, ...]
    layers: tuple[Layer, ...]

    @property
    def svg(self) -> str:
        """The picture."""
        return (FOLDER / self.picture).read_text(encoding="utf-8")

    def of(self, instrument: Instrument) -> tuple[Layer, ...]:
        """The layers whose items the instrument has, all of them."""
        return tuple(
            layer for layer in self.layers if all(layer.item(place.name) in instrument.items for place in self.places)
        )


@dataclass(frozen=True, slots=True)
class VisualLine:
    """What stands at a line of 100 mm: the question in the participant's words, and the words at its ends."""

    asks: str
    low: str
    high: str
    who: str


@cache
def figures() -> tuple[BodyMap, ...]:
    """Every figure, in the order of their files."""
    names = sorted(one.name for one in FOLDER.iterdir() if one.name.endswith(".toml") and one.name != LINES)
    return tuple(_figure(name.removesuffix(".toml"), _read(name)) for name in names)


@cache
def lines() -> Mapping[str, VisualLine]:
    """The wording of lines, by the name of the fact."""
    return {name: VisualLine(**said) for name, said in _read(LINES).items()}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _figure(name: str, told: dict[str, Any]) -> BodyMap:
    places = tuple(BodyPlace(key, (x, y), says) for key, (x, y, says) in told["place"].items())
    layers = tuple(_layer(layer) for layer in told["layer"])
    return BodyMap(name, told["title"], told["picture"], told["note"], told["radius"], places, layers)


def _layer(told: dict[str, Any]) -> Layer:
    known: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in told.items()}
    return Layer(**known)
