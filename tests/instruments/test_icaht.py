"""ICAHT: against a naive reading of the rule, properties, gaps."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import ReadError, Status
from escalon.instruments.safety.icaht import icaht, icaht_early, icaht_late, read_counts, runs

LEVELS = (50, 100, 101, 500, 501, 1000, 3000)
complete = st.lists(st.sampled_from(LEVELS), min_size=31, max_size=31).map(lambda some: dict(enumerate(some)))


def naive_longest(counts: dict[int, int], limit: int) -> tuple[int, bool]:
    """The longest run with recoveries of one or two days filled in, and whether one from day 3 on or before lasts to the end."""
    days = sorted(counts)
    low = [counts[day] <= limit for day in days]
    for start in range(1, len(low)):
        for width in (1, 2):
            end = start + width
            if end < len(low) and low[start - 1] and low[end] and not any(low[start:end]):
                low[start:end] = [True] * width
    best = run = 0
    began, never = None, False
    for day, is_low in zip(days, low, strict=True):
        run = run + 1 if is_low else 0
        began = day if run == 1 else began
        best = max(best, run)
        never = bool(run) and began is not None and began <= 3 and day == days[-1]
    return best, never


def naive_early(counts: dict[int, int]) -> int:
    d500, never = naive_longest(counts, 500)
    d100, _ = naive_longest(counts, 100)
    if d100 >= 14 or never:
        return 4
    if d100 >= 7 or d500 >= 14:
        return 3
    return 2 if d500 >= 7 else 1 if d500 >= 1 else 0


@given(complete)
def test_early_grade_is_that_of_a_naive_reading(counts: dict[int, int]) -> None:
    assert icaht(counts)[0].value == naive_early(counts)


@given(complete, st.integers(0, 30), st.sampled_from(LEVELS))
def test_lower_count_never_lowers_the_early_grade(counts: dict[int, int], day: int, count: int) -> None:
    lower = counts | {day: min(counts[day], count)}
    assert icaht(counts)[0].value <= icaht(lower)[0].value


def test_table_has_no_gap_and_no_overlap() -> None:
    found = {(d500, d100): icaht_early(d500, d100, False) for d500 in range(32) for d100 in range(d500 + 1)}
    assert set(found.values()) == {0, 1, 2, 3, 4}
    assert all(grade is not None for grade in found.values())
    assert [icaht_late(anc, True) for anc in (1501, 1500, 1001, 1000, 501, 500, 101, 100, 0)] == [
        0,
        1,
        1,
        2,
        2,
        3,
        3,
        4,
        4,
    ]


def test_until_day_30_the_grade_is_a_range_unless_no_more_counts_will_come() -> None:
    counts = {0: 2000, 3: 400, 5: 90, 8: 900}
    assert icaht(counts)[0].bounds == (1, 4)
    assert icaht(counts, closed=True)[0].value == 1


@given(complete, st.integers(0, 29))
def test_what_comes_later_stays_in_the_range(counts: dict[int, int], last: int) -> None:
    early = icaht({day: count for day, count in counts.items() if day <= last})[0]
    low, high = early.bounds or (early.value, early.value)
    assert low <= icaht(counts)[0].value <= high


def test_counts_are_read_with_their_units_and_intervals() -> None:
    assert read_counts({0: "2.1 10^9/L", 3: "0.4 G/L", 5: "90 /uL"}) == {0: 2100, 3: 400, 5: 90}
    series = dict.fromkeys(range(31), "2000") | dict.fromkeys(range(4, 19), "<100")
    early, _ = icaht(read_counts(series))
    assert (early.value, early.components["days_100"]) == (4, 15)
    open_to, _ = icaht(read_counts(series | {4: ">50"}))
    assert open_to.value == 4


def test_a_series_wholly_below_30_is_asked_about() -> None:
    series = {0: "2.1", 3: "0.4", 5: "0.09"}
    with pytest.raises(ReadError, match="10\\^9/L"):
        read_counts(series)
    assert read_counts(series, confirmed=True)[0] == Fraction("2.1")


def test_period_without_a_count_has_no_grade() -> None:
    early, late = icaht({})
    assert (early.value, early.status, late.value) == (None, Status.MISSING, None)


def test_a_gap_of_more_than_a_week_beside_a_low_count_leaves_the_grade_open() -> None:
    early, _ = icaht({0: 3000, 3: 400, 5: 400, 14: 400, 16: 3000, 23: 3000, 30: 3000})
    assert early.flags == ("gap_flag", "rule_unconfirmed")
    assert early.components["runs_500"] == ("day 3–5", "day 14–14")
    assert (early.value, early.bounds) == (None, (1, 3))  # 12 days from day 3, of them 8 that nobody counted
    late_start, _ = icaht({12: 90, 13: 2000, 20: 2000, 27: 2000, 30: 2000})
    assert late_start.bounds == (1, 3)  # nobody counted from the infusion to day 12


def test_a_gap_between_counts_that_are_not_low_is_flagged_alone() -> None:
    early, _ = icaht({0: 3000, 3: 400, 4: 2000, 12: 2000, 21: 2000, 30: 2000})
    assert (early.value, "gap_flag" in early.flags) == (1, True)


@pytest.mark.parametrize(("beyond", "bounds"), [({60: 2000}, (1, 3)), ({33: 2000}, (1, 3)), ({}, None)])
def test_low_counts_that_nobody_followed_to_day_30_leave_the_grade_open_where_counts_went_on(beyond, bounds) -> None:
    early, _ = icaht({0: 2000, 7: 2000, 15: 2000, 23: 400, **beyond}, closed=True)
    assert (early.value, early.bounds) == (None if bounds else 1, bounds)


def test_counts_that_are_not_low_leave_nothing_open_up_to_day_30() -> None:
    early, _ = icaht({**dict.fromkeys((0, 7, 14, 21, 28), 2000), 35: 2000}, closed=True)
    assert early.value == 0


def test_gap_of_a_week_is_interpolated() -> None:
    (run,) = runs({0: 3000, 3: 400, 11: 400, 12: 3000}, 500)
    assert (run.first, run.last, run.days) == (3, 11, 9)


def test_scale_of_interpolation_is_a_choice_and_flagged() -> None:
    counts = {0: 3000, 2: 3000, 6: 10, 10: 3000, 30: 3000}
    assert [icaht(counts, scale=scale)[0].components["days_500"] for scale in ("log10", "linear")] == [5, 1]
    assert "rule_unconfirmed" in icaht(counts)[0].flags


def test_transient_late_fall_is_not_graded() -> None:
    _, late = icaht({40: 900, 50: 1700, 60: 2500})
    assert (late.value, late.flags) == (0, ("transient_fall",))
