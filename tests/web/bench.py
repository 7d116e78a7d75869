"""A casebook served in the tests: its people sign in with one password, and its clock is set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from escalon.casebook.clock import SetClock
from escalon.protocol import Study
from escalon.web.workbench import FAILURES_OF_ALL, Workbench
from tests.casebook.trial import PLAN, SECRET, Trial


def served(casebook: Any, plan: Study = PLAN, **more: Any) -> tuple[Workbench, Trial]:
    """The workbench of a trial's casebook."""
    trial = Trial(casebook, plan)
    assert isinstance(casebook.clock, SetClock)
    secrets = replace(trial.secrets, most_failures=FAILURES_OF_ALL)
    return Workbench(trial.conduct.study, trial.conduct, secrets, folder=Path(casebook.place), **more), trial


def client(bench: Workbench, account: str = "", **more: Any) -> Any:
    """A browser at the workbench, signed in as somebody."""
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    found = TestClient(
        create_app(bench, **more),
        base_url="http://localhost",
        headers={"accept": "text/html", "origin": "http://localhost"},
    )
    if account:
        enter(found, account)
    return found


def enter(browser: Any, account: str, password: str = SECRET) -> Any:
    answer = browser.post("/sign-in", data={"account": account, "password": password}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer
