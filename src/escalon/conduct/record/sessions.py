"""Signing in: a session that ends by itself after idleness, at the latest after a day's work, and at once on revocation."""

from __future__ import annotations

import secrets as random_text
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from escalon.casebook.canonical import digest
from escalon.casebook.encoding import read_time, time_text
from escalon.casebook.errors import WrongKey
from escalon.casebook.secrets import SecretStore
from escalon.casebook.tables import sessions
from escalon.casebook.writer import TOLERANCE
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


def who(conduct: Conduct, token: str) -> Person:
    """The person whose session this is, if it has not ended; each use keeps it from idling."""
    row = _row(conduct, token)
    idle = conduct.casebook.clock.now() - read_time(row.seen)
    if not -TOLERANCE <= idle < IDLE:
        raise refuse("session", "the session has ended by time; sign in again")
    if idle >= SEEN_EVERY:
        _seen(conduct, token)
    person = conduct.trial.people.get(row.account)
    if person is None or person.is_revoked:
        raise refuse("session", f"the account {row.account} is revoked")
    return person


def unlock(conduct: Conduct, secrets: SecretStore, token: str, password: Password) -> None:
    """Let a session that idled go on, for whoever opened it; one that was ended, or is a day old, does not."""
    check_password(conduct, secrets, account_of(conduct, token), password)
    _seen(conduct, token)


def account_of(conduct: Conduct, token: str) -> str:
    """Whose session it is, idling or not. Raises Refused (session) where it has ended."""
    return str(_row(conduct, token).account)


def _row(conduct: Conduct, token: str) -> Any:
    """A session that was not ended and has not had its day, idling or not."""
    with conduct.casebook.reading() as connection:
        row = connection.execute(select(sessions).where(sessions.c.token == digest(token))).one_or_none()
    if row is None or row.ended is not None or row.bound != _bound(conduct, token, row.account, row.started):
        raise refuse("session", "sign in first")
    if not -TOLERANCE <= conduct.casebook.clock.now() - read_time(row.started) < ABSOLUTE:
        raise refuse("session", "the session has ended by time; sign in again")
    return row


def _seen(conduct: Conduct, token: str) -> None:
    with conduct.casebook.changing() as connection:
        now = time_text(conduct.casebook.clock.now())
        connection.execute(update(sessions).where(sessions.c.token == digest(token)).values(seen=now))


def sign_out(conduct: Conduct, token: str) -> None:
    """End a session."""
    now = time_text(conduct.casebook.clock.now())
    with conduct.casebook.changing() as connection:
        connection.execute(update(sessions).where(sessions.c.token == digest(token)).values(ended=now))
