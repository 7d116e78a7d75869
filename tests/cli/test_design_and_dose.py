"""`escalon design` and `escalon dose next|outlook`, as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from escalon.cli.design import app as design
from escalon.cli.dose import app as dose
from escalon.escalation import EscalationError


def run(app: typer.Typer, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def test_the_default_comparison_is_the_one_for_this_trial():
    lines = run(design, "compare").splitlines()
    assert lines[0] == "true DLT risk 0.05, 0.15, 0.3"
    assert lines[2].split()[:8] == ["3+3", "V1", "0.027", "0.181", "0.401", "0.392", "0.000", "10.7"]
    assert lines[5].split()[:8] == ["BOIN", "0.25", "0.000", "0.043", "0.470", "0.487", "0.000", "18.0"]


def test_comparison_as_json_and_figure(tmp_path: Path):
    figure = tmp_path / "compare.svg"
    found = json.loads(
        run(design, "compare", "-r", "steep=0.1,0.3,0.6", "-d", "3+3 V2", "--json", "--figure", str(figure))
    )
    assert found["scenarios"] == ["steep"]
    assert found["results"][0]["exact"] is True
    assert figure.read_text(encoding="utf-8").startswith("<svg")


def test_simulated_rows_show_their_error():
    words = run(design, "compare", "-d", "rolling-six window=28", "--trials", "100")
    assert "±" in words
    assert "simulated (100 trials, seed 1)" in words


def test_many_scenarios_are_averaged():
    assert "Averages over 20 scenarios" in run(design, "compare", "--random", "20", "-d", "3+3 V2")


def test_characteristics_table_and_prose(tmp_path: Path):
    assert "0.198355" in run(design, "characteristics", "3+3 V2", "--risk", "0.05,0.15,0.30", "--window", "28")
    csv = run(design, "table", "boin target=0.25 size=18", "--csv")
    (tmp_path / "table.csv").write_text(csv, encoding="utf-8")
    same = run(design, "characteristics", f"table file={tmp_path / 'table.csv'} target=0.25 size=18", "--json")
    boin = run(design, "characteristics", "boin target=0.25 size=18", "--json")
    assert json.loads(same)[0]["selection"] == json.loads(boin)[0]["selection"]
    assert "At most 18 participants" in run(design, "prose", "3+3 V3 size=18")


def test_next_dose_tells_the_decision_its_reason_and_the_rule():
    words = run(dose, "next", "1NNN 2NNT")
    assert words.startswith("Treat 3 at level 2.\nBecause: 1 of 3 had a DLT at level 2: expand to six.")
    assert "Rule: 3+3 V2, 3 levels." in words
    assert json.loads(run(dose, "next", "1NTT", "--json", code=1))["mtd"] == 0


def test_a_history_the_rule_could_not_have_produced_is_answered_and_named():
    asked = CliRunner().invoke(dose, ["next", "1NNN 3NNT"], catch_exceptions=False)
    assert "Treat 3 at level 2.\nBecause: level 2 was skipped" in asked.stdout
    assert "Departure from the rule: cohort 2 (3NNT): the rule said treat 3 at level 2" in asked.stdout
    assert "add --overridden if it happened so" in asked.stderr
    meant = CliRunner().invoke(dose, ["next", "1NNN 3NNT", "--overridden"], catch_exceptions=False)
    assert (meant.stdout, meant.stderr) == (asked.stdout, "")


@pytest.mark.parametrize(("so_far", "code"), [("1NNN", 0), ("", 0), ("1NNP", 1), ("1TTT", 1), ("1NNN 2NNN 3NNN", 1)])
def test_the_exit_code_says_whether_anyone_may_be_treated(so_far, code):
    run(dose, "next", so_far, code=code)


@pytest.mark.parametrize("command", ["next", "outlook"])
def test_without_a_history_or_a_study_the_command_asks_for_one(command):
    with pytest.raises(EscalationError, match="or a study and its data folder"):
        run(dose, command)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nct07052565", "data", "--levels", "3"], "brings its own rule"),
        (["1NNN", "--cutoff", "2025-01-01"], "no dates"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(words, says):
    with pytest.raises(EscalationError, match=says):
        run(dose, "next", *words)


def test_a_tolerated_top_level_is_no_mtd_in_words_and_in_json():
    words = run(dose, "next", "1NNN 2NNN 3NNN", code=1)
    assert words.startswith("Stop, the top level, 3, was tolerated: the MTD was not reached.")
    found = json.loads(run(dose, "next", "1NNN 2NNN 3NNN", "--json", code=1))
    assert (found["mtd"], found["reached"]) == (3, False)
    assert found["decision"]["reached"] is False
    assert found["headline"] == "stop: the top level, 3, was tolerated; the MTD was not reached"
    reached = json.loads(run(dose, "next", "1NNN 2NNN 2NNN 3NTT", "--json", code=1))
    assert (reached["mtd"], reached["reached"]) == (2, True)


def test_outlook_draws_and_counts(tmp_path: Path):
    figure = tmp_path / "outlook.svg"
    words = run(dose, "outlook", "1NNN 2NNT", "--risk", "0.05,0.15,0.30", "--figure", str(figure))
    assert "still to treat 6.81 on average" in words
    assert figure.exists()
    tree = json.loads(run(dose, "outlook", "1NNN", "--steps", "1", "--json"))["tree"]
    assert len(tree["next"]) == 4


def test_designs_called_alike_are_told_apart():
    words = run(design, "compare", "-d", "boin target=0.25 size=12", "-d", "boin target=0.25 size=18")
    assert "boin target=0.25 size=12 " in words
    found = json.loads(run(design, "compare", "-d", "3+3 V2 size=9", "-d", "3+3 V2 size=12", "--json"))
    assert [one["design"] for one in found["results"]] == ["3+3 V2 size=9", "3+3 V2 size=12"]
    assert found["results"][0]["unsettled"]["value"] > 0


def test_the_number_of_levels_may_stand_in_the_design():
    """It was passed over, and a trial of five levels ended after three."""
    assert run(dose, "next", "1NNN 2NNN 3NNN", "-d", "3+3 V2 levels=5").startswith("Treat 3 at level 4.")
    with pytest.raises(EscalationError, match="levels=5, but the trial's number of levels is 3"):
        run(dose, "next", "1NNN", "-d", "3+3 V2 levels=5", "--levels", "3")


@pytest.mark.parametrize("words", [["-1NNN"], ["--", "-1NNN"], ["−1NNN"], ["--overridden", "-1NNN"]])
def test_a_level_below_the_first_is_no_option(words):
    design = ["-d", "3+3 V2 lowest=-1"]
    assert "level -1: 0 DLT of 3 evaluable" in run(dose, "next", *design, *words)
    assert "so far -1NNN" in run(dose, "outlook", *design, "--steps", "0", words[-1])
