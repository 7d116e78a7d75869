"""DAS28: disease activity in rheumatoid arthritis on 28 joints, four forms.

The form with ESR and the patient's global health is Prevoo 1995; the three-variable and CRP forms are those of the DAS-score
site of Nijmegen, as in Fransen & van Riel 2005 and Wells 2009. Forms are never mixed along one participant's course.
"""

from typing import Annotated, Any, Literal

from escalon.expressions.symbols import log, maximum, sqrt
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import integer, number
from escalon.instruments.kit.quantities import CrpMgL, MmPerHour

Tender = Annotated[
    int,
    integer(
        "tender joints of 28", 0, 28, also=("tjc28", "tjc"), fact="tender_joints_28", of=("active_joints_28.tender",)
    ),
]
Swollen = Annotated[
    int,
    integer(
        "swollen joints of 28", 0, 28, also=("sjc28", "sjc"), fact="swollen_joints_28", of=("active_joints_28.swollen",)
    ),
]
GlobalHealth = Annotated[
    float,
    number(
        "patient's general health or global disease activity, line of 100 mm", 0, 100, "mm",
        accepts=("cm", "NRS"), also=("gh", "patient_global", "pt_ga", "ptga"), fact="patient_global",
    ),
]  # fmt: skip

EULAR = "remission < 2.6 <= low <= 3.2 < moderate <= 5.1 < high"
# Fleischmann 2015 (2.4, 2.9) and 2017 (4.6): CRP scores run lower than ESR scores.
CRP_SPECIFIC = "remission < 2.4 <= low <= 2.9 < moderate <= 4.6 < high"
ZeroEsr = Literal["floor", "refuse"]


@instrument(
    "DAS28-ESR",
    source="Prevoo 1995, doi:10.1002/art.1780380107 (four variables); bands EULAR, Fransen & van Riel 2005",
    bands=EULAR,
    near=0.005,
    code="DAS28ES4",
)
def das28_esr(
    tender: Tender, swollen: Swollen, esr: MmPerHour, global_health: GlobalHealth, *, zero_esr: ZeroEsr = "floor"
) -> Outcome:
    """Disease activity in RA on 28 joints; global health is the patient's 0–100 mm line."""
    core = 0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.70 * log(maximum(esr, 1))
    return _low_esr(core + 0.014 * global_health, esr, zero_esr)


@instrument(
    "DAS28-ESR, three variables",
    source="Fransen & van Riel 2005, Clin Exp Rheumatol 23(Suppl 39):S93–S99; DAS-score site (Nijmegen)",
    bands=EULAR,
    near=0.005,
    code="DAS28ES3",
)
def das28_esr_3(tender: Tender, swollen: Swollen, esr: MmPerHour, *, zero_esr: ZeroEsr = "floor") -> Outcome:
    """DAS28 with ESR for visits without the patient's global health; never mixed with the four-variable form."""
    core = 0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.70 * log(maximum(esr, 1))
    return _low_esr(core * 1.08 + 0.16, esr, zero_esr)


@instrument(
    "DAS28-CRP",
    source="Wells 2009, doi:10.1136/ard.2007.084459; DAS-score site (Nijmegen); own bands Fleischmann 2017, "
    "doi:10.1136/rmdopen-2016-000382",
    bands={"esr_equivalent": EULAR, "crp_specific": CRP_SPECIFIC},
    near=0.005,
    code="DAS28CR4",
)
def das28_crp(tender: Tender, swollen: Swollen, crp: CrpMgL, global_health: GlobalHealth) -> float:
    """Disease activity in RA on 28 joints with C-reactive protein in mg/L."""
    return 0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.36 * log(crp + 1) + 0.014 * global_health + 0.96


@instrument(
    "DAS28-CRP, three variables",
    source="DAS-score site (Nijmegen); Wells 2009, doi:10.1136/ard.2007.084459",
    bands={"esr_equivalent": EULAR, "crp_specific": CRP_SPECIFIC},
    near=0.005,
    code="DAS28CR3",
)
def das28_crp_3(tender: Tender, swollen: Swollen, crp: CrpMgL) -> float:
    """DAS28 with CRP for visits without the patient's global health."""
    return (0.56 * sqrt(tender) + 0.28 * sqrt(swollen) + 0.36 * log(crp + 1)) * 1.10 + 1.15


def _low_esr(score: Any, esr: Any, zero_esr: str) -> Outcome:
    """An ESR below 1 mm/h counts as 1, flagged (project rule); the strict reading refuses it."""
    if zero_esr == "refuse":
        return Outcome(score, contradictions={"esr is below 1 mm/h, where the formula has no value": esr < 1})
    return Outcome(score, flags={"ESR_FLOORED": (esr < 1, "ESR below 1 mm/h counts as 1, since ln 0 is undefined")})
