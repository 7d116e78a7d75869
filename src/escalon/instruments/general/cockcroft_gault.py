"""Creatinine clearance by Cockcroft and Gault: an estimate in mL/min, not normalised to body surface area, not an eGFR.

Weight is the actual weight; ideal or adjusted weight is a form of its own, so that the choice is visible in the name of
the result. The rounded µmol/L shortcuts (1.23 and 1.04) are not used: they can move a value across 30 mL/min.
"""

from typing import Annotated, Any, Literal

from escalon.expressions.symbols import case, maximum, minimum
from escalon.instruments.general.body_surface_area import Height, Weight
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import choice, integer, number

SOURCE = "Cockcroft & Gault 1976 Nephron 16:31–41, doi:10.1159/000180580"

Age = Annotated[int, integer("age in completed years at sampling", 18, 139, fact="age", doubtful=(18, 95))]
Sex = Annotated[str, choice("sex, as the formula was made for", "female", "male", fact="sex")]
Creatinine = Annotated[
    float,
    number(
        "serum creatinine", "0.1", None, "umol/L",
        accepts=("mg/dL",), substance="creatinine", also=("scr",), fact="creatinine", query=(20, 1500),
    ),
]  # fmt: skip


@instrument("Creatinine clearance (Cockcroft–Gault)", source=SOURCE, unit="mL/min", code="CRCLCG")
def cockcroft_gault(age: Age, sex: Sex, weight: Weight, creatinine: Creatinine) -> Any:
    """Creatinine clearance from age, sex, actual weight and serum creatinine."""
    return _clearance(age, sex, weight, creatinine)


@instrument(
    "Creatinine clearance (Cockcroft–Gault) by ideal or adjusted weight",
    source=f"{SOURCE}; ideal weight Devine 1974 Drug Intell Clin Pharm 8:650–655",
    unit="mL/min",
    code="CRCLCGI",
    unconfirmed="a protocol must ask for ideal or adjusted weight; the original formula uses actual weight",
)
def cockcroft_gault_by_height(
    age: Age,
    sex: Sex,
    weight: Weight,
    height: Height,
    creatinine: Creatinine,
    *,
    weight_used: Literal["ideal", "adjusted"] = "ideal",
) -> Any:
    """Creatinine clearance with a weight expected for the height, where a protocol asks for it.

    Ideal weight is 50 kg for men and 45.5 kg for women plus 2.3 kg per inch over 5 feet; adjusted weight adds 40 % of
    what the actual weight exceeds it by. Ideal weight above the actual one is not used.
    """
    ideal = case(sex == "male", 50, 45.5) + 2.3 * (height / 2.54 - 60)
    used = minimum(weight, ideal if weight_used == "ideal" else ideal + 0.4 * maximum(weight - ideal, 0))
    return Outcome(_clearance(age, sex, used, creatinine), parts={"dosing_weight": used})


def _clearance(age: Any, sex: Any, weight: Any, creatinine: Any) -> Any:
    mg_per_dl = creatinine / 88.4  # 1 mg/dL is 88.4 µmol/L (spec/instruments)
    men = (140 - age) * weight / (72 * mg_per_dl)
    return case(sex == "male", men, men * 0.85)
