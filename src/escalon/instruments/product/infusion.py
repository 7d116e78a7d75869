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
    LARGEST_VOLUME,
    Gate,
    car_positive_cells,
    cells_per_kg,
    infused_volume,
    target_cells,
    volume_to_infuse,
)
from escalon.instruments.product.dose import DoseAmount
from escalon.instruments.product.dose_window import DoseAdjustment, DoseLevel, judge_dose

RULE = "infusion/1"


@dataclass(frozen=True, slots=True)
class Bag:
    """A product as measured on the day: volumes in mL, cells per mL, fractions from 0 to 1; `None` is not known.

    `given` is the amount given of a product that is weighed or counted otherwise, in the unit of the dose.
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
    given: Number | None = None

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
    dose: DoseAmount
    """The dose of the assigned level."""

    def findings(self) -> Mapping[str, Finding]:
        """Every step by name."""
        names = ("weight", "target", "to_infuse", "infused", "cells", "per_kg", "verdict")
        return {name: getattr(self, name) for name in names}

    @property
    def was_given(self) -> bool:
        """Whether a volume or a number of cells given was recorded, possible or not, so that there is a dose to judge."""
        reported = self.cells.value is not None or "reported" in self.cells.components
        return self.infused.status is not Status.MISSING or reported


def calculate(
    bag: Bag,
    weight: Finding,
    assigned: DoseLevel,
    levels: Sequence[DoseLevel],
    tolerance: Number,
    adjustment: DoseAdjustment | None = None,
    cap: Number | None = None,
    surface: Finding | None = None,
) -> Infusion:
    """Every step from the assigned level and the weight to the verdict on what was given.

    `cap` is the study's ceiling on the total, if it has one; `surface` the body surface in m², for a dose by it. A flat dose
    asks for neither weight nor surface. Nothing missing is filled in: a step without its factors has no value and names
    what it lacks.
    """
    dose = assigned.dose
    by = {"": None, "kg": weight, "m2": surface}[dose.per]
    target = _capped(_target(dose, by), cap)
    infused = infused_volume(bag.volume, bag.residual)
    given = _cells(bag, infused) if dose.is_cells else _measured(bag, dose)
    delivered = _delivered(dose, given, by)
    return Infusion(
        weight,
        target,
        _to_infuse(bag, assigned, tolerance, target, by),
        infused,
        given,
        delivered,
        judge_dose(delivered, assigned, levels, tolerance, adjustment),
        dose,
    )


def _target(dose: DoseAmount, by: Finding | None) -> Finding:
    """The total for this person: the flat dose itself, or the dose for each kg or m²."""
    if dose.unit == "{cells}/kg":
        return assess_with(target_cells, {"level": dose.value, "weight": by and by.value})
    if not dose.per:
        return Finding("dose_to_give", dose.value, unit=dose.thing, rule=RULE)
    size = _size(by)
    if size is None:
        return _lacking("dose_to_give", dose.thing, dose.per, by)
    return Finding("dose_to_give", dose.value * size, unit=dose.thing, rule=RULE, rests_on=() if by is None else (by,))


def _size(by: Finding | None) -> Fraction | None:
    value = by.value if by is not None and by.status is Status.OK else None
    return None if value is None or isinstance(value, str) else exact(value)


def _lacking(name: str, unit: str, per: str, by: Finding | None) -> Finding:
    """A step that waits for weight or body surface, with what was wrong with it if something was."""
    missing = ("weight" if per == "kg" else "body_surface_area",)
    status = Status.MISSING if by is None or by.status is Status.OK else by.status
    return Finding(name, None, status, unit=unit, missing=missing, reasons=by.reasons if by else (), rule=RULE)


def _measured(bag: Bag, dose: DoseAmount) -> Finding:
    """The amount given of a product that is not counted in cells, as recorded."""
    if bag.given is None:
        return Finding("dose_given_in_total", None, Status.MISSING, unit=dose.thing, missing=("given",), rule=RULE)
    if exact(bag.given) <= 0:
        return Finding(
            "dose_given_in_total", None, Status.INVALID, unit=dose.thing, components={"reported": exact(bag.given)},
            reasons=("a dose given is above 0",), rule=RULE,
        )  # fmt: skip
    return Finding("dose_given_in_total", exact(bag.given), unit=dose.thing, rule=RULE)


def _delivered(dose: DoseAmount, given: Finding, by: Finding | None) -> Finding:
    """What was given, in the unit of the level."""
    if dose.unit == "{cells}/kg" and by is not None:
        per_kg = assess_with(cells_per_kg, {"cells": given.value, "weight": by.value})
        return _after(replace(per_kg, unit=dose.unit), given, by)  # an invalid weight leaves no value, not another unit
    size = Fraction(1) if not dose.per else _size(by)
    before = (given,) if by is None else (given, by)
    if size is None:
        return _after(_lacking("dose_given", dose.unit, dose.per, by), *before)
    value = None if given.value is None or isinstance(given.value, str) else exact(given.value) / size
    status = Status.OK if value is not None else given.status
    return _after(Finding("dose_given", value, status, unit=dose.unit, missing=given.missing, rule=RULE), *before)


def _to_infuse(bag: Bag, assigned: DoseLevel, tolerance: Number, target: Finding, by: Finding | None) -> Finding:
    """The volume for the target, the volumes at both ends of the window, and what to load if some stays behind."""
    dose = assigned.dose
    if not dose.is_cells:
        reason = f"a dose in {dose.shown_unit} is not a volume of cells"
        return Finding("volume_to_infuse", None, Status.NOT_APPLICABLE, unit="mL", reasons=(reason,), rule=RULE)
    if dose.unit == "{cells}/kg":
        found = assess_with(volume_to_infuse, {"level": dose.value, "weight": by and by.value, **bag.factors()})
    else:
        found = _after(assess_with(car_positive_cells, {"volume": 1, **bag.factors()}), target)
        found = replace(found, name="volume_to_infuse", unit="mL", category=None)
    if found.status is not Status.OK or target.value is None or isinstance(target.value, str):
        return found
    per_ml = exact(found.components["counting_cells_per_ml"])
    if per_ml == 0:
        reason = "the product holds no viable CAR-positive cells: no volume gives the dose"
        return replace(found, value=None, status=Status.INVALID, reasons=(reason,))
    volume, size = exact(target.value) / per_ml, Fraction(1) if not dose.per else _size(by)
    low, high = (end * (size or 0) / per_ml for end in assigned.window(tolerance))
    load = volume + exact(bag.residual or 0)
    if load > LARGEST_VOLUME:
        reason = (
            f"{plain(load, 2)} mL to load is more than {LARGEST_VOLUME} mL. Check the cells per mL and their exponent"
        )
        return replace(found, value=None, status=Status.INVALID, flags=("OUT_OF_RANGE",), reasons=(reason,))
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
        said = f"{plain(counted)} cells cannot be: write the number that was given"
        return Finding(
            "car_positive_cells", None, Status.INVALID, unit="cells", components={"reported": counted}, reasons=(said,),
            rule=RULE,
        )  # fmt: skip
    flags: tuple[str, ...] = ("cells_as_reported",)
    reasons: tuple[str, ...] = ()
    if computed.value is not None and computed.value != counted:
        flags += ("cells_disagree",)
        reasons = (f"reported {plain(counted)} cells, but the factors give {plain(computed.value, 0)}: look again",)
    parts = {"reported": counted, "computed": computed.value}
    return Finding(
        "car_positive_cells", counted, unit="cells", components=parts, flags=flags, reasons=reasons, rule=RULE,
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
