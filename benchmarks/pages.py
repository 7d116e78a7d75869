"""The workbench on the synthetic trial: processor time to the last byte of a page beside a bare route, and what a page weighs.

Goals (ratios to a bare FastAPI route): Today 15, a participant 30, a worksheet 60. A page weighs at most 15 kB (gzip), the first
one, with all it needs for ever, 60 kB.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Measured
from escalon.exchange.synthetic_book import make_book
from escalon.exchange.synthetic_trial import simulate
from escalon.protocol import load_study
from escalon.sources.folder import take_in

STUDY, RUNS = "nct07052565", 20
GOALS = {
    "/": 15, "/participants": 30, "/participants/{code}": 30, "/participants/{code}/screening": 60, "/safety": 30,
    "/participants/{code}/treatment": 30, "/participants/{code}/safety": 30, "/participants/{code}/visits": 30, "/cohorts": 30,
}  # fmt: skip
FIRST_KB, NEXT_KB = 60, 15


def signed_in(bench: Any) -> Any:
    """A browser at the workbench, as the investigator."""
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    here = {"accept": "text/html", "origin": "http://localhost"}
    browser = TestClient(create_app(bench), base_url="http://localhost", headers=here)
    assert browser.post("/demo/enter", data={"account": "wang.min"}).status_code == 200
    return browser


def bare() -> Any:
    """A route that says a word."""
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    app = FastAPI()
    app.get("/")(lambda: "a word")
    return TestClient(app)


def seconds(browser: Any, path: str) -> float:
    """The least processor time of several answers, after one that warms up."""
    browser.get(path)
    best = float("inf")
    for _ in range(RUNS):
        start = time.process_time()
        answer = browser.get(path)
        best = min(best, time.process_time() - start)
    assert answer.status_code == 200, (path, answer.status_code)
    return best


def weight(browser: Any, path: str) -> float:
    """A page in kB as it is sent."""
    return len(gzip.compress(browser.get(path).content)) / 1000


def parts_weight() -> float:
    """What a browser takes once and keeps for ever: styles and scripts, in kB as they are sent."""
    from escalon.web.rendering import parts

    return sum(len(gzip.compress(one.content)) for one in parts().values() if one.kind != "font/ttf") / 1000


def main() -> Iterator[Measured]:
    """The pages of a day, each beside the bare route."""
    from escalon.web.workbench import open_workbench

    with tempfile.TemporaryDirectory() as name:
        study, folder = load_study(STUDY), Path(name)
        bench = open_workbench(
            make_book(folder, study, STUDY, take_in(study, simulate(study, folder / "data", 1)).trial)
        )
        browser, word = signed_in(bench), seconds(bare(), "/")
        code = browser.get("/safety.json").json()["rows"][-1]["code"]
        kept = parts_weight()
        for path, goal in GOALS.items():
            at = path.format(code=code)
            weighs = weight(browser, at)
            said = f"{weighs:.1f} kB, the first {weighs + kept:.0f} kB"
            yield Measured(path, seconds(browser, at), said, "a bare route", word, goal)
        bench.opened.casebook.close()
