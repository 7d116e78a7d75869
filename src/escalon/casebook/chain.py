"""Verifying a casebook: every entry must follow from the one before, and end where signed checkpoints say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple, cast

from sqlalchemy import select

from escalon.casebook.canonical import NOTHING_BEFORE, is_canonical, parse
from escalon.casebook.casebook import Casebook
from escalon.casebook.checkpoints import Checkpoint, is_due_by_text, is_signature, key_statement, signature_statement
from escalon.casebook.guards import CheckedBeside
from escalon.casebook.keys import is_signed
from escalon.casebook.tables import checkpoints, entries, head
from escalon.facts import together

Row = tuple[int, str, str, str]
"""An entry as stored: number, hash before, hash, body."""

Progress = Callable[[int], None]


class Vouched(NamedTuple):
    """An entry's number and hash as something outside the database states them."""

    number: int
    hash: str
    where: str = "what was printed on a report"
    proves: bool = True
    """Whether it also vouches for the keys up to there; what this computer happened to see does not."""


@dataclass(frozen=True)
class Fault:
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
    problem: Fault | None
    key: str = ""
    """The key in force at the end."""
    resets: tuple[tuple[int, str], ...] = ()
    """Where a person's own key was replaced without the one before: the entry, and the account."""
    beside: str = ""
    """What could not be asked, in words."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found wrong."""
        return self.problem is None


def verify(
    casebook: Casebook,
    *,
    anchors: Sequence[tuple[int, str] | Vouched] = (),
    key: str | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Verify a casebook against its own signatures, against `anchors`, and against what this computer saw of it before.

    `key` is the public key as printed on a report: the root of trust. Without it the key in the first entry is believed.
    """
    if casebook.mark and (seen := casebook.mark.read()):
        anchors = [*anchors, Vouched(*seen, "what this computer saw of it before", False)]
    with CheckedBeside(
        casebook.engine, casebook.place
    ) as beside:  # the database checks itself meanwhile, on another core
        found = _verify_rows_of(casebook, anchors, key, progress)
        if found.is_whole and (says := beside.first_difference()):
            return replace(found, problem=Fault(0, says))
    if found.is_whole and casebook.mark:
        casebook.mark.raise_to(found.entries, found.ends_in)
    return found


def _verify_rows_of(
    casebook: Casebook, anchors: Sequence[tuple[int, str] | Vouched], key: str | None, progress: Progress | None
) -> Verification:
    with casebook.reading_once() as connection:
        if connection.dialect.name == "sqlite":
            # A flipped byte may leave text that is not UTF-8; it is a bad entry, not a reason to stop reading.
            driver: Any = connection.connection.driver_connection
            driver.text_factory = partial(str, encoding="utf-8", errors="backslashreplace")
        signed = [Checkpoint(*row) for row in connection.execute(select(checkpoints).order_by(checkpoints.c.entry))]
        last = connection.execute(select(head)).one_or_none()
        end = Checkpoint(last.number, last.hash, last.at, "", last.signature) if last else NO_HEAD
        with connection.execution_options(yield_per=5000).execute(_ROWS) as found:
            rows = cast("Iterable[Row]", found)
            return verify_rows(rows, signed, head=end, anchors=anchors, key=key, progress=progress)


NO_HEAD = Checkpoint(-1, "", "", "", "")
"""What stands for a signed head that is missing."""


_ROWS = select(entries.c.number, entries.c.previous, entries.c.hash, entries.c.body).order_by(entries.c.number)


def verify_rows(
    rows: Iterable[Row],
    signed: Sequence[Checkpoint],
    *,
    head: Checkpoint,
    anchors: Sequence[tuple[int, str] | Vouched] = (),
    key: str | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Verify stored rows against signed checkpoints and the signed head; stops at the first entry that fails."""
    walk = _Walk(signed, [Vouched(*one) for one in anchors], progress)
    problem = walk.along(rows) or walk.at_the_end(head) or walk.keys_follow(key)
    problem = min((one for one in (problem, walk.forged) if one), key=lambda one: one.number, default=None)
    return Verification(walk.number, walk.hash, walk.met, problem, walk.key, tuple(walk.resets))


class _Walk:
    """One pass over the rows, with what it has met so far."""

    def __init__(self, signed: Sequence[Checkpoint], anchors: Sequence[Vouched], progress: Progress | None) -> None:
        self.number, self.hash, self.met = 0, NOTHING_BEFORE, 0
        self.good = 0  # the last entry a checkpoint or anchor vouches for
        self.proved = 0  # the last entry that something outside the database vouches for
        self.keys: list[tuple[int, str, bool]] = []  # from which entry on, the key, whether the one before agreed
        self.own_keys: dict[str, str] = {}  # of each person; empty from a reset until they have a new one
        self.without: str | None = None  # what stands for the key of a person who has none: nothing signs for it
        self.had_key: dict[str, str] = {}
        self.had_secret = False
        self.forged: Fault | None = None  # the first signature that is not its person's
        self.resets: list[tuple[int, str]] = []
        self.progress = progress or (lambda number: None)
        stated: list[Checkpoint | Vouched] = [*signed, *anchors]
        self.expected = together((one.number, one) for one in stated)

    @property
    def key(self) -> str:
        """The key in force."""
        return self.keys[-1][1] if self.keys else ""

    def along(self, rows: Iterable[Row]) -> Fault | None:
        """Follow the chain; the loop is kept small because a casebook may hold millions of entries."""
        number, before, expected = 0, NOTHING_BEFORE, self.expected
        for found, previous, hashed, body in rows:
            number += 1
            if (
                found != number
                or previous != before
                or body.__class__ is not str
                or sha256(f"{number}\n{before}\n{body}".encode()).hexdigest() != hashed
            ):
                return _broken(number, before, (found, previous, hashed, body))
            if not is_canonical(body):
                return Fault(number, "its text is not in the one written form, so it can be read in more than one way")
            if ("Key" in body or number == 1) and (problem := self._learn_key(number, before, body)):
                return problem
            if is_signature(body) or body.startswith(_SECRET_SET, 44):
                self.forged = self.forged or self._own_key(number, before, body)
            before = hashed
            self.number, self.hash = number, hashed
            if is_due_by_text(number, body) and not any(
                isinstance(one, Checkpoint) for one in expected.get(number, ())
            ):
                return Fault(number, "the checkpoint that was kept of this entry is missing")
            if number in expected and (problem := self._meet(number, hashed)):
                return problem
            if not number % 10_000:
                self.progress(number)
        self.progress(number)
        return None

    def at_the_end(self, head: Checkpoint) -> Fault | None:
        """The record must reach every signed end, and must not go past the signed head."""
        if head is NO_HEAD:
            return Fault(0, "the signed head is missing")
        ends = [(head.number, "the record was signed as far as")]
        beyond, says = max(ends + [(number, _reaches(some[0])) for number, some in self.expected.items()])
        if beyond > self.number:
            lost = "" if beyond == self.number + 1 else f" to {beyond}"
            by_ours = beyond == head.number or any(isinstance(one, Checkpoint) for one in self.expected[beyond])
            why = COPIED if by_ours else f"{COPIED}; or {ARCHIVED}"
            return Fault(self.number + 1, f"this entry{lost} is missing: {says} entry {beyond} (truncated, or {why})")
        if head.number < self.number:
            return Fault(head.number + 1, "added after the signed head, without the casebook's key")
        if head.hash != self.hash:
            return Fault(self.good + 1, f"from here to {head.number}: the signed head has another hash")
        if self.number and not replace(head, key=self.key).is_signed_as_head:
            return Fault(head.number, "it is not signed as the end of the record with the casebook's key")
        return None

    def keys_follow(self, root: str | None) -> Fault | None:
        """Each key must be the first, one the key before signed, or vouched for from outside; `root` must be among them."""
        trusted_from = next((number for number, key, _ in self.keys if key == root), None)
        if root and trusted_from is None:
            return Fault(1, "the casebook's key is not the key given: this is another casebook, or a rewritten one")
        for number, key, agreed in self.keys:
            if not agreed and number > max(self.proved, trusted_from or 0):
                return Fault(
                    number,
                    f"from here on another key signs ({key[:16]}…), and the key before did not agree: nothing before this "
                    "entry is proved. Hold it against a report: --printed NUMBER:HASH, or --key with a key noted elsewhere",
                )
        return None

    def _learn_key(self, number: int, before: str, body: str) -> Fault | None:
        try:
            written = parse(body)
            new: Any = written["new"]
            if written["event"] == "CasebookOpened":
                if number > 1:
                    return Fault(number, "a casebook is opened once, by its first entry")
                self.keys.append((0, str(new["public_key"]), True))
            elif written["event"] == "CheckpointKeyChanged":
                key, agreed = str(new["public_key"]), str(new.get("agreed", ""))
                by_old = is_signed(self.key, agreed, key_statement(number, before, self.key, key))
                self.keys.append((number, key, by_old))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Fault(number, "its text cannot be read")
        return None if self.keys else Fault(number, "the first entry does not open a casebook")

    def _own_key(self, number: int, before: str, body: str) -> Fault | None:
        """Learn a person's key, or hold the signature they gave against it."""
        try:
            written: Any = parse(body)
            new, person = written["new"], str(written["person"])
            if written["event"] == "SecretSet":
                self._learn_own_key(number, str(new["account"]), str(new.get("signing_key", "")))
            elif (key := self.own_keys.get(person, self.without)) is not None and not is_signed(
                key, str(new.get("key_signature", "")), signature_statement(number, before, body)
            ):
                return Fault(number, f"it is signed in the name of {person}, and not with {person}'s own key")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Fault(number, "its text cannot be read")
        return None

    def _learn_own_key(self, number: int, account: str, key: str) -> None:
        known = self.had_key.get(account)
        if not self.had_secret:
            self.had_secret, self.without = True, "" if key else None  # opened by a version that gives everybody a key
        if key or known:
            self.own_keys[account] = key
        if key and known not in (None, key):
            self.resets.append((number, account))
        if key:
            self.had_key[account] = key

    def _meet(self, number: int, hashed: str) -> Fault | None:
        for expected in self.expected[number]:
            if isinstance(expected, Checkpoint) and (expected.key != self.key or not expected.is_signed):
                return Fault(number, "the checkpoint here was not signed with the casebook's key")
            if expected.hash != hashed:
                between = f"from here to {number}" if self.good + 1 < number else "here"
                stated = expected.where if isinstance(expected, Vouched) else "a signed checkpoint"
                return Fault(
                    self.good + 1,
                    f"{between}: the record was rewritten, or two copies of it went on apart; {stated} has another hash",
                )
            if isinstance(expected, Vouched) and expected.proves:
                self.proved = number
            self.met += isinstance(expected, Checkpoint)
        self.good = number
        return None


_SECRET_SET = '"SecretSet"'

COPIED = "copied by hand while it was open; escalon backup copies it whole"

ARCHIVED = (
    "restored from an archive, which ends before the entry that tells of it: verify the archive itself, and escalon user "
    "recover gives this copy a name and a key of its own"
)


def _reaches(one: Checkpoint | Vouched) -> str:
    return "a checkpoint was signed of" if isinstance(one, Checkpoint) else f"{one.where} reaches to"


def _broken(number: int, before: str, row: Row) -> Fault:
    found, previous, hashed, body = row
    if found > number:
        return Fault(number, f"missing (the next entry stored is {found})")
    if found < number:
        return Fault(found, "stored twice")
    if sha256(f"{number}\n{before}\n{body}".encode()).hexdigest() == hashed:
        return Fault(number, "the hash it gives for the entry before is wrong")
    if sha256(f"{number}\n{previous}\n{body}".encode()).hexdigest() == hashed:
        return Fault(number, f"does not follow from entry {number - 1} (inserted, replaced or reordered)")
    return Fault(number, "its content does not match its hash (changed after it was recorded)")


def parse_anchor(written: str) -> tuple[int, str]:
    """Read `NUMBER:HASH` as printed on a report."""
    number, _, hashed = written.strip().partition(":")
    if not re.fullmatch("[1-9][0-9]{0,11}", number) or not re.fullmatch("[0-9a-fA-F]{64}", hashed):
        raise ValueError(f"{written!r} is not a checkpoint; write NUMBER:HASH with 64 hexadecimal digits")
    return int(number), hashed.lower()


def parse_key(written: str) -> str:
    """Read a public key as `init` and reports print it, with or without `ed25519` before it."""
    key = written.strip().removeprefix("ed25519").strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", key):
        raise ValueError(f"{written!r} is not a public key; write its 64 hexadecimal digits")
    return key


def stored_rows(casebook: Casebook) -> Iterator[Row]:
    """Every entry as stored, in order."""
    with casebook.reading() as connection:
        for row in connection.execution_options(yield_per=5000).execute(_ROWS):
            yield row[0], row[1], row[2], row[3]
