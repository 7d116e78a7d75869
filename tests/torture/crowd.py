"""Fifty writers at once: no lost update, no duplicate place, no fork of the chain."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from tests.casebook.conftest import START
from tests.casebook.trial import CARLA, PLAN, Trial
from tests.postgres import Cluster
from tests.torture.writers import fact, in_child

from escalon.casebook.chain import verify
from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook, open_casebook
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.recording import Conduct
from escalon.history.events import LevelAllocated

PEOPLE = [f"P-{number:03}" for number in range(1, 51)]


@dataclass(frozen=True)
class Crowded:
    """What fifty writers came to."""

    writers: int
    recorded: int
    expected: int
    got_a_place: int
    places: int
    refused: int
    whole: bool
    seconds: float

    @property
    def is_good(self) -> bool:
        return self.recorded == self.expected and self.got_a_place == self.places and self.whole

    def __str__(self) -> str:
        return (
            f"{self.writers} writers: {self.recorded} of {self.expected} facts kept, {self.got_a_place} of {self.places} "
            f"places taken once each, {self.refused} refused, chain {'whole' if self.whole else 'BROKEN'} ({self.seconds:.1f} s)"
        )


def crowd(folder: Path, facts_each: int, server: Cluster | None = None) -> Crowded:
    """Each writer is a process: it asks for a place of the one open cohort, then records facts."""
    addresses = dict(zip(("database", "owner"), server.casebook_database(), strict=True)) if server else {}
    book = create_casebook(folder, study="trial", study_version="1", clock=SetClock(START), **addresses)
    trial = Trial(book)
    trial.open_cohort(1, 1)
    for code in PEOPLE:
        trial.enter(code)
    book.close()
    began = time.monotonic()
    gate = os.pipe()
    children = [in_child(_write(folder, code, facts_each, gate)) for code in PEOPLE]
    os.close(gate[0])
    os.close(gate[1])  # everyone starts now
    said = "".join(_all_of(pipe) for _, pipe in children)
    ended = [os.waitpid(child, 0)[1] for child, _ in children]
    assert not any(ended), "a writer failed"
    return _count(folder, said, facts_each, time.monotonic() - began)


def _write(folder: Path, code: str, facts_each: int, gate: tuple[int, int]) -> object:
    def work(pipe: int) -> None:
        book = open_casebook(folder, clock=SetClock(START))
        conduct = Conduct(book, PLAN)
        os.close(gate[1])
        os.read(gate[0], 1)  # returns when the last other end is closed
        try:
            place = conduct.allocate(CARLA, code, 1).event
            assert isinstance(place, LevelAllocated)
            os.write(pipe, f"place {place.place}\n".encode())
        except Refused as refused:
            if "is full" not in str(refused):
                raise
            os.write(pipe, b"refused\n")
        for number in range(facts_each):
            conduct.record(CARLA, fact(str(number), code))
            os.write(pipe, b"fact\n")
        book.close()

    return work


def _all_of(pipe: int) -> str:
    said = b""
    while part := os.read(pipe, 1 << 16):
        said += part
    os.close(pipe)
    return said.decode()


def _count(folder: Path, said: str, facts_each: int, seconds: float) -> Crowded:
    book = open_casebook(folder)
    facts: dict[str, list[str]] = {}
    for entry in book.entries(kinds=["FactRecorded"]):
        facts.setdefault(str(entry.participant), []).append(entry.event.fact.value)  # type: ignore[attr-defined]
    places = [entry.event.place for entry in book.entries(kinds=["LevelAllocated"])]  # type: ignore[attr-defined]
    acknowledged = sorted(int(line.split()[1]) for line in said.splitlines() if line.startswith("place"))
    assert sorted(places) == acknowledged == list(range(1, len(places) + 1))
    expected = [str(number) for number in range(facts_each)]
    kept = sum(len(values) for values in facts.values() if values == expected)
    whole = verify(book).is_whole
    book.close()
    refused = said.count("refused")
    return Crowded(
        len(PEOPLE), kept, len(PEOPLE) * facts_each, len(places), PLAN.dose.cohort_size, refused, whole, seconds
    )
