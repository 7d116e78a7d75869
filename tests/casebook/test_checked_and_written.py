"""What a fact's checks saw is still so when it is written, whoever recorded in between; and nothing is lost by trying again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.casebook.trial import CARLA, INES, Trial

from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import verify
from escalon.casebook.location import open_casebook
from escalon.conduct.permit.refusal import Refused
from escalon.history.events import (
    Event,
    FactCorrected,
    FactRecorded,
    Observation,
    ParticipantConsented,
    VisitLocked,
    VisitUnlocked,
)


def alt(value: int) -> FactRecorded:
    seen = Observation(name="alt", value=str(value), unit="U/L", day="2026-03-01", visit="D28", source="laboratory")
    return FactRecorded(participant="P-1", fact=seen)


def corrected(number: int, value: int) -> FactCorrected:
    return FactCorrected(participant="P-1", corrects=number, reason="misread", fact=alt(value).fact)


@pytest.fixture
def two(casebook: Casebook) -> Iterator[tuple[Trial, Trial]]:
    """One trial on two computers; the first recorded the last two entries, so that it knows where the head is."""
    mine = Trial(casebook)
    mine.consent("P-1")
    other = open_casebook(Path(casebook.place), clock=casebook.clock)
    for value in (30, 31):
        mine.record(CARLA, alt(value))
    yield mine, Trial.reopened(other)
    other.close()


def _meanwhile(trial: Trial, monkeypatch: pytest.MonkeyPatch, does: Callable[[], object]) -> list[Event]:
    """Let the other computer record right after the checks of the first try; the events that were checked."""
    checked, allowed = [], trial.conduct._allowed

    def then(*asked: Any) -> Event:
        found = allowed(*asked)
        checked.append(found)
        if len(checked) == 1:
            does()
        return found

    monkeypatch.setattr(trial.conduct, "_allowed", then)
    return checked


def test_a_visit_locked_after_the_checks_takes_no_fact(
    two: tuple[Trial, Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = two
    _meanwhile(mine, monkeypatch, lambda: other.record(INES, VisitLocked(participant="P-1", visit="D28")))
    before = mine.casebook.last
    with pytest.raises(Refused, match="D28 is locked"):
        mine.record(CARLA, alt(32))
    assert mine.casebook.last == before + 1
    assert verify(mine.casebook).is_whole


def test_a_fact_that_still_may_be_recorded_is_recorded_once(
    two: tuple[Trial, Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = two
    signed = mine.today()
    consent = ParticipantConsented(participant="P-2", site="S1", form="v1", signed_on=signed)
    checked = _meanwhile(mine, monkeypatch, lambda: other.record(CARLA, consent))
    before = mine.casebook.last
    entry = mine.record(CARLA, alt(32))
    assert (entry.number, mine.casebook.last) == (before + 2, before + 2)
    assert checked == [alt(32), alt(32)]
    assert "P-2" in mine.conduct.trial.courses
    mine.conduct.know(("P-1",))
    assert [one.event.fact.value for one in mine.conduct.trial.courses["P-1"].observations] == ["30", "31", "32"]
    assert verify(mine.casebook).is_whole


def test_left_alone_a_fact_is_checked_once(two: tuple[Trial, Trial], monkeypatch: pytest.MonkeyPatch) -> None:
    mine, _ = two
    checked = _meanwhile(mine, monkeypatch, lambda: None)
    mine.record(CARLA, alt(32))
    assert checked == [alt(32)]


def test_what_was_read_before_a_fact_is_recorded_is_followed_once(two: tuple[Trial, Trial]) -> None:
    mine, other = two
    other.consent("P-2")
    assert "P-2" in mine.conduct.trial.courses
    mine.record(CARLA, alt(32))
    assert len(mine.conduct.trial.courses["P-2"].consents) == 1


def test_a_visit_unlocked_elsewhere_takes_the_fact(two: tuple[Trial, Trial]) -> None:
    mine, other = two
    mine.record(INES, VisitLocked(participant="P-1", visit="D28"))
    for _ in range(2):  # so that the next fact follows an end that it knows
        mine.consent(f"P-{mine.casebook.last}")
    other.record(INES, VisitUnlocked(participant="P-1", visit="D28", reason="a value was misread"))
    entry = mine.record(CARLA, alt(32))
    assert mine.casebook.last == entry.number
    assert verify(mine.casebook).is_whole


def test_a_fact_read_after_its_correction_stands_once(casebook: Casebook) -> None:
    mine = Trial(casebook)
    mine.consent("P-1")
    first, *_, wrong = [mine.record(CARLA, alt(value)).number for value in (20, 21, 30)]
    once = mine.record(CARLA, corrected(wrong, 33)).number
    read = Trial.reopened(casebook)
    read.conduct.know(tuple(read.conduct.trial.courses))
    course = read.conduct.trial.courses["P-1"]
    assert [one.event.fact.value for one in course.observations] == ["20", "21", "33"]
    read.record(CARLA, corrected(once, 35))
    read.conduct.know(("P-1",))
    stands = read.conduct.trial.courses["P-1"].observations
    assert [(one.number, one.event.fact.value) for one in stands] == [(first, "20"), (first + 1, "21"), (wrong, "35")]
