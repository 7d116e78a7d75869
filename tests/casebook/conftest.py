"""A casebook on each database, with a clock that stands still and people to record."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.postgres import Cluster, NoPostgres, cluster

from escalon.casebook.casebook import Casebook
from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook
from escalon.history.entry import Author

ANNA = Author("anna", "investigator", "S1", "test")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

NewCasebook = Callable[[str], Casebook]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    import os

    try:
        with cluster() as running:
            yield running
    except NoPostgres as reason:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(reason))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def casebook(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Iterator[Casebook]:
    """An empty casebook, on SQLite and on PostgreSQL."""
    addresses = {}
    if request.param == "postgresql":
        app, owner = request.getfixturevalue("postgres").casebook_database()
        addresses = {"database": app, "owner": owner}
    made = create_casebook(tmp_path / "book", study="trial", study_version="1", clock=clock, **addresses)
    yield made
    made.close()


@pytest.fixture
def sqlite_casebook(tmp_path: Path, clock: SetClock) -> Iterator[Casebook]:
    """An empty casebook on SQLite, for what does not depend on the database."""
    made = create_casebook(tmp_path / "book", study="trial", study_version="1", clock=clock)
    yield made
    made.close()


def codes(prefix: str = "P-") -> Iterator[str]:
    return (f"{prefix}{number:03}" for number in itertools.count(1))
