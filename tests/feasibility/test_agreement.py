"""A population in an engine gets the verdicts that `examine` gives one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.facts import Facts
from tests.criteria.strategies import criteria, histories
from tests.engines.conftest import duckdb_query, postgres_query
from tests.feasibility.populations import disagreements, situation

__all__ = ["duckdb_query", "postgres_query"]


people = st.lists(histories, min_size=8, max_size=16)
trees = st.lists(criteria, min_size=2, max_size=6)


@settings(max_examples=6)
@given(trees, people)
def test_duckdb_agrees_on_a_few(duckdb_query, trees, people):
    assert disagreements(duckdb_query, "duckdb", trees, people, situation(Facts())) == []


@pytest.mark.slow
@settings(max_examples=60)
@given(trees, people)
def test_duckdb_agrees_with_one_person_at_a_time(duckdb_query, trees, people):
    assert disagreements(duckdb_query, "duckdb", trees, people, situation(Facts())) == []


@pytest.mark.postgres
@settings(max_examples=6)
@given(trees, people)
def test_postgresql_agrees_with_one_person_at_a_time(postgres_query, trees, people):
    assert disagreements(postgres_query, "postgres", trees, people, situation(Facts())) == []
