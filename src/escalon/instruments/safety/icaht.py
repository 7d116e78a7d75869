"""ICAHT: early and late haematotoxicity after effector cells, from neutrophil counts in cells per microlitre.

Neutrophils only: thrombocytopenia and anaemia are not graded, and G-CSF is recorded without changing the grade. Day 0 is the
infusion. Counts after death, further therapy or progression are not to be handed in.

Source: Rejeski 2023, doi:10.1182/blood.2023020578 (EHA/EBMT consensus): two periods and the limits. How runs are merged and
gaps bridged is the way of one open implementation, not of the consensus text; the scale of the interpolation is unconfirmed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import log10
from typing import Annotated, Any, Literal

from escalon.expressions.symbols import any_of, case
from escalon.facts import Finding, Number, Status, exact, plain
from escalon.instruments.kit.instrument import instrument
from escalon.instruments.kit.item import integer, number, truth

SOURCE = "Rejeski 2023, doi:10.1182/blood.2023020578"
EARLY_LAST = 30  # the last day of the early period
SEVERE, PROFOUND = 500, 100  # cells/µL, included
RECOVERY = 3  # days: a shorter recovery does not end a run
LONGEST_GAP = 7  # days without a count that are interpolated
Scale = Literal["log10", "linear"]

Days = Annotated[int, integer("days of the longest run, its first and last day included", 0, 366)]
Never = Annotated[bool, truth("a run from day 3 or before lasts to the last day observed")]
Count = Annotated[float, number("lowest neutrophil count after day 30", 0, None, "/uL", accepts=("10^9/L",))]
Confirmed = Annotated[bool, truth("a second count after day 30 is 1500 or less, or there is only one")]


@instrument("Early ICAHT", source=SOURCE)
def icaht_early(days_500: Days, days_100: Days, never_above_500: Never) -> Any:
    """Early haematotoxicity, day 0–30: days with neutrophils of 500/µL or less, and of 100/µL or less."""
    return case(
        any_of(days_100 >= 14, never_above_500), 4,
        any_of(days_100 >= 7, days_500 >= 14), 3,
        days_500 >= 7, 2,
        days_500 >= 1, 1,
        0,
    )  # fmt: skip


@instrument("Late ICAHT", source=SOURCE)
def icaht_late(lowest_anc: Count, confirmed: Confirmed) -> Any:
    """Late haematotoxicity, after day 30: the lowest neutrophil count, if the fall is not transient."""
    grade = case(lowest_anc <= 100, 4, lowest_anc <= 500, 3, lowest_anc <= 1000, 2, lowest_anc <= 1500, 1, 0)
    return case(lowest_anc > 1500, 0, confirmed, grade, 0)


@dataclass(frozen=True, slots=True)
class Run:
    """Days of low neutrophils in a row, merged over short recoveries; both ends included."""

    first: int
    last: int

    @property
    def days(self) -> int:
        """How many days, first and last included."""
        return self.last - self.first + 1


def runs(
    counts: Mapping[int, Number], limit: Number, *, scale: Scale = "log10", recovery: int = RECOVERY
) -> tuple[Run, ...]:
    """Runs of days with a count at or below the limit; two runs with a recovery shorter than `recovery` days are one.

    Days without a count are interpolated between their neighbours where at most 7 lie between; a longer gap ends a run.
    """
    found: list[Run] = []
    for day, low in sorted(_daily(counts, limit, scale).items()):
        if not low:
            continue
        near = found and _is_observed_between(counts, found[-1].last, day)
        if near and day - found[-1].last - 1 < recovery:
            found[-1] = Run(found[-1].first, day)
        else:
            found.append(Run(day, day))
    return tuple(found)


def _daily(counts: Mapping[int, Number], limit: Number, scale: Scale) -> dict[int, bool]:
    """Whether each day is at or below the limit; days in gaps that are too long are left out."""
    known = sorted(counts)
    days = {day: exact(counts[day]) <= exact(limit) for day in known}
    for before, after in pairwise(known):
        if 1 < after - before <= LONGEST_GAP + 1:
            for day in range(before + 1, after):
                share = Fraction(day - before, after - before)
                days[day] = _between(exact(counts[before]), exact(counts[after]), share, scale) <= exact(limit)
    return days


def _between(start: Fraction, end: Fraction, share: Fraction, scale: Scale) -> Number:
    if start == end or scale == "linear":
        return start + (end - start) * share
    low, high = log10(float(start) + 1), log10(float(end) + 1)
    return 10 ** (low + (high - low) * float(share)) - 1


def _is_observed_between(counts: Mapping[int, Number], first: int, last: int) -> bool:
    marks = [first, *(day for day in sorted(counts) if first < day < last), last]
    return all(after - before <= LONGEST_GAP + 1 for before, after in pairwise(marks))


def icaht(
    counts: Mapping[int, Number | None], *, scale: Scale = "log10", recovery: int = RECOVERY
) -> tuple[Finding, Finding]:
    """The early and the late grade from neutrophil counts by day after infusion (cells/µL; `None` is not known).

    A period without any count gives no grade, not grade 0. A gap of more than 7 days sets `gap_flag`. Raises ValueError for a
    count below 0.
    """
    known = {day: count for day, count in counts.items() if count is not None}
    for day, count in known.items():
        if count < 0:
            raise ValueError(f"the count of day {day} is {plain(count)}: a count is 0 or more, in cells/µL")
    early = {day: count for day, count in known.items() if 0 <= day <= EARLY_LAST}
    late = {day: count for day, count in known.items() if day > EARLY_LAST}
    return _early(early, scale, recovery), _late(late)


def _early(counts: Mapping[int, Number], scale: Scale, recovery: int) -> Finding:
    if not counts:
        return _no_counts("icaht_early", "no neutrophil count from day 0 to 30")
    severe = runs(counts, SEVERE, scale=scale, recovery=recovery)
    profound = runs(counts, PROFOUND, scale=scale, recovery=recovery)
    d500, d100 = (max((run.days for run in found), default=0) for found in (severe, profound))
    never = any(run.first <= 3 and run.last == max(counts) for run in severe)
    flags, reasons = _gaps(counts)
    if max(counts) < EARLY_LAST:
        flags = (*flags, "early_period_incomplete")
        reasons = (*reasons, f"the last count is of day {max(counts)}: the grade may still change")
    return Finding(
        "icaht_early",
        icaht_early(d500, d100, never),
        components={"days_500": d500, "days_100": d100, "never_above_500": never, "runs_500": _shown(severe)},
        flags=(*flags, "rule_unconfirmed") if _interpolates(counts) else flags,
        reasons=(f"longest run at or below 500/µL: {d500} days; at or below 100/µL: {d100} days", *reasons),
        rule="icaht_early/EHA-EBMT-2023",
    )


def _late(counts: Mapping[int, Number]) -> Finding:
    if not counts:
        return _no_counts("icaht_late", "no neutrophil count after day 30")
    lowest = min(exact(count) for count in counts.values())
    confirmed = len(counts) == 1 or sum(exact(count) <= 1500 for count in counts.values()) >= 2
    flags = ("transient_fall",) if lowest <= 1500 and not confirmed else ()
    return Finding(
        "icaht_late",
        icaht_late(lowest, confirmed),
        components={"lowest_anc": lowest, "confirmed": confirmed},
        flags=flags,
        reasons=(f"lowest count after day 30: {plain(lowest)}/µL",),
        rule="icaht_late/EHA-EBMT-2023",
    )


def _no_counts(name: str, reason: str) -> Finding:
    return Finding(
        name, None, Status.MISSING, bounds=(0, 4), missing=("anc",), reasons=(reason,), rule=f"{name}/EHA-EBMT-2023"
    )


def _gaps(counts: Mapping[int, Number]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = sorted(counts)
    long = [(a, b) for a, b in pairwise(known) if b - a > LONGEST_GAP + 1]
    if not long:
        return (), ()
    return ("gap_flag",), tuple(f"no count between day {a} and day {b}: runs end there" for a, b in long)


def _interpolates(counts: Mapping[int, Number]) -> bool:
    known = sorted(counts)
    return any(1 < b - a <= LONGEST_GAP + 1 for a, b in pairwise(known))


def _shown(found: tuple[Run, ...]) -> tuple[str, ...]:
    return tuple(f"day {run.first}–{run.last}" for run in found)
