"""A population in an engine gets the verdicts that `examine` gives one by one.

The suite takes a few criteria and people, the same each time; `make agreement` takes thousands, others each time.
"""

import os
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.expressions.events import Happened, How, Pick
from escalon.expressions.tree import Literal, Op
from escalon.facts import Day, Fact, Facts
from tests.criteria.strategies import DRUGS, EVENTS, criteria, days, durations, exposures, histories, windows
from tests.engines.conftest import duckdb_query, postgres_query
from tests.feasibility.populations import NAMES, disagreements, situation, statement

__all__ = ["duckdb_query", "postgres_query"]

"""What the other laws leave out: how long something lasted, what a name stands for, a drug denied or not known."""
CLASS = "immunosuppressant"


@dataclass(frozen=True)
class Class:
    """A name that stands for drugs."""

    label: str = ""
    unit: str | None = None
    substance: str | None = None
    settle: str = ""
    members: tuple[str, ...] = DRUGS


lasting_leaves = st.one_of(
    st.builds(Happened, st.sampled_from((CLASS, *EVENTS)), windows, st.one_of(st.none(), durations), st.booleans()),
    exposures().flatmap(lambda one: st.sampled_from((CLASS, *DRUGS)).map(lambda name: replace(one, name=name))),
)
courses = st.builds(
    lambda name, value, day, unit, until, how: Fact(
        name, value, day, unit, until=until if how == "until" else None, ongoing=how == "ongoing", end_unknown=how == "?"
    ),
    st.sampled_from((CLASS, *DRUGS, EVENTS[0])), st.sampled_from((True, False, None, Decimal(10), Decimal(20))), days,
    st.sampled_from(("mg/week", "mg/day", None)), days, st.sampled_from(("until", "until", "ongoing", "?", "")),
)  # fmt: skip
long_trees = st.lists(lasting_leaves, min_size=4, max_size=8)
long_people = st.lists(st.lists(courses, max_size=7).map(Facts), min_size=8, max_size=16)

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


@settings(max_examples=MANY or 5, derandomize=not MANY, print_blob=bool(MANY))
@given(long_trees, long_people)
def test_duckdb_agrees_of_what_lasted_and_of_what_a_name_stands_for(duckdb_query, trees, people):
    assert disagreements(duckdb_query, "duckdb", trees, people, with_class(), {CLASS: len(NAMES)}) == []


def with_class():
    return replace(situation(Facts()), meanings={CLASS: Class()})


@pytest.mark.postgres
@settings(max_examples=MANY or 5, derandomize=not MANY, print_blob=bool(MANY))
@given(long_trees, long_people)
def test_postgresql_agrees_of_what_lasted_and_of_what_a_name_stands_for(postgres_query, trees, people):
    assert disagreements(postgres_query, "postgres", trees, people, with_class(), {CLASS: len(NAMES)}) == []


@pytest.mark.postgres
@settings(max_examples=MANY or 6, derandomize=not MANY, print_blob=bool(MANY))
@given(trees, people)
def test_postgresql_agrees_with_one_person_at_a_time(postgres_query, trees, people):
    assert disagreements(postgres_query, "postgres", trees, people, situation(Facts())) == []
