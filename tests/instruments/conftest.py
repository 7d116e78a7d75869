"""The engines, as the tests of the engines use them."""

from tests.engines.conftest import duckdb_query, node

__all__ = ["duckdb_query", "node"]
