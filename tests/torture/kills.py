"""Processes killed at random points of 1,000 writes: no acknowledged entry lost, none half-written, chain valid."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import Cluster
from tests.torture.writers import in_child, kill_after, record_and_acknowledge, value_of

from escalon.casebook.chain import verify
from escalon.casebook.location import create_casebook, open_casebook


@dataclass(frozen=True)
class Killed:
    """What the killing came to."""

    acknowledged: int
    kills: int
    crashes: int
    lost: int
    unacknowledged: int
    whole: bool
    seconds: float

    @property
    def is_good(self) -> bool:
        # An entry may be on the disk whose acknowledgement the kill cut off: at most one for each kill.
        return self.lost == 0 and self.whole and self.unacknowledged <= self.kills

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} writes acknowledged, {self.kills} kill -9, {self.crashes} server crashes: "
            f"{self.lost} lost, {self.unacknowledged} written but not yet acknowledged, "
            f"chain {'whole' if self.whole else 'BROKEN'} ({self.seconds:.1f} s)"
        )


def kill_writers(folder: Path, writes: int, seed: int, server: Cluster | None = None) -> Killed:
    """Kill writers until `writes` entries are acknowledged; every twentieth time, crash the server in mid-write instead."""
    chance = random.Random(seed)
    addresses = dict(zip(("database", "owner"), server.casebook_database(), strict=True)) if server else {}
    create_casebook(folder, study="torture", study_version="1", **addresses).close()
    began, kills, crashes = time.monotonic(), 0, 0
    acknowledged: dict[int, tuple[int, str]] = {}
    while len(acknowledged) < writes:
        child, pipe = in_child(record_and_acknowledge(folder, max(acknowledged, default=0) + 1))
        crash = server.crash if server and kills % 20 == 19 else None
        crashes += crash is not None
        for value, number, hashed in kill_after(child, pipe, chance.randint(1, 20), chance.uniform(0, 0.002), crash):
            acknowledged[value] = (number, hashed)
        kills += 1
        check_whole(folder)
    return count(folder, acknowledged, kills, crashes, time.monotonic() - began)


def check_whole(folder: Path) -> None:
    book = open_casebook(folder)
    found = verify(book)
    book.close()
    if found.problem:
        raise AssertionError(f"after a kill: {found.problem}")


def count(folder: Path, acknowledged: dict[int, tuple[int, str]], kills: int, crashes: int, seconds: float) -> Killed:
    book = open_casebook(folder)
    stored = {entry.number: entry for entry in book.entries(kinds=["FactRecorded"])}
    lost = [
        value
        for value, (number, hashed) in acknowledged.items()
        if number not in stored or stored[number].hash != hashed or value_of(stored[number].body) != str(value)
    ]
    whole = verify(book).is_whole
    book.close()
    return Killed(len(acknowledged), kills, crashes, len(lost), len(stored) - len(acknowledged), whole, seconds)
