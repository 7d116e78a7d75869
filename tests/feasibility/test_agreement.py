"""A population in an engine gets the verdicts that `examine` gives one by one.

The suite takes a few criteria and people, the same each time; `make agreement` takes thousands, others each time.
"""

import os
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.expressions.events import How, Pick
from escalon.expressions.tree import Literal, Op
from escalon.facts import Day, Fact, Facts
from tests.criteria.strategies import criteria, histories
from tests.engines.conftest import duckdb_query, postgres_query
from tests.feasibility.populations import disagreements, situation, statement

__all__ = ["duckdb_query", "postgres_query"]

MANY = int(os.environ.get("ESCALON_AGREEMENT", "0"))
people = st.lists(histories, min_size=8, max_size=16)
trees = st.lists(criteria, min_size=2, max_size=6)


@pytest.mark.parametrize(("how", "relation", "limit"), [(How.HIGHEST, "ge", 6), (How.LOWEST, "le", 95)])
def test_one_asked_and_not_known_could_always_be_the_highest_or_the_lowest(duckdb_query, how, relation, limit):
    """Engines leave NULL out of the greatest of two; what is not known is not left out."""
    tree = Op(relation, (Pick("das28_esr", how), Literal(limit)))
    asked, value = Fact("das28_esr", None, Day(2024, 6, 1)), Fact("das28_esr", Decimal("90.1"), Day(2025, 4))
    someone, answered = Facts((asked, value)), Facts((value,))
    query, here = duckdb_query, situation(Facts())
    assert disagreements(query, "duckdb", [tree], [someone, answered], here) == []
    assert query(statement({"c0": tree}, [someone, answered], "duckdb", here)) == [(0, None), (1, True)]


@settings(max_examples=MANY or 5, derandomize=not MANY, print_blob=bool(MANY))
@given(trees, people)
def test_duckdb_agrees_with_one_person_at_a_time(duckdb_query, trees, people):
    assert disagreements(duckdb_query, "duckdb", trees, people, situation(Facts())) == []


@pytest.mark.postgres
@settings(max_examples=MANY or 6, derandomize=not MANY, print_blob=bool(MANY))
@given(trees, people)
def test_postgresql_agrees_with_one_person_at_a_time(postgres_query, trees, people):
    assert disagreements(postgres_query, "postgres", trees, people, situation(Facts())) == []
