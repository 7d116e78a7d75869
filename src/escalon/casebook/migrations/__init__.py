"""Alembic's migrations of the casebook, shipped with the package. Each run is recorded as an entry."""
