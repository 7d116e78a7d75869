"""Entries, checkpoints, the head, secrets and sessions; entries and checkpoints can only be added to.

The guards stand in the database, below the application: whoever connects as the application cannot update, delete or
replace an entry, nor add one that does not follow from the last. The same rules in two dialects, side by side.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import op

revision = "c002"
down_revision = None

SQLITE, POSTGRESQL = (
    Path(__file__).with_name(f"c002_{dialect}.sql").read_text(encoding="utf-8") for dialect in ("sqlite", "postgresql")
)


def upgrade() -> None:
    """What the first line says."""
    raw: Any = op.get_bind().connection.driver_connection
    if op.get_bind().dialect.name == "sqlite":
        for statement in split_sqlite(SQLITE):
            raw.execute(statement)
    else:
        raw.execute(POSTGRESQL)


def split_sqlite(script: str) -> list[str]:
    """The statements of a script, one by one, so that all of them stay in one transaction."""
    import sqlite3

    statements, part = [], ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            statements.append(part)
            part = ""
    return statements
