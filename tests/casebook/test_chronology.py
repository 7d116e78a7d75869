"""Things happen in order, on days that have been; and one clock says so to everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.casebook.trial import CARLA, INES, LENA, PLAN, Trial

from escalon.casebook.casebook import Casebook
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.permit.holds import dosing_holds
from escalon.conduct.permit.refusal import Refused
from escalon.escalation import Treat
from escalon.facts import Day
from escalon.history.events import (
    AdverseEventRecorded,
    ApheresisDone,
    ConsentWithdrawn,
    FactRecorded,
    LymphodepletionGiven,
    Observation,
    ParticipantConsented,
    ParticipantWithdrawn,
    ProductReleased,
    TreatmentGiven,
)

FUTURE = date(2099, 1, 1)


@pytest.fixture
def trial(sqlite_casebook: Casebook) -> Trial:
    return Trial(sqlite_casebook)


def refused(act: Callable[[], object]) -> set[str]:
    with pytest.raises(Refused) as why:
        act()
    return {one.rule for one in why.value.broken}


@pytest.fixture
def collected(trial: Trial) -> Trial:
    """P-1 consented a month ago, and the cells were collected today."""
    trial.open_cohort(1, 1)
    trial.enter("P-1")
    trial.days(30)
    trial.allocate("P-1", 1)
    trial.apheresis("P-1")
    return trial


def released(trial: Trial, days_ago: float) -> ProductReleased:
    at = trial.clock.now() - timedelta(days=days_ago)
    return ProductReleased(participant="P-1", product="B-P-1", collection="A-P-1", level=1, certificate="C", at=at)


def conditioned(trial: Trial, first: int, last: int) -> LymphodepletionGiven:
    days = [trial.today() - timedelta(days=ago) for ago in (first, last)]
    return LymphodepletionGiven(participant="P-1", started_on=days[0], ended_on=days[1], regimen="as prescribed")


def test_a_product_follows_its_collection(collected: Trial) -> None:
    assert refused(lambda: collected.record(LENA, released(collected, 5))) == {"apheresis"}
    collected.record(LENA, released(collected, 0))


def test_conditioning_follows_apheresis(collected: Trial) -> None:
    assert "apheresis" in refused(lambda: collected.record(INES, conditioned(collected, 8, 6)))
    collected.record(INES, conditioned(collected, 0, 0))


def test_cells_are_not_infused_before_they_were_collected(collected: Trial) -> None:
    collected.record(LENA, released(collected, 0))
    collected.record(INES, conditioned(collected, 0, 0))
    early = replace(collected.infusion("P-1", 1), at=collected.clock.now() - timedelta(days=4))
    assert refused(lambda: collected.record(INES, early)) >= {"apheresis", "release", "lymphodepletion"}


def test_nothing_is_done_before_consent(trial: Trial) -> None:
    trial.enter("P-1")
    early = ApheresisDone(participant="P-1", at=trial.clock.now() - timedelta(days=20), collection="A-P-1")
    assert "consent" in refused(lambda: trial.record(CARLA, early))


IN_2099: list[tuple[Any, Any]] = [
    (INES, LymphodepletionGiven(participant="P-1", started_on=FUTURE, ended_on=date(2099, 1, 2), regimen="x")),
    (CARLA, ParticipantConsented(participant="P-1", site="S1", form="v1", signed_on=FUTURE)),
    (CARLA, ConsentWithdrawn(participant="P-1", on=FUTURE, reason="x")),
    (INES, ParticipantWithdrawn(participant="P-1", on=FUTURE, reason="x")),
    (CARLA, AdverseEventRecorded(participant="P-1", term="CRS", grade=1, start=Day.of(FUTURE))),
    (CARLA, TreatmentGiven(participant="P-1", treatment="rituximab", start=Day.of(FUTURE))),
    (CARLA, FactRecorded(participant="P-1", fact=Observation(name="alt", value="31", unit="U/L", day="2099-01-01"))),
]


@pytest.mark.parametrize(("who", "event"), IN_2099, ids=[type(event).__name__ for _, event in IN_2099])
def test_nothing_is_recorded_before_it_happens(collected: Trial, who: Any, event: Any) -> None:
    assert "time" in refused(lambda: collected.record(who, event))


@pytest.mark.parametrize("day", [27, 28, 29])
def test_one_clock_says_when_the_window_ends(trial: Trial, day: int) -> None:
    """The last day of the window, day 28, belongs to it: for the answer of the rule and for the casebook's hold."""
    trial.open_cohort(1, 1)
    for code in ("P-1", "P-2", "P-3"):
        trial.prepare(code, 1, 1)
    for code, wait in (("P-1", 0), ("P-2", 14), ("P-3", 3)):
        trial.days(wait)
        trial.infuse(code, 1)
    trial.nothing_to_report()
    trial.days(day)
    told = decide_next_dose(PLAN, trial.conduct.informed(), Day.of(trial.today())).decision
    held = dosing_holds(PLAN, trial.conduct.informed(), trial.today(), 2)
    is_open = isinstance(told, Treat) and told.level == 2
    assert (is_open, not held) == (day == 29, day == 29)


def test_the_window_is_counted_in_days_and_not_in_hours(trial: Trial) -> None:
    trial.treat_cohort(1, 1, "P-1", "P-2", "P-3")
    infused = trial.conduct.trial.courses["P-3"].infused
    assert infused is not None
    first_free = infused.latest + timedelta(days=29)
    assert dosing_holds(PLAN, trial.conduct.informed(), first_free - timedelta(days=1), 2)
    assert not dosing_holds(PLAN, trial.conduct.informed(), first_free, 2)
