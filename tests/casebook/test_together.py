"""Several processes at once: one order of all acts explains every answer, and the checker knows a wrong one when it sees it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.postgres import Cluster
from tests.torture.together import Done, contradiction, run, shrunk

GOOD = [
    Done(1, 2, "fact", "P-1", 0, 11),
    Done(3, 6, "lock", "P-1", 0, 12),
    Done(4, 7, "fact", "P-1", 0, 0),  # refused: the lock, which ran beside it, came first
    Done(8, 9, "read head", "P-1", 0, 0, 12),
    Done(10, 11, "allocate", "P-2", 0, 13),
    Done(12, 13, "allocate", "P-3", 0, 0),  # refused: there is one place
    Done(14, 15, "read places", "P-1", 0, 0, 1),
    Done(16, 17, "give back", "P-2", 1, 14),
    Done(18, 19, "allocate", "P-3", 0, 15),
]


@pytest.mark.slow
def test_processes_at_once_are_linearisable(tmp_path: Path) -> None:
    came = run(tmp_path / "book", 120, 3, seed=5)
    assert came.is_good, came


@pytest.mark.slow
@pytest.mark.postgres
def test_processes_at_once_are_linearisable_on_postgresql(tmp_path: Path, postgres: Cluster) -> None:
    came = run(tmp_path / "book", 80, 2, seed=5, server=postgres)
    assert came.is_good, came


def test_a_history_that_one_order_explains_is_no_contradiction() -> None:
    assert contradiction(GOOD, 1, 10) is None


@pytest.mark.parametrize(
    ("place", "wrong", "says"),
    [
        (3, {"read": 11}, "at no moment"),  # a reading from before what was answered already
        (2, {"asked": 1, "answered": 2}, "at no moment"),  # refused before anything was locked
        (2, {"entry": 13}, "its rule forbids it"),  # recorded although the visit was locked
        (5, {"entry": 14}, "its rule forbids it"),  # a place given twice
        (8, {"asked": 1, "answered": 2}, "became an entry before"),
    ],
)
def test_a_wrong_answer_is_found_and_shrunk_to_what_it_needs(place: int, wrong: dict[str, int], says: str) -> None:
    history = [*GOOD]
    history[place] = replace(history[place], **wrong)  # type: ignore[arg-type]
    if "entry" in wrong:  # what follows is numbered on
        later = [replace(one, entry=one.entry + 1) if one.entry >= wrong["entry"] else one for one in GOOD]
        history = [history[place] if at == place else one for at, one in enumerate(later)]
    found = contradiction(history, 1, 10)
    assert found
    few = shrunk(history, 1, 10)
    assert contradiction(few, 1, 10)
    assert len(few) <= 3
    assert says in found or says in str(contradiction(few, 1, 10))
