"""A table of visits gives each row what one visit gives, whatever stands in its cells."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from escalon.expressions.tree import Kind
from escalon.facts import Finding, Status, convert
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.assessment import UnknownItem
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.table_rows import result_names
from escalon.instruments.kit.unit_names import split_name
from escalon.instruments.kit.visits_table import BLOCK, Scored, VisitsError, score_table
from tests.expressions.same import same
from tests.instruments.drawn_visits import drawn_visits, ends

ROWS = 40
INSTRUMENTS = [pytest.param(one, id=name) for name, one in catalogue().items()]
every = pytest.mark.parametrize("instrument", INSTRUMENTS)
JUNK = (
    "?",
    "ND",
    " not done ",
    "",
    "NA",
    "1e5",
    "-1",
    "abc",
    "7,5",
    "1_000",
    "inf",
    "nan",
    "20/3",
    "yes",
    "0",
    "1e999",
    "+1",
)


def headers(instrument: Instrument, rng: random.Random) -> dict[str, tuple[str, str | None]]:
    """A header for each item: by its own name or another, in its own unit or another that it accepts."""
    found = {}
    for name, item in instrument.items.items():
        unit = rng.choice(item.units) if item.units and (item.needs_unit or rng.random() < 0.5) else None
        label = rng.choice((name, name.upper(), *item.also))
        said = split_name(instrument, label)[1]
        found[name] = (f"{label} [{unit}]" if unit and not said else label, said or unit)
    return found


def written(item: Item, value: Any, unit: str | None, rng: random.Random) -> str | None:
    """A value as somebody types it into the column; now and then something else altogether."""
    chance = rng.random()
    if chance < 0.02:
        return rng.choice(JUNK)
    if value is None:
        return rng.choice((None, "", "NA"))
    if item.kind is Kind.TRUTH:
        words = ("yes", "present", "1", "TRUE", "1.0") if value else ("no", "absent", "0", "False", "not_attributable")
        return rng.choice(words)
    if item.kind is Kind.LABEL:
        return rng.choice((value, value.upper(), f" {value} "))
    if chance < 0.04:
        low, high = ends(item)
        value = rng.choice((low - 1, high + 1, high + Fraction(1, 2)))
    return _amount(item, value, unit, rng)


def _amount(item: Item, value: Any, unit: str | None, rng: random.Random) -> str:
    shown = Fraction(value) if unit is None or item.unit is None else convert(value, item.unit, unit, item.substance)
    text = f"{float(round(shown, 6)):.6f}".rstrip("0").rstrip(".")
    if item.below_limit and rng.random() < 0.1:
        return f"< {text}"
    return f"{text} {unit}" if unit and rng.random() < 0.05 else text


def one_by_one(instrument: Instrument, columns: Any, cells: list[dict[str, Any]], **options: Any) -> list[Finding]:
    units = {name: unit for name, (_, unit) in columns.items()}
    return [
        assess(instrument.name, **{name: (cell, units[name]) if units[name] else cell for name, cell in row.items()}, **options)
        for row in cells
    ]  # fmt: skip


def assert_same(instrument: Instrument, scored: Scored, wanted: list[Finding]) -> None:
    """Value, bands, status, missing items and flags of every row."""
    names = result_names(instrument)
    assert scored.frame.height == len(wanted)
    for number, (row, finding) in enumerate(zip(scored.frame.iter_rows(named=True), wanted, strict=True)):
        about = (number, finding, row)
        assert row[f"{instrument.name}_status"] == finding.status.value, about
        assert same(row[names[0]], finding.value), about
        assert set(filter(None, row[f"{instrument.name}_missing"].split(";"))) == set(finding.missing), about
        assert set(filter(None, row[f"{instrument.name}_flags"].split(";"))) == set(finding.flags), about
        if f"{instrument.name}_band" in row:
            assert row[f"{instrument.name}_band"] == finding.category, about
        for label in filter(None, instrument.bands):
            shown = finding.components.get(label) if finding.status in (Status.OK, Status.INDETERMINATE) else None
            assert row[f"{instrument.name}_{label}"] == shown, about
    assert scored.invalid == sum(finding.status.value == "invalid" for finding in wanted)
    assert bool(scored.problems) == bool(scored.invalid)


@every
def test_a_table_of_text_scores_each_row_as_one_visit(instrument: Instrument) -> None:
    rng = random.Random(instrument.name)
    columns = headers(instrument, rng)
    cells = [
        {name: written(item, visit[name], columns[name][1], rng) for name, item in instrument.items.items()}
        for visit in drawn_visits(instrument, ROWS)
    ]
    frame = pl.DataFrame({columns[name][0]: [row[name] for row in cells] for name in instrument.items}, strict=False)
    assert_same(instrument, score_table(instrument, frame), one_by_one(instrument, columns, cells))


@every
def test_a_table_of_numbers_scores_each_row_as_one_visit(instrument: Instrument) -> None:
    types = {Kind.TRUTH: pl.Boolean, Kind.LABEL: pl.String, Kind.INTEGER: pl.Int64, Kind.NUMBER: pl.Float64}
    columns = {
        name: (f"{name} [{item.unit}]" if item.unit else name, item.unit) for name, item in instrument.items.items()
    }
    rows = [
        {name: float(value) if isinstance(value, Fraction) else value for name, value in visit.items()}
        for visit in drawn_visits(instrument, ROWS, seed=20)
    ]
    frame = pl.DataFrame(
        [
            pl.Series(columns[name][0], [row[name] for row in rows], types[item.kind])
            for name, item in instrument.items.items()
        ]
    )
    option = next(iter(instrument.options.items()), None)
    options = {option[0]: option[1][-1]} if option else {}
    assert_same(instrument, score_table(instrument, frame, options), one_by_one(instrument, columns, rows, **options))


def test_no_row_is_dropped_and_no_column_changed():
    frame = pl.DataFrame({"participant": ["P1", "P2", "P3"], "tender28": ["1", "x", None], "swollen28": ["2", "3", "4"],
                          "patient_global [cm]": ["1", "2", "3"], "physician_global [mm]": ["10", "20", "30"]})  # fmt: skip
    scored = score_table(catalogue()["cdai"], frame.rename({"tender28": "tender", "swollen28": "swollen"}))
    assert scored.frame["participant"].to_list() == ["P1", "P2", "P3"]
    assert scored.frame["tender"].to_list() == ["1", "x", None]
    assert scored.frame["cdai"].to_list() == [5, None, None]
    assert scored.frame["cdai_status"].to_list() == ["ok", "invalid", "missing"]
    assert scored.frame["cdai_missing"].to_list() == ["", "", "tender"]
    assert scored.frame["cdai_flags"].to_list() == ["", "NOT_A_NUMBER", ""]
    assert scored.problems == ("row 3: tender is 'x'. Write a whole number 0–28",)


def frame_of(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame({name.replace("__", " ["): values for name, values in columns.items()})


def das28(**more: Any) -> pl.DataFrame:
    return pl.DataFrame({"tender": [4], "swollen": [5], "crp [mg/L]": [7], "global_health [mm]": [50]} | more)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (das28().rename({"crp [mg/L]": "crp"}), r"does not say its unit. Write the header `crp \[mg/L\]` or `crp \[mg/dL\]`"),
        (das28().rename({"crp [mg/L]": "crp [mmol/L]"}), "is in 'mmol/L'. Accepted: mg/L, mg/dL"),
        (das28().rename({"tender": "tender [cm]"}), "is in 'cm'. Accepted: no unit"),
        (das28().rename({"tender": "tendr"}), "Did you mean tender"),
        (das28(TENDER=[4]), "are both tender"),
        (das28(below_limit=["half"]), "is an option"),
        (das28(das28_crp_status=[""]), "already has a column 'das28_crp_status'"),
        (das28().with_columns(tender=pl.Series([[1, 2]])), "holds lists"),
        (pl.DataFrame({"a": [1]}), "no column is an item of das28_crp. Items: tender"),
    ],
)  # fmt: skip
def test_a_column_that_cannot_be_read_is_refused_with_what_to_write(frame, says):
    with pytest.raises(VisitsError, match=says):
        score_table(catalogue()["das28_crp"], frame)


def test_the_name_of_a_column_is_read_as_the_name_of_a_value():
    frame = pl.DataFrame({"TJC28": [4], "Swollen": [5], "crp_mgl": ["7"], "ptga_cm": [5]})
    assert round(score_table(catalogue()["das28_crp"], frame).frame["das28_crp"][0], 4) == 4.1547
    with pytest.raises(VisitsError, match=r"says two units, cm and mm\. Keep one"):
        score_table(catalogue()["das28_crp"], frame.rename({"ptga_cm": "ptga_cm [mm]"}))


@pytest.mark.parametrize("name", ["confirm", "Confirmed"])
def test_a_row_says_which_of_its_values_were_confirmed(name):
    said = ["creatinine", "yes", "scr; weight", None, "no", "", "nothing"]
    frame = pl.DataFrame(
        {"sex": "F", "age": 45, "weight [kg]": 65, "scr [umol/L]": "18", name: said}, schema_overrides={name: pl.String}
    )
    found = score_table(catalogue()["cockcroft_gault"], frame)
    assert found.frame["cockcroft_gault_status"].to_list() == ["ok"] * 3 + ["missing"] * 3 + ["invalid"]
    assert found.frame["cockcroft_gault_flags"].to_list()[:4] == ["CONFIRMED"] * 3 + ["QUERY"]
    assert found.problems == ("row 8: cockcroft_gault has no item 'nothing'. Items: age, sex, weight, creatinine",)


def test_an_item_without_a_column_is_named_and_missing_everywhere():
    scored = score_table(catalogue()["das28_crp"], das28().drop("crp [mg/L]"))
    assert scored.absent == ("crp",)
    assert scored.frame["das28_crp_missing"].to_list() == ["crp"]


def test_an_item_is_no_option_of_a_table():
    with pytest.raises(UnknownItem, match="each row"):
        score_table(catalogue()["das28_crp"], das28(), {"tender": 4})


def test_an_item_with_the_instruments_own_name_keeps_its_column():
    scored = score_table(
        catalogue()["pga"], pl.DataFrame({"pga": [1.5, None], "pga_scale": ["0-3", "0-3"]}, strict=False)
    )
    assert scored.frame["pga"].to_list() == [1.5, None]
    assert "pga_score" in scored.frame.columns


@pytest.mark.parametrize("rows", [0, 1, BLOCK, BLOCK + 1])
def test_any_number_of_rows_comes_back(rows):
    frame = das28().with_columns(crp=pl.lit(1)).drop("crp")
    done = []
    scored = score_table(
        catalogue()["das28_crp"], pl.concat([frame] * rows) if rows else frame.clear(), step=done.append
    )
    assert scored.frame.height == done[-1] == rows
    assert scored.frame["das28_crp_status"].to_list() == ["ok"] * rows


def test_a_score_close_to_a_limit_is_flagged_in_a_table_too():
    rows = [Fraction(n, 4) for n in range(1600)]
    frame = pl.concat([das28().with_columns(pl.lit(float(crp)).alias("crp [mg/L]")) for crp in rows])
    assert any(
        "NEAR_THRESHOLD" in flags for flags in score_table(catalogue()["das28_crp"], frame).frame["das28_crp_flags"]
    )


@pytest.mark.parametrize("blank", ["", "ND", "not done"])
def test_a_blank_limit_beside_a_value_with_its_unit_is_not_known(blank):
    finding = assess("ctcae_ggt_increased", value="50 U/L", upper=blank)
    assert (finding.status.value, finding.missing) == ("indeterminate", ("upper",))


def test_a_number_that_is_refused_stays_in_its_column():
    scored = score_table(catalogue()["das28_crp"], das28(**{"crp [mg/L]": [-7.5], "global_health [mm]": [101.0]}))
    assert scored.frame["crp [mg/L]"].to_list() == [-7.5]
    assert scored.frame["global_health [mm]"].to_list() == [101.0]
    assert scored.frame["das28_crp_status"].to_list() == ["invalid"]
