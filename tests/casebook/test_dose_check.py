"""The second person on infusion day: who checks, what must agree, and that another preparation asks for it again."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.casebook.trial import CARLA, INES, LENA, Trial

from escalon.casebook.casebook import Casebook
from escalon.conduct.permit.refusal import Refused
from escalon.facts import Day
from escalon.history.events import (
    AdverseEventRecorded,
    DoseChecked,
    DosePrepared,
    FactRecorded,
    Observation,
    SafetyReportSent,
)


def prepared(trial: Trial, **more: Any) -> DosePrepared:
    said = {
        "participant": "P1", "level": 1, "product": "B-P1", "expires": date(2027, 1, 1), "weight_kg": Decimal(72),
        "cells_per_ml": Decimal(2_500_000), "viability": Decimal("0.86"), "car_fraction": Decimal("0.41"),
        "volume_ml": Decimal("8.2"), "at": trial.clock.now(),
    }  # fmt: skip
    return DosePrepared(**(said | more))


def checked(trial: Trial, number: int, *differs: str) -> DoseChecked:
    return DoseChecked(
        participant="P1", prepared=number, wristband="P1", product="B-P1", expires=date(2027, 1, 1),
        first_ml=Decimal("8.2"), second_ml=Decimal("8.2"), differs=differs, at=trial.clock.now(),
    )  # fmt: skip


@pytest.fixture
def ready(sqlite_casebook: Casebook) -> Trial:
    trial = Trial(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P1", 1, 1)
    return trial


def test_a_prepared_dose_waits_for_the_second_person(ready: Trial) -> None:
    number = ready.record(CARLA, prepared(ready)).number
    with pytest.raises(Refused, match="not checked by a second person"):
        ready.infuse("P1", 1)
    with pytest.raises(Refused, match="carla prepared this dose; another person checks it"):
        ready.record(CARLA, checked(ready, number))
    ready.record(LENA, checked(ready, number, "volume"))
    with pytest.raises(Refused, match="the second person found otherwise: volume"):
        ready.infuse("P1", 1)
    ready.record(LENA, checked(ready, number))
    ready.infuse("P1", 1)
    with pytest.raises(Refused, match="already infused"):
        ready.record(LENA, checked(ready, number))


def test_a_dose_is_prepared_for_the_weight_recorded_last_or_with_the_reason_why_another(ready: Trial) -> None:
    weighed = Observation(name="weight", value="48.3", unit="kg", day=str(ready.today()))
    ready.record(CARLA, FactRecorded(participant="P1", fact=weighed))
    with pytest.raises(Refused, match=r"weight_kg: 72 kg is 49.1 % more than the 48.3 kg recorded on"):
        ready.record(CARLA, prepared(ready))
    assert ready.record(CARLA, prepared(ready, weight_kg=Decimal("53.1"))).number  # within the study's 10 %
    assert ready.record(CARLA, prepared(ready, reason="weighed again today, in the same clothes")).number


def test_what_was_checked_is_what_is_given(ready: Trial) -> None:
    number = ready.record(CARLA, prepared(ready, product="B-P2")).number
    ready.record(LENA, checked(ready, number))
    with pytest.raises(Refused, match="what was checked is product B-P2 at level 1"):
        ready.infuse("P1", 1)


def test_a_dose_prepared_anew_is_checked_anew(ready: Trial) -> None:
    first = ready.record(CARLA, prepared(ready)).number
    ready.record(LENA, checked(ready, first))
    second = ready.record(LENA, prepared(ready, weight_kg=Decimal(62))).number
    with pytest.raises(Refused, match="not checked by a second person"):
        ready.infuse("P1", 1)
    with pytest.raises(Refused, match="is not the dose prepared last"):
        ready.record(INES, checked(ready, first))
    ready.record(INES, checked(ready, second))
    assert ready.infuse("P1", 1).number


def test_an_infusion_without_a_preparation_is_judged_as_before(ready: Trial) -> None:
    assert ready.infuse("P1", 1).number


def test_a_report_names_an_event_of_the_participant(ready: Trial) -> None:
    event = AdverseEventRecorded(participant="P1", term="Colitis", grade=3, start=Day.of(ready.today()))
    number = ready.record(INES, event).number
    report = SafetyReportSent(participant="P1", event=number, report="SUSAR", sent_on=ready.today())
    assert ready.record(CARLA, report).number
    with pytest.raises(Refused, match="is no adverse event of P1"):
        ready.record(CARLA, SafetyReportSent(participant="P1", event=1, report="SUSAR", sent_on=ready.today()))
