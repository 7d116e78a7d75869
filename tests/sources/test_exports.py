"""A wide export: every line is taken, refused, or left out by name; an unticked box is a no only where somebody looked."""

from pathlib import Path

import pytest

from escalon.conduct.judge.dosing import decide_next_dose
from escalon.escalation import EscalationError, Outcome
from escalon.facts import Day
from escalon.history.events import NothingToReport
from escalon.protocol.study import Study
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake

MAPPING = """[[table]]
file = "export.csv"
participant = "record_id"
date = "visit_date"
visit = "redcap_event_name"
missing = ["-99"]
only = { redcap_repeat_instrument = "" }
ignore = ["ae_term", "ae_grade", "ae_start", "mh_complete"]
ASKED
[table.facts]
disease = { column = "diagnosis", values = { 1 = "RA", 2 = "SLE" } }
esr = { column = "esr", unit = "mm/h" }
malignancy = { column = "cancer___1", values = { 0 = "no", 1 = "yes" } }

[[table]]
file = "export.csv"
into = "adverse_events"
participant = "record_id"
only = { redcap_repeat_instrument = "adverse_event" }
LEAVE
ignore = ["redcap_event_name", "visit_date", "diagnosis", "esr", "cancer___1", "mh_complete"]
[table.columns]
term = "ae_term"
grade = { column = "ae_grade", values = { 1 = "1", 2 = "2", 3 = "3", 4 = "4", 5 = "5" } }
start = "ae_start"
"""
HEADER = (
    "record_id,redcap_event_name,redcap_repeat_instrument,visit_date,diagnosis,esr,cancer___1,mh_complete,"
    "ae_term,ae_grade,ae_start\n"
)
VISIT = "P01,screening,,2025-02-07,1,41,1,2,,,"


def taken(study: Study, folder: Path, *lines: str, asked: str = "", leave: str = "") -> Intake:
    text = MAPPING.replace("ASKED", asked).replace("LEAVE", leave)
    (folder / "mapping.toml").write_text(text, encoding="utf-8")
    (folder / "export.csv").write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return take_in(study, folder)


def refused(found: Intake) -> list[tuple[str, int, str]]:
    return [(one.file, one.line, one.column) for one in found.refused]


@pytest.mark.parametrize("label", ["Adverse Event", "Adverse_Event", "ae", "infusion", "adverse_event "])
def test_a_line_no_table_takes_is_named_and_holds_the_dose(study: Study, tmp_path: Path, label: str) -> None:
    (tmp_path / "doses.csv").write_text("participant,level,date\nP01,1,2025-03-05\n", encoding="utf-8")
    stray = f'P01,screening,"{label}x",,,,,,CRS,4,2025-03-09'
    found = taken(study, tmp_path, VISIT, "P01,screening,adverse_event,,,,,,Nausea,1,2025-03-09", stray)
    assert refused(found) == [("export.csv", 4, "redcap_repeat_instrument")]
    assert found.account() == "6 rows read = 5 used + 1 refused"
    with pytest.raises(EscalationError, match=r"export\.csv:4"):
        decide_next_dose(study, found.trial, Day(2025, 4, 30))


def test_an_event_in_the_line_of_a_visit_is_named_and_holds_the_dose(study: Study, tmp_path: Path) -> None:
    """The line is taken as a visit, whose table does not read the event that somebody entered there."""
    (tmp_path / "doses.csv").write_text("participant,level,date\nP01,1,2025-03-05\n", encoding="utf-8")
    found = taken(study, tmp_path, "P01,screening,,2025-02-07,1,41,1,2,CRS,4,2025-03-09")
    assert refused(found) == [("export.csv", 2, "ae_term")]
    assert "redcap_repeat_instrument is ''" in str(found.refused[0])
    with pytest.raises(EscalationError, match=r"export\.csv:2 ae_term"):
        decide_next_dose(study, found.trial, Day(2025, 4, 30))
    assert refused(taken(study, tmp_path, "P01,screening,,2025-02-07,1,41,1,2,-99,-99,")) == []


def test_a_line_left_out_by_name_is_counted_and_holds_nothing(study: Study, tmp_path: Path) -> None:
    (tmp_path / "doses.csv").write_text("participant,level,date\nP01,1,2025-03-05\n", encoding="utf-8")
    (tmp_path / "adverse_events.csv").write_text("participant,term,grade,start\n", encoding="utf-8")
    leave = 'leave_out = { redcap_repeat_instrument = ["diary"] }'
    found = taken(study, tmp_path, VISIT, "P01,screening,diary,,,,,,,,", leave=leave)
    assert found.refused == ()
    assert found.account() == "5 rows read = 4 used + 0 refused + 1 left out by name"
    assert decide_next_dose(study, found.trial, Day(2025, 4, 30)).reviews[0].outcome is Outcome.NO_DLT


def test_a_table_that_takes_no_line_says_what_stands_there(study: Study, tmp_path: Path) -> None:
    found = taken(study, tmp_path, VISIT, "P01,screening,Adverse Event,,,,,,CRS,4,2025-03-09")
    assert any("takes 0 of 2 lines" in one.message and "'Adverse Event'" in one.message for one in found.problems)


def test_an_export_of_which_no_line_is_an_event_says_nothing_until_somebody_does(study: Study, tmp_path: Path) -> None:
    """The lines of events may be missing from it; a table with its header only is a word of its own."""

    def attested() -> list[NothingToReport]:
        found = taken(study, tmp_path, VISIT)
        return [one.event for one in found.entries if isinstance(one.event, NothingToReport)]

    assert taken(study, tmp_path, VISIT).account() == "3 rows read = 3 used + 0 refused"
    assert attested() == []
    (tmp_path / "adverse_events.csv").write_text("participant,term,grade,start\n", encoding="utf-8")
    assert len(attested()) == 1


@pytest.mark.parametrize(
    ("asked", "complete", "value"),
    [
        ("", "2", None),
        ("", "0", None),
        ('asked = { mh_complete = "2" }', "2", False),
        ('asked = { mh_complete = "2" }', "0", None),
        ('asked = { mh_complete = "2" }', "", None),
    ],
)
def test_an_unticked_box_is_a_no_where_its_form_is_complete(
    study: Study, tmp_path: Path, asked: str, complete: str, value: bool | None
) -> None:
    found = taken(study, tmp_path, f"P01,screening,,2025-02-07,1,41,0,{complete},,,", asked=asked)
    assert found.trial.facts_of("P01").named("malignancy")[0].value is value
    assert any("unticked box" in one.message for one in found.problems) is (value is None)


def test_a_box_of_a_later_visit_takes_no_yes_back(study: Study, tmp_path: Path) -> None:
    later = "P01,month_1,,2025-04-07,,20,0,,,,"
    found = taken(study, tmp_path, VISIT, later, asked='asked = { mh_complete = "2" }')
    assert [one.value for one in found.trial.facts_of("P01").named("malignancy")] == [True, None]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("P01,screening,adverse_event,,,,,,CRS,6,2025-03-09", "ae_grade"),
        ("P01,screening,,2025-02-07,3,41,1,2,,,", "diagnosis"),
        ("P01,screening,,2025-02-07,RA,41,1,2,,,", "diagnosis"),
    ],
)
def test_a_code_that_is_not_listed_is_refused(study: Study, tmp_path: Path, line: str, column: str) -> None:
    found = taken(study, tmp_path, "P02,screening,,2025-02-07,1,41,1,2,,,", line)
    assert refused(found) == [("export.csv", 3, column)]


def test_a_line_with_a_cell_too_many_is_one_refused_row(study: Study, tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text("participant,fact,value\nP01,disease,RA\nP01,disease,RA,x\n", encoding="utf-8")
    found = take_in(study, tmp_path)
    assert refused(found) == [("facts.csv", 3, "")]
    assert "4 cells, but there are 3 columns" in found.refused[0].message


def test_a_column_that_no_table_reads_is_noted_once_for_the_file(study: Study, tmp_path: Path) -> None:
    tests = {"alt": "A", "ast": "B", "esr": "C"}
    mapping = "".join(
        f'[[table]]\nfile = "lab.csv"\nparticipant = "id"\ndate = "day"\nonly = {{ test = "{code}" }}\n'
        f'[table.facts]\n{fact} = {{ column = "value", unit_column = "unit" }}\n'
        for fact, code in tests.items()
    )
    (tmp_path / "mapping.toml").write_text(mapping + 'upcr = "ratio"\n', encoding="utf-8")
    (tmp_path / "lab.csv").write_text(
        "id,day,test,value,unit,ratio,operator,kit\nP01,2025-02-07,A,30,U/L,,x,y\nP01,2025-02-07,B,30,U/L,,x,y\n"
        "P01,2025-02-07,C,30,mm/h,,x,y\n",
        encoding="utf-8",
    )
    found = [(one.column, one.line) for one in take_in(study, tmp_path).problems if "not mapped" in one.message]
    assert found == [("operator", 1), ("kit", 1)]


def test_a_visit_the_mapping_does_not_translate_is_noted_once(study: Study, tmp_path: Path) -> None:
    later = ("P01,month_1,,2025-04-07,,20,,2,,,", "P02,month_1,,2025-04-08,,21,,2,,,", "P01,,,2025-05-07,,22,,2,,,")
    found = taken(study, tmp_path, VISIT, *later, asked='visits = { screening = "baseline", d28 = "D28" }')
    noted = [(one.line, one.column, one.value) for one in found.problems if "`visits`" in one.message]
    assert noted == [(3, "redcap_event_name", "month_1")]
    without = taken(study, tmp_path, VISIT, *later)
    assert not any("`visits`" in one.message for one in without.problems)


def test_a_unit_that_is_the_name_of_a_column_says_the_key_for_it(study: Study, tmp_path: Path) -> None:
    mapping = '[[table]]\nfile = "lab.csv"\nparticipant = "id"\ndate = "day"\n[table.facts]\n'
    cell = 'creatinine = { column = "creat", KEY = "creat_unit" }\n'
    (tmp_path / "lab.csv").write_text(
        "id,day,creat,creat_unit\nP01,2025-02-07,80,umol/L\nP02,2025-02-07,0.9,mg/dL\n", encoding="utf-8"
    )
    (tmp_path / "mapping.toml").write_text(mapping + cell.replace("KEY", "unit"), encoding="utf-8")
    with pytest.raises(ValueError, match='Write unit_column = "creat_unit"'):
        take_in(study, tmp_path)
    (tmp_path / "mapping.toml").write_text(mapping + cell.replace("KEY", "unit_column"), encoding="utf-8")
    assert not take_in(study, tmp_path).problems


BOXES = """
[[table]]
file = "export.csv"
participant = "record_id"
date = "visit_date"
asked = { mh_complete = ["2", "Complete"] }
[table.facts]
disease = "dx"
malignancy = { column = "cancer___1" }
"""


@pytest.mark.parametrize(
    ("box", "status", "value"),
    [
        ("Checked", "Incomplete", "yes"),
        ("Unchecked", "Complete", "no"),
        ("Unchecked", "Incomplete", None),
        ("0", "2", "0"),
        ("0", "0", None),
    ],
)
def test_a_box_is_read_from_an_export_of_labels_as_from_one_of_codes(study, tmp_path, box, status, value):
    (tmp_path / "mapping.toml").write_text(BOXES, encoding="utf-8")
    (tmp_path / "export.csv").write_text(
        f"record_id,visit_date,dx,cancer___1,mh_complete\nP01,2025-02-07,RA,{box},{status}\n", encoding="utf-8"
    )
    found = take_in(study, tmp_path)
    assert found.refused == ()
    (said,) = [one.event.fact for one in found.entries if one.event.fact.name == "malignancy"]
    assert said.value == value
