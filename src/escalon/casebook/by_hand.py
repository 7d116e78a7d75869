"""The hot path of recording, compiled once by SQLAlchemy and run by the driver in as few journeys as it allows.

An entry is durable after: take the head's lock and read it; insert the entry; move the head; commit. SQLite does each in
microseconds. On PostgreSQL each journey to the server costs about as much as the insert itself, so the first two
statements travel together, and the last three.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Dialect, Engine, insert, select, update

from escalon.casebook.database import WAIT_FOR_LOCK
from escalon.casebook.tables import checkpoints, entries, head

LOCK_HEAD = select(head.c.number, head.c.hash, head.c.at).with_for_update()
ADD_ENTRY = insert(entries), ("number", "previous", "hash", "body")
MOVE_HEAD = update(head), ("number", "hash", "at", "signature")
KEEP_CHECKPOINT = insert(checkpoints), ("entry", "hash", "at", "key", "signature")

TURN = 5
"""Milliseconds SQLite waits before it is asked again. Left alone it sleeps ever longer, and a crowd of writers with it."""

Write = tuple[str, Mapping[str, Any]]
"""A statement's name (`entry`, `head` or `checkpoint`) and its values."""


class Hand(Protocol):
    """Begins and ends an act of recording on one kind of database."""

    def take(self, connection: Connection) -> Any:
        """The driver's own connection, set up for recording."""
        ...

    def begin(self, driver: Any) -> tuple[int, str, str]:
        """Start alone: the head's number, hash and time, which nobody else can move until the end."""
        ...

    def write(self, driver: Any, writes: Sequence[Write]) -> None:
        """Write within the act."""
        ...

    def commit(self, driver: Any, writes: Sequence[Write]) -> None:
        """Write and end; when this returns, all of the act is on the disk."""
        ...


def hand_for(engine: Engine) -> Hand:
    """The way of writing that suits the engine's database."""
    dialect = engine.dialect
    lock = str(LOCK_HEAD.compile(dialect=dialect))
    statements = {
        "entry": _compiled(dialect, *ADD_ENTRY),
        "head": _compiled(dialect, *MOVE_HEAD),
        "checkpoint": _compiled(dialect, *KEEP_CHECKPOINT),
    }
    return _OneByOne(lock, statements) if dialect.name == "sqlite" else _Together(lock, statements)


@dataclass(frozen=True)
class _OneByOne:
    """SQLite: the write lock is taken at the start, so that what was read is still true when it is written."""

    lock: str
    statements: Mapping[str, tuple[str, tuple[str, ...]]]

    def take(self, connection: Connection) -> Any:
        driver = _driver(connection)
        driver.execute(f"PRAGMA busy_timeout = {TURN}")
        return driver

    def begin(self, driver: Any) -> tuple[int, str, str]:
        until = time.monotonic() + WAIT_FOR_LOCK
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError as busy:
                if "locked" not in str(busy) or time.monotonic() > until:
                    raise
        return driver.execute(self.lock).fetchone()  # type: ignore[no-any-return]

    def write(self, driver: Any, writes: Sequence[Write]) -> None:
        for name, values in writes:
            text, order = self.statements[name]
            driver.execute(text, [values[column] for column in order])

    def commit(self, driver: Any, writes: Sequence[Write]) -> None:
        self.write(driver, writes)
        driver.execute("COMMIT")


@dataclass(frozen=True)
class _Together:
    """PostgreSQL: the row lock on the head makes writers queue; statements travel as one text, values quoted by libpq."""

    lock: str
    statements: Mapping[str, tuple[str, tuple[str, ...]]]

    def take(self, connection: Connection) -> Any:
        return _driver(connection)

    def begin(self, driver: Any) -> tuple[int, str, str]:
        cursor = driver.execute(f"BEGIN; {self.lock}")
        cursor.nextset()
        return cursor.fetchone()  # type: ignore[no-any-return]

    def write(self, driver: Any, writes: Sequence[Write]) -> None:
        if writes:
            driver.execute("; ".join(self._texts(driver, writes)))

    def commit(self, driver: Any, writes: Sequence[Write]) -> None:
        driver.execute("; ".join([*self._texts(driver, writes), "COMMIT"]))

    def _texts(self, driver: Any, writes: Sequence[Write]) -> list[str]:
        from psycopg import ClientCursor

        cursor = ClientCursor(driver)
        return [cursor.mogrify(self.statements[name][0], values) for name, values in writes]


def _compiled(dialect: Dialect, statement: Any, columns: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    return str(compiled), tuple(compiled.positiontup or ())


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
