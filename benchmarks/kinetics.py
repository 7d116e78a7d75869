"""Kinetic parameters of many participants against the same numbers written straightforwardly with NumPy; tables; figures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.measure import Measured, least, least_of_each
from escalon.kinetics import Kinetics, Limits, Profile, noncompartmental, profile
from escalon.kinetics.samples_table import profiles_of
from escalon.reporting.figures.kinetics import kinetics_figure

PEOPLE = 2_000
DAYS = np.array([0, 1, 4, 7, 10, 14, 21, 28, 60, 90, 180, 360], float)
SHAPE = np.array([0, 0.005, 0.05, 0.4, 1, 0.7, 0.2, 0.06, 0.015, 0.004, 0.001, 0.0003])
LIMITS = Limits("copies/µL", 5)


def levels() -> np.ndarray[Any, Any]:
    """Invented courses: one row per participant, 0 below quantification."""
    rng = np.random.default_rng(20261123)
    peaks = 10 ** rng.uniform(2, 4.5, (PEOPLE, 1))
    found = np.round(peaks * SHAPE * 10 ** rng.normal(0, 0.15, (PEOPLE, len(DAYS))), 1)
    return np.where(found < 5, 0, found)


def by_numpy(row: np.ndarray[Any, Any]) -> tuple[float, ...]:
    """Cmax, Tmax, Tlast, AUClast, AUC0-28, half-life of one course, as a statistician's script would have it."""
    positive = np.flatnonzero(row)
    if not len(positive):
        return 0, np.nan, np.nan, 0, 0, np.nan
    keep = np.r_[np.arange(positive[0]), positive]
    t, c = DAYS[keep], row[keep]
    peak = int(np.argmax(c))
    down = (c[1:] < c[:-1]) & (c[1:] > 0)
    with np.errstate(all="ignore"):
        logs = (c[:-1] - c[1:]) * np.diff(t) / np.log(c[:-1] / c[1:])
    pieces = np.where(down, logs, (c[:-1] + c[1:]) / 2 * np.diff(t))
    best, half_life = -np.inf, np.nan
    for n in range(3, len(t) - peak):
        x, y = t[-n:], np.log(c[-n:])
        slope, intercept = np.polyfit(x, y, 1)
        adjusted = 1 - ((y - slope * x - intercept) ** 2).sum() / ((y - y.mean()) ** 2).sum() * (n - 1) / (n - 2)
        if adjusted >= best - 0.0001:
            best, half_life = max(best, adjusted), -np.log(2) / slope
    return c[peak], t[peak], t[-1], pieces.sum(), pieces[t[1:] <= 28].sum(), half_life


def as_profiles(rows: np.ndarray[Any, Any]) -> list[Profile]:
    return [profile(DAYS.tolist(), row.tolist(), LIMITS, f"S{number}") for number, row in enumerate(rows)]


def agree(found: list[Kinetics], rows: np.ndarray[Any, Any]) -> None:
    """Both give the same numbers, or the race means nothing."""
    names = ("cmax", "tmax", "tlast", "auc_last", "auc_0_28")
    ours = [[np.nan if k[name].value is None else k[name].value for name in names] for k in found]
    hand = [by_numpy(row)[:5] for row in rows]
    assert np.allclose(np.array(ours, float), np.array(hand, float), equal_nan=True)


def main() -> Iterator[Measured]:
    rows = levels()
    courses = as_profiles(rows)
    agree([noncompartmental(course) for course in courses[:200]], rows[:200])
    ours, hand = least_of_each(
        lambda: [noncompartmental(course) for course in courses], lambda: [by_numpy(row) for row in rows], runs=3
    )
    yield Measured("every parameter with its findings", ours, f"{PEOPLE:,} participants", "NumPy by hand", hand, goal=3)
    yield Measured("one participant", ours / PEOPLE, "12 samples", goal=1e-3)
    table = [
        (
            f"samples.csv:{number}",
            {"participant": f"S{person}", "day": str(day), "value": str(level), "unit": "copies/µL", "lloq": "5"},
        )
        for number, (person, day, level) in enumerate(
            ((person, day, level) for person, row in enumerate(rows) for day, level in zip(DAYS, row, strict=True)), 2
        )
    ]
    yield Measured("samples table to profiles", least(partial(profiles_of, table), runs=2), f"{len(table):,} rows")
    yield Measured("figure", least(lambda: kinetics_figure(courses[:18]), runs=3), "18 participants", goal=1)
