"""A study folder made from an outline: the table that its rule names comes along, and what cannot be read is asked again."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.cli.study import _asked

RUN = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"})


def test_the_table_that_a_rule_names_lies_in_the_folder_made(tmp_path: Path) -> None:
    table = tmp_path / "decisions.csv"
    made = RUN.invoke(app, ["design", "table", "i3+3 target=0.25 size=18", "--csv"])
    table.write_text(made.stdout, encoding="utf-8")
    said = ["--rule", f"table file={table} target=0.25", "--level", "1 GBq", "--level", "2 GBq"]
    found = RUN.invoke(app, ["study", "new", str(tmp_path / "own"), *said])
    assert found.exit_code == 0, found.output
    assert (tmp_path / "own" / "decisions.csv").read_bytes() == table.read_bytes()
    assert 'rule          = "table file=decisions.csv target=0.25"' in (tmp_path / "own" / "study.toml").read_text()
    table.unlink()
    linted = RUN.invoke(app, ["study", "lint", str(tmp_path / "own")])
    assert (linted.exit_code, "0 errors" in linted.output) == (0, True), linted.output


@pytest.mark.parametrize("written", ["./sub//decisions.csv", "sub/./decisions.csv"])
def test_the_table_is_named_as_it_lies_in_the_folder_however_its_path_was_written(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    Path(written).write_text(RUN.invoke(app, ["design", "table", "i3+3 target=0.25 size=18", "--csv"]).stdout)
    said = ["--rule", f"table file={written} target=0.25", "--level", "1 GBq", "--level", "2 GBq"]
    assert RUN.invoke(app, ["study", "new", "own", *said]).exit_code == 0
    assert '"table file=decisions.csv target=0.25"' in Path("own", "study.toml").read_text()


@pytest.mark.parametrize("mark", ["'", '"'])
def test_a_table_whose_path_has_a_blank_stands_between_quotation_marks(tmp_path: Path, mark: str) -> None:
    (tmp_path / "our folder").mkdir()
    table = tmp_path / "our folder" / "our decisions.csv"
    table.write_text(RUN.invoke(app, ["design", "table", "i3+3 target=0.25 size=18", "--csv"]).stdout)
    rule = f"table file={mark}{table}{mark} target=0.25"
    found = RUN.invoke(app, ["study", "new", str(tmp_path / "own"), "--rule", rule, "--level", "1 GBq"])
    assert found.exit_code == 0, found.output
    assert "\"table file='our decisions.csv' target=0.25\"" in (tmp_path / "own" / "study.toml").read_text()
    table.unlink()
    linted = RUN.invoke(app, ["study", "lint", str(tmp_path / "own")])
    assert (linted.exit_code, "0 errors" in linted.output) == (0, True), linted.output


@pytest.mark.parametrize("name", ["record.txt", "study.toml"])
def test_a_table_takes_the_place_of_no_file_of_the_study(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(RUN.invoke(app, ["design", "table", "i3+3 target=0.25 size=18", "--csv"]).stdout)
    said = ["--rule", f"table file={tmp_path / name} target=0.25", "--level", "1 GBq", "--level", "2 GBq"]
    found = RUN.invoke(app, ["study", "new", str(tmp_path / "own"), *said])
    assert f"the new folder has a {name} of its own. Give the table another name" in str(found.exception)
    assert not (tmp_path / "own").exists()


def test_a_table_that_is_not_there_is_named_as_it_was_written(tmp_path: Path) -> None:
    found = RUN.invoke(app, ["study", "new", str(tmp_path / "own"), "--rule", "table file=none/here.csv target=0.25"])
    assert "none/here.csv: there is no such file" in str(found.exception)
    assert not (tmp_path / "own").exists()


def test_an_answer_on_the_terminal_that_cannot_be_read_is_asked_again() -> None:
    answers = ["", "", "", "product F", "25 mg; 50 mg", "", "a while", "21 days", "Europe/Atlantis", "Europe/Paris"]
    with RUN.isolation(input="\n".join(answers) + "\n") as (shown, *_):
        said = _asked()
        told = shown.getvalue().decode()
    assert (said["levels"], said["window"], said["zone"]) == (("25 mg", "50 mg"), "21 days", "Europe/Paris")
    assert "'product F' is not a dose" in told
