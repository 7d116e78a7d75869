"""Scoring visits: a million in a table against NumPy written by hand in the same run; one visit; one with its explanation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

from benchmarks.measure import Measured, least, least_of_each
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.readings import columns
from escalon.instruments.kit.visits_table import score_table

ROWS = 1_000_000
OF_ALL = f"{ROWS:,} visits"
Columns = dict[str, "np.ndarray[Any, Any]"]


def visits() -> Columns:
    """Synthetic visits of rheumatoid arthritis; one value in a hundred is missing."""
    rng = np.random.default_rng(28)
    drawn = {
        "tender": rng.integers(0, 29, ROWS).astype(float),
        "swollen": rng.integers(0, 29, ROWS).astype(float),
        "esr": np.round(rng.lognormal(3, 0.8, ROWS), 0) + 1,
        "global_health": np.round(rng.random(ROWS) * 100),
        "patient_global": np.round(rng.random(ROWS) * 10, 1),
        "physician_global": np.round(rng.random(ROWS) * 10, 1),
    }
    for column in drawn.values():
        column[rng.random(ROWS) < 0.01] = np.nan
    return drawn


def das28_by_hand(v: Columns) -> Columns:
    """DAS28-ESR and its band, as one would write it once."""
    esr = np.where(v["esr"] == 0, 1, v["esr"])
    score = 0.56 * np.sqrt(v["tender"]) + 0.28 * np.sqrt(v["swollen"]) + 0.70 * np.log(esr) + 0.014 * v["global_health"]
    band = np.where(score < 2.6, 0, np.where(score <= 3.2, 1, np.where(score <= 5.1, 2, 3)))
    return {"value": score, "category": np.where(np.isnan(score), -1, band)}


def cdai_by_hand(v: Columns) -> Columns:
    score = v["tender"] + v["swollen"] + v["patient_global"] + v["physician_global"]
    score = np.round(score, 6)
    band = np.where(score <= 2.8, 0, np.where(score <= 10, 1, np.where(score <= 22, 2, 3)))
    return {"value": score, "category": np.where(np.isnan(score), -1, band)}


ACCEPTED = {
    "tender": 28,
    "swollen": 28,
    "esr": np.inf,
    "global_health": 100,
    "patient_global": 10,
    "physician_global": 10,
}
BANDS = pl.Series(["remission", "low", "moderate", "high", None])


def table_by_hand(frame: pl.DataFrame, name: str, needed: list[str], by_hand: Callable[[Columns], Columns]) -> Any:
    """The same with the range and whole numbers checked, the status and the band as text: what a table needs besides."""
    v = {column.partition(" ")[0]: frame[column].to_numpy() for column in frame.columns}
    invalid = np.zeros(frame.height, bool)
    for item in needed:
        invalid |= (v[item] < 0) | (v[item] > ACCEPTED[item])
        if item in ("tender", "swollen"):
            invalid |= ~np.isnan(v[item]) & (v[item] != np.floor(v[item]))
    found = by_hand(v)
    known = ~np.isnan(found["value"]) & ~invalid
    status = pl.Series(["ok", "missing", "invalid"]).gather(np.where(invalid, 2, np.where(known, 0, 1)))
    value = pl.Series(np.where(known, found["value"], np.nan), nan_to_null=True)
    band = BANDS.gather(np.where(known, found["category"], 4))
    return frame.with_columns(value.alias(name), band.alias(f"{name}_band"), status.alias(f"{name}_status"))


FORMULAS = (
    ("das28_esr", ["tender", "swollen", "esr", "global_health"], das28_by_hand),
    ("cdai", ["tender", "swollen", "patient_global", "physician_global"], cdai_by_hand),
)


def main() -> Iterator[Measured]:
    drawn = visits()
    for name, needed, by_hand in FORMULAS:
        instrument = catalogue()[name]
        reading = columns(instrument)
        given = {item: drawn.get(item) for item in instrument.items}

        def ours(reading: Any = reading, given: Any = given) -> Any:
            return reading(given, rows=ROWS)

        def hand(by_hand: Any = by_hand) -> Any:
            return by_hand(drawn)

        assert np.allclose(ours()["value"], hand()["value"], rtol=0, atol=1e-9, equal_nan=True), name
        found, baseline = least_of_each(ours, hand)
        yield Measured(
            f"{name}: the formula and its bands, flags and checks", found, OF_ALL, "NumPy by hand", baseline, 3
        )
        yield from _table(name, needed, by_hand, drawn)
    yield from _one_visit()


def _table(name: str, needed: list[str], by_hand: Any, drawn: Columns) -> Iterator[Measured]:
    instrument = catalogue()[name]
    units = {item: instrument.items[item].unit for item in needed}
    frame = pl.DataFrame({f"{item} [{unit}]" if unit else item: drawn[item] for item, unit in units.items()})

    def ours() -> Any:
        return score_table(instrument, frame).frame

    def hand() -> Any:
        return table_by_hand(frame, name, needed, by_hand)

    mine, theirs = ours(), hand()
    assert mine[f"{name}_status"].equals(theirs[f"{name}_status"]), name
    assert (mine[f"{name}_band"].is_null() == theirs[f"{name}_band"].is_null()).all(), name
    found, baseline = least_of_each(ours, hand)
    yield Measured(f"{name}: a whole table", found, OF_ALL, "the same by hand", baseline, 3)
    text = BytesIO()
    frame.write_csv(text)
    words = pl.read_csv(text.getvalue(), infer_schema=False)
    reading = least(lambda: pl.read_csv(text.getvalue(), infer_schema=False), runs=3)
    yield Measured(f"{name}: reading its CSV as text", reading, OF_ALL)
    yield Measured(f"{name}: a table of text", least(lambda: score_table(instrument, words), runs=3), OF_ALL)


def _one_visit() -> Iterator[Measured]:
    das28, cdai = catalogue()["das28_esr"], catalogue()["cdai"]
    yield Measured(
        "das28_esr called with numbers", least(lambda: das28(4, 5, 20, 50), calls=1000), "1 visit", goal=10e-6
    )
    yield Measured("cdai called with numbers", least(lambda: cdai(4, 5, 5.5, 6), calls=1000), "1 visit", goal=10e-6)
    for name, given in EXPLAINED.items():
        seconds = least(lambda name=name, given=given: assess(name, **given), calls=50)  # type: ignore[misc]
        yield Measured(f"{name} with its explanation", seconds, f"1 visit, {len(given)} items given", goal=1e-3)


EXPLAINED: dict[str, dict[str, Any]] = {
    "das28_esr": {"tender": 4, "swollen": 5, "esr": 20, "global_health": "50 mm"},
    "cdai": {"tender": 4, "swollen": 5, "patient_global": "5 cm", "physician_global": "6 cm"},
    "sledai_2k": {"seizure": True, "arthritis": True},
    "haq_di": {"dress": 1, "bed": 2},
    "sle_2019": {"ana": True, "joints": True},
    "bilag_2004": {"upcr": "150 mg/mmol", "creatinine": "150 umol/L"},
}


if __name__ == "__main__":
    from benchmarks.run import print_table

    print_table("score", main())
