"""`escalon design` and `escalon dose next|outlook`, as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from escalon.cli.design import app as design
from escalon.cli.dose_escalation import next_dose, outlook
from escalon.escalation import EscalationError

dose = typer.Typer()
dose.command("next")(next_dose)
dose.command("outlook")(outlook)


def run(app: typer.Typer, *words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


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
    assert json.loads(run(dose, "next", "1NTT", "--json"))["mtd"] == 0


def test_a_history_the_rule_could_not_have_produced_is_refused_unless_said_to_be_an_override():
    with pytest.raises(EscalationError, match="--overridden"):
        run(dose, "next", "1NNN 3NNT")
    assert "Departure from the rule: cohort 2" in run(dose, "next", "1NNN 3NNT", "--overridden")


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
