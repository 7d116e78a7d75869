"""Albumin-corrected calcium, for laboratories that measure total calcium only."""

from typing import Annotated, Any, Literal

from escalon.expressions.symbols import case
from escalon.instruments.kit.instrument import instrument
from escalon.instruments.kit.item import number

Calcium = Annotated[float, number("total calcium", 0, 10, "mmol/L", accepts=("mg/dL",), substance="calcium")]
Albumin = Annotated[float, number("albumin", 0, 100, "g/L", accepts=("g/dL",))]


@instrument(
    "Albumin-corrected calcium",
    source="Payne 1973, doi:10.1136/bmj.4.5893.643 (form with 0.02 per g/L about 40 g/L)",
    unit="mmol/L",
)
def corrected_calcium(calcium: Calcium, albumin: Albumin, *, when: Literal["below_40", "always"] = "below_40") -> Any:
    """Calcium in mmol/L as if albumin were 40 g/L; corrected only where albumin is lower, unless configured."""
    corrected = calcium + 0.02 * (40 - albumin)
    return corrected if when == "always" else case(albumin < 40, corrected, calcium)
