"""BICLA: the BILAG-based composite lupus assessment, from baseline to a visit.

Every system graded A or B at baseline is better, none is newly worse beyond one new B, neither the SLEDAI nor the physician's
global is worse, and treatment did not fail.
"""

from typing import Any, Literal

from escalon.expressions.symbols import all_of, any_of, case, negated, one_of
from escalon.facts import Status
from escalon.instruments.activity.bilag_2004.change import TWO_VISITS, returned_to_never, tallies
from escalon.instruments.activity.pga import WORSENING, has_worsened
from escalon.instruments.activity.sri_4 import SCORES, grade_pairs, mixed_variants
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import truth

ITEMS = (
    SCORES
    | TWO_VISITS
    | {
        "treatment_failure": truth("restricted or rescue medication beyond the protocol"),
        "discontinued": truth("treatment or study stopped early"),
    }
)


@instrument(
    "BICLA",
    source="Wallace 2014, Ann Rheum Dis 73:183; Furie 2021, Arthritis Rheumatol 73:2059",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    code="BICLA",
    notes="An increase of exactly 0.3 is worsening in trials; the original wording tolerates 10 % (pga_rule=le_10pct).",
)
def bicla(it: Items, *, pga_rule: Literal["lt_0_3", "le_10pct"] = "lt_0_3") -> Outcome:
    """Whether a participant responds: every active system better, and nothing else worse."""
    pairs = grade_pairs(it)
    new = tallies(pairs)
    criteria = {
        "active_systems_better": all_of(is_better(*pair) for pair in pairs.values()),
        "no_new_bilag": all_of(new["new_a"] == 0, new["new_b"] <= 1),
        "sledai_not_higher": it.sledai <= it.sledai_baseline,
        "pga_not_worse": _pga_not_worse(it, pga_rule),
        "no_treatment_failure": negated(any_of(it.treatment_failure, it.discontinued)),
    }
    evaluable = any_of(one_of(before, "AB") for before, _ in pairs.values())
    return Outcome(
        all_of(criteria.values()),
        unless={"no system was A or B at baseline, so none can be better": negated(evaluable)},
        parts=criteria | {"new_a": new["new_a"], "new_b": new["new_b"]},
        flags={
            "not_evaluable_baseline": (negated(evaluable), "no system was A or B at baseline, so none can be better")
        },
        contradictions=mixed_variants(it) | returned_to_never(pairs),
    )


def is_better(before: Any, now: Any) -> Any:
    """From A to B or lower, from B to C or lower; a system that was neither need not change."""
    return case(before == "A", now != "A", before == "B", one_of(now, "CDE"), True)


def _pga_not_worse(it: Items, rule: str) -> Any:
    if rule == "le_10pct":
        return it.pga - it.pga_baseline <= WORSENING
    return negated(has_worsened(it.pga_baseline, it.pga))
