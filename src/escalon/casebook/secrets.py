"""Passwords and second factors: stored as argon2id verifiers and sealed seeds, checked with a count of failures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, insert, select, update

from escalon.casebook.canonical import digest
from escalon.casebook.casebook import Casebook
from escalon.casebook.encoding import read_time, time_text
from escalon.casebook.errors import CasebookError
from escalon.casebook.keys import Seal
from escalon.casebook.tables import secrets

SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR = 15, 8
"""Characters of a password without and with a second factor (NIST SP 800-63B-4, section 3.1.1.2)."""

MOST_FAILURES = 5
"""Wrong passwords in a row before the account is locked; NIST SP 800-63B-4, section 3.2.2, allows up to 100."""

LOCKED_FOR = timedelta(minutes=15)
"""How long; our choice: long enough to make guessing hopeless, short enough for a ward."""


class Checked(Enum):
    """What came of checking a password."""

    RIGHT = auto()
    WRONG = auto()
    NOW_LOCKED = auto()
    LOCKED = auto()


@dataclass(frozen=True)
class SecretStore:
    """The verifiers of a casebook. `hasher` carries argon2id's cost (default: RFC 9106's second choice)."""

    casebook: Casebook
    seal: Seal
    hasher: PasswordHasher

    def prepare(self, account: str, password: str, seed: str | None = None) -> dict[str, str | None]:
        """The row that will check this password; too short a password is refused."""
        shortest = SHORTEST_WITH_SECOND_FACTOR if seed else SHORTEST_ALONE
        if len(password) < shortest:
            raise CasebookError(f"the password has {len(password)} characters; write at least {shortest}")
        sealed = self.seal.close(seed, _about(account)) if seed else None
        return {"account": account, "verifier": self.hasher.hash(password), "second_factor": sealed}

    def keep(self, row: dict[str, str | None], connection: Connection) -> None:
        """Store a prepared row in place of the account's earlier one, within the act that records it."""
        fresh = {**row, "failures": 0, "locked_until": None, "last_code": None}
        changed = connection.execute(update(secrets).where(secrets.c.account == row["account"]).values(**fresh))
        if not changed.rowcount:
            connection.execute(insert(secrets).values(**fresh))

    def row_digest(self, account: str) -> str | None:
        """The digest of the stored verifier, to hold against the one recorded when it was set."""
        with self.casebook.reading() as connection:
            row = connection.execute(select(secrets).where(secrets.c.account == account)).one_or_none()
        return None if row is None else verifier_digest(row.verifier, row.second_factor)

    def check(self, account: str, password: str, code: str | None, now: datetime) -> Checked:
        """Whether password and code are right. A locked account is not even tried; an unknown one takes as long."""
        with self.casebook.reading() as connection:
            row = connection.execute(select(secrets).where(secrets.c.account == account)).one_or_none()
        if row is None:
            self.hasher.hash(password)  # an unknown name must not answer faster than a known one
            return Checked.WRONG
        if row.locked_until and now < read_time(row.locked_until):
            return Checked.LOCKED
        if self._is_right(row, password, code, now):
            self._note(account, failures=0, locked_until=None, last_code=code)
            return Checked.RIGHT
        return self._note_failure(row, now)

    def _is_right(self, row: Row[tuple[object, ...]], password: str, code: str | None, now: datetime) -> bool:
        try:
            self.hasher.verify(row.verifier, password)
        except (VerificationError, InvalidHashError):
            return False
        if row.second_factor is None:
            return True
        if not code or code == row.last_code:  # a code counts once (RFC 6238, section 5.2)
            return False
        seed = self.seal.open(row.second_factor, _about(row.account))
        return pyotp.TOTP(seed).verify(code, for_time=now, valid_window=1)

    def _note_failure(self, row: Row[tuple[object, ...]], now: datetime) -> Checked:
        failures = int(row.failures) + 1
        if failures < MOST_FAILURES:
            self._note(row.account, failures=failures)
            return Checked.WRONG
        self._note(row.account, failures=0, locked_until=time_text(now + LOCKED_FOR))
        return Checked.NOW_LOCKED

    def _note(self, account: str, **values: object) -> None:
        with self.casebook.changing() as connection:
            connection.execute(update(secrets).where(secrets.c.account == account).values(**values))


def verifier_digest(verifier: str, second_factor: str | None) -> str:
    """What the casebook records of a secret: enough to notice a swapped one, nothing to guess it from."""
    return digest(f"{verifier}\n{second_factor or ''}")


def new_seed() -> str:
    """A new seed for a second factor, to be shown once as text or QR code."""
    return pyotp.random_base32()


def _about(account: str) -> str:
    return f"second factor of {account}"
