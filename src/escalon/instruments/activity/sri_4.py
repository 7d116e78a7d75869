"""SRI-4: the SLE responder index, from baseline to a visit.

SLEDAI falls by 4 or more, no new BILAG A and fewer than two new BILAG B, and the physician's global is not worse by 0.3.
"""

from typing import Any, Literal

from escalon.expressions.symbols import all_of, any_of, known, negated, otherwise
from escalon.facts import Status
from escalon.instruments.activity.bilag_2004.change import BEFORE, TWO_VISITS, returned_to_never, tallies
from escalon.instruments.activity.bilag_2004.form import SYSTEMS
from escalon.instruments.activity.pga import ON_0_3, has_worsened
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, choice, integer, named, truth

_sledai = integer("SLEDAI, 2K or SELENA form", 0, 105)
_variant = choice("form of the SLEDAI", "SLEDAI-2K", "SELENA-SLEDAI", needed=False)
SCORES: dict[str, Item] = {
    "sledai_baseline": named(_sledai, "SLEDAI at baseline", also=("sledai_2k_baseline",), baseline_of="sledai"),
    "sledai": named(_sledai, "SLEDAI at the visit", also=("sledai_2k",), of="sledai_2k"),
    "sledai_variant_baseline": named(_variant, "form of the SLEDAI at baseline"),
    "sledai_variant": named(_variant, "form of the SLEDAI at the visit"),
    "pga_baseline": named(ON_0_3, "physician's global at baseline, 0–3", fact=None, baseline_of="pga"),
    "pga": named(ON_0_3, "physician's global at the visit, 0–3"),
}
# The tallies may be given where the grades themselves are not at hand.
TALLIES: dict[str, Item] = {
    "new_a": integer("systems with a new BILAG A", 0, 9, missing_when=tuple(TWO_VISITS)),
    "new_b": integer("systems with a new BILAG B", 0, 9, missing_when=tuple(TWO_VISITS)),
}
CONDUCT: dict[str, Item] = {
    "treatment_failure": truth("prohibited medication or treatment failure before the visit"),
    "withdrawn": truth("dead or withdrawn before the visit"),
    "visit_missed": truth("the visit did not take place"),
}


@instrument(
    "SRI-4",
    source="Furie 2009, Arthritis Rheum 61:1143, doi:10.1002/art.24698",
    items=SCORES | TWO_VISITS | TALLIES | CONDUCT,
    when_missing=Status.INDETERMINATE,
    code="SRI4",
    notes="The definition has three criteria. Trials add a fourth (no treatment failure, not withdrawn, a missed visit counts "
    "as no response): choose it with trial_practice=applied.",
)
def sri_4(
    it: Items, *, k: Literal[4, 5, 6, 7, 8] = 4, trial_practice: Literal["ignored", "applied"] = "ignored"
) -> Outcome:
    """Whether a participant responds: activity lower by at least 4 points, and nothing else worse."""
    pairs = grade_pairs(it)
    new = tallies(pairs)
    new_a, new_b = otherwise(it.new_a, new["new_a"]), otherwise(it.new_b, new["new_b"])
    criteria = {
        "sledai_fell": it.sledai_baseline - it.sledai >= k,
        "no_new_bilag": all_of(new_a == 0, new_b < 2),
        "pga_not_worse": negated(has_worsened(it.pga_baseline, it.pga)),
    }
    stopped = any_of(it.treatment_failure, it.withdrawn, it.visit_missed)
    response = all_of(criteria.values())
    if trial_practice == "applied":
        response = all_of(negated(stopped), response)
    return Outcome(
        response,
        unless={f"a baseline SLEDAI below {k} cannot fall by {k}": it.sledai_baseline < k},
        parts=criteria | {"new_a": new_a, "new_b": new_b},
        flags={
            "not_evaluable_baseline": (it.sledai_baseline < k, f"a baseline SLEDAI below {k} cannot fall by {k}"),
            "trial_practice_ignored": (
                all_of(stopped, trial_practice == "ignored"),
                "treatment failure, withdrawal or a missed visit is recorded, and the three criteria alone do not look at it",
            ),
        },
        contradictions=mixed_variants(it)
        | returned_to_never(pairs)
        | {f"{name} differs from what the grades give": negated(it[name] == new[name]) for name in ("new_a", "new_b")},
        asked_when={name: negated(all_of(known(it.new_a), known(it.new_b))) for name in TWO_VISITS}
        | dict.fromkeys(CONDUCT, trial_practice == "applied"),
    )


def grade_pairs(it: Items) -> dict[str, tuple[Any, Any]]:
    """Each system's grade at baseline and at the visit."""
    return {system: (it[f"{system}{BEFORE}"], it[system]) for system in SYSTEMS}


def mixed_variants(it: Items) -> dict[str, Any]:
    """What cannot be compared: two forms of the SLEDAI."""
    mixed = it.sledai_variant_baseline != it.sledai_variant
    return {"the SLEDAI at baseline and at the visit are of different forms, so their difference means nothing": mixed}
