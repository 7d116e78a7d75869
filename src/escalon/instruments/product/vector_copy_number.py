"""Vector copy number: CAR transgene copies per cell, measured against a reference gene with two copies per cell."""

from typing import Annotated, Any

from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import number
from escalon.instruments.product.cell_dose import CarFraction

SOURCE = "definition in FDA, Considerations for the Development of CAR T Cell Products (2024)"

# One diploid human genome weighs about 6.6 pg, so 1 µg of DNA is about 151 515 cells.
_PICOGRAMS_PER_GENOME = 6.6

Copies = Annotated[float, number("CAR transgene copies in the reaction", 0)]
ReferenceCopies = Annotated[float, number("copies of the reference gene in the same reaction", 0)]
Vcn = Annotated[float, number("vector copies per cell", 0, 1000)]


@instrument("Vector copies per cell", source=SOURCE, code="VCN")
def vcn_per_cell(car_copies: Copies, reference_copies: ReferenceCopies) -> Any:
    """Transgene copies per cell, averaged over all cells, transduced or not."""
    return _per_cell(car_copies, reference_copies)


@instrument("Vector copies per transduced cell", source=SOURCE, code="VCNTRANS")
def vcn_per_transduced_cell(car_copies: Copies, reference_copies: ReferenceCopies, car_fraction: CarFraction) -> Any:
    """Transgene copies per cell that carries any: the safety figure a release limit applies to."""
    mean = _per_cell(car_copies, reference_copies)
    none = {"no cell is CAR-positive: copies per transduced cell are not defined": car_fraction == 0}
    return Outcome(
        mean.value / car_fraction, parts={"vcn_per_cell": mean.value}, contradictions={**mean.contradictions, **none}
    )


@instrument("Transgene copies per µg of DNA", source=SOURCE, unit="{copies}/ug", code="VCNPERUG")
def copies_per_microgram(vcn: Vcn) -> Any:
    """Copies per µg of genomic DNA of the product, at 6.6 pg per diploid genome."""
    return vcn * 1_000_000 / _PICOGRAMS_PER_GENOME


def _per_cell(car_copies: Any, reference_copies: Any) -> Outcome:
    empty = {"reference_copies is 0: the reaction held no cells, repeat it": reference_copies == 0}
    return Outcome(2 * car_copies / reference_copies, contradictions=empty)
