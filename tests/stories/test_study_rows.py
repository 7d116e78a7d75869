"""What NCT07052565 and its kind are read as, at the command line: readings, counts low before treatment, windows, levels."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.escalation import Treat, next_dose
from escalon.protocol import load_study
from escalon.protocol.design import dose_rule
from tests.protocol.folders import refusal
from tests.protocol.test_doses import study_with

RUN = CliRunner(env={"COLUMNS": "250", "TERM": "dumb"})
NCT = "nct07052565"
DOCS = Path(__file__).parents[2] / "docs"
RULE = 'rule          = "three_plus_three"'
BELOW = (("number       = 1", "number       = -1"), ("number       = 2", "number       = 1"))
RA = """participant,fact,value,unit,date,source,visit,lower,upper
P01,disease,RA,,2025-02-01,crf,,,
P01,informed_consent,2025-02-01,,2025-02-01,crf,,,
P01,screening_visit,2025-02-07,,2025-02-07,crf,screening,,
P01,das28_esr,5.1,,2025-02-07,crf,screening,,
P01,active_joints_28,{joints},,2025-02-07,crf,screening,,
"""
LOW = """participant,fact,value,unit,date,source,visit,lower,upper
P01,disease,SS,,2025-02-01,crf,,,
P01,informed_consent,2025-02-01,,2025-02-01,crf,,,
P01,lymphodepletion_start,2025-02-26,,2025-02-26,crf,,,
P01,car_t_infusion,2025-03-03,,2025-03-03,crf,,,
P01,platelets,{before},10^9/L,2025-02-20,crf,screening,150,
P01,platelets,18,10^9/L,2025-03-10,crf,,150,
P01,platelets,18,10^9/L,2025-03-31,crf,D28,150,
"""


def run(*words: str) -> str:
    found = RUN.invoke(app, list(words))
    assert found.exit_code in (0, 1), found.output
    return " ".join(found.output.split())


def written(folder: Path, **tables: str) -> str:
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return str(folder)


def test_lint_offers_the_conjunct_reading_of_the_joints_with_the_drugs_as_the_regimen() -> None:
    said = run("study", "lint", NCT)
    assert "Q-RA-ACTIVITY" in said
    assert "Q-RA-BG" in said
    offered = [one.says for one in load_study(NCT).assumption("Q-RA-BG").alternatives]
    assert offered[0].startswith("the four named drugs define the standard regimen")
    assert "three joints are required beside it" in offered[0]


@pytest.mark.parametrize(
    ("joints", "reading", "met"), [("2", "", True), ("2", "Q-RA-BG=1", False), ("3", "Q-RA-BG=1", True)]
)
def test_under_that_reading_three_joints_decide(tmp_path: Path, joints: str, reading: str, met: bool) -> None:
    data = written(tmp_path / "d", facts=RA.format(joints=joints))
    chosen = ["--with", reading] if reading else []
    said = RUN.invoke(app, ["screen", NCT, data, "-p", "P01", "--json", *chosen]).output
    clause = re.search(r'"id": "I-6c",\s+"kind": "inclusion",\s+"verdict": "([^"]+)"', said)
    assert clause is not None
    assert (clause[1] == "met") is met


@pytest.mark.parametrize(("before", "word"), [("18", "open"), ("180", "DLT")])
def test_the_report_proposes_no_toxicity_for_a_count_that_was_there_before(
    tmp_path: Path, before: str, word: str
) -> None:
    doses = "participant,level,date,cells_per_kg\nP01,1,2025-03-03,100000\n"
    events = "participant,term,grade,start,end\n"
    data = written(tmp_path / "d", facts=LOW.format(before=before), doses=doses, adverse_events=events)
    run("report", NCT, data, "-o", str(tmp_path / "out"), "--cutoff", "2025-04-10", "--only", "full")
    page = unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    table = page[page.index("Dose-limiting toxicity: the rule") :]
    row = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "|", table[table.index("<tbody") : table.index("</tbody")]))
    cells = [one.strip() for one in row.split("|") if one.strip()]
    assert word in cells, cells
    assert ("DLT" in cells) is (word == "DLT")
    assert ("before treatment platelets 18 10^9/L on 2025-02-20" in page) is (before == "18")


def test_the_docs_say_which_block_of_the_record_is_left_out() -> None:
    assert "all but the block of contacts, which names persons" in (DOCS / "study-folder.md").read_text(
        encoding="utf-8"
    )


def test_a_window_of_28_days_is_said_in_28_days_everywhere() -> None:
    shown = run("study", "show", NCT)
    assert "The DLT window is 28 days from the infusion (day 0); its last day is day 28; dosing from day 29" in shown
    assert "29 days" not in shown


def test_a_start_above_the_lowest_a_level_below_it_and_an_expansion_are_carried_out(tmp_path: Path) -> None:
    expands = (RULE, 'rule = "3+3 expand_to=9"\nstart = 1')
    rule = dose_rule(load_study(study_with(tmp_path, *BELOW, expands)))
    answers = {so_far: next_dose(rule, so_far) for so_far in ("", "1NTT", "1NNT 1NNN")}
    assert {so_far: one.level for so_far, one in answers.items() if isinstance(one, Treat)} == {
        "": 1,
        "1NTT": -1,
        "1NNT 1NNN": 1,
    }


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ('rule = "accelerated"', "Unknown design"),
        ('rule = "3+3 accelerated=yes"', "3+3 does not know accelerated. It knows: backfill_to"),
        (f"{RULE}\ncohort_size = [1, 3]", "Write a whole number"),
        (f"{RULE}\ncohort_size = 1", "treats cohorts of 3, but the study says 1"),
        (f"{RULE}\naccelerated = true", "is not known. Known here: product"),
    ],
)
def test_cohorts_of_one_before_three_are_refused_and_never_dropped(tmp_path: Path, new: str, said: str) -> None:
    assert said in str(refusal(study_with(tmp_path, (RULE, new))))
    assert "Cohorts of one before cohorts of three" in (DOCS / "study-folder.md").read_text(encoding="utf-8")
