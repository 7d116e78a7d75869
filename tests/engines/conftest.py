"""The engines that the readings are run on; each is skipped with its reason where it is absent."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def duckdb_query() -> Query:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed (extra `warehouse`)")
    connection = duckdb.connect()
    return lambda text: connection.execute(text).fetchall()


@pytest.fixture(scope="session")
def postgres_query() -> Iterator[Query]:
    """A server of the tests' own, or the one at ESCALON_TEST_POSTGRES."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed (extra `postgres`)")
    with ExitStack() as stack:
        url = os.environ.get("ESCALON_TEST_POSTGRES") or _own_server(stack)
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        yield lambda text: connection.execute(text).fetchall()


def _own_server(stack: ExitStack) -> str:
    postgres = pytest.importorskip("tests.postgres", reason="tests/postgres.py is absent")
    try:
        return stack.enter_context(postgres.cluster()).address("postgres", "postgres")
    except postgres.NoPostgres as reason:
        pytest.skip(str(reason))


# One process for all cases: a line of JSON in, a line of JSON out. -0 is written as 0.
_LOOP = """
require("readline").createInterface({input: process.stdin}).on("line", line => {
  const {source, rows} = JSON.parse(line);
  const score = new Function(source + "; return score;")();
  const tried = row => { try { return score(row); } catch (error) { return {error: error.message}; } };
  console.log(JSON.stringify(rows.map(tried)));
});
"""
Run = Callable[[str, list[dict[str, Any]]], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def node() -> Iterator[Run]:
    if not shutil.which("node"):
        pytest.skip("Node is not installed, so the JavaScript is not run")
    process = subprocess.Popen(["node", "-e", _LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(source: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps({"source": source, "rows": rows}) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    with process:
        yield run
        process.stdin.close()
