"""Drafts: what somebody has typed and not recorded. No part of the record: no entry, no hash, changed and deleted freely."""

from __future__ import annotations

from typing import Any

from alembic import op

revision = "c003"
down_revision = "c002"

SQLITE = """
CREATE TABLE drafts (
    account TEXT NOT NULL,
    place TEXT NOT NULL,
    body TEXT NOT NULL,
    begun TEXT NOT NULL,
    kept TEXT NOT NULL,
    PRIMARY KEY (account, place)
);
"""
POSTGRESQL = SQLITE


def upgrade() -> None:
    """What the first line says."""
    raw: Any = op.get_bind().connection.driver_connection
    raw.execute(SQLITE)
