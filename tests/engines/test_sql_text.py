"""What the SQL text promises beyond its values: loading, names, size, and one meaning per dialect."""

import pytest

from escalon.expressions.dialects import DIALECTS
from escalon.expressions.program import program
from escalon.expressions.sql import sql
from escalon.expressions.symbols import as_node, case, points, sqrt, symbol
from escalon.expressions.tree import Kind

esr, rash, arm = symbol("esr"), symbol("rash", Kind.TRUTH), symbol("arm", Kind.LABEL)


def text(tree, dialect="duckdb", **options):
    return sql(program({"value": as_node(tree)}), True, dialect, **options)


def test_nan_is_null_from_loading_on(duckdb_query):
    table = "(SELECT CAST('NaN' AS DOUBLE) AS esr) AS t"
    assert duckdb_query(text(esr > 3.2, table=table)) == [(None,)]


@pytest.mark.postgres
def test_nan_is_null_from_loading_on_in_postgresql(postgres_query):
    assert postgres_query(text(esr > 3.2, "postgres", table="(SELECT 'NaN'::float8 AS esr) AS t")) == [(None,)]


@pytest.mark.parametrize(("stored", "value"), [("1", 2), ("0", 0), ("2", None), ("TRUE", 2), ("NULL", None)])
def test_a_truth_may_be_stored_as_a_boolean_or_as_one_and_nought(duckdb_query, stored, value):
    assert duckdb_query(text(points(rash, 2), table=f"(SELECT {stored} AS rash) AS t")) == [(value,)]


@pytest.mark.postgres
@pytest.mark.parametrize(("stored", "value"), [("1", 2), ("0", 0), ("2", None), ("TRUE", 2), ("FALSE", 0)])
def test_the_same_in_postgresql(postgres_query, stored, value):
    assert postgres_query(text(points(rash, 2), "postgres", table=f"(SELECT {stored} AS rash) AS t")) == [(value,)]


def test_columns_may_have_other_names_and_some_are_kept(duckdb_query):
    table = "(SELECT 7 AS person, 30.0 AS esr_mm_h) AS t"
    query = text(esr + 1, table=table, columns={"esr": "esr_mm_h"}, keep=["person"])
    assert duckdb_query(query) == [(7, 31.0)]


def test_names_and_labels_are_quoted(duckdb_query):
    odd = symbol('e"sr', Kind.LABEL)
    table = """(SELECT 'it''s' AS "e""sr") AS t"""
    assert duckdb_query(text(case(odd == "it's", "a'b", "c"), table=table)) == [("a'b",)]


def test_a_backslash_in_a_label_stays_one_backslash_in_spark():
    assert r"'a\\b'" in text(arm == r"a\b", "spark")
    assert r"'a\b'" in text(arm == r"a\b", "duckdb")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_number_is_left_to_be_read_as_a_decimal(dialect):
    written = text(0.56 * sqrt(esr), dialect)
    typed = {"duckdb": "CAST('0.56' AS DOUBLE)", "postgres": "'0.56'::float8", "spark": "0.56D"}
    assert typed[dialect] in written
    assert written.count("0.56") == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_text_grows_with_distinct_parts_only(dialect):
    tree = esr
    for _ in range(40):
        tree = tree + tree
    assert len(text(tree, dialect)) < 6_000


def test_a_deeply_shared_rule_runs(duckdb_query):
    tree = esr
    for step in range(30):
        tree = case(tree > step, tree + 1, tree * 2)
    assert duckdb_query(text(tree, table="(SELECT 100 AS esr) AS t")) == [(130.0,)]


@pytest.mark.postgres
def test_a_deeply_shared_rule_runs_in_postgresql(postgres_query):
    tree = esr
    for step in range(30):
        tree = case(tree > step, tree + 1, tree * 2)
    assert postgres_query(text(tree, "postgres", table="(SELECT 100 AS esr) AS t")) == [(130.0,)]


def test_an_unknown_dialect_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'mysql' is not a dialect\. Known: duckdb, postgres, spark"):
        text(esr, "mysql")
