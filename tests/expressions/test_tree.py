"""Trees that cannot mean anything are refused, and tracing says what to write instead."""

from decimal import Decimal
from fractions import Fraction

import pytest

from escalon.expressions.program import program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.symbols import apply, as_node, case, symbol
from escalon.expressions.tree import Input, Kind, Literal, Op, TreeError, inputs

NUMBER, TRUTH, LABEL = symbol("n"), symbol("t", Kind.TRUTH), symbol("l", Kind.LABEL)


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        (Op("plus", (Literal(1),)), "'plus' is not an operator"),
        (Op("sub", (Literal(1),)), "sub takes 2 parts, not 1"),
        (Op("add", ()), "add takes one or more parts, not 0"),
        (as_node(NUMBER + TRUTH), "add takes integer or number, not truth"),
        (as_node(apply("and", TRUTH, NUMBER)), "and takes truth, not number"),
        (as_node(LABEL < "B"), "lt takes integer or number, not label"),
        (as_node(TRUTH < True), "lt takes integer or number, not truth"),
        (as_node(LABEL == 1), "eq takes label, not integer"),
        (as_node(TRUTH == 1), "eq takes truth, not integer"),
        (as_node(case(TRUTH, 1, "A")), "different kinds: integer, label"),
        (as_node(apply("at_least", NUMBER, TRUTH)), "at_least takes a whole number"),
        (as_node(apply("at_least", 2)), "at least one condition"),
    ],
)
def test_a_tree_without_meaning_is_refused(tree, says):
    with pytest.raises(TreeError, match=says):
        program({"value": tree})


def test_python_logic_on_symbols_says_what_to_write():
    with pytest.raises(TypeError, match=r"Write all_of"):
        bool(NUMBER > 1)


def test_a_float_literal_is_the_decimal_that_was_written():
    assert as_node(0.56) == Literal(Fraction(14, 25)) == as_node(Decimal("0.56"))
    assert as_node(2.0) == Literal(2)


def test_equal_parts_become_one_step():
    twice = (NUMBER + 1) * (NUMBER + 1)
    assert len(program({"value": as_node(twice)}).steps) == 4


def test_a_step_count_grows_with_distinct_parts_only():
    tree = NUMBER
    for _ in range(60):
        tree = tree + tree  # 2⁶⁰ leaves when written out
    written = program({"value": as_node(tree)})
    assert len(written.steps) == 61
    assert compile_scalar(written, exact=True)(n=1)["value"] == 2**60


def test_inputs_are_listed_once_in_the_order_met():
    assert inputs(as_node(NUMBER + symbol("m") * NUMBER)) == (Input("n"), Input("m"))


def test_one_and_true_are_different_literals():
    written = program({"number": Literal(1), "truth": Literal(True)})
    assert compile_scalar(written, exact=True)() == {"number": 1, "truth": True}
    assert type(compile_scalar(written, exact=True)()["truth"]) is bool
