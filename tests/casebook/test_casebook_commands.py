"""The commands, as people and scripts call them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.casebook.trial import QUICK
from typer.testing import CliRunner, Result

import escalon
from escalon.cli.main import app
from escalon.conduct.permit.authority import ALLOWED

SECRET = "correct horse battery"
FIRST = "chosen by the administrator"
NAME = "Zuzana Unmistakable"

Call = Callable[..., Result]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A casebook as `init` and `user add` make it, copied for each test."""
    folder = tmp_path_factory.mktemp("made") / "book"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("argon2.PasswordHasher", lambda: QUICK)
        patch.setenv("ESCALON_PASSWORD", SECRET)
        patch.setenv("ESCALON_NEW_PASSWORD", SECRET)
        must = [["casebook", "init", str(folder), "nct07052565", "--administrator", "ada", "--name", "Ada Min"]]
        for account, role in (("carla", "coordinator@S1"), ("ines", "investigator@S1"), ("cora", "committee@*")):
            name = f"{account.title()} Example"
            must.append(["user", "add", str(folder), account, "--role", role, "--as", "ada", "--name", name])
            must.append(["user", "password", str(folder), account])
        for line in must:
            first, new = (FIRST, SECRET) if "password" in line else (SECRET, FIRST if "add" in line else SECRET)
            patch.setenv("ESCALON_PASSWORD", first)
            patch.setenv("ESCALON_NEW_PASSWORD", new)
            made = CliRunner().invoke(app, line)
            assert made.exit_code == 0, made.output
            if "Recovery code" in made.output:
                (folder / "recovery code").write_text(made.output.split("shown this once: ")[1].split()[0])
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made_once: Path) -> Call:
    from escalon.casebook import sealed_file

    monkeypatch.setattr("argon2.PasswordHasher", lambda: QUICK)
    for variable in ("ESCALON_PASSWORD", "ESCALON_NEW_PASSWORD"):
        monkeypatch.setenv(variable, SECRET)
    monkeypatch.setenv("ESCALON_BACKUP_PASSPHRASE", "a passphrase that is long")
    monkeypatch.setitem(sealed_file.COST, "n", 1 << 7)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made_once, "book")

    def call(line: str, *more: str) -> Result:
        return CliRunner().invoke(app, [*line.split(), *more])

    return call


def test_a_participant_from_consent_to_a_refused_infusion(run: Call) -> None:
    consent = run(
        "casebook record book ParticipantConsented participant=P-001 site=S1 form=v2 signed_on=2026-03-01 --as carla"
    )
    assert consent.exit_code == 0, consent.output
    refused = run(
        "casebook record book CellsInfused participant=P-001 at=2026-03-01T09:00Z product=B level=1 cells_per_kg=1e5"
        " --as ines"
    )
    assert refused.exit_code == 1, "the answer is no"
    assert "[eligibility] (an override needs 2 signatures)" in refused.output
    wrong = run("casebook record book CellsInfused participant=P-001 at=yesterday --as ines")
    assert (wrong.exit_code, "is not a time with its zone" in wrong.output) == (2, True)
    nobody = run("casebook record book FactRecorded participant=P-001 fact.name=alt fact.value=1 --as cora")
    assert (nobody.exit_code, "committee (every site) may not record" in nobody.output) == (1, True)
    kind = run("casebook record book Infused --as ines participant=P-001")
    assert (kind.exit_code, "did you mean CellsInfused" in kind.output) == (2, True)
    shown = json.loads(run("casebook show book P-001 --as ines --json").stdout)
    assert [(one["event"], one["person"], one["role"]) for one in shown] == [
        ("ParticipantConsented", "carla", "coordinator")
    ]
    assert json.loads(run("casebook status book --as ines --json").stdout)["participants"] == ["P-001"]


@pytest.mark.parametrize("line", ["dose next {} book", "screen {} book", "data check {} book"])
def test_a_record_read_under_a_text_that_nobody_adopted_says_so(run: Call, line: str) -> None:
    shutil.copytree(Path(escalon.__file__).parent / "studies/nct07052565", "mine")
    assert "the record is kept under" not in run(line.format("mine") + " --as ines").output
    text = Path("mine/study.toml").read_text(encoding="utf-8")
    Path("mine/study.toml").write_text(text + "\n# changed\n", encoding="utf-8")
    said = run(line.format("mine") + " --as ines").output
    assert "the record is kept under version" in said
    assert "Adopt the change: escalon casebook amend" in said
    if line.startswith("dose next"):
        found = run("dose next mine book --as ines --json")
        answer = json.loads(found.stdout)
        assert (found.exit_code, answer["decision"]["action"]) == (1, "wait")
        assert answer["decision"]["reason"].startswith("the record is kept under version")
        assert answer["decision"]["notes"][0].startswith("under the text read here: level 1 is open")
        assert "record is kept under version" in run("dose outlook mine book --as ines --json").stdout


def test_an_explicit_null_keeps_asked_and_not_known(run: Call) -> None:
    run("casebook record book ParticipantConsented participant=P-001 site=S1 form=v2 signed_on=2026-03-01 --as carla")
    made = run("casebook record book FactRecorded participant=P-001 fact.name=esr fact.value= --as carla")
    assert made.exit_code == 0, made.output
    [_, fact] = json.loads(run("casebook show book P-001 --as ines --json").stdout)
    assert fact["new"]["fact"] == {"name": "esr", "value": None}


def test_a_correction_changes_what_it_names_and_keeps_the_rest(run: Call) -> None:
    run("casebook record book ParticipantConsented participant=P-001 site=S1 form=v2 signed_on=2026-03-01 --as carla")
    alt = "fact.name=alt fact.value=31 fact.unit=U/L fact.day=2026-03-01"
    run(f"casebook record book FactRecorded participant=P-001 {alt} --as carla")
    shown = json.loads(run("casebook show book P-001 --as ines --json").stdout)
    consent, fact = (one["number"] for one in shown)
    corrected = run(f"casebook correct book {fact} fact.value=13 --as carla --reason", "typing error")
    assert corrected.exit_code == 0, corrected.output
    amended = run(f"casebook correct book {consent} form=v3 --as carla --reason", "form v3 was signed")
    assert amended.exit_code == 0, amended.output
    *_, first, second = json.loads(run("casebook show book P-001 --as ines --json").stdout)
    assert (first["old"]["fact"]["value"], first["new"]["fact"]["value"]) == ("31", "13")
    assert first["new"]["fact"]["unit"] == "U/L"
    assert (second["old"]["form"], second["new"]["now"]["content"]["form"]) == ("v2", "v3")
    again = f"casebook correct book {consent} signed_on=2026-02-28 --as carla --reason x"
    unit = f"casebook correct book {fact} fact.unit=IU/L --as carla --reason x"
    assert [run(one).exit_code for one in (again, again.replace("28", "27"), unit)] == [0, 0, 0]
    *_, third, fourth, fifth = json.loads(run("casebook show book P-001 --as ines --json").stdout)
    for one, day in ((third, "2026-02-28"), (fourth, "2026-02-27")):
        now = one["new"]["now"]["content"]
        assert (now["form"], now["signed_on"]) == ("v3", day)  # what was corrected before stays
    assert (fifth["new"]["fact"]["value"], fifth["new"]["fact"]["unit"]) == ("13", "IU/L")
    wrong = run(f"casebook correct book {fact} value=13 --as carla --reason x")
    assert (wrong.exit_code, "with a field of FactCorrected" in wrong.output) == (2, True)


def test_a_wrong_password_is_refused(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALON_PASSWORD", "something else entirely")
    refused = run("casebook record book QueryRaised text=why --as carla")
    assert (refused.exit_code, "password or the code is wrong" in refused.output) == (1, True)
    assert "something else" not in refused.output


def test_verify_says_whole_or_names_the_entry(run: Call) -> None:
    import sqlite3

    whole = run("verify book --json")
    assert (whole.exit_code, json.loads(whole.stdout)["whole"]) == (0, True)
    raw = sqlite3.connect("book/casebook.sqlite")
    raw.execute("DROP TRIGGER entries_never_updated")
    raw.execute("UPDATE entries SET body = replace(body, 'Carla', 'Klara') WHERE number = 7")
    raw.commit()
    raw.close()
    broken = run("verify book")
    assert broken.exit_code == 1
    assert "NOT WHOLE. entry 7: its content does not match its hash" in broken.output
    assert run("verify book --printed 12").exit_code == 2
    assert run("verify nowhere").exit_code == 2


def test_backup_restore_archive_and_back(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("backup book book.backup").exit_code == 2, "who is there?"
    assert run("backup book book.backup --as carla").exit_code == 1
    assert run("backup book book.backup --as ada").exit_code == 0
    restored = run("restore book.backup again")
    assert restored.exit_code == 0, restored.output
    assert "restored from a backup as copy" in run("casebook show again --as ines --last 1").output
    assert run("archive book papers --as ada").exit_code == 1, "an administrator archives nothing"
    assert run("archive book papers --as ines").exit_code == 0
    assert run("verify papers").exit_code == 0
    assert run("restore papers third").exit_code == 0
    lacking = run("verify third")
    assert lacking.exit_code == 1, "this computer saw the entry that tells of the archive"
    assert "restored from an archive, which ends before the entry that tells of it" in lacking.output
    assert run("casebook new-key third --as ada").exit_code == 1
    monkeypatch.setenv("ESCALON_RECOVERY_CODE", "AAAA-BBBB")
    assert run("user recover third ada").exit_code == 1
    monkeypatch.setenv("ESCALON_RECOVERY_CODE", Path("book/recovery code").read_text())
    recovered = run("user recover third ada")
    assert recovered.exit_code == 0, recovered.output
    assert run("user recover third ada").exit_code == 1, "a code works once"
    assert run("user revoke third carla --as ada --reason left").exit_code == 0
    unproved = run("verify third")
    assert (unproved.exit_code, "the key before did not agree" in unproved.output) == (1, True)
    public = recovered.output.split("kept elsewhere: ")[1].split()[0]
    assert run(f"verify third --key {public}").exit_code == 0
    assert "REVOKED" in run("user list third --as ada").output
    Path("papers/audit.csv").write_text("rewritten")
    changed = run("verify papers")
    assert (changed.exit_code, "audit.csv" in changed.output) == (1, True)


def test_a_name_is_shown_to_its_own_site_and_to_nobody_else_and_appears_nowhere(run: Call) -> None:
    run("casebook record book ParticipantConsented participant=P-001 site=S1 form=v2 signed_on=2026-03-01 --as carla")
    kept = run("casebook identity book P-001 --as carla --name", NAME)
    assert (kept.exit_code, NAME in kept.output) == (0, False)
    assert NAME in run("casebook identity book P-001 --as ines").output
    for stranger in ("cora", "ada"):
        refused = run(f"casebook identity book P-001 --as {stranger}")
        assert (refused.exit_code, NAME in refused.output) == (1, False)
    run("archive book papers")
    run("backup book book.backup")
    run("casebook data book folder --as ines")
    said = run("casebook show book --as ines --json").output + run("casebook status book --as ines").output
    assert NAME not in said
    for path in Path().rglob("*"):
        assert path.is_dir() or NAME.encode() not in path.read_bytes(), path


def test_a_data_folder_is_imported_after_a_dry_run(run: Call) -> None:
    from tests.casebook.test_import import TABLES

    Path("data").mkdir()
    for name, text in TABLES.items():
        Path(f"data/{name}.csv").write_text(text)
    dry = run("casebook import book data --participants-of S1 --as ines")
    assert (dry.exit_code, "Dry run" in dry.output) == (1, True), "one row is refused"
    assert "refused   facts.csv:8" in dry.output
    assert "departure" in dry.output, "eligibility is undecided by so few facts"
    digest = dry.output.split("for two people to sign: ")[1].split()[0]
    asked = "casebook record book OverrideGiven act=FolderImported rules=eligibility"
    given = run(f"{asked} content.departures={digest} reason=paper --as ines").output.split()[1].rstrip(":")
    for who in ("ines", "cora"):
        assert run(f"casebook sign book OverrideSigned given={given} --meaning approve --as {who}").exit_code == 0
    done = run(f"casebook import book data --participants-of S1 --as ines --record --override {given}")
    assert "8 recorded + 0 already there + 0 in conflict + 1 refused" in done.output
    written = run("casebook data book folder --as ines")
    assert written.exit_code == 0, written.output
    assert Path("folder/doses.csv").read_text().count("\n") == 2
    _a_departure_is_said_by_the_status(run)


def _a_departure_is_said_by_the_status(run: Call) -> None:
    """What must not happen during the study and did stands in the status; before it was recorded nothing stands there."""
    fact = "casebook record book FactRecorded participant=P01 fact.name={} fact.value={} fact.day={} --as carla"
    assert run(fact.format("sex", "female", "2025-01-10")).exit_code == 0
    assert json.loads(run("casebook status book --as ines --json").output)["departures"] == []
    assert "departure" not in run("casebook status book --as ines").output
    assert run(fact.format("pregnant", "yes", "2025-06-01")).exit_code == 0
    (one,) = json.loads(run("casebook status book --as ines --json").output)["departures"]
    assert (one["participant"], one["day"], one["rule"]) == ("P01", "2025-06-01", "W-1")
    assert "departure 2025-06-01 P01: Pregnancy within two years" in run("casebook status book --as ines").output


def test_every_kind_is_described(run: Call) -> None:
    described = run("casebook kinds").output
    for act in ALLOWED:
        assert not act[0].isupper() or f"{act}: " in described


def test_an_amended_study_must_be_adopted(run: Call) -> None:
    from escalon.protocol.folder import find_folder

    shutil.copytree(find_folder("nct07052565"), "study")
    book = Path("book/casebook.toml")
    book.write_text(book.read_text().replace('"nct07052565"', json.dumps(str(Path("study").resolve()))))
    file = Path("study/study.toml")
    file.write_text(file.read_text() + "\n# amended\n")
    folder = Path("study")
    folder.rename("nct07052565")
    book.write_text(book.read_text().replace(str(folder.resolve()), str(Path("nct07052565").resolve())))
    refused = run("casebook status book --as ines")
    assert (refused.exit_code, "Adopt the change first" in refused.output) == (2, True), refused.output
    adopted = run("casebook amend book --as ines --changes", "a remark was added")
    assert adopted.exit_code == 0, adopted.output
    assert run("casebook status book --as ines").exit_code == 0


def test_help_stays_quick(tmp_path: Path) -> None:
    """The heavy libraries are imported where they are used."""
    code = (
        "import sys; sys.argv = ['escalon', 'casebook', '--help']\n"
        "from escalon.cli.main import app\n"
        "try: app()\nexcept SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'alembic', 'cryptography', 'argon2', 'polars', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "100"}
    )
    assert ran.returncode == 0, ran.stderr


def test_an_empty_casebook_answers_every_question(run: Call) -> None:
    assert json.loads(run("casebook status book --as ines --json").stdout)["participants"] == []
    written = run("casebook data book folder --as ines")
    assert written.exit_code == 0, written.output
    for data in ("book", "folder"):
        told = run(f"dose next nct07052565 {data} --json --as ines")
        assert (told.exit_code, json.loads(told.stdout)["headline"]) == (
            0, "level 1 is open for 3: dose 1 now, the others later",
        ), told.output  # fmt: skip
        for line in (
            f"screen nct07052565 {data} --as ines", f"dose outlook nct07052565 {data} --as ines",
            f"explain {data} all next_dose --as ines", f"report nct07052565 {data} -o out --as ines",
            f"feasibility nct07052565 {data} --as ines",
        ):  # fmt: skip
            said = run(line)
            assert said.exit_code == 0, (line, said.output, said.exception)
