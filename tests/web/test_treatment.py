"""The treatment page: each step with what it waits for, and the lymphodepletion sheet that chooses nothing."""

from typing import Any

import pytest

from escalon.casebook.casebook import Casebook
from escalon.history.events import FactRecorded, Observation
from tests.casebook.conftest import clock, sqlite_casebook
from tests.casebook.trial import CARLA
from tests.conduct.conftest import study, trial_folder
from tests.web.bench import client, served
from tests.web.test_committee import say

__all__ = ["clock", "sqlite_casebook", "study", "trial_folder"]
HERE = "/participants/P1/treatment"


@pytest.fixture
def told(sqlite_casebook: Casebook) -> Any:
    bench, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.enter("P1")
    return bench, trial


def steps(browser: Any) -> dict[str, tuple[bool, list[str]]]:
    return {one["act"]: (one["done"], one["forbids"]) for one in browser.get(f"{HERE}.json").json()["steps"]}


def day(bench: Any, name: str, *, time: bool = False) -> dict[str, str]:
    now = bench.now()
    found = {f"{name}-d": str(now.day), f"{name}-m": f"{now.month:02}", f"{name}-y": str(now.year)}
    return found | ({f"{name}-t": f"{now:%H:%M}"} if time else {})


def test_each_step_waits_for_the_one_before_and_says_so(told: Any) -> None:
    bench, _ = told
    carla, lena = client(bench, "carla"), client(bench, "lena")
    assert steps(carla)["LymphodepletionGiven"] == (
        False,
        ["no apheresis is recorded for P1", "P1 holds no place in an open cohort", "no cohort is open"],
    )
    assert "no apheresis is recorded for P1" in carla.get(HERE).text
    apheresis = {"participant": "P1", "collection": "A-P1", **day(bench, "at", time=True)}
    assert say(carla, HERE, "ApheresisDone", **apheresis).status_code == 303
    assert say(carla, HERE, "LevelAllocated", participant="P1", cohort="1").status_code == 303
    given = {"participant": "P1", "regimen": "as prescribed", **day(bench, "started_on"), **day(bench, "ended_on")}
    assert say(carla, HERE, "LymphodepletionGiven", **given).status_code == 303
    release = {"participant": "P1", "product": "B-P1", "collection": "A-P1", "level": "1", "certificate": "C-1"}
    assert "this is for cell lab" in carla.get(HERE).text
    assert say(lena, HERE, "ProductReleased", **release, **day(bench, "at", time=True)).status_code == 303
    assert [done for done, _ in steps(carla).values()] == [True, True, True, True, False]
    assert "place 1 of cohort 1, level 1" in carla.get(HERE).text


def test_before_a_place_is_given_the_rules_say_what_holds_at_every_level_and_of_no_level_0(told: Any) -> None:
    page = client(told[0], "ines").get("/participants/P1/infusion.json").json()
    says = {one["name"]: one["why"] for one in page["rules"]}
    assert says["slot"] == "P1 holds no place in an open cohort"
    assert says["decision"] == "P1 holds no place in a cohort that a signed decision opened"
    assert says["rule"] == "P1 holds no place, so there is no level"
    assert says["apheresis"] == "no apheresis is recorded for P1"
    assert "level 0" not in str(page)


def test_the_lymphodepletion_sheet_calculates_each_regimen_and_chooses_none(told: Any) -> None:
    bench, trial = told
    carla = client(bench, "carla")
    page = carla.get(HERE).text
    assert "none is chosen for you" in page
    assert "not known: height" in page
    today = str(trial.today())
    # (140 - 40) x 68 / (72 x 1.574) = 60.0 mL/min (Cockcroft 1976)
    facts = (
        ("height", "170", "cm"),
        ("weight", "68", "kg"),
        ("sex", "male", None),
        ("age", "40", None),
        ("creatinine", "1.574", "mg/dL"),
    )
    for name, value, unit in facts:
        fact = Observation(name=name, value=value, unit=unit, day=today)
        trial.record(CARLA, FactRecorded(participant="P1", fact=fact))
    shown = client(bench, "carla").get(f"{HERE}.json").json()
    assert shown["sizes"] == [["body surface area", "1.79 m²"], ["creatinine clearance", "60 mL/min"]]
    first = {one["drug"]: (one["dose"], one["days"]) for one in shown["regimens"][0]["drugs"]}
    # 1.7919 m² x 25 mg/m² x 0.8 (clearance 50 to 79) and x 1000 mg/m²
    assert first == {"fludarabine": ("35.8 mg", "−5, −4, −3"), "cyclophosphamide": ("1792 mg", "−3")}
    warnings = [word for one in shown["regimens"][0]["drugs"] for word in one["warnings"]]
    assert any("an assumption nobody has signed" in word for word in warnings)


def test_over_a_data_folder_nothing_is_offered(trial_folder: Any, study: Any) -> None:
    from escalon.web.workbench import Workbench

    answer = client(Workbench(study, folder=trial_folder)).get("/participants/P07/treatment")
    assert answer.status_code == 200
    assert "a data folder is served for reading" in answer.text
    assert "<form" not in answer.text
