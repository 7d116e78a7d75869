"""`129.000` is 129 in English and 129 thousand in German: where both may be, it is held until somebody says which."""

from __future__ import annotations

import pytest

from escalon.facts import read_value
from escalon.instruments import catalogue

ASKED = {
    "platelets": catalogue()["ctcae_platelet_count_decreased"].items["value"],
    "neutrophils": catalogue()["ctcae_neutrophil_count_decreased"].items["value"],
    "alt": catalogue()["ctcae_alanine_aminotransferase_increased"].items["value"],
    "weight": catalogue()["cockcroft_gault"].items["weight"],
    "copies": catalogue()["vcn_per_cell"].items["car_copies"],
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
    ],
)
def test_a_number_that_may_be_either_is_held(name: str, text: str, meant: str) -> None:
    found = read_value(ASKED[name], text, name=name)
    assert (found.value, found.why) == (None, "query")
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
        ("copies", "1.234"),  # nothing says what is usual of it
    ],
)
def test_a_number_that_can_be_one_only_is_read(name: str, text: str) -> None:
    assert "QUERY" not in read_value(ASKED[name], text, name=name).flags


def test_confirming_what_is_only_unusual_answers_it_too() -> None:
    assert "CONFIRMED" in read_value(ASKED["weight"], "250 kg", name="weight", confirmed=True).flags
