"""What is recorded on infusion day: the first person's calculation, the second person's, and what was given."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from escalon.conduct.judge.dose_day import LEAST_DIGITS, Measured, Second, differs, digits_of, infused_event, volume_of
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.identities import birth_date_agrees
from escalon.facts import plain
from escalon.history import Entry
from escalon.history.events import CellsInfused, DoseChecked, DosePrepared
from escalon.web.acts import ask_password, record
from escalon.web.desk import Desk
from escalon.web.pages.infusion import forbids_checking, forbids_preparing, level_of, no_level, unit_given
from escalon.web.registry import act
from escalon.web.said import Told


@act("DosePrepared")
def prepare(desk: Desk, said: Told) -> Entry:
    """The first person's calculation, from what was measured on the day."""
    code = said.text("participant")
    course = desk.course(code)
    if why := forbids_preparing(desk, course, level := level_of(course)):
        raise refuse("form", "; ".join(why))
    assert level is not None
    bag = said.text("bag_ml", "")
    measured = Measured(
        said.amount("weight_kg"), said.amount("million_per_ml") * 1_000_000,
        _percent(said, "viability"), _percent(said, "car_fraction"),
        said.amount("bag_ml") if bag else None,
    )  # fmt: skip
    volume, why = volume_of(desk.study, level, measured)
    if volume is None:
        raise refuse("dose", "; ".join(why))
    event = DosePrepared(
        participant=code, level=level, product=said.text("product"), expires=said.day("expires"),
        weight_kg=measured.weight_kg, cells_per_ml=measured.cells_per_ml, viability=measured.viability,
        car_fraction=measured.car_fraction, bag_ml=measured.bag_ml, volume_ml=volume, at=desk.bench.now(),
        reason=said.text("reason", "") or None,
    )  # fmt: skip
    return desk.conduct.record(desk.author, event)


@act("DoseChecked")
def check(desk: Desk, said: Told) -> Entry:
    """The second person's reading and result; recorded whether or not they agree, and signed with the password."""
    code = said.text("participant")
    course = desk.course(code)
    prepared = course.prepared
    if why := forbids_checking(desk, course, prepared):
        raise refuse("second person", "; ".join(why))
    assert prepared is not None
    volume = said.amount("volume_ml")
    if digits_of(volume) < LEAST_DIGITS:
        raise refuse("form", f"volume_ml: write your result with at least {LEAST_DIGITS} digits, such as 24.5 or 8.20")
    born = birth_date_agrees(desk.conduct, desk.bench.identities, desk.author, code, said.day("born"))
    second = Second(said.text("wristband"), said.text("product"), said.day("expires"), volume, born)
    ask_password(desk, said.needs_password())
    event = DoseChecked(
        participant=code, prepared=prepared.number, wristband=second.wristband, product=second.product,
        expires=second.expires, birth_date_agrees=born, first_ml=prepared.event.volume_ml, second_ml=volume,
        differs=differs(course, prepared.event, second, desk.today), at=desk.bench.now(),
    )  # fmt: skip
    return desk.conduct.record(desk.author, event)


@act("infuse")
def infuse(desk: Desk, said: Told) -> Entry:
    """The infusion of a checked dose: when it began and ended, what reached the participant, and what was left."""
    code = said.text("participant")
    course = desk.course(code)
    prepared = course.prepared
    if prepared is None:
        raise refuse("second check", "no dose is prepared yet")
    loaded, left = said.amount("loaded_ml"), said.amount("left_ml", zero=True)
    if left >= loaded:
        raise refuse("form", "left_ml: what was left is less than what was in the bag")
    weight = prepared.event.weight_kg
    if said.text("weight_kg", "") and said.amount("weight_kg") != weight:
        raise refuse(
            "form", f"weight_kg: the dose is checked for {plain(weight)} kg. For another weight, prepare it again"
        )
    began, ended = _from_to(said)
    event = infused_event(course, prepared.event, loaded - left, began, ended_at=ended, residual_ml=left)
    return record(desk, event, said)


@act("give")
def give(desk: Desk, said: Told) -> Entry:
    """A dose as it was given, in the unit of the study's levels; nothing is calculated here."""
    course = desk.course(said.text("participant"))
    level, unit = level_of(course), unit_given(desk)
    if not unit:
        raise refuse("second check", "a dose in cells for each kilogram is prepared, checked and then infused")
    if level is None:
        raise refuse("slot", no_level(course))
    began, ended = _from_to(said)
    event = CellsInfused(
        participant=course.code, level=level, product=said.text("product", ""), amount=said.amount("amount"), unit=unit,
        at=began, ended_at=ended,
    )  # fmt: skip
    return record(desk, event, said)


def _from_to(said: Told) -> tuple[datetime, datetime | None]:
    began, ended = said.moment("at"), said.moment("ended_at") if said.text("ended_at", "") else None
    if ended is not None and ended < began:
        raise refuse("form", f"ended_at: {ended:%H:%M} is before it began, {began:%H:%M}")
    return began, ended


def _percent(said: Told, name: str) -> Decimal:
    value = said.amount(name)
    if not 1 <= value <= 100:
        raise refuse("form", f"{name}: {value} is asked for in percent, from 1 to 100, such as 86")
    return value / 100
