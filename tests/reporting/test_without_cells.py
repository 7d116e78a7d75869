"""A study that gives no cells: its report speaks of none, and of no step that it does not have."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from tests.drawn import drawn
from tests.protocol.folders import HERON

RUN = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"})
OF_CELLS = re.compile(
    r"Cells given|Cells in blood|received any cells|related to the cells|Apheresed|Lymphodepleted|Lymphodepletion"
    r"|ICANS|leukapheresis|collect cells|>bags<",
)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    folder: Path = tmp_path_factory.mktemp("heron")
    made = RUN.invoke(app, ["report", str(HERON), str(drawn(HERON)), "-o", str(folder / "out"), "--only", "full"])
    assert made.exit_code == 0, made.output
    text = (folder / "out" / "report.html").read_text(encoding="utf-8")
    return re.sub(r"<(script|style|svg)[\s\S]*?</\1>", "", text)


def test_a_report_without_cells_speaks_of_none(page) -> None:
    assert sorted(set(OF_CELLS.findall(page))) == []


def test_it_speaks_of_the_dose_and_of_levels(page) -> None:
    assert "Dose given" in page
    assert "Levels in blood" in page
    assert "received any dose" in page
    assert "related to the treatment, or not assessed" in page
