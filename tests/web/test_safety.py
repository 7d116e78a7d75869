"""Safety pages: silence is no answer, a round's grade becomes an event once, a term's grade is proposed, reports have clocks."""

import re
from typing import Any

import pytest

from escalon.casebook.casebook import Casebook
from escalon.history.events import AdverseEventRecorded, FactRecorded, Observation, ToxicityObserved
from tests.casebook.conftest import clock, sqlite_casebook
from tests.casebook.trial import CARLA, INES
from tests.web.bench import client, served, with_one_infused
from tests.web.test_committee import say

__all__ = ["clock", "sqlite_casebook"]
HERE = "/participants/P1/safety"
FEVER = {"participant": "P1", "syndrome": "CRS", "CRS.temp_c": "39.2", "CRS.hypotension": "no", "CRS.oxygen": "none"}


@pytest.fixture
def told(sqlite_casebook: Casebook) -> Any:
    bench, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P1", 1, 1)
    trial.infuse("P1", 1)
    trial.days(4)
    return bench, trial


def lines(bench: Any) -> list[AdverseEventRecorded]:
    found = bench.conduct.casebook.entries(kinds=["AdverseEventRecorded"])
    return [one.event for one in found if isinstance(one.event, AdverseEventRecorded)]


def test_nothing_is_answered_beforehand_and_silence_is_no_grade(told: Any) -> None:
    bench, _ = told
    carla = client(bench, "carla")
    page = carla.get(HERE).text
    assert "not asked yet today" in page
    assert " checked" not in page
    assert not re.search(r'<option value="(no|yes|none)" selected', page)
    partly = carla.get(f"{HERE}?CRS.temp_c=39.2").text
    assert "Still asked: " in partly
    assert "the most oxygen support needed" in partly
    assert say(carla, HERE, "observe", participant="P1", syndrome="CRS", **{"CRS.temp_c": "39.2"}).status_code == 422
    assert not list(bench.conduct.casebook.entries(kinds=["ToxicityObserved"]))


def test_a_round_is_graded_by_the_published_table_and_becomes_an_event_once(told: Any) -> None:
    bench, trial = told
    carla = client(bench, "carla")
    assert carla.get(f"{HERE}.json", params=FEVER).json()["rounds"][0]["grade"] == 1
    assert say(carla, HERE, "observe", **FEVER).status_code == 303
    trial.days(1)
    carla = client(bench, "carla")
    assert say(carla, HERE, "observe", **FEVER).status_code == 303  # the same grade: another round, no other line
    trial.days(1)
    carla = client(bench, "carla")
    assert (
        say(carla, HERE, "observe", **(FEVER | {"CRS.hypotension": "yes", "CRS.vasopressors": "1"})).status_code == 303
    )
    rounds = [one.event for one in bench.conduct.casebook.entries(kinds=["ToxicityObserved"])]
    assert [one.grade for one in rounds if isinstance(one, ToxicityObserved)] == [1, 1, 3]
    assert [(one.id, one.grade, one.ongoing) for one in lines(bench)] == [("CRS-1", 1, True), ("CRS-1", 3, True)]
    page = carla.get(HERE).text
    assert "highest temperature: 39.2" in page
    assert "Not yet an adverse event" not in page


def test_a_grade_that_no_event_carries_is_said_aloud(told: Any) -> None:
    bench, trial = told
    trial.record(CARLA, ToxicityObserved(participant="P1", syndrome="ICANS", grade=3, at=trial.clock.now()))
    page = client(bench, "ines").get(HERE).text
    assert "ICANS grade 3 was observed on" in page
    assert "The DLT rule reads adverse events." in page


def test_a_term_is_found_and_its_grade_proposed_from_the_latest_value_never_chosen(told: Any) -> None:
    bench, trial = told
    fact = Observation(name="neutrophils", value="0.8", unit="10^9/L", day=str(trial.today()))
    trial.record(CARLA, FactRecorded(participant="P1", fact=fact))
    carla = client(bench, "carla")
    found = carla.get(f"{HERE}.json?find=neutro").json()["found"]
    assert [(one["name"], one["proposed"]) for one in found] == [
        ("Neutrophil count decreased", 3),
        ("Febrile neutropenia", None),
    ]
    page = carla.get(f"{HERE}?find=neutro&term=Neutrophil count decreased").text
    assert "Proposed: grade 3, from neutrophils 0.8" in page
    assert " checked" not in page
    today = trial.today()
    day = {"start-d": str(today.day), "start-m": f"{today.month:02}", "start-y": str(today.year)}
    assert (
        say(
            carla, HERE, "AdverseEventRecorded", participant="P1", term="Neutrophil count decreased", grade="3", **day
        ).status_code
        == 303
    )
    assert [(one.term, one.grade, one.serious) for one in lines(bench)] == [("Neutrophil count decreased", 3, None)]
    assert "No term of CTCAE v5.0 holds “xyzzy”" in carla.get(f"{HERE}?find=xyzzy").text


def test_a_report_has_its_clock_until_it_was_sent(told: Any) -> None:
    bench, trial = told
    event = AdverseEventRecorded(
        participant="P1", term="Colitis", grade=4, start=bench.conduct.trial.courses["P1"].infused, serious=True,
        seriousness=("life_threatening",), related=True, expected=False, aware=bench.conduct.trial.courses["P1"].infused,
    )  # fmt: skip
    number = trial.record(INES, event).number
    carla = client(bench, "carla")
    rows = carla.get(f"{HERE}.json").json()["reports"]
    assert [(row["report"], row["state"]) for row in rows] == [
        ("SUSAR, first report", "3 days left"),
        ("SUSAR, complete report", "11 days left"),
    ]
    today = trial.today()
    day = {"sent_on-d": str(today.day), "sent_on-m": f"{today.month:02}", "sent_on-y": str(today.year)}
    assert (
        say(carla, HERE, "report-sent", participant="P1", which=f"{number}|SUSAR, first report", **day).status_code
        == 303
    )
    trial.days(12)
    carla = client(bench, "carla")
    states = {row["report"]: row["state"] for row in carla.get(f"{HERE}.json").json()["reports"]}
    assert states["SUSAR, first report"].startswith("sent ")
    assert states["SUSAR, complete report"] == "1 day late"
    for later in (0, 60):
        trial.days(later)
        today = client(bench, "carla").get("/today.json").json()
        waits = [one for group in today["groups"] for one in group["matters"] if one["does"] == "Report"]
        assert [one["what"] for one in waits] == ["Send the report: SUSAR, complete report"], (
            "until it is sent, it waits"
        )
    assert "SUSAR, complete report" in client(bench, "carla").get("/safety").text


def test_the_participants_page_has_everything_on_one_axis(told: Any) -> None:
    bench, _ = told
    carla = client(bench, "carla")
    say(carla, HERE, "observe", **FEVER)
    page = carla.get("/participants/P1").text
    assert 'aria-label="P1: infusion, level 1; apheresis from day' in page
    assert "Cytokine release syndrome from day 4 still there" in page
    assert re.search(r'<a href="/entries/\d+"><title>Cytokine release syndrome', page)  # the bar opens its entry


def test_who_may_not_judge_is_told_who_does(told: Any) -> None:
    bench, _ = told
    page = client(bench, "carla").get(HERE).text
    assert "coordinator does not adjudicate; an investigator or the committee does" in page
    assert 'action="/acts/adjudicate"' not in page
    assert 'action="/acts/adjudicate"' in client(bench, "ines").get(HERE).text


def test_an_event_of_grade_3_that_nobody_called_serious_or_not_waits_for_that(tmp_path):
    bench, trial = with_one_infused(tmp_path)
    carla, here = client(bench, "carla"), "/participants/P1/safety"
    assert "No report is due." in carla.get(here).text
    day = trial.conduct.trial.courses["P1"].infused
    trial.record(CARLA, AdverseEventRecorded(participant="P1", term="CRS", grade=4, start=day))
    page = carla.get(here).text
    assert "No report is due." not in page
    assert "whether a report is due is not known until somebody says whether it was serious" in page
    assert "Say whether it was serious: Cytokine release syndrome, grade 4" in carla.get("/").text


def test_an_administrator_is_led_to_the_page_where_each_thing_is_done(tmp_path):
    bench, _ = with_one_infused(tmp_path)
    shown = client(bench, "ada").get("/").text
    assert all(f'href="/admin/{where}" aria-label' in shown for where in ("people", "keys", "backups"))


@pytest.mark.parametrize("said", [{"grade": 5}, {"term": "Death NOS"}, {"outcome": "fatal"}])
def test_who_died_of_an_event_is_told_as_dead_on_every_page_with_or_without_the_day(tmp_path, said):
    bench, trial = with_one_infused(tmp_path)
    day = trial.conduct.trial.courses["P1"].infused
    trial.record(CARLA, AdverseEventRecorded(**{"participant": "P1", "term": "Sepsis", "start": day, **said}))
    carla = client(bench, "carla")
    assert "died" in carla.get("/participants/P1.json").json()["banner"]["danger"]
    assert next(one["state"] for one in carla.get("/participants.json").json()["rows"] if one["code"] == "P1") == "died"
