"""The casebook's tables. Migrations lay them out; this is how the code speaks of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CHAR, Column, Computed, FetchedValue, Integer, MetaData, Table, Text
from sqlalchemy.types import UserDefinedType


class WrittenJson(UserDefinedType[str]):
    """JSON kept and handed back as the very text that was written."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        """The database's own type, where SQLAlchemy asks."""
        return "JSON"


metadata = MetaData()
"""Tables of the casebook's own database."""

entries = Table(
    "entries",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("previous", CHAR(64), nullable=False),
    Column("hash", CHAR(64), nullable=False),
    Column("body", WrittenJson, nullable=False),
    # The database derives these from `body`, so they cannot say anything else than the hashed text.
    Column("kind", Text, Computed("body")),
    Column("participant", Text, Computed("body")),
    Column("at", Text, Computed("body")),
    Column("place", Text, Computed("body")),
)

head = Table(
    "head",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("hash", CHAR(64), nullable=False),
    Column("at", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("hash", CHAR(64), nullable=False),
    Column("at", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("account", Text, primary_key=True),
    Column("verifier", Text, nullable=False),
    Column("second_factor", Text),
    Column("last_step", Integer),
    Column("failures", Integer, nullable=False, server_default=FetchedValue()),
    Column("locked_until", Text),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token", CHAR(64), primary_key=True),
    Column("account", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("bound", Text, nullable=False),
    Column("seen", Text, nullable=False),
    Column("ended", Text),
)

drafts = Table(
    "drafts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("begun", Text, nullable=False),
    Column("kept", Text, nullable=False),
)

identifier_metadata = MetaData()
"""The table that lives apart, in its own file or schema."""

identifiers = Table(
    "identifiers",
    identifier_metadata,
    Column("participant", Text, primary_key=True),
    Column("digest", CHAR(64), primary_key=True),
    Column("sealed", Text, nullable=False),
)
