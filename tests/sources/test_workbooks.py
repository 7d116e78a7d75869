"""Excel workbooks: sheets are tables, cells are read as they stand there, and what cannot be read is named by sheet and cell."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.protocol import load_study
from escalon.sources.delimited import FolderError
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake
from escalon.sources.spreadsheet import _layout, _number

STUDY = load_study("nct07052565")
FACTS = ["participant", "fact", "value", "unit", "date"]


def workbook(file: Path, **sheets: list[list[Any]]) -> Workbook:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(file)
    return book


def values(intake: Intake) -> list[tuple[Any, ...]]:
    seen = [entry.event.fact for entry in intake.entries if hasattr(entry.event, "fact")]
    return [(one.name, one.value, one.unit, one.day) for one in seen]


def test_sheets_are_tables_and_say_the_same_as_csv(tmp_path: Path) -> None:
    rows = [
        ["P01", "disease", "RA", None, date(2025, 1, 1)],
        ["P01", "alt", 36.5, "U/L", datetime(2025, 2, 7)],
        ["P01", "malignancy", False, None, date(2025, 2, 7)],
    ]
    (tmp_path / "book").mkdir()
    (tmp_path / "text").mkdir()
    workbook(
        tmp_path / "book" / "trial.xlsx",
        Facts=[FACTS, *rows],
        doses=[["participant", "level", "date", "cells_per_kg"], ["P01", 1, date(2025, 3, 3), 100000]],
        remarks=[["anything"], ["else"]],
    )
    written = "P01,disease,RA,,2025-01-01\nP01,alt,36.5,U/L,2025-02-07\nP01,malignancy,no,,2025-02-07\n"
    (tmp_path / "text" / "facts.csv").write_text(",".join(FACTS) + "\n" + written, encoding="utf-8")
    doses = "participant,level,date,cells_per_kg\nP01,1,2025-03-03,100000\n"
    (tmp_path / "text" / "doses.csv").write_text(doses, encoding="utf-8")
    book, text = take_in(STUDY, tmp_path / "book"), take_in(STUDY, tmp_path / "text")
    assert {str(entry.event) for entry in book.entries} == {str(entry.event) for entry in text.entries}
    assert len(book.entries) == 4
    assert book.account() == text.account()
    assert any("trial.xlsx[remarks]" in str(one) for one in book.problems)


def test_a_cell_that_cannot_be_used_is_named_by_sheet_and_cell(tmp_path: Path) -> None:
    rows = [FACTS, ["P01", "disease", "RA", None, date(2025, 1, 1)], ["P01", "alt", "=1+1", "U/L", date(2025, 2, 7)]]
    rows += [["P01", "ast", "#N/A", "U/L", date(2025, 2, 7)], ["P01", "esr", 12, "mm/h", date(2025, 2, 7)]]
    workbook(tmp_path / "facts.xlsx", Sheet1=rows)
    intake = take_in(STUDY, tmp_path)
    said = [str(one) for one in intake.refused]
    assert "facts.xlsx[Sheet1]:3 value: C3: the formula has no saved result" in said[0]
    assert "C4: the cell holds the error #N/A" in said[1]
    assert values(intake) == [("disease", "RA", None, "2025-01-01"), ("esr", "12", "mm/h", "2025-02-07")]


def test_a_share_shown_as_a_percentage_keeps_its_sign_and_a_clock_its_time(tmp_path: Path) -> None:
    from escalon.sources.spreadsheet import sheets

    book = workbook(tmp_path / "a.xlsx", one=[["x", "y"], [0.85, datetime(2025, 3, 14, 9, 30)]])
    book["one"]["A2"].number_format = "0%"
    book.save(tmp_path / "a.xlsx")
    assert sheets((tmp_path / "a.xlsx").read_bytes())["one"].rows[1].cells == ("85%", "2025-03-14T09:30")


def test_a_table_of_visits_is_scored_from_a_workbook(tmp_path: Path) -> None:
    head = ["participant", "tender", "swollen", "ESR [mm/h]", "global_health [mm]"]
    workbook(tmp_path / "visits.xlsx", visits=[head, ["P01", 3, 4, 20, 40], ["P02", "3 of 28", 4, 20, 40]])
    found = CliRunner().invoke(app, ["score", "das28_esr", "--table", str(tmp_path / "visits.xlsx")])
    assert "4.18696" in found.stdout
    assert found.exit_code == 2  # the second row is refused and comes back with its reason
    workbook(tmp_path / "visits.xlsx", visits=[head, ["P01", "=A1", 4, 20, 40]])
    book = load_workbook(tmp_path / "visits.xlsx")
    book["visits"].row_dimensions[2].hidden = True
    book.save(tmp_path / "visits.xlsx")
    found = CliRunner().invoke(app, ["score", "das28_esr", "--table", str(tmp_path / "visits.xlsx")])
    assert found.exit_code == 2
    assert 'P01,\'=A1,4,20,40,,,invalid,"",NOT_A_NUMBER' in found.stdout
    assert "visits.xlsx[visits]: hidden in the workbook, and read all the same: row 2" in found.stderr


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04 nor this"])
def test_what_is_no_workbook_is_refused_where_it_bears_a_tables_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text("participant,fact,value\nP01,disease,RA\n", encoding="utf-8")
    (tmp_path / "doses.xlsx").write_bytes(content)
    intake = take_in(STUDY, tmp_path)
    assert "doses.xlsx: no sheet of this workbook can be read" in str(intake.refused[0])
    assert intake.unread[0].table == "doses"


UNREADABLE = {"junk": b"PK\x03\x04 not really", "nothing": b"", "text": b"participant,fact\nP01,disease\n"}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_facts_that_cannot_be_opened_are_not_called_missing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "facts.xlsx").write_bytes(content)
    with pytest.raises(FolderError, match=r"facts\.xlsx: not an Excel workbook that can be read"):
        take_in(STUDY, tmp_path)


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_a_file_with_a_changed_byte_is_read_or_refused_in_words(kind: str, tmp_path: Path) -> None:
    """What another library raises, or dies of, is no answer: of every seventh byte one bit is turned."""
    file = tmp_path / f"facts.{kind}"
    cells = ["P01", "disease", "RA", "", "2025-01-01"]
    if kind == "xlsx":
        workbook(file, facts=[FACTS, cells]).close()
    else:
        pl.DataFrame([cells], schema=FACTS, orient="row").write_parquet(file)
    whole, refused = file.read_bytes(), 0
    for at in range(0, len(whole), 7):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        try:
            take_in(STUDY, tmp_path)
        except FolderError:
            refused += 1
    assert refused > 10


def test_facts_under_other_names_of_sheets_or_in_another_kind_of_file_are_named(tmp_path: Path) -> None:
    workbook(tmp_path / "facts.xlsx", one=[["x"]], two=[["y"]])
    with pytest.raises(FolderError, match=r"no sheet is named facts \(one, two\)"):
        take_in(STUDY, tmp_path)
    (tmp_path / "facts.xlsx").rename(tmp_path / "facts.ods")
    with pytest.raises(FolderError, match=r"facts\.ods: a file of this kind is not read"):
        take_in(STUDY, tmp_path)


ROW = ["P01", "alt", 36, "U/L", date(2025, 2, 7)]


def taken(folder: Path, row: list[Any], change: Any = None) -> Intake:
    """One person's row 3 of a workbook, after `change(sheet)`."""
    rows = [FACTS, ["P01", "disease", "RA", None, date(2025, 1, 1)], row]
    book = workbook(folder / "facts.xlsx", facts=rows)
    if change:
        change(book["facts"])
        book.save(folder / "facts.xlsx")
    return take_in(STUDY, folder)


def test_what_a_format_writes_beside_a_number_is_part_of_it(tmp_path: Path) -> None:
    def shown(number_format: str) -> Any:
        return lambda sheet: setattr(sheet["C3"], "number_format", number_format)

    below = taken(tmp_path, ["P01", "crp", 5, "mg/L", date(2025, 2, 7)], shown('"<"0'))
    assert values(below)[-1][:3] == ("crp", "<5", "mg/L")
    assert taken(tmp_path, [*ROW[:3], None, ROW[4]], shown('0 "U/L"')).refused == ()
    other = taken(tmp_path, ROW, shown('0.0 "mg/L"'))
    assert "'36 mg/L', but its unit is said to be 'U/L'" in str(other.refused)


SHOWN = (
    (3, '[<5]"<5";0', "<5"), (10, '[<5]"<5";0', "10"), (45, '0"%"', "45 %"), (0.5, '0.0"%"', "0.5 %"),
    (0.85, "0%", "85%"), (0.005, '"<"0.0%', "<0.5%"), (5, "<0", "<5"), (5, r"\<0", "<5"), (5, '"approx. "0', "approx. 5"),
    (-3, '0"a";-0"b"', "-3 b"), (0, '0;-0;"ND"', "ND"), (0, '_(* #,##0_);_(* (#,##0);_(* "-"??_);_(@_)', "0"),
    (5, "0;-0;;@", "5"), (0, "0;-0;;@", "0"), (36, '0\\ "U/L"', "36 U/L"), (36, "0 [$U/L]", "36 U/L"), (7, "General", "7"),
    (1250, "#,##0.00", "1250"), (3, "[Red]0", "3"), (2.5, "0.00E+00", "2.5"), (12, "@", "12"),
)  # fmt: skip


@pytest.mark.parametrize(("value", "number_format", "text"), SHOWN)
def test_a_number_is_read_with_the_words_its_format_shows(value: float, number_format: str, text: str) -> None:
    assert _number(value, number_format) == text


def test_a_cell_merged_with_others_says_so(tmp_path: Path) -> None:
    found = taken(tmp_path, ROW, lambda sheet: sheet.merge_cells("A2:A3"))
    assert [str(one) for one in found.refused] == [
        "facts.xlsx[facts]:3 participant: A2:A3 are merged into one cell. Part them and write the value into each that it is for"
    ]
    assert values(found) == [("disease", "RA", None, "2025-01-01")]


def test_cells_merged_across_a_whole_sheet_cost_no_more_than_its_rows() -> None:
    written = b'<mergeCells count="1"><mergeCell ref="E2:XFD1048576"/></mergeCells>'
    sheet = SimpleNamespace(_get_source=lambda: BytesIO(written), max_row=3)
    area = "E2:XFD1048576"
    assert _layout(sheet) == ({2: [(6, 16384, area)], 3: [(5, 16384, area)]}, ())


def test_what_is_hidden_is_read_and_said(tmp_path: Path) -> None:
    found = taken(tmp_path, ROW, lambda sheet: setattr(sheet.row_dimensions[3], "hidden", True))
    assert len(values(found)) == 2
    said = "facts.xlsx[facts] hidden in the workbook, and read all the same: row 3"
    assert [str(one).replace(": hidden", " hidden") for one in found.problems] == [said]
    assert taken(tmp_path, ROW).problems == ()


def test_a_day_that_a_program_made_of_a_range_is_no_number(tmp_path: Path) -> None:
    found = taken(tmp_path, ["P01", "tender_joints_28", datetime(2025, 3, 4), None, date(2025, 2, 7)])
    assert "'2025-03-04' is a date. Write the number" in str(found.refused)


def test_a_table_of_visits_is_not_lost_to_one_broken_cell(tmp_path: Path) -> None:
    rows = [["tender", "swollen", "patient_global [cm]", "physician_global [cm]"], [1, 1, 1, 1], [2, "#DIV/0!", 1, 1]]
    workbook(tmp_path / "visits.xlsx", Sheet1=rows)
    done = CliRunner().invoke(app, ["score", "cdai", "--table", str(tmp_path / "visits.xlsx")])
    assert done.exit_code == 2
    assert "1,1,1,1,4.0,low,ok" in done.stdout
    assert "2,#DIV/0!,1,1,,,invalid" in done.stdout


@pytest.mark.parametrize(
    ("number_format", "day", "shown"),
    [
        ("mmm yyyy", datetime(2023, 5, 1), "2023-05"),
        ("yyyy", datetime(2023, 1, 1), "2023"),
        ("dd/mm/yy", datetime(2023, 5, 1), "2023-05-01"),
        ("d. mmmm yyyy", datetime(2023, 5, 1), "2023-05-01"),
        ("mmm yyyy", datetime(2023, 5, 14), "2023-05-14"),
        ("yyyy", datetime(2023, 5, 14), "2023-05-14"),
        ("yyyy", datetime(2023, 5, 1), "2023-05-01"),
    ],
)
def test_a_day_is_known_as_far_as_its_cell_shows_it_and_none_that_was_typed_is_lost(
    number_format: str, day: datetime, shown: str, tmp_path: Path
) -> None:
    def shown_as(sheet: Any) -> None:
        sheet["E3"].number_format = number_format

    intake = taken(tmp_path, ["P01", "ra_diagnosis", "yes", None, day], shown_as)
    assert str(intake.entries[-1].event.fact.day) == shown


@pytest.mark.parametrize(("number_format", "code"), [("000", "001"), ('"P"00', "P01"), ("0", "1"), ("#,##0", "1")])
def test_a_code_keeps_the_zeros_its_cell_shows(number_format: str, code: str) -> None:
    assert _number(1, number_format) == code
    assert _number(0.5, "0.00") == "0.5"
