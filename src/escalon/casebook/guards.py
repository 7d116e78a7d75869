"""Whether the database is the one this version lays out, and whether what it derives is what the entries say.

Rules and reports read generated columns and indexes. A chain of hashes proves the entries and nothing else, so here the
tables, indexes and triggers are compared by their full text with those of the migration, and the database checks itself.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, text

from escalon.casebook.database import storage_errors
from escalon.casebook.migrate import layout_script

CHANGED = "the database is not laid out as this version of Escalon does it"


def first_difference(connection: Connection) -> str | None:
    """The first thing that is not as it should be, in words; None if all is."""
    return next((_sqlite if connection.dialect.name == "sqlite" else _postgresql)(connection), None)


class CheckedBeside:
    """The first difference, looked for in a thread of its own; who leaves before asking for it does not wait for it."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine, self._place = engine, place
        self._thread = ThreadPoolExecutor(1)

    def __enter__(self) -> CheckedBeside:
        self._connection = self._engine.connect()
        self._found = self._thread.submit(self._look)
        return self

    def __exit__(self, *left: object) -> None:
        driver: Any = self._connection.connection.driver_connection
        stop = driver.interrupt if self._connection.dialect.name == "sqlite" else driver.cancel
        while not self._found.done():
            stop()
            wait([self._found], timeout=0.05)
        self._thread.shutdown()
        self._connection.close()

    def first_difference(self) -> str | None:
        """What was found, in words; waits for it. Raises StorageDamaged."""
        return self._found.result()

    def _look(self) -> str | None:
        with storage_errors(self._place):
            return first_difference(self._connection)


# -- SQLite ------------------------------------------------------------------------------------------------------------

LAID_OUT = """
SELECT type, name, tbl_name, sql FROM sqlite_master
WHERE NOT (type = 'index' AND name LIKE 'sqlite_autoindex_%') AND NOT (type = 'table' AND name LIKE 'sqlite_stat_')
"""


def _sqlite(connection: Connection) -> Iterator[str]:
    rows = connection.exec_driver_sql(LAID_OUT).all()
    present = {(row[0], row[1]): (row[2], row[3]) for row in rows if row[1] != "alembic_version"}
    expected = _laid_out_sqlite()
    for kind, name in expected.keys() - present.keys():
        refuses = "the database no longer refuses changes: " if kind == "trigger" else f"{CHANGED}: "
        yield f"{refuses}{kind} {name} is missing"
    for kind, name in present.keys() - expected.keys():
        yield f"{CHANGED}: {kind} {name} was added"
    for (kind, name), says in present.items():
        if says != expected[kind, name]:
            yield f"{CHANGED}: {kind} {name} was changed"
    [[said], *_] = connection.exec_driver_sql("PRAGMA integrity_check(1)").all()
    if said != "ok":
        yield f"the database file is damaged: {said.removeprefix('*** in database main ***').strip()}"


@cache
def _laid_out_sqlite() -> dict[tuple[str, str], tuple[str, str]]:
    with sqlite3.connect(":memory:") as fresh:
        fresh.executescript(layout_script("sqlite"))
        rows = fresh.execute(LAID_OUT).fetchall()
    fresh.close()
    return {(kind, name): (table, sql) for kind, name, table, sql in rows}


# -- PostgreSQL --------------------------------------------------------------------------------------------------------

FUNCTION = re.compile(r"CREATE FUNCTION (\w+)\(\).*?AS \$\$(.*?)\$\$;", re.DOTALL)
TRIGGER = re.compile(r"CREATE (?:CONSTRAINT )?TRIGGER (\w+)[^;]*;")
INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX (\w+) ON[^;]*;")

TRIGGERS = """
SELECT t.tgname, pg_get_triggerdef(t.oid), t.tgenabled::text, p.proname, p.prosrc
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relname IN ('entries', 'checkpoints', 'head')
    AND c.relnamespace = current_schema()::regnamespace
"""
INDEXES = """
SELECT c.relname, pg_get_indexdef(c.oid), i.indisvalid AND i.indisready
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relname = 'entries' AND t.relnamespace = current_schema()::regnamespace AND NOT i.indisprimary
"""
RULES = "SELECT rulename FROM pg_rules WHERE tablename IN ('entries', 'checkpoints', 'head')"
DERIVED = """
SELECT number FROM entries WHERE kind IS DISTINCT FROM body ->> 'event'
    OR participant IS DISTINCT FROM body ->> 'participant' OR at IS DISTINCT FROM body ->> 'at'
    OR place IS DISTINCT FROM CASE body ->> 'event' WHEN 'LevelAllocated' THEN
        (body -> 'new' ->> 'cohort') || '/' || (body -> 'new' ->> 'place') END
ORDER BY number LIMIT 1
"""


def _postgresql(connection: Connection) -> Iterator[str]:
    script = layout_script("postgresql")
    functions = dict(FUNCTION.findall(script))
    present = {row[0]: row for row in connection.execute(text(TRIGGERS))}
    for found in TRIGGER.finditer(script):
        row = present.pop(found[1], None)
        if row is None:
            yield f"the database no longer refuses changes: trigger {found[1]} is missing"
        elif _plain(row[1]) != _plain(found[0]) or row[4] != functions[row[3]]:
            yield f"{CHANGED}: trigger {found[1]} was changed"
        elif row[2] != "O":
            yield f"the database no longer refuses changes: trigger {found[1]} does not fire"
    for name in present:
        yield f"{CHANGED}: trigger {name} was added"
    indexes = {row[0]: row for row in connection.execute(text(INDEXES))}
    for found in INDEX.finditer(script):
        row = indexes.get(found[1])
        if row is None or _plain(row[1]) != _plain(found[0]) or not row[2]:
            yield f"{CHANGED}: index {found[1]} was changed or is missing"
    for (name,) in connection.execute(text(RULES)):
        yield f"{CHANGED}: rule {name} was added"
    for (number,) in connection.execute(text(DERIVED)):
        yield f"entry {number}: what the database derives from it is not what it says"


def _plain(sql: str) -> str:
    """A definition as the migration and the server write it, without what only one of them says."""
    for left_out in ("public.", "USING btree ", "(", ")", ";", "::text", "NOT DEFERRABLE INITIALLY IMMEDIATE "):
        sql = sql.replace(left_out, "")
    return " ".join(sql.split())
