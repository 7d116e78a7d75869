from decimal import Decimal

import pytest

from escalon.casebook.records import Infusion, Records, Sample
from escalon.facts import Day
from escalon.kinetics import Detection, noncompartmental
from escalon.reporting.cell_profiles import cell_profiles


def sample(date, value, below=False, analyte="car_copies", person="P1"):
    number = None if value is None else Decimal(value)
    return Sample(person, analyte, Day.parse(date), number, "copies/µL", below, Decimal(5), f"samples.csv {date}")


def records(*samples):
    infused = Infusion("P1", 2, Day(2025, 3, 1), source="doses.csv:2")
    return Records(infusions=(infused,), samples=samples)


def test_records_become_profiles_by_dose_level():
    (found,) = cell_profiles(records(sample("2025-03-15", "40"), sample("2025-02-28", None, below=True)))
    assert found.group == "level 2"
    assert [(s.day, s.detection) for s in found.samples] == [(-1, Detection.BELOW), (14, Detection.QUANTIFIED)]
    kinetics = noncompartmental(found)
    assert kinetics["cmax"].value == 40
    assert "clock_not_recorded" in kinetics.flags
    assert "baseline_detected" not in kinetics.flags


def test_not_done_is_missing_and_a_number_below_the_limit_is_below_it():
    (found,) = cell_profiles(records(sample("2025-03-08", None), sample("2025-03-15", "4.9")))
    assert [s.detection for s in found.samples] == [Detection.MISSING, Detection.BLQ]


def test_only_the_analytes_asked_for_and_only_the_infused():
    some = records(
        sample("2025-03-15", "40"), sample("2025-03-15", "3", analyte="igg"), sample("2025-03-15", "9", person="P9")
    )
    assert [p.analyte for p in cell_profiles(some, ["car_copies"])] == ["car_copies"]
    assert {p.participant for p in cell_profiles(some)} == {"P1"}


def test_two_samples_of_one_day_are_refused_by_name():
    with pytest.raises(ValueError, match="two car_copies samples on 2025-03-15"):
        cell_profiles(records(sample("2025-03-15", "40"), sample("2025-03-15", "50")))
