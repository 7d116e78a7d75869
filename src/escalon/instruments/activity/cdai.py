"""CDAI: clinical disease activity index of rheumatoid arthritis, without a laboratory value.

Not the Crohn's disease index of the same letters.
"""

from typing import Annotated

from escalon.instruments.activity.das28 import Swollen, Tender
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import choice, number

PatientGlobal = Annotated[
    float,
    number(
        "patient's global disease activity, line of 10 cm", 0, 10, "cm",
        accepts=("mm", "NRS"), also=("ptga", "pt_ga", "ptga_cm"), fact="patient_global",
    ),
]  # fmt: skip
PhysicianGlobal = Annotated[
    float,
    number(
        "physician's global disease activity in arthritis, line of 10 cm (not the 0–3 scale of lupus)", 0, 10, "cm",
        accepts=("mm", "NRS"), also=("phga", "ph_ga", "phga_cm"), fact="physician_global",
    ),
]  # fmt: skip
# A physician global may also have been taken on the anchored 0–3 scale of lupus, which has no place in a sum of centimetres.
PhysicianGlobalScale = Annotated[
    str, choice("scale of the physician's global", "RA_0_100MM", "SLE_0_3", also=("phga_scale",), needed=False)
]
ON_LUPUS_SCALE = "physician global recorded on the SLE scale (0–3): this index needs the 0–100 mm line of arthritis"


@instrument(
    "CDAI",
    source="Aletaha 2005, doi:10.1186/ar1740; bands Aletaha & Smolen 2007, doi:10.1016/j.berh.2007.02.004",
    bands="remission <= 2.8 < low <= 10 < moderate <= 22 < high",
)
def cdai(
    tender: Tender,
    swollen: Swollen,
    patient_global: PatientGlobal,
    physician_global: PhysicianGlobal,
    physician_global_scale: PhysicianGlobalScale,
) -> Outcome:
    """Disease activity in RA: the sum of two joint counts and two global judgements, 0–76."""
    return Outcome(
        tender + swollen + patient_global + physician_global,
        contradictions={ON_LUPUS_SCALE: physician_global_scale == "SLE_0_3"},
    )
