from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import Day, Fact, Status
from escalon.instruments.product.dosing_weight import dosing_weight
from escalon.instruments.product.identity import check_identity

NAMES = ("participant", "product")
TWO = ("Nurse Wang", "Dr Li")


def test_everything_equal_and_two_people_is_a_match():
    same = {"participant": "P01", "product": "E01-7"}
    found = check_identity(same, {"participant": " P01 ", "product": "E01-7"}, NAMES, TWO)
    assert (found.value, found.category, found.flags) == (True, "match", ())


def test_a_missing_identifier_is_not_a_match():
    found = check_identity(
        {"participant": "P01", "product": ""}, {"participant": "P01", "product": "E01-7"}, NAMES, TWO
    )
    assert found.value is None
    assert found.status is Status.MISSING
    assert found.missing == ("product",)


def test_one_difference_decides_even_when_another_identifier_is_missing():
    found = check_identity({"participant": "P01"}, {"participant": "P10", "product": "E01-7"}, NAMES, TWO)
    assert found.value is False
    assert found.category == "DIFFERENT"


def test_characters_that_only_look_alike_differ_and_are_spelled_out():
    found = check_identity({"product": "E01-7"}, {"product": "E01‑7"}, ("product",), TWO)
    assert found.value is False
    assert "\\u2011" in found.reasons[0]


def test_one_person_named_twice_is_not_two_people():
    same = {"product": "E01-7"}
    for people in ((), ("Dr Li",), ("Dr Li", "dr li ")):
        assert "second_check_required" in check_identity(same, same, ("product",), people).flags


@given(st.text(min_size=1), st.text(min_size=1))
def test_only_equal_text_matches(one, other):
    found = check_identity({"product": one}, {"product": other}, ("product",), TWO)
    assert (found.value is True) == (one.strip() == other.strip() != "")


def kg(value, day=None, visit="", unit="kg"):
    return Fact("weight", value, None if day is None else Day.parse(day), unit, visit=visit)


INFUSION = Day(2025, 3, 14)


def weight(*facts, **choices):
    return dosing_weight(facts, INFUSION, 30, Fraction(1, 10), **choices)


def test_the_latest_weight_within_the_window_is_used():
    found = weight(kg(60, "2025-02-20"), kg(58, "2025-03-12"), kg(70, "2025-01-01"))
    assert found.value == 58


def test_the_window_includes_its_first_day_and_nothing_before():
    assert weight(kg(60, "2025-02-12")).value == 60
    assert weight(kg(60, "2025-02-11")).value is None


def test_a_weight_after_the_infusion_is_not_used():
    assert weight(kg(60, "2025-03-15")).value is None


def test_a_weight_at_leukapheresis_serves_at_any_age():
    assert weight(kg(60, "2024-12-01", "leukapheresis")).value == 60


def test_a_partial_date_does_not_pass_for_a_recent_one():
    assert weight(kg(60, "2025-02")).value is None


def test_a_change_beyond_the_limit_is_flagged_and_the_limit_itself_is_not():
    at_limit = weight(kg(60, "2025-01-01", "leukapheresis"), kg(66, "2025-03-12"))
    beyond = weight(kg(60, "2025-01-01", "leukapheresis"), kg(66.01, "2025-03-12"))
    assert "weight_changed" not in at_limit.flags
    assert "weight_changed" in beyond.flags
    assert beyond.components["at_leukapheresis"] == 60


def test_a_weight_is_not_capped():
    assert weight(kg(130, "2025-03-12")).value == 130


def test_a_weight_in_pounds_is_converted_and_one_without_a_number_ignored():
    assert float(weight(kg(100, "2025-03-12", unit="[lb_av]")).value) == 45.359237
    assert weight(kg(None, "2025-03-12")).value is None
