"""Passwords and second factors: stored as argon2id verifiers and sealed seeds, checked with a count of failures."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from hmac import compare_digest
from os import urandom
from typing import Any

import pyotp
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import Connection, Row, insert, or_, select, update

from escalon.casebook.canonical import digest
from escalon.casebook.casebook import Casebook
from escalon.casebook.encoding import read_time, time_text
from escalon.casebook.errors import CasebookError
from escalon.casebook.keys import Seal, Signer, private_pem, read_signer
from escalon.casebook.tables import secrets

SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR = 15, 8
"""Characters of a password without and with a second factor (NIST SP 800-63B-4, section 3.1.1.2)."""

FEWEST_LETTERS = 5
"""Different characters of a password or passphrase; our choice, against fifteen times the same."""

MOST_FAILURES = 5
"""Wrong passwords in a row before the account is locked; NIST SP 800-63B-4, section 3.2.2, allows up to 100."""

LOCKED_FOR = timedelta(minutes=15)
"""How long; our choice: long enough to make guessing hopeless, short enough for a ward."""


LONGEST_WAIT = 10
"""Seconds a try waits for others of the same account that are under way."""


class Checked(Enum):
    """What came of checking a password."""

    RIGHT = auto()
    WRONG = auto()
    NOW_LOCKED = auto()
    LOCKED = auto()


def is_guessed(password: str, account: str = "") -> bool:
    """Whether a long password is none: fewer than five different characters, one piece or the account's name repeated."""
    said = password.casefold()
    is_repeated = re.fullmatch(r"(.{1,8})\1+.{0,3}", said, re.DOTALL) is not None
    return is_repeated or len(set(said)) < FEWEST_LETTERS or (bool(account) and not said.replace(account, "").strip())


@dataclass(frozen=True)
class SecretStore:
    """The verifiers of a casebook. `hasher` carries argon2id's cost (default: RFC 9106's second choice).

    `most_failures` is how many wrong passwords in a row lock the account; more where each address is stopped by itself.
    """

    casebook: Casebook
    seal: Seal
    hasher: PasswordHasher
    most_failures: int = MOST_FAILURES

    def prepare(
        self, account: str, password: str, seed: str | None = None, key: Signer | None = None
    ) -> dict[str, str | None]:
        """The row that will check this password and keep the person's own `key` under it; too short a one is refused."""
        shortest = SHORTEST_WITH_SECOND_FACTOR if seed else SHORTEST_ALONE
        if len(password) < shortest:
            raise CasebookError(f"the password has {len(password)} characters; write at least {shortest}")
        if is_guessed(password, account):
            raise CasebookError(
                "this password is guessed at once; write one of several words, without your account's name"
            )
        sealed = self.seal.close(seed, _about(account)) if seed else None
        verifier = self.hasher.hash(password)
        if key:
            salt = urandom(16)
            kept = _under(password, salt, verifier).close(private_pem(key), _key_of(account))
            verifier = f"{verifier} {salt.hex()} {kept}"
        return {"account": account, "verifier": verifier, "second_factor": sealed}

    def own_key(self, account: str, password: str) -> Signer | None:
        """The person's own signing key, opened with their password; None where they have none yet."""
        with self.casebook.reading() as connection:
            verifier = connection.execute(select(secrets.c.verifier).where(secrets.c.account == account)).scalar_one()
        hashed, *kept = verifier.split()
        if not kept:
            return None
        salt, sealed = kept
        opened = _under(password, bytes.fromhex(salt), hashed).open(sealed, _key_of(account))
        return read_signer(opened.encode(), _key_of(account))

    def keep(self, row: dict[str, str | None], connection: Connection) -> None:
        """Store a prepared row in place of the account's earlier one, within the act that records it."""
        fresh = {**row, "failures": 0, "locked_until": None, "last_step": None}
        changed = connection.execute(update(secrets).where(secrets.c.account == row["account"]).values(**fresh))
        if not changed.rowcount:
            connection.execute(insert(secrets).values(**fresh))

    def row_digest(self, account: str) -> str | None:
        """The digest of the stored verifier, to hold against the one recorded when it was set."""
        with self.casebook.reading() as connection:
            row = connection.execute(select(secrets).where(secrets.c.account == account)).one_or_none()
        return None if row is None else verifier_digest(row.verifier, row.second_factor)

    def check(self, account: str, password: str, code: str | None, now: datetime) -> Checked:
        """Whether password and code are right. A locked account is not even tried; an unknown one takes as long.

        A try is counted before it is made, so that many at once are no more tries than many in a row.
        """
        row, tries = self._count_a_try(account, now)
        if row is None:
            self.hasher.hash(password)  # an unknown name must not answer faster than a known one
            return Checked.WRONG
        if tries > self.most_failures:
            return Checked.LOCKED
        if self._is_right(row, password) and self._use(row, code, now):
            return Checked.RIGHT
        if tries < self.most_failures:
            return Checked.WRONG
        self._note(account, failures=0, locked_until=time_text(now + LOCKED_FOR))
        return Checked.NOW_LOCKED

    def _count_a_try(self, account: str, now: datetime) -> tuple[Row[Any] | None, int]:
        """The account's row and which try this is; one too many waits for those under way, for they may be right."""
        until = time.monotonic() + LONGEST_WAIT
        while True:
            with self.casebook.changing() as connection:
                query = select(secrets).where(secrets.c.account == account).with_for_update()
                row = connection.execute(query).one_or_none()
                if row is None or _is_locked(row.locked_until, now):
                    return row, self.most_failures + 1
                if row.failures < self.most_failures:
                    mine = update(secrets).where(secrets.c.account == account)
                    connection.execute(mine.values(failures=row.failures + 1, locked_until=None))
                    return row, row.failures + 1
            if time.monotonic() > until:  # those under way were cut off; the account is locked as after a last failure
                self._note(account, failures=0, locked_until=time_text(now + LOCKED_FOR))
                return row, self.most_failures + 1
            time.sleep(0.05)

    def _is_right(self, row: Row[Any], password: str) -> bool:
        try:
            return self.hasher.verify(row.verifier.split()[0], password)
        except (VerificationError, InvalidHashError):
            return False

    def _use(self, row: Row[Any], code: str | None, now: datetime) -> bool:
        """Use the code up, if the account needs one: it counts once, and after it no earlier one (RFC 6238, section 5.2)."""
        mine = update(secrets).where(secrets.c.account == row.account, secrets.c.verifier == row.verifier)
        values: dict[str, object] = {"failures": 0, "locked_until": None}
        if row.second_factor is not None:
            totp = pyotp.TOTP(self.seal.open(row.second_factor, _about(row.account)))
            present = totp.timecode(now)
            step = _step_of(totp, code, present)
            if step is None:
                return False
            used = secrets.c.last_step
            mine = mine.where(or_(used.is_(None), used < step, used > present + 1))  # the last: a clock set back
            values["last_step"] = step
        with self.casebook.changing() as connection:
            return connection.execute(mine.values(**values)).rowcount == 1

    def _note(self, account: str, **values: object) -> None:
        with self.casebook.changing() as connection:
            connection.execute(update(secrets).where(secrets.c.account == account).values(**values))


def _is_locked(until: str | None, now: datetime) -> bool:
    # A lock longer than a lock can be was set by a clock that stood wrong.
    return until is not None and now < read_time(until) <= now + LOCKED_FOR


def _step_of(totp: pyotp.TOTP, code: str | None, present: int) -> int | None:
    """The time step a code belongs to, the present one or a neighbour, compared digit for digit."""
    given = (code or "").encode()
    return next(
        (
            step
            for step in (present, present - 1, present + 1)
            if compare_digest(given, totp.generate_otp(step).encode())
        ),
        None,
    )


def verifier_digest(verifier: str, second_factor: str | None) -> str:
    """What the casebook records of a secret: enough to notice a swapped one, nothing to guess it from."""
    return digest(f"{verifier}\n{second_factor or ''}")


def new_seed() -> str:
    """A new seed for a second factor, to be shown once as text or QR code."""
    return pyotp.random_base32()


def _under(password: str, salt: bytes, verifier: str) -> Seal:
    """A seal that only the password opens: argon2id again, at the cost of its verifier, with a salt of its own (RFC 9106)."""
    cost = extract_parameters(verifier)
    costs = (cost.time_cost, cost.memory_cost, cost.parallelism)
    return Seal(hash_secret_raw(password.encode(), salt, *costs, hash_len=32, type=Type.ID))


def _key_of(account: str) -> str:
    return f"signing key of {account}"


def _about(account: str) -> str:
    return f"second factor of {account}"
