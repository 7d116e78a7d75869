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
    r"|ICANS|leukapheresis|collect cells|>bags<|Table 3-2|Yakoub-Agha|Immunoglobulins|In the boxes",
)


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("heron") / "out"
    made = RUN.invoke(app, ["report", str(HERON), str(drawn(HERON)), "-o", str(folder), "--only", "full"])
    assert made.exit_code == 0, made.output
    return folder


@pytest.fixture(scope="module")
def page(pack) -> str:
    text = (pack / "report.html").read_text(encoding="utf-8")
    return re.sub(r"<(script|style|svg)[\s\S]*?</\1>", "", text)


def test_a_report_without_cells_speaks_of_none(page) -> None:
    assert sorted(set(OF_CELLS.findall(page))) == []


def test_it_speaks_of_the_dose_and_of_levels(page) -> None:
    assert "Dose given" in page
    assert "Levels in blood" in page
    assert "received any dose" in page
    assert "related to the treatment, or not assessed" in page


def test_an_event_that_was_dose_limiting_is_drawn_on_its_days(pack) -> None:
    """Whoever looks at the evidence by day sees what the table calls a DLT, and of nobody with one it says there is nothing."""
    drawing = (pack / "figures" / "F4-2.svg").read_text(encoding="utf-8")
    _, *rows = (pack / "tables" / "T4-2.csv").read_text(encoding="utf-8").splitlines()
    limiting = sum("Diarrhea, grade 3" in row for row in rows)
    assert drawing.count(">Diarrhea</text>") == limiting > 0
    silent = drawing.count("no event of grade 3 or more, and no blood count, recorded</text>")
    assert silent == len(rows) - limiting
