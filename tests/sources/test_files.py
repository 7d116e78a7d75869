"""What a file may be: its encoding, its packing, and what a quotation mark swallows."""

import gzip
from pathlib import Path

import pytest

from escalon.protocol.study import Study
from escalon.sources.delimited import FolderError
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake

HEADER = "participant,fact,value,unit,date,visit,upper,source\n"
FACTS = HEADER + "P01,disease,RA,,2025-01-01,,,入组\n"
EVENTS = "participant,term,grade,start,action\nP01,Nausea,1,2025-03-09,观察\n"


def refused(found: Intake) -> list[tuple[str, int, str]]:
    return [(one.file, one.line, one.column) for one in found.refused]


@pytest.mark.parametrize(
    ("encoding", "said"), [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "UTF-16"), ("gb18030", "GB 2312")]
)
def test_an_encoding_is_found_out_and_said(study: Study, tmp_path: Path, encoding: str, said: str) -> None:
    (tmp_path / "facts.csv").write_bytes(FACTS.encode(encoding))
    found = take_in(study, tmp_path)
    assert found.trial.facts_of("P01").named("disease")[0].source == "facts.csv:2 (入组)"
    assert [said in one.message for one in found.problems] == ([True] if said else [])


def test_text_of_western_europe_is_not_taken_for_chinese(study: Study, tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_bytes((HEADER + "P01,disease,RA,,2025-01-01,,,Müller\n").encode("latin-1"))
    with pytest.raises(FolderError, match=r"facts\.csv:2: the file is not UTF-8"):
        take_in(study, tmp_path)


def test_packed_files_and_tabs_are_read(study: Study, tmp_path: Path) -> None:
    (tmp_path / "facts.csv.gz").write_bytes(gzip.compress(FACTS.encode()))
    (tmp_path / "adverse_events.tsv").write_text(EVENTS.replace(",", "\t"), encoding="utf-8")
    found = take_in(study, tmp_path)
    assert found.problems == ()
    assert found.account() == "2 rows read = 2 used + 0 refused"


def test_a_packed_file_that_is_cut_short_is_named(study: Study, tmp_path: Path) -> None:
    (tmp_path / "facts.csv.gz").write_bytes(gzip.compress(FACTS.encode())[:-12])
    with pytest.raises(FolderError, match=r"facts\.csv\.gz: it cannot be unpacked"):
        take_in(study, tmp_path)


@pytest.mark.parametrize("name", ["adverse_events.xlsx", "doses.xls", "doses.json"])
def test_a_table_in_a_file_that_is_not_read_holds_the_dose(study: Study, tmp_path: Path, name: str) -> None:
    (tmp_path / "facts.csv").write_text(FACTS, encoding="utf-8")
    (tmp_path / name).write_bytes(b"PK")
    found = take_in(study, tmp_path)
    assert refused(found) == [(name, 0, "")]
    assert [one.table for one in found.unread] == [name.partition(".")[0]]


def test_rows_swallowed_by_a_quotation_mark_are_named(study: Study, tmp_path: Path) -> None:
    text = (
        f'{FACTS}P01,alt,36,U/L,2025-02-07,,40,"lab A\nP01,malignancy,yes,,2025-02-07,,,old records\n'
        'P01,ast,30,U/L,2025-02-07,,40,lab B"\nP01,esr,12,mm/h,2025-02-07,,,\n'
    )
    (tmp_path / "facts.csv").write_text(text, encoding="utf-8")
    found = take_in(study, tmp_path)
    assert refused(found) == [("facts.csv", 3, "source")]
    assert "lines 3 to 5" in found.refused[0].message


def test_a_text_over_two_lines_is_read_and_named(study: Study, tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text(FACTS, encoding="utf-8")
    text = 'participant,term,grade,start,description\nP01,Nausea,1,2025-03-09,"after lunch\nand dinner"\n'
    (tmp_path / "adverse_events.csv").write_text(text, encoding="utf-8")
    found = take_in(study, tmp_path)
    assert [(one.line, one.column, one.refused) for one in found.problems] == [(2, "description", False)]


@pytest.mark.parametrize("codes", [("P01--1", "P01--2"), ("P1", "P01"), ("S-001", "S001"), ("01-2", "1-02")])
def test_two_codes_that_may_be_one_person_are_named(study: Study, tmp_path: Path, codes: tuple[str, str]) -> None:
    rows = "".join(f"{code},disease,RA,,2025-01-01,,,\n" for code in codes)
    (tmp_path / "facts.csv").write_text(HEADER + rows, encoding="utf-8")
    found = take_in(study, tmp_path)
    assert [(one.line, one.value, one.refused) for one in found.problems] == [(3, codes[1], False)]


def test_codes_of_different_people_are_not_named(study: Study, tmp_path: Path) -> None:
    rows = "".join(f"{code},disease,RA,,2025-01-01,,,\n" for code in ("P01", "P02", "P10", "P11", "P100"))
    (tmp_path / "facts.csv").write_text(HEADER + rows, encoding="utf-8")
    assert take_in(study, tmp_path).problems == ()


def test_a_timestamp_of_a_program_is_its_day(study: Study, tmp_path: Path) -> None:
    from datetime import datetime

    import polars as pl

    row = {
        "participant": "P01",
        "fact": "alt",
        "value": "36",
        "unit": "U/L",
        "date": datetime(2025, 2, 7),
        "upper": "40",
    }
    pl.DataFrame([row]).write_parquet(tmp_path / "facts.parquet")
    found = take_in(study, tmp_path)
    assert found.problems == ()
    assert str(found.trial.facts_of("P01").named("alt")[0].day) == "2025-02-07"


def test_a_quotation_mark_out_of_place_costs_its_own_line(study: Study, tmp_path: Path) -> None:
    rows = 'P01,alt,36,U/L,2025-02-07,"la"b\nP01,ast,20,U/L,2025-02-07,lab\n'
    head = "participant,fact,value,unit,date,source\nP01,disease,RA,,2025-01-01,\n"
    (tmp_path / "facts.csv").write_text(head + rows, encoding="utf-8")
    found = take_in(study, tmp_path)
    assert found.account() == "3 rows read = 2 used + 1 refused"
    assert str(found.refused[0]).endswith("Check the quotation marks in line 3")
    (tmp_path / "facts.csv").write_text(head + rows.replace('"la"b', '"lab\nof the ward'), encoding="utf-8")
    with pytest.raises(FolderError, match="quotation marks in that line"):
        take_in(study, tmp_path)


def test_bars_may_stand_between_the_cells(study: Study, tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text("participant|fact|value|date\nP01|disease|RA|2025-01-01\n", encoding="utf-8")
    assert take_in(study, tmp_path).account() == "1 rows read = 1 used + 0 refused"
