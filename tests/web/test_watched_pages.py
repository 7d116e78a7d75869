"""What must not happen during the study, on the pages: the participant's card, its grounds and today's list."""

import re
from typing import Any

import pytest

from escalon.casebook.casebook import Casebook
from escalon.history.events import FactRecorded, Observation
from tests.casebook.conftest import clock, sqlite_casebook
from tests.casebook.trial import CARLA, Trial
from tests.web.bench import client, served

pytest.importorskip("httpx2")
__all__ = ["clock", "sqlite_casebook"]
HERE = "/participants/P-1"


def recorded(trial: Trial, name: str, value: str) -> None:
    fact = Observation(name=name, value=value, day=str(trial.today()))
    trial.record(CARLA, FactRecorded(participant="P-1", fact=fact))


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def told(sqlite_casebook: Casebook) -> Any:
    """P-1, a woman, was infused at level 1."""
    bench, trial = served(sqlite_casebook)
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    recorded(trial, "sex", "female")
    return bench, trial


def card(bench: Any) -> list[tuple[str, str, str]]:
    shown = client(bench, "ines").get(f"{HERE}.json").json()["watched"]
    return [(one["id"], one["state"], one["kind"]) for one in shown]


def test_the_card_follows_what_is_recorded_from_the_infusion_on(told: Any) -> None:
    bench, trial = told
    assert card(bench) == []
    assert "Must not happen during the study" not in client(bench, "ines").get(HERE).text
    trial.infuse("P-1", 1)
    assert card(bench) == [("W-1", "not known", "unk")]
    trial.days(30)
    recorded(trial, "pregnant", "no")
    assert card(bench) == [("W-1", "absent", "met")]
    trial.days(30)
    assert card(bench) == [("W-1", "not known", "unk")], "a «no» speaks up to the day on which it was said"
    recorded(trial, "pregnant", "yes")
    trial.days(30)
    recorded(trial, "pregnant", "no")
    assert card(bench) == [("W-1", "departure", "over")], "nothing later undoes it"


def test_a_departure_is_shown_with_its_grounds_and_waits(told: Any) -> None:
    bench, trial = told
    trial.infuse("P-1", 1)
    trial.days(30)
    recorded(trial, "pregnant", "yes")
    browser = client(bench, "ines")
    page = browser.get(HERE).text
    assert "Must not happen during the study" in page
    assert f'href="{HERE}/findings/W-1"' in page
    grounds = browser.get(f"{HERE}/findings/W-1")
    assert grounds.status_code == 200
    assert "Clause W-1" in grounds.text
    assert "W-1 for P-1: departure on" in words(grounds.text)
    assert f"{HERE}/findings/W-1" in browser.get("/").text, "it waits today for whoever may read it"
