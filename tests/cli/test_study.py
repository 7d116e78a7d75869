"""`escalon study`: what it prints, its exit codes, and the page."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.study import app
from escalon.protocol import load_study
from escalon.protocol.page import page
from tests.protocol.folders import ORCHID, changed

RUN = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"})


def test_show_prints_every_section() -> None:
    result = RUN.invoke(app, ["show", "nct07052565"])
    assert result.exit_code == 0
    for word in (
        "NCT07052565",
        "1 × 10⁵",
        "4.8 to 7.2 × 10⁵",
        "Dose-limiting toxicity",
        "E-9f",
        "D365",
        "S-12",
        "Q-SS-TP",
    ):
        assert word in result.output


def test_show_prints_one_section_or_names_those_there_are() -> None:
    assert "E-1a" not in RUN.invoke(app, ["show", "nct07052565", "-s", "dose"]).output
    unknown = RUN.invoke(app, ["show", "nct07052565", "-s", "budget"])
    assert unknown.exit_code == 2
    assert "eligibility" in unknown.output


def test_show_json_has_every_criterion_with_its_rule() -> None:
    found = json.loads(RUN.invoke(app, ["show", "nct07052565", "--json"]).output)
    study = load_study("nct07052565")
    assert [one["id"] for one in found["criteria"]] == [one.id for one in study.criteria]
    assert found["dose"]["levels"][1]["amount"] == {
        "amount": 300_000,
        "unit": "{cells}/kg",
        "text": "3 × 10⁵ CAR-T cells/kg",
    }
    assert found["version"] == study.version


def test_lint_counts_and_exits_0_and_strict_exits_1() -> None:
    study = load_study("nct07052565")
    result = RUN.invoke(app, ["lint", "nct07052565"])
    assert result.exit_code == 0
    assert f"0 errors, 3 warnings, {len(study.assumptions)} assumptions to sign" in result.output
    warned = [line.split()[0] for line in result.output.splitlines() if "  warning · " in line]
    assert warned == ["DLT-4", "dlt", "lymphodepletion"]
    assert RUN.invoke(app, ["lint", "nct07052565", "--strict"]).exit_code == 1


def test_lint_json_counts_by_severity() -> None:
    found = json.loads(RUN.invoke(app, ["lint", "nct07052565", "--json"]).output)
    assert found["error"] == 0
    assert found["assumption"] == len(load_study("nct07052565").assumptions)
    assert all(one["file"] and one["line"] for one in found["remarks"])


def test_trace_tells_what_runs_from_what_is_only_quoted() -> None:
    """Quoting the record implements nothing: what runs has decided something about somebody."""
    found = json.loads(RUN.invoke(app, ["trace", "nct07052565", "--json"]).stdout)
    assert found["parts"]["I-4"] == "runs"
    assert {found["parts"][one] for one in ("P-1", "S-2", "S-8", "level 1")} == {"runs"}
    assert found["parts"]["R-discretion"] == "quoted only"
    assert {one["state"] for one in found["clauses"]} == {"runs", "runs, no data", "quoted only"}


def test_trace_exits_0_when_all_is_implemented_and_1_when_not(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["trace", "nct07052565"])
    assert result.exit_code == 0
    assert "0 not implemented, 0 misquoted" in result.output
    broken = changed(tmp_path, "clauses.toml", 'says = "Thymoma at any time."\n', "")
    result = RUN.invoke(app, ["trace", str(broken)])
    assert result.exit_code == 1
    assert "Thymoma at any time" in result.output


def test_new_writes_a_study_and_refuses_to_write_over_one(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert RUN.invoke(app, ["new", str(folder)]).exit_code == 0
    assert RUN.invoke(app, ["lint", str(folder)]).exit_code == 0
    assert RUN.invoke(app, ["new", str(folder)]).exit_code != 0


def test_a_broken_study_is_one_message_and_exit_code_2(tmp_path: Path) -> None:
    broken = changed(tmp_path, "study.toml", '"V3"', '"V4"')
    command = [sys.executable, "-m", "escalon.cli.main", "study", "show", str(broken)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "study.toml" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture(scope="module")
def html() -> str:
    return page(load_study("nct07052565"))


def test_the_page_is_self_contained(html: str) -> None:
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)|<script|@import|url\(", html)


def test_the_page_prints_every_clause_outcome_and_assumption(html: str) -> None:
    study = load_study("nct07052565")
    for one in (*study.criteria, *study.endpoints, *study.assumptions):
        assert f'id="{one.id}"' in html
    for one in study.criteria:
        for assumption in study.assumed(one.id):
            assert f'href="#{assumption}"' in html


def test_the_page_has_no_link_that_leads_nowhere(html: str) -> None:
    anchors = set(re.findall(r'id="([^"]+)"', html))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= anchors


def test_the_same_study_gives_the_same_bytes(html: str) -> None:
    assert page(load_study("nct07052565")) == html


def test_the_page_of_another_study_needs_nothing_of_the_first() -> None:
    html = page(load_study(ORCHID))
    assert "ORCHID" in html
    assert "Sjögren" not in html


def test_text_of_a_study_cannot_break_the_page(tmp_path: Path) -> None:
    folder = changed(tmp_path, "study.toml", 'myasthenia gravis"\n', '<script>alert(1)</script>"\n')
    assert "<script" not in page(load_study(folder))


def test_asking_for_help_loads_nothing_heavy() -> None:
    heavy = "pydantic numpy polars pint scipy sqlalchemy lark jinja2".split()
    code = f"import sys, escalon.cli.study, escalon.protocol; print([m for m in {heavy!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
