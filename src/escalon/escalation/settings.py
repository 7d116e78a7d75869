"""The settings of a design as people write them, read as numbers, counts and yes or no."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from escalon.escalation.errors import EscalationError
from escalon.escalation.exact_beta import as_fraction
from escalon.escalation.levels import counted

MOST_PARTICIPANTS = 300  # far beyond any phase I trial; a slip of the keyboard is refused, not computed
NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2}|/[0-9]{1,20})?")


def number_of(written: object) -> Fraction | None:
    """A number as written, exactly: 0.25, 1/3; None for anything else."""
    text = str(written)
    try:
        return as_fraction(text) if NUMBER.fullmatch(text) else None
    except (ValueError, ZeroDivisionError):
        return None


class Settings:
    """The settings of one design, read as what they must be; an entry that is not is named with an example."""

    def __init__(self, design: str, given: Mapping[str, Any], levels: int, example: str) -> None:
        self.design, self.given, self.levels, self.example = design, dict(given), levels, example

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def wrong(self, name: str, what: str) -> EscalationError:
        """The error for one setting."""
        return EscalationError(
            f"{self.design}: {name} = {self.given[name]} is not {what}. Write for example: {self.example}"
        )

    def number(self, name: str) -> Fraction:
        """A number as written: 0.25, 1/3."""
        found = number_of(self.given[name])
        if found is None:
            raise self.wrong(name, "a number")
        if name == "target" and not 0 < found < 1:
            raise self.wrong(name, "a risk between 0 and 1 (30 % is 0.3)")
        return found

    def count(self, name: str) -> int:
        """A whole number that a trial can have."""
        number = self.number(name)
        if number.denominator != 1 or abs(number) > MOST_PARTICIPANTS:
            raise self.wrong(name, f"a whole number up to {MOST_PARTICIPANTS}")
        return int(number)

    def flag(self, name: str, default: bool = False) -> bool:
        """Yes or no."""
        given = str(self.given.get(name, default)).lower()
        if given not in ("yes", "true", "no", "false"):
            raise self.wrong(name, "yes or no")
        return given in ("yes", "true")

    def numbers(self, name: str) -> tuple[float, ...]:
        """Numbers, one per level: 0.05/0.15/0.30."""
        given = self.given[name]
        parts = given.split("/") if isinstance(given, str) else given
        if not isinstance(parts, Sequence):
            raise self.wrong(name, "a list of numbers")
        read = [number_of(one) for one in parts]
        found = tuple(float(one) for one in read if one is not None)
        if len(found) != len(read):
            raise self.wrong(name, "a list of numbers")
        if len(found) != self.levels:
            raise EscalationError(
                f"{self.design}: the {name} has {len(found)} risks for {self.levels} levels; write one per level"
            )
        return found

    def where(self) -> dict[str, Any]:
        """Where the trial starts and what its lowest level is called: start=1 unless said, whatever lies below it."""
        lowest = self.count("lowest") if "lowest" in self else 1
        start = self.count("start") if "start" in self else 1
        if lowest > 1 or lowest == 0 or -lowest >= self.levels:
            raise self.wrong(
                "lowest", "the name of a lowest level: 1, or -1 where one of the levels lies below level 1"
            )
        return {"start": counted(start, self.levels, lowest), "lowest": lowest}

    def counts(self, *names: str) -> dict[str, Any]:
        """Those of some whole numbers that are given."""
        return {name: self.count(name) for name in names if name in self}
