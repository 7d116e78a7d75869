"""Body surface area from height and weight, by two formulas; the one used is part of the result.

Actual weight, no cap, and no rounding before a dose is multiplied by it.
"""

from typing import Annotated, Any, Literal

from escalon.expressions.symbols import sqrt
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import number

# The hard limits only catch a wrong unit or a typing error; the usual ones ask for a second look.
Height = Annotated[float, number("standing height", 50, 260, "cm", accepts=("m",), fact="height", doubtful=(130, 210))]
Weight = Annotated[float, number("actual body weight", 10, 400, "kg", fact="weight", doubtful=(30, 200))]


@instrument(
    "Body surface area",
    source="Mosteller 1987 N Engl J Med 317:1098, doi:10.1056/NEJM198710223171717; "
    "DuBois 1916 Arch Intern Med 17:863, doi:10.1001/archinte.1916.00080130010002",
    unit="m2",
    code="BSA",
)
def body_surface_area(height: Height, weight: Weight, *, formula: Literal["mosteller", "dubois"] = "mosteller") -> Any:
    """Body surface area in m², by Mosteller unless DuBois is asked for."""
    area = sqrt(height * weight / 3600) if formula == "mosteller" else 0.007184 * height**0.725 * weight**0.425
    return Outcome(area, parts={"formula": formula})
