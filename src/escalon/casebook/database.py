"""Opening the database of a casebook: SQLite in one file, or PostgreSQL, with every acknowledged write on disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url

from escalon.casebook.errors import CasebookError, NotACasebook, StorageDamaged, StorageFailed

OLDEST_SQLITE = (3, 31, 0)
"""Generated columns came with SQLite 3.31 (sqlite.org/gencol.html)."""

WAIT_FOR_LOCK = 60
"""Seconds a writer waits for the others before it gives up with a message."""


def address_of(url: str | URL) -> URL:
    """An address as it is typed; raises CasebookError with what to write."""
    try:
        return make_url(url)
    except (exc.ArgumentError, ValueError):
        raise CasebookError(f"{url!s} is no address of a database. Write postgresql://USER@HOST/NAME") from None


def open_database(url: str | URL, *, read_only: bool = False) -> Engine:
    """An engine whose commits are durable when they return, whichever the database."""
    address = address_of(url)
    match address.get_backend_name():
        case "sqlite":
            return _open_sqlite(address, read_only)
        case "postgresql":
            return _open_postgresql(address)
        case other:
            raise NotACasebook(f"a casebook lives on SQLite or PostgreSQL, not on {other}")


def _open_sqlite(address: URL, read_only: bool) -> Engine:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StorageFailed(f"SQLite {sqlite3.sqlite_version} is too old; Escalon needs 3.31 or newer")
    path = Path(address.database or "").resolve()

    if not path.is_file():
        raise NotACasebook(f"{path}: there is no such database file")

    def connect() -> sqlite3.Connection:
        # A read-only medium cannot hold the write-ahead log's shared memory; without a log there is nothing to miss.
        options = ("?mode=ro" if Path(f"{path}-wal").exists() else "?mode=ro&immutable=1") if read_only else "?mode=rw"
        connection = sqlite3.connect(
            path.as_uri() + options, uri=True, timeout=WAIT_FOR_LOCK, isolation_level=None, check_same_thread=False
        )
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(
                "PRAGMA wal_autocheckpoint = 4000"
            )  # the same few pages change each time: move them less
            connection.execute("PRAGMA synchronous = FULL")  # a commit returns only when it is on the disk
        connection.execute("PRAGMA recursive_triggers = ON")  # INSERT OR REPLACE meets the DELETE guard too
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=_file_pool())
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _file_pool() -> Any:
    from sqlalchemy.pool import QueuePool

    return QueuePool


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("by_hand"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def _open_postgresql(address: URL) -> Engine:
    try:
        import psycopg  # noqa: F401
    except ImportError as missing:
        raise NotACasebook('PostgreSQL needs the extra: pip install "escalon[postgres]"') from missing
    options = f"-c synchronous_commit=on -c lock_timeout={WAIT_FOR_LOCK}s -c client_encoding=UTF8"
    engine = create_engine(address.set(drivername="postgresql+psycopg"), connect_args={"options": options})
    event.listen(engine, "connect", _json_as_text)
    return engine


def _json_as_text(connection: Any, _record: Any) -> None:
    from psycopg.types.string import TextLoader

    connection.adapters.register_loader("json", TextLoader)


RESTORE = "Keep it as it is, and restore the last backup: escalon restore"


class storage_errors:  # noqa: N801 - used as a verb: with storage_errors(place)
    """Turn what the driver says into what a person can act on."""

    __slots__ = ("place",)

    def __init__(self, place: str) -> None:
        self.place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, refused: BaseException | None, trace: object) -> None:
        match refused:
            case None:
                return
            case exc.DBAPIError():
                raise said_plainly(refused.orig or refused, self.place) from refused
            case sqlite3.Error():
                raise said_plainly(refused, self.place) from refused
            case UnicodeDecodeError():
                said = f"{self.place}: the database file is damaged (unreadable text). {RESTORE}"
                raise StorageDamaged(said) from refused
        if hasattr(refused, "sqlstate"):  # psycopg's errors, without importing psycopg where it is not used
            raise said_plainly(refused, self.place) from refused


def said_plainly(refused: BaseException, place: str) -> CasebookError:
    """The casebook's own error for a driver's error."""
    said = str(refused).strip() or type(refused).__name__
    state = getattr(refused, "sqlstate", None) or ""
    low = said.lower()
    if "casebook:" in low:
        return StorageFailed(f"{place}: the database refused: {said.split('casebook:')[1].splitlines()[0].strip()}")
    if "disk is full" in low or state == "53100":
        return StorageFailed(f"{place}: the disk is full. Nothing of this act was recorded; free space and repeat it")
    if "readonly" in low or "read-only" in low or state == "25006":
        return StorageFailed(f"{place}: the disk or database is read-only. Nothing of this act was recorded")
    if "malformed" in low or "could not decode" in low or "not a database" in low or state[:2] == "XX":
        return StorageDamaged(f"{place}: the database file is damaged ({said}). {RESTORE}")
    if "unable to open" in low:
        return StorageFailed(
            f"{place}: the database cannot be opened. Is the disk read-only or full, and may this account write there?"
        )
    if "locked" in low or state in {"55P03", "40P01"}:
        return StorageFailed(f"{place}: others kept writing for {WAIT_FOR_LOCK} s. Nothing was recorded; repeat it")
    if "disk i/o" in low or state[:2] in {"08", "57", "58"} or "connection" in low:
        return StorageFailed(f"{place}: the database cannot be reached or its disk failed ({said.splitlines()[0]})")
    return StorageFailed(f"{place}: {said.splitlines()[0]}")
