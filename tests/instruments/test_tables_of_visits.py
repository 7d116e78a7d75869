"""A table of visits gives each row what one visit gives: value, band and status."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalon.expressions.tree import Kind
from escalon.instruments import catalogue
from escalon.instruments.kit.visits_table import score_table
from tests.expressions.same import same
from tests.instruments.visits import assessed, visits

NAMES = [
    "acr50",
    "boolean_remission_2",
    "cdai",
    "cdai_response",
    "clinessdai",
    "das28_crp",
    "das28_esr",
    "essdai",
    "esspri",
    "eular_response",
    "haq_di",
    "mhaq_8",
    "mrss",
    "pain_vas",
    "physician_global",
    "ra_2010",
    "sdai",
    "sjogren_2016",
    "sjogren_aecg_2002",
    "ssc_2013",
    "star",
    "star_points",
]


def cell(value, item):
    if value is None or item.kind is Kind.LABEL:
        return value
    if item.kind is Kind.TRUTH:
        return "yes" if value else "no"
    return float(value)


def frame(instrument, rows):
    """The rows as a table: the unit in the header, doubles in the cells, nothing where nothing is known."""
    columns = {}
    for name, item in instrument.items.items():
        header = f"{name} [{item.unit}]" if item.unit else name
        text = item.kind in (Kind.LABEL, Kind.TRUTH)
        columns[header] = pl.Series([cell(row[name], item) for row in rows], dtype=pl.String if text else pl.Float64)
    return pl.DataFrame(columns)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_table_scores_each_row_as_one_visit(name, data):
    instrument = catalogue()[name]
    rows = data.draw(st.lists(visits(instrument) | visits(instrument, missing=False), min_size=1, max_size=6))
    table = score_table(instrument, frame(instrument, rows)).frame
    for row, scored in zip(rows, table.iter_rows(named=True), strict=True):
        wanted = assessed(instrument, row)
        value = bool(scored[name]) if isinstance(wanted.value, bool) and scored[name] is not None else scored[name]
        assert same(value, wanted.value), (row, scored[name], wanted.value)
        assert scored[f"{name}_status"] == wanted.status.value, (row, wanted.reasons)
        if wanted.category is not None:
            assert scored[f"{name}_band"] == wanted.category
