"""Units convert exactly, only where they may, and the daily table agrees with pint."""

from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import UnitError, convert, factor, spelled
from escalon.facts.unit import _SIZES, _registry, _tidy


def test_the_daily_table_agrees_with_pint():
    registry = _registry()
    units = {unit: registry.from_ucum(unit) for unit in _SIZES}
    for one, other in combinations(_SIZES, 2):
        same_kind = _SIZES[one][0] == _SIZES[other][0]
        if same_kind:
            amount = registry.Quantity(Decimal(1), units[one]).to(units[other])
            assert _tidy(Fraction(amount.magnitude)) == factor(one, other), (one, other)


@pytest.mark.parametrize(
    ("value", "unit", "to", "substance", "expected"),
    [
        ("1", "mg/dL", "mg/L", None, "10"),
        ("2.0", "mg/dL", "µmol/L", "creatinine", "176.8"),
        ("88.4", "umol/L", "mg/dL", "creatinine", "1"),
        ("0.5", "g/g", "mg/mmol", "protein/creatinine", "56.55"),
        ("98.6", "°F", "°C", None, "37"),
        ("5", "NRS", "mm", None, "50"),
        ("4.7", "cm", "mm", None, "47"),
        ("1.5", "mL/15 min", "mL/min", None, "0.1"),
        ("150", "×10⁹/L", "/µL", None, "150000"),
        ("7", "mg/day", "mg/week", None, "49"),
        ("12.5", "g/dL", "g/L", None, "125"),
        ("1000", "/mm³", "10^9/L", None, "1"),
        ("700", "mg/dL", "g/L", None, "7"),
    ],
)
def test_the_conversions_of_the_sheets_are_exact(value, unit, to, substance, expected):
    assert convert(Decimal(value), unit, to, substance) == Fraction(expected)


@pytest.mark.parametrize(
    ("unit", "to", "substance"),
    [
        ("mg/L", "nmol/L", None),
        ("mg/dL", "umol/L", None),
        ("copies/µg", "copies/µL", None),
        ("", "mm", None),
        ("mm/h", "mg/L", None),
        ("g/L", "10^9/L", None),
        ("banana", "mg/L", None),
        ("cells/kg", "copies/µL", None),
        ("{copies", "copies/µL", None),
        ("}{", "{copies}/uL", None),
        ("{a}{b}/uL", "{copies}/uL", None),
    ],
)
def test_what_is_not_the_same_kind_is_refused(unit, to, substance):
    with pytest.raises(UnitError):
        convert(1, unit, to, substance)


@given(
    st.decimals(-1000, 1000, places=3),
    st.sampled_from([("mg/dL", "mg/L"), ("10^9/L", "/uL"), ("°F", "°C"), ("g/d", "mg/wk")]),
)
def test_there_and_back_is_the_same_number(value, pair):
    one, other = pair
    assert convert(convert(value, one, other), other, one) == Fraction(value)


def test_spellings_ignore_case_and_style():
    assert spelled("x10E9/L") == spelled("×10⁹/L") == spelled("10^9/L") == "10*9/L"
    assert spelled(None) == spelled("score") == "1"
