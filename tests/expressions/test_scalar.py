"""The reading for one visit: what may be supplied, and when it is exact."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from escalon.expressions.program import program
from escalon.expressions.scalar import compile_scalar
from escalon.expressions.symbols import all_of, as_node, log, sqrt, symbol
from escalon.expressions.tree import Input, Kind


def reading(tree, exact=True):
    return compile_scalar(program({"value": as_node(tree)}), exact)


@pytest.mark.parametrize("number", [1.1, Decimal("1.1"), Fraction(11, 10), np.float64(1.1)])
def test_numbers_of_any_type_count_as_the_decimal_that_was_written(number):
    assert reading(symbol("a") + 2.2)(a=number)["value"] == Fraction(33, 10)
    assert reading(symbol("a") + 2.2, exact=False)(a=number)["value"] == 1.1 + 2.2


@pytest.mark.parametrize("missing", [None, math.nan, np.nan, Decimal("NaN")])
@pytest.mark.parametrize("exact", [True, False])
def test_not_a_number_is_missing(missing, exact):
    assert reading(symbol("a") > 3, exact)(a=missing)["value"] is None


@pytest.mark.parametrize("no", [0, 0.0, np.False_, False])
def test_every_spelling_of_no_is_false(no):
    assert reading(all_of(symbol("a", Kind.TRUTH), symbol("b", Kind.TRUTH)))(a=no, b=True)["value"] is False


@pytest.mark.parametrize(("kind", "given"), [(Kind.NUMBER, "4"), (Kind.TRUTH, 2), (Kind.TRUTH, "no"), (Kind.LABEL, 3)])
@pytest.mark.parametrize("exact", [True, False])
def test_a_value_of_another_kind_is_refused_by_name(kind, given, exact):
    identity = compile_scalar(program({"value": Input("esr", kind)}), exact)
    with pytest.raises(TypeError, match="esr is"):
        identity(esr=given)


def test_exact_programs_keep_ratios_exact():
    assert reading(symbol("a") / 3 * 3 == symbol("a"))(a=Decimal("0.1"))["value"] is True


def test_a_root_in_an_exact_program_is_compared_to_nine_decimals():
    assert reading(sqrt(symbol("a")) * sqrt(symbol("a")) == symbol("a"))(a=2)["value"] is True
    assert reading(sqrt(symbol("a")) * sqrt(symbol("a")) > symbol("a"))(a=2)["value"] is False


def test_what_nearly_cancels_leaves_no_logarithm():
    assert reading(log(sqrt(symbol("a")) * sqrt(symbol("a")) - symbol("a")))(a=2)["value"] is None
