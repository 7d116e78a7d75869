"""What the reading over columns accepts, and what it refuses."""

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest

from escalon.expressions.columns import BLOCK, compile_columns
from escalon.expressions.program import program
from escalon.expressions.symbols import as_node, case, points, symbol
from escalon.expressions.tree import Kind

esr, rash, arm = symbol("esr"), symbol("rash", Kind.TRUTH), symbol("arm", Kind.LABEL)


def reading(tree, **options):
    return compile_columns(program({"value": as_node(tree)}), exact=True, **options)


@pytest.mark.parametrize(
    "column",
    [
        np.array([1.0, np.nan, 3.0]),
        [1, None, 3],
        [Fraction(1), None, Fraction(3)],
        np.ma.masked_array([1, 9, 3], mask=[False, True, False]),
        pl.Series([1, None, 3]),
        pl.Series([1.0, None, 3.0]),
        pl.Series(["1.0", None, "3.0"]).cast(pl.Decimal(10, 2)),
    ],
    ids=["doubles", "list", "fractions", "masked", "polars integers", "polars doubles", "polars decimals"],
)
def test_numbers_come_in_many_forms(column):
    assert np.array_equal(reading(esr * 2)({"esr": column})["value"], [2, math.nan, 6], equal_nan=True)


@pytest.mark.parametrize(
    "column",
    [np.array([1.0, np.nan, 0.0]), [True, None, False], pl.Series([True, None, False]), pl.Series([1, None, 0])],
    ids=["doubles", "list", "polars booleans", "polars integers"],
)
def test_truths_come_in_many_forms(column):
    assert np.array_equal(reading(points(rash, 2))({"rash": column})["value"], [2, math.nan, 0], equal_nan=True)


@pytest.mark.parametrize("column", [["A", None, "B"], pl.Series(["A", None, "B"]), np.array(["A", None, "B"], object)])
def test_labels_come_in_many_forms(column):
    assert np.array_equal(reading(points(arm == "A"))({"arm": column})["value"], [1, math.nan, 0], equal_nan=True)


def test_labels_come_out_as_places_and_decode_to_text():
    grade = reading(case(esr > 20, "high", "low"))
    codes = grade({"esr": [30, None, 10]})["value"]
    assert grade.labels == ("high", "low")
    assert codes.tolist() == [0, -1, 1]
    assert grade.decode(codes).tolist() == ["high", None, "low"]


def test_two_labels_that_the_program_does_not_name_are_told_apart():
    other = symbol("other", Kind.LABEL)
    same = reading(arm == other)({"arm": ["x", "x", None], "other": ["x", "y", "x"]})["value"]
    assert np.array_equal(same, [1, 0, math.nan], equal_nan=True)


def test_a_label_that_cannot_be_coded_is_refused_not_lost():
    handed_on = case(esr > 20, arm, "none")
    with pytest.raises(ValueError, match=r"value would be 'C'.*labels="):
        reading(handed_on)({"esr": [30, 30], "arm": ["none", "C"]})
    named = reading(handed_on, labels=["C"])
    assert named.decode(named({"esr": [30, 30], "arm": ["none", "C"]})["value"]).tolist() == ["none", "C"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"esr": [1.0]}, "there is no column 'rash'"),
        ({"esr": [1.0], "rash": [1, 0]}, "column 'esr' has 1 rows, others have 2"),
        ({"esr": ["12"], "rash": [True]}, "column 'esr' must hold numbers"),
        ({"esr": [1.0], "rash": [2]}, "column 'rash' must hold true, false, 1 or 0, but holds 2"),
        ({"esr": [1.0], "rash": [0.5]}, "but holds 0.5"),
        ({"esr": None, "rash": None}, "say how many rows"),
    ],
)
def test_bad_columns_are_refused_by_name(columns, says):
    with pytest.raises(ValueError, match=says):
        reading(case(rash, esr, 0))(columns)


def test_a_label_column_must_hold_text():
    with pytest.raises(ValueError, match="column 'arm' must hold text or None, but holds 3"):
        reading(arm == "A")({"arm": ["A", 3]})


def test_an_input_recorded_for_nobody_is_unknown_for_everybody():
    assert np.isnan(reading(esr + 1)({"esr": None}, rows=3)["value"]).all()


@pytest.mark.parametrize("rows", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_blocks_leave_no_row_out(rows):
    column = np.arange(rows, dtype=float)
    assert np.array_equal(reading(esr * 2 + 1)({"esr": column})["value"], column * 2 + 1)


def test_a_constant_fills_every_row():
    assert reading(case(esr == esr, 1, 2))({"esr": [3.0, 4.0]})["value"].tolist() == [1, 1]


def test_a_shared_chain_is_written_once():
    tree = esr
    for _ in range(40):
        tree = tree + tree
    compiled = reading(tree)
    assert compiled({"esr": [1.0]})["value"].tolist() == [2.0**40]
    assert len(compiled.source) < 3_000


def test_a_deeply_nested_rule_still_compiles():
    tree = esr
    for step in range(150):
        tree = case(esr > step, tree + 1, tree)
    assert reading(tree)({"esr": [1000.0]})["value"].tolist() == [1150.0]


def test_minus_nought_to_a_negative_power_is_unknown():
    assert np.isnan(reading((-(esr * 0)) ** -1)({"esr": [3.0]})["value"]).all()  # found by generation: it was -inf
