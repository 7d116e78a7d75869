"""Rows as laboratories, programs and people send them: each is read as it is meant, or named at its line; none is dropped."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.facts import Facts, Interval, ReadError, convert, read_elapsed, read_moment
from escalon.facts.amount import AmountError, read_amount
from escalon.facts.written_day import DayError
from escalon.instruments.kit.meaning import did_you_mean
from escalon.protocol import load_study
from escalon.protocol.study import Study
from escalon.sources.folder import take_in
from escalon.sources.frame import zone_of
from escalon.sources.intake import Intake

STUDY = load_study("nct07052565")
FACTS = "participant,fact,value,unit,date,visit,upper,source\nP01,disease,RA,,2025-01-01,,,\n"
SAMPLES = "participant,analyte,day,value,unit,lloq,lod,uloq,visit\n"
CLOCKED = "participant,analyte,collected,infusion_end,value,unit,lloq\n"


def taken(folder: Path, facts: str = "", **tables: str) -> Intake:
    (folder / "facts.csv").write_text(FACTS + facts, encoding="utf-8")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return take_in(STUDY, folder)


def facts_of(intake: Intake) -> Facts:
    return intake.trial.facts_of("P01")


SAME_UNIT = {
    "platelets,250,10*3/uL": "250",
    "wbc,5.2,GI/L": "5.2",
    "crp,4,ug/mL": "4",
    "weight,150,lb": "150",
    "crp,<5,mg/L": "<5",
    "neutrophils,<0.5,10^9/L": "<0.5",
    "alt,20,IU/L": "20",
    "platelets,25,Mrd/L": "25",
    "platelets,251,billion/L": "251",
}


@pytest.mark.parametrize(("row", "value"), SAME_UNIT.items())
def test_the_same_unit_under_another_name_and_a_value_below_a_limit_are_facts(
    row: str, value: str, tmp_path: Path
) -> None:
    intake = taken(tmp_path, f"P01,{row},2025-02-07,,,\n")
    assert not intake.refused
    (fact,) = facts_of(intake).named(row.partition(",")[0])
    assert str(fact.value) == value


def test_a_dose_has_a_column_for_its_unit_and_is_not_said_to_hold_one_that_stands_in_the_columns_name(
    tmp_path: Path,
) -> None:
    doses = "participant,level,date,amount (CAR-T cells/kg)\nP01,1,2025-03-05,100000\nP01,1,2025-03-06,\n"
    (refused,) = taken(tmp_path, doses=doses).refused
    assert (refused.file, refused.line, refused.column, refused.value) == ("doses.csv", 2, "amount", "100000")
    assert "Name the column amount alone, and write the unit in the column unit" in refused.message


def test_what_stands_in_brackets_behind_a_column_is_its_unit_or_how_its_dates_are_written(tmp_path: Path) -> None:
    head = "Participant (ID),fact,value [mg/L],date (TT.MM.JJJJ),upper [ULN],source (free text)\n"
    rows = "P01,disease,RA,01.02.2025,,2\nP01,crp,5,13.02.2025,10,crf\n"
    rows += "P01,crp,5,02/13/2025,,crf\nP01,crp,5 mg/dL,03.02.2025,,crf\n"
    (tmp_path / "facts.csv").write_text(head + rows, encoding="utf-8")
    intake = take_in(STUDY, tmp_path)
    (crp,) = facts_of(intake).named("crp")
    assert (crp.value, str(crp.day), crp.upper, crp.source) == (5, "2025-02-13", 10, "facts.csv:3 (crf)")
    assert [str(one) for one in intake.refused] == [
        "facts.csv:4 date: '02/13/2025' is no date written as dmy. Write it as 2025-03-14, or 2025-03 or 2025 if that is all "
        "that is known",
        "facts.csv:5 unit: crp is in 'mg/dL mg/l'. Accepted: mg/L, mg/dL",
    ]


def test_facts_without_a_column_of_values_say_nothing_and_are_refused(tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text("participant,fact,date\nP01,malignancy,2025-02-01\n", encoding="utf-8")
    assert [str(one) for one in take_in(STUDY, tmp_path).refused] == ["facts.csv:2 value: no such column"]


def test_pounds_are_kilograms_exactly() -> None:
    assert convert(150, "lb", "kg") == Fraction("68.0388555")


REFUSED = {
    "P01,haemoglobin,12.5 g/dL,g/L,2025-02-07,,,": "unit: haemoglobin is '12.5 g/dL', but its unit is said to be 'g/L'",
    "P01,platelets,250 10^9/L,/uL,2025-02-07,,,": "Write the number and one unit",
    "P01,esr,167/92,mm/h,2025-02-07,,,": "is not divided",
    'P03,platelets,"150,000",/uL,2025-02-07,,,': "Write 150000",
    "P11111111111111111111111111111111,ast,20,U/L,2025-02-07,,40,": "32 characters at most",
    "P01,alt,36,U/L,2025-03-14Tbanana,,40,": "no clock",
    "P01,alt,36,U/L,2025T,,40,": "is not a date",
    "P01,esr,999,mm/h,2025-02-07,s,,": "Accepted: number 0–300 mm/h",
}


@pytest.mark.parametrize(("row", "says"), REFUSED.items())
def test_one_bad_cell_is_one_refused_row(row: str, says: str, tmp_path: Path) -> None:
    intake = taken(tmp_path, f"{row}\nP01,ast,20,U/L,2025-02-07,,40,\n")
    (problem,) = intake.refused
    assert (problem.line, says in str(problem)) == (3, True), str(problem)
    assert facts_of(intake).named("ast")
    assert "150.000" not in str(problem)


NOTED = {
    "P01,alt,36,U/L,2052-02-07,,40,": "is yet to come",
    "P01,alt,36,U/L,1970-01-01,,40,": "where no date was entered",
    "P01,alt,36,U/L,2025-03-14T23:30:00-05:00,,40,": "2025-03-15 12:30 in the site's own time",
    "P01,platelets,9999,10^9/L,2025-02-07,s,,": "not scored until the value and its unit are confirmed (confirmed: yes)",
    "P1,disease,RA,,2025-01-01,,,": "P1 and P01 may be one person",
}


@pytest.mark.parametrize(("row", "says"), NOTED.items())
def test_what_a_person_should_look_at_is_noted_at_its_line(row: str, says: str, tmp_path: Path) -> None:
    intake = taken(tmp_path, f"{row}\n")
    assert not intake.refused
    assert any(says in str(one) and one.line == 3 for one in intake.problems), [str(one) for one in intake.problems]


def test_what_was_seen_today_is_not_yet_to_come(tmp_path: Path) -> None:
    today = datetime.now(zone_of(STUDY)).date()
    intake = taken(tmp_path, f"P01,alt,36,U/L,{today},,40,\nP01,ast,36,U/L,{today + timedelta(days=2)},,40,\n")
    assert [one.line for one in intake.problems if "yet to come" in str(one)] == [4]


def test_a_mapping_says_its_unit_and_a_cell_that_says_another_is_refused(tmp_path: Path) -> None:
    mapping = '[[table]]\nfile = "e.csv"\nparticipant = "id"\ndate = "d"\n[table.facts]\n'
    mapping += 'creatinine = { column = "creat", unit = "umol/L" }\n'
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    (tmp_path / "e.csv").write_text("id,d,creat\nP01,2025-02-07,0.9 mg/dL\nP02,2025-02-07,80\n", encoding="utf-8")
    intake = take_in(STUDY, tmp_path)
    assert [(one.line, one.column) for one in intake.refused] == [(2, "unit")]
    assert intake.counts[0].used == 1


def test_a_mapping_says_how_its_dates_and_letters_are_written(tmp_path: Path) -> None:
    mapping = '[[table]]\nfile = "e.csv"\nparticipant = "id"\ndate = "d"\nencoding = "gb18030"\ndates = "dmy"\n[table.facts]\n'
    mapping += 'esr = { column = "blutsenkung", unit = "mm/h" }\n'
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    written = "id,d,blutsenkung,注\nP01,07.02.2025,20,龘\nP02,31.02.2025,20,\n"
    (tmp_path / "e.csv").write_text(written, encoding="gb18030")
    intake = take_in(STUDY, tmp_path)
    assert [(one.line, one.column) for one in intake.refused] == [(3, "date")]
    (fact,) = facts_of(intake).named("esr")
    assert str(fact.day) == "2025-02-07"
    (tmp_path / "mapping.toml").write_text(mapping.replace("dmy", "dym"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"dates = 'dym'\. Write one of dmy, mdy, excel, excel1904"):
        take_in(STUDY, tmp_path)


SENT = {
    SAMPLES + "P01,car_transgene,7,>1000000,copies/µL,5,2,1000,D7\n": "",
    SAMPLES + "P01,car_transgene,7,NA,copies/µL,5,2,1000,D7\n": "",
    SAMPLES + "P01,car_transgene,7,>ULOQ,copies/µL,5,2,1000,D7\n": "",
    SAMPLES + "P01,car_transgene,7,12,copies/µL,5,2,1,D7\n": "LOD <= LLOQ < ULOQ",
    SAMPLES + "P01,car_transgene,7,12,copies/µL,,,,\n": "lloq is empty",
    CLOCKED + "P01,car_transgene,2025-03-14T09:30Z,2025-03-07T10:00,100,copies/µL,5\n": "both carry a time zone",
    CLOCKED + "P01,car_transgene,2025-03-14 09:30,2025-03-07 10:00,100,copies/µL,5\n": "",
}


@pytest.mark.parametrize(("samples", "says"), SENT.items(), ids=str)
def test_the_check_and_kinetics_read_samples_alike(samples: str, says: str, tmp_path: Path) -> None:
    doses = "participant,level,date\nP01,1,2025-03-05\n"
    intake = taken(tmp_path, samples=samples, doses=doses)
    found = CliRunner().invoke(app, ["kinetics", str(tmp_path), "--json"])
    assert bool(intake.refused) is bool(says)
    assert found.exit_code == (2 if says else 0)
    assert all(says in said for said in (str(intake.refused[0]), found.output)) if says else True


def test_excels_own_hint_above_the_header_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text("sep=;\n" + FACTS.replace(",", ";"), encoding="utf-8")
    intake = take_in(STUDY, tmp_path)
    assert intake.account() == "1 rows read = 1 used + 0 refused"
    assert intake.entries[0].place == "facts.csv:3"


def test_a_mapping_names_the_column_of_the_unit(tmp_path: Path) -> None:
    mapping = '[[table]]\nfile = "e.csv"\nparticipant = "id"\ndate = "d"\n[table.facts]\n'
    mapping += 'creatinine = { column = "creat", unit_column = "creat_unit" }\n'
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    rows = "P01,2025-02-07,80,umol/L\nP02,2025-02-07,0.9,mg/dL\nP03,2025-02-07,0.9,\n"
    (tmp_path / "e.csv").write_text(f"id,d,creat,creat_unit\n{rows}", encoding="utf-8")
    intake = take_in(STUDY, tmp_path)
    assert [(one.line, one.column) for one in intake.refused] == [(4, "unit")]
    said = [(one.value, one.unit) for code in ("P01", "P02") for one in intake.trial.facts_of(code).named("creatinine")]
    assert [(str(value), unit) for value, unit in said] == [("80", "umol/L"), ("0.9", "mg/dL")]
    assert not any("creat_unit" in str(one) for one in intake.problems)


def test_a_long_table_is_one_table_and_a_test_nobody_maps_is_named(tmp_path: Path) -> None:
    mapping = '[[table]]\nfile = "lb.csv"\nparticipant = "ID"\ndate = "DATE"\nname_column = "TEST"\n[table.facts]\n'
    mapping += 'alt = { name = ["ALT", "ALAT"], column = "RESULT", unit_column = "UNIT", upper = "HIGH" }\n'
    mapping += 'wbc = { name = "WBC", column = "RESULT", unit_column = "UNIT" }\n'
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    rows = "P01,2025-02-07,ALT,36,U/L,40\nP01,2025-02-14,ALAT,38,U/L,40\nP01,2025-02-07,WBC,5.2,10^9/L,\n"
    rows += "P01,2025-02-07,AST,9,U/L,\n"
    (tmp_path / "lb.csv").write_text(f"ID,DATE,TEST,RESULT,UNIT,HIGH\n{rows}", encoding="utf-8")
    intake = take_in(STUDY, tmp_path)
    facts = facts_of(intake)
    assert [str(one.value) for one in facts.named("alt")] == ["36", "38"]
    assert [str(one.upper) for one in facts.named("alt")] == ["40", "40"]
    assert [str(one.value) for one in facts.named("wbc")] == ["5.2"]
    (problem,) = intake.refused
    assert (problem.line, "test is 'AST'" in str(problem)) == (5, True), str(problem)


GRADES = {"Grade 3": 3, "g3": 3, "III": 3, "3.0": 3, "NK": None, "unknown": None, "not graded": None, "n/a": None}


@pytest.mark.parametrize(("text", "grade"), GRADES.items())
def test_a_grade_is_read_as_people_write_it_and_one_nobody_knows_keeps_its_event(
    text: str, grade: int | None, tmp_path: Path
) -> None:
    events = f"participant,term,grade,start,outcome,related\nP01,CRS,{text},2025-03-09,NK,NK\n"
    intake = taken(tmp_path, doses="participant,level,date\nP01,1,2025-03-05\n", adverse_events=events)
    assert not intake.refused
    (event,) = intake.trial.course("P01").adverse_events
    assert (event.event.grade, event.event.outcome, event.event.related) == (grade, "unknown", None)


@pytest.mark.parametrize("text", ["3a", "2-3", "severe", "6", "0"])
def test_a_word_that_is_no_grade_is_refused(text: str, tmp_path: Path) -> None:
    events = f"participant,term,grade,start\nP01,CRS,{text},2025-03-09\n"
    intake = taken(tmp_path, doses="participant,level,date\nP01,1,2025-03-05\n", adverse_events=events)
    assert [one.column for one in intake.refused] == ["grade"]


MEANT = {"ALT": "alt", "SGPT": "alt", "Hb": "haemoglobin", "prothrombin time": "prothrombin_time", "ANC": "neutrophils"}


@pytest.mark.parametrize(("name", "meant"), MEANT.items())
def test_a_name_is_hinted_at_by_what_laboratories_call_it(name: str, meant: str, tmp_path: Path) -> None:
    (refused,) = taken(tmp_path, f"P01,{name},36,U/L,2025-02-07,,,\n").refused
    assert f"Did you mean {meant}" in refused.message


LABORATORY = """[[table]]
file = "export.csv"
participant = "id"
date = "visit_date"
date_from = ["id", "event"]
only = { repeat_instrument = "laboratory" }
name_column = "lab"
leave_out = { repeat_instrument = "" }
[table.facts]
wbc = { name = "WBC", column = "conc", unit = "10^9/L" }
"""


def test_an_undated_line_has_the_day_of_its_visit_where_that_is_one_day(tmp_path: Path) -> None:
    lines = ("P01,v1,,2011-01-01,,", "P01,v1,laboratory,,WBC,5.2", "P01,v2,laboratory,,WBC,5.3",
             "P01,v3,,2012-01-01,,", "P01,v3,,2012-01-02,,", "P01,v3,laboratory,,WBC,5.4")  # fmt: skip
    head = "id,event,repeat_instrument,visit_date,lab,conc"
    (tmp_path / "export.csv").write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(LABORATORY, encoding="utf-8")
    intake = take_in(STUDY, tmp_path)
    assert [(str(one.day), str(one.value)) for one in facts_of(intake).named("wbc")] == [("2011-01-01", "5.2")]
    assert [(one.line, one.column) for one in intake.refused] == [(4, "date"), (7, "date")]


@pytest.mark.parametrize(
    ("fact", "value", "unit", "is_asked"),
    [
        ("alt", "999", "U/L", True),
        ("creatinine", "999", "umol/L", True),
        ("alt", "99", "U/L", False),
        ("alt", "998", "U/L", False),
        ("alt", "", "U/L", False),
    ],
)
def test_the_number_written_for_not_done_is_asked_about(
    study: Study, tmp_path: Path, fact: str, value: str, unit: str, is_asked: bool
) -> None:
    row = f"P01,{fact},{value},{unit},2025-02-07,,,\n"
    (tmp_path / "facts.csv").write_text(f"participant,fact,value,unit,date,visit,upper,source\n{row}", encoding="utf-8")
    found = take_in(study, tmp_path)
    assert not found.refused
    assert [one.line for one in found.problems if "nothing was measured" in one.message] == [2] * is_asked


@pytest.mark.parametrize("written", ["1:160", "1 : 160", "1:1280"])
def test_a_titre_is_asked_for_by_its_reciprocal_never_by_its_first_number(written: str) -> None:
    with pytest.raises(AmountError, match=f"Write its reciprocal: {written.rpartition(':')[2].strip()}$"):
        read_amount(written)


def test_a_drug_by_its_short_name_is_suggested() -> None:
    assert did_you_mean("MTX", ["methotrexate", "mycophenolate"]) == " Did you mean methotrexate?"


AS_WRITTEN = {
    "alt,20 U/L,,2025-02-07,,40": ("20", "40"),
    "alt,20 U/L,IU/L,2025-02-07,,40 U/L": ("20", "40"),
    "alt,20,U/L,2025-02-07,,NA": ("20", None),
    "alt,20,IE/L,2025-02-07,,40 IE/L": ("20", "40"),
    "haemoglobin,12.5 g/dl,,2025-02-07,,": ("12.5", None),
    "haemoglobin,12.5 g/dl,NA,2025-02-07,NA,": ("12.5", None),
    "crp,<0.5 mg/dl,,2025-02-07,,": ("<0.5", None),
    "age,45 years,,2025-02-07,,": ("45", None),
    "age,45,岁,2025-02-07,,": ("45", None),
    "tender_joints_28,8 joints,,2025-02-07,,": ("8", None),
}


@pytest.mark.parametrize(("row", "expected"), AS_WRITTEN.items())
def test_a_cell_may_carry_its_own_unit_and_say_that_nothing_is_known(
    tmp_path: Path, row: str, expected: object
) -> None:
    intake = taken(tmp_path, f"P01,{row},\n")
    (fact,) = facts_of(intake).named(row.split(",")[0])
    assert (str(fact.value), None if fact.upper is None else str(fact.upper)) == expected
    assert not intake.refused


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("haemoglobin,12.5 g/dL,g/L,2025-02-07,,", "unit"),
        ("alt,20,U/L,2025-02-07,,0.67 ukat/L", "upper"),
        ("alt,20,U/L,2025-02-07,,9-40", "upper"),
        ("age,45 kg,,2025-02-07,,", "unit"),
        ("age,45 months,,2025-02-07,,", "unit"),
        ("tender_joints_28,8 years,,2025-02-07,,", "unit"),
        ("tender_joints_28,8∕28,,2025-02-07,,", "value"),
        ("alt,20,U/L,NA,,40", "date"),
    ],
)
def test_what_contradicts_its_own_row_is_refused_at_its_column(tmp_path: Path, row: str, column: str) -> None:
    assert [one.column for one in taken(tmp_path, f"P01,{row},\n").refused] == [column]


def test_an_age_with_its_unit_counts_as_without(tmp_path: Path) -> None:
    rows = "P01,sex,F,,2025-02-07,,,\nP01,weight,65 kg,,2025-02-07,,,\nP01,creatinine,80 µmol/L,,2025-02-07,,,\n"
    found = [taken(tmp_path, f"{rows}P01,age,{age},,2025-02-07,,,\n").trial for age in ("45", "45 years")]
    values = [{one.name: (one.value, one.unit) for one in trial.facts_of("P01")} for trial in found]
    assert values[0] == values[1]
    assert values[0]["age"] == (45, None)


def test_nobody_is_called_na(tmp_path: Path) -> None:
    (problem,) = taken(tmp_path, "NA,alt,20,U/L,2025-02-07,,40,\n").refused
    assert problem.column == "participant"


SAID = {
    "P01,das28_esr,25,,2025-02-07,,,": "das28_esr is 25. Accepted: number 0–9.84",  # 28 joints, ESR 300, global 100
    "P01,cdai,77,,2025-02-07,,,": "cdai is 77. Accepted: number 0–76",
    "P01,ana_titre,>1:1280,,2025-02-07,,,": "Write its reciprocal: >1280",
    "P01,ana_titre,1/320,,2025-02-07,,,": "Write 320 if it is a titre, 1 if it is 1 of 320",
    "P01,tender_joints_28,2025-03-04,,2025-02-07,,,": "is a date. Write the number",
    "P01,tender_joints_28,3 of 28,,2025-02-07,,,": "Write 3, or the decimal number",
    "P01,anti_dsdna,100,AU/mL,2025-02-07,,,": "anti_dsdna has no unit, but 'AU/mL' was given",
}


@pytest.mark.parametrize(("row", "said"), SAID.items())
def test_what_cannot_be_is_named_with_what_to_write(row: str, said: str, tmp_path: Path) -> None:
    intake = taken(tmp_path, row + "\n")
    assert [said in str(one) for one in intake.refused] == [True]


@pytest.mark.parametrize(
    "row",
    [
        "das28_esr,9.83,,2025-02-07", "anti_dsdna,100,IU/mL,2025-02-07", "anti_dsdna,100 U/mL,,2025-02-07",
        "sex,weiblich,,2025-02-07",
        "age,45,,7. Mai 2025", "age,45,,7 février 2025", "age,45,,12 Dez. 2025", "age,45,,3 juin 2025", "age,45,,3 juillet 2025",
    ],
)  # fmt: skip
def test_what_people_write_is_read(row: str, tmp_path: Path) -> None:
    assert taken(tmp_path, f"P01,{row},,,\n").refused == ()


def test_blank_columns_at_the_end_of_a_header_are_none(tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text(
        "participant,fact,value,,\nP01,disease,RA,,\nP02,disease,SLE\n", encoding="utf-8"
    )
    intake = take_in(STUDY, tmp_path)
    assert (intake.refused, len(intake.entries)) == ((), 2)
    (tmp_path / "facts.csv").write_text("participant,fact,value,,\nP01,disease,RA,,note\n", encoding="utf-8")
    assert "5 cells, but there are 3 columns" in str(take_in(STUDY, tmp_path).refused[0])


@pytest.mark.parametrize("end", ["ongoing", "Continuing", "9999-12-31", "持续"])
def test_an_end_that_is_none_says_where_to_write_so(end: str, tmp_path: Path) -> None:
    events = f"participant,term,grade,start,end\nP01,Nausea,1,2025-03-09,{end}\n"
    (one,) = taken(tmp_path, adverse_events=events).refused
    assert "write yes in the column ongoing" in str(one)


@pytest.mark.parametrize(
    ("dates", "written", "day"),
    [("dmy", "07.02.2025", "2025-02-07"), ("mdy", "07/02/2025", "2025-07-02"), ("excel", "45695", "2025-02-07"),
     ("dmy", "02.13.2025", None), ("mdy", "13/02/2025", None), ("excel", "07.02.2025", None)],
)  # fmt: skip
def test_a_column_of_dates_is_read_in_one_order_only_and_so_is_a_value_that_is_a_day(
    dates: str, written: str, day: str | None, tmp_path: Path
) -> None:
    """A day that fits the other order alone says that the column is mixed: every other day in it is then in doubt."""
    mapping = f'[[table]]\nfile = "e.csv"\nparticipant = "id"\ndate = "d"\ndates = "{dates}"\n[table.facts]\n'
    mapping += 'screening_visit = { column = "d" }\n'
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    (tmp_path / "e.csv").write_text(f"id,d\nP01,{written}\n", encoding="utf-8")
    intake = take_in(STUDY, tmp_path)
    assert [(one.line, one.column) for one in intake.refused] == ([] if day else [(2, "date")])
    assert [(str(one.value), str(one.day)) for one in facts_of(intake)] == ([(day, day)] if day else [])


def test_a_month_and_its_year_are_no_range_and_a_range_of_thousands_is_no_month() -> None:
    with pytest.raises(AmountError, match="'5/2024' is a date"):
        read_amount("5/2024")
    with pytest.raises(AmountError, match=r"~8.*Write it as it was measured, or a range"):
        read_amount("~8 mm")
    with pytest.raises(AmountError, match="'05-2024' is a date"):
        read_amount("05-2024")
    for written, ends in (
        ("5-2024", (5, 2024)),
        ("2000-3000", (2000, 3000)),
        ("1999-2000", (1999, 2000)),
        ("0.5-2000", (0.5, 2000)),
    ):
        assert read_amount(written).value == Interval(*map(Fraction, ends))


@pytest.mark.parametrize("written", ["less than 1:80", "< 1:80", "1 : 80"])
def test_a_titre_below_another_is_shown_as_it_can_be_written(written: str) -> None:
    with pytest.raises(AmountError, match=r"Write its reciprocal: (less than 80|< 80|80)$"):
        read_amount(written)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("day 1,5", "'day 1,5' is not a number"),
        ("week 2", "'week 2' is not a number"),
        ("1 month", "'1 month' is no number of days"),
        ("1 年", "'1 年' is no number of days"),
    ],
)
def test_a_number_of_days_that_is_none_is_named_as_it_was_written(written: str, says: str) -> None:
    with pytest.raises(ReadError, match=says):
        read_elapsed(written)


def test_half_past_twelve_at_night_is_not_noon() -> None:
    assert read_moment("2024年5月6日 晚上9:30").clock == time(21, 30)
    with pytest.raises(DayError, match=r"is midnight, of this day or of the next\. Write 2025-03-14T00:30"):
        read_moment("2024年5月6日 晚上12:30")


def test_a_second_value_of_one_day_and_visit_is_named_beside_the_first(tmp_path: Path) -> None:
    day = "2025-02-07,screening"
    intake = taken(
        tmp_path,
        f"P01,neutrophils,1.2,10^9/L,{day},,\nP01,neutrophils,2.2,10^9/L,{day},,lab\nP01,alt,36,U/L,{day},40,\n",
    )
    assert [str(one).partition(". ")[0] for one in intake.problems] == [
        "facts.csv:4 value: neutrophils is 1.2 10^9/L in line 3, of the same day"
    ]
    assert not intake.refused
    alike = f"P01,alt,36,U/L,{day},40,\nP01,alt,36,U/L,{day},40,laboratory\n"
    alike += f"P01,alt,40,U/L,2025-02-07,D1,40,\nP01,esr,,mm/h,{day},,\n"
    assert not taken(tmp_path, alike).problems


def test_a_visit_or_a_test_that_is_a_number_is_read_as_other_codes_are(tmp_path: Path) -> None:
    """A program that keeps whole numbers with a decimal point writes 1.0 for the code 1, in whatever column."""
    mapping = '[[table]]\nfile = "lb.csv"\nparticipant = "ID"\ndate = "DATE"\nvisit = "VISIT"\nvisits = { 1 = "D7" }\n'
    mapping += 'name_column = "TEST"\n[table.facts]\nesr = { column = "RES", name = "12", unit = "mm/h" }\n'
    written = {"mapping.toml": mapping, "lb.csv": "ID,DATE,VISIT,TEST,RES\nP01,2025-02-07,1.0,12.0,20\n"}
    for name, text in written.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    intake = take_in(load_study("nct07052565"), tmp_path)
    [fact] = intake.trial.course("P01").facts.named("esr")
    assert (fact.value, fact.visit, [str(one) for one in intake.problems]) == (20, "D7", [])
