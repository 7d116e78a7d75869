"""What stands above the names of the columns: a title, the day of printing, blank lines; at every door that reads a table."""

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.protocol.study import Study
from escalon.sources.delimited import FolderError
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake

HEAD = "participant,fact,value,unit,date\n"
ROWS = "P01,disease,RA,,2025-01-01\nP01,esr,12,mm/h,2025-02-07\n"
VISITS = "tender,swollen,esr [mm/h],global_health [mm]\n4,5,7,50\n"


def of(study: Study, folder: Path, text: str) -> Intake:
    (folder / "facts.csv").write_text(text, encoding="utf-8")
    return take_in(study, folder)


def lines(found: Intake) -> list[int]:
    return [int(entry.place.partition(":")[2]) for entry in found.entries if "facts.csv" in entry.place]


@pytest.mark.parametrize(
    ("above", "line", "said"),
    [
        ("Export of trial X\n", 2, True),
        ("Export of trial X,,,,\n", 2, True),
        ('"Export, of trial X"\n', 2, True),
        ("# exported\n\nprinted 2025-03-01\n", 4, True),
        ("\n", 2, False),
        (",,,,\n\n", 3, False),
    ],
)
def test_a_title_above_the_columns_is_left_out_by_name_and_lines_keep_their_numbers(study, tmp_path, above, line, said):
    found = of(study, tmp_path, above + HEAD + ROWS)
    assert found.account() == "2 rows read = 2 used + 0 refused"
    assert lines(found) == [line + 1, line + 2]
    notes = [one.message for one in found.problems]
    assert [f"the columns are named in line {line}" in one for one in notes] == ([True] if said else [])


def test_titles_stand_above_semicolons_too(study, tmp_path):
    text = "Export\n" + (HEAD + ROWS).replace(",", ";")
    assert of(study, tmp_path, text).account() == "2 rows read = 2 used + 0 refused"


def test_a_title_that_may_be_a_row_of_names_is_refused_with_the_line_that_names_them(study, tmp_path):
    found = of(study, tmp_path, "Export, of trial X\n" + HEAD + ROWS)
    assert found.account() == "3 rows read = 0 used + 3 refused"
    assert {"line 2 names it. Take out what stands above line 2" in one.message for one in found.refused} == {True}


def test_a_row_of_numbers_never_names_columns(tmp_path):
    """`5,2` below a single column is a decimal comma, not two names."""
    (tmp_path / "crp.csv").write_text("crp [mg/L]\n5,2\n", encoding="utf-8")
    found = CliRunner().invoke(app, ["score", "das28_crp", "--table", str(tmp_path / "crp.csv")])
    assert "crp.csv:2: 2 cells, but there are 1 columns" in found.stderr


OPEN = 'P01,disease,RA,,2025-01-01\nP01,esr,"12,mm/h,2025-02-07\n'


def test_a_quotation_mark_that_is_never_closed_costs_its_line_where_each_below_is_a_row(study, tmp_path):
    found = of(study, tmp_path, HEAD + OPEN + "P01,alt,36,U/L,2025-02-08\n")
    assert found.account() == "3 rows read = 2 used + 1 refused"
    assert "facts.csv:3: a quotation mark is opened and never closed" in str(found.refused[0])
    assert [fact.name for fact in found.trial.facts_of("P01")] == ["disease", "alt"]


def test_a_quotation_mark_that_is_never_closed_costs_the_table_where_the_rows_may_end_elsewhere(study, tmp_path):
    with pytest.raises(FolderError, match=r"facts\.csv:3: a quotation mark is opened and never closed"):
        of(study, tmp_path, HEAD + OPEN + "and more of its text\nP01,alt,36,U/L,2025-02-08\n")


def test_a_line_that_names_the_columns_again_is_left_out_and_named(study, tmp_path):
    """Files that were put together, each with its own heading."""
    found = of(study, tmp_path, HEAD + "P01,disease,RA,,2025-01-01\n" + HEAD.title() + "P01,alt,36,U/L,2025-02-08\n")
    assert found.account() == "2 rows read = 2 used + 0 refused"
    assert ["facts.csv:3: the columns are named again" in str(one) for one in found.problems] == [True]


def sheet(file: Path, rows: list[list[Any]], merged: str = "") -> None:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    book.save(file)


def test_a_workbook_has_its_title_in_a_merged_cell(study, tmp_path):
    rows = [line.split(",") for line in (HEAD + ROWS).splitlines()]
    sheet(tmp_path / "facts.xlsx", [["Visits of March"], [], *rows], "A1:E1")
    found = take_in(study, tmp_path)
    assert found.account() == "2 rows read = 2 used + 0 refused"
    assert [one.line for one in found.problems] == [3]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_table_of_visits_is_read_by_the_same_reader(tmp_path, kind):
    file = tmp_path / f"visits.{kind}"
    if kind == "csv":
        file.write_text("Visits of March\n" + VISITS, encoding="utf-8")
    else:
        sheet(file, [["Visits of March"], *(line.split(",") for line in VISITS.splitlines())], "A1:D1")
    found = CliRunner().invoke(app, ["score", "das28_esr", "--table", str(file)])
    assert found.exit_code == 0
    assert "4,5,7,50,3.80" in found.stdout
    assert "«Visits of March» above it is left out" in found.stderr


def test_a_table_of_grades_is_read_by_the_same_reader(tmp_path):
    file = tmp_path / "crs.csv"
    file.write_text(
        "CRS of March\nparticipant,time,temp_c,hypotension,vasopressors,oxygen\nP01,2025-03-10T08:00,38.5,no,,none\n",
        encoding="utf-8",
    )
    found = CliRunner().invoke(app, ["grade", "crs", "--table", str(file)])
    assert found.exit_code == 0, found.output
    assert "P01" in found.stdout


def test_what_a_scored_table_gives_back_is_run_by_no_spreadsheet(tmp_path):
    file = tmp_path / "visits.csv"
    file.write_text("who," + VISITS.replace("4,5,7", "=1+1,4,5,7"), encoding="utf-8")
    found = CliRunner().invoke(app, ["score", "das28_esr", "--table", str(file)])
    assert "\n'=1+1,4,5,7,50," in found.stdout
