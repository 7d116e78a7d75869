"""The dose on infusion day: what to infuse for a level, and whether the second person found the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from escalon.facts import Facts, Finding, Truth, convert, exact, plain
from escalon.history import Course, Entry
from escalon.history.current import Current
from escalon.history.events import CellsInfused, DoseChecked, DosePrepared
from escalon.instruments.product.dose_window import DoseAdjustment, DoseLevel
from escalon.instruments.product.dosing_weight import NO_WEIGHT, is_a_weight
from escalon.instruments.product.infusion import Bag, Infusion, calculate
from escalon.protocol.study import Study

LEAST_DIGITS = 3
"""How many digits a second result has at least, so that agreeing with it says something."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on the day: body weight in kg, counted cells per mL, parts from 0 to 1, mL in the bag."""

    weight_kg: Decimal
    cells_per_ml: Decimal
    viability: Decimal
    car_fraction: Decimal
    bag_ml: Decimal | None = None


def steps_of(
    study: Study,
    level: int,
    bag: Bag,
    weight: Finding,
    adjustment: DoseAdjustment | None = None,
    surface: Finding | None = None,
) -> Infusion:
    """Every step of an infusion at a level of the study. Raises ValueError for a level it does not have."""
    levels = [DoseLevel(one.number, one.amount) for one in study.dose.levels]
    assigned = next((one for one in levels if one.number == level), None)
    if assigned is None:
        raise ValueError(f"there is no level {level}. Levels of {study.id}: {', '.join(str(x.number) for x in levels)}")
    cap = study.dose.cells_cap
    most = None if cap is None else cap.value
    return calculate(bag, weight, assigned, levels, study.dose.tolerance, adjustment, most, surface)


def infusion_of(study: Study, level: int, measured: Measured) -> Infusion:
    """Every step from the level and the weight to the volume to infuse, as planned."""
    weight = Finding("dosing_weight", exact(measured.weight_kg), unit="kg")
    bag = Bag(exact(measured.cells_per_ml), exact(measured.viability), exact(measured.car_fraction))
    return steps_of(study, level, bag, weight)


def weight_apart(study: Study, facts: Facts, on: date, weight_kg: Decimal) -> str:
    """How a weight to dose on differs from the last one recorded by a day, where it does by more than the study shows."""
    known = [
        (convert(exact(one.number), one.unit or "", "kg"), one.day)
        for one in facts.named("weight")
        if one.number is not None and one.day and one.day.latest <= on
    ]
    if not known:
        return ""
    kilograms, day = known[-1]
    change = exact(weight_kg) / kilograms - 1
    if abs(change) <= study.dose.weight_change_flag:
        return ""
    more = f"{plain(abs(change) * 100, 1)} % {'more' if change > 0 else 'less'}"
    return f"{plain(weight_kg)} kg is {more} than the {plain(kilograms)} kg recorded on {day}"


def measured_of(prepared: DosePrepared) -> Measured:
    """What the first person measured."""
    return Measured(
        prepared.weight_kg, prepared.cells_per_ml, prepared.viability, prepared.car_fraction, prepared.bag_ml
    )


def volume_of(study: Study, level: int, measured: Measured) -> tuple[Decimal | None, tuple[str, ...]]:
    """The volume to infuse in mL with two decimals; None, with why, where there is none."""
    if not is_a_weight(measured.weight_kg):
        return None, (f"weight_kg: {plain(measured.weight_kg)} kg; {NO_WEIGHT}",)
    found = infusion_of(study, level, measured).to_infuse
    if found.value is None or isinstance(found.value, str):
        return None, found.reasons or tuple(f"{name} is not known" for name in found.missing)
    return _rounded(exact(found.value), 2), found.reasons


def given_per_kg(prepared: DosePrepared, volume: Decimal) -> Decimal:
    """The counted cells for each kilogram in a volume given, a whole number."""
    per_ml = exact(prepared.cells_per_ml) * exact(prepared.viability) * exact(prepared.car_fraction)
    return _rounded(per_ml * exact(volume) / exact(prepared.weight_kg), 0)


def _rounded(value: Fraction, places: int) -> Decimal:
    return round(Decimal(value.numerator) / Decimal(value.denominator), places)


@dataclass(frozen=True, slots=True)
class Second:
    """What the second person read and found, without seeing the first result."""

    wristband: str
    product: str
    expires: date
    volume_ml: Decimal
    birth_date_agrees: Truth = None


def digits_of(volume: Decimal) -> int:
    """How many digits a result is written with, leading zeros apart."""
    return len(volume.as_tuple().digits)


def waits_for_second(course: Course, prepared: Current[DosePrepared], reader: str | None) -> bool:
    """Whether a second person has still to find the same, and the reader (an account) is not who prepared it."""
    return not course.is_checked(prepared) and not course.infusions and reader != prepared.entry.author.person


def is_hidden(course: Course, entry: Entry, reader: str | None) -> bool:
    """Whether an entry says a result that this reader, as the second person, has still to find without seeing it.

    The first person's own entry stays open to them; a check repeats the first result, a correction what it corrects.
    """
    prepared = course.prepared
    if prepared is None or not waits_for_second(course, prepared, reader):
        return False
    told = getattr(entry.event, "now", None) or entry.event
    return isinstance(told, DoseChecked) or (isinstance(told, DosePrepared) and entry.author.person != reader)


def differs(course: Course, prepared: DosePrepared, second: Second, today: date) -> tuple[str, ...]:
    """What the second person found otherwise, in words that do not tell the first result.

    Volumes agree where the first, rounded to the digits the second wrote, is the second.
    """
    places = max(0, -int(second.volume_ml.as_tuple().exponent))
    found = []
    if second.wristband != course.code:
        found.append("participant code: not the participant on this page")
    if second.birth_date_agrees is False:
        found.append("date of birth: not the one kept")
    if second.product != prepared.product:
        found.append("product number: not the one prepared")
    if second.expires != prepared.expires:
        found.append("expiry: not the one read before")
    elif second.expires < today:
        found.append("expiry: the product has expired")
    if round(prepared.volume_ml, places) != second.volume_ml:
        found.append("volume: your result differs from the first person's; calculate again together")
    return tuple(found)


def infused_event(course: Course, prepared: DosePrepared, volume: Decimal, at: datetime, **more: Any) -> CellsInfused:
    """The infusion of a volume of what was prepared, for the weight it was prepared with."""
    return CellsInfused(
        participant=course.code, level=prepared.level, product=prepared.product, at=at, volume_ml=volume,
        cells_per_kg=given_per_kg(prepared, volume), weight_kg=prepared.weight_kg, **more,
    )  # fmt: skip
