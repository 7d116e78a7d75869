"""A casebook served in the tests: its people sign in with one password, and its clock is set."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook
from escalon.protocol import Study
from escalon.web.workbench import FAILURES_OF_ALL, Workbench
from tests.casebook.conftest import START
from tests.casebook.trial import PLAN, SECRET, Trial


def served(casebook: Any, plan: Study = PLAN, **more: Any) -> tuple[Workbench, Trial]:
    """The workbench of a trial's casebook."""
    trial = Trial(casebook, plan)
    assert isinstance(casebook.clock, SetClock)
    secrets = replace(trial.secrets, most_failures=FAILURES_OF_ALL)
    return Workbench(trial.conduct.study, trial.conduct, secrets, folder=Path(casebook.place), **more), trial


def with_one_infused(folder: Path) -> tuple[Workbench, Trial]:
    """The workbench of a casebook of its own in a folder, where P1 holds a place and was infused a day ago."""
    bench, trial = served(create_casebook(folder / "book", study="trial", study_version="1", clock=SetClock(START)))
    trial.open_cohort(1, 1)
    trial.prepare("P1", 1, 1)
    trial.infuse("P1", 1)
    trial.days(1)
    return bench, trial


def said(browser: Any, page: str, act: str, **fields: str) -> Any:
    """What a form of a page said, sent as a browser does; `on_d` stands for `on-d`."""
    shown = re.search(r'name="form-number" value="([^"]+)"', browser.get(page).text)
    told = {re.sub(r"_([dmyt])$", r"-\1", name): text for name, text in fields.items()}
    data = {"form-number": shown[1] if shown else "", "from": page, "then": page, **told}
    return browser.post(f"/acts/{act}", data=data, follow_redirects=False)


def client(bench: Workbench, account: str = "", **more: Any) -> Any:
    """A browser at the workbench, signed in as somebody; a workbench has one application, however many look at it."""
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    built = vars(bench).setdefault("built", {})
    asked = tuple(more.items())
    if asked not in built:
        built[asked] = create_app(bench, **more)
    found = TestClient(
        built[asked],
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
