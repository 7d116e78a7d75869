"""Runs the migrations on the connection Escalon hands over."""

from __future__ import annotations

from alembic import context

from escalon.casebook.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
