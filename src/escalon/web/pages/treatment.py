"""Treatment: each step from the place in a cohort to the infusion, what it waits for, and the lymphodepletion sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from escalon.conduct.judge.lymphodepletion import regimens_of, sheet
from escalon.conduct.judge.scores import scored
from escalon.conduct.judge.strata import stratum_of
from escalon.facts import Finding
from escalon.history import Course
from escalon.history.events import ApheresisDone, Event, LevelAllocated, LymphodepletionGiven, ProductReleased
from escalon.protocol.prose import short_name
from escalon.reporting.printed import dose_of
from escalon.web.banner import Banner, banner
from escalon.web.desk import Desk
from escalon.web.pages.screening import AskedFact, asked
from escalon.web.registry import page
from escalon.web.words import rounded


@dataclass(frozen=True)
class StepRow:
    """One step: whether it is done, on which day and by which entry, or why it cannot be recorded now."""

    act: str
    title: str
    done: bool
    said: str
    day: str
    entry: int
    forbids: tuple[str, ...]
    asks_override: str = ""
    """Where an override of what forbids it is asked for; empty where none can be."""


@dataclass(frozen=True)
class DrugRow:
    """One drug of a regimen for this person: mg on each day, how it comes about, what to see before giving it."""

    drug: str
    dose: str
    days: str
    how: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class RegimenShown:
    """A regimen the study offers, calculated for this person."""

    name: str
    drugs: tuple[DrugRow, ...]


@dataclass(frozen=True)
class TreatmentPage:
    """The treatment of one participant."""

    banner: Banner
    day: str
    steps: tuple[StepRow, ...]
    cohort: int | None
    """The open cohort whose next place could be taken."""
    collection: str
    level: int | None
    regimens: tuple[RegimenShown, ...]
    sizes: tuple[tuple[str, str], ...]
    drugs: tuple[tuple[str, str, str, int], ...]
    """What was given: treatment, dose, days, entry."""
    treatments: tuple[tuple[str, str], ...]
    """What may be recorded as given, by name; empty for whoever does not record it."""
    levels: tuple[tuple[str, str], ...]
    held: tuple[int, int] | None
    """The cohort and place that this reader may have given back."""
    asks: tuple[AskedFact, ...]
    """What the sheet of lymphodepletion lacks, as it is asked for; empty for whoever does not record it."""
    seen: int


STEPS = ("Apheresis", "Place in a cohort", "Lymphodepletion", "Product released", "Infusion", "Dose")
"""The steps in the order of treatment."""


@page("/participants/{code}/treatment")
def treatment(desk: Desk, code: str) -> TreatmentPage:
    """The treatment of one participant, step by step."""
    course = desk.course(code)
    open_ones = desk.trial.open_cohorts(stratum_of(desk.study, course))
    held = course.allocation
    regimens, sizes, missing = _regimens(desk, course)
    may_record = desk.person is not None and desk.may("FactRecorded", course.site or None)
    known = [desk.study.vocabulary[name] for name in missing if may_record and name in desk.study.vocabulary]
    return TreatmentPage(
        banner(desk, course), desk.today.isoformat(), tuple(_steps(desk, course)),
        open_ones[0].opened.cohort if open_ones else None,
        course.collections[-1].event.collection if course.collections else "", held.level if held else None, regimens, sizes,
        tuple(_drugs(course)), tuple(_treatments(desk, course)),
        tuple((str(one.number), f"level {one.number}") for one in desk.study.dose.levels),
        (held.cohort, held.place) if held and desk.may("AllocationReleased", course.site or None) else None,
        tuple(asked(desk.study, one) for one in known), desk.upto,
    )  # fmt: skip


def _treatments(desk: Desk, course: Course) -> Iterator[tuple[str, str]]:
    """Every drug and procedure the study asks about, single ones and the members of its groups."""
    if desk.may("TreatmentGiven", course.site or None):
        known = {one.name for one in desk.study.vocabulary.values() if one.kind == "treatment"}
        known |= {name for one in desk.study.vocabulary.values() for name in one.members}
        yield from sorted((name, short_name(name, desk.study)) for name in known)


def _steps(desk: Desk, course: Course) -> Iterator[StepRow]:
    """The steps in the order of treatment; a step that is done shows its entry, another why it is greyed."""
    code, now = course.code, desk.bench.now()
    held, today = course.allocation, desk.today
    level = held.level if held else 0
    collection = course.collections[-1].event.collection if course.collections else ""
    open_one = next(iter(desk.trial.open_cohorts(stratum_of(desk.study, course))), None)
    place = (
        None
        if open_one is None
        else LevelAllocated(
            participant=code, cohort=open_one.opened.cohort, level=open_one.opened.level, place=open_one.last_place + 1
        )
    )
    apheresis = ApheresisDone(participant=code, at=now, collection="…")
    conditioning = LymphodepletionGiven(participant=code, started_on=today, ended_on=today, regimen="…")
    release = ProductReleased(
        participant=code, product="…", collection=collection or "…", level=level, certificate="…", at=now
    )
    taken = f"place {held.place} of cohort {held.cohort}, level {held.level}" if held else ""
    if desk.study.collects_cells or course.collections:
        yield _step(desk, "ApheresisDone", STEPS[0], course.collections, "collection", apheresis)
    yield StepRow(
        "LevelAllocated", STEPS[1], bool(held), taken, "", 0, () if held else _why(desk, place, "no cohort is open")
    )
    if desk.study.conditions or course.conditionings:
        yield _step(desk, "LymphodepletionGiven", STEPS[2], course.conditionings, "regimen", conditioning)
    if desk.study.gives_cells or course.products:
        yield _step(desk, "ProductReleased", STEPS[3], course.products, "product", release)
    yield _step(desk, "CellsInfused", STEPS[4 if desk.study.gives_cells else 5], course.infusions, "product", None)


def _step(desk: Desk, act: str, title: str, done: list[Any], field: str, event: Event | None) -> StepRow:
    if done:
        last = done[-1]
        day = str(last.event.happened(desk.trial.frame.zone) or "")
        return StepRow(act, title, True, str(getattr(last.event, field)), day, last.number, ())
    asks = desk.asks_override(event) if event and not desk.trial.course(str(event.participant)).infusions else ""
    return StepRow(act, title, False, "", "", 0, _why(desk, event, "on its own page"), asks)


def _why(desk: Desk, event: Event | None, none: str) -> tuple[str, ...]:
    if event is None:
        return (none,)
    if desk.person is None:
        return ("a data folder is served for reading",)
    return tuple(one.says for one in desk.forbids(event))


def _regimens(
    desk: Desk, course: Course
) -> tuple[tuple[RegimenShown, ...], tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Each regimen the study offers, the measures it rests on, and the facts that those lack."""
    found: list[RegimenShown] = []
    sizes: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    facts = scored(desk.study, desk.trial, course.code)
    for regimen in regimens_of(desk.study):
        area, clearance, doses = sheet(desk.study, facts, regimen)
        sizes = (("body surface area", _amount(area, "m²")), ("creatinine clearance", _amount(clearance, "mL/min")))
        missing = tuple(dict.fromkeys((*area.missing, *clearance.missing)))
        found.append(RegimenShown(regimen.name, tuple(_drug(one) for one in doses)))
    return tuple(found), sizes, missing


def _amount(finding: Finding, unit: str) -> str:
    if finding.value is None or isinstance(finding.value, bool | str):
        return f"not known: {', '.join(finding.missing) or '; '.join(finding.reasons)}"
    return f"{rounded(finding.value)} {unit}"


def _drug(dose: Finding) -> DrugRow:
    parts = dose.components
    days = ", ".join(f"{day}".replace("-", "−") for day in parts.get("days", ()))
    how = f"{rounded(parts.get('mg_per_m2'))} mg/m²"
    if parts.get("renal_factor") not in (None, 1):
        how += f" × {rounded(parts['renal_factor'])} for the kidneys"
    return DrugRow(dose.name.removesuffix("_dose"), _amount(dose, "mg"), days, how, dose.reasons)


def _drugs(course: Course) -> Iterator[tuple[str, str, str, int]]:
    for one in course.treatments:
        given = one.event
        dose = "" if given.dose is None else dose_of(given)
        end = f" to {given.end}" if given.end and given.end != given.start else ", goes on" if given.ongoing else ""
        yield given.treatment.replace("_", " "), dose, f"{given.start or 'not recorded'}{end}", one.number
