"""A server killed while somebody types or records: nothing typed is lost, no act is half done. `make kills` does it 100 times.

The server is a child that a process with everything loaded forks, so that it stands again at once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.web.live import at, chromium

SERVER = """
import os, signal, sys
from pathlib import Path
import uvicorn
from escalon.web.app import create_app
from escalon.web.workbench import open_workbench
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if not child:
        app = create_app(open_workbench(Path(sys.argv[1])))
        uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
        os._exit(0)
    print(child, flush=True)
"""
FORM = "/participants/P1/visits/D28/measurements"
ASKED = ("esr", "crp")


class Server:
    """A server that can be killed and stands again at the same address."""

    def __init__(self, book: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        arguments = [sys.executable, "-c", SERVER, str(book), str(self.port)]
        self.parent = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.child = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert self.parent.stdin
        assert self.parent.stdout
        self.parent.stdin.write("start\n")
        self.parent.stdin.flush()
        self.child = int(self.parent.stdout.readline())
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.address}/sign-in", timeout=2).close()
                return
            except OSError:
                pause(0.05)
        raise TimeoutError("the server does not stand again")

    def kill(self) -> None:
        os.kill(self.child, signal.SIGKILL)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self.kill()
        with self.parent:  # its pipes are closed, and it is waited for
            assert self.parent.stdin
            self.parent.stdin.close()


def pause(seconds: float) -> None:
    import time

    time.sleep(seconds)


@contextmanager
def serving(book: Path) -> Iterator[Server]:
    found = Server(book)
    try:
        found.start()
        yield found
    finally:
        found.close()


def facts(book: Path) -> list[tuple[int, str, str]]:
    """Every recorded answer: its entry, its name, its value."""
    from escalon.casebook.location import open_casebook

    casebook = open_casebook(book)
    found = [(one.number, one.event.fact.name, one.event.fact.value)
             for one in casebook.entries(participant="P1", kinds=["FactRecorded"]) if one.event.fact.visit == "D28"]  # fmt: skip
    casebook.close()
    return found


def typed_while_killed(page: Any, server: Server, rng: random.Random) -> None:
    """Type, kill at any moment, type on without a server, come back: all of it is there."""
    page.goto(server.address + FORM)
    wanted = {}
    for name in ASKED:
        page.fill(f"#{name}", "")
        text = str(rng.randint(10, 99))
        page.type(f"#{name}", text, delay=rng.randint(0, 40))
        wanted[name] = text
        if name == ASKED[0]:
            pause(rng.random() * 0.7)
            server.kill()
    pause(rng.random() * 0.3)
    server.start()
    page.goto(server.address + FORM)
    for _ in range(100):
        found = {name: page.input_value(f"#{name}") for name in ASKED}
        if found == wanted and page.inner_text("#saved").startswith("Kept on the server"):
            break
        pause(0.1)
    assert found == wanted, f"typed {wanted}, found {found}"


def recorded_while_killed(page: Any, server: Server, book: Path, rng: random.Random) -> bool:
    """Record and kill at any moment: both answers are entries, or neither is and both are still typed."""
    from playwright.sync_api import Error

    typed = {name: page.input_value(f"#{name}") for name in ASKED}
    page.select_option("[name='crp.unit']", "mg/L")
    page.click("[data-today]")
    page.wait_for_timeout(700)
    try:
        page.click("[data-record]", no_wait_after=True)
        pause(rng.random() * 0.25)
        server.kill()
        page.wait_for_timeout(200)
    except Error:
        pass
    server.start()
    there = {name: value for _, name, value in facts(book) if name in ASKED}
    assert there in ({}, typed), f"half an act: {there} of {typed}"
    page.goto(server.address + FORM)
    if not there:
        assert {name: page.input_value(f"#{name}") for name in ASKED} == typed
    return bool(there)


def run(book: Path, count: int, window: Any, seed: int = 6) -> dict[str, int]:
    """So many kills while typing, then one while recording."""
    rng = random.Random(seed)
    with serving(book) as server:
        page = at(window, server.address, "carla", "correct horse battery staple")
        for _ in range(count):
            typed_while_killed(page, server, rng)
        recorded = recorded_while_killed(page, server, book, rng)
    return {
        "killed while typing": count,
        "keystrokes lost": 0,
        "half acts": 0,
        "recorded before the last kill": recorded,
    }


def book_of(folder: Path) -> Path:
    """A casebook in which P1 has been infused four weeks ago."""
    from datetime import UTC, datetime, timedelta

    from escalon.casebook.clock import SetClock
    from escalon.casebook.location import create_casebook
    from escalon.history.events import FactRecorded, Observation
    from escalon.protocol import load_study
    from tests.casebook.trial import CARLA, PLAN, Trial

    clock = SetClock(datetime.now(UTC) - timedelta(days=29))
    study = load_study("nct07052565")
    casebook = create_casebook(folder / "book", study=study.id, study_version=study.version, clock=clock)
    trial = Trial(casebook, PLAN.model_copy(update={"version": study.version}))
    trial.open_cohort(1, 1)
    trial.prepare("P1", 1, 1)
    trial.infuse("P1", 1)
    trial.days(28)
    disease = Observation(name="disease", value="RA", day=str(trial.today()))
    trial.record(CARLA, FactRecorded(participant="P1", fact=disease))
    casebook.close()
    return folder / "book"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place, chromium() as found:
        print(json.dumps(run(book_of(Path(place)), int(sys.argv[1]) if len(sys.argv) > 1 else 100, found)))
