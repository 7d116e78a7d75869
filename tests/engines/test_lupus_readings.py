"""The lupus instruments in DuckDB and in JavaScript decide as the reading for one visit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from escalon.expressions.javascript import javascript
from escalon.expressions.sql import sql
from escalon.expressions.tree import Kind
from escalon.instruments import catalogue
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item
from tests.expressions.same import same

LUPUS = ["bilag_2004", "bilag_2004_change", "sledai_2k", "sle_2019", "sri_4", "bicla", "lldas", "doris", "pga"]
TYPES = {Kind.TRUTH: pl.Boolean, Kind.LABEL: pl.String, Kind.INTEGER: pl.Int64, Kind.NUMBER: pl.Float64}
every = pytest.mark.parametrize("name", LUPUS)


@every
def test_duckdb_agrees_with_one_visit_at_a_time(name: str, duckdb_query: Any, tmp_path: Path) -> None:
    instrument = catalogue()[name]
    people = drawn(instrument, 300)
    schema = {key: TYPES[item.kind] for key, item in instrument.items.items()}
    pl.DataFrame(people, schema=schema).with_row_index("person").write_parquet(tmp_path / "visits.parquet")
    table = f"read_parquet('{tmp_path / 'visits.parquet'}')"
    program, reading = instrument.program(), instrument.scalar()
    rows = duckdb_query(sql(program, instrument.is_exact, table=table, keep=["person"]) + " ORDER BY person")
    for person, (_, *found) in zip(people, rows, strict=True):
        wanted = reading(**person)
        for root, value in zip(program.roots, found, strict=True):
            assert same(value, wanted[root]), (root, person)


@every
def test_javascript_agrees_with_one_visit_at_a_time(name: str, node: Any) -> None:
    instrument = catalogue()[name]
    people, reading = drawn(instrument, 100), instrument.scalar()
    for person, found in zip(people, node(javascript(instrument.program(), instrument.is_exact), people), strict=True):
        for root, wanted in reading(**person).items():
            assert same(found[root], wanted), (root, person)


def drawn(instrument: Instrument, rows: int) -> list[dict[str, Any]]:
    """Visits at random: usually quiet, one item in ten missing, numbers in tenths."""
    rng = np.random.default_rng(19)
    return [{name: _drawn(item, rng) for name, item in instrument.items.items()} for _ in range(rows)]


def _drawn(item: Item, rng: np.random.Generator) -> Any:
    if rng.random() < (0.03 if item.needed else 0.5):
        return None
    if item.kind is Kind.TRUTH:
        return bool(rng.random() < 0.1)
    if item.kind is Kind.LABEL:
        return str(rng.choice(item.choices))
    low, high = int(item.low or 0), int(item.high if item.high is not None else 200)
    if item.kind is Kind.INTEGER:
        return int(rng.integers(low, high + 1)) if rng.random() < 0.2 else low
    return float(Fraction(int(rng.integers(low * 10, high * 10 + 1)), 10))
