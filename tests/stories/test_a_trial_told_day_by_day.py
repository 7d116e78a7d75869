"""Whole trials as they happen, asked again each day: what may be done, for whom, and why."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from escalon.conduct.judge.dosing import NextDose, decide_next_dose
from escalon.escalation import Outcome
from escalon.facts import Day, Fact
from escalon.protocol import Study, load_study
from tests.histories import Infusion, event, history

START = date(2025, 3, 3)


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("nct07052565")


class Trial:
    """A trial under way: what is recorded, and the question asked of it on a day counted from the first infusion."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.told: dict[str, tuple] = {"facts": (), "infusions": (), "adverse_events": ()}

    def _day(self, number: int) -> Day:
        return Day.of(START + timedelta(days=number))

    def _with(self, **more: tuple) -> None:
        self.told |= {name: (*self.told[name], *some) for name, some in more.items()}

    def infuse(self, who: str, level: int, on: int, cells: int | None = None) -> None:
        self._with(infusions=(Infusion(who, level, self._day(on), cells),))

    def event(self, who: str, term: str, grade: int, on: int, dlt: bool | None = None) -> None:
        self._with(adverse_events=(event(participant=who, term=term, grade=grade, start=self._day(on), dlt=dlt),))

    def judge(self, who: str, dlt: bool) -> None:
        judged = (replace(one, dlt=dlt) if one.participant == who else one for one in self.told["adverse_events"])
        self.told["adverse_events"] = tuple(judged)

    def leave(self, who: str, on: int) -> None:
        self._with(facts=(Fact("study_discontinuation", True, self._day(on), participant=who),))

    def ask(self, on: int) -> NextDose:
        return decide_next_dose(self.study, history(**self.told), self._day(on))

    def says(self, on: int) -> tuple[str, int | None]:
        decision = self.ask(on).decision
        return decision.action, decision.level


def test_sentinel_wait_expand_and_stop(study):
    trial = Trial(study)
    assert trial.says(0) == ("treat", 1)
    assert trial.ask(0).headline == "level 1 is open for 3: dose 1 now, the others later"
    trial.infuse("P01", 1, 0)
    assert trial.ask(13).headline == "dose nobody before 2025-03-17"
    assert trial.says(14) == ("treat", 1)
    trial.infuse("P02", 1, 14)
    assert trial.says(20) == ("wait", None)  # infusions are 7 days apart
    trial.infuse("P03", 1, 21)
    assert trial.says(49) == ("wait", None)  # the last day of the third window
    assert trial.says(50) == ("treat", 2)
    for who, on in (("P04", 50), ("P05", 64), ("P06", 71)):
        trial.infuse(who, 2, on)
    trial.event("P05", "CRS", 3, 70)
    assert "P05: CRS" in trial.ask(101).decision.reason
    trial.judge("P05", dlt=True)
    assert trial.says(101) == ("treat", 2)  # 1 of 3: three more
    for who, on in (("P07", 101), ("P08", 115), ("P09", 122)):
        trial.infuse(who, 2, on)
    trial.event("P08", "ICANS", 4, 118, dlt=True)
    found = trial.ask(130)
    assert found.decision.action == "wait"  # too toxic already, but nobody enters level 1 while windows are open
    found = trial.ask(152)
    assert (found.decision.action, found.decision.level, found.decision.size) == ("treat", 1, 3)
    for who, on in (("P10", 152), ("P11", 166), ("P12", 173)):
        trial.infuse(who, 1, on)
    assert trial.ask(202).headline == "stop: the MTD is level 1"
    assert len(trial.ask(202).reviews) == 12


def test_a_toxicity_that_comes_to_light_late_changes_the_decision(study):
    trial = Trial(study)
    for who, on in (("P01", 0), ("P02", 14), ("P03", 21)):
        trial.infuse(who, 1, on)
    assert trial.says(50) == ("treat", 2)
    trial.event("P03", "Alanine aminotransferase increased", 4, 49, dlt=True)  # reported on day 52
    assert trial.says(52) == ("treat", 1)
    trial.event("P02", "CRS", 4, 15, dlt=True)
    assert trial.ask(53).headline == "stop: the lowest level is too toxic, so there is no MTD"


def test_a_toxicity_at_a_cleared_level_stops_the_climb(study):
    """Three at level 2 are under way when two toxicities at level 1 are found in the files."""
    trial = Trial(study)
    for who, on in (("P01", 0), ("P02", 14), ("P03", 21)):
        trial.infuse(who, 1, on)
    trial.infuse("P04", 2, 50)
    assert trial.says(64) == ("treat", 2)
    for who in ("P01", "P02"):
        trial.event(who, "IEC-HS", 3, 20, dlt=True)
    assert trial.says(65)[0] == "stop"


def test_who_leaves_is_replaced_and_the_cap_counts_everybody(study):
    trial = Trial(study)
    on = 0
    for number in range(18):
        trial.infuse(f"P{number:02d}", 1, on)
        trial.leave(f"P{number:02d}", on + 5)
        on += 30
    found = trial.ask(on + 60)
    assert {one.outcome for one in found.reviews} == {Outcome.NOT_EVALUABLE}
    assert found.headline == "stop: the rule has not settled an MTD"
    assert "18 enrolled of at most 18" in found.decision.reason


def test_three_at_every_level_without_a_toxicity_do_not_reach_an_mtd(study):
    trial = Trial(study)
    day = 0
    for level in (1, 2, 3):
        for gap in (0, 14, 7):
            day += gap
            trial.infuse(f"P{level}{day}", level, day)
        day += 29
    found = trial.ask(day)
    assert found.decision.action == "stop"
    assert found.headline == "stop: the top level, 3, was tolerated; the MTD was not reached"


def test_a_dose_off_its_level_is_said_beside_every_decision(study):
    trial = Trial(study)
    trial.infuse("P01", 1, 0, cells=300_000)
    assert any("P01 does not count at level 1: +200" in note for note in trial.ask(5).decision.notes)
