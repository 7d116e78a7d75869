"""What a person types, and what comes back: exit codes, JSON, errors that say what to write."""

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from escalon.cli import main
from escalon.cli.main import COMMANDS, loaded


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """What the console script answers, in this process: the same arguments, streams and exit code."""
    typed, out, err, code = ["escalon", *map(str, words)], io.StringIO(), io.StringIO(), 0
    with patch.dict(os.environ), patch.object(sys, "argv", typed), redirect_stdout(out), redirect_stderr(err):
        try:
            main.run()
        except SystemExit as left:
            code = int(left.code or 0)
    return subprocess.CompletedProcess(typed, code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "data"
    assert run("simulate", "-o", folder).returncode == 0
    return folder


HEAVY = set("polars numpy pint sqlalchemy scipy pydantic lark fastapi".split())
SCORE = ["score", "das28_esr", "tender=4", "swollen=5", "esr=7", "global_health=50 mm"]


@pytest.mark.parametrize("words", [["--help"], ["kinetics", "--help"], SCORE, ["dose", "next", "1NNN"]])
def test_a_quick_question_imports_nothing_heavy(words):
    script = (
        f"import sys; sys.argv = {['escalon', *words]}\n"
        "from escalon.cli.main import app\n"
        "try: app()\n"
        "except SystemExit as left: assert not left.code\n"
        f"print([name for name in {sorted(HEAVY)} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1] == "[]"


def test_screening_exits_1_when_somebody_is_not_eligible(data):
    found = run("screen", "nct07052565", data, "--json")
    assert found.returncode == 1
    verdicts = [one["verdict"] for one in json.loads(found.stdout)["participants"]]
    assert (verdicts.count("eligible"), verdicts.count("not eligible"), verdicts.count("undecided")) == (15, 8, 2)
    assert "rows read = " in found.stderr


def test_one_eligible_participant_exits_0(data):
    assert run("screen", "nct07052565", data, "-p", "P01").returncode == 0


def test_an_unknown_participant_is_exit_2_and_says_who_there_is(data):
    found = run("screen", "nct07052565", data, "-p", "P99")
    assert found.returncode == 2
    assert "P01" in found.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("screen", "nct0705256", "x"), "nct07052565"),
        (("screen", "nct07052565", "/nowhere"), "there is no such folder"),
        (("dose", "next", "1NNQ"), "1NNQ"),
        (("dose", "next", "4NNN"), "level"),
        (("report", "nct07052565", "/nowhere"), "there is no such folder"),
        (("explain", "DATA", "P01", "das29"), "das28_esr"),
        (("explain", "DATA", "P77", "das28_esr"), "there is no participant"),
        (("screen", "nct07052565", "DATA", "--cutoff", "1.3.2025"), "is not a date"),
    ],
)
def test_wrong_input_is_exit_2_with_what_to_write_and_no_traceback(data, words, says):
    found = run(*(data if word == "DATA" else word for word in words))
    assert found.returncode == 2, found.stderr
    assert says in found.stderr
    assert "Traceback" not in found.stderr


def test_the_next_dose_from_notation_and_from_data(data):
    assert "level 2" in run("dose", "next", "1NNN").stdout
    found = run("dose", "next", "nct07052565", data, "--cutoff", "2025-06-10", "--json")
    answer = json.loads(found.stdout)
    assert answer["conduct"] == "1NNN 2NTP"
    assert (answer["decision"]["action"], found.returncode) == ("wait", 1)


def test_no_dose_is_decided_while_rows_of_doses_are_refused(data, tmp_path):
    for file in data.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "doses.csv").open("a", encoding="utf-8") as doses:
        doses.write("P99,7,2025-03-01,,\n")
    found = run("dose", "next", "nct07052565", tmp_path)
    assert found.returncode == 2
    assert "no dose is decided" in found.stderr


def test_a_number_is_explained_down_to_its_line(data):
    shown = run("explain", data, "P01", "das28_esr", "--visit", "D28").stdout
    assert "das28_esr/1" in shown
    assert "facts.csv:" in shown


def test_data_check_lists_problems_as_json(data):
    found = run("data", "check", "nct07052565", data, "--json")
    assert found.returncode == 0
    assert json.loads(found.stdout)["problems"] == []  # the invented people are told without a slip


def test_data_check_lists_a_value_that_is_unusual_as_json(data, tmp_path):
    slip = tmp_path / "slip"
    shutil.copytree(data, slip)
    with (slip / "facts.csv").open("a", encoding="utf-8") as facts:
        head = (slip / "facts.csv").read_text("utf-8").splitlines()[0].split(",")
        said = {"participant": "P01", "fact": "age", "value": "17", "date": "2025-02-04", "source": "crf"}
        facts.write(",".join(said.get(name, "") for name in head) + "\n")
    unusual, second = json.loads(run("data", "check", "nct07052565", slip, "--json").stdout)["problems"]
    assert {(one["value"], one["refused"]) for one in (unusual, second)} == {("17", False)}
    assert "age 17 is outside the usual" in unusual["message"]
    assert "age is 56 in line 9, of the same day" in second["message"]


def test_the_demo_runs_whole(tmp_path):
    found = run("demo", "--no-open", "-o", tmp_path)
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "report" / "report.html").exists()


def test_data_check_says_what_is_refused_first_and_counts_it_by_kind(tmp_path):
    rows = "".join(f"P0{n},alt,x{n},U/L,2025-02-0{n},,40,\n" for n in range(1, 5))
    text = "participant,fact,value,unit,date,visit,upper,source,extra\nP01,disease,RA,,2025-01-01,,,,\n" + rows.replace(
        "40,\n", "40,,\n"
    )
    (tmp_path / "facts.csv").write_text(text, encoding="utf-8")
    lines = run("data", "check", "nct07052565", tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in lines[:6]] == ["refused"] * 4 + ["note", "refused"]
    assert lines[5] == "refused in facts.csv value: 4"
    found = json.loads(run("data", "check", "nct07052565", tmp_path, "--json").stdout)["problems"]
    assert [one["refused"] for one in found] == [True] * 4 + [False]


def _commands(command, path):
    inner = getattr(command, "commands", {})
    for name, one in inner.items():
        yield from _commands(one, (*path, name))
    if not inner:
        yield path, command


def test_the_help_of_every_command_shows_it_as_it_is_typed_and_says_what_each_of_its_words_is():
    found = [pair for name in COMMANDS for pair in _commands(loaded(name), (name,))]
    assert len(found) > 60
    for path, command in found:
        told = f"{command.help}\n{command.epilog or ''}"
        typed = f"escalon {' '.join(path)}".removesuffix(" trial").removesuffix(
            " ask"
        )  # the two that need no second word
        assert any(line.strip(" `").startswith(typed) for line in told.splitlines()), path
        assert [one.name for one in command.params if not getattr(one, "help", "help")] == [], path
