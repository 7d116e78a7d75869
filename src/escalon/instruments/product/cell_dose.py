"""The cell dose: viable CAR-positive cells in a volume, cells per kg, and the volume that holds a target.

A CAR-T cell is a viable, CAR-positive (CD3+) cell. `car_fraction` is CAR-positive among viable cells; when the laboratory
gated on all cells, viability is already in it and `car_gate="total"` must be said. Every factor must be known: a missing
viability is never taken for 100 %. Exact arithmetic throughout; post-thaw viability is the one to use.
"""

from typing import Annotated, Any, Literal

from escalon.facts import Finding, Number, Status, exact, plain
from escalon.instruments.general.body_surface_area import Weight
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import number

SOURCE = (
    "arithmetic; definition of the cell dose: FDA, Considerations for the Development of CAR T Cell Products (2024)"
)

LARGEST_VOLUME = 2000
"""mL: no infusion of cells is larger; a larger one is a slip in the concentration."""
SMALLEST_DOSE = 1000
"""Cells per kg: no dose of CAR-T cells is smaller (the lowest of this study is 1e5); a smaller number is a level's number."""
Volume = Annotated[float, number("volume that reaches the participant", 0, LARGEST_VOLUME, "mL", fact="infused_volume")]
CellsPerMl = Annotated[
    float, number("nucleated cells per mL after thaw", 0, "1e10", "cells/mL", also=("tnc_per_ml",), fact="tnc_per_ml")
]
Viability = Annotated[
    float, number("viable among nucleated cells, after thaw", 0, 1, "1", accepts=("%",), fact="post_thaw_viability")
]
CarFraction = Annotated[
    float, number("CAR-positive among viable CD3+ cells (or among all, see car_gate)", 0, 1, "1", accepts=("%",))
]
CellsPerKg = Annotated[float, number("dose level", SMALLEST_DOSE, "1e9", "cells/kg")]
Cells = Annotated[float, number("viable CAR-positive cells", 0, "1e12", "cells")]
Gate = Literal["viable", "total"]


@instrument("Viable CAR-positive cells in a volume", source=SOURCE, unit="cells", code="CARCELLS")
def car_positive_cells(
    volume: Volume,
    cells_per_ml: CellsPerMl,
    viability: Viability,
    car_fraction: CarFraction,
    *,
    car_gate: Gate = "viable",
) -> Any:
    """Cells that count towards the dose: volume × cells/mL × viability × CAR-positive fraction."""
    per_ml = _per_ml(cells_per_ml, viability, car_fraction, car_gate)
    parts = {"counting_cells_per_ml": per_ml, "car_gate": car_gate}
    return Outcome(volume * per_ml, parts=parts, contradictions=_gated_wrongly(viability, car_fraction, car_gate))


@instrument("Cells to give", source=SOURCE, unit="cells", code="CELLTARG")
def target_cells(level: CellsPerKg, weight: Weight) -> Any:
    """The number of cells a dose level means for a body weight."""
    return level * weight


@instrument("Cells per kg given", source=SOURCE, unit="cells/kg", code="CELLSKG")
def cells_per_kg(cells: Cells, weight: Weight) -> Any:
    """The dose that was given, per kg of body weight."""
    return cells / weight


@instrument("Volume to infuse", source=SOURCE, unit="mL", code="CELLVOL")
def volume_to_infuse(
    level: CellsPerKg,
    weight: Weight,
    cells_per_ml: CellsPerMl,
    viability: Viability,
    car_fraction: CarFraction,
    *,
    car_gate: Gate = "viable",
) -> Any:
    """The volume that must reach the participant to give a dose level; what stays in bag and line comes on top."""
    per_ml = _per_ml(cells_per_ml, viability, car_fraction, car_gate)
    empty = {"the product holds no viable CAR-positive cells: no volume gives the dose": per_ml == 0}
    parts = {"target_cells": level * weight, "counting_cells_per_ml": per_ml, "car_gate": car_gate}
    wrong = {**empty, **_gated_wrongly(viability, car_fraction, car_gate)}
    return Outcome(level * weight / per_ml, parts=parts, contradictions=wrong)


def _per_ml(cells_per_ml: Any, viability: Any, car_fraction: Any, car_gate: Gate) -> Any:
    """CAR-positive viable cells per mL; with a gate on all cells the fraction already excludes the dead ones."""
    car_positive = cells_per_ml * car_fraction
    return car_positive * viability if car_gate == "viable" else car_positive


def _gated_wrongly(viability: Any, car_fraction: Any, car_gate: Gate) -> dict[str, Any]:
    """More viable CAR-positive cells among all than viable cells among all: the gate was on the viable ones."""
    said = "more cells are viable and CAR-positive than are viable: was the gate on viable cells?"
    return {said: car_fraction > viability} if car_gate == "total" and viability is not None else {}


def infused_volume(bag: Number | None, residual: Number | None = None) -> Finding:
    """The volume in mL that reached the participant: the bag's less what stayed in bag and line, if that was recorded."""
    if bag is None:
        return Finding("infused_volume", None, Status.MISSING, unit="mL", missing=("volume",))
    volume = exact(bag) - exact(residual or 0)
    below = [number for number in (bag, residual or 0) if exact(number) < 0]
    if volume < 0 or below:
        stays = f"{plain(residual or 0)} mL cannot stay behind of a bag of {plain(bag)} mL"
        reason = f"{plain(below[0])} mL is no volume; write it without a minus" if below else stays
        return Finding("infused_volume", None, Status.INVALID, unit="mL", reasons=(reason,))
    flags = ("residual_not_recorded",) if residual is None else ()
    parts = {"bag": exact(bag), "residual": None if residual is None else exact(residual)}
    return Finding("infused_volume", volume, unit="mL", components=parts, flags=flags, rule="infused_volume/1")
