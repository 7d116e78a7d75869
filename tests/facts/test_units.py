"""Units convert exactly, only where they may, and the daily table agrees with pint."""

from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalon.facts import UnitError, convert, factor, spelled
from escalon.facts.unit import _SIZES, _factor, _registry, _tidy, is_unit
from escalon.protocol import load_study


def test_the_daily_table_agrees_with_pint():
    registry = _registry()
    units = {unit: registry.from_ucum(unit) for unit in _SIZES}
    for one, other in combinations(_SIZES, 2):
        same_kind = _SIZES[one][0] == _SIZES[other][0]
        if same_kind:
            amount = registry.Quantity(Decimal(1), units[one]).to(units[other])
            assert _tidy(Fraction(amount.magnitude)) == factor(one, other), (one, other)


def test_what_the_study_reads_needs_no_pint(monkeypatch):
    def loaded() -> None:
        raise AssertionError("pint is loaded, which costs every command a third of a second")

    monkeypatch.setattr("escalon.facts.unit._registry", loaded)
    _factor.cache_clear()
    for one in load_study("nct07052565").vocabulary.values():
        for accepted in one.units if one.unit else ():
            assert convert(Decimal(1), accepted, one.unit, one.substance) != 0, one.name


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


OTHER_NAMES = {
    "10^9/L": "G/l Gpt/l /nl K/cumm K/mcL thou/mm3 Thous/mcL Tsd./µl tys/µl 10^3/mcL E9/L 10^9个/L 千/µL",
    "/uL": "/mcL cells/mm³ cells/cumm 个/µL",
    "U/L": "IU/L iu/l IE/L UI/L mU/mL",
    "IU/mL": "U/mL IU/ml IE/mL UI/mL kIU/L",
    "mm/h": "mm/hr mm/Std mm/1.Std",
    "°C": "ºC ℃ 度 摄氏度",
    "mg/d": "mg/Tag mg/天 mg/24h",
    "d": "Tage 天",
    "copies/µL": "Copies/ul copy/µL cp/uL",
    "copies/µg": "copies/µgDNA copies/uggDNA copies/mcg",
    "{cells}/mL": "/mL cells/ml CAR+cells/mL",
    "{cells}/kg": "/kg cells/kg CAR-Tcells/kg",
}


@pytest.mark.parametrize(("unit", "other"), [(unit, one) for unit, text in OTHER_NAMES.items() for one in text.split()])
def test_one_unit_by_the_names_that_laboratories_give_it(unit, other):
    assert convert(1, other, unit) == 1


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        ("1329000", "copies/mL", "copies/µL", "1329"),
        ("2.5", "10^6/mL", "{cells}/mL", "2500000"),
        ("3", "×10⁵/kg", "{cells}/kg", "300000"),
        ("21", "million cells", "{cells}", "21000000"),
        ("311.65", "K", "°C", "38.5"),
        ("500", "IU/L", "IU/mL", "0.5"),
    ],
)
def test_a_multiple_of_a_unit_is_that_many(value, unit, to, expected):
    assert convert(Decimal(value), unit, to) == Fraction(expected)


def test_a_unit_is_known_or_it_is_none():
    assert all(map(is_unit, ("copies/µL", "cells/µL", "{vg}/ug", "IU/mL", "%", "10^9/L", "ng/mL")))
    assert not any(map(is_unit, ("bananas", "banana/µL", "RLU")))


@pytest.mark.parametrize(
    ("unit", "to", "factor"),
    [
        ("10/uL", "10^9/L", Fraction(1, 100)),
        ("1000/uL", "10^9/L", 1),
        ("x100/µL", "10^9/L", Fraction(1, 10)),
        ("10000/uL", "10^9/L", 10),
        ("mm/(30.min)", "mm/h", 2),
        ("mg/(24.h)", "mg/d", 1),
        ("ug/(100.mL)", "ug/L", 10),
        ("100.mg", "mg", 100),
    ],
)
def test_a_unit_with_a_number_of_its_own_counts_it(unit: str, to: str, factor: Fraction) -> None:
    assert convert(1, unit, to) == factor


def test_scales_of_another_zero_are_refused_beyond_what_is_known_of_them() -> None:
    with pytest.raises(UnitError):
        convert(37, "Cel", "K")


def test_units_that_do_not_convert_are_told_as_they_were_written():
    with pytest.raises(UnitError, match="'cells/µL' cannot be converted to 'copies/µL'"):
        convert(3, "cells/µL", "copies/µL")
