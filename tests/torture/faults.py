"""A recorded workload on a disk that fails at each of its writes in turn: power cuts, torn writes, errors, a full disk, and a
disk that says it wrote and did not. Nothing acknowledged is lost, nothing is there by half, and `verify` is right about each.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.casebook.conftest import START
from tests.casebook.trial import CARLA, INES, PASSWORD, PLAN, QUICK, SECRET, Trial
from tests.torture.vfs import Disk, FaultyVfs
from tests.torture.writers import fact

from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import verify
from escalon.casebook.clock import SetClock
from escalon.casebook.entry import Entry
from escalon.casebook.errors import CasebookError
from escalon.casebook.keys import Seal
from escalon.casebook.location import create_casebook, open_casebook
from escalon.casebook.proof import prove
from escalon.casebook.secrets import SecretStore
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record import accounts
from escalon.conduct.record.recording import Conduct
from escalon.conduct.record.signing import Password, sign
from escalon.history.entry import Author
from escalon.history.events import EntrySigned, FactRecorded

KINDS = ("power cut", "cut while syncing", "error", "error on sync", "full for a while", "syncs lost")
NEXT = "another horse, another staple"
FORM = 3
"""Facts of one form: recorded together, or not at all."""


@dataclass
class Outcome:
    """What the seeds came to."""

    seeds: int = 0
    acknowledged: int = 0
    operations: int = 0
    lost_and_named: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def is_good(self) -> bool:
        return not self.bad and self.seeds > 0

    def __str__(self) -> str:
        if self.bad:
            return f"{len(self.bad)} of {self.seeds} seeds: {self.bad[0]}"
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds.items())
        return (
            f"{self.seeds} seeds over {self.operations} writes, syncs and cuts ({kinds}): {self.acknowledged} entries "
            f"acknowledged, none lost, none by half; {self.lost_and_named} times a lying disk lost some, each named"
        )


def prepare(folder: Path) -> None:
    """The casebook every seed begins with."""
    os.environ["XDG_STATE_HOME"] = str(folder.parent / "state-of-the-first")
    book = create_casebook(folder, study="trial", study_version="1", clock=SetClock(START))
    trial = Trial(book, PLAN)
    trial.consent("P-001")
    book.close()


def run(work: Path, seeds: int, first: int = 0) -> Outcome:
    """Each seed: one kind of fault at one write, the recorded acts, the power cut, and what is left."""
    began, came = time.monotonic(), Outcome()
    before = os.environ.get("XDG_STATE_HOME")
    try:
        work.mkdir(parents=True, exist_ok=True)
        prepare(work / "first")
        with FaultyVfs() as vfs:
            came.operations = _one(vfs, work, None, came)
            for seed in range(first, first + seeds):
                _one(vfs, work, seed, came)
    finally:
        os.environ.pop("XDG_STATE_HOME") if before is None else os.environ.update(XDG_STATE_HOME=before)
    came.seconds = time.monotonic() - began
    return came


def _one(vfs: FaultyVfs, work: Path, seed: int | None, came: Outcome) -> int:
    folder = work / "seed"
    shutil.copytree(work / "first", folder)
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    chance = random.Random(seed)
    kind = "none" if seed is None else KINDS[seed % len(KINDS)]
    at = 0 if seed is None else seed // len(KINDS) % came.operations + 1
    disk = vfs.watch(folder, Disk(fault_of(kind, at, came.operations, chance)))
    acknowledged: list[Entry] = []
    try:
        with suppress(CasebookError):
            record_all(folder, acknowledged)
        disk.is_off = True
        vfs.watched = ""
        disk.leave(chance)
        lost = judge(folder, acknowledged, kind == "syncs lost")
        came.lost_and_named += lost
    except Exception as wrong:
        came.bad.append(f"seed {seed} ({kind} at {at}): {type(wrong).__name__}: {wrong}")
    finally:
        vfs.watched = ""
        shutil.rmtree(folder)
    if seed is not None:
        came.seeds += 1
        came.kinds[kind] += 1
        came.acknowledged += len(acknowledged)
    return disk.operations


def fault_of(kind: str, at: int, most: int, chance: random.Random) -> Callable[[str, int], str]:
    """What becomes of each operation of the disk."""
    until = at + chance.randint(1, 12)
    match kind:
        case "power cut":
            return lambda operation, number: "cut" if number >= at else "well"
        case "cut while syncing":
            return lambda operation, number: "cut" if number >= at and operation == "sync" else "well"
        case "error":
            return lambda operation, number: "error" if number == at else "well"
        case "error on sync":
            return lambda operation, number: "error" if at <= number < until and operation == "sync" else "well"
        case "full for a while":
            return lambda operation, number: "full" if at <= number < until else "well"
        case "syncs lost":
            cut = min(most, at + chance.randint(1, most))
            return lambda operation, number: "cut" if number >= cut else "lost" if number >= at else "well"
    return lambda operation, number: "well"


def record_all(folder: Path, acknowledged: list[Entry]) -> None:
    """The recorded acts, in two sittings; an act that fails is left, and the next one tried."""
    for sitting in (1, 2):
        book = open_casebook(folder, clock=SetClock(START + timedelta(hours=sitting)))
        try:
            conduct, secrets = Conduct(book, PLAN), SecretStore(book, Seal(b"k" * 32), QUICK)
            for act in acts(conduct, secrets, sitting):
                with suppress(CasebookError, Refused):
                    acknowledged += act()
        finally:
            book.close()


def acts(conduct: Conduct, secrets: SecretStore, sitting: int) -> list[Callable[[], list[Entry]]]:
    """One fact, a form, one fact after it by the short way, a signature with its checkpoint, a changed password, a form."""
    old, new = (SECRET, NEXT) if sitting == 1 else (NEXT, SECRET)
    own = Author("ines", "self", "", "test")

    def form(name: str) -> Callable[[], list[Entry]]:
        return lambda: conduct.record_all(CARLA, [fact(f"{sitting}{name}{place}") for place in range(FORM)])

    def signed() -> list[Entry]:
        said = {"password": PASSWORD, "meaning": "reviewed", "entry": 2}
        return [sign(conduct, secrets, CARLA, EntrySigned, **said)]  # type: ignore[arg-type]

    def changed() -> list[Entry]:
        return [accounts.change_own_password(conduct, secrets, own, Password(old), new)]

    return [
        lambda: [conduct.record(INES, fact(f"{sitting}0"))],
        form("1"),
        lambda: [conduct.casebook.append(CARLA, fact(f"{sitting}8"))],
        lambda: [conduct.casebook.append(CARLA, fact(f"{sitting}9"))],
        signed,
        changed,
        form("2"),
    ]


def judge(folder: Path, acknowledged: list[Entry], may_lose: bool) -> bool:
    """Whether something acknowledged was lost, which must be named; what is whole holds all of it, and goes on."""
    found = prove(folder)
    if found.problem:
        assert may_lose, f"not whole: {found.problem}"
        return True
    book = open_casebook(folder, clock=SetClock(START + timedelta(days=1)))
    try:
        stored = {entry.number: entry for entry in book.entries()}
        lost = [one.number for one in acknowledged if one.number not in stored or stored[one.number].hash != one.hash]
        assert not lost, f"entries {lost} were acknowledged and are not there, and nothing says so"
        nothing_by_half(book, stored)
        book.append(CARLA, fact("5"))
        after = verify(book)
        assert after.is_whole, f"after one more act: {after.problem}"
        return False
    finally:
        book.close()


def nothing_by_half(book: Casebook, stored: dict[int, Entry]) -> None:
    """Of a form all facts are there, or none; a stored password is the one the record tells of."""
    values = [one.event.fact.value or "" for one in stored.values() if isinstance(one.event, FactRecorded)]
    forms = Counter(value[:2] for value in values if len(value) == 3)
    assert set(forms.values()) <= {FORM}, f"a form by half: {forms}"
    conduct, secrets = Conduct(book, PLAN), SecretStore(book, Seal(b"k" * 32), QUICK)
    for person in conduct.trial.people.by_account.values():
        assert secrets.row_digest(person.account) == person.secret, f"the password of {person.account} by half"
