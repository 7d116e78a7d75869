"""One infusion, calculated whole: what to give, what was given, and whether that is the assigned dose.

Gathers the formulas of `cell_dose` and the judgement of `dose_window`; every step is a finding that rests on the one before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from escalon.facts import Finding, Number, Status, exact, plain
from escalon.instruments.kit.assessment import assess_with
from escalon.instruments.product.cell_dose import (
    Gate,
    car_positive_cells,
    cells_per_kg,
    infused_volume,
    target_cells,
    volume_to_infuse,
)
from escalon.instruments.product.dose_window import DoseAdjustment, DoseLevel, judge_dose

RULE = "infusion/1"


@dataclass(frozen=True, slots=True)
class Bag:
    """A product as measured on the day: volumes in mL, cells per mL, fractions from 0 to 1; `None` is not known.

    `viability` is measured after thaw; `release_viability` is kept beside it and never used in its place. `cells` is a
    count of viable CAR-positive cells given, when the laboratory reports that instead of its factors.
    """

    cells_per_ml: Number | None = None
    viability: Number | None = None
    car_fraction: Number | None = None
    car_gate: Gate = "viable"
    volume: Number | None = None
    residual: Number | None = None
    release_viability: Number | None = None
    cells: Number | None = None

    def factors(self) -> dict[str, Any]:
        """The measured factors, as items of the dose formulas."""
        viability, fraction = ((number, "1") for number in (self.viability, self.car_fraction))
        return {
            "cells_per_ml": self.cells_per_ml,
            "viability": viability,
            "car_fraction": fraction,
            "car_gate": self.car_gate,
        }


@dataclass(frozen=True, slots=True)
class Infusion:
    """The findings of one infusion, in the order they are calculated."""

    weight: Finding
    target: Finding
    to_infuse: Finding
    infused: Finding
    cells: Finding
    per_kg: Finding
    verdict: Finding

    def findings(self) -> Mapping[str, Finding]:
        """Every step by name."""
        names = ("weight", "target", "to_infuse", "infused", "cells", "per_kg", "verdict")
        return {name: getattr(self, name) for name in names}

    @property
    def was_given(self) -> bool:
        """Whether a volume or a number of cells given was recorded, so that there is a dose to judge."""
        return self.infused.value is not None or self.cells.value is not None


def calculate(
    bag: Bag,
    weight: Finding,
    assigned: DoseLevel,
    levels: Sequence[DoseLevel],
    tolerance: Number,
    adjustment: DoseAdjustment | None = None,
    cap: Number | None = None,
) -> Infusion:
    """Every step from the assigned level and the weight to the verdict on what was given.

    `cap` is the study's ceiling on total cells, if it has one. Nothing missing is filled in: a step without its factors
    has no value and names what it lacks.
    """
    kilograms = weight.value
    target = _capped(assess_with(target_cells, {"level": assigned.cells_per_kg, "weight": kilograms}), cap)
    infused = infused_volume(bag.volume, bag.residual)
    cells = _cells(bag, infused)
    per_kg = _after(assess_with(cells_per_kg, {"cells": cells.value, "weight": kilograms}), cells, weight)
    return Infusion(
        weight,
        target,
        _to_infuse(bag, kilograms, assigned, tolerance, target),
        infused,
        cells,
        per_kg,
        judge_dose(per_kg, assigned, levels, tolerance, adjustment),
    )


def _to_infuse(bag: Bag, kilograms: Any, assigned: DoseLevel, tolerance: Number, target: Finding) -> Finding:
    """The volume for the target, the volumes at both ends of the window, and what to load if some stays behind."""
    items = {"level": assigned.cells_per_kg, "weight": kilograms, **bag.factors()}
    found = assess_with(volume_to_infuse, items)
    if found.status is not Status.OK or target.value is None or isinstance(target.value, str):
        return found
    per_ml = exact(found.components["counting_cells_per_ml"])
    volume, weight = exact(target.value) / per_ml, exact(kilograms)
    low, high = (dose * weight / per_ml for dose in assigned.window(tolerance))
    load = volume + exact(bag.residual or 0)
    parts = {**found.components, "lowest_volume": low, "highest_volume": high, "volume_to_load": load}
    flags, reasons = target.flags, target.reasons
    if bag.volume is not None and exact(bag.volume) < load:
        flags = (*flags, "not_enough_product")
        reasons = (*reasons, f"the bag holds {plain(bag.volume, 2)} mL, {plain(load, 2)} mL are needed")
    return replace(
        found, value=volume, components=parts, flags=(*found.flags, *flags), reasons=(*found.reasons, *reasons)
    )


def _capped(target: Finding, cap: Number | None) -> Finding:
    if cap is None or target.value is None or isinstance(target.value, str) or exact(target.value) <= exact(cap):
        return target
    reason = f"{plain(target.value)} cells are capped at {plain(cap)}"
    return replace(target, value=exact(cap), flags=(*target.flags, "cells_capped"), reasons=(*target.reasons, reason))


def _cells(bag: Bag, infused: Finding) -> Finding:
    """Cells given: as counted by the laboratory, or from the volume and its factors; both are compared when both are there."""
    computed = _after(assess_with(car_positive_cells, {"volume": infused.value, **bag.factors()}), infused)
    if bag.cells is None:
        return computed
    counted = Fraction(exact(bag.cells))
    if counted < 0:
        return Finding(
            "car_positive_cells", None, Status.INVALID, unit="{cells}", reasons=("cells cannot be negative",)
        )
    flags: tuple[str, ...] = ("cells_as_reported",)
    reasons: tuple[str, ...] = ()
    if computed.value is not None and computed.value != counted:
        flags += ("cells_disagree",)
        reasons = (f"reported {plain(counted)} cells, but the factors give {plain(computed.value, 0)}: look again",)
    parts = {"reported": counted, "computed": computed.value}
    return Finding(
        "car_positive_cells", counted, unit="{cells}", components=parts, flags=flags, reasons=reasons, rule=RULE,
        rests_on=(computed,),
    )  # fmt: skip


def _after(finding: Finding, *before: Finding) -> Finding:
    """A finding with what the steps before it said: their flags stay visible, and a step that failed says why."""
    flags = tuple(dict.fromkeys((*finding.flags, *(flag for step in before for flag in step.flags))))
    failed = [step for step in before if step.value is None]  # that one is empty says less than why it is
    told = failed if failed else (finding, *before)
    reasons = tuple(dict.fromkeys(reason for step in told for reason in step.reasons)) or finding.reasons
    invalid = [step for step in before if step.status is Status.INVALID]
    missing = tuple(dict.fromkeys(name for step in before if step.value is None for name in step.missing))
    return replace(
        finding,
        status=Status.INVALID if invalid and finding.value is None else finding.status,
        flags=flags,
        reasons=reasons,
        missing=missing or finding.missing if finding.value is None else finding.missing,
        rests_on=(*before, *finding.rests_on),
    )
