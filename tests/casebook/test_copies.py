"""Backup, restore, archive and re-import end with the digest they began with; identities stay sealed throughout."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.casebook.conftest import ANNA
from tests.casebook.test_entries import alt
from tests.casebook.trial import CARLA, Trial

from escalon.casebook import sealed_file
from escalon.casebook.archive import import_archive, make_archive
from escalon.casebook.backup import back_up, check_backup, digest_of_casebook, restore
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import verify
from escalon.casebook.database import open_database
from escalon.casebook.errors import CasebookError, ChainBroken, NotACasebook, StorageDamaged, WrongKey
from escalon.casebook.identifiers import IdentifierStore, Identity
from escalon.casebook.keys import SEALING_KEY, Seal
from escalon.casebook.location import find_casebook, open_casebook, open_seal
from escalon.conduct.record.accounts import take_over
from escalon.conduct.record.identities import keep_identity
from escalon.history.events import EntryAnnulled, FactCorrected, FactRecorded, IdentifierSealed, Observation

PHRASE = "a passphrase nobody guesses"
NAME = "Zuzana Unmistakable"


@pytest.fixture(autouse=True)
def quick_key_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    """scrypt at a thousandth of its cost: what is tested here is not its cost."""
    monkeypatch.setitem(sealed_file.COST, "n", 1 << 7)


def test_the_passphrase_is_stretched_as_recommended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert sealed_file.COST == {"n": 131072, "r": 8, "p": 1}


@contextmanager
def identities(folder: Path) -> Iterator[IdentifierStore]:
    engine = open_database(find_casebook(folder).identifiers)
    try:
        yield IdentifierStore(engine, open_seal(folder), str(folder))
    finally:
        engine.dispose()


@pytest.fixture
def book(casebook: Casebook) -> Casebook:
    """A casebook on each database with people, facts, a correction, an annulment and an identity."""
    trial = Trial(casebook)
    trial.enter("P-1")
    typed = Observation(name="alt", value="3.1", unit="U/L", day="2026-03-01", source='3,1\n"x"')
    number = trial.record(CARLA, FactRecorded(participant="P-1", fact=typed)).number
    fact = Observation(name="alt", value="31", unit="U/L", day="2026-03-01")
    trial.record(CARLA, FactCorrected(participant="P-1", corrects=number, fact=fact, reason="comma"))
    twice = trial.record(CARLA, alt("31", "P-1")).number
    trial.record(CARLA, EntryAnnulled(participant="P-1", annuls=twice, reason="entered twice"))
    while casebook.head.number < 150:
        casebook.append(ANNA, alt("7", "P-1"))
    with identities(Path(casebook.place)) as store:
        keep_identity(trial.conduct, store, CARLA, "P-1", Identity(NAME, "+00 1234567"))
    return casebook


def test_a_backup_restores_onto_an_empty_machine_with_equal_digest(book: Casebook, tmp_path: Path) -> None:
    folder, file = Path(book.place), tmp_path / "book.backup"
    expected = digest_of_casebook(folder)
    made = back_up(folder, file, PHRASE)
    assert made == expected == check_backup(file, PHRASE)
    assert restore(file, tmp_path / "restored", PHRASE) == expected
    restored = open_casebook(tmp_path / "restored")
    assert verify(restored).is_whole
    bodies = [[entry.body for entry in one.entries(upto=made.entries)] for one in (restored, book)]
    assert bodies[0] == bodies[1]
    restored.append(ANNA, alt("8", "P-1"))
    assert verify(restored).is_whole, "and goes on being written"
    restored.close()
    with identities(tmp_path / "restored") as store:
        kept = next(book.entries(kinds=["IdentifierSealed"])).event
        assert isinstance(kept, IdentifierSealed)
        assert store.open("P-1", kept.digest).name == NAME
    assert next(book.entries(kinds=["BackupMade"])).event.digest == expected.digest  # type: ignore[attr-defined]


@pytest.mark.postgres
def test_a_backup_of_sqlite_restores_on_postgresql(sqlite_casebook: Casebook, tmp_path: Path, postgres: object) -> None:
    for number in range(120):
        sqlite_casebook.append(ANNA, alt(str(number)))
    made = back_up(Path(sqlite_casebook.place), tmp_path / "b", PHRASE)
    app, owner = postgres.casebook_database()  # type: ignore[attr-defined]
    assert restore(tmp_path / "b", tmp_path / "restored", PHRASE, database=app, owner=owner) == made
    restored = open_casebook(tmp_path / "restored")
    assert verify(restored).is_whole
    restored.close()


def test_a_backup_opens_with_its_passphrase_only_and_shows_every_change(book: Casebook, tmp_path: Path) -> None:
    file = tmp_path / "book.backup"
    back_up(Path(book.place), file, PHRASE)
    content = file.read_bytes()
    assert NAME.encode() not in content
    assert b"ParticipantConsented" not in content
    with pytest.raises(WrongKey, match="the passphrase is wrong"):
        check_backup(file, "another")
    for where in (len(content) // 2, len(content) - 1, 5):
        damaged = bytearray(content)
        damaged[where] ^= 1
        file.write_bytes(damaged)
        with pytest.raises((WrongKey, StorageDamaged)):
            check_backup(file, PHRASE)
    file.write_bytes(content[:-40])
    with pytest.raises((WrongKey, StorageDamaged)):
        restore(file, tmp_path / "never", PHRASE)
    assert not (tmp_path / "never").exists(), "nothing is made from a backup that does not verify"


def test_a_backup_is_never_written_over(sqlite_casebook: Casebook, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("precious")
    with pytest.raises(CasebookError, match="never written over"):
        back_up(Path(sqlite_casebook.place), tmp_path / "there", PHRASE)
    assert (tmp_path / "there").read_text() == "precious"


def test_a_casebook_is_never_restored_over_another(sqlite_casebook: Casebook, tmp_path: Path) -> None:
    back_up(Path(sqlite_casebook.place), tmp_path / "b", PHRASE)
    with pytest.raises(NotACasebook, match="not empty"):
        restore(tmp_path / "b", Path(sqlite_casebook.place), PHRASE)


def test_an_archive_is_readable_and_verifiable_without_escalon(book: Casebook, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    made = make_archive(book, archive)
    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(archive / "verify_alone.py"), str(archive)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert f"{made.entries} entries" in ran.stdout
    sums = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=archive, check=False)
    assert sums.returncode == 0
    with (archive / "audit.csv").open(newline="") as file:
        audit = list(csv.DictReader(file))
    assert len(audit) == made.entries
    with (archive / "facts.csv").open(newline="") as file:
        facts = list(csv.DictReader(file))
    current = [entry for entry in book.entries() if isinstance(entry.event, FactRecorded)]
    assert len(facts) == len(current) - 1, "one was annulled"
    assert facts[0]["value"] == "31", "and one stands corrected"
    assert (archive / "casebook.pdf").read_bytes().startswith(b"%PDF")
    with (archive / "dictionary.csv").open(newline="") as file:
        described = {(row["file"], row["column"]) for row in csv.DictReader(file)}
    for path in [*archive.glob("*.csv"), *(archive / "tables").glob("*.csv")]:
        name = path.relative_to(archive).as_posix()
        with path.open(newline="") as file:
            for column in next(csv.reader(file)):
                assert name == "dictionary.csv" or (name, column) in described
    for path in archive.rglob("*"):
        assert path.is_dir() or NAME.encode() not in path.read_bytes()


def test_an_archive_is_imported_again_with_equal_digest(book: Casebook, tmp_path: Path) -> None:
    made = make_archive(book, tmp_path / "archive")
    assert import_archive(tmp_path / "archive", tmp_path / "again") == made
    again = open_casebook(tmp_path / "again")
    assert (again.head.number, again.head.hash) == (made.entries, made.ends_in)
    assert verify(again).is_whole
    with pytest.raises(WrongKey, match="escalon user recover"):
        again.append(ANNA, alt())
    take_over(again)
    again.append(ANNA, alt("9", "P-1"))
    found = verify(again)
    assert found.problem is not None, "nobody vouches for the new key"
    assert (found.problem.number, "the key before did not agree" in found.problem.says) == (made.entries + 1, True)
    assert verify(again, anchors=[(made.entries + 1, again.entry(made.entries + 1).hash)]).is_whole
    assert verify(again, key=again.public_key).is_whole
    assert not verify(again, key=book.public_key).is_whole
    assert make_archive(again, tmp_path / "second").entries == made.entries + 3
    again.close()


def test_a_changed_archive_is_refused_and_names_the_file(sqlite_casebook: Casebook, tmp_path: Path) -> None:
    for number in range(120):
        sqlite_casebook.append(ANNA, alt(str(number)))
    archive = tmp_path / "archive"
    make_archive(sqlite_casebook, archive)
    (archive / "facts.csv").write_text("participant,fact\n")
    with pytest.raises(ChainBroken, match=r"facts\.csv was changed"):
        import_archive(archive, tmp_path / "again")


def test_the_wrong_sealing_key_opens_no_name(sqlite_casebook: Casebook) -> None:
    folder = Path(sqlite_casebook.place)
    with identities(folder) as store:
        one, two = store.keep("P-1", Identity(NAME)), store.keep("P-2", Identity("Another"))
        assert (store.open("P-1", one).name, store.open("P-2", two).name) == (NAME, "Another")
        other = IdentifierStore(store.engine, Seal(b"x" * 32), str(folder))
        with pytest.raises(WrongKey, match="does not open identity of participant P-1"):
            other.open("P-1", one)
        sealed = {row["participant"]: row["sealed"] for row in store.sealed()}
        moved = IdentifierStore(store.engine, store.seal, str(folder))
        with pytest.raises(WrongKey):
            moved.seal.open(sealed["P-2"], "identity of participant P-1")
    raw = (folder / "identifiers.sqlite").read_bytes() + (folder / "casebook.sqlite").read_bytes()
    assert NAME.encode() not in raw
    (folder / "keys" / SEALING_KEY).write_text("not a key")
    with pytest.raises(WrongKey, match="not a sealing key"):
        open_seal(folder)


def test_an_identity_says_nothing_when_printed() -> None:
    assert NAME not in repr(Identity(NAME, "x")) + str(Identity(NAME, "x")) + f"{Identity(NAME, 'x')}"


def test_another_casebooks_signing_key_can_read_and_not_write(sqlite_casebook: Casebook, tmp_path: Path) -> None:
    from escalon.casebook.keys import SIGNING_KEY, make_keys

    folder = Path(sqlite_casebook.place)
    make_keys(tmp_path / "other")
    (folder / "keys" / SIGNING_KEY).write_bytes((tmp_path / "other" / SIGNING_KEY).read_bytes())
    opened = open_casebook(folder)
    assert verify(opened).is_whole
    with pytest.raises(WrongKey, match="is not this casebook's"):
        opened.append(ANNA, alt())
    opened.close()


def test_a_signing_key_under_a_passphrase_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from escalon.casebook.keys import load_signer, make_keys

    made, _ = make_keys(tmp_path / "keys", "phrase")
    with pytest.raises(WrongKey, match="ESCALON_KEY_PASSPHRASE"):
        load_signer(tmp_path / "keys")
    loaded = load_signer(tmp_path / "keys", "phrase")
    assert loaded is not None
    assert loaded.public_key == made.public_key
