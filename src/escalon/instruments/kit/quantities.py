"""Quantities that several instruments share, as parameter types: `esr: MmPerHour`."""

from typing import Annotated

from escalon.instruments.kit.item import choice, integer, number, truth

Joints28 = Annotated[int, integer("joints of the 28-joint set", 0, 28)]
MmPerHour = Annotated[
    float, number("erythrocyte sedimentation rate", 0, None, "mm/h", fact="esr", doubtful=(None, 150))
]
CrpMgL = Annotated[
    float,
    number(
        "C-reactive protein", 0, None, "mg/L", accepts=("mg/dL",), fact="crp", doubtful=(None, 300), below_limit=True
    ),
]
CrpMgDl = Annotated[
    float,
    number(
        "C-reactive protein", 0, None, "mg/dL", accepts=("mg/L",), fact="crp", doubtful=(None, 30), below_limit=True
    ),
]
Vas100 = Annotated[float, number("visual analogue scale of 100 mm", 0, 100, "mm", accepts=("cm", "NRS"))]
Vas10 = Annotated[float, number("visual analogue scale of 10 cm", 0, 10, "cm", accepts=("mm", "NRS"))]
Present = Annotated[bool, truth("present, absent or not assessed")]

__all__ = ["CrpMgDl", "CrpMgL", "Joints28", "MmPerHour", "Present", "Vas10", "Vas100", "choice"]
