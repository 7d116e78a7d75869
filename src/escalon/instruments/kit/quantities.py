"""Quantities that several instruments share, as parameter types: `esr: MmPerHour`."""

from typing import Annotated

from escalon.instruments.kit.item import number

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
