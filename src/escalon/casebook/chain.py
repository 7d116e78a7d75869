"""Verifying a casebook: every entry must follow from the one before, and end where signed checkpoints say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import select, text

from escalon.casebook.canonical import NOTHING_BEFORE, parse
from escalon.casebook.casebook import Casebook
from escalon.casebook.checkpoints import Checkpoint
from escalon.casebook.tables import checkpoints, entries, head

Row = tuple[int, str, str, str]
"""An entry as stored: number, hash before, hash, body."""

Progress = Callable[[int], None]

GUARDS = {
    "sqlite": (
        "entries_follow",
        "entries_place_once",
        "following_in_one",
        "entries_never_updated",
        "entries_never_deleted",
        "checkpoints_follow",
        "checkpoints_never_updated",
        "checkpoints_never_deleted",
        "head_goes_forward",
        "head_never_deleted",
        "head_once",
    ),
    "postgresql": (
        "entries_follow",
        "entries_fixed",
        "entries_kept",
        "checkpoints_follow",
        "checkpoints_fixed",
        "checkpoints_kept",
        "head_goes_forward",
        "head_fixed",
        "head_kept",
    ),
}
"""The triggers that refuse changes, which must all be in place."""


@dataclass(frozen=True)
class Problem:
    """Where the record first fails, and how. `number` is the first bad entry (0: not one entry, but the database)."""

    number: int
    says: str

    def __str__(self) -> str:
        return f"entry {self.number}: {self.says}" if self.number else self.says


@dataclass(frozen=True)
class Verification:
    """What was verified: how many entries, the hash they end in, the checkpoints met, and the first problem if any."""

    entries: int
    ends_in: str
    checkpoints: int
    problem: Problem | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found wrong."""
        return self.problem is None


def verify(
    casebook: Casebook,
    *,
    anchors: Sequence[tuple[int, str]] = (),
    key: str | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Verify a casebook against its own signatures, and against `anchors` (number, hash) printed on past reports.

    `key` is the public key as printed on a report; without it the key in the casebook's first entry is believed.
    """
    with casebook.reading_once() as connection:
        signed = [Checkpoint(*row) for row in connection.execute(select(checkpoints).order_by(checkpoints.c.entry))]
        last = connection.execute(select(head)).one()
        if connection.dialect.name == "sqlite":
            # A flipped byte may leave text that is not UTF-8; it is a bad entry, not a reason to stop reading.
            driver: Any = connection.connection.driver_connection
            driver.text_factory = _readable
        rows = connection.execution_options(yield_per=5000).execute(_ROWS)
        found = verify_rows(
            cast("Iterable[Row]", rows),
            signed,
            head=Checkpoint(last.number, last.hash, last.at, "", last.signature),
            anchors=anchors,
            key=key,
            progress=progress,
        )
    if found.is_whole and (missing := missing_guards(casebook)):
        problem = Problem(0, f"the database no longer refuses changes: trigger {', '.join(missing)} is missing")
        return Verification(found.entries, found.ends_in, found.checkpoints, problem)
    return found


def _readable(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


_ROWS = select(entries.c.number, entries.c.previous, entries.c.hash, entries.c.body).order_by(entries.c.number)


def verify_rows(
    rows: Iterable[Row],
    signed: Sequence[Checkpoint],
    *,
    head: Checkpoint | None = None,
    anchors: Sequence[tuple[int, str]] = (),
    key: str | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Verify stored rows against signed checkpoints; stops at the first entry that fails."""
    walk = _Walk(signed, anchors, key, progress)
    problem = walk.along(rows) or walk.at_the_end(head)
    return Verification(walk.number, walk.hash, walk.met, problem)


class _Walk:
    """One pass over the rows, with what it has met so far."""

    def __init__(
        self,
        signed: Sequence[Checkpoint],
        anchors: Sequence[tuple[int, str]],
        key: str | None,
        progress: Progress | None,
    ) -> None:
        self.number, self.hash, self.met = 0, NOTHING_BEFORE, 0
        self.good = 0  # the last entry a checkpoint or anchor vouches for
        self.key, self.expected_key = "", key
        self.progress = progress or (lambda number: None)
        self.expected: dict[int, list[Checkpoint | str]] = {}
        for checkpoint in signed:
            self.expected.setdefault(checkpoint.number, []).append(checkpoint)
        for number, hashed in anchors:
            self.expected.setdefault(number, []).append(hashed)

    def along(self, rows: Iterable[Row]) -> Problem | None:
        """Follow the chain; the loop is kept small because a casebook may hold millions of entries."""
        number, before, expected = 0, NOTHING_BEFORE, self.expected
        for found, previous, hashed, body in rows:
            number += 1
            if (
                found != number
                or previous != before
                or sha256(f"{number}\n{before}\n{body}".encode()).hexdigest() != hashed
            ):
                return _broken(number, before, (found, previous, hashed, body))
            before = hashed
            self.number, self.hash = number, hashed
            if "Key" in body or number == 1:
                self._learn_key(body)
            if number in expected and (problem := self._meet(number, hashed)):
                return problem
            if not number % 10_000:
                self.progress(number)
        self.progress(number)
        return None

    def at_the_end(self, head: Checkpoint | None) -> Problem | None:
        """The record must reach every signed end, and must not go past the signed head."""
        beyond = max([number for number in self.expected if number > self.number], default=self.number)
        if head and head.number > beyond:
            beyond = head.number
        if beyond > self.number:
            return Problem(self.number + 1, f"missing: the record was signed as far as entry {beyond} (truncated)")
        if self.expected_key and self.key and self.expected_key not in self.keys_seen:
            return Problem(1, "the casebook's checkpoint key is not the key given: this is another casebook")
        return self._check_head(head) if head else None

    def _check_head(self, head: Checkpoint) -> Problem | None:
        if head.number < self.number:
            return Problem(head.number + 1, "added after the signed head, without the casebook's key")
        if head.hash != self.hash:
            return Problem(self.good + 1, f"from here to {head.number}: the signed head has another hash")
        signed = Checkpoint(head.number, head.hash, head.at, self.key, head.signature)
        if self.number and not signed.is_signed:
            return Problem(head.number, "the head's signature was not made with the casebook's key")
        return None

    keys_seen: tuple[str, ...] = ()

    def _learn_key(self, body: str) -> None:
        written = parse(body)
        if written["event"] in ("CasebookOpened", "CheckpointKeyChanged"):
            self.key = str(written["new"]["public_key"])  # type: ignore[index,call-overload]
            self.keys_seen += (self.key,)

    def _meet(self, number: int, hashed: str) -> Problem | None:
        for expected in self.expected[number]:
            stated = expected if isinstance(expected, str) else expected.hash
            if isinstance(expected, Checkpoint) and (expected.key != self.key or not expected.is_signed):
                return Problem(number, "the checkpoint here was not signed with the casebook's key")
            if stated != hashed:
                between = f"from here to {number}" if self.good + 1 < number else "here"
                return Problem(
                    self.good + 1, f"{between}: the record was rewritten; a signed checkpoint has another hash"
                )
            self.met += 1
        self.good = number
        return None


def _broken(number: int, before: str, row: Row) -> Problem:
    found, previous, hashed, body = row
    if found > number:
        return Problem(number, f"missing (the next entry stored is {found})")
    if found < number:
        return Problem(found, "stored twice")
    if sha256(f"{number}\n{before}\n{body}".encode()).hexdigest() == hashed:
        return Problem(number, "the hash it gives for the entry before is wrong")
    if sha256(f"{number}\n{previous}\n{body}".encode()).hexdigest() == hashed:
        return Problem(number, f"does not follow from entry {number - 1} (inserted, replaced or reordered)")
    return Problem(number, "its content does not match its hash (changed after it was recorded)")


def missing_guards(casebook: Casebook) -> list[str]:
    """The triggers that should refuse changes and are not there or not enabled."""
    dialect = casebook.engine.dialect.name
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
    }[dialect]
    with casebook.reading() as connection:
        present = set(connection.execute(text(query)).scalars())
    return [name for name in GUARDS[dialect] if name not in present]


def parse_anchor(written: str) -> tuple[int, str]:
    """Read `NUMBER:HASH` as printed on a report."""
    number, _, hashed = written.strip().partition(":")
    if not number.isdigit() or len(hashed) != 64:
        raise ValueError(f"{written!r} is not a checkpoint; write NUMBER:HASH with 64 hexadecimal digits")
    return int(number), hashed.lower()


def stored_rows(casebook: Casebook) -> Iterator[Row]:
    """Every entry as stored, in order."""
    with casebook.reading() as connection:
        for row in connection.execution_options(yield_per=5000).execute(_ROWS):
            yield row[0], row[1], row[2], row[3]
