import pytest

from escalon.conduct.judge.samples import profiles_of
from escalon.facts import Day
from escalon.kinetics import Detection, noncompartmental, read_sample
from escalon.protocol import load_study
from tests.histories import Infusion, history


@pytest.fixture(scope="module")
def study():
    return load_study("nct07052565")


def sample(date, value, code="", analyte="car_transgene", person="P1", unit="copies/µL"):
    cells = {"participant": person, "analyte": analyte, "date": date, "value": value or code, "unit": unit, "lloq": "5"}
    return read_sample(cells, f"samples.csv {date}")


def records(*samples):
    infused = Infusion("P1", 2, Day(2025, 3, 1), source="doses.csv:2")
    return history(infusions=(infused,), samples=samples)


def test_records_become_profiles_by_dose_level(study):
    some = records(
        sample("2025-03-15", "40"), sample("2025-02-28", None, code="ND"), sample("2025-03-20", None, code="<5")
    )
    (found,), left_out = profiles_of(study, some)
    assert (found.group, left_out) == ("level 2", [])
    assert [(s.day, s.detection) for s in found.samples] == [
        (-1, Detection.ND), (14, Detection.QUANTIFIED), (19, Detection.BELOW)
    ]  # fmt: skip
    kinetics = noncompartmental(found)
    assert kinetics["cmax"].value == 40
    assert "clock_not_recorded" in kinetics.flags
    assert "baseline_detected" not in kinetics.flags


def test_not_done_is_missing_and_a_number_below_the_limit_is_below_it(study):
    (found,), _ = profiles_of(study, records(sample("2025-03-08", None), sample("2025-03-15", "4.9")))
    assert [s.detection for s in found.samples] == [Detection.MISSING, Detection.BLQ]


def test_profiles_come_in_the_study_s_unit(study):
    (found,), _ = profiles_of(study, records(sample("2025-03-15", "5.04", analyte="cd19_b_cells", unit="10^9/L")))
    assert (found.unit, found.samples[0].value) == ("/uL", 5040)


def test_only_the_infused_have_profiles(study):
    some = records(sample("2025-03-15", "40"), sample("2025-03-15", "9", person="P9"))
    assert {p.participant for p in profiles_of(study, some)[0]} == {"P1"}


def test_two_samples_of_one_day_are_named_and_make_no_profile(study):
    profiles, left_out = profiles_of(study, records(sample("2025-03-15", "40"), sample("2025-03-15", "50")))
    assert [profile.samples for profile in profiles] == [()]
    assert "P1 car_transgene: 2 samples on day 14" in left_out[0]
