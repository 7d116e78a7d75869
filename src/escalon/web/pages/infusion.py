"""Infusion day: whether it may go ahead, how much, and a second person who reads and calculates again without seeing it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from escalon.conduct.judge.dose_day import (
    given_per_kg,
    waits_for_second,
)
from escalon.conduct.permit.act import RULES
from escalon.facts import exact, plain, together
from escalon.history import Course, Current
from escalon.history.events import CellsInfused, DosePrepared
from escalon.web.banner import Banner, banner
from escalon.web.desk import Desk
from escalon.web.registry import page
from escalon.web.words import amount, in_both, rounded

PER_KG = "{cells}/kg"


@dataclass(frozen=True)
class RuleRow:
    """A rule asked before an infusion: what it says, and why it does not hold now; empty where it holds."""

    name: str
    says: str
    why: str
    signatures: int
    set_aside: bool
    """Whether it is broken, and the override the address names, signed as it must be, sets it aside."""


@dataclass(frozen=True)
class PreparedShown:
    """What the first person prepared. `values` and `volume` are empty for whoever must find them again."""

    entry: int
    by: str
    at: datetime
    product: str
    values: tuple[tuple[str, str], ...]
    volume: str
    planned: str


@dataclass(frozen=True)
class CheckShown:
    """One check: who, when, what differed, and whether a date of birth is kept that could be compared."""

    entry: int
    by: str
    at: datetime
    agrees: bool
    differs: tuple[str, ...]
    compared_birth: bool


@dataclass(frozen=True)
class InfusionPage:
    """The page of infusion day."""

    banner: Banner
    day: date
    level: int | None
    level_words: str
    window: tuple[tuple[str, str], ...]
    """Target, lowest and highest dose: the exact value and its words."""
    tolerance: str
    rules: tuple[RuleRow, ...]
    products: tuple[tuple[str, str], ...]
    prepared: PreparedShown | None
    hidden: bool
    """Whether the result is hidden from this reader, who may be the second person."""
    checks: tuple[CheckShown, ...]
    agreed: bool
    given: str
    """The dose given: the exact value and its words."""
    given_words: str
    forbids_preparing: tuple[str, ...]
    forbids_checking: tuple[str, ...]
    forbids_infusing: tuple[str, ...]
    asks_override: str
    """Where an override of what forbids it is asked for; empty where nothing does, or no override can."""
    unit: str
    """What the dose is written down in where it is not calculated here: every unit but cells for each kilogram."""


@page("/participants/{code}/infusion")
def infusion(desk: Desk, code: str) -> InfusionPage:
    """Infusion day of one participant."""
    course = desk.course(code)
    level = level_of(course)
    prepared = course.prepared
    checks = _checks(desk, course, prepared)
    agreed = prepared is not None and course.is_checked(prepared)
    hidden = prepared is not None and waits_for_second(course, prepared, desk.account)
    given, given_words = _given(desk, course)
    return InfusionPage(
        banner(desk, course), desk.today, level, level_words(desk, level), _window(desk, level),
        f"±{rounded(desk.study.dose.tolerance * 100)} %", _rules(desk, course, level, None if hidden else prepared),
        _products(course), _shown(desk, prepared, hidden), hidden,
        checks, agreed, given, given_words, forbids_preparing(desk, course, level),
        forbids_checking(desk, course, prepared), *_forbids_infusing(desk, course, prepared, agreed), unit_given(desk),
    )  # fmt: skip


def unit_given(desk: Desk) -> str:
    """The unit a dose is written down in as it was given; empty for cells for each kilogram, which are calculated here."""
    dose = desk.study.dose
    return "" if dose.levels[0].amount.unit == PER_KG else dose.shown_unit


def _products(course: Course) -> tuple[tuple[str, str], ...]:
    return tuple((name, name) for name in dict.fromkeys(one.event.product for one in course.products))


def level_of(course: Course) -> int | None:
    """The level somebody was infused at, or holds a place of."""
    if course.infusions:
        return course.infusions[0].event.level
    return course.allocation.level if course.allocation else None


def level_words(desk: Desk, level: int | None) -> str:
    """The dose with its power in words first: superscripts alone are misread."""
    if level is None:
        return ""
    amount = desk.study.dose.level(level).amount
    return f"{in_both(amount.value)} {desk.study.dose.shown_unit}"


def _window(desk: Desk, level: int | None) -> tuple[tuple[str, str], ...]:
    if level is None:
        return ()
    found = desk.study.dose.level(level)
    low, high = desk.study.dose.window(found)
    return tuple((str(value), amount(value)) for value in (found.amount.value, low, high))


def _candidate(
    desk: Desk, course: Course, level: int, prepared: Current[DosePrepared] | None, at: datetime
) -> CellsInfused:
    """The infusion that is asked about: of what was prepared, or of the product released."""
    product = prepared.event.product if prepared else course.products[-1].event.product if course.products else ""
    dose = given_per_kg(prepared.event, prepared.event.volume_ml) if prepared else None
    event = CellsInfused(participant=course.code, level=level, product=product, at=at, cells_per_kg=dose)
    if not (unit := unit_given(desk)):
        return event
    planned = desk.study.dose.level(level).amount.value  # what will be given is asked when it was
    return replace(event, amount=Decimal(planned.numerator) / planned.denominator, unit=unit)


def _rules(
    desk: Desk, course: Course, level: int | None, prepared: Current[DosePrepared] | None
) -> tuple[RuleRow, ...]:
    """Every rule asked before an infusion, as it stands now."""
    if not desk.bench.is_casebook or course.infusions:
        return ()
    levels = [one.number for one in desk.study.dose.levels] if level is None else [level]
    override = desk.overriding("CellsInfused", course.code)
    aside = override.given.rules if override else ()
    asked = [_broken(desk, course, one, prepared) for one in levels]
    asks = {
        "dose": prepared is not None,
        "apheresis": desk.study.collects_cells or bool(course.collections),
        "lymphodepletion": desk.study.conditions or bool(course.conditionings),
    }
    rules = [one for one in RULES if CellsInfused in one.before and asks.get(one.name, True)]
    whys = [_at_each([broken.get(one.name, "") for broken in asked], course) for one in rules]
    return tuple(
        RuleRow(one.name, one.says, why, one.signatures, bool(why) and one.name in aside)
        for one, why in zip(rules, whys, strict=True)
    )


def _broken(desk: Desk, course: Course, level: int, prepared: Current[DosePrepared] | None) -> dict[str, str]:
    """What each broken rule says of an infusion at a level, by the rule's name."""
    event = _candidate(desk, course, level, prepared, desk.bench.now())
    found = together((one.rule, one.says) for one in desk.conduct.what_forbids(desk.author, event, whoever=True))
    return {name: "; ".join(says) for name, says in found.items()}


def _at_each(says: list[str], course: Course) -> str:
    """What a rule says where it says the same at each level asked; else that the level is not known yet."""
    return says[0] if len(set(says)) == 1 else no_level(course)


def _checks(desk: Desk, course: Course, prepared: Current[DosePrepared] | None) -> tuple[CheckShown, ...]:
    return tuple(
        CheckShown(
            one.number,
            desk.names.get(one.entry.author.person, ""),
            one.event.at,
            one.event.agrees,
            one.event.differs,
            one.event.birth_date_agrees is not None,
        )
        for one in (course.checks_of(prepared) if prepared else ())
    )


def _shown(desk: Desk, prepared: Current[DosePrepared] | None, hidden: bool) -> PreparedShown | None:
    if prepared is None:
        return None
    event = prepared.event
    by, at, product = desk.names.get(prepared.entry.author.person, ""), event.at, event.product
    if hidden:
        return PreparedShown(prepared.number, by, at, "", (), "", "")
    because = f", because: {event.reason}" if event.reason else ""
    values = (
        ("weight", f"{plain(event.weight_kg)} kg{because}"),
        ("cells to give", in_both(_target(desk, event))),
        ("nucleated cells per mL, after thaw", in_both(event.cells_per_ml)),
        ("viability after thaw", f"{rounded(event.viability * 100)} %"),
        ("CAR-positive of viable CD3+ cells", f"{rounded(event.car_fraction * 100)} %"),
        ("in the bag", "not recorded" if event.bag_ml is None else f"{plain(event.bag_ml)} mL"),
    )
    dose = given_per_kg(event, event.volume_ml)
    return PreparedShown(
        prepared.number, by, at, product, values, f"{plain(event.volume_ml)} mL", f"{dose}|{amount(dose)}"
    )


def _target(desk: Desk, event: DosePrepared) -> Fraction:
    return exact(desk.study.dose.level(event.level).amount.value) * exact(event.weight_kg)


def _given(desk: Desk, course: Course) -> tuple[str, str]:
    if not course.infusions:
        return "", ""
    event = course.infusions[0].event
    if event.cells_per_kg is None:
        if event.amount is None or not unit_given(desk):
            return "", str(event.dose or "a dose not recorded")
        return f"{event.amount}|{amount(event.amount)}", f"{in_both(event.amount)} {event.unit}{_lasted(desk, event)}"
    volume = "" if event.volume_ml is None else f" in {plain(event.volume_ml)} mL"
    weight = "" if event.weight_kg is None else f", for {plain(event.weight_kg)} kg"
    left = "" if event.residual_ml is None else f"; {plain(event.residual_ml)} mL left in bag and line"
    words = f"{amount(event.cells_per_kg)} cells/kg{volume}{weight}{left}{_lasted(desk, event)}"
    return f"{event.cells_per_kg}|{amount(event.cells_per_kg)}", words


def _lasted(desk: Desk, event: CellsInfused) -> str:
    if event.at is None or event.ended_at is None:
        return ""
    began, ended = (one.astimezone(desk.trial.frame.zone) for one in (event.at, event.ended_at))
    return f"; {began:%H:%M} to {ended:%H:%M}"


def no_level(course: Course) -> str:
    """Why somebody without a place cannot be dosed."""
    return f"{course.code} holds no place, so there is no level"


def forbids_preparing(desk: Desk, course: Course, level: int | None) -> tuple[str, ...]:
    """Why a dose cannot be prepared now."""
    reasons = (
        (not desk.may("DosePrepared", course.site), f"{desk.role or 'nobody'} does not prepare a dose here"),
        (level is None, no_level(course)),
        (level is not None and unit_given(desk), "this sheet is for a dose in cells for each kilogram"),
        (not course.products, "no product is released"),
        (course.infusions, f"{course.code} was infused on {course.infused}"),
    )
    return tuple(says for holds, says in reasons if holds)


def forbids_checking(desk: Desk, course: Course, prepared: Current[DosePrepared] | None) -> tuple[str, ...]:
    """Why this reader cannot check the dose prepared."""
    if prepared is None:
        return ("no dose is prepared yet",)
    if course.infusions:
        return (f"{course.code} was infused on {course.infused}",)
    if not desk.may("DoseChecked", course.site):
        return (f"{desk.role or 'nobody'} does not check a dose here",)
    own = desk.account == prepared.entry.author.person
    return ("you prepared this dose; another person checks it",) if own else ()


def _forbids_infusing(
    desk: Desk, course: Course, prepared: Current[DosePrepared] | None, agreed: bool
) -> tuple[tuple[str, ...], str]:
    """Why the infusion cannot be recorded now, and where an override is asked for."""
    if course.infusions:
        return (f"{course.code} was infused on {course.infused}",), ""
    if not unit_given(desk) and (prepared is None or not agreed):
        return ("opens after the second person's check",), ""
    level = prepared.event.level if prepared else level_of(course)
    if level is None:
        return (no_level(course),), ""
    event = _candidate(desk, course, level, prepared, desk.bench.now())
    return (tuple(one.says for one in desk.forbids(event)) if desk.person else ("sign in first",)), desk.asks_override(
        event
    )
