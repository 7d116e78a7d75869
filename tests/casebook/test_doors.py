"""Every way in asks who is there; what people typed cannot imitate the program; copies are as safe as the original."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import sqlite3
import unicodedata
from pathlib import Path

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.casebook.test_casebook_commands import SECRET, Call, made_once, run

import escalon
from escalon.casebook import backup as backups
from escalon.casebook import sealed_file
from escalon.casebook.verify_alone import cell, in_one_line

__all__ = ["made_once", "run"]

PHRASE = "a passphrase that is long"
CONSENT = "casebook record book ParticipantConsented participant=P-001 site=S1 form=v2 signed_on=2026-03-01 --as carla"

SHOWS_OR_COPIES = [
    "backup book file",
    "archive book papers",
    "casebook show book",
    "casebook status book",
    "casebook data book folder",
    "casebook checkpoint book",
    "casebook new-key book",
    "user list book",
    "screen nct07052565 book",
    "dose next nct07052565 book",
    "dose outlook nct07052565 book",
    "data check nct07052565 book",
    "explain book P-001 eligibility",
    "report nct07052565 book -o folder",
    "export csv nct07052565 book -o folder",
    "import csv nct07052565 book -o folder --write",
    "feasibility ask nct07052565 book",
    "study trace nct07052565 book",
]


@pytest.mark.parametrize("line", SHOWS_OR_COPIES)
def test_every_way_in_asks_who_is_there(run: Call, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = json.loads(run("verify book --json").stdout)["ends_in"]
    nobody = run(line)
    assert (nobody.exit_code, "--as" in nobody.output) == (2, True)
    stranger = run(f"{line} --as mallory")
    assert (stranger.exit_code, "is wrong" in stranger.output) == (1, True)
    monkeypatch.setenv("ESCALON_PASSWORD", "a guess at the password")
    wrong = run(f"{line} --as carla")
    assert (wrong.exit_code, "is wrong" in wrong.output) == (1, True)
    assert json.loads(run("verify book --json").stdout)["ends_in"] == before
    assert not Path("file").exists()
    assert not Path("papers").exists()
    assert not Path("folder").exists()


def test_a_casebook_is_no_data_folder_to_show_to_anybody(run: Call) -> None:
    said = run("serve nct07052565 --data book")
    assert (said.exit_code, "Write: escalon serve book" in said.output) == (2, True)


@pytest.mark.parametrize(
    ("line", "may", "may_not", "kind"),
    [
        ("backup book file", "ada", "carla", "BackupMade"),
        ("archive book papers", "ines", "ada", "ArchiveMade"),
        ("casebook data book folder", "ines", "ada", "FolderWritten"),
        ("casebook checkpoint book", "ada", "", "CheckpointKept"),
        ("casebook new-key book", "ada", "ines", "CheckpointKeyChanged"),
        ("casebook show book", "ines", "ada", ""),
        ("casebook status book", "cora", "ada", ""),
        ("user list book", "ada", "", ""),
        ("screen nct07052565 book", "cora", "ada", ""),
        ("data check nct07052565 book", "ines", "ada", ""),
    ],
)
def test_those_who_may_are_let_in_and_it_is_recorded_who(
    run: Call, line: str, may: str, may_not: str, kind: str
) -> None:
    if may_not:
        refused = run(f"{line} --as {may_not}")
        assert (refused.exit_code, "[authority]" in refused.output) == (1, True), refused.output
    done = run(f"{line} --as {may}")
    assert done.exit_code == 0, done.output
    if kind:
        [last] = json.loads(run("casebook show book --as ines --last 1 --json").stdout)
        assert (last["event"], last["person"]) == (kind, may)
    assert run("verify book").exit_code == 0


def test_recovery_at_the_computer_needs_the_sealed_code(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("user recover book ada").exit_code != 0, "nothing is asked that a script could leave out"
    monkeypatch.setenv("ESCALON_RECOVERY_CODE", "")
    assert run("user recover book ada").exit_code == 1


def test_one_code_of_a_second_factor_signs_once(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    added = run("user add book tofa --role investigator@S1 --second-factor --as ada --name", "Tofa T")
    seed = added.output.split("secret=")[1].split("&")[0]
    totp = pyotp.TOTP(seed)
    monkeypatch.setenv("ESCALON_CODE", totp.now())
    monkeypatch.setenv("ESCALON_NEW_PASSWORD", "tofa's own password")
    assert run("user password book tofa").exit_code == 0
    monkeypatch.delenv("ESCALON_CODE")
    monkeypatch.setenv("ESCALON_PASSWORD", SECRET)
    entry = run(CONSENT).output.split()[1].rstrip(":")
    monkeypatch.setenv("ESCALON_PASSWORD", "tofa's own password")
    line = f"casebook sign book EntrySigned entry={entry} --meaning seen --as tofa"
    assert run(line).exit_code == 0, "the second factor ended with the password that had it"


def test_password_and_code_at_the_command_line_sign(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    run("user add book tofa --role investigator@S1 --as ada --name", "Tofa T")
    monkeypatch.setenv("ESCALON_NEW_PASSWORD", "tofa's own password")
    changed = run("user password book tofa --second-factor")
    totp = pyotp.TOTP(changed.output.split("secret=")[1].split("&")[0])
    entry = run(CONSENT).output.split()[1].rstrip(":")
    monkeypatch.setenv("ESCALON_PASSWORD", "tofa's own password")
    monkeypatch.setenv("ESCALON_CODE", totp.now())
    line = f"casebook sign book EntrySigned entry={entry} --meaning seen --as tofa"
    signed = run(line)
    assert signed.exit_code == 0, signed.output
    assert run(line).exit_code == 1, "the code is used"


def test_an_empty_passphrase_of_the_keys_is_refused(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALON_KEY_PASSPHRASE", "")
    made = run("casebook init other nct07052565 --administrator ada --name", "Ada Min")
    assert (made.exit_code, "ESCALON_KEY_PASSPHRASE is empty" in made.output) == (2, True)
    assert not Path("other").exists()


def test_keys_under_a_passphrase_stay_under_it_in_every_copy(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALON_KEY_PASSPHRASE", "of the keys")
    made = run("casebook init other nct07052565 --administrator ada --name", "Ada Min")
    assert made.exit_code == 0, made.output
    assert run("backup other file --as ada").exit_code == 0
    assert run("restore file again").exit_code == 0
    assert run("casebook new-key again --as ada").exit_code == 0
    for folder in ("other", "again"):
        assert "ENCRYPTED PRIVATE KEY" in Path(folder, "keys/checkpoint.pem").read_text()
        assert Path(folder, "keys/sealing.key").read_text().startswith("under checkpoint.pem: ")
        assert not list(Path(folder, "keys").glob("*.next"))
    assert run("user list again --as ada").exit_code == 0
    monkeypatch.delenv("ESCALON_KEY_PASSPHRASE")
    assert "set ESCALON_KEY_PASSPHRASE" in run("user list again --as ada").output.replace("Set", "set")
    assert run("verify again").exit_code == 0, "to verify takes no key"


def test_two_restored_copies_are_told_apart_by_their_own_records(run: Call) -> None:
    run("backup book file --as ada")
    for copy in ("one", "two"):
        assert run(f"restore file {copy}").exit_code == 0
        assert run(CONSENT.replace("record book", f"record {copy}")).exit_code == 0
    names = set()
    for copy in ("one", "two"):
        assert run(f"verify {copy}").exit_code == 0
        shown = json.loads(run(f"casebook show {copy} --as ines --kind CasebookRestored --json").stdout)
        [restored] = shown
        names.add(restored["new"]["copy"])
        assert restored["number"] == restored["new"]["upto"] + 1, "here they part"
    assert len(names) == 2


def test_a_backup_that_unpacks_to_more_than_an_entry_is_refused(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Path("bomb").open("xb") as file,
        sealed_file.SealedWriter(file, PHRASE) as sealed,
        gzip.GzipFile(fileobj=sealed, mode="wb") as packed,
    ):
        for _ in range(10):
            packed.write(b" " * (1 << 20))
        packed.write(b"\n")
    assert "longer than an entry may be" in run("restore bomb again").output
    assert not Path("again").exists()
    run("backup book file --as ada")
    monkeypatch.setattr(backups, "MOST_OTHERS", 3)
    assert "more than a casebook holds" in run("restore file again").output


def test_an_entry_is_no_longer_than_a_backup_reads_back(run: Call) -> None:
    long = run("casebook record book QueryRaised --as ines", "text=" + "x" * (1 << 20))
    assert (long.exit_code, "holds at most 1,048,576 bytes" in long.output) == (2, True)


# -- what people type --------------------------------------------------------------------------------------------------

FORGED = "x\n    99  2026-03-02 09:00:00  ines (investigator, S1)       P-001       eligibility signed"


@pytest.mark.parametrize(
    "reason", [FORGED, "x\r99 forged", "x\u2028 99 forged", "x\x1b[1A\x1b[2K", "x\u202edetrever", "x\u2066y\x9b"]
)
def test_a_reason_makes_no_line_of_its_own_and_hides_nothing(run: Call, reason: str) -> None:
    entry = run(CONSENT).output.split()[1].rstrip(":")
    corrected = run(f"casebook correct book {entry} form=v3 --as carla --reason", reason)
    assert corrected.exit_code == 0, corrected.output
    everything = run("casebook show book --as ines").output
    assert len(everything.splitlines()) == int(entry) + 1
    assert all(line.isprintable() for line in everything.splitlines())
    shown = run("casebook show book --as ines --json").stdout
    assert json.loads(shown)[-1]["reason"] == reason, "kept to the letter"
    assert all(line.isprintable() for line in shown.splitlines())
    assert run("archive book papers --as ines").exit_code == 0
    with Path("papers/audit.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[-1]["event"] == "EntryCorrected"
    assert rows[-1]["reason"].isprintable()
    assert run("verify papers").exit_code == 0


def test_a_spreadsheet_runs_nothing_that_was_typed(run: Call) -> None:
    run(CONSENT)
    link = '=HYPERLINK("http://x","y")'
    fact = run(
        "casebook record book FactRecorded participant=P-001 fact.name=remark --as carla",
        f"fact.value={link}",
        "fact.source=@SUM(1)",
    )
    if fact.exit_code:  # a fact the study does not know is refused where entries are checked against its dictionary
        fact = run("casebook record book QueryRaised --as ines", f"text={link}")
    assert fact.exit_code == 0, fact.output
    run("archive book papers --as ines")
    for path in [*Path("papers").glob("*.csv"), *Path("papers/tables").glob("*.csv")]:
        with path.open(newline="") as file:
            cells = [one for row in csv.reader(file) for one in row]
        assert not [one for one in cells if one[:1] in ("=", "@", "+", "-")], path


@given(st.text(max_size=30))
def test_nothing_typed_is_more_than_one_line_or_unseen(text: str) -> None:
    line = in_one_line(text)
    assert not [one for one in line if unicodedata.category(one)[0] == "C"], line
    assert len(line.splitlines()) <= 1
    assert cell(text)[:1] not in ("=", "@")


@pytest.mark.parametrize("number", ["-1.5", "+3", "-0,5", "1e-9", "-2E+3"])
def test_a_number_below_zero_is_no_formula(number: str) -> None:
    assert cell(number) == number


def test_the_sealing_of_identities_is_never_changed_on_the_disk(run: Call) -> None:
    run(CONSENT)
    run("casebook identity book P-001 --as carla --name", "Zuzana Unmistakable")
    raw = sqlite3.connect("book/identifiers.sqlite")
    for statement in ("DELETE FROM identifiers", "UPDATE identifiers SET sealed = ''"):
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            raw.execute(statement)
    raw.close()


@pytest.mark.parametrize(
    ("line", "pipe"),
    [
        ("study show study", "study/more.toml"),
        ("data check nct07052565 data", "data/facts.csv"),
        ("data check nct07052565 data", "data/mapping.toml"),
        ("restore pipe copy", "pipe"),
        ("verify papers", "papers/SHA256SUMS"),
        ("report --diff pipe pipe", "pipe"),
        ("feasibility ask nct07052565 --warehouse pipe --index-date 2026-01-01", "pipe"),
        ("kinetics pipe", "pipe"),
        ("score das28_esr --table pipe", "pipe"),
    ],
)
def test_a_pipe_that_never_ends_is_refused_at_every_door(
    line: str, pipe: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from typer.testing import CliRunner

    from escalon.cli.main import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESCALON_BACKUP_PASSPHRASE", PHRASE)
    shutil.copytree(Path(escalon.__file__).parent / "studies" / "nct07052565", "study")
    for folder in ("data", "papers"):
        Path(folder).mkdir()
    Path("data/facts.csv").write_text("participant,fact,value,unit,date\n")
    Path("papers/entries.jsonl").write_text("")
    Path(pipe).unlink(missing_ok=True)
    os.mkfifo(pipe)
    said = CliRunner().invoke(app, line.split())
    assert said.exit_code in (1, 2), said.output
    assert not said.exception or isinstance(said.exception, SystemExit | ValueError), said.exception
