"""Whether a delivered dose is the assigned one: ± the study's tolerance by exact comparison, both limits included.

Outside the window is a protocol deviation, never a silent re-assignment: the level a dose is analysed under is a separate
field that a person fills in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from escalon.facts import Finding, Ground, Number, Status, UnitError, exact, plain, spelled
from escalon.instruments.product.dose import DoseAmount

RULE = "dose_window/1"


@dataclass(frozen=True, slots=True)
class DoseLevel:
    """One dose level of the study: its number and its dose, in cells, cells/kg, mg, mg/m² …"""

    number: int
    dose: DoseAmount

    def window(self, tolerance: Number) -> tuple[Fraction, Fraction]:
        """The lowest and highest dose that still is this level, in the level's unit."""
        return self.dose.window(tolerance)

    def holds(self, given: Number, tolerance: Number) -> bool:
        """Whether a dose in the level's unit lies in the window; compared exactly, both limits included."""
        low, high = self.window(tolerance)
        return low <= exact(given) <= high


@dataclass(frozen=True, slots=True)
class DoseAdjustment:
    """A dose that a clinician changed, or that came out different, with the reason, who decided it and when.

    `analysis_level` is the level the dose is analysed under, if a person has decided that; it is never derived.
    """

    reason: str
    author: str
    at: datetime
    analysis_level: int | None = None

    def __post_init__(self) -> None:
        for name, text in (("reason", self.reason), ("author", self.author)):
            if not text.strip():
                raise ValueError(f"a dose adjustment needs a {name}")
        if self.at.tzinfo is None:
            raise ValueError("the time of a dose adjustment needs a time zone, such as 2025-03-14T09:30+08:00")


def judge_dose(
    delivered: Finding,
    assigned: DoseLevel,
    levels: Sequence[DoseLevel],
    tolerance: Number,
    adjustment: DoseAdjustment | None = None,
) -> Finding:
    """Hold a delivered dose, in the unit of the levels, against the assigned level.

    The value is True inside the window and False outside; `None` when the dose is not known. `components` give the ratio,
    the deviation, the window and the level the delivered dose belongs to, if any.
    """
    grounds: tuple[Ground, ...] = (delivered,)
    if assigned not in levels:
        raise ValueError(f"level {assigned.number} at {assigned.dose} is not one of the study's")
    if not 0 <= exact(tolerance) < 1:
        raise ValueError(f"the tolerance is a fraction from 0 to 1, not {plain(tolerance)}: write 20 % as 0.2")
    if spelled(delivered.unit) != spelled(assigned.dose.unit):
        raise UnitError(f"a dose is judged in {assigned.dose.shown_unit}, as its level is, not in {delivered.unit}")
    dose = delivered.value
    if delivered.status is not Status.OK or dose is None or isinstance(dose, str | bool):
        return Finding(
            "dose_in_window", None, delivered.status, missing=delivered.missing, reasons=delivered.reasons,
            flags=delivered.flags, rule=RULE, rests_on=grounds,
        )  # fmt: skip
    inside = assigned.holds(dose, tolerance)
    parts = _parts(exact(dose), assigned, levels, tolerance)
    flags, reasons = _deviation(inside, parts, assigned, tolerance, adjustment)
    return Finding(
        "dose_in_window",
        inside,
        category="in window" if inside else "outside window",
        components=parts | _recorded(adjustment),
        flags=(*delivered.flags, *flags),
        reasons=reasons,
        rule=RULE,
        rests_on=grounds,
    )


def _parts(dose: Fraction, assigned: DoseLevel, levels: Sequence[DoseLevel], tolerance: Number) -> dict[str, Any]:
    low, high = assigned.window(tolerance)
    ratio = dose / assigned.dose.value
    holding = [level.number for level in levels if level.holds(dose, tolerance)]
    return {
        "cells_per_kg" if assigned.dose.unit == "{cells}/kg" else "dose": dose,
        "ratio": ratio,
        "deviation_percent": (ratio - 1) * 100,
        "lowest_allowed": low,
        "highest_allowed": high,
        "assigned_level": assigned.number,
        "level_delivered": holding[0] if len(holding) == 1 else None,
        "levels_matching": tuple(holding),
        "tolerance": exact(tolerance),
    }


def _deviation(
    inside: bool, parts: dict[str, Any], assigned: DoseLevel, tolerance: Number, adjustment: DoseAdjustment | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Flags and sentences: what the dose is, and what still has to be written down."""
    word = "within" if inside else "outside"
    spread = plain(exact(tolerance) * 100)
    said = (
        f"{percent_apart(parts['deviation_percent'], exact(tolerance) * 100)} % from level {assigned.number} "
        f"({plain(assigned.dose.value)} {assigned.dose.shown_unit}): {word} ± {spread} %"
    )
    matching = parts["levels_matching"]
    flags: tuple[str, ...] = ("ambiguous_level",) if len(matching) > 1 else ()
    if inside:
        return flags, (said,)
    belongs = f"it lies in the window of level {matching[0]}" if matching else "it lies in the window of no level"
    flags += ("protocol_deviation",) + (() if adjustment else ("reason_required",))
    return flags, (said, f"protocol deviation: {belongs}; the assigned level stays {assigned.number}")


def percent_apart(deviation: Fraction, limit: Fraction) -> str:
    """A deviation in percent with as many decimals as it takes not to look equal to a limit it is not.

    >>> percent_apart(Fraction(20004, 1000), Fraction(20))
    '+20.004'
    """
    for places in range(1, 7):
        shown = round(deviation, places)
        if abs(deviation) == limit or abs(shown) != limit:
            break
    return f"{float(shown):+.{places}f}"


def _recorded(adjustment: DoseAdjustment | None) -> dict[str, Any]:
    if adjustment is None:
        return {}
    return {
        "reason": adjustment.reason,
        "author": adjustment.author,
        "at": adjustment.at.isoformat(),
        "analysis_level": adjustment.analysis_level,
    }
