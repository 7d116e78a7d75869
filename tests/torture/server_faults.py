"""A recorded workload on a PostgreSQL server that fails at each of its statements in turn.

A backend is ended in the middle, a connection is cut before the answer to a commit arrives, the server is stopped as a power
cut would, a statement fails as on a full disk. Nothing acknowledged is lost, nothing is there by half, and `verify` is right.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.casebook.conftest import START
from tests.casebook.trial import PLAN, Trial
from tests.postgres import Cluster
from tests.torture.faults import judge, record_all

from escalon.casebook import by_hand
from escalon.casebook.clock import SetClock
from escalon.casebook.entry import Entry
from escalon.casebook.location import create_casebook

KINDS = (
    "backend ended before",
    "backend ended after",
    "connection cut",
    "disk full",
    "server crashed before",
    "server crashed after",
)
LIES = "answered and not done"
"""What no honest server does: the judge must notice."""
DISK_FULL = b"DO $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"
RARE = ("server crashed before", "server crashed after")
"""Starting a server again takes a second, so these are tried at fewer of the statements."""


@dataclass
class Outcome:
    """What the faults came to."""

    faults: int = 0
    statements: int = 0
    acknowledged: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def is_good(self) -> bool:
        return not self.bad and self.faults > 0

    def __str__(self) -> str:
        if self.bad:
            return f"{len(self.bad)} of {self.faults} faults: {self.bad[0]}"
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds.items())
        return (
            f"{self.faults} faults over the {self.statements} journeys of a workload ({kinds}): {self.acknowledged} entries "
            "acknowledged, none lost, none by half"
        )


@dataclass
class Journeys:
    """Counts what the hot path sends to the server, and lets one of the sendings go wrong."""

    server: Cluster
    kind: str = ""
    at: int = 0
    made: int = 0

    def send(self, pgconn: Any, way: Callable[..., Any], words: tuple[Any, ...]) -> Any:
        """One journey, well or not."""
        self.made += 1
        if self.made != self.at:
            return way(*words)
        if self.kind == "disk full":
            return pgconn.exec_(DISK_FULL)
        if self.kind == LIES:
            return pgconn.exec_(b"ROLLBACK; SELECT 1")
        if self.kind.endswith("before"):
            self.end(pgconn)
            return way(*words)
        answer = way(*words)
        if self.kind == "connection cut":  # the answer to what was done never arrives
            pgconn.finish()
            raise lost()
        self.end(pgconn)
        return answer

    def end(self, pgconn: Any) -> None:
        if self.kind.startswith("server"):
            self.server.crash()
        else:
            self.server.sql(f"SELECT pg_terminate_backend({pgconn.backend_pid})")


def lost() -> Exception:
    import psycopg

    return psycopg.OperationalError("the connection was lost before the answer came")


class Driver:
    """The driver's connection, with every journey to the server passing by `Journeys`."""

    def __init__(self, pgconn: Any, journeys: Journeys) -> None:
        self.pgconn = pgconn
        self.exec_ = lambda *words: journeys.send(pgconn, pgconn.exec_, words)
        self.exec_prepared = lambda *words: journeys.send(pgconn, pgconn.exec_prepared, words)


@contextmanager
def failing(journeys: Journeys) -> Iterator[None]:
    """Let what is recorded travel by journeys that may fail."""
    with pytest.MonkeyPatch.context() as patch:
        take, executions = by_hand._Together.take, by_hand._executions
        patch.setattr(by_hand._Together, "take", lambda self, kept: Driver(take(self, kept), journeys))
        patch.setattr(by_hand, "_executions", lambda driver, writes: executions(driver.pgconn, writes))
        yield


def run(work: Path, server: Cluster, most: int = 1_000_000, seed: int = 1, kinds: tuple[str, ...] = KINDS) -> Outcome:
    """Each kind of fault at each journey of the workload, or at so many of them, drawn."""
    began, came = time.monotonic(), Outcome()
    work.mkdir(parents=True, exist_ok=True)
    came.statements = one(work, server, "", 0, came)
    every = [(kind, at) for kind in kinds for at in range(1, came.statements + 1) if kind not in RARE or at % 5 == 1]
    random.Random(seed).shuffle(every)
    for kind, at in sorted(every[:most]):
        one(work, server, kind, at, came)
    came.seconds = time.monotonic() - began
    return came


def one(work: Path, server: Cluster, kind: str, at: int, came: Outcome) -> int:
    """The workload of the failing disk, with one fault at one journey."""
    folder = work / f"{kind or 'none'}-{at}".replace(" ", "-")
    app, owner = server.casebook_database()
    book = create_casebook(folder, study="trial", study_version="1", clock=SetClock(START), database=app, owner=owner)
    Trial(book, PLAN).consent("P-001")
    book.close()
    journeys, acknowledged = Journeys(server, kind, at), list[Entry]()
    try:
        with failing(journeys):
            record_all(folder, acknowledged)
        judge(folder, acknowledged, may_lose=False)
    except Exception as wrong:
        came.bad.append(f"{kind} at {at}: {type(wrong).__name__}: {wrong}")
    if kind:
        came.faults += 1
        came.kinds[kind] += 1
        came.acknowledged += len(acknowledged)
    with suppress(Exception):
        server.sql(f"DROP DATABASE {app.rpartition('/')[2]} WITH (FORCE)")
    return journeys.made
