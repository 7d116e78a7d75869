"""Two of one command at once, into one place, or cut off half way: one is whole, the other is refused, nothing is half."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.casebook.conftest import START
from tests.casebook.test_attacks import opened, original

from escalon.casebook import archive as archiving
from escalon.casebook import backup as copying
from escalon.casebook.archive import import_archive, make_archive, verify_archive
from escalon.casebook.backup import back_up, check_backup, restore
from escalon.casebook.chain import verify
from escalon.casebook.clock import SetClock
from escalon.casebook.errors import CasebookError
from escalon.casebook.location import create_casebook, open_casebook
from escalon.protocol import load_study
from escalon.protocol.answers import sign
from escalon.protocol.skeleton import copy_study, write_skeleton

__all__ = ["original"]

PASSPHRASE = "six words that nobody else has written"


class CutOff(Exception):
    """Somebody pulled the plug."""


def cut_off(*given: object, **named: object) -> None:
    raise CutOff


def at_once(*works: Callable[[], object]) -> list[Exception | None]:
    """Each work in a thread of its own, begun together; what became of each."""
    came: list[Exception | None] = [None] * len(works)
    ready = threading.Barrier(len(works))

    def run(place: int, work: Callable[[], object]) -> None:
        ready.wait()
        try:
            work()
        except Exception as error:  # every kind is looked at below
            came[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(works)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return came


def refused(came: list[Exception | None]) -> int:
    """How many were refused in words; no other error is an answer."""
    said = [one for one in came if one is not None]
    assert all(isinstance(one, CasebookError | FileExistsError) for one in said), said
    return len(said)


def nothing_beside(folder: Path, *there: str) -> None:
    assert sorted(one.name for one in folder.iterdir()) == sorted(there)


def test_two_archives_into_one_folder(original: Path, tmp_path: Path) -> None:
    casebooks = [opened(original, read_only=False) for _ in range(2)]
    to = tmp_path / "out" / "archive"
    assert refused(at_once(*(lambda one=one: make_archive(one, to) for one in casebooks))) == 1  # type: ignore[misc]
    assert verify_archive(to).is_whole
    nothing_beside(to.parent, "archive")
    for one in casebooks:
        one.close()


def test_two_backups_into_one_file(original: Path, tmp_path: Path) -> None:
    to = tmp_path / "out" / "book.escalon"
    assert refused(at_once(*[lambda: back_up(original, to, PASSPHRASE)] * 2)) == 1
    check_backup(to, PASSPHRASE)
    nothing_beside(to.parent, "book.escalon")


def test_a_backup_that_was_cut_off_does_not_stand_in_the_way_of_the_next(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "out" / "book.escalon"
    with monkeypatch.context() as patched:
        patched.setattr(copying, "_keys", cut_off)
        with pytest.raises(CutOff):
            back_up(original, to, PASSPHRASE)
    assert not to.exists()
    back_up(original, to, PASSPHRASE)
    nothing_beside(to.parent, "book.escalon")


def test_an_archive_that_was_cut_off_is_not_there(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    casebook = opened(original, read_only=False)
    monkeypatch.setattr(archiving, "_write_sums", cut_off)
    with pytest.raises(CutOff):
        make_archive(casebook, tmp_path / "out" / "archive")
    nothing_beside(tmp_path / "out")
    casebook.close()


def test_two_restores_into_one_folder(original: Path, tmp_path: Path) -> None:
    backup, folder = tmp_path / "book.escalon", tmp_path / "out" / "again"
    back_up(original, backup, PASSPHRASE)
    assert refused(at_once(*[lambda: restore(backup, folder, PASSPHRASE)] * 2)) == 1
    nothing_beside(folder.parent, "again")
    again = open_casebook(folder, clock=SetClock(START))
    assert verify(again).is_whole
    again.close()


def test_a_restore_that_was_cut_off_leaves_no_casebook(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entries are there before its keys and names are: half of it would open, and be verified as whole."""
    backup, folder = tmp_path / "book.escalon", tmp_path / "out" / "again"
    back_up(original, backup, PASSPHRASE)
    monkeypatch.setattr(copying, "_put_rest", cut_off)
    with pytest.raises(CutOff):
        restore(backup, folder, PASSPHRASE)
    nothing_beside(folder.parent)


def test_an_archive_taken_up_half_leaves_no_casebook(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    casebook, papers = opened(original, read_only=False), tmp_path / "papers"
    make_archive(casebook, papers)
    casebook.close()
    monkeypatch.setattr(archiving, "put_entries", cut_off)
    with pytest.raises(CutOff):
        import_archive(papers, tmp_path / "out" / "again")
    nothing_beside(tmp_path / "out")


def test_two_casebooks_are_not_made_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "book"

    def make() -> None:
        create_casebook(folder, study="trial", study_version="1", clock=SetClock(START)).close()

    assert refused(at_once(make, make)) == 1
    made = open_casebook(folder, clock=SetClock(START))
    assert verify(made).is_whole
    assert made.signer
    made.close()
    nothing_beside(folder.parent, "book")


def test_two_who_sign_the_assumptions_of_one_study_are_both_kept(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    copy_study("nct07052565", folder)
    ids = [one.id for one in load_study(folder).assumptions][:6]
    names = [f"Person {number}" for number in range(len(ids))]
    came = at_once(
        *(lambda one=one, by=by: sign(folder, [one], by, START.date()) for one, by in zip(ids, names, strict=True))  # type: ignore[misc]
    )
    assert came == [None] * len(ids)
    said = (folder / "answers.toml").read_text(encoding="utf-8")
    assert [said.count(f'"{by}"') for by in names] == [1] * len(ids)


def test_a_study_is_not_written_into_by_two(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    came = [one for one in at_once(*[lambda: write_skeleton(folder)] * 2) if one is not None]
    assert [type(one).__name__ for one in came] == ["StudyError"]
    load_study(folder)
    nothing_beside(tmp_path, "study")
