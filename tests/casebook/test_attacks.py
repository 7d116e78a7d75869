"""Whoever holds the file, the folder or an account, and what they would like to make of it: each attack on the record.

The record of these attacks has accounts, one infused person, a proposed dose-limiting toxicity, 120 facts, a signed entry
and the toxicity adjudicated last. Guards are dropped before a change and put back with their own text after it, so that
only the change itself can be found. Found means that verification names it; the command then ends with exit code 1.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.casebook.conftest import START
from tests.casebook.test_entries import alt
from tests.casebook.trial import CARLA, INES, STAN, Trial
from typer.testing import CliRunner, Result

from escalon.casebook import verify_alone
from escalon.casebook.archive import make_archive
from escalon.casebook.backup import back_up
from escalon.casebook.canonical import canonical, entry_hash, parse
from escalon.casebook.casebook import Casebook
from escalon.casebook.chain import Fault, verify
from escalon.casebook.checkpoints import sign_checkpoint, sign_head
from escalon.casebook.clock import SetClock
from escalon.casebook.errors import ChainBroken, StorageDamaged
from escalon.casebook.identifiers import IdentifierStore, Identity
from escalon.casebook.keys import SIGNING_KEY, Signer, make_keys
from escalon.casebook.location import change_key, create_casebook, open_casebook, open_identifiers, open_seal
from escalon.casebook.witness import anchors_of, observe, parts_from
from escalon.cli.main import app
from escalon.conduct.record.identities import keep_identity, open_identity
from escalon.history.events import DltAdjudicated, DltProposed, EntryCorrected, EntrySigned, FactRecorded, Observation

Change = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record that is attacked, closed."""
    folder = tmp_path_factory.mktemp("attacked") / "book"
    trial = Trial(create_casebook(folder, study="trial", study_version="1", clock=SetClock(START)))
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    trial.infuse("P-1", 1)
    proposed = trial.record(STAN, DltProposed(participant="P-1", is_dlt=True, because="CRS grade 4")).number
    for number in range(120):
        trial.record(CARLA, alt(str(number), "P-1"))
    trial.sign(CARLA, EntrySigned, "author", entry=proposed)
    trial.record(INES, DltAdjudicated(participant="P-1", is_dlt=True, because="as proposed", rests_on=(proposed,)))
    trial.casebook.close()
    return folder


@pytest.fixture
def book(original: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(original, tmp_path / "book"))


def opened(folder: Path, *, read_only: bool = True) -> Casebook:
    return open_casebook(folder, clock=SetClock(START), read_only=read_only)


def change(folder: Path, by: Change) -> None:
    """Change the database with every guard switched off, and switch them on again."""
    raw = sqlite3.connect(folder / "casebook.sqlite")
    guards = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        raw.execute(f"DROP TRIGGER {name}")
    by(raw)
    for _, sql in guards:
        raw.execute(sql)
    raw.commit()
    raw.close()


def problem(folder: Path, **known: object) -> Fault | None:
    casebook = opened(folder)
    try:
        return verify(casebook, **known).problem  # type: ignore[arg-type]
    finally:
        casebook.close()


def found(folder: Path, says: str, **known: object) -> int:
    """Verification must find what was done, in these words; returns the first bad entry."""
    at = problem(folder, **known)
    assert at is not None, "found nothing"
    assert says in at.says, at
    return at.number


def by_command(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


# -- a change of key ---------------------------------------------------------------------------------------------------


def rewritten_with_another_key(raw: sqlite3.Connection, forger: Signer, place: int) -> None:
    """From entry `place` on everything is said anew, with no toxicity, and signed by the forger, whose key comes first."""
    rows = raw.execute("SELECT number, body FROM entries ORDER BY number").fetchall()
    bodies = [body for _, body in rows]
    said = {**parse(bodies[1]), "event": "CheckpointKeyChanged", "new": {"public_key": forger.public_key}}
    later = [body.replace('"is_dlt":true', '"is_dlt":false') for body in bodies[place - 1 :]]
    bodies[place - 1 :] = [canonical(said), *later]
    raw.execute("DELETE FROM entries")
    before, hashes = "0" * 64, {}
    for number, body in enumerate(bodies, 1):
        hashes[number] = entry_hash(number, before, body)
        raw.execute(
            "INSERT INTO entries (number, previous, hash, body) VALUES (?, ?, ?, ?)",
            (number, before, hashes[number], body),
        )
        before = hashes[number]
    raw.execute("DELETE FROM checkpoints WHERE entry >= ?", (place,))
    at = raw.execute("SELECT at FROM head").fetchone()[0]
    for number in range(place, len(bodies) + 1):
        if verify_alone.is_due(number, bodies[number - 1]):
            kept = sign_checkpoint(forger, number, hashes[number], at)
            row = (kept.number, kept.hash, kept.at, kept.key, kept.signature)
            raw.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?)", row)
    head = sign_head(forger, len(bodies), before, at)
    raw.execute(
        "UPDATE head SET number = ?, hash = ?, at = ?, signature = ?", (head.number, head.hash, at, head.signature)
    )


@pytest.mark.parametrize("where", ["at the beginning", "just before the toxicity"])
def test_a_forger_cannot_give_the_record_a_key_of_their_own(book: Path, tmp_path: Path, where: str) -> None:
    forger, _ = make_keys(tmp_path / "forger")
    casebook = opened(book)
    toxic = next(casebook.entries(kinds=["DltProposed"])).number
    casebook.close()
    place = 3 if where == "at the beginning" else toxic
    change(book, lambda raw: rewritten_with_another_key(raw, forger, place))
    assert found(book, "the key before did not agree") == place
    alone, _ = verify_alone.verify(book / "casebook.sqlite", {})
    assert alone is not None
    assert "the key before did not agree" in alone


def test_a_key_that_was_exchanged_and_taken_over_is_told_with_the_entry(book: Path, tmp_path: Path) -> None:
    key = opened(book).public_key
    make_keys(tmp_path / "own")
    (book / "keys" / SIGNING_KEY).write_bytes((tmp_path / "own" / SIGNING_KEY).read_bytes())
    assert by_command("casebook", "new-key", str(book)).exit_code == 2, "who is there?"
    assert problem(book, key=key) is None
    taken = opened(book, read_only=False)
    last = taken.head.number
    change_key(taken, CARLA)
    taken.close()
    assert found(book, "the key before did not agree", key=key) == last + 1


def test_a_new_key_that_the_old_one_signed_goes_on_under_either(book: Path) -> None:
    casebook = opened(book, read_only=False)
    old = casebook.public_key
    new = change_key(casebook, CARLA)
    casebook.append(CARLA, alt("8", "P-1"))
    casebook.close()
    assert problem(book) is None
    assert problem(book, key=old) is None
    assert problem(book, key=new) is None
    assert found(book, "another casebook, or a rewritten one", key="0" * 64) == 1
    again = opened(book, read_only=False)
    again.append(CARLA, alt("9", "P-1"))
    again.close()


# -- the end -----------------------------------------------------------------------------------------------------------


def test_a_checkpoint_cannot_stand_for_the_end(book: Path) -> None:
    def cut(raw: sqlite3.Connection) -> None:
        last = raw.execute("SELECT max(entry) FROM checkpoints").fetchone()[0]
        raw.execute("DELETE FROM entries WHERE number > ?", (last,))
        row = raw.execute("SELECT entry, hash, at, signature FROM checkpoints WHERE entry = ?", (last,)).fetchone()
        raw.execute("UPDATE head SET number = ?, hash = ?, at = ?, signature = ?", row)

    change(book, cut)
    found(book, "not signed as the end")
    alone, _ = verify_alone.verify(book / "casebook.sqlite", {})
    assert alone is not None
    assert "signed as the end" in alone


def test_each_checkpoint_that_is_kept_is_missed(book: Path) -> None:
    casebook = opened(book)
    kept = [one.number for one in casebook.checkpoints()]
    casebook.close()
    assert len(kept) > 3
    for number in kept:
        copy = Path(shutil.copytree(book, book.parent / f"without-{number}"))
        change(copy, lambda raw, number=number: raw.execute("DELETE FROM checkpoints WHERE entry = ?", (number,)))  # type: ignore[misc]
        assert found(copy, "the checkpoint that was kept of this entry is missing") == number
        alone, _ = verify_alone.verify(copy / "casebook.sqlite", {})
        assert alone is not None
        assert f"entry {number}: the checkpoint" in alone


def test_a_missing_head_is_named_and_no_command_crashes(book: Path) -> None:
    change(book, lambda raw: raw.execute("DELETE FROM head"))
    said = by_command("verify", str(book))
    assert (said.exit_code, "the signed head is missing" in said.output) == (1, True)
    casebook = opened(book, read_only=False)
    with pytest.raises(StorageDamaged, match="the signed head is missing"):
        casebook.append(CARLA, alt("1"))
    casebook.close()


STORED_ODDLY = [
    "UPDATE head SET number = 'banana'",
    "UPDATE head SET hash = X'41', at = X'41'",
    "UPDATE head SET signature = X'00'",
    "UPDATE checkpoints SET hash = X'00'",
    "UPDATE entries SET body = '[]' WHERE number = 5",
    "UPDATE entries SET body = '{}' WHERE number = 5",
    "UPDATE entries SET body = CAST(body AS BLOB) WHERE number = 5",
]


@pytest.mark.parametrize("statement", STORED_ODDLY)
def test_what_is_stored_as_no_casebook_stores_it_is_named(book: Path, tmp_path: Path, statement: str) -> None:
    """SQLite keeps in a column whatever it is given: another type is damage like any other, and no archive is made of it."""
    change(book, lambda raw: raw.execute(statement))
    said = by_command("verify", str(book))
    assert (said.exit_code, "NOT WHOLE" in said.output) == (1, True), said.output
    casebook = opened(book, read_only=False)
    with pytest.raises((StorageDamaged, ChainBroken)):
        make_archive(casebook, tmp_path / "papers")
    casebook.close()
    with pytest.raises((StorageDamaged, ChainBroken)):
        back_up(book, tmp_path / "copy", "a passphrase that is long")
    assert not (tmp_path / "papers").exists()
    assert not (tmp_path / "copy").exists()


def test_entries_lost_with_the_log_are_missed(book: Path, tmp_path: Path) -> None:
    """A copy of the folder made while it was open, without the write-ahead log: this computer knows what it lacks."""
    casebook = opened(book, read_only=False)
    before = casebook.head.number
    for number in range(30):
        casebook.append(CARLA, alt(str(number), "P-1"))
    copy = Path(shutil.copytree(book, tmp_path / "copy"))
    casebook.close()
    for log in copy.glob("casebook.sqlite-*"):
        log.unlink()
    assert found(copy, f"missing: what this computer saw of it before reaches to entry {before + 30}") == before + 1
    assert "escalon backup copies it whole" in by_command("verify", str(copy)).output


def test_two_copies_that_both_went_on_are_told_apart(book: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(book, tmp_path / "copy"))
    for folder, value in ((book, "1"), (copy, "2")):
        casebook = opened(folder, read_only=False)
        casebook.append(CARLA, alt(value, "P-1"))
        casebook.close()
    assert problem(book) is None
    found(copy, "two copies of it went on apart; what this computer saw of it before has another hash")


# -- what the rules read -----------------------------------------------------------------------------------------------


def with_another_column(raw: sqlite3.Connection, column: str, says: str) -> None:
    raw.execute("PRAGMA writable_schema = ON")
    [sql] = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'entries'").fetchone()
    was = f"{column} TEXT GENERATED ALWAYS AS (json_extract(body, '$.{'event' if column == 'kind' else column}'))"
    assert was in sql
    forged = sql.replace(was, f"{column} TEXT GENERATED ALWAYS AS ({says})")
    raw.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'entries'", (forged,))
    raw.execute("PRAGMA writable_schema = RESET")
    raw.commit()
    raw.execute("REINDEX")


def test_a_toxicity_made_invisible_to_the_rules_is_found(book: Path) -> None:
    says = "CASE WHEN instr(body, 'Dlt') THEN 'FactRecorded' ELSE json_extract(body, '$.event') END"
    change(book, lambda raw: with_another_column(raw, "kind", says))
    found(book, "table entries was changed")


def test_entries_read_as_another_persons_are_found(book: Path) -> None:
    says = "replace(json_extract(body, '$.participant'), 'P-1', 'P-9')"
    change(book, lambda raw: with_another_column(raw, "participant", says))
    found(book, "table entries was changed")


def test_an_index_that_leaves_entries_out_is_found_under_its_own_text(book: Path) -> None:
    def thin(raw: sqlite3.Connection) -> None:
        [sql] = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_other_than_facts'").fetchone()
        raw.execute("DROP INDEX entries_other_than_facts")
        raw.execute(f"{sql} AND kind NOT IN ('DltProposed', 'DltAdjudicated')")
        raw.commit()
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'entries_other_than_facts'", (sql,))
        raw.execute("PRAGMA writable_schema = RESET")

    change(book, thin)
    found(book, "the database file is damaged: row")


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DROP TRIGGER entries_never_deleted", "trigger entries_never_deleted is missing"),
        (
            "CREATE TRIGGER entries_never_deleted BEFORE DELETE ON entries WHEN OLD.number < 0\n"
            "BEGIN SELECT RAISE(ABORT, 'casebook: entries are never deleted'); END",
            "trigger entries_never_deleted was changed",
        ),
        ("CREATE TRIGGER more BEFORE INSERT ON entries BEGIN SELECT 1; END", "trigger more was added"),
        ("CREATE VIEW more AS SELECT 1", "view more was added"),
    ],
)
def test_a_guard_is_compared_by_its_whole_text(book: Path, statement: str, says: str) -> None:
    raw = sqlite3.connect(book / "casebook.sqlite")
    if "entries_never_deleted BEFORE" in statement:
        raw.execute("DROP TRIGGER entries_never_deleted")
    raw.execute(statement)
    raw.commit()
    raw.close()
    found(book, says)


def test_nobody_goes_on_from_an_end_that_the_key_did_not_sign(book: Path) -> None:
    """An entry slipped in past Escalon would otherwise be signed with the next one that is recorded."""
    raw = sqlite3.connect(book / "casebook.sqlite")
    number, hashed = raw.execute("SELECT number, hash FROM head").fetchone()
    [body] = raw.execute("SELECT body FROM entries WHERE number = ?", (number,)).fetchone()
    slipped = entry_hash(number + 1, hashed, body)
    row = (number + 1, hashed, slipped, body)
    raw.execute("INSERT INTO entries (number, previous, hash, body) VALUES (?, ?, ?, ?)", row)
    raw.execute("UPDATE head SET number = ?, hash = ?", (number + 1, slipped))
    raw.commit()
    raw.close()
    casebook = opened(book, read_only=False)
    with pytest.raises(ChainBroken, match="not signed with the key at hand"):
        casebook.append(CARLA, alt("1"))
    casebook.close()
    assert found(book, "not signed as the end") == number + 1


# -- names kept apart --------------------------------------------------------------------------------------------------


def test_an_older_name_put_back_is_noticed(sqlite_casebook: Casebook) -> None:
    trial, folder = Trial(sqlite_casebook), Path(sqlite_casebook.place)
    trial.enter("P-1")
    store = IdentifierStore(open_identifiers(folder), open_seal(folder), str(folder))
    for name in ("Old Name", "New Name"):
        keep_identity(trial.conduct, store, CARLA, "P-1", Identity(name))
    assert open_identity(trial.conduct, store, INES, "P-1").name == "New Name"
    assert [one.author.person for one in sqlite_casebook.entries(kinds=["IdentityOpened"])] == ["ines"]
    sqlite_casebook.close()
    raw = sqlite3.connect(folder / "identifiers.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        raw.execute("DELETE FROM identifiers")
    for name in ("identifiers_never_UPDATEd", "identifiers_never_DELETEd"):
        raw.execute(f"DROP TRIGGER {name}")
    newest = sqlite_casebook.entries(kinds=["IdentifierSealed"])
    *_, last = newest
    old = raw.execute("SELECT sealed FROM identifiers WHERE digest <> ?", (last.event.digest,)).fetchone()  # type: ignore[attr-defined]
    raw.execute("UPDATE identifiers SET sealed = ? WHERE digest = ?", (*old, last.event.digest))  # type: ignore[attr-defined]
    raw.commit()
    raw.close()
    with pytest.raises(ChainBroken, match="not the one the record tells of"):
        open_identity(trial.conduct, store, INES, "P-1")
    store.engine.dispose()
    said = by_command("verify", str(folder))
    assert (said.exit_code, "the name kept for participant P-1" in said.output) == (1, True)


# -- archives ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def papers(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("papers") / "book"))
    casebook = opened(folder, read_only=False)
    make_archive(casebook, folder.parent / "archive")
    casebook.close()
    return folder.parent / "archive"


def sums_anew(archive: Path) -> None:
    """What a forger without the key can do: make the list of files anew."""
    kept = {verify_alone.LIST, verify_alone.SIGNATURE}
    files = sorted(path for path in archive.rglob("*") if path.is_file() and path.name not in kept)
    lines = [f"{verify_alone.digest_of(path)}  {path.relative_to(archive).as_posix()}\n" for path in files]
    (archive / verify_alone.LIST).write_text("".join(lines))


def signed_anew(archive: Path, keys: Path) -> None:
    """What a forger with the key can do."""
    from escalon.casebook.keys import load_signer

    signer = load_signer(keys)
    assert signer is not None
    number, hashed, *_ = json.loads((archive / "checkpoints.json").read_text())["head"]
    signature = signer.sign(verify_alone.list_statement(archive, number, hashed))
    (archive / verify_alone.SIGNATURE).write_text(signature)


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(archive: Path) -> None:
        path = archive / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return edit


def without_a_line(archive: Path) -> None:
    lines = (archive / "audit.csv").read_text().splitlines(keepends=True)
    (archive / "audit.csv").write_text("".join(lines[:40] + lines[41:]))


EDITS: list[tuple[str, Callable[[Path], None]]] = [
    ("facts.csv", replaced("facts.csv", ",7,", ",700,")),
    ("tables/DltAdjudicated.csv", replaced("tables/DltAdjudicated.csv", "True", "False")),
    ("audit.csv", without_a_line),
    ("signatures.csv", replaced("signatures.csv", "Cora Example", "Dora Example")),
]
PAPERS: list[tuple[str, Callable[[Path], None]]] = [
    ("dictionary.csv", replaced("dictionary.csv", "number of the entry", "number of the page")),
    ("public_key.txt", replaced("public_key.txt", "ed25519 ", "ed25519 0")),
    ("verify_alone.py", replaced("verify_alone.py", "NOT WHOLE: {problem}", "whole")),
    ("casebook.pdf", lambda archive: (archive / "casebook.pdf").write_bytes(b"%PDF-1.7 another") and None),
]


@pytest.mark.parametrize(("name", "edit"), PAPERS)
def test_a_page_is_written_anew_and_compared_even_if_the_forger_holds_the_key(
    papers: Path, original: Path, tmp_path: Path, name: str, edit: Callable[[Path], None]
) -> None:
    archive = Path(shutil.copytree(papers, tmp_path / "archive"))
    edit(archive)
    sums_anew(archive)
    signed_anew(archive, original / "keys")
    said = by_command("verify", str(archive))
    assert (said.exit_code, f"{name} is not what the entries say" in said.output) == (1, True), said.output


def test_an_archive_of_another_version_says_what_could_not_be_written_anew(
    papers: Path, original: Path, tmp_path: Path
) -> None:
    archive = Path(shutil.copytree(papers, tmp_path / "archive"))
    replaced("README.txt", "Made with Escalon", "Made with an older Escalon")(archive)
    sums_anew(archive)
    signed_anew(archive, original / "keys")
    said = by_command("verify", str(archive))
    assert (said.exit_code, "bound by the signed list of files only" in said.output) == (0, True), said.output


@pytest.mark.parametrize("forger", ["careless", "without the key", "with the key"])
@pytest.mark.parametrize(("name", "edit"), EDITS)
def test_a_table_of_an_archive_is_what_the_entries_say(
    papers: Path, original: Path, tmp_path: Path, name: str, edit: Callable[[Path], None], forger: str
) -> None:
    archive = Path(shutil.copytree(papers, tmp_path / "archive"))
    edit(archive)
    if forger != "careless":
        sums_anew(archive)
    if forger == "with the key":
        signed_anew(archive, original / "keys")
    named = verify_alone.LIST if forger == "without the key" else name
    said = by_command("verify", str(archive))
    assert (said.exit_code, named in said.output) == (1, True), said.output
    alone = run_alone(archive)
    assert (alone.returncode, named in alone.stdout) == (1, True), alone.stdout


def run_alone(archive: Path, *more: str) -> subprocess.CompletedProcess[str]:
    script = str(archive / "verify_alone.py")
    return subprocess.run(
        [sys.executable, "-I", "-S", script, str(archive), *more], capture_output=True, text=True, check=False
    )


def test_an_untouched_archive_is_whole(papers: Path, original: Path) -> None:
    key = (papers / "public_key.txt").read_text().split()[1]
    assert by_command("verify", str(papers), "--key", key).exit_code == 0
    assert run_alone(papers, "--key", key).returncode == 0
    for said in (
        by_command("verify", str(papers), "--key", "0" * 64).exit_code,
        run_alone(papers, "--key", "0" * 64).returncode,
    ):
        assert said == 1


@pytest.mark.parametrize("option", [["--key", ""], ["--key"], ["0:" + "0" * 64], ["7:banana"], ["7"]])
def test_an_option_that_is_given_is_used_or_refused(papers: Path, option: list[str]) -> None:
    assert run_alone(papers, *option).returncode == 2
    words = option if option[0] == "--key" else ["--printed", *option]
    assert by_command("verify", str(papers), *words).exit_code == 2


def test_a_page_of_an_archive_is_bound_by_the_signed_list(papers: Path, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(papers, tmp_path / "archive"))
    (archive / "casebook.pdf").write_bytes(b"%PDF-1.7 another")
    sums_anew(archive)
    assert by_command("verify", str(archive)).exit_code == 1
    assert run_alone(archive).returncode == 1


def test_a_file_added_to_an_archive_is_named(papers: Path, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(papers, tmp_path / "archive"))
    (archive / "extra.csv").write_text("participant\n")
    for said in (by_command("verify", str(archive)).output, run_alone(archive).stdout):
        assert "extra.csv was added" in said
    (archive / "extra.csv").unlink()
    (archive / "tables" / "more").symlink_to(archive / "facts.csv")
    assert "NOT WHOLE" in run_alone(archive).stdout
    (archive / "tables" / "more").unlink()
    (archive / "checkpoints.json").unlink()
    os.mkfifo(archive / "checkpoints.json")  # reading it would never end
    for said in (by_command("verify", str(archive)).output, run_alone(archive).stdout):
        assert "checkpoints.json is not a plain file" in said


def test_an_archive_cannot_be_cut_at_a_checkpoint(papers: Path, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(papers, tmp_path / "archive"))
    ends = json.loads((archive / "checkpoints.json").read_text())
    number, hashed, at, _, signature = ends["checkpoints"][-2]
    lines = (archive / "entries.jsonl").read_text().splitlines(keepends=True)
    (archive / "entries.jsonl").write_text("".join(lines[:number]))
    shorter = {"head": [number, hashed, at, signature], "checkpoints": ends["checkpoints"][:-1]}
    (archive / "checkpoints.json").write_text(json.dumps(shorter))
    sums_anew(archive)
    assert "not signed as the end" in by_command("verify", str(archive)).output
    assert "signed as the end" in run_alone(archive).stdout


@pytest.mark.parametrize(
    "name", ["checkpoints.json", "SHA256SUMS", "SHA256SUMS.signature", "dictionary.csv", "entries.jsonl"]
)
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_archive_is_named_as_damaged(papers: Path, tmp_path: Path, name: str, content: bytes | None) -> None:
    archive = Path(shutil.copytree(papers, tmp_path / "archive"))
    if content is None:
        (archive / name).unlink()
    else:
        (archive / name).write_bytes(content)
    said = by_command("verify", str(archive))
    assert said.exit_code in (1, 2), said.output
    assert said.exception is None or isinstance(said.exception, SystemExit)
    alone = run_alone(archive)
    assert (alone.returncode, "Traceback" in alone.stderr) == (1, False), alone.stderr


# -- a witness ---------------------------------------------------------------------------------------------------------


def test_a_witness_that_stated_nothing_of_a_casebook_vouches_for_nothing(book: Path, tmp_path: Path) -> None:
    other = tmp_path / "of another"
    other.mkdir()
    (other / "witness.pub").write_text(f"ed25519 {'0' * 64}\n")
    for witness in (tmp_path / "none", Path("/dev/null"), other):
        said = by_command("verify", str(book), "--witness", str(witness))
        assert (said.exit_code, "vouches for nothing" in said.stderr) == (2, True), witness


def test_a_witness_signs_only_growth(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness = tmp_path / "witness"
    older = Path(shutil.copytree(book, tmp_path / "older"))
    first = observe(witness, book, START)
    casebook = opened(book, read_only=False)
    casebook.append(CARLA, alt("1", "P-1"))
    casebook.close()
    second = observe(witness, book, START)
    assert second.number == first.number + 1
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another computer"))
    assert problem(older) is None, "an older copy is whole in itself"
    assert (
        found(older, f"what the witness {witness} saw reaches to", anchors=anchors_of(witness, older)) == second.number
    )
    with pytest.raises(ChainBroken, match="not signed"):
        observe(witness, older, START)
    forked = opened(older, read_only=False)
    for value in ("2", "3"):
        forked.append(CARLA, alt(value, "P-1"))
    forked.close()
    found(older, "two copies of it went on apart", anchors=anchors_of(witness, older))
    said = by_command("verify", str(older), "--witness", str(witness))
    assert (said.exit_code, "went on apart" in said.output) == (1, True)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a third computer"))
    assert by_command("verify", str(book), "--witness", str(witness)).exit_code == 0
    assert parts_from(witness, book) is None


def test_a_witness_answers_for_its_own_statements_only(book: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    assert by_command("witness", str(witness), str(book)).exit_code == 0
    [file] = witness.glob("*.jsonl")
    file.write_text(file.read_text().replace('"number": ', '"number": 1'))
    said = by_command("verify", str(book), "--witness", str(witness))
    assert (said.exit_code, "is not the witness's" in said.output) == (2, True)


# -- the audit trail ---------------------------------------------------------------------------------------------------


def test_the_audit_trail_shows_each_value_before_and_after(sqlite_casebook: Casebook, tmp_path: Path) -> None:
    from escalon.casebook.archive_pdf import book_of
    from escalon.casebook.telling import told
    from escalon.history.events import EntryAnnulled, FactCorrected

    trial = Trial(sqlite_casebook)
    consent = trial.consent("P-1")
    fact = trial.record(
        CARLA, FactRecorded(participant="P-1", fact=Observation(name="esr", value="107", unit="mm/h", day="2026-03-01"))
    )
    other = Observation(name="esr", value="118", unit="mm/h", day="2026-03-01")
    corrected = trial.record(
        CARLA, FactCorrected(participant="P-1", corrects=fact.number, fact=other, reason="misread")
    )
    now = type(consent.event)(**{**consent.event.__dict__, "form": "v2"})
    changed = trial.record(
        CARLA, EntryCorrected(participant="P-1", corrects=consent.number, now=now, reason="the form was v2")
    )
    annulled = trial.record(CARLA, EntryAnnulled(participant="P-1", annuls=fact.number, reason="another person's"))
    say = {one.number: told(json.loads(one.body)) for one in sqlite_casebook.entries()}
    assert say[fact.number] == "value 107, unit mm/h, day 2026-03-01"
    assert say[corrected.number] == "value 107 → 118"
    assert say[changed.number] == "form v1 → v2"
    assert say[annulled.number] == "was: value 107, unit mm/h, day 2026-03-01"
    printed = {row[0]: row[-1] for row in book_of(sqlite_casebook.entries(), sqlite_casebook.head, "")["entries"]}  # type: ignore[union-attr, index, attr-defined]
    for number in (corrected.number, changed.number, annulled.number):
        assert say[number] in printed[str(number)]
