"""A row whose cells may stand under wrong names costs that row and no other; where nobody knows whose it is, the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app

VISITS = "id,tender,swollen,patient_global [cm],physician_global [cm]\nA,3,2,5,4\n{}\nD,1,1,1,1\n"


@pytest.mark.parametrize(
    "row", ["B,3,2,5,5,4", "B,3,2,5", '"B,1,1,1,1\nC,1,1,1,1\nE",3,2,5,4', 'B,3,"2"x,5,4', 'B,3,"2,5,4']
)
def test_a_table_of_visits_is_scored_without_it(row: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(VISITS.format(row))
    ran = CliRunner().invoke(app, ["score", "cdai", "--table", str(tmp_path / "t.csv"), "--json"])
    found = json.loads(ran.stdout)
    assert (ran.exit_code, [one["cdai_status"] for one in found]) == (2, ["ok", "invalid", "ok"])
    assert (found[1]["cdai"], found[1]["cdai_flags"]) == (None, "NOT_READ")
    assert "t.csv:3: " in ran.stderr


@pytest.mark.parametrize(
    ("scale", "text"),
    [
        ("crs", "participant,time,temp_c,hypotension,oxygen\nA,2025-03-01,38.5,no,none\n{}"),
        ("icaht", "participant,day,anc\nA,0,2000\nA,3,400\nB,0,900\n{}"),
        ("ctcae", "participant,test,value,unit,lower\nA,platelets,20,10^9/L,150\n{}"),
    ],
)
def test_a_table_of_assessments_is_graded_without_whoever_it_is_of(scale: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text.format("B,1,2,3,4,5,6,7\n"))
    ran = CliRunner().invoke(app, ["grade", scale, "--table", str(tmp_path / "t.csv"), "--json"])
    assert ran.exit_code == 2
    assert "8 cells" in ran.stderr
    assert '"A"' in ran.stdout
    assert '"B"' not in ran.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('participant,day,anc\nA,0,2000\nA,3,"400\nbled\nA,4,90\n', "never closed"),
        ('participant,day,anc\nA,0,2000\nB,0,2000\nA,3,"400\nB,4,90\nB,5,90"\n', "look like rows of their own"),
        ("day,anc,participant\n0,2000,A\n3,0,4,A\n0,2000,B\n", "4 cells"),
        ("participant,day,anc\nA,0,2000\nB,0,2000\n3,90\n", "2 cells"),
        ("participant,day,anc\nA,0,2000\n,3,90,9\n", "4 cells"),
    ],
)
def test_nothing_is_graded_where_a_row_may_be_of_anybody(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    ran = CliRunner().invoke(app, ["grade", "icaht", "--table", str(tmp_path / "t.csv"), "--json"])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("score cdai", VISITS.format("B,3,,5,4")),
        ("grade crs", "participant,time,temp_c,hypotension,oxygen\nA,2025-03-01,38.5,,none\n"),
        ("grade icaht", "participant,day,anc\nA,0,2000\nA,3,400\n"),
        ("grade ctcae", "participant,test,value,unit,lower\nA,platelets,<30,10^9/L,150\n"),
    ],
)
def test_a_table_that_was_read_ends_with_0_whatever_a_row_leaves_open(command: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert CliRunner().invoke(app, [*command.split(), "--table", str(tmp_path / "t.csv")]).exit_code == 0
