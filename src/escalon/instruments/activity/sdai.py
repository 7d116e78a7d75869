"""SDAI: simplified disease activity index of rheumatoid arthritis, and the responses defined on SDAI and CDAI.

C-reactive protein counts in mg/dL and without a cap: the quoted range 0–86 assumes at most 10 mg/dL.
"""

from typing import Annotated, Any

from escalon.expressions.symbols import case
from escalon.instruments.activity.cdai import ON_LUPUS_SCALE, PatientGlobal, PhysicianGlobal, PhysicianGlobalScale
from escalon.instruments.activity.das28 import Swollen, Tender
from escalon.instruments.kit.change import fell_by_percent, percent_change
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import number
from escalon.instruments.kit.quantities import CrpMgDl

RESPONSE = "Aletaha & Smolen 2007, doi:10.1016/j.berh.2007.02.004; Aletaha 2012, doi:10.1136/annrheumdis-2012-201491"
SdaiBaseline = Annotated[float, number("SDAI at baseline", 0, baseline_of="current")]
SdaiNow = Annotated[float, number("SDAI at the visit", 0, of="sdai")]
CdaiBaseline = Annotated[float, number("CDAI at baseline", 0, 76, baseline_of="current")]
CdaiNow = Annotated[float, number("CDAI at the visit", 0, 76, of="cdai")]


@instrument(
    "SDAI",
    source="Smolen 2003, Rheumatology 42:244–257; bands Aletaha & Smolen 2007, doi:10.1016/j.berh.2007.02.004",
    bands="remission <= 3.3 < low <= 11 < moderate <= 26 < high",
)
def sdai(
    tender: Tender,
    swollen: Swollen,
    patient_global: PatientGlobal,
    physician_global: PhysicianGlobal,
    crp: CrpMgDl,
    physician_global_scale: PhysicianGlobalScale,
) -> Outcome:
    """Disease activity in RA: two joint counts, two global judgements on 0–10 cm and CRP in mg/dL."""
    return Outcome(
        tender + swollen + patient_global + physician_global + crp,
        contradictions={ON_LUPUS_SCALE: physician_global_scale == "SLE_0_3"},
    )


@instrument("SDAI response", source=RESPONSE)
def sdai_response(baseline: SdaiBaseline, current: SdaiNow) -> Outcome:
    """Minor (at least 50 %), moderate (70 %) or major (85 %) improvement in SDAI, otherwise none."""
    return _relative(baseline, current)


@instrument("CDAI response", source=RESPONSE)
def cdai_response(baseline: CdaiBaseline, current: CdaiNow) -> Outcome:
    """Minor (at least 50 %), moderate (70 %) or major (85 %) improvement in CDAI, otherwise none."""
    return _relative(baseline, current)


@instrument("CDAI, minimal important improvement", source="Curtis 2015, doi:10.1002/acr.22606", code="CDAIMII")
def cdai_important_improvement(baseline: CdaiBaseline, current: CdaiNow) -> Outcome:
    """Whether CDAI fell by at least 12 from high activity (above 22), 6 from moderate (above 10), 1 from low (up to 10)."""
    needed = case(baseline > 22, 12, case(baseline > 10, 6, 1))
    return Outcome(baseline - current >= needed, parts={"change": current - baseline, "needed_fall": needed})


def _relative(baseline: Any, current: Any) -> Outcome:
    def fell(percent: int) -> Any:
        return fell_by_percent(baseline, current, percent)

    return Outcome(
        case(fell(85), "major", case(fell(70), "moderate", case(fell(50), "minor", "none"))),
        parts={"percent_change": percent_change(baseline, current)},
        flags={"ZERO_BASELINE": (baseline <= 0, "no percentage of a baseline of 0: counted as no response")},
    )
