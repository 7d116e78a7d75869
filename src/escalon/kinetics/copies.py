"""Transgene copies per reaction, per µg of DNA and per µL of blood: three units that never mix.

The trial's outcome is copies/µL of blood, so volume-normalised values come first; copies/µg compares with the
literature. Lymphodepletion changes the DNA per blood volume strongly, so the way from one to the other needs the DNA
yield of that very sample. Source for the blood-volume scale: Sci Rep 2020, doi:10.1038/s41598-020-74927-8.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from escalon.facts import Number, UnitError, exact, plain


class Per(StrEnum):
    """What the copies were counted in."""

    REACTION = "{copies}/{reaction}"
    MICROGRAM_DNA = "{copies}/ug"
    MICROLITRE_BLOOD = "{copies}/uL"


@dataclass(frozen=True, slots=True)
class Copies:
    """A transgene level with what it is counted in. Only levels counted in the same thing compare or add.

    >>> Copies(Fraction(100), Per.MICROGRAM_DNA) < Copies(Fraction(3), Per.MICROLITRE_BLOOD)
    Traceback (most recent call last):
    ...
    escalon.facts.unit.UnitError: {copies}/ug and {copies}/uL do not mix: convert with the DNA yield of the sample
    """

    value: Fraction
    per: Per

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"copies cannot be negative: {plain(self.value)} {self.per.value}")

    def __lt__(self, other: "Copies") -> bool:
        return self.value < self._alike(other).value

    def __le__(self, other: "Copies") -> bool:
        return self.value <= self._alike(other).value

    def __add__(self, other: "Copies") -> "Copies":
        return Copies(self.value + self._alike(other).value, self.per)

    def over(self, other: "Copies") -> Fraction:
        """The ratio of two levels in one unit."""
        return self.value / self._alike(other).value

    def _alike(self, other: "Copies") -> "Copies":
        if self.per is not other.per:
            raise UnitError(
                f"{self.per.value} and {other.per.value} do not mix: convert with the DNA yield of the sample"
            )
        return other


def per_reaction(copies: Number) -> Copies:
    """Copies as the curve reads them: in one reaction."""
    return Copies(exact(copies), Per.REACTION)


def per_microgram(copies: Copies, ng_input: Number) -> Copies:
    """Copies/µg of genomic DNA: copies in the reaction over the ng of DNA put into it, times 1000."""
    return Copies(_reaction(copies) / _above_zero("DNA input (ng)", ng_input) * 1000, Per.MICROGRAM_DNA)


def per_microlitre(
    copies: Copies, elution_ul: Number, template_ul: Number, blood_ul: Number, recovery: Number | None = None
) -> Copies:
    """Copies/µL of blood: copies × eluate / template / blood volume, over the recovery if it was measured.

    `recovery` is the fraction of an external spike-in control that came back (0 to 1); `None` when none was used.
    """
    template, elution = _above_zero("template (µL)", template_ul), _above_zero("eluate (µL)", elution_ul)
    if template > elution:
        raise ValueError(
            f"template {plain(template_ul)} µL is more than the eluate it comes from ({plain(elution_ul)} µL)"
        )
    level = _reaction(copies) * elution / template / _above_zero("blood (µL)", blood_ul)
    return Copies(level if recovery is None else level / _recovered(recovery), Per.MICROLITRE_BLOOD)


def to_blood_volume(level: Copies, dna_ug_per_ul_blood: Number | None) -> Copies:
    """Copies/µg to copies/µL blood with the DNA yield of that sample; refused without it. Raises UnitError."""
    return Copies(_counted(level, Per.MICROGRAM_DNA).value * _yield(dna_ug_per_ul_blood), Per.MICROLITRE_BLOOD)


def to_dna_mass(level: Copies, dna_ug_per_ul_blood: Number | None) -> Copies:
    """Copies/µL blood to copies/µg with the DNA yield of that sample; refused without it. Raises UnitError."""
    return Copies(_counted(level, Per.MICROLITRE_BLOOD).value / _yield(dna_ug_per_ul_blood), Per.MICROGRAM_DNA)


def _reaction(copies: Copies) -> Fraction:
    return _counted(copies, Per.REACTION).value


def _counted(level: Copies, per: Per) -> Copies:
    if level.per is not per:
        raise UnitError(f"this takes copies in {per.value}, not in {level.per.value}")
    return level


def _yield(dna_ug_per_ul_blood: Number | None) -> Fraction:
    if dna_ug_per_ul_blood is None:
        raise UnitError(
            "copies/µg and copies/µL do not convert without the DNA yield of the sample (µg DNA per µL blood)"
        )
    return _above_zero("DNA yield (µg/µL)", dna_ug_per_ul_blood)


def _recovered(recovery: Number) -> Fraction:
    fraction = _above_zero("spike-in recovery", recovery)
    if fraction > 1:
        raise ValueError(f"spike-in recovery is a fraction up to 1, not {plain(recovery)}; write 85 % as 0.85")
    return fraction


def _above_zero(what: str, value: Number) -> Fraction:
    if exact(value) <= 0:
        raise ValueError(f"{what} must be above 0, not {plain(value)}")
    return exact(value)
