"""What an assay said about one sample: quantified, detected but not quantifiable, not detected, or above its range.

Codes and limits: a value below the limit of quantification is stored but never used as a number in kinetics.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from escalon.facts import Number, exact, plain, spelled
from escalon.facts.interval import Interval


class Detection(StrEnum):
    """How a result relates to the limits of its assay."""

    ND = "ND"
    """Not detected: undetermined, or below the limit of detection."""
    BLQ = "BLQ"
    """Detected, below the lower limit of quantification."""
    BELOW = "below LLOQ"
    """Below the lower limit of quantification; whether anything was detected was not recorded (`<5`)."""
    QUANTIFIED = "quantified"
    """At or above the lower limit of quantification: positive."""
    ABOVE = "above ULOQ"
    """Beyond the upper limit of quantification: dilute and repeat. Not a number to calculate with."""
    MISSING = "missing"
    """No result. Not the same as not detected."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an assay in one unit. For copies `lloq` is mandatory: below it there is no number to speak of.

    For a cell count or an immunoglobulin without a stated limit, anything above 0 counts as quantified.

    >>> Limits("copies/µL", lloq=5, lod=2).code(3)
    <Detection.BLQ: 'BLQ'>
    """

    unit: str
    lloq: Number | None = None
    lod: Number | None = None
    uloq: Number | None = None

    def __post_init__(self) -> None:
        if self.lloq is None and spelled(self.unit).startswith("{copies}"):
            raise ValueError(
                f"lloq is empty. In {self.unit} the limit of quantification is the site's own and must be given"
            )
        given = [exact(limit) for limit in (self.lod, self.lloq) if limit is not None]
        top = [exact(self.uloq)] if self.uloq is not None else []
        if any(limit <= 0 for limit in given) or given != sorted(given) or (top and given and top[0] <= given[-1]):
            told = (
                f"{name} {plain(limit)}"
                for name, limit in (("LOD", self.lod), ("LLOQ", self.lloq), ("ULOQ", self.uloq))
            )
            raise ValueError(f"limits must be above 0 and rise, LOD <= LLOQ < ULOQ, not {', '.join(told)}")

    def code(self, value: Number) -> Detection:
        """The code of a measured value: below LOD (or 0) ND, below LLOQ BLQ, up to ULOQ quantified; exact."""
        amount = exact(value)
        if amount < 0:
            raise ValueError(f"a level cannot be negative: {plain(value)} {self.unit}")
        if amount == 0 or (self.lod is not None and amount < exact(self.lod)):
            return Detection.ND
        if self.lloq is not None and amount < exact(self.lloq):
            return Detection.BLQ
        return Detection.ABOVE if self.uloq is not None and amount > exact(self.uloq) else Detection.QUANTIFIED

    def between(self, code: Detection) -> Interval | None:
        """What a code says of the level: `ND` below the LOD (else the LLOQ), `BLQ` from the LOD to below the LLOQ, …"""
        lloq, lod, uloq = (None if one is None else exact(one) for one in (self.lloq, self.lod, self.uloq))
        low, high = Fraction(0), lloq
        match code:
            case Detection.MISSING | Detection.QUANTIFIED:
                return None
            case Detection.ABOVE:
                edge = lloq if uloq is None else uloq
                return Interval() if edge is None else Interval(low=edge, low_open=True)
            case Detection.ND:
                high = lloq if lod is None else lod
            case Detection.BLQ:
                low = Fraction(0) if lod is None or lod == lloq else lod
        return Interval(low) if high is None else Interval(low, high, high_open=True)


# 50 copies/µg genomic DNA (10 copies in 200 ng), the customary expectation for gene-therapy persistence assays: FDA,
# Long Term Follow-Up After Administration of Human Gene Therapy Products (2020). There is no such custom for copies/µL
# of blood, where the site's own validated limit is mandatory.
CUSTOMARY_LLOQ_PER_MICROGRAM = Fraction(50)
