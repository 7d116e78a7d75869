"""Intervals among the inputs: the answer holds every point, narrowing reverses nothing, and known answers are met."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.expressions.possible import is_open, just
from escalon.expressions.program import program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.symbols import as_node, case, known, log, otherwise, sqrt, sum_known, symbol
from escalon.expressions.tree import Kind
from escalon.facts import Interval
from tests.expressions.intervals import narrower, numbers_in, spread
from tests.expressions.random_programs import decidable, fuzzed, programs, visits
from tests.expressions.test_bounds import holds


@fuzzed
@given(programs(), visits(), st.booleans(), st.data())
def test_the_answer_for_an_interval_holds_the_answer_for_every_number_in_it(drawn, visit, exact, data):
    wide = data.draw(spread(visit))
    point = data.draw(numbers_in(wide))
    reading = compile_scalar(drawn, exact)
    found = reading(**wide)
    for row, names in decidable(drawn, [point], exact):
        wanted = reading(**row)
        for name in names:
            assert holds(just(found[name]), wanted[name]), (name, wanted[name], found[name], wide, row)


@fuzzed
@given(programs(), visits(), st.booleans(), st.data())
def test_narrowing_an_interval_never_reverses_an_answer(drawn, visit, exact, data):
    wide = data.draw(spread(visit))
    narrow = data.draw(narrower(wide))
    reading = compile_scalar(drawn, exact)
    before, after = reading(**wide), reading(**narrow)
    for name in drawn.roots:
        if name.startswith(("truth", "label")) and not is_open(before[name]):
            assert after[name] == before[name], (name, before[name], after[name], wide, narrow)


a, b, flag = symbol("a"), symbol("b"), symbol("flag", Kind.TRUTH)
BELOW_5 = Interval(high=5, high_open=True)


def value_of(term: Any, **values: Any) -> Any:
    return compile_scalar(program({"value": as_node(term)}), exact=True)(**values)["value"]


@pytest.mark.parametrize(
    ("term", "given", "wanted"),
    [
        (a < 5, {"a": BELOW_5}, True),
        (a <= 5, {"a": Interval(high=5)}, True),
        (a < 5, {"a": Interval(high=5)}, frozenset({True, False})),
        (a >= 5, {"a": BELOW_5}, False),
        (a > 3, {"a": BELOW_5}, frozenset({True, False})),
        (a == 5, {"a": BELOW_5}, False),
        (a == 4, {"a": BELOW_5}, frozenset({True, False})),
        (a != 7, {"a": BELOW_5}, True),
        (a == 5, {"a": Interval(5, 5)}, True),
        (known(a), {"a": BELOW_5}, True),
        (otherwise(a, 9), {"a": BELOW_5}, BELOW_5),
        (a + b, {"a": Interval(1, 2), "b": Interval(3, 5, high_open=True)}, Interval(4, 7, high_open=True)),
        (a + b, {"a": BELOW_5}, None),
        (sum_known(a, b), {"a": BELOW_5}, BELOW_5),
        (sum_known(a, log(b)), {"a": BELOW_5, "b": Interval(0, 1)}, BELOW_5),
        (a - b, {"a": Interval(1, 2), "b": Interval(low=0, low_open=True)}, Interval(high=2, high_open=True)),
        (a * b, {"a": Interval(-1, 2), "b": Interval(3, 5, high_open=True)}, Interval(-5, 10, True, True)),
        (a * 0, {"a": BELOW_5}, 0),
        (1 / a, {"a": Interval(0, 4, low_open=True)}, Interval(Fraction(1, 4))),
        (1 / a, {"a": Interval(0, 4)}, Interval(Fraction(1, 4), may_be_unknown=True)),
        (1 / a, {"a": Interval(-1, 4)}, Interval(may_be_unknown=True)),
        (abs(a), {"a": Interval(-3, 1, low_open=True)}, Interval(0, 3, high_open=True)),
        (sqrt(a), {"a": Interval(4, 9, high_open=True)}, Interval(2.0, 3.0, high_open=True)),
        (log(a), {"a": Interval(-2, -1)}, None),
        (case(a < 3, 1, a < 10, 2, 3), {"a": Interval(3, 9)}, 2),
        (case(a < 3, "low", a < 10, "high", "high"), {"a": Interval(4, 99)}, "high"),
        (case(a < 3, "low", "high"), {"a": Interval(0, 99)}, frozenset({"low", "high"})),
        (case(flag, a, b), {"a": BELOW_5, "b": 7, "flag": False}, 7),
        (case(flag, a, b), {"a": BELOW_5, "b": 7}, None),
    ],
)
def test_a_known_answer_is_given(term, given, wanted):
    assert value_of(term, **given) == wanted
    assert type(value_of(term, **given)) is type(wanted)


def test_a_whole_number_in_an_interval_is_whole():
    count = symbol("count", Kind.INTEGER)
    assert value_of(count >= 3, count=Interval(2, 9, low_open=True)) is True
    assert value_of(count, count=Interval(2, 4, True, True)) == 3


def test_only_a_number_may_be_an_interval():
    with pytest.raises(TypeError, match=r"flag is <5\. Give a truth"):
        value_of(case(flag, 1, 2), flag=BELOW_5)
