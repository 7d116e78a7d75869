"""How fast BILAG-2004 is graded: visits as columns on one core, against calling the reading for one visit per row.

    python benchmarks/bilag.py [rows]

Prints visits per second both ways, their ratio, and one visit from entries as written to a finding with its reasons.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from escalon.expressions.columns import compile_columns
from escalon.expressions.tree import Kind
from escalon.instruments import assess
from escalon.instruments.activity.bilag_2004.form import ITEMS
from escalon.instruments.activity.bilag_2004.index import bilag_2004


def visits(rows: int) -> dict[str, np.ndarray[Any, Any]]:
    """Synthetic visits with every item recorded; about one item in twenty is active."""
    rng = np.random.default_rng(2004)
    columns = {}
    for name, item in ITEMS.items():
        seldom = rng.random(rows) < 0.05
        if item.kind is Kind.NUMBER:
            columns[name] = np.round(rng.random(rows) * 200, 1)
        else:
            columns[name] = (rng.integers(1, 5, rows) if item.kind is Kind.INTEGER else 1) * seldom.astype(float)
    return columns


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The best of several runs."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def main(rows: int = 200_000) -> None:
    columns = visits(rows)
    reading, one = compile_columns(bilag_2004.program(), bilag_2004.is_exact), bilag_2004.scalar()
    as_columns = rows / seconds(lambda: reading(columns))
    some = min(rows, 2_000)
    kinds = {name: item.kind for name, item in ITEMS.items()}
    people = [
        {name: bool(c[row]) if kinds[name] is Kind.TRUTH else c[row].item() for name, c in columns.items()}
        for row in range(some)
    ]
    per_row = some / seconds(lambda: [one(**person) for person in people])
    results = reading({name: column[:some] for name, column in columns.items()})
    assert [one(**person)["value"] for person in people] == results["value"].tolist()
    written = {name: 0 for name, kind in kinds.items() if kind is Kind.INTEGER} | {
        name: False for name, kind in kinds.items() if kind is Kind.TRUTH and name != "lymphodepletion_window"
    }
    written |= {"upcr": "150 mg/mmol", "creatinine": "150 umol/L", "hb": "8.5 g/dL", "wbc": "5 10^9/L"}
    written |= {"neutrophils": "3 10^9/L", "lymphocytes": "1 10^9/L", "platelets": "160 10^9/L"}
    explained = seconds(lambda: [assess("bilag_2004", **written) for _ in range(100)]) / 100
    print(f"columns      {as_columns:>12,.0f} visits/s on one core ({rows:,} visits)")
    print(f"row by row   {per_row:>12,.0f} visits/s; columns are {as_columns / per_row:.0f}× as fast")
    print(f"one visit with its explanation  {explained * 1e3:.2f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
