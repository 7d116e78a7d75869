"""A witness under attack: two forks shown to it at once, its statements cut, moved and mixed, a copy that takes another name."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.casebook.conftest import START
from tests.casebook.test_attacks import by_command, opened, original
from tests.casebook.test_entries import alt
from tests.casebook.trial import CARLA

from escalon.casebook.archive import make_archive
from escalon.casebook.backup import back_up, restore
from escalon.casebook.errors import CasebookError, ChainBroken
from escalon.casebook.witness import KEY, anchors_of, observe, parts_from

__all__ = ["original"]

PASSPHRASE = "six words that nobody else has written"


@pytest.fixture(autouse=True)
def another_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another computer"))


@pytest.fixture
def book(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "book"))


def grown(folder: Path, *values: str) -> Path:
    casebook = opened(folder, read_only=False)
    casebook.mark = None
    for value in values:
        casebook.append(CARLA, alt(value, "P-1"))
    casebook.close()
    return folder


def forks(book: Path, tmp_path: Path, many: int) -> list[Path]:
    """Copies of one casebook that went on apart, each under the casebook's own key."""
    return [grown(Path(shutil.copytree(book, tmp_path / f"fork {one}")), f"{one}1", f"{one}2") for one in range(many)]


def statements(witness: Path) -> list[dict[str, object]]:
    [file] = witness.glob("*.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_of_forks_shown_at_once_a_witness_signs_one(book: Path, tmp_path: Path) -> None:
    witness, signed = tmp_path / "witness", []
    observe(witness, book, START)

    def show(fork: Path) -> None:
        try:
            signed.append(observe(witness, fork, START))
        except ChainBroken:
            signed.append(None)

    shown = [threading.Thread(target=show, args=(one,)) for one in forks(book, tmp_path, 4)]
    for one in shown:
        one.start()
    for one in shown:
        one.join()
    assert [bool(one) for one in signed].count(True) == 1
    assert len(statements(witness)) == 2


@pytest.mark.parametrize("order", [[1, 0], [1], [1, 0, 0], [0, 1, 0]])
def test_statements_in_another_order_say_no_less(book: Path, tmp_path: Path, order: list[int]) -> None:
    """Who may write into a witness's folder and has not its key would let an older statement stand last."""
    witness = tmp_path / "witness"
    older = Path(shutil.copytree(book, tmp_path / "older"))
    observe(witness, book, START)
    observe(witness, grown(book, "1"), START)
    [file] = witness.glob("*.jsonl")
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join(lines[one] for one in order) + b"\n")
    said = by_command("verify", str(older), "--witness", str(witness))
    assert (said.exit_code, "truncated" in said.output) == (1, True), said.output
    with pytest.raises(ChainBroken):
        observe(witness, older, START)
    assert by_command("verify", str(book), "--witness", str(witness)).exit_code == 0


def test_a_witness_that_was_cut_off_says_what_it_said_before(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = tmp_path / "witness"
    first = observe(witness, book, START)
    before = statements(witness)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda file: (_ for _ in ()).throw(OSError("power")))
        with pytest.raises(OSError, match="power"):
            observe(witness, grown(book, "1"), START)
    assert statements(witness) == before
    assert observe(witness, book, START).number == first.number + 1


MIXED: dict[str, Callable[[Path, Path], object]] = {
    "of another witness": lambda mine, theirs: shutil.copy(theirs, mine),
    "of another casebook": lambda mine, theirs: mine.write_text(
        mine.read_text().replace('"casebook": "', '"casebook": "x')
    ),
    "half a line": lambda mine, theirs: mine.write_bytes(mine.read_bytes()[:-40]),
    "no text": lambda mine, theirs: mine.write_bytes(b"\xff\xfe\n"),
    "a list": lambda mine, theirs: mine.write_text("[1, 2]\n"),
    "one field more": lambda mine, theirs: mine.write_text(mine.read_text().replace("{", '{"more": 1, ', 1)),
    "another type": lambda mine, theirs: mine.write_text(mine.read_text().replace('"number": ', '"number": "', 1)),
    "another time": lambda mine, theirs: mine.write_text(mine.read_text().replace("2026-", "2025-", 1)),
    "very deep": lambda mine, theirs: mine.write_bytes(b"[" * 100_000 + b"\n"),
    "a pipe": lambda mine, theirs: (mine.unlink(), os.mkfifo(mine)),
    "a device": lambda mine, theirs: (mine.unlink(), mine.symlink_to("/dev/zero")),
    "a folder": lambda mine, theirs: (mine.unlink(), mine.mkdir()),
    "far too large": lambda mine, theirs: os.truncate(mine, 1 << 33),
}


@pytest.mark.parametrize("how", MIXED)
def test_what_the_witness_did_not_say_is_named(book: Path, tmp_path: Path, how: str) -> None:
    witness, other = tmp_path / "witness", tmp_path / "other"
    for one in (witness, other):
        observe(one, book, START)
    [mine], [theirs] = witness.glob("*.jsonl"), other.glob("*.jsonl")
    MIXED[how](mine, theirs)
    with pytest.raises((CasebookError, OSError)):
        anchors_of(witness, book)
    with pytest.raises((CasebookError, OSError)):
        observe(witness, grown(book, "1"), START)


@pytest.mark.parametrize("what", ["nothing", "cut", "rewritten"])
def test_a_copy_under_another_name_is_held_against_what_was_seen_before_it(
    book: Path, tmp_path: Path, what: str
) -> None:
    """Restoring gives a copy a name of its own, under which a witness has seen nothing."""
    witness, backup = tmp_path / "witness", tmp_path / "book.escalon"
    source = book if what != "rewritten" else forks(book, tmp_path, 1)[0]
    observe(witness, book, START)
    observe(witness, grown(book, "1"), START)
    if what == "nothing":
        source = book
    elif what == "cut":
        source = Path(shutil.copytree(book, tmp_path / "source"))
    back_up(source, backup, PASSPHRASE)
    restore(backup, tmp_path / "again", PASSPHRASE)
    said = by_command("verify", str(tmp_path / "again"), "--witness", str(witness))
    if what == "rewritten":
        assert (said.exit_code, "went on apart" in said.output) == (1, True), said.output
        with pytest.raises(ChainBroken):
            observe(witness, tmp_path / "again", START)
    else:
        assert (said.exit_code, "this is a restored copy" in said.output) == (0, True), said.output
        assert "seen here as far as" in str(parts_from(witness, tmp_path / "again"))


def test_an_archive_is_witnessed_as_its_casebook_is(book: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    casebook = opened(book, read_only=False)
    make_archive(casebook, tmp_path / "papers")
    casebook.close()
    assert observe(witness, tmp_path / "papers", START).number == observe(witness, book, START).number
    [fork] = forks(book, tmp_path, 1)
    observe(witness, grown(book, "7", "8"), START)
    said = by_command("verify", str(fork), "--witness", str(witness))
    assert (said.exit_code, "went on apart" in said.output) == (1, True), said.output
    late = by_command("verify", str(tmp_path / "papers"), "--witness", str(witness))
    assert (late.exit_code, "truncated" in late.output) == (1, True), "an archive ends where it was made"
    assert (witness / KEY).stat().st_mode & 0o077 == 0
