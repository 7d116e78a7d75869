"""Taking in a data folder: every row is used or refused with its reason."""

from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from escalon.cli.main import app
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.facts import Day, Interval
from escalon.sources.delimited import FolderError
from escalon.sources.folder import take_in
from tests.histories import facts as told

FACTS = "participant,fact,value,unit,date,source\n"


def folder_with(tmp_path: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def facts(tmp_path: Path, *rows: str) -> Path:
    return folder_with(tmp_path, facts=FACTS + "\n".join(rows) + "\n")


def test_the_synthetic_trial_is_taken_in_whole(trial):
    assert trial.refused == ()
    assert all(count.read == count.used + count.refused for count in trial.counts)
    assert trial.trial.synthetic


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("P01,alt,33,,2025-03-01,lab", "unit", "alt 33 has no unit. Write U/L"),
        ("P01,alt,33,mg/L,2025-03-01,lab", "unit", "alt is in 'mg/L'. Accepted: U/L"),
        ("P01,alt,-3,U/L,2025-03-01,lab", "value", "alt is -3 U/L. Accepted: number 0–500000 U/L"),
        ("P01,alt,high,U/L,2025-03-01,lab", "value", "alt is 'high'"),
        ("P01,alt,nan,U/L,2025-03-01,lab", "value", "alt is 'nan'"),
        ("P01,alt,3,U/L,,lab", "date", "alt has no date"),
        ("P01,alt,3,U/L,2025-02-30,lab", "date", "'2025-02-30' is not a day of the calendar"),
        ("P01,alt,3,U/L,01.03.2025,lab", "date", "is not a date of one meaning: 2025-01-03 or 2025-03-01"),
        ("P01,altt,3,U/L,2025-03-01,lab", "fact", "Did you mean alt"),
        (",alt,3,U/L,2025-03-01,lab", "participant", "empty. Write the participant's code"),
        ("Anna Li,alt,3,U/L,2025-03-01,lab", "participant", "'Anna Li' is not a participant code"),
        ("P01,hbsag,maybe,,2025-03-01,lab", "value", "Write one of: positive, negative"),
        ("P01,pregnant,perhaps,,2025-03-01,lab", "value", "Write yes or no"),
        ("P01,tender_joints_28,29,,2025-03-01,visit", "value", "Accepted: whole number 0–28"),
        ("P01,tender_joints_28,2.5,,2025-03-01,visit", "value", "Accepted: whole number 0–28"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_refused(study, tmp_path, row, column, says):
    found = take_in(study, facts(tmp_path, "P01,ast,20,U/L,2025-03-01,lab", row))
    assert [(problem.file, problem.line, problem.column) for problem in found.refused] == [("facts.csv", 3, column)]
    assert says in found.refused[0].message
    assert found.account() == "2 rows read = 1 used + 1 refused"
    assert len(told(found.trial)) == 1


@pytest.mark.parametrize(
    ("table", "row", "column", "says"),
    [
        ("facts", "p01,alt,3,U/L,2025-03-01,,", "participant", "p01 and P01 differ only in capitals"),
        ("facts", "P01,alt,33,U/L,2025-03-01,,-99", "upper", "the upper limit -99 is not possible"),
        ("facts", "P01,alt,33,U/L,2025-03-01,,0", "upper", "the upper limit 0 is not possible"),
        ("treatments", "P01,methotrexate,2025-01-01,0,mg/week", "dose", "a dose is above 0"),
        ("treatments", "P01,alt,2025-01-01,,", "treatment", "alt is no treatment"),
        ("treatments", "p01,methotrexate,2025-01-01,,", "participant", "differ only in capitals"),
    ],
)
def test_what_would_pass_for_something_else_is_refused(study, tmp_path, table, row, column, says):
    known = "participant,fact,value,unit,date,source,upper\nP01,ast,20,U/L,2025-03-01,lab,40\n"
    header = {"facts": "", "treatments": "participant,treatment,start,dose,unit\n"}[table]
    tables = {"facts": known} | {table: (known if table == "facts" else header) + row + "\n"}
    found = take_in(study, folder_with(tmp_path, **tables))
    assert [problem.column for problem in found.refused] == [column]
    assert says in found.refused[0].message
    assert [one.participant.lower() for one in found.trial.unread] == ["p01"]


def test_a_value_below_what_was_measured_is_kept_as_it_was_written(study, tmp_path):
    taken = take_in(
        study, facts(tmp_path, "P01,neutrophils,<0.1,10^9/L,2025-03-01,lab", "P01,alt,>1000,U/L,2025-03-01,lab")
    )
    assert taken.refused == ()
    values = [fact.value for fact in told(taken.trial)]
    assert values == [Interval(high=Fraction(1, 10), high_open=True), Interval(low=1000, low_open=True)]
    assert [str(value) for value in values] == ["<0.1", ">1000"]


def test_infusions_without_a_table_of_events_are_silence_and_not_no_event(study, tmp_path):
    doses = "participant,level,date\nP01,1,2025-03-03\n"
    found = take_in(study, folder_with(tmp_path, facts=FACTS + "P01,alt,3,U/L,2025-03-01,lab\n", doses=doses))
    assert "there is no such table" in " ".join(str(problem) for problem in found.problems)
    held = decide_next_dose(study, found.trial, Day(2025, 6, 1))
    assert held.decision.action == "wait"
    assert "nobody says that there was none" in held.reviews[0].why
    (tmp_path / "adverse_events.csv").write_text("participant,term,grade,start\n", encoding="utf-8")
    assert decide_next_dose(study, take_in(study, tmp_path).trial, Day(2025, 6, 1)).decision.action == "treat"


def test_a_code_for_missing_is_missing_beside_a_value_too(study, tmp_path):
    (tmp_path / "export.csv").write_text("id,day,alt,uln\nP01,2025-03-01,33,-99\n", encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(
        '[[table]]\nfile = "export.csv"\nparticipant = "id"\ndate = "day"\nmissing = ["-99"]\n'
        '[table.facts]\nalt = { column = "alt", unit = "U/L", upper = "uln" }\n',
        encoding="utf-8",
    )
    found = take_in(study, tmp_path)
    assert found.refused == ()
    assert told(found.trial)[0].upper is None


def test_every_problem_of_a_row_is_named_at_once(study, tmp_path):
    found = take_in(study, facts(tmp_path, "Anna Li,alt,3,U/L,tomorrow,lab"))
    assert {problem.column for problem in found.refused} == {"participant", "date"}
    assert found.counts[0].refused == 1


def test_a_value_keeps_the_digits_that_were_written(study, tmp_path):
    found = take_in(study, facts(tmp_path, "P01,inr,1.50,,2025-03-01,lab"))
    assert str(told(found.trial)[0].value) == "1.50"


def test_an_empty_value_is_unknown_and_not_zero(study, tmp_path):
    found = take_in(study, facts(tmp_path, "P01,alt,,U/L,2025-03-01,lab"))
    assert found.refused == ()
    assert told(found.trial)[0].value is None


def test_a_finding_that_is_present_but_not_attributable_stays_visible(study, tmp_path):
    found = take_in(study, facts(tmp_path, "P01,sledai_2k.fever,not_attributable,,2025-03-01,visit"))
    assert told(found.trial)[0].value == "not_attributable"


def test_the_same_row_twice_is_refused_once(study, tmp_path):
    row = "P01,alt,33,U/L,2025-03-01,lab"
    found = take_in(study, facts(tmp_path, row, row))
    assert "the same row as line 2" in found.refused[0].message
    assert found.account() == "2 rows read = 1 used + 1 refused"


def test_parquet_and_csv_are_the_same_records(study, trial, trial_folder, tmp_path):
    for file in trial_folder.glob("*.csv"):
        pl.read_csv(file, infer_schema=False).write_parquet(tmp_path / f"{file.stem}.parquet")
    again = take_in(study, tmp_path)
    assert [str(fact) for fact in told(again.trial)] == [str(fact) for fact in told(trial.trial)]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("facts.csv", b"participant,fact\nP01,\xff\n", "facts.csv:2: the file is not UTF-8"),
        ("facts.csv", b"", "facts.csv:1: the first line must name the columns"),
        ("facts.csv", b"a,a\n", "column a stands twice"),
        ("facts.csv", b'participant,fact\n"P01,x\nand so on\n', "facts.csv:2"),
        ("facts.parquet", b"PAR1 no", "not a Parquet file"),
        ("other.csv", b"a\n", "there is no facts.csv"),
    ],
)
def test_a_file_that_is_no_table_is_an_error_with_its_line(study, tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FolderError) as error:
        take_in(study, tmp_path)
    assert says in str(error.value)


def test_a_missing_column_refuses_every_row_and_says_which(study, tmp_path):
    found = take_in(study, folder_with(tmp_path, facts="participant,value\nP01,3\nP02,4\n"))
    assert found.account() == "2 rows read = 0 used + 2 refused"
    assert "the column fact is missing" in found.problems[0].message


def test_a_second_infusion_and_an_unknown_participant_are_named(study, tmp_path):
    doses = "participant,level,date\nP01,1,2025-03-01\nP01,1,2025-03-09\nP09,1,2025-03-02\n"
    found = take_in(study, folder_with(tmp_path, facts=FACTS + "P01,alt,3,U/L,2025-03-01,lab\n", doses=doses))
    messages = " ".join(problem.message for problem in found.problems)
    assert "infused again" in messages
    assert "P09 has no row among the facts" in messages


def test_wide_tables_become_facts_with_their_column_as_source(study, tmp_path):
    (tmp_path / "export.csv").write_text(
        "record_id,event,visit_date,esr_result,alt,alt_uln,sex,junk\n"
        "P01,scr,2025-03-01,44,33,40,2,x\nP01,m1,2025-04-01,-99,abc,40,2,y\n",
        encoding="utf-8",
    )
    (tmp_path / "mapping.toml").write_text(
        '[[table]]\nfile = "export.csv"\nparticipant = "record_id"\ndate = "visit_date"\nvisit = "event"\n'
        'missing = ["-99"]\nvisits = { scr = "screening" }\n[table.facts]\n'
        'esr = { column = "esr_result", unit = "mm/h" }\nalt = { column = "alt", unit = "U/L", upper = "alt_uln" }\n'
        'sex = { column = "sex", values = { 1 = "male", 2 = "female" } }\n',
        encoding="utf-8",
    )
    found = take_in(study, tmp_path)
    esr = found.trial.facts_of("P01").named("esr")
    assert [(str(fact.value), fact.visit) for fact in esr] == [("44", "screening"), ("None", "m1")]
    assert "export.csv:2 (column esr_result)" in esr[0].source
    assert found.account() == "6 rows read = 5 used + 1 refused"
    assert any("junk" in problem.column for problem in found.problems)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('fil = "export.csv"', "'fil' is not known. Did you mean file?"),
        ('file = "none.csv"', "is not in the folder"),
        ('file = "export.csv"\nparticipant = "recordid"', "has no column 'recordid'. Did you mean record_id?"),
        ('file = "export.csv"', "participant is missing"),
        ("visits = 3", 'visits = 3 is not written so. Write visits = { … = "…" }'),
        ('missing = "-99"', 'Write missing = ["…"]'),
        ('ignore = "x"', 'Write ignore = ["…"]'),
        ("participant = 3", 'Write participant = "…"'),
        ('only = ["a"]', 'Write only = { … = "…" }'),
        (
            '[table.facts]\nalt = { column = "esr", values = 3 }\n#',
            "alt: values = 3 is not written so. Write values = {",
        ),
        ("[table.facts]\nalt = { column = 7 }\n#", 'alt: column = 7 is not written so. Write column = "…"'),
    ],
)
def test_a_mapping_that_cannot_be_read_says_what_to_write(study, tmp_path, line, says):
    (tmp_path / "export.csv").write_text("record_id,esr\nP01,3\n", encoding="utf-8")
    whole = "[table.facts]" in line
    text = (
        f'file = "export.csv"\nparticipant = "record_id"\n{line}\n'
        if whole
        else f'{line}\n[table.facts]\nesr = "esr"\n'
    )
    (tmp_path / "mapping.toml").write_text(f"[[table]]\n{text}", encoding="utf-8")
    with pytest.raises(FolderError) as error:
        take_in(study, tmp_path)
    assert says in str(error.value)


def test_a_draft_of_a_mapping_is_printed_and_read(study, tmp_path):
    (tmp_path / "export.csv").write_text(
        "record_id,visit_date,alt,alt_uln,junk\nP01,2025-02-07,36,40,x\n", encoding="utf-8"
    )
    printed = CliRunner().invoke(app, ["import", "redcap", "nct07052565", str(tmp_path), "--draft"]).stdout
    assert 'alt = { column = "alt", upper = "alt_uln", unit = "U/L" }' in printed
    assert "# junk: x" in printed
    (tmp_path / "mapping.toml").write_text(printed, encoding="utf-8")
    assert take_in(study, tmp_path).account() == "1 rows read = 1 used + 0 refused"


def test_lines_are_chosen_by_one_text_or_several(study, tmp_path):
    (tmp_path / "export.csv").write_text(
        "record_id,form,day,esr\nP01,a,2025-02-07,3\nP01,b,2025-02-08,4\nP01,c,2025-02-09,5\n", encoding="utf-8"
    )
    head = '[[table]]\nfile = "export.csv"\nparticipant = "record_id"\ndate = "day"\nonly = { form = ["a", "b"] }\n'
    facts = 'leave_out = { form = "c" }\n[table.facts]\nesr = { column = "esr", unit = "mm/h" }\n'
    (tmp_path / "mapping.toml").write_text(head + facts, encoding="utf-8")
    assert [int(fact.value) for fact in take_in(study, tmp_path).trial.facts_of("P01").named("esr")] == [3, 4]
