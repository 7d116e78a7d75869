"""The casebook: durable entries against bare committed inserts, verification, and opening one participant of many.

A bare insert is a row of the same bytes (number, two hashes, text) in a table with its primary key and nothing else: no
other index, trigger, chain or signature. The plain driver executes and commits it, one by one, with the same settings
for durability and for the log (SQLite: WAL, synchronous FULL, the same wal_autocheckpoint; PostgreSQL: the server's own,
synchronous_commit on). Rows and events are made beforehand, and each way runs untimed until its log is as long as it
gets, because a log that still grows is slower to sync. A ratio of 2 × in time is half as many entries per second.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks.measure import Measured, least
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import verify
from escalon.casebook.entry import Entry
from escalon.casebook.location import create_casebook, open_casebook
from escalon.conduct.record.recording import Conduct
from escalon.conduct.record.replay import not_allowed
from escalon.history import Author, Frame, fold
from escalon.history.entry import SYSTEM
from escalon.history.events import (
    Event,
    FactCorrected,
    FactRecorded,
    Observation,
    ParticipantConsented,
    Role,
    RoleGranted,
)
from escalon.history.events.account import AccountOpened
from escalon.protocol import load_study
from escalon.protocol.study import Study
from escalon.sources.frame import frame_of

ANNA = Author("anna", "investigator", "S1", "benchmark")
SOFTWARE = Author(SYSTEM, "software", "*", "benchmark")
BATCH = 500
BARE = "number integer PRIMARY KEY, previous text NOT NULL, hash text NOT NULL, body text NOT NULL"
SETTLED = 4500
"""Bare inserts before the clock starts: one page of the log each, and SQLite's log starts over after 4,000."""
FORM = 10
"""Facts of one form, recorded together: a visit's vital signs and laboratory values are more."""
MANY = int(os.environ.get("ESCALON_BENCHMARK_ENTRIES", "1000000"))
PARTICIPANTS = 1000
REPLAYED = 20_000
"""Entries that `verify --conduct` takes through authority, order and holds."""


def fact(number: int, participant: str = "P-001") -> FactRecorded:
    observed = Observation(
        name="alt", value=str(number % 1000), unit="U/L", day="2026-03-01", visit="D28", source="laboratory"
    )
    return FactRecorded(participant=participant, fact=observed)


def main() -> Iterator[Measured]:
    """Every figure of the casebook; PostgreSQL where there is one."""
    with tempfile.TemporaryDirectory(prefix="escalon-benchmark-") as folder:
        yield from _durable_sqlite(Path(folder))
        yield from _durable_postgresql(Path(folder))
        yield from _million(Path(folder))
        yield from _conduct_verified(Path(folder))


def _durable_sqlite(folder: Path) -> Iterator[Measured]:
    book = create_casebook(folder / "sqlite", study="speed", study_version="1")
    sample = book.append(ANNA, fact(0))
    raw = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA wal_autocheckpoint = 4000")
    raw.execute(f"CREATE TABLE bare ({BARE})")

    def bare(row: tuple[object, ...]) -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("INSERT INTO bare VALUES (?, ?, ?, ?)", row)
        raw.execute("COMMIT")

    yield from _durable("SQLite", book, sample, bare)
    raw.close()


def _durable_postgresql(folder: Path) -> Iterator[Measured]:
    from tests.postgres import NoPostgres, cluster

    try:
        with cluster() as server:
            import psycopg

            app, owner = server.casebook_database()
            book = create_casebook(folder / "pg", study="speed", study_version="1", database=app, owner=owner)
            sample = book.append(ANNA, fact(0))
            with psycopg.connect(owner) as raw:
                raw.execute(f"CREATE TABLE bare ({BARE})")
                raw.commit()

                def bare(row: tuple[object, ...]) -> None:
                    raw.execute("INSERT INTO bare VALUES (%s, %s, %s, %s)", row)
                    raw.commit()

                yield from _durable("PostgreSQL", book, sample, bare)
    except NoPostgres as reason:
        print(f"PostgreSQL left out: {reason}")


def _durable(
    name: str, book: Casebook, sample: Entry, bare: Callable[[tuple[object, ...]], None]
) -> Iterator[Measured]:
    row = (sample.previous, sample.hash, sample.body)
    conduct = _conduct(book)
    facts = [fact(number) for number in range(BATCH)]
    numbers = count(1)

    def insert_bare(rows: int = BATCH) -> None:
        for _ in range(rows):
            bare((next(numbers), *row))

    def append() -> None:
        for one in facts:
            book.append(ANNA, one)

    def record() -> None:
        for one in facts:
            conduct.record(ANNA, one)

    def record_forms() -> None:
        for first in range(0, BATCH, FORM):
            conduct.record_all(ANNA, facts[first : first + FORM])

    insert_bare(SETTLED)
    for _ in range(SETTLED // BATCH // 3):
        append()

    bare_seconds, append_seconds, record_seconds, form_seconds = middle_of_each(
        insert_bare, append, record, record_forms
    )
    of, baseline = f"{BATCH} entries", "bare committed inserts"
    yield Measured(f"durable entries, {name}", append_seconds, of, baseline, bare_seconds, goal=2.0)
    yield Measured(f"… with authority and sequence, {name}", record_seconds, of, baseline, bare_seconds, goal=2.0)
    forms = f"{BATCH} entries, {FORM} to a form"
    yield Measured(f"… the same, a form in one act, {name}", form_seconds, forms, baseline, bare_seconds, goal=2.0)
    book.close()


def middle_of_each(*works: Callable[[], object], rounds: int = 9) -> list[float]:
    """The middle of several rounds, the works in turn. The least would compare one lucky moment of the disk with another."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for times, work in zip(took, works, strict=True):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
    return [median(times) for times in took]


def _conduct(book: Casebook, *codes: str) -> Conduct:
    """A trial in which Anna may record, and some people have consented."""
    book.append(SOFTWARE, AccountOpened(account="anna", printed_name="Anna"))
    book.append(SOFTWARE, RoleGranted(account="anna", held=Role.INVESTIGATOR, at_site="S1"))
    today = book.clock.now().date()
    for code in codes or ("P-001",):
        book.append(ANNA, ParticipantConsented(participant=code, site="S1", form="1", signed_on=today))
    return Conduct(book, load_study("nct07052565"))


def _conduct_verified(folder: Path) -> Iterator[Measured]:
    """Every entry asked again: facts alone, and one entry in a hundred a correction, which asks for every hold twice."""
    for name, corrected, entries in (("facts", 0, REPLAYED), ("one in 100 a correction", 100, REPLAYED // 10)):
        study = load_study("nct07052565")
        book = create_casebook(folder / f"conduct-{corrected}", study=study.id, study_version=study.version)
        codes = [f"P-{number:03}" for number in range(20)]
        _conduct(book, *codes)
        with book.writing() as writer:
            for number in range(entries):
                code = codes[number % len(codes)]
                event: Event = fact(number, code)
                if corrected and number % corrected == len(codes):  # the last entry about the same person was a fact
                    last = writer.number - len(codes) + 1
                    event = FactCorrected(participant=code, corrects=last, reason="slip", fact=fact(number).fact)
                writer.append(ANNA, event)
        seconds = least(partial(_assert_allowed, study, book), runs=3)
        goal = None if corrected else entries / 20_000
        yield Measured(f"verify --conduct, {name}", seconds, f"{entries:,} entries", goal=goal)
        book.close()


def _assert_allowed(study: Study, book: Casebook) -> None:
    assert not [*not_allowed(study, book.entries())]


def _million(folder: Path) -> Iterator[Measured]:
    book = create_casebook(folder / "many", study="speed", study_version="1")
    began = time.perf_counter()
    number = book.head.number
    while number < MANY:
        with book.writing() as writer:
            for _ in range(min(20_000, MANY - number)):
                number += 1
                writer.append(ANNA, fact(number, f"P-{number % PARTICIPANTS:04}"))
    yield Measured("recording in acts of 20,000", time.perf_counter() - began, f"{MANY:,} entries")
    began = time.perf_counter()
    found = verify(book)
    seconds = time.perf_counter() - began
    assert found.is_whole, found.problem
    assert found.entries == MANY
    yield Measured("verify (at least 100,000 a second)", seconds, f"{MANY:,} entries", goal=MANY / 100_000)
    opened = least(lambda: list(book.entries(participant="P-0500")), runs=5)
    yield Measured("open a participant", opened, f"{MANY // PARTICIPANTS:,} of {MANY:,} entries", goal=0.05)
    last = least(lambda: list(book.entries(participant="P-0501", after=MANY - 20_000)), runs=5)
    yield Measured("… its newest entries only", last, f"20 of {MANY:,} entries", goal=0.05)
    frame = frame_of(load_study("nct07052565"))
    course = least(lambda: _course(book, frame, "P-0502"), runs=5)
    yield Measured("a participant's course, with its facts", course, f"of {MANY:,} entries", goal=0.05)
    book.close()
    yield Measured("open the casebook and fold its standing", least(lambda: _standing(folder / "many"), runs=3))


def _course(book: Casebook, frame: Frame, code: str) -> None:
    """One participant's course, from the entries of that participant alone."""
    trial = fold(book.entries(participant=code), frame)
    assert len(trial.course(code).facts) == MANY // PARTICIPANTS


def _standing(folder: Path) -> None:
    book = open_casebook(folder)
    assert Conduct(book, load_study("nct07052565")).trial.number >= 1
    book.close()
