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

from escalon.expressions.symbols import all_of, any_of, case
from escalon.facts import Finding, Interval, Number, ReadError, Status, exact, plain, read_value
from escalon.facts.amount import unit_in
from escalon.facts.number import thousands
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import integer, number, truth

SOURCE = "Rejeski 2023, doi:10.1182/blood.2023020578"
EARLY_LAST = 30  # the last day of the early period
SEVERE, PROFOUND, MILD = 500, 100, 1500  # cells/µL, included
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
    grade = case(
        any_of(days_100 >= 14, never_above_500), 4,
        any_of(days_100 >= 7, days_500 >= 14), 3,
        days_500 >= 7, 2,
        days_500 >= 1, 1,
        0,
    )  # fmt: skip
    return Outcome(
        grade,
        contradictions={
            "more days of 100/µL or less than of 500/µL or less": days_100 > days_500,
            "never above 500/µL, but no day of 500/µL or less": all_of(never_above_500, days_500 == 0),
        },
    )


@instrument("Late ICAHT", source=SOURCE)
def icaht_late(lowest_anc: Count, confirmed: Confirmed) -> Any:
    """Late haematotoxicity, after day 30: the lowest neutrophil count, if the fall is not transient."""
    grade = case(lowest_anc <= 100, 4, lowest_anc <= 500, 3, lowest_anc <= 1000, 2, lowest_anc <= 1500, 1, 0)
    return case(lowest_anc > MILD, 0, confirmed, grade, 0)


@dataclass(frozen=True, slots=True)
class LowRun:
    """Days of low neutrophils in a row, merged over short recoveries; both ends included."""

    first: int
    last: int

    @property
    def days(self) -> int:
        """How many days, first and last included."""
        return self.last - self.first + 1


def runs(
    counts: Mapping[int, Number], limit: Number, *, scale: Scale = "log10", recovery: int = RECOVERY
) -> tuple[LowRun, ...]:
    """Runs of days with a count at or below the limit; two runs with a recovery shorter than `recovery` days are one.

    Days without a count are interpolated between their neighbours where at most 7 lie between; a longer gap ends a run.
    """
    found: list[LowRun] = []
    for day, low in sorted(_daily(counts, limit, scale).items()):
        if not low:
            continue
        near = found and _is_observed_between(counts, found[-1].last, day)
        if near and day - found[-1].last - 1 < recovery:
            found[-1] = LowRun(found[-1].first, day)
        else:
            found.append(LowRun(day, day))
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


Counts = Mapping[int, Number]
Counted = Mapping[int, Number | Interval]
ANC = number("neutrophil count", 0, 1_000_000, "/uL")
"""Counts by day are per µL unless they say their unit; a series wholly below 30 is asked about (`read_counts`)."""
LIKELY_GIGA = 30  # no series of neutrophils per µL lies wholly below this without a count of 0: it would be in 10⁹/L
_REMAINING = 10**7  # cells/µL: above any count, where a count has no upper end


def read_counts(written: Mapping[int, Any], confirmed: bool = False) -> dict[int, Number | Interval | None]:
    """Neutrophils in cells/µL by day, from counts as written: `400`, `0.4 10^9/L`, `<100`. Raises ReadError.

    Bare counts are per µL. Where all of them are below 30, or the point of one may part thousands (`2.100`), they are asked
    about, unless that is confirmed.
    """
    for day, text in written.items():
        joined = thousands(text) if isinstance(text, str) and not confirmed else None
        if joined and unit_in(text) is None:
            said = f"day {day}: {text} would be {joined} if its point parted thousands"
            raise ReadError("UNIT_MISSING", f"{said}. Write {joined}, its unit, or confirm=counts if it is per µL")
    read = {day: read_value(ANC, text, name=f"day {day}") for day, text in written.items()}
    counts: dict[int, Any] = {day: found.value for day, found in read.items()}
    known = [count for count in counts.values() if count is not None]
    bare = all(found.unit is None for found in read.values() if found.value is not None)
    highest = max((count.high if isinstance(count, Interval) else count for count in known), default=0)
    if bare and not confirmed and 0 < highest < LIKELY_GIGA:
        day, text = next((day, text) for day, text in written.items() if counts[day] is not None)
        raise ReadError(
            "UNIT_MISSING",
            f"every count is below {LIKELY_GIGA}: are these in 10^9/L? Write {day}='{text} 10^9/L', or confirm=counts if they "
            "are per µL",
        )
    return counts


def icaht(
    counts: Mapping[int, Number | Interval | None],
    *,
    scale: Scale = "log10",
    recovery: int = RECOVERY,
    closed: bool = False,
) -> tuple[Finding, Finding]:
    """The early and the late grade from neutrophil counts by day after infusion (cells/µL; `None` is not known).

    A period without any count gives no grade, not grade 0. Until its last day the early grade is a range: from what is
    already certain to what the days to come could make of it; `closed` says that no more counts will come. A count of which
    only an interval is known counts at both its ends. A gap of more than 7 days sets `gap_flag`; beside a count of 500 or
    less the days nobody counted may have been as low as 0, which makes the grade a range; so do those up to
    day 30 where the next count lies beyond it. Raises ValueError for a count below 0.
    """
    known = {day: count for day, count in counts.items() if count is not None}
    for day, count in known.items():
        if (count.low if isinstance(count, Interval) else count) < 0:
            raise ValueError(f"the count of day {day} is {_plain(count)}: a count is 0 or more, in cells/µL")
    early = {day: count for day, count in known.items() if 0 <= day <= EARLY_LAST}
    late = {day: count for day, count in known.items() if day > EARLY_LAST}
    return _early(early, late, scale, recovery, closed), _late(late)


def _plain(count: Number | Interval) -> str:
    return str(count) if isinstance(count, Interval) else plain(count)


def _at(counts: Counted, end: int) -> dict[int, Number]:
    """Every count, an interval at its low (0) or its high end (1)."""
    return {
        day: ((0, _REMAINING)[end] if count.ends[end] is None else count.ends[end])
        if isinstance(count, Interval)
        else count  # type: ignore[misc]
        for day, count in counts.items()
    }


@dataclass(frozen=True, slots=True)
class _Measured:
    """The two longest runs of a series, whether the count never recovered, and the early grade of that."""

    d500: int
    d100: int
    never: bool
    runs: tuple[LowRun, ...]

    @property
    def grade(self) -> int:
        return int(icaht_early(self.d500, self.d100, self.never))

    @property
    def certain(self) -> int:
        """The grade that no later recovery can take away."""
        return int(icaht_early(self.d500, self.d100, False))


def _measured(counts: Counts, scale: Scale, recovery: int) -> _Measured:
    severe = runs(counts, SEVERE, scale=scale, recovery=recovery)
    profound = runs(counts, PROFOUND, scale=scale, recovery=recovery)
    d500, d100 = (max((run.days for run in found), default=0) for found in (severe, profound))
    return _Measured(d500, d100, any(run.first <= 3 and run.last == max(counts) for run in severe), severe)


def _early(counts: Counted, later: Counted, scale: Scale, recovery: int, closed: bool) -> Finding:
    if not counts:
        return _no_counts("icaht_early", "no neutrophil count from day 0 to 30")
    best, worst = (_measured(_at(counts, end), scale, recovery) for end in (1, 0))
    flags, reasons = _gaps(counts)
    is_open = max(counts) < EARLY_LAST and not closed
    if max(counts) < EARLY_LAST:
        flags = (*flags, "early_period_incomplete")
        reasons = (*reasons, f"the last count is of day {max(counts)}: the grade may still change")
    to_come = range(max(counts) + 1, EARLY_LAST + 1) if is_open else ()
    unseen = (day for a, b in _unseen_between(counts, later) for day in range(a + 1, min(b, EARLY_LAST + 1)))
    low = best.certain if is_open else best.grade
    high = _measured({**_at(counts, 0), **dict.fromkeys((*unseen, *to_come), 0)}, scale, recovery).grade
    decided = low == high
    return Finding(
        "icaht_early",
        low if decided else None,
        Status.OK if decided else Status.INDETERMINATE,
        bounds=None if decided else (low, high),
        components={
            "days_500": worst.d500,
            "days_100": worst.d100,
            "never_above_500": worst.never,
            "runs_500": tuple(f"day {run.first}–{run.last}" for run in worst.runs),
        },
        flags=(*flags, "rule_unconfirmed") if _interpolates(counts) else flags,
        reasons=(
            f"longest run at or below 500/µL: {_days(best.d500, worst.d500)}; at or below 100/µL: {_days(best.d100, worst.d100)}",
            *reasons,
        ),
        rule="icaht_early/EHA-EBMT-2023",
    )


def _late(counts: Counted) -> Finding:
    if not counts:
        return _no_counts("icaht_late", "no neutrophil count after day 30")
    (best, best_confirmed), (worst, confirmed) = (_lowest(_at(counts, end)) for end in (1, 0))
    low, high = int(icaht_late(best, best_confirmed)), int(icaht_late(worst, confirmed))
    flags = ("transient_fall",) if worst <= MILD and not confirmed else ()
    return Finding(
        "icaht_late",
        low if low == high else None,
        Status.OK if low == high else Status.INDETERMINATE,
        bounds=None if low == high else (low, high),
        components={"lowest_anc": worst, "confirmed": confirmed},
        flags=flags,
        reasons=(f"lowest count after day 30: {plain(worst)}/µL",),
        rule="icaht_late/EHA-EBMT-2023",
    )


def _lowest(counts: Counts) -> tuple[Fraction, bool]:
    """The lowest count after day 30, and whether a second one confirms the fall."""
    some = [exact(count) for count in counts.values()]
    return min(some), len(some) == 1 or sum(count <= MILD for count in some) >= 2


def _no_counts(name: str, reason: str) -> Finding:
    return Finding(
        name, None, Status.MISSING, bounds=(0, 4), missing=("anc",), reasons=(reason,), rule=f"{name}/EHA-EBMT-2023"
    )


def _days(least: int, most: int) -> str:
    return f"{'' if least == most else f'{least} to '}{most} day{'' if most == 1 else 's'}"


def _long_gaps(counts: Mapping[int, object]) -> list[tuple[int, int]]:
    """The days between which nothing was counted for longer than is interpolated; the first of them from before the infusion."""
    return [(a, b) for a, b in pairwise([-1, *sorted(counts)]) if b - a > LONGEST_GAP + 1]


def _unseen_between(counts: Counted, later: Counted) -> list[tuple[int, int]]:
    """The gaps in which a run may have gone on unseen; the last of them up to the first count after the early period."""
    last = [(max(counts), min(later))] if later else []
    return [(a, b) for a, b in [*_long_gaps(counts), *last] if _is_low_beside({**counts, **later}, a, b)]


def _is_low_beside(counts: Counted, first: int, last: int) -> bool:
    """Whether a count at either end of a gap is, or may be, one of a run: then the run may have gone on unseen."""
    lowest = _at(counts, 0)
    return any(exact(lowest[day]) <= SEVERE for day in (first, last) if day in lowest)


def _gaps(counts: Counted) -> tuple[tuple[str, ...], tuple[str, ...]]:
    long = _long_gaps(counts)
    if not long:
        return (), ()
    ends = {True: "a run beside it may have gone on", False: "no run is taken to lie there"}
    return ("gap_flag",), tuple(
        f"no count between day {max(a, 0)} and day {b}: {ends[_is_low_beside(counts, a, b)]}" for a, b in long
    )


def _interpolates(counts: Mapping[int, object]) -> bool:
    known = sorted(counts)
    return any(1 < b - a <= LONGEST_GAP + 1 for a, b in pairwise(known))
