"""Signing in: a session that ends by itself after idleness, at the latest after a day's work, and at once on revocation."""

from __future__ import annotations

import secrets as random_text
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update

from escalon.casebook.canonical import digest
from escalon.casebook.casebook import TOLERANCE
from escalon.casebook.encoding import read_time, time_text
from escalon.casebook.errors import WrongKey
from escalon.casebook.secrets import SecretStore
from escalon.casebook.tables import sessions
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.recording import Conduct
from escalon.conduct.record.signing import Password, check_password
from escalon.history.people import Person

IDLE = timedelta(minutes=15)
"""A session unused for so long ends (NIST SP 800-63B-4, section 2.3.3, reauthentication at AAL3)."""

ABSOLUTE = timedelta(hours=12)
"""A session ends after so long whatever happens (the same section)."""

SEEN_EVERY = timedelta(minutes=1)
"""How often it is noted that a session is used: fifty readers do not queue for one writer. Idling is exact to this."""


@dataclass(frozen=True)
class Limits:
    """How long a session may idle and last."""

    idle: timedelta = IDLE
    absolute: timedelta = ABSOLUTE


def sign_in(conduct: Conduct, secrets: SecretStore, account: str, password: Password) -> str:
    """Open a session; returns its token, of which the database keeps only the hash."""
    check_password(conduct, secrets, account, password)
    token = random_text.token_urlsafe(32)
    now = time_text(conduct.casebook.clock.now())
    with conduct.casebook.changing() as connection:
        bound = _bound(conduct, token, account, now)
        row = {"token": digest(token), "account": account, "started": now, "bound": bound, "seen": now, "ended": None}
        connection.execute(insert(sessions), row)
    return token


def _bound(conduct: Conduct, token: str, account: str, started: str) -> str:
    """What makes a session more than a row of the database: a mark that only the holder of the casebook's key can make."""
    signer = conduct.casebook.signer
    if signer is None:
        raise WrongKey(conduct.casebook.why_read_only)
    return signer.mark(f"session\n{digest(token)}\n{account}\n{started}")


def who(conduct: Conduct, token: str, limits: Limits = Limits()) -> Person:
    """The person whose session this is, if it has not ended; each use keeps it from idling."""
    now = conduct.casebook.clock.now()
    with conduct.casebook.reading() as connection:
        row = connection.execute(select(sessions).where(sessions.c.token == digest(token))).one_or_none()
    if row is None or row.ended is not None or row.bound != _bound(conduct, token, row.account, row.started):
        raise refuse("session", "sign in first")
    idle, age = now - read_time(row.seen), now - read_time(row.started)
    if not -TOLERANCE <= idle < limits.idle or not -TOLERANCE <= age < limits.absolute:
        raise refuse("session", "the session has ended by time; sign in again")
    if idle >= SEEN_EVERY:
        with conduct.casebook.changing() as connection:
            connection.execute(update(sessions).where(sessions.c.token == row.token).values(seen=time_text(now)))
    person = conduct.trial.people.get(row.account)
    if person is None or person.is_revoked:
        raise refuse("session", f"the account {row.account} is revoked")
    return person


def sign_out(conduct: Conduct, token: str) -> None:
    """End a session."""
    now = time_text(conduct.casebook.clock.now())
    with conduct.casebook.changing() as connection:
        connection.execute(update(sessions).where(sessions.c.token == digest(token)).values(ended=now))
