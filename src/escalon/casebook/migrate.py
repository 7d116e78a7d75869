"""Laying out the database with alembic, and the rights of the application's own account on PostgreSQL."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from escalon.casebook.errors import NotACasebook, SchemaDiffers

SCRIPTS = Path(__file__).parent / "migrations"

RIGHTS = """
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT SELECT, INSERT ON entries, checkpoints TO {app};
GRANT SELECT ON head, alembic_version TO {app};
GRANT UPDATE (number, hash, at, signature) ON head TO {app};
GRANT SELECT, INSERT, UPDATE ON secrets, sessions TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE ON drafts TO {app};
GRANT USAGE ON SCHEMA public TO {app};
"""
"""What the application may do on PostgreSQL. The owner is another account, used for migrations only."""

_ONE_AT_A_TIME = threading.Lock()


def migrate(connection: Connection) -> tuple[str | None, str]:
    """Bring the layout to the newest revision; returns the revision before and after."""
    from alembic import command
    from alembic.config import Config

    before = revision_of(connection)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:  # alembic keeps where it is in names of its module
        command.upgrade(config, "head")
    return before, LAYOUT


def layout_script(dialect: str) -> str:
    """The statements that lay out the newest revision."""
    from escalon.casebook.migrations.versions import c002_append_only_entries as first
    from escalon.casebook.migrations.versions import c003_drafts as second

    return "".join(one.SQLITE if dialect == "sqlite" else one.POSTGRESQL for one in (first, second))


def grant_rights(connection: Connection, application: str) -> None:
    """Give the application's PostgreSQL account what it needs and no more."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(application)
    connection.execute(text(RIGHTS.format(app=quoted)))


LAYOUT = "c003"
"""The newest revision, which this version of Escalon works with; a test holds it to the migrations themselves."""


def revision_of(connection: Connection) -> str | None:
    """The layout the database has, or None where there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def check_layout(engine: Engine, place: str) -> None:
    """Refuse a database laid out by another version of Escalon, saying which way it differs."""
    with engine.connect() as connection:
        found = revision_of(connection)
    if found is None:
        raise NotACasebook(f"{place}: holds no casebook. Make one with: escalon casebook init {place}")
    if found != (expected := LAYOUT):
        raise SchemaDiffers(
            f"{place}: the database is laid out as {found}, this version of Escalon works with {expected}. "
            f"Make a backup, then: escalon casebook migrate {place}"
        )
