"""Many people at the workbench at once: `python -m tests.web.load sqlite 10 300`, `… postgresql 50 300`. `make load` does both.

Each person signs in to the demonstration, opens the pages of their day with a pause between, and every tenth time a
coordinator records a value. No answer may be an error; the times of all answers are printed, and 95 of 100 stay under 500 ms.
What the server works out once after it has started is left out: somebody looks round first.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from escalon.exchange.synthetic_book import PEOPLE, make_book
from escalon.exchange.synthetic_trial import simulate
from escalon.protocol import load_study
from escalon.sources.folder import take_in

STUDY, PAUSE, GOAL_MS = "nct07052565", (0.5, 2.0), 500


def demonstration(folder: Path, database: str | None = None, owner: str | None = None) -> Path:
    """The demonstration's casebook, on either database."""
    study = load_study(STUDY)
    whole = take_in(study, simulate(study, folder / "data", 1)).trial
    return make_book(folder, study, STUDY, whole, database=database, owner=owner)


@contextmanager
def served(book: Path) -> Iterator[int]:
    """The casebook served by a process of its own, as `escalon serve` does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "escalon", "serve", str(book), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


class Person:
    """Somebody with a browser: what they asked, how long each answer took, and what was wrong."""

    def __init__(self, port: int, account: str, seed: int) -> None:
        self.port, self.account, self.random = port, account, random.Random(seed)
        self.cookie = ""
        self.took: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/x-www-form-urlencoded") -> str:
        """One request, timed to the last byte."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        origin = {"Origin": f"http://127.0.0.1:{self.port}", "Accept": "text/html", "Accept-Encoding": "identity"}
        headers = origin | ({"Cookie": self.cookie} if self.cookie else {}) | ({"Content-Type": kind} if body else {})
        start = time.perf_counter()
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        self.took.append(time.perf_counter() - start)
        self.statuses[answer.status] += 1
        if answer.status >= 400:
            self.wrong.append(f"{method} {path}: {answer.status} {text[:200]}")
        if found := answer.headers.get("set-cookie"):
            self.cookie = found.partition(";")[0]
        return text

    def day(self, until: float) -> None:
        """Sign in, and open pages until the time is over."""
        self.ask("POST", "/demo/enter", urllib.parse.urlencode({"account": self.account}).encode())
        codes = re.findall(r'href="/participants/(P\d+)"', self.ask("GET", "/participants"))
        turn = 0
        while time.monotonic() < until:
            code, turn = self.random.choice(codes), turn + 1
            if turn % 10 == 0 and self.account == "li.na":
                self.record(code)
            else:
                self.ask("GET", self.random.choice(pages_of(code)))
            time.sleep(self.random.uniform(*PAUSE))

    def look_round(self) -> None:
        """Open every page of everybody once, as after the server has started; not among the figures."""
        self.ask("POST", "/demo/enter", urllib.parse.urlencode({"account": self.account}).encode())
        for code in re.findall(r'href="/participants/(P\d+)"', self.ask("GET", "/participants")):
            for path in pages_of(code):
                self.ask("GET", path)

    def record(self, code: str) -> None:
        """A value of today, as a script sends it."""
        value = str(self.random.randint(20, 90))
        fact = {"name": "esr", "value": value, "unit": "mm/h", "day": "2025-06-03"}
        body = json.dumps({"content": {"participant": code, "fact": fact}}).encode()
        self.ask("POST", "/acts/FactRecorded", body, "application/json")


def pages_of(code: str) -> tuple[str, ...]:
    """The pages of somebody's day."""
    person = f"/participants/{code}"
    beneath = ("", "/screening", "/treatment", "/visits", "/visits/D28", "/safety")
    return ("/", "/participants", "/cohorts", "/safety", "/queries", *(person + end for end in beneath))


def run(port: int, people: int, seconds: float) -> list[Person]:
    """So many people for so long."""
    accounts = [account for account, _, role, _ in PEOPLE if role != "administrator"]
    found = [Person(port, accounts[place % len(accounts)], place) for place in range(people)]
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=one.day, args=(until,)) for one in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def told(found: list[Person]) -> dict[str, Any]:
    """The figures of a run, in milliseconds."""
    took = sorted(1000 * one for each in found for one in each.took)
    return {
        "people": len(found), "answers": len(took), "errors": sum(len(one.wrong) for one in found),
        "median": round(statistics.median(took)), "p95": round(took[int(0.95 * len(took))]), "longest": round(took[-1]),
    }  # fmt: skip


def main(database: str, people: int, seconds: float) -> int:
    from tests.postgres import cluster

    with tempfile.TemporaryDirectory() as name, cluster() if database == "postgresql" else nullcontext() as running:
        addresses = running.casebook_database() if running else (None, None)
        with served(demonstration(Path(name), *addresses)) as port:
            Person(port, "wang.min", 0).look_round()
            found = run(port, people, seconds)
    figures = told(found)
    print(f"{database}, {seconds:g} s: {', '.join(f'{key} {value}' for key, value in figures.items())}")
    for one in [text for each in found for text in each.wrong][:5]:
        print(one)
    return 1 if figures["errors"] or figures["p95"] >= GOAL_MS else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
