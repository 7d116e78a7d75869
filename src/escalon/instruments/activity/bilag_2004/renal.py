"""The renal system of BILAG-2004: six severe features, milder proteinuria, rising creatinine and blood pressure.

A value is compared with the one by the same method at the preceding visit. Of the methods for urine protein, and of
creatinine and filtration rate, those measured at the visit are used; if none is, that part is not known. Without a
preceding value two policies circulate: `written` follows the text, `registry` a long-running register.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from escalon.expressions.symbols import all_of, any_of, at_least, case, known, negated, otherwise
from escalon.instruments.activity.bilag_2004.attribution import attributed, is_asked, is_open
from escalon.instruments.activity.bilag_2004.form import FUNCTION, PROTEIN, VALUES
from escalon.instruments.activity.bilag_2004.grade import System
from escalon.instruments.kit.instrument import Items

REGISTRY = "registry"
# Limits of 24-hour protein in g, and of both ratios in mg/mmol; the ratios share theirs by design (spec SLE-3.7).
SEVERE = {"protein_24h": 1, "upcr": 100, "acr": 100}
MODERATE = {"protein_24h": 0.5, "upcr": 50, "acr": 50}
MILD = {"protein_24h": 0.25, "upcr": 25, "acr": 25}


@dataclass(frozen=True, slots=True)
class Renal:
    """The renal system with the six severe features beneath it.

    `attribution_open` says whether proteinuria waits for its attribution; `asked` when an item matters.
    """

    system: System
    features: Mapping[str, Any]
    attribution_open: Any
    asked: dict[str, Any]


def renal(it: Items, first_visit: str) -> Renal:
    """Two of six severe features, one of them proteinuria, sediment or histology, give A; any one, or less, gives B or C."""
    proteinuria = attributed(it, "proteinuria", severe_proteinuria(it, first_visit))
    features = {
        "deteriorating_proteinuria": proteinuria,
        "accelerated_hypertension": it.accelerated_hypertension,
        "deteriorating_function": deteriorating_function(it, first_visit),
        "active_sediment": it.active_sediment,
        "active_nephritis_histology": it.active_nephritis_histology,
        "nephrotic_syndrome": it.nephrotic_syndrome,
    }
    nephritis = any_of(proteinuria, it.active_sediment, it.active_nephritis_histology)
    moderate = attributed(it, "proteinuria", moderate_proteinuria(it, first_visit))
    mild = attributed(it, "proteinuria", mild_proteinuria(it))
    system = System(
        a=all_of(at_least(2, *features.values()), nephritis),
        b=any_of(*features.values(), moderate, rising_creatinine(it)),
        c=any_of(mild, rising_pressure(it)),
        assessed=any_of(known(it[name]) for name in VALUES["renal"]),
    )
    any_protein = any_of(
        severe_proteinuria(it, first_visit), moderate_proteinuria(it, first_visit), mild_proteinuria(it)
    )
    asked: dict[str, Any] = {"proteinuria_due_to_sle": is_asked(it, any_protein)}
    asked |= dict.fromkeys(("systolic_bp", "diastolic_bp"), _had_pressure(it))
    return Renal(system, features, is_open(it, "proteinuria", any_protein), asked)


def severe_proteinuria(it: Items, first_visit: str) -> Any:
    """More than 1 g or 100 mg/mmol and not a quarter lower than before; by dipstick, two levels up."""
    rise = it.dipstick_protein - it.previous_dipstick_protein >= 2
    first = it.dipstick_protein >= 2 if first_visit == REGISTRY else False
    by_dipstick = case(known(it.previous_dipstick_protein), rise, first)
    return _by_method(
        it, {name: all_of(it[name] > SEVERE[name], _not_lower(it, name)) for name in PROTEIN}, by_dipstick
    )


def moderate_proteinuria(it: Items, first_visit: str) -> Any:
    """At least 0.5 g or 50 mg/mmol and not a quarter lower than before; by dipstick, one level up to 2+ or more."""
    rise = all_of(it.dipstick_protein >= 2, it.dipstick_protein - it.previous_dipstick_protein >= 1)
    first = it.dipstick_protein >= 2 if first_visit == REGISTRY else False
    by_dipstick = case(known(it.previous_dipstick_protein), rise, first)
    return _by_method(
        it, {name: all_of(it[name] >= MODERATE[name], _not_lower(it, name)) for name in PROTEIN}, by_dipstick
    )


def mild_proteinuria(it: Items) -> Any:
    """More than 0.25 g or 25 mg/mmol, falling or not; by dipstick, 1+ or more."""
    return _by_method(it, {name: it[name] > MILD[name] for name in PROTEIN}, it.dipstick_protein >= 1)


def deteriorating_function(it: Items, first_visit: str) -> Any:
    """Creatinine above 130 µmol/L and 130 % of before; GFR below 80 and 67 % of before; or GFR newly below 50."""
    unknown_before = first_visit == REGISTRY
    risen = otherwise(100 * it.creatinine > 130 * it.previous_creatinine, unknown_before)
    fallen = otherwise(100 * it.gfr < 67 * it.previous_gfr, unknown_before)
    newly_low = otherwise(it.previous_gfr > 50, True)
    by_creatinine = all_of(it.creatinine > 130, risen)
    by_gfr = any_of(all_of(it.gfr < 80, fallen), all_of(it.gfr < 50, newly_low))
    return _measured(it, dict(zip(FUNCTION, (by_creatinine, by_gfr), strict=True)))


def rising_creatinine(it: Items) -> Any:
    """Creatinine above 130 µmol/L, risen to 115 % or more but not above 130 % of before."""
    now, before = 100 * it.creatinine, it.previous_creatinine
    rising = case(known(before), all_of(it.creatinine > 130, now >= 115 * before, now <= 130 * before), False)
    return case(any_of(known(it.creatinine), negated(known(it.gfr))), rising, False)


def rising_pressure(it: Items) -> Any:
    """Above 140 and above 90 mmHg, with a rise of at least 30 systolic and 15 diastolic."""
    rise = all_of(
        it.systolic_bp > 140,
        it.diastolic_bp > 90,
        it.systolic_bp - it.previous_systolic_bp >= 30,
        it.diastolic_bp - it.previous_diastolic_bp >= 15,
    )
    return case(_had_pressure(it), rise, False)


def _had_pressure(it: Items) -> Any:
    return all_of(known(it.previous_systolic_bp), known(it.previous_diastolic_bp))


def _not_lower(it: Items, name: str) -> Any:
    """Not lower by a quarter or more; a fall of exactly 25 % is lower. Without a preceding value nothing has fallen."""
    return negated(otherwise(4 * it[name] <= 3 * it[f"previous_{name}"], False))


def _by_method(it: Items, quantitative: Mapping[str, Any], by_dipstick: Any) -> Any:
    """The quantitative methods measured at this visit, the dipstick only if there is none; not known without either."""
    by_amount = _measured(it, quantitative)
    some = any_of(known(it[name]) for name in quantitative)
    return case(some, by_amount, known(it.dipstick_protein), by_dipstick, None)


def _measured(it: Items, conditions: Mapping[str, Any]) -> Any:
    """Any of the conditions whose value was measured; not known when none was."""
    some = any_of(known(it[name]) for name in conditions)
    return case(some, any_of(case(known(it[name]), met, False) for name, met in conditions.items()), None)
