"""A dose as a protocol writes it: `3e5 CAR-T cells/kg`, `1e8 cells`, `25 mg`, `2 mg/kg`, `10 mg/m²`.

What it counts and by what it is scaled are part of it, so that a flat dose is never multiplied by a body weight. A unit that
cannot be computed with (`bags`, `tablets`) is refused.
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from escalon.facts import Number, UnitError, exact, factor, plain, read_number, spelled

Basis: TypeAlias = Literal["", "kg", "m2"]
MEASURED = ("ng", "ug", "mg", "g", "kBq", "MBq", "GBq", "mCi")
"""What is weighed, or measured by its activity."""
COUNTED = {"cells": "{cells}", "cell": "{cells}", "vg": "{vg}", "pfu": "{pfu}", "iu": "[iU]", "u": "U"}
"""What is counted and not weighed: cells, vector genomes, plaque-forming units, international units, units."""
_WRITTEN = re.compile(r"\s*([\d.,_]+(?:\s*[eE]\s*[-+]?\d+)?)(?:\s*[x×·*]\s*10\s*\^?\s*([\d⁰¹²³⁴⁵⁶⁷⁸⁹]+))?\s*(.*?)\s*")
_BASES: dict[str, Basis] = {"": "", "kg": "kg", "m2": "m2", "m²": "m2", "m^2": "m2"}
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = {value: key for key, value in _RAISED.items()}


@dataclass(frozen=True, slots=True)
class DoseAmount:
    """An amount to give: how much, of what, and whether for each kilogram or square metre of body."""

    value: Fraction
    thing: str
    """What is given, as UCUM: `{cells}`, `mg`."""
    per: Basis = ""
    words: str = ""
    """What is given, as the protocol calls it: `CAR-T cells`."""

    @classmethod
    def parse(cls, text: str) -> "DoseAmount":
        """Read an amount with its unit. Raises ValueError, which says what to write."""
        found = _WRITTEN.fullmatch(text)
        if not found or not found[3]:
            raise ValueError(
                f"{text!r} is not a dose. Write an amount with its unit: '3e5 cells/kg', '1e8 cells', '25 mg'"
            )
        value = Fraction(read_number(re.sub(r"\s", "", found[1])))
        if found[2]:
            value *= Fraction(10) ** int(found[2].translate(_LOWERED))
        if not 0 < value < Fraction(10) ** 18:
            raise ValueError(f"{text!r} is no dose that anyone was ever given. Write it as '3e5 cells/kg'")
        return replace(dose_unit(found[3]), value=value)

    @property
    def unit(self) -> str:
        """The unit as UCUM: `{cells}/kg`, `mg`."""
        return f"{self.thing}/{self.per}" if self.per else self.thing

    @property
    def is_cells(self) -> bool:
        """Whether what is given is counted in cells."""
        return self.thing == COUNTED["cells"]

    @property
    def shown_unit(self) -> str:
        """The unit as people write it: `CAR-T cells/kg`, `mg/m²`."""
        words = self.words or self.thing.strip("{}[]")
        return f"{words}/{self.per.replace('m2', 'm²')}" if self.per else words

    def total(self, weight: Number | None = None, surface: Number | None = None) -> Fraction | None:
        """What one person is given, for their weight in kg or body surface in m²; `None` while that is not known."""
        by = {"": Fraction(1), "kg": weight, "m2": surface}[self.per]
        return None if by is None else self.value * exact(by)

    def as_given_in(self, planned: "DoseAmount") -> Fraction:
        """This dose in the unit of a planned one. Raises ValueError where the two do not measure the same."""
        if self.per == planned.per:
            try:
                return self.value * exact(factor(self.thing, planned.thing))
            except UnitError:
                pass
        raise ValueError(f"{self} is not a dose in {planned.shown_unit}. Write what was given in {planned.shown_unit}")

    def window(self, tolerance: Number) -> tuple[Fraction, Fraction]:
        """The least and the most, in this unit, that still is this dose; both included."""
        return self.value * (1 - exact(tolerance)), self.value * (1 + exact(tolerance))

    def window_text(self, tolerance: Number) -> str:
        """`0.8 to 1.2 × 10⁵ CAR-T cells/kg`, `43.2 to 64.8 mg`: both ends included."""
        power = power_of(self.value)
        ends = " to ".join(plain(end / 10**power) for end in self.window(tolerance))
        return f"{ends}{raised(power)} {self.shown_unit}"

    def __str__(self) -> str:
        return f"{in_powers(self.value)} {self.shown_unit}"


def dose_unit(text: str) -> DoseAmount:
    """The unit of a dose, as a dose of 1: `CAR-T cells/kg`, `mg`. Raises ValueError, which says what is known."""
    words, slash, below = text.strip().rpartition("/") if "/" in text else (text.strip(), "", "")
    basis = _BASES.get(below.strip().lower())
    thing = _thing(words.strip())
    if basis is None or thing is None or (slash and not below.strip()):
        known = "cells, vg, PFU, IU, U, ng, ug, mg, g, kBq, MBq, GBq or mCi, alone or for each kg or m²"
        raise ValueError(
            f"{text!r} is not a unit that a dose can be computed with. Write {known}: 'CAR-T cells/kg', 'mg'"
        )
    return DoseAmount(Fraction(1), thing, basis, words.strip())


def _thing(words: str) -> str | None:
    """The UCUM unit of what is given; the last word says it: `viable CAR-positive cells`."""
    counted = COUNTED.get(words.rpartition(" ")[2].lower())
    if counted is not None:
        return counted
    measured = spelled(words)
    return measured if measured in MEASURED else None


def power_of(value: Fraction) -> int:
    """The power of ten to write a number with; 0 for one that is written out."""
    return 0 if value < 10_000 or value.denominator != 1 else len(str(int(value))) - 1


def raised(power: int) -> str:
    """` × 10⁵`; nothing for 0."""
    return f" × 10{str(power).translate(_RAISED)}" if power else ""


def in_powers(value: Fraction) -> str:
    """A number as trialists write it: `1 × 10⁵`, `54`."""
    power = power_of(value)
    return f"{plain(value / 10**power)}{raised(power)}"
