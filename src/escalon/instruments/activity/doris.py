"""DORIS remission of lupus, definition of 2021: no clinical activity, whatever the serology, on little or no steroid."""

from typing import Any, Literal

from escalon.expressions.symbols import all_of, any_of, known, negated, otherwise, points
from escalon.facts import Status
from escalon.instruments.activity.pga import ON_0_3
from escalon.instruments.general.prednisone_equivalent import PREDNISONE_PER_DAY, RESCUE_STEROID
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import integer, named, truth

ITEMS = {
    "clinical_sledai": integer(
        "SLEDAI-2K without low complement and anti-dsDNA", 0, 101, also="clinical", missing_when=("sledai",)
    ),
    "sledai": integer("SLEDAI-2K", 0, 105, also="sledai_2k", missing_when=("clinical_sledai",)),
    "low_c": truth("low complement (SLEDAI-2K)"),
    "dna": truth("increased DNA binding (SLEDAI-2K)"),
    "pga": named(ON_0_3, "physician's global assessment, 0–3"),
    "prednisone": PREDNISONE_PER_DAY,
    "treatment_unstable": truth("immunosuppressant or biologic changed recently, so not stable", needed=False),
    "immunosuppressive_treatment": truth(
        "any immunosuppressant or biologic, antimalarials not counted", needed=False, also=("immunosuppressant",)
    ),
    "rescue_steroid": RESCUE_STEROID,
}
RescueRule = Literal["not_met", "ignored"]

STEROID_NOT_STATED = (
    "whether a steroid pulse or rescue steroid was given on the day is not stated; it would make this not met"
)


@instrument(
    "DORIS remission",
    source="van Vollenhoven 2021, doi:10.1136/lupus-2021-000538",
    items=ITEMS,
    when_missing=Status.INDETERMINATE,
    code="DORIS",
    notes="Some reports print PGA ≤ 0.5; the definition of 2021 is strict.",
)
def doris(it: Items, *, rescue_steroid_rule: RescueRule = "not_met") -> Outcome:
    """Remission: clinical SLEDAI 0, physician's global below 0.5, prednisone at most 5 mg a day, other treatment stable."""
    serology = points(it.low_c, 2) + points(it.dna, 2)
    criteria = {
        "no_clinical_activity": otherwise(it.clinical_sledai, it.sledai - serology) == 0,
        "pga_below_half": it.pga < 0.5,
        "steroid_at_most_5": all_of(it.prednisone <= 5, negated(given(it.rescue_steroid, rescue_steroid_rule))),
        "treatment_stable": negated(otherwise(it.treatment_unstable, False)),
    }
    remission = all_of(criteria.values())
    return Outcome(
        remission,
        parts=criteria
        | {
            "off_treatment": all_of(remission, it.prednisone == 0, negated(it.immunosuppressive_treatment)),
            "complete": all_of(remission, negated(any_of(it.low_c, it.dna))),
        },
        flags=rescue_flags(it.rescue_steroid, remission, rescue_steroid_rule),
        contradictions={
            "the SLEDAI is lower than its serological items alone": it.sledai < serology,
            "clinical SLEDAI is not SLEDAI less its serological items": it.clinical_sledai != it.sledai - serology,
        },
        asked_when=dict.fromkeys(("low_c", "dna"), negated(known(it.clinical_sledai))),
    )


def given(rescue_steroid: Any, rule: str) -> Any:
    """Whether a pulse or rescue steroid on the day counts against the state; one that is not recorded does not, flagged."""
    return False if rule == "ignored" else otherwise(rescue_steroid, False)


def rescue_flags(rescue_steroid: Any, state: Any, rule: str) -> dict[str, tuple[Any, str]]:
    """What to say about pulses and rescue steroid: given on the day, or not stated where it would decide."""
    not_stated = all_of(state, negated(known(rescue_steroid)), rule == "not_met")
    return {
        "RESCUE_STEROID": (rescue_steroid, "a steroid pulse, or steroid for CRS or ICANS, was given on the day"),
        "rescue_steroid_not_stated": (not_stated, STEROID_NOT_STATED),
    }
