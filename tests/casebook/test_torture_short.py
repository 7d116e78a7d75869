"""A short run of what `make torture` does at length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.postgres import Cluster
from tests.torture import crowd, disks, faults, kills, server_faults

pytestmark = pytest.mark.slow


def test_writers_killed_at_random_lose_nothing_acknowledged(tmp_path: Path) -> None:
    killed = kills.kill_writers(tmp_path / "book", 60, seed=1)
    assert killed.is_good, killed
    assert killed.kills >= 1


@pytest.mark.postgres
def test_writers_killed_at_random_lose_nothing_on_postgresql(tmp_path: Path, postgres: Cluster) -> None:
    killed = kills.kill_writers(tmp_path / "book", 40, seed=1, server=postgres)
    assert killed.is_good, killed


def test_fifty_writers_at_once_lose_nothing_and_share_no_place(tmp_path: Path) -> None:
    crowded = crowd.crowd(tmp_path / "book", 1)
    assert crowded.is_good, crowded
    assert (crowded.got_a_place, crowded.refused) == (3, 47)


@pytest.mark.postgres
def test_fifty_writers_at_once_on_postgresql(tmp_path: Path, postgres: Cluster) -> None:
    crowded = crowd.crowd(tmp_path / "book", 1, postgres)
    assert crowded.is_good, crowded
    assert (crowded.got_a_place, crowded.refused) == (3, 47)


@pytest.mark.parametrize(
    "fails", [disks.full_by_limit, disks.full_disk, disks.read_only_disk, disks.clock_backwards, disks.wrong_key]
)
def test_disks_clocks_and_keys_that_fail_stop_it_cleanly(fails: Callable[[Path], str], tmp_path: Path) -> None:
    assert fails(tmp_path)


def test_a_disk_that_fails_at_any_write_loses_nothing_acknowledged(tmp_path: Path) -> None:
    came = faults.run(tmp_path / "faults", 24, first=300)
    assert came.is_good, came
    assert set(came.kinds) == set(faults.KINDS)
    assert came.acknowledged > 100


@pytest.mark.postgres
def test_a_server_that_fails_at_any_statement_loses_nothing_acknowledged(tmp_path: Path, postgres: Cluster) -> None:
    came = server_faults.run(tmp_path / "faults", postgres, most=8)
    assert came.is_good, came
    assert came.acknowledged > 40


@pytest.mark.postgres
def test_a_server_that_lies_is_one_that_would_show_a_loss(tmp_path: Path, postgres: Cluster) -> None:
    came = server_faults.run(tmp_path / "lies", postgres, most=4, kinds=(server_faults.LIES,))
    assert not came.is_good, came


def test_the_failing_disk_is_one_that_would_show_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that says it wrote and did not loses what was acknowledged: taken for an honest one, the judge objects."""
    really = faults.judge
    monkeypatch.setattr(faults, "KINDS", ("syncs lost",))
    monkeypatch.setattr(faults, "judge", lambda folder, said, may_lose: really(folder, said, False))
    came = faults.run(tmp_path / "faults", 6)
    assert not came.is_good
    assert "syncs lost" in came.bad[0]


def test_a_damaged_file_is_named_or_reads_as_recorded(tmp_path: Path) -> None:
    assert "20 damaged copies" in disks.damaged_file(tmp_path, 20)
