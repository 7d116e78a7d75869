"""Whatever is changed behind the application's back, verification names the first bad entry."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.casebook.conftest import ANNA
from tests.casebook.test_entries import alt

from escalon.casebook import verify_alone
from escalon.casebook.canonical import NOTHING_BEFORE, entry_hash
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import parse_anchor, verify
from escalon.casebook.checkpoints import sign_checkpoint, sign_head
from escalon.casebook.keys import Signer, make_keys
from escalon.casebook.location import find_casebook, open_casebook

COUNT = 250
Rows = list[tuple[int, str, str, str]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Casebook:
    from tests.casebook.conftest import START

    from escalon.casebook.clock import SetClock
    from escalon.casebook.location import create_casebook

    folder = tmp_path_factory.mktemp("tampering") / "book"
    book = create_casebook(folder, study="trial", study_version="1", clock=SetClock(START))
    while book.head.number < COUNT:
        book.append(ANNA, alt(str(book.head.number)))
    book.close()
    return book


def tampered(book: Casebook, change: Callable[[sqlite3.Connection], object]) -> int | None:
    """The first bad entry after a change made with every guard switched off, on a copy."""
    with tempfile.TemporaryDirectory() as folder:
        path = copied(book, Path(folder)) / "casebook.sqlite"
        raw = sqlite3.connect(path)
        guards = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            raw.execute(f"DROP TRIGGER {name}")
        change(raw)
        for _, sql in guards:
            raw.execute(sql)
        raw.commit()
        raw.close()
        return first_bad(path.parent)


def copied(book: Casebook, to: Path) -> Path:
    shutil.copytree(book.place, to / "copy")
    return to / "copy"


def first_bad(folder: Path) -> int | None:
    """The first bad entry according to Escalon, once the verifier for outsiders agrees that there is one."""
    book = open_casebook(folder, read_only=True)
    found = verify(book)
    book.close()
    alone, _ = verify_alone.verify(folder / "casebook.sqlite", {})
    assert (found.problem is None) == (alone is None), (found.problem, alone)
    return found.problem.number if found.problem else None


def test_an_untouched_casebook_is_whole(original: Casebook) -> None:
    assert tampered(original, lambda raw: None) is None


@settings(max_examples=60, deadline=None)
@given(number=st.integers(1, COUNT), where=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_byte_flipped_on_the_disk_is_found_where_it_is(
    original: Casebook, number: int, where: int, flip: int
) -> None:
    body = original.entry(number).body.encode()
    original.close()
    with tempfile.TemporaryDirectory() as folder:
        path = copied(original, Path(folder)) / "casebook.sqlite"
        content = bytearray(path.read_bytes())
        assert content.count(body) == 1
        content[content.index(body) + where % len(body)] ^= flip
        path.write_bytes(content)
        assert first_bad(path.parent) == number


@pytest.mark.parametrize("column", ["hash", "previous"])
@pytest.mark.parametrize("number", [1, 100, 137, COUNT])
def test_a_changed_hash_is_found_where_it_is(original: Casebook, column: str, number: int) -> None:
    change = f"UPDATE entries SET {column} = '{'0123456789abcdef' * 4}' WHERE number = {number}"
    assert tampered(original, lambda raw: raw.execute(change)) == number


@pytest.mark.parametrize("number", [1, 2, 99, 100, 101, COUNT - 1])
def test_a_dropped_entry_is_missed(original: Casebook, number: int) -> None:
    assert tampered(original, lambda raw: raw.execute(f"DELETE FROM entries WHERE number={number}")) == number


def test_a_dropped_entry_is_missed_even_when_the_rest_is_renumbered(original: Casebook) -> None:
    def change(raw: sqlite3.Connection) -> None:
        raw.execute("DELETE FROM entries WHERE number = 42")
        for number in range(43, COUNT + 1):
            raw.execute("UPDATE entries SET number = ? WHERE number = ?", (number - 1, number))

    assert tampered(original, change) == 42


def test_an_inserted_entry_is_seen(original: Casebook) -> None:
    def change(raw: sqlite3.Connection) -> None:
        for number in range(COUNT, 41, -1):
            raw.execute("UPDATE entries SET number = ? WHERE number = ?", (number + 1, number))
        previous, body = raw.execute("SELECT hash, body FROM entries WHERE number = 41").fetchone()
        row = (42, previous, entry_hash(42, previous, body), body)
        raw.execute("INSERT INTO entries (number, previous, hash, body) VALUES (?, ?, ?, ?)", row)

    assert tampered(original, change) == 43, "the forged entry follows; the next one does not follow from it"


def swap(raw: sqlite3.Connection, a: int, b: int) -> None:
    for old, new in ((a, -a), (b, a), (-a, b)):
        raw.execute("UPDATE entries SET number = ? WHERE number = ?", (new, old))


@pytest.mark.parametrize(("a", "b"), [(10, 11), (5, 200), (1, 2), (COUNT - 1, COUNT)])
def test_swapped_entries_are_seen_at_the_first(original: Casebook, a: int, b: int) -> None:
    assert tampered(original, lambda raw: swap(raw, a, b)) == a


def test_swapped_contents_are_seen_at_the_first(original: Casebook) -> None:
    def change(raw: sqlite3.Connection) -> None:
        bodies = dict(raw.execute("SELECT number, body FROM entries WHERE number IN (20, 30)"))
        raw.execute("UPDATE entries SET body = ? WHERE number = 20", (bodies[30],))
        raw.execute("UPDATE entries SET body = ? WHERE number = 30", (bodies[20],))

    assert tampered(original, change) == 20


@pytest.mark.parametrize("keep", [0, 1, 150, 200, COUNT - 1])
def test_a_truncated_record_is_seen(original: Casebook, keep: int) -> None:
    assert tampered(original, lambda raw: raw.execute(f"DELETE FROM entries WHERE number > {keep}")) == keep + 1


def test_truncation_shows_even_if_the_head_is_turned_back_to_an_old_checkpoint(original: Casebook) -> None:
    def change(raw: sqlite3.Connection) -> None:
        raw.execute("DELETE FROM entries WHERE number > 100")
        raw.execute(
            "UPDATE head SET (number, hash, at, signature) ="
            " (SELECT entry, hash, at, signature FROM checkpoints WHERE entry = 100)"
        )

    assert tampered(original, change) == 101, "the checkpoint at 200 still stands"


def rewrite(raw: sqlite3.Connection, from_number: int) -> tuple[int, str]:
    """What someone with the database, but without the key, can do: change an entry and mend every hash after it."""
    rows = raw.execute("SELECT number, previous, hash, body FROM entries ORDER BY number").fetchall()
    before = NOTHING_BEFORE
    for number, _, hashed, body in rows:
        if number == from_number:
            body = body.replace('"person":"anna"', '"person":"eve"').replace("escalon", "escalom")
        if number >= from_number:
            hashed = entry_hash(number, before, body)
            row = (before, hashed, body, number)
            raw.execute("UPDATE entries SET previous = ?, hash = ?, body = ? WHERE number = ?", row)
        before = hashed
    return COUNT, before


@pytest.mark.parametrize(("changed", "named"), [(150, 101), (50, 1), (230, 201)])
def test_a_record_rewritten_with_mended_hashes_fails_after_its_last_good_checkpoint(
    original: Casebook, changed: int, named: int
) -> None:
    assert tampered(original, lambda raw: rewrite(raw, changed)) == named


def test_a_rewritten_record_signed_with_another_key_fails_at_the_first_checkpoint(
    original: Casebook, tmp_path: Path
) -> None:
    forger: Signer = make_keys(tmp_path / "forged")[0]

    def change(raw: sqlite3.Connection) -> None:
        number, hashed = rewrite(raw, 150)
        for entry, at in raw.execute("SELECT entry, at FROM checkpoints").fetchall():
            mended = raw.execute("SELECT hash FROM entries WHERE number = ?", (entry,)).fetchone()[0]
            forged = sign_checkpoint(forger, entry, mended, at)
            values = (forged.hash, forged.key, forged.signature, entry)
            raw.execute("UPDATE checkpoints SET hash = ?, key = ?, signature = ? WHERE entry = ?", values)
        at = raw.execute("SELECT at FROM head").fetchone()[0]
        head = sign_head(forger, number, hashed, at)
        raw.execute("UPDATE head SET number = ?, hash = ?, signature = ?", (number, hashed, head.signature))

    assert tampered(original, change) == 100


def test_a_report_in_the_hand_unmasks_a_record_forged_from_the_first_entry(original: Casebook) -> None:
    number, hashed = parse_anchor(str(original.head))
    assert verify(original, anchors=[(number, hashed)]).is_whole
    assert verify(original, anchors=[(number, "0" * 64)]).problem is not None
    assert verify(original, key="0" * 64).problem is not None
    assert verify(original, key=original.public_key).is_whole
    with pytest.raises(ValueError, match="write NUMBER:HASH"):
        parse_anchor("100")


def test_a_missing_guard_is_reported(original: Casebook, tmp_path: Path) -> None:
    folder = copied(original, tmp_path)
    raw = sqlite3.connect(folder / "casebook.sqlite")
    raw.execute("DROP TRIGGER entries_never_updated")
    raw.commit()
    raw.close()
    book = open_casebook(folder, read_only=True)
    assert "entries_never_updated is missing" in str(verify(book).problem)
    book.close()


def test_entries_without_the_key_are_seen(original: Casebook) -> None:
    def change(raw: sqlite3.Connection) -> None:
        previous, body = raw.execute("SELECT hash, body FROM entries ORDER BY number DESC LIMIT 1").fetchone()
        row = (COUNT + 1, previous, entry_hash(COUNT + 1, previous, body), body)
        raw.execute("INSERT INTO entries (number, previous, hash, body) VALUES (?, ?, ?, ?)", row)

    assert tampered(original, change) == COUNT + 1


def test_the_verifier_for_outsiders_runs_alone(original: Casebook, tmp_path: Path) -> None:
    """Isolated from every installed package, Escalon included."""
    script = tmp_path / "verify_alone.py"
    script.write_bytes(Path(verify_alone.__file__).read_bytes())
    book = find_casebook(Path(original.place)).folder / "casebook.sqlite"
    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(book), str(original.head)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"whole: {COUNT} entries, 2 checkpoints" in ran.stdout
    wrong = subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(book), f"7:{'0' * 64}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (wrong.returncode, "NOT WHOLE: entry 7" in wrong.stdout) == (1, True)


def test_its_signatures_agree_with_rfc_8032() -> None:
    """Section 7.1, tests 1 to 3."""
    vectors = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ]
    for key, message, signature in vectors:
        text = bytes.fromhex(message).decode()
        assert verify_alone.is_signed(key, signature, text)
        assert not verify_alone.is_signed(key, signature, text + " ")
        assert not verify_alone.is_signed(key, signature[:-2] + "01", text)


@given(st.text(max_size=20), st.integers(0, 127))
def test_its_signatures_agree_with_the_library(text: str, flip: int) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    signature = bytearray.fromhex(signer.sign(text))
    assert verify_alone.is_signed(signer.public_key, signature.hex(), text)
    signature[flip % 64] ^= 1
    assert not verify_alone.is_signed(signer.public_key, signature.hex(), text)
