"""Grading a million laboratory rows, against NumPy written by hand in the same run; one row, and a course of CRS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.measure import Measured, least, least_of_each
from escalon.instruments import assess
from escalon.instruments.safety.ctcae.laboratory import grade_columns
from escalon.safety.episodes import Assessment, episodes, grade_crs

ROWS = 1_000_000
OF_ALL = f"{ROWS:,} rows"
Columns = dict[str, "np.ndarray[Any, Any]"]


def laboratory(center: float, upper: float, lower: float) -> Columns:
    """Synthetic results of one test, whole numbers, where doubles written by hand are exact too; some baselines missing."""
    rng = np.random.default_rng(837)
    baseline = np.round(center * rng.lognormal(0, 0.4, ROWS))
    baseline[rng.random(ROWS) < 0.1] = np.nan
    return {
        "value": np.round(center * rng.lognormal(0.2, 0.9, ROWS)),
        "upper": np.where(rng.random(ROWS) < 0.5, upper, upper + 4),
        "lower": np.where(rng.random(ROWS) < 0.5, lower, lower + 4),
        "baseline": baseline,
    }


def alt_by_hand(value: Any, upper: Any, baseline: Any, **_: Any) -> Any:
    """ALT with its rule for an abnormal baseline, as one would write it once."""
    abnormal = baseline > upper
    reference = np.where(abnormal, baseline, upper)
    grade = np.where(abnormal, value >= 1.5 * baseline, value > upper).astype(float)
    grade[value > 3 * reference] = 2
    grade[value > 5 * reference] = 3
    grade[value > 20 * reference] = 4
    grade[np.isnan(value) | np.isnan(upper)] = np.nan
    return grade


def creatinine_by_hand(value: Any, upper: Any, baseline: Any, **_: Any) -> Any:
    grade = (value > upper).astype(float)
    grade[(value > 1.5 * upper) | (value > 1.5 * baseline)] = 2
    grade[(value > 3 * upper) | (value > 3 * baseline)] = 3
    grade[value > 6 * upper] = 4
    grade[np.isnan(value) | np.isnan(upper)] = np.nan
    return grade


def platelets_by_hand(value: Any, lower: Any, **_: Any) -> Any:
    grade = (value < lower).astype(float)
    grade[value < 75] = 2
    grade[value < 50] = 3
    grade[value < 25] = 4
    grade[np.isnan(value) | np.isnan(lower)] = np.nan
    return grade


TERMS = (
    ("ALT, baseline rule", "ctcae_alanine_aminotransferase_increased", alt_by_hand, laboratory(30, 40, 10)),
    ("creatinine, two ways to a grade", "ctcae_creatinine_increased", creatinine_by_hand, laboratory(70, 106, 45)),
    ("platelets, fixed limits", "ctcae_platelet_count_decreased", platelets_by_hand, laboratory(90, 400, 150)),
)


def main() -> Iterator[Measured]:
    for title, name, by_hand, columns in TERMS:

        def ours(name: str = name, columns: Columns = columns) -> Any:
            return grade_columns(name, columns)["part:grade_value"]

        def hand(by_hand: Any = by_hand, columns: Columns = columns) -> Any:
            return by_hand(**columns)

        assert np.array_equal(ours(), hand(), equal_nan=True), f"{name}: the two readings differ"
        found, baseline = least_of_each(ours, hand)
        yield Measured(title, found, OF_ALL, "NumPy by hand", baseline, 3)
    yield Measured("one result, explained", least(lambda: assess(TERMS[0][1], value=130, upper=40), calls=50), "1 row")
    yield Measured("a course of CRS", least(_course, runs=3), "60 assessments, episodes")


def _course() -> Any:
    start = datetime(2025, 3, 1)
    items = {"temp_c": 38.4, "hypotension": False, "oxygen": "low_flow_nc", "flow_l_min": 4}
    graded = grade_crs([Assessment(start + timedelta(hours=8 * step), items) for step in range(60)])
    return episodes("crs", graded)
