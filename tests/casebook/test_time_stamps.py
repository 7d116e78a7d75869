"""A time stamp of an authority holds the record to what it was, even against somebody who holds its key and its witness's."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.casebook.authority import make_authority, standing
from tests.casebook.conftest import START
from tests.casebook.test_attacks import by_command, opened, original
from tests.casebook.test_attacks import change as changed
from tests.casebook.test_entries import alt
from tests.casebook.trial import CARLA

from escalon.casebook.canonical import entry_hash
from escalon.casebook.checkpoints import sign_head
from escalon.casebook.errors import StorageFailed
from escalon.casebook.keys import Signer, load_signer
from escalon.casebook.time_stamp import ask, roots_of, stamps_of
from escalon.casebook.witness import KEY, PUBLIC, observe

__all__ = ["original"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Its address and the file of its root certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command: apt-get install openssl")
    folder = tmp_path_factory.mktemp("authority") / "tsa"
    root = make_authority(folder, "Test authority")
    with standing(folder) as address:
        yield address, root


@pytest.fixture
def book(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "book"))


@pytest.fixture
def stamped(book: Path, tmp_path: Path, authority: tuple[str, Path]) -> Path:
    """A witness that saw the casebook, with a time stamp; the casebook has grown since."""
    witness = tmp_path / "witness"
    said = by_command("witness", str(witness), str(book), "--time-stamp", authority[0])
    assert (said.exit_code, "time stamp " in said.output) == (0, True), said.output
    casebook = opened(book, read_only=False)
    casebook.append(CARLA, alt("1", "P-1"))
    casebook.close()
    return witness


def test_a_time_stamp_says_when_the_record_stood_so(book: Path, stamped: Path, authority: tuple[str, Path]) -> None:
    words = ("verify", str(book), "--witness", str(stamped), "--time-stamps", str(authority[1]))
    said = by_command(*words)
    assert said.exit_code == 0, said.output
    assert "stamped by CN=Test authority" in said.output
    told = json.loads(by_command(*words, "--json").stdout)
    [(number, says)] = told["time_stamps"].items()
    assert int(number) == int(told["ends_in"].split(":")[0]) - 1
    assert says.startswith("it stood so at 20")


def judged_otherwise(raw: sqlite3.Connection, own: Signer) -> None:
    """The toxicity that was judged last was none, says who holds the casebook's key."""
    number, before, body = raw.execute(
        "SELECT number, previous, body FROM entries WHERE kind = 'DltAdjudicated' ORDER BY number DESC"
    ).fetchone()
    bodies = [body.replace('"is_dlt":true', '"is_dlt":false')]
    bodies += [one for (one,) in raw.execute("SELECT body FROM entries WHERE number > ? ORDER BY number", (number,))]
    at = raw.execute("SELECT at FROM head").fetchone()[0]
    for place, said in enumerate(bodies, number):
        hashed = entry_hash(place, before, said)
        raw.execute(
            "UPDATE entries SET previous = ?, hash = ?, body = ? WHERE number = ?", (before, hashed, said, place)
        )
        before = hashed
    head = sign_head(own, place, before, at)
    raw.execute("UPDATE head SET hash = ?, signature = ?", (head.hash, head.signature))


def test_who_holds_the_key_and_the_witness_cannot_rewrite_what_was_stamped(
    book: Path, stamped: Path, authority: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = load_signer(book / "keys")
    assert own is not None
    changed(book, lambda raw: judged_otherwise(raw, own))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another computer"))
    forged = tmp_path / "forged"
    forged.mkdir()
    for name in (KEY, PUBLIC):
        shutil.copy(stamped / name, forged)
    assert by_command("witness", str(forged), str(book)).exit_code == 0, "the witness's own key signs the rewritten end"
    for path in stamped.glob("*.tsr"):
        shutil.copy(path, forged)
    words = ("verify", str(book), "--witness", str(forged))
    assert by_command(*words).exit_code == 0, "nothing else shows it"
    said = by_command(*words, "--time-stamps", str(authority[1]))
    assert (said.exit_code, "the time stamp kept of it does not say so" in said.output) == (1, True), said.output


def test_a_record_that_ends_before_a_time_stamp_is_cut(
    original: Path,
    book: Path,
    stamped: Path,
    authority: tuple[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another computer"))
    observe(stamped, book, START)
    [kept] = stamped.glob("*.tsr")
    number = int(kept.stem.rpartition("-")[2])
    kept.rename(kept.with_name(kept.name.replace(f"-{number}.", f"-{number + 5}.")))
    [late] = stamps_of(stamped, book, roots_of(authority[1]))
    assert late.wrong == "it is missing: a time stamp was given of it"


def test_an_authority_nobody_named_proves_nothing(
    book: Path, stamped: Path, tmp_path: Path, authority: tuple[str, Path]
) -> None:
    other = make_authority(tmp_path / "other", "Another authority")
    said = by_command("verify", str(book), "--witness", str(stamped), "--time-stamps", str(other))
    assert (said.exit_code, "does not say so" in said.output) == (1, True), said.output
    [kept] = stamped.glob("*.tsr")
    kept.write_bytes(b"no reply at all")
    said = by_command("verify", str(book), "--witness", str(stamped), "--time-stamps", str(authority[1]))
    assert (said.exit_code, "does not say so" in said.output) == (1, True), said.output


def test_what_is_missing_is_said(book: Path, stamped: Path, tmp_path: Path, authority: tuple[str, Path]) -> None:
    root = str(authority[1])
    assert "--witness WITNESS too" in by_command("verify", str(book), "--time-stamps", root).output
    none = by_command("verify", str(book), "--witness", str(stamped), "--time-stamps", str(book / "casebook.toml"))
    assert (none.exit_code, "no certificates" in none.output) == (2, True)
    plain = tmp_path / "plain"
    assert by_command("witness", str(plain), str(book)).exit_code == 0
    without = by_command("verify", str(book), "--witness", str(plain), "--time-stamps", root)
    assert (without.exit_code, "keeps no time stamp" in without.output) == (2, True)
    for address in ("http://127.0.0.1:9/", "ftp://127.0.0.1/stamp"):
        refused = by_command("witness", str(tmp_path / "w"), str(book), "--time-stamp", address)
        assert (refused.exit_code, bool(refused.output)) == (2, True), refused.output
    with pytest.raises(StorageFailed, match="gave no time stamp"):
        ask("http://127.0.0.1:9/", b"x")
