"""ACR20, ACR50 and ACR70: improvement in rheumatoid arthritis from baseline to a visit.

Both joint counts, and at least three of five further measures, improve by 20, 50 or 70 %. Some registrations word it as
improvement «in all criteria» [sic] or in tender *or* swollen joints; the published rule is the one here.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from escalon.expressions.symbols import all_of, any_of, at_least, case, known, negated, otherwise
from escalon.facts import Status
from escalon.instruments.activity.cdai import ON_LUPUS_SCALE
from escalon.instruments.kit.change import fell_by_percent
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, at_baseline, choice, integer, named, number

SOURCE = "Felson 1993, Arthritis Rheum 36:729–740; Felson 1995, Arthritis Rheum 38:727–735"
SIC = (
    "Some records word ACR70 as «70 % improvement in all criteria» [sic]: the published rule asks for both joint counts and "
    "three of five further measures."
)
UNCONFIRMED_ZERO = (
    "no percentage of a baseline of 0: that measure counts as not improved (our rule; the source is silent)"
)

_line = number("line of 100 mm", 0, 100, "mm", accepts=("cm", "NRS"))
_crp = number("C-reactive protein", 0, None, "mg/L", accepts=("mg/dL",), fact="crp", below_limit=True)
_esr = number("erythrocyte sedimentation rate", 0, None, "mm/h", fact="esr", needed=False)
MEASURES: dict[str, Item] = {
    "tender": integer(
        "tender joints, of 68 or 28", 0, 68, also=("tjc",), of=("tender_joints_28", "active_joints_28.tender")
    ),
    "swollen": integer(
        "swollen joints, of 66 or 28", 0, 66, also=("sjc",), of=("swollen_joints_28", "active_joints_28.swollen")
    ),
    "patient_global": named(_line, "patient's global disease activity", also=("ptga",), fact="patient_global"),
    "pain": named(_line, "patient's pain", fact="pain"),
    "physician_global": named(_line, "physician's global disease activity", also=("phga",), fact="physician_global"),
    "haq": number("HAQ-DI", 0, 3, also=("haq_di",), fact="haq_di"),
    "crp": replace(_crp, missing_when=("esr",)),
    "esr": _esr,
}
HELPERS: dict[str, Item] = {
    "crp_upper_limit": number("upper limit of normal of CRP", 0, None, "mg/L", accepts=("mg/dL",), needed=False),
    "esr_upper_limit": number("upper limit of normal of ESR", 0, None, "mm/h", needed=False),
    "joint_set_baseline": choice("joints counted at baseline", "28", "66/68", needed=False),
    "joint_set": choice("joints counted at the visit", "28", "66/68", needed=False),
    "physician_global_scale": choice("scale of the physician's global", "RA_0_100MM", "SLE_0_3", needed=False),
}
ITEMS = MEASURES | {f"{name}_baseline": at_baseline(name, item) for name, item in MEASURES.items()} | HELPERS
Reactant = Literal["by_rule", "crp", "esr"]


@instrument("ACR20", source=SOURCE, items=ITEMS, when_missing=Status.INDETERMINATE, notes=SIC)
def acr20(it: Items, *, reactant: Reactant = "by_rule") -> Outcome:
    """Whether both joint counts and three of five further measures improved by at least 20 %."""
    return _response(it, 20, reactant)


@instrument("ACR50", source=SOURCE, items=ITEMS, when_missing=Status.INDETERMINATE, notes=SIC)
def acr50(it: Items, *, reactant: Reactant = "by_rule") -> Outcome:
    """Whether both joint counts and three of five further measures improved by at least 50 %."""
    return _response(it, 50, reactant)


@instrument("ACR70", source=SOURCE, items=ITEMS, when_missing=Status.INDETERMINATE, notes=SIC)
def acr70(it: Items, *, reactant: Reactant = "by_rule") -> Outcome:
    """Whether both joint counts and three of five further measures improved by at least 70 %."""
    return _response(it, 70, reactant)


def _response(it: Items, percent: int, reactant: str) -> Outcome:
    better = {name: fell_by_percent(it[f"{name}_baseline"], it[name], percent) for name in MEASURES}
    by_esr = _by_esr(it) if reactant == "by_rule" else reactant == "esr"
    acute_phase = any_of(
        all_of(by_esr, better["esr"]), all_of(negated(by_esr), better["crp"]), all_of(better["esr"], better["crp"])
    )
    further = [better[name] for name in ("pain", "patient_global", "physician_global", "haq")]
    response = all_of(better["tender"], better["swollen"], at_least(3, *further, acute_phase))
    counts = [it[name] for name in ("tender", "swollen", "tender_baseline", "swollen_baseline")]
    return Outcome(
        response,
        required=all_of(*map(known, counts)),
        parts={"improved_" + name: better[name] for name in MEASURES if name not in ("crp", "esr")}
        | {
            "improved_acute_phase": acute_phase,
            "improved_in_all": all_of(better["tender"], better["swollen"], *further, acute_phase),
            "reactant_used": case(by_esr, "ESR", "CRP"),
            "response_missing_counted_as_no": otherwise(response, False),
        },
        flags={"ZERO_BASELINE": (any_of(*(it[f"{name}_baseline"] <= 0 for name in MEASURES)), UNCONFIRMED_ZERO)},
        contradictions=_contradictions(it),
    )


def _by_esr(it: Items) -> Any:
    """ESR if CRP was normal at baseline and ESR was not, or if only ESR was taken; fixed at baseline (our rule)."""
    better_choice = all_of(it.crp_baseline <= it.crp_upper_limit, it.esr_baseline > it.esr_upper_limit)
    return case(known(it.esr_baseline), case(known(it.crp_baseline), better_choice, True), False)


def _contradictions(it: Items) -> Mapping[str, Any]:
    return {
        "the joints counted at baseline and at the visit are not the same set": it.joint_set_baseline != it.joint_set,
        "more than 28 joints in a 28-joint count": any_of(
            *(
                all_of(it[f"joint_set{when}"] == "28", it[f"{count}{when}"] > 28)
                for count in ("tender", "swollen")
                for when in ("", "_baseline")
            )
        ),
        ON_LUPUS_SCALE: it.physician_global_scale == "SLE_0_3",
    }
