"""Lymphodepletion doses from body surface area and renal function.

A record may name the drugs and no doses. Two regimens in common use are here under their names; neither is
confirmed for the trial and there is no default: without a named regimen nothing is calculated, and until
the regimen is signed every dose says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from escalon.expressions.symbols import case
from escalon.facts import Finding, Number, Status, exact, plain
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import number

RULE = "lymphodepletion/1"
RenalPolicy: TypeAlias = Literal["us_2010", "legacy_20pct"]
Rounding: TypeAlias = Literal["nearest", "down"]

# The renal table of the label starts from 25 mg/m²; at any other base dose its factors are an extrapolation.
_LABELLED_FLUDARABINE = 25
# Below this clearance most sources no longer call cyclophosphamide safe without reduction (spec lymphodepletion).
_CYCLOPHOSPHAMIDE_FROM = 10

Clearance = Annotated[float, number("creatinine clearance, not indexed", 0, 400, "mL/min", fact="creatinine_clearance")]


@dataclass(frozen=True, slots=True)
class DrugDose:
    """One drug of a regimen: mg/m² on each of some study days."""

    drug: Literal["fludarabine", "cyclophosphamide"]
    mg_per_m2: Number
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Regimen:
    """A named regimen; `unconfirmed` until the study signs it."""

    name: str
    doses: tuple[DrugDose, ...]


_EARLY = (-5, -4, -3)
AUTOIMMUNE_A = Regimen("autoimmune_A", (DrugDose("fludarabine", 25, _EARLY), DrugDose("cyclophosphamide", 1000, (-3,))))
ONCOLOGY_B = Regimen("oncology_B", (DrugDose("fludarabine", 30, _EARLY), DrugDose("cyclophosphamide", 300, _EARLY)))
REGIMENS = {regimen.name: regimen for regimen in (AUTOIMMUNE_A, ONCOLOGY_B)}


@instrument(
    "Fludarabine renal factor",
    source="Fludarabine phosphate injection, US prescribing information (2010), section 2: starting dose by creatinine "
    "clearance; legacy_20pct: earlier US label, 20 % less at 30 to 70 mL/min",
    code="FLURENAL",
    notes="Values between the printed bands (79.4) belong to the lower band. Below 30 mL/min: contraindicated, factor 0.",
)
def fludarabine_renal_factor(creatinine_clearance: Clearance, *, policy: RenalPolicy = "us_2010") -> Any:
    """The share of the full fludarabine dose that a creatinine clearance allows; 0 is contraindicated."""
    clearance = creatinine_clearance
    if policy == "us_2010":
        factor = case(clearance >= 80, 1, clearance >= 50, 0.8, clearance >= 30, 0.6, 0)
    else:
        factor = case(clearance > 70, 1, clearance >= 30, 0.8, 0)
    stop = (clearance < 30, "creatinine clearance below 30 mL/min: fludarabine must not be given")
    return Outcome(factor, parts={"policy": policy}, flags={"contraindicated": stop})


def lymphodepletion(
    regimen: Regimen | None,
    body_surface_area: Finding,
    creatinine_clearance: Finding,
    signed_by: str | None = None,
    policy: RenalPolicy = "us_2010",
    question: str = "",
) -> tuple[Finding, ...]:
    """The exact dose in mg per day of each drug: mg/m² × body surface area × renal factor; not yet rounded.

    Without a regimen there is one finding without a value, naming the open question. `signed_by` is who signed the
    regimen for the study; until then every dose is flagged `rule_unconfirmed`. `question` is the study's assumption
    that asks for a regimen.
    """
    asked = f" ({question})" if question else ""
    if regimen is None:
        reason = f"the record gives no lymphodepletion dose{asked}: name a regimen ({', '.join(REGIMENS)})"
        return (Finding("lymphodepletion", None, Status.MISSING, missing=("regimen",), reasons=(reason,), rule=RULE),)
    found = (_dose(drug, body_surface_area, creatinine_clearance, policy) for drug in regimen.doses)
    return tuple(_marked(finding, regimen, signed_by, asked) for finding in found)


def round_dose(dose: Finding, step_mg: Number, mode: Rounding = "nearest") -> Finding:
    """The dose to draw up, on a multiple of `step_mg` (a vial, or 5 mg); the relative error is recorded with it.

    Halves go down. An unknown dose stays unknown.
    """
    step = exact(step_mg)
    if step <= 0:
        raise ValueError(f"the rounding step must be above 0 mg, not {plain(step_mg)}")
    if dose.value is None or isinstance(dose.value, str | bool):
        return replace(dose, name=f"{dose.name}_rounded", rests_on=(dose,))
    precise = exact(dose.value)
    steps = precise // step
    steps += 1 if mode == "nearest" and precise - steps * step > step / 2 else 0
    rounded = steps * step
    error = None if precise == 0 else (rounded - precise) / precise
    parts = {"exact_mg": dose.value, "step_mg": step, "mode": mode, "relative_error": error}
    parts |= {key: dose.components[key] for key in ("days", "regimen") if key in dose.components}
    flags = (*dose.flags, "rounded_to_zero") if rounded == 0 and precise > 0 else dose.flags
    return Finding(
        f"{dose.name}_rounded", rounded, dose.status, dose.category, "mg", components=parts, missing=dose.missing,
        flags=flags, reasons=dose.reasons, rule=RULE, rests_on=(dose,),
    )  # fmt: skip


def _dose(drug: DrugDose, area: Finding, clearance: Finding, policy: RenalPolicy) -> Finding:
    factor, flags, reasons = _renal(drug, clearance, policy)
    size = area.value if area.status is Status.OK and not isinstance(area.value, str | bool) else None
    missing = (() if size is not None else ("body_surface_area",)) + (
        () if factor is not None else ("creatinine_clearance",)
    )
    parts: dict[str, Any] = {
        "mg_per_m2": drug.mg_per_m2,
        "body_surface_area": size,
        "formula": area.components.get("formula"),
        "renal_factor": factor,
        "renal_policy": policy if drug.drug == "fludarabine" else None,
        "days": drug.days,
        "recorded_with_it": ("mesna", "hydration") if drug.drug == "cyclophosphamide" else (),
    }
    if size is None or factor is None:
        reasons += area.reasons if size is None else ()
        return Finding(
            f"{drug.drug}_dose", None, Status.MISSING, unit="mg", components=parts, missing=missing, flags=flags,
            reasons=reasons, rule=RULE, rests_on=(area, clearance),
        )  # fmt: skip
    value = float(exact(drug.mg_per_m2) * exact(size) * factor)
    return Finding(
        f"{drug.drug}_dose",
        value if factor else 0,
        category="contraindicated" if factor == 0 else "reduced" if factor < 1 else "full",
        unit="mg",
        components=parts | {"total_mg": value * len(drug.days)},
        flags=flags,
        reasons=reasons,
        rule=RULE,
        rests_on=(area, clearance),
    )


def _renal(
    drug: DrugDose, clearance: Finding, policy: RenalPolicy
) -> tuple[Fraction | None, tuple[str, ...], tuple[str, ...]]:
    """The renal factor of a drug, with flags and sentences; `None` when the clearance does not allow to say."""
    value = clearance.value if clearance.status is Status.OK else None
    known = None if value is None or isinstance(value, str | bool) else exact(value)
    if drug.drug == "fludarabine":
        return _fludarabine(drug, known, policy)
    if known is None:
        return Fraction(1), ("creatinine_clearance_not_known",), ("full dose, renal function not looked at",)
    if known < _CYCLOPHOSPHAMIDE_FROM:
        reason = (
            f"creatinine clearance {plain(known, 1)} mL/min: no rule below {_CYCLOPHOSPHAMIDE_FROM}, decide in person"
        )
        return None, ("renal_decision_required",), (reason,)
    return Fraction(1), (), ()


def _fludarabine(
    drug: DrugDose, clearance: Fraction | None, policy: RenalPolicy
) -> tuple[Fraction | None, tuple[str, ...], tuple[str, ...]]:
    if clearance is None:
        return None, (), ("creatinine clearance is not known",)
    factor = exact(fludarabine_renal_factor.scalar(policy=policy)(creatinine_clearance=clearance)["value"])
    if factor == 0:
        return factor, ("contraindicated",), (fludarabine_renal_factor.sentence("contraindicated"),)
    flags: tuple[str, ...] = ("rule_unconfirmed",) if policy == "legacy_20pct" else ()
    reasons: tuple[str, ...] = ()
    if factor < 1 and exact(drug.mg_per_m2) != _LABELLED_FLUDARABINE:
        flags += ("extrapolated",)
        reasons = (f"the label reduces from {_LABELLED_FLUDARABINE} mg/m², not from {plain(drug.mg_per_m2)}",)
    return factor, flags, reasons


def _marked(finding: Finding, regimen: Regimen, signed_by: str | None, asked: str) -> Finding:
    """The finding with its regimen, and who signed it; an unsigned regimen marks every dose."""
    parts = {**finding.components, "regimen": regimen.name, "signed_by": signed_by}
    if signed_by:
        return replace(finding, components=parts)
    reason = f"regimen {regimen.name} is an assumption nobody has signed for this study{asked}"
    flags = tuple(dict.fromkeys((*finding.flags, "rule_unconfirmed")))
    return replace(finding, components=parts, flags=flags, reasons=(*finding.reasons, reason))


def regimen_named(name: str, others: Sequence[Regimen] = ()) -> Regimen:
    """A regimen by name, of the two here or the study's own. Raises ValueError with the names there are."""
    known = REGIMENS | {regimen.name: regimen for regimen in others}
    if name not in known:
        raise ValueError(f"there is no regimen {name!r}. Write one of: {', '.join(known)}")
    return known[name]
