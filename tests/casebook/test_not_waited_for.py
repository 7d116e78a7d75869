"""A chain that is broken is said at once: the database's long look at itself is called off, on either database."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Connection, text
from tests.casebook.conftest import ANNA
from tests.casebook.test_entries import alt

from escalon.casebook import guards
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import verify

ENDLESS = {
    "sqlite": "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT max(n) FROM more",
    "postgresql": "SELECT pg_sleep(600)",
}


def test_a_broken_chain_does_not_wait_for_the_database(casebook: Casebook, monkeypatch: pytest.MonkeyPatch) -> None:
    casebook.append(ANNA, alt("31"))

    def look(connection: Connection) -> str | None:
        connection.execute(text(ENDLESS[connection.dialect.name])).all()
        return None

    monkeypatch.setattr(guards, "first_difference", look)
    began = time.monotonic()
    found = verify(casebook, anchors=[(1, "0" * 64)])
    assert found.problem is not None
    assert found.problem.number == 1
    assert time.monotonic() - began < 60
    monkeypatch.undo()
    assert verify(casebook).is_whole, "the connection that was called off is used again"
