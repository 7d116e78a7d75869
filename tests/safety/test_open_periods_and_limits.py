"""A period still open is a range; what both tables say, and what one limit says of the other, is decided."""

import pytest

from escalon.instruments.safety.ctcae.laboratory import grade_laboratory
from escalon.instruments.safety.icaht import icaht


@pytest.mark.parametrize(
    ("counts", "bounds"),
    [
        ({2: 400, 4: 300, 6: 300, 8: 400}, (2, 4)),
        ({0: 2000, 7: 2000, 14: 2000}, (0, 4)),
        ({0: 2000, 8: 2000, 16: 2000, 24: 2000, 29: 2000}, (0, 1)),
        ({0: 2000, 10: 90, 14: 90, 18: 90, 23: 90, 25: 2000}, None),
    ],
)
def test_before_day_30_the_early_grade_lies_between_what_was_seen_and_the_worst_to_come(counts, bounds):
    early, _ = icaht(counts)
    assert early.bounds == bounds
    assert early.value == (4 if bounds is None else None)
    assert "early_period_incomplete" in early.flags


def test_a_count_after_day_30_closes_the_early_period():
    early, _ = icaht({2: 400, 6: 300, 10: 2000, 18: 2000, 26: 2000, 33: 2000})
    assert (early.value, early.bounds) == (1, None)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"value": 1.9, "baseline": 1.2}, 2),
        ({"value": 1.1, "baseline": 1.2}, 0),
        ({"value": 1.4, "baseline": 1.2}, 1),
        ({"value": 1.9, "baseline": 2.5}, None),
        ({"value": 1.9}, None),
        ({"value": 1.9, "baseline": 2.5, "anticoagulated": "no"}, 2),
    ],
)
def test_an_inr_has_the_grade_both_tables_give(given, value):
    (found,) = grade_laboratory("inr", **given)
    assert found.value == value


@pytest.mark.parametrize(
    ("test", "given", "grades"),
    [
        ("hemoglobin", {"value": "9.9 g/dL", "lower": "12 g/dL"}, {"anemia": 2, "hemoglobin_increased": 0}),
        ("hemoglobin", {"value": "99 g/L", "lower": "12 g/dL"}, {"anemia": 2, "hemoglobin_increased": 0}),
        ("sodium", {"value": "150 mmol/L", "upper": "145"}, {"hypernatremia": 1, "hyponatremia": 0}),
        ("hemoglobin", {"value": "13 g/dL", "lower": "12 g/dL"}, {"anemia": 0, "hemoglobin_increased": None}),
    ],
)
def test_below_the_lower_limit_is_not_above_the_upper_one(test, given, grades):
    found = {one.name.removeprefix("ctcae_"): one.value for one in grade_laboratory(test, **given)}
    assert {name: found[name] for name in grades} == grades
