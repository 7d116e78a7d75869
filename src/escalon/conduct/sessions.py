"""Signing in: a session that ends by itself after idleness, at the latest after a day's work, and at once on revocation."""

from __future__ import annotations

import secrets as random_text
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update

from escalon.casebook.canonical import digest
from escalon.casebook.encoding import read_time, time_text
from escalon.casebook.secrets import SecretStore
from escalon.casebook.tables import sessions
from escalon.conduct.people import Person
from escalon.conduct.recording import Conduct
from escalon.conduct.refusal import refuse
from escalon.conduct.signing import Password, check_password

IDLE = timedelta(minutes=15)
"""A session unused for so long ends (NIST SP 800-63B-4, section 2.3.3, reauthentication at AAL3)."""

ABSOLUTE = timedelta(hours=12)
"""A session ends after so long whatever happens (the same section)."""


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
        row = {"token": digest(token), "account": account, "started": now, "seen": now, "ended": None}
        connection.execute(insert(sessions), row)
    return token


def who(conduct: Conduct, token: str, limits: Limits = Limits()) -> Person:
    """The person whose session this is, if it has not ended; each use keeps it from idling."""
    now = conduct.casebook.clock.now()
    with conduct.casebook.changing() as connection:
        row = connection.execute(select(sessions).where(sessions.c.token == digest(token))).one_or_none()
        if row is None or row.ended is not None:
            raise refuse("session", "sign in first")
        if now - read_time(row.seen) >= limits.idle or now - read_time(row.started) >= limits.absolute:
            raise refuse("session", "the session has ended by time; sign in again")
        connection.execute(update(sessions).where(sessions.c.token == row.token).values(seen=time_text(now)))
    person = conduct.standing.people.get(row.account)
    if person is None or person.is_revoked:
        raise refuse("session", f"the account {row.account} is revoked")
    return person


def sign_out(conduct: Conduct, token: str) -> None:
    """End a session."""
    now = time_text(conduct.casebook.clock.now())
    with conduct.casebook.changing() as connection:
        connection.execute(update(sessions).where(sessions.c.token == digest(token)).values(ended=now))
