"""The lymphodepletion sheet: the regimens a study offers, calculated on what is recorded of a person."""

from __future__ import annotations

from datetime import date
from typing import Any

from escalon.facts import Fact, Facts, Finding, Interval, convert
from escalon.facts.accepted import NO_ENDS, beyond
from escalon.facts.amount import read_amount
from escalon.history import Course, Current
from escalon.history.events import TreatmentGiven
from escalon.instruments import assess
from escalon.instruments.product.lymphodepletion import DrugDose, Regimen, lymphodepletion, regimen_named
from escalon.protocol.study import Lymphodepletion, Study


def regimens_of(study: Study) -> tuple[Regimen, ...]:
    """The regimen the study has chosen, or else every one it offers; none where it says nothing of lymphodepletion."""
    plan = study.lymphodepletion
    if plan is None:
        return ()
    own = own_regimens(plan)
    names = [plan.chosen] if plan.chosen else [*plan.offers, *(one.name for one in own)]
    return tuple(regimen_named(name, own) for name in dict.fromkeys(names))


def own_regimens(plan: Lymphodepletion) -> list[Regimen]:
    """The regimens that a study's own folder writes down."""
    return [
        Regimen(one.id, tuple(DrugDose(each.drug, each.mg_per_m2, each.days) for each in one.drugs))  # type: ignore[arg-type]
        for one in plan.regimens
    ]


def conditioning_given(
    study: Study, course: Course, begun: date | None, infused: date
) -> list[Current[TreatmentGiven]]:
    """The drugs of the conditioning by day: what was given for the disease earlier or later is not among them."""
    drugs = study.lymphodepletion.drugs if study.lymphodepletion else ()
    some = (one for one in course.treatments if one.event.treatment in drugs)
    given = [one for one in some if _is_conditioning(one.event, begun, infused)]
    return sorted(given, key=lambda one: (str(one.event.start or ""), drugs.index(one.event.treatment)))


def _is_conditioning(one: TreatmentGiven, begun: date | None, infused: date) -> bool:
    if one.start is None:
        return begun is None
    return (begun is None or begun <= one.start.latest) and one.start.earliest <= infused


def sheet(study: Study, facts: Facts, regimen: Regimen) -> tuple[Finding, Finding, tuple[Finding, ...]]:
    """Body surface area, creatinine clearance, and the mg a day of each drug; what is missing is named, never assumed.

    The clearance as recorded, or by Cockcroft and Gault from what is recorded.
    """
    area = body_surface(study, _latest(facts, "height"), _latest(facts, "weight"))
    known = [one.number for one in facts.named("creatinine_clearance") if one.number is not None]
    items = {name: _latest(facts, name) for name in ("age", "sex", "weight", "creatinine")}
    clearance = (
        Finding("creatinine_clearance", known[-1], unit="mL/min") if known else assess("cockcroft_gault", **items)
    )
    policy = study.lymphodepletion.renal_policy if study.lymphodepletion else "us_2010"
    signed, question = signer_of(study, regimen), question_of(study)
    doses = lymphodepletion(regimen, area, clearance, signed, policy, question)
    return area, clearance, doses


def body_surface(study: Study, height: object, weight: object, confirm: str = "", **options: Any) -> Finding:
    """The body surface. What the study itself foresees, such as a child's weight, is not asked about again;
    nor is what somebody confirmed (`confirm="weight"`).

    Height and weight are facts, or as they are written (`20 kg`); None where they are not known.
    """
    said = {name: one for name, one in (("height", height), ("weight", weight)) if one is not None}
    foreseen = ",".join(
        name for name, one in said.items() if name in confirm.split(",") or _is_foreseen(study, name, one)
    )
    return assess("body_surface_area", **said, **options, **({"confirm": foreseen} if foreseen else {}))


def _is_foreseen(study: Study, name: str, given: object) -> bool:
    own = study.vocabulary.get(name)
    if own is None or own.unit is None or own.foreseen == NO_ENDS:
        return False
    try:
        said = given if isinstance(given, Fact) else read_amount(str(given))
        value = said.number if isinstance(said, Fact) else said.value
        if value is None or isinstance(value, Interval):
            return False
        return not beyond(convert(value, said.unit or own.unit, own.unit, own.substance), own.foreseen)
    except ValueError:
        return False


def question_of(study: Study) -> str:
    """The assumption of the study that asks which regimen is meant; empty where it has none."""
    return ", ".join(one.id for one in study.assumptions_about("lymphodepletion"))


def signer_of(study: Study, regimen: Regimen | None) -> str | None:
    """Who stands for a regimen: the folder itself where it chose this one and asks nothing about it, or who answered."""
    asked = study.assumptions_about("lymphodepletion")
    if regimen is None or study.lymphodepletion is None or study.lymphodepletion.chosen != regimen.name:
        return None
    if any(one.id not in study.signed for one in asked):
        return None
    return ", ".join(dict.fromkeys(study.signed[one.id].by for one in asked)) or f"the protocol of {study.id}"


def _latest(facts: Facts, name: str) -> object:
    found = [one for one in facts.named(name) if one.value is not None]
    return found[-1] if found else None
