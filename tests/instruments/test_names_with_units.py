"""A name that says its unit gives the number its unit; a bare number without one stays refused."""

import pytest

from escalon.facts import Status
from escalon.instruments import assess
from escalon.instruments.kit.assessment import UnknownItem
from escalon.instruments.kit.unit_names import UnitTwice, endings


@pytest.mark.parametrize(
    ("name", "items", "value"),
    [
        ("das28_crp", {"crp_mgl": 7, "gh_mm": 50}, 4.1547),
        ("das28_crp", {"crp_mg_dl": "0.7", "global_health_cm": 5}, 4.1547),
        ("das28_crp", {"crp_mg_per_l": 7, "global_health_nrs": 5}, 4.1547),
    ],
)
def test_the_unit_of_a_name_is_the_unit_of_its_number(name, items, value):
    assert round(float(assess(name, tender=4, swollen=5, **items).value), 4) == value


def test_the_sheets_own_names_are_understood():
    assert assess("cdai", tjc28=4, sjc28=5, ptga_cm=5, phga_cm=6).value == 20
    assert round(float(assess("cockcroft_gault", sex="male", age=65, weight_kg=70, scr_mgdl=1.4).value), 3) == 52.083
    assert round(float(assess("cockcroft_gault", sex="male", age=50, weight=80, scr_umol_l="88.4").value), 3) == 100


def test_a_bare_number_that_could_be_in_two_units_stays_refused():
    finding = assess("das28_crp", tender=4, swollen=5, crp=7, gh_mm=50)
    assert finding.status is Status.INVALID
    assert "UNIT_MISSING" in finding.flags


def test_a_unit_in_the_name_and_in_the_value_is_refused():
    with pytest.raises(UnitTwice, match=r"Write the number alone: crp_mgl=0\.7"):
        assess("das28_crp", tender=4, swollen=5, crp_mgl="0.7 mg/dL", gh_mm=50)


def test_an_item_given_under_two_names_is_refused():
    with pytest.raises(UnknownItem, match="given twice"):
        assess("das28_crp", tender=4, swollen=5, crp_mgl=7, crp="7 mg/L", gh_mm=50)


def test_a_unit_the_item_does_not_accept_is_no_name_of_it():
    with pytest.raises(UnknownItem):
        assess("das28_crp", tender=4, swollen=5, crp_nmol_l=7, gh_mm=50)


def test_unknown_stays_unknown_under_such_a_name():
    assert assess("das28_crp", tender=4, swollen=5, crp_mgl="ND", gh_mm=50).missing == ("crp",)


def test_endings_are_what_people_write():
    assert endings("mg/L") == {"mgl", "mg_l", "mg_per_l"}
    assert endings("10^9/L") == {"109l", "109_l", "109_per_l"}
    assert "c" in endings("°C")
