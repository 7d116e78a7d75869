"""Two processes at one casebook, each trying anything in any order: the record they make together is judged as one.

Every kind of act that `test_any_order` tries at one desk is tried at two at once, on SQLite and on PostgreSQL. What was
recorded is then read by the naive second reading (`Judge`), replayed act by act, and verified.
`make anyorder-together` makes 5,000 steps on each database.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RULE_MARKER
from tests.casebook.conftest import START
from tests.casebook.test_any_order import CODES, PLAN, AnyOrder, Judge
from tests.casebook.trial import Trial
from tests.postgres import Cluster
from tests.torture.writers import in_child

from escalon.casebook.chain import verify
from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook, open_casebook
from escalon.conduct.record.replay import not_allowed

STEPS = 40
RUNS = int(os.environ.get("ESCALON_TOGETHER", "2"))
"""Runs of twice 40 steps on each database; `make anyorder-together` makes 63, more than 5,000 steps."""


class SharedClock(SetClock):
    """One clock on the wall of both: who moves it moves it for both, and it never goes back."""

    def __init__(self, path: Path) -> None:
        super().__init__(START)
        self.path = path
        if not path.exists():
            path.write_bytes(struct.pack("d", 0.0))

    def now(self) -> datetime:
        return START + timedelta(seconds=struct.unpack("d", self.path.read_bytes())[0])

    def move(self, by: timedelta) -> None:
        with self.path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            [before] = struct.unpack("d", file.read())
            file.seek(0)
            file.write(struct.pack("d", before + by.total_seconds()))


Step = tuple[str, dict[str, Any]]


def steps() -> st.SearchStrategy[list[Step]]:
    """What one of them tries, in order: any act of the machine with whatever it draws."""
    acts = [
        st.fixed_dictionaries(dict(one.arguments)).map(lambda said, name=one.function.__name__: (name, said))
        for one in (getattr(rule, RULE_MARKER, None) for rule in vars(AnyOrder).values())
        if one is not None
    ]
    return st.lists(st.one_of(acts), min_size=STEPS, max_size=STEPS)


@dataclass
class Came:
    """What a run came to."""

    tried: int
    done: int


def at_once(folder: Path, plans: list[list[Step]], ready: int, is_infused: bool, server: Cluster | None) -> Came:
    """Let each plan run in a process of its own, and judge what they recorded together."""
    addresses = dict(zip(("database", "owner"), server.casebook_database(), strict=True)) if server else {}
    clock = SharedClock(folder / "clock")
    trial = Trial(create_casebook(folder / "book", study="trial", study_version="1", clock=clock, **addresses), PLAN)
    trial.open_cohort(1, 1)
    for code in CODES[:ready]:
        trial.prepare(code, 1, 1)
    if is_infused and ready:
        trial.infuse(CODES[0], 1)
    trial.casebook.close()
    children = [in_child(tries(folder, place, plan)) for place, plan in enumerate(plans)]
    told = [json.loads(b"".join(iter(lambda pipe=pipe: os.read(pipe, 4096), b"")) or b"[0, 0]") for _, pipe in children]
    ended = [os.waitpid(child, 0)[1] for child, _ in children]
    assert not any(ended), "somebody's act was an error of the program, or was let in where it must not be"
    judge(folder, clock)
    return Came(sum(tried for tried, _ in told), sum(done for _, done in told))


def judge(folder: Path, clock: SetClock) -> None:
    book = open_casebook(folder / "book", clock=clock)
    try:
        entries = list(book.entries())
        Judge(entries).judge()
        assert not [*not_allowed(PLAN, entries)]
        found = verify(book)
        assert found.is_whole, found.problem
    finally:
        book.close()


def tries(folder: Path, place: int, plan: list[Step]) -> Callable[[int], None]:
    """One process: it opens the casebook for itself and tries what its plan says."""

    def work(pipe: int) -> None:
        one = object.__new__(AnyOrder)
        one.folder = folder / f"desk-{place}"
        one.folder.mkdir()
        one.trial = Trial.reopened(open_casebook(folder / "book", clock=SharedClock(folder / "clock")), PLAN)
        one.tried = one.done = 0
        for name, said in plan:
            getattr(one, name)(**said)
        one.trial.casebook.close()
        os.write(pipe, json.dumps([one.tried, one.done]).encode())

    return work


def campaign(server: Cluster | None) -> Came:
    """Runs drawn by Hypothesis; two processes are never twice the same, so nothing is shrunk."""
    total = Came(0, 0)

    @settings(
        max_examples=RUNS,
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=RUNS < 10,
    )
    @given(plans=st.lists(steps(), min_size=2, max_size=2), ready=st.integers(0, 3), is_infused=st.booleans())
    def one(plans: list[list[Step]], ready: int, is_infused: bool) -> None:
        folder = Path(tempfile.mkdtemp())
        try:
            came = at_once(folder, plans, ready, is_infused, server)
        finally:
            shutil.rmtree(folder)
        total.tried += came.tried
        total.done += came.done

    one()
    print(f"{RUNS} runs of two processes: {total.tried} acts tried, {total.done} recorded")
    return total


@pytest.mark.slow
def test_two_at_once_reach_no_forbidden_state() -> None:
    came = campaign(None)
    assert came.done >= RUNS
    assert came.tried > came.done, "some of it is refused"


@pytest.mark.slow
@pytest.mark.postgres
def test_two_at_once_reach_no_forbidden_state_on_postgresql(postgres: Cluster) -> None:
    came = campaign(postgres)
    assert came.done >= RUNS
    assert came.tried > came.done, "some of it is refused"
