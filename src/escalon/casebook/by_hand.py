"""The hot path of recording: a few statements, prepared once, run by the driver in as few journeys as it allows.

An entry is durable after: take the head's lock and read it; insert the entry; move the head; commit. SQLite does each in
microseconds. On PostgreSQL each journey to the server costs about as much as the insert itself, so the first two
statements travel together, and the last three. Who was alone since the last act knows where the head is, and needs one
journey: the head moves from there and the entry follows, or neither happens because somebody else has moved it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from escalon.casebook.database import WAIT_FOR_LOCK

STATEMENTS = {
    "entry": "INSERT INTO entries (number, previous, hash, body) VALUES (?, ?, ?, ?)",
    "head": "UPDATE head SET number = ?, hash = ?, at = ?, signature = ?",
    "checkpoint": 'INSERT INTO checkpoints (entry, hash, at, "key", signature) VALUES (?, ?, ?, ?, ?)',
}
"""What an act writes, by name; the values of a `Write` stand in the order of its columns here."""

READ_HEAD = "SELECT number, hash, at, signature FROM head"

FOLLOW_SQLITE = "INSERT INTO following VALUES (?, ?, ?, ?, ?, ?)"
"""The view's trigger does on SQLite what the next statement does on PostgreSQL."""

FOLLOW_POSTGRESQL = """
WITH moved AS (
    UPDATE head SET number = $1, hash = $3, at = $5, signature = $6 WHERE number = $1 - 1 AND hash = $2 RETURNING number
)
INSERT INTO entries (number, previous, hash, body) SELECT $1, $2, $3, $4 FROM moved
"""

TURN = 5
"""Milliseconds SQLite waits before it is asked again. Left alone it sleeps ever longer, and a crowd of writers with it."""

Head = tuple[int, str, str, str]
"""Where the casebook ends: number, hash and time of the last entry, and the signature over them."""

Write = tuple[str, tuple[int | str, ...]]
"""A statement's name (`entry`, `head` or `checkpoint`) and its values."""


class Hand(Protocol):
    """Begins and ends an act of recording on one kind of database."""

    def take(self, connection: Connection) -> Any:
        """The driver's own connection, set up for recording."""
        ...

    def begin(self, driver: Any) -> Head | None:
        """Start alone: the head, which nobody else can move until the end; None where it is missing."""
        ...

    def write(self, driver: Any, writes: Sequence[Write]) -> None:
        """Write within the act."""
        ...

    def commit(self, driver: Any, writes: Sequence[Write]) -> None:
        """Write and end; when this returns, all of the act is on the disk."""
        ...

    def follow(self, driver: Any, entry: Write, head: Write) -> bool:
        """A whole act of one entry: True when it is on the disk, False (and nothing done) if the head was elsewhere."""
        ...


def hand_for(engine: Engine) -> Hand:
    """The way of writing that suits the engine's database."""
    return _OneByOne() if engine.dialect.name == "sqlite" else _Together()


class _OneByOne:
    """SQLite: the write lock is taken at the start, so that what was read is still true when it is written."""

    def take(self, connection: Connection) -> Any:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA busy_timeout = {TURN}")
        return driver

    def begin(self, driver: Any) -> Head | None:
        _patiently(driver, "BEGIN IMMEDIATE")
        return driver.execute(READ_HEAD).fetchone()  # type: ignore[no-any-return]

    def write(self, driver: Any, writes: Sequence[Write]) -> None:
        for name, values in writes:
            driver.execute(STATEMENTS[name], values)

    def commit(self, driver: Any, writes: Sequence[Write]) -> None:
        self.write(driver, writes)
        driver.execute("COMMIT")

    def follow(self, driver: Any, entry: Write, head: Write) -> bool:
        try:
            _patiently(driver, FOLLOW_SQLITE, entry[1] + head[1][2:])
        except sqlite3.IntegrityError as refused:
            if MOVED in str(refused):
                return False
            raise
        return True


MOVED = "the head has moved"


def _patiently(driver: Any, statement: str, values: tuple[int | str, ...] = ()) -> None:
    """Run what takes the write lock, asking again until it is our turn."""
    until = None
    while True:
        try:
            driver.execute(statement, values)
        except sqlite3.OperationalError as busy:
            until = until or time.monotonic() + WAIT_FOR_LOCK
            if "locked" not in str(busy) or time.monotonic() > until:
                raise
        else:
            return


class _Together:
    """PostgreSQL: the row lock on the head makes writers queue; statements are prepared, and travel as one text."""

    def take(self, connection: Connection) -> Any:
        driver: Any = connection.connection.driver_connection
        prepared = STATEMENTS | {"lock": f"{READ_HEAD} FOR UPDATE", "follow": FOLLOW_POSTGRESQL}
        for name, text in prepared.items():
            _checked(driver.pgconn.prepare(_name(name), _numbered(text).encode()))
        return driver.pgconn

    def begin(self, driver: Any) -> Head | None:
        found = _checked(driver.exec_(b"BEGIN; EXECUTE " + _name("lock")))
        if not found.ntuples:
            return None
        number, hashed, at, signature = (found.get_value(0, column).decode() for column in range(4))
        return int(number), hashed, at, signature

    def write(self, driver: Any, writes: Sequence[Write]) -> None:
        if writes:
            _checked(driver.exec_(b"; ".join(_executions(driver, writes))))

    def commit(self, driver: Any, writes: Sequence[Write]) -> None:
        _checked(driver.exec_(b"; ".join([*_executions(driver, writes), b"COMMIT"])))

    def follow(self, driver: Any, entry: Write, head: Write) -> bool:
        values = [str(value).encode() for value in entry[1] + head[1][2:]]
        return bool(_checked(driver.exec_prepared(_name("follow"), values)).command_tuples)


def _executions(driver: Any, writes: Sequence[Write]) -> list[bytes]:
    from psycopg.pq import Escaping

    quoted = Escaping(driver).escape_literal
    return [
        b"EXECUTE %b(%b)" % (_name(name), b", ".join(bytes(quoted(str(value).encode())) for value in values))
        for name, values in writes
    ]


def _checked(result: Any) -> Any:
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    if result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        return result
    raise error_from_result(result)


def _name(statement: str) -> bytes:
    return b"casebook_" + statement.encode()


def _numbered(text: str) -> str:
    first, *rest = text.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
