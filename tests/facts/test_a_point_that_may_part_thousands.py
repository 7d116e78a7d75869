"""`129.000` is 129 in English and 129 thousand in German: where both may be, it is held until somebody says which."""

from __future__ import annotations

import pytest

from escalon.facts import ReadError, read_value
from escalon.facts.reading import may_part_thousands
from escalon.instruments import catalogue
from escalon.instruments.safety.icaht import read_counts

ASKED = {
    "platelets": catalogue()["ctcae_platelet_count_decreased"].items["value"],
    "neutrophils": catalogue()["ctcae_neutrophil_count_decreased"].items["value"],
    "alt": catalogue()["ctcae_alanine_aminotransferase_increased"].items["value"],
    "weight": catalogue()["cockcroft_gault"].items["weight"],
    "copies": catalogue()["vcn_per_cell"].items["car_copies"],
    "dose": catalogue()["glucocorticoid_dose"].items["dose"],
    "prednisone": catalogue()["lldas"].items["prednisone"],
}


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        ("platelets", "129.000 /uL", "129000"),
        ("platelets", "129.000/µL", "129000"),
        ("platelets", "<25.000 /uL", "25000"),
        ("platelets", "１２９．０００ /uL", "129000"),
        ("neutrophils", "4.500 /uL", "4500"),
        ("neutrophils", "2.100 cells/mm3", "2100"),
        ("alt", "1.234 U/L", "1234"),
        ("dose", "1.000 mg", "1000"),  # a gram of methylprednisolone
    ],
)
def test_a_number_that_may_be_either_is_held(name: str, text: str, meant: str) -> None:
    found = read_value(ASKED[name], text, name=name)
    assert (found.value, found.why) == (None, "query")
    assert f" {meant[:-3]}.{meant[-3:]}" in found.flags["QUERY"]  # as it was written
    assert f"would be {meant} if its point parted thousands" in found.flags["QUERY"]
    answered = read_value(ASKED[name], text, name=name, confirmed=True)
    assert answered.value is not None
    assert answered.flags["CONFIRMED"].endswith("parted thousands and was confirmed")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("platelets", "129.000 10^9/L"),  # 129 000 of these no body has
        ("platelets", "129000.000 /uL"),
        ("platelets", "129.0 10^9/L"),
        ("platelets", "1.290e2 10^9/L"),
        ("alt", "36.000 U/L"),  # a column kept with three decimals
        ("weight", "70.250 kg"),
        ("dose", "5.000 mg"),
        ("prednisone", "1.000 mg/d"),  # nobody takes a gram a day for months
        ("copies", "1.234"),  # nothing says what is usual of it
    ],
)
def test_a_number_that_can_be_one_only_is_read(name: str, text: str) -> None:
    assert "QUERY" not in read_value(ASKED[name], text, name=name).flags


def test_confirming_what_is_only_unusual_answers_it_too() -> None:
    assert "CONFIRMED" in read_value(ASKED["weight"], "250 kg", name="weight", confirmed=True).flags


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("36 H", "U/L", 36), ("36 L", "U/L", 36), ("36 (H) U/L", None, 36), ("36 HH U/L", None, 36), ("36↑", "U/L", 36)],
)
def test_the_mark_of_a_laboratory_beside_a_value_is_no_unit(text: str, unit: str | None, value: int) -> None:
    assert read_value(ASKED["alt"], text, unit, name="alt").value == value


def test_a_letter_that_may_be_a_unit_is_one() -> None:
    """24 H are hours, not 24 minutes, and 5 L by itself are litres, not a low 5."""
    minutes = catalogue()["ctcae_febrile_neutropenia"].items["sustained_minutes"]
    assert read_value(minutes, "24 H", name="sustained_minutes").value == 1440
    flow = catalogue()["crs"].items["flow_l_min"]
    assert [read_value(flow, text).value for text in ("2 L/min", "2 L /min", "2 L / min")] == [2, 2, 2]
    with pytest.raises(ReadError, match="is in 'L'"):
        read_value(ASKED["platelets"], "5 L", name="platelets")


@pytest.mark.parametrize("text", ["unter 10 10^9/L", "weniger als 10 10^9/L", "moins de 10 10^9/L", "< 10 10^9/L"])
def test_a_bound_is_read_in_german_and_french(text: str) -> None:
    assert str(read_value(ASKED["platelets"], text, name="platelets").value) == "≥0 <10"


def test_a_count_of_neutrophils_whose_point_may_part_thousands_is_asked_about() -> None:
    with pytest.raises(ReadError, match=r"day 0: 2\.100 would be 2100"):
        read_counts({0: "2.100", 3: "400"})
    assert read_counts({0: "2.100", 3: "400"}, confirmed=True)[3] == 400
    assert read_counts({0: "2.100 10^9/L", 3: "400"})[0] == 2100


def test_a_limit_beside_no_value_asks_for_no_unit() -> None:
    assert may_part_thousands(ASKED["platelets"], "150.000", None) is None
    assert may_part_thousands(ASKED["platelets"], "150.000", "/uL") == "150000"
