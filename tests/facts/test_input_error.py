"""Which error says what is wrong with the input, and which is a fault of the program."""

import pytest

from escalon.facts import Day
from escalon.facts.day import DayError
from escalon.facts.input_error import is_about_the_input


def raised(call):
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_what_escalon_raises_of_a_value_is_about_the_input():
    assert is_about_the_input(raised(lambda: Day.parse("tomorrow")))
    assert is_about_the_input(DayError("never raised, but ours"))


@pytest.mark.parametrize("call", [lambda: int("x"), lambda: {}["x"], lambda: 1 // 0, lambda: b"\xff".decode()])
def test_what_anything_else_raises_is_a_fault(call):
    assert not is_about_the_input(raised(call))
