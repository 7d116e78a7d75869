"""Numbers as people write them: read exactly, printed whole, whatever their size."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from escalon.facts import plain, read_number
from escalon.facts.amount import AmountError, read_amount
from escalon.instruments.kit.item import number
from escalon.instruments.kit.reading import ItemError, read

NUMBERS = (
    st.integers(-(10**40), 10**40)
    | st.decimals(-(10**40), 10**40, allow_nan=False)
    | st.fractions(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
)


@given(NUMBERS, st.integers(1, 12))
@example(Decimal("1e30"), 6)
@example(1e300, 6)
@example(Fraction(10**60, 7), 6)
def test_a_number_of_any_size_is_printed_to_so_many_decimals(value, places):
    shown = plain(value, places)
    assert "E" not in shown
    assert "e" not in shown
    written = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    assert abs(Fraction(shown) - written) <= Fraction(1, 2 * 10**places)
    assert not ("." in shown and shown.endswith(("0", ".")))


@given(st.decimals(-(10**20), 10**20, places=6, allow_nan=False))
def test_what_was_written_is_printed_as_it_was(value):
    assert Fraction(plain(value)) == Fraction(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(Fraction(1, 3), "0.333333"), (Fraction(-1, 10**9), "0"), (Decimal("7.500"), "7.5"), (1e22, "1" + "0" * 22),
     (Decimal("123456789012345678901234567890.125"), "123456789012345678901234567890.125"), (float("inf"), "inf"),
     (True, "yes"), (None, "not known"), ("low", "low")],
)  # fmt: skip
def test_numbers_print_plainly(value, shown):
    assert plain(value) == shown


@pytest.mark.parametrize("text", ["1e100", "-2e250", "1e-150", "9e999999999"])
def test_what_cannot_be_a_recorded_number_is_refused_at_once(text):
    with pytest.raises(ValueError, match="to be a recorded number"):
        read_number(text)
    with pytest.raises(ItemError, match="to be a recorded number"):
        read("crp", number("CRP", 0, None, "mg/L"), f"{text} mg/L")


def test_the_largest_that_is_read_is_scored_and_printed():
    assert read("crp", number("CRP", 0, None, "mg/L"), "9.5e99").value == Fraction(95) * 10**98


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), Decimal("NaN")])
def test_an_infinite_value_is_no_number(value):
    with pytest.raises(ItemError, match="Write a number"):
        read("crp", number("CRP", 0, None, "mg/L"), value)


@pytest.mark.parametrize("text", ["BLQ", "<LLOQ", "< LOD", "below LOQ", "not detected", "未检出", "BDL"])
def test_a_result_below_no_stated_number_asks_for_the_number(text):
    with pytest.raises(AmountError, match="does not say below which number"):
        read_amount(text)


@pytest.mark.parametrize("text", ["~5 mg/L", "ca. 5 mg/L", "approx 5", "about 5", "约5"])
def test_about_a_number_is_not_that_number(text):
    with pytest.raises(AmountError, match="is about a number"):
        read_amount(text)
