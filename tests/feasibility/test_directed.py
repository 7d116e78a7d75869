"""Rows made to part the engine from `examine`, each for one reason."""

import math

import pytest

from escalon.facts import Day
from escalon.feasibility.attrition import count
from escalon.feasibility.inquiry import Inquiry
from escalon.feasibility.mapping import MappingError
from escalon.feasibility.mapping_file import load_mapping
from escalon.feasibility.stepwise import StepwiseQuery
from escalon.feasibility.warehouse import open_warehouse
from escalon.protocol import load_study

MET, NOT_MET, UNKNOWN = 0, 1, 2
PEOPLE = "person,born,sex\n1,1980-01-01,F\n2,1980-01-01,F\n"
HEAD = """[people]
from = "people"
person = "person"
birth = "born"
sex = "sex"
sexes = { F = "female" }
[table.events]
from = "events"
person = "person"
code = "code"
day = "day"
"""
VALUES = 'value = "value"\nunit = "unit"\n'
HB = '[concept.haemoglobin]\ntable = "events"\ncodes = ["HB"]\nunit = "g/L"\n'


@pytest.fixture(scope="module")
def study():
    return load_study("nct07052565")


def asked(folder, study, mapping, rule, kind="I-2d", people="people"):
    """The verdict on one rule of every person of a folder."""
    (folder / f"{people}.csv").exists() or (folder / f"{people}.csv").write_text(PEOPLE, encoding="utf-8")
    head = HEAD.replace('"people"', f'"{people}"')
    (folder / "warehouse.toml").write_text(head + mapping, encoding="utf-8")
    clause = study.criterion(kind).model_copy(update={"rule": rule, "applies_to": ()})
    own = study.model_copy(update={"inclusion": (clause,), "exclusion": ()})
    inquiry = Inquiry(own, load_mapping(folder / "warehouse.toml"), open_warehouse(str(folder)), Day(2026, 11, 1))
    return {row[0]: row[2] for row in inquiry.warehouse.answer(inquiry.prepared().everyone())}


def table(folder, head, *rows):
    (folder / "events.csv").write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")


def test_a_row_without_a_day_may_be_the_last_of_a_window(tmp_path, study):
    table(tmp_path, "person,code,day,value,unit", "1,HB,2026-10-20,120,g/L", "1,HB,,50,g/L", "2,HB,2026-10-20,120,g/L")
    found = asked(tmp_path, study, VALUES + HB, "haemoglobin >= 80 g/L within 4 weeks before screening")
    assert found == {1: UNKNOWN, 2: MET}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_above_nothing(tmp_path, study, value):
    import duckdb

    duckdb.connect().execute(
        f"COPY (SELECT n AS person, 'X' AS code, DATE '2026-10-20' AS day, CAST('{value}' AS DOUBLE) AS value, NULL AS unit "
        f"FROM range(1, 3) AS r(n)) TO '{tmp_path / 'events.parquet'}'"
    )  # fmt: skip
    name = "haemoglobin"
    mapping = VALUES + f'[concept.{name}]\ntable = "events"\ncodes = ["X"]\nunit = "{study.vocabulary[name].unit}"\n'
    assert asked(tmp_path, study, mapping, f"{name} >= 1 {study.vocabulary[name].unit}") == {1: UNKNOWN, 2: UNKNOWN}


def test_a_sign_that_the_mapping_does_not_say_is_not_taken_for_equal(tmp_path, study):
    table(tmp_path, "person,code,day,value,unit,sign", "1,HB,2026-10-20,120,g/L,below", "2,HB,2026-10-20,120,g/L,")
    found = asked(tmp_path, study, VALUES + 'operator = "sign"\n' + HB, "haemoglobin >= 80 g/L")
    assert found == {1: UNKNOWN, 2: MET}


def test_a_code_listed_twice_counts_its_rows_once(tmp_path, study):
    table(tmp_path, "person,code,day,value,unit", "1,HB,2026-10-20,120,g/L", "2,HB,2026-10-20,120,g/L",
          "2,HB,2026-10-21,120,g/L")  # fmt: skip
    twice = HB.replace('["HB"]', '["HB", "HB"]')
    assert asked(tmp_path, study, VALUES + twice, "count of haemoglobin >= 2") == {1: NOT_MET, 2: MET}


@pytest.mark.parametrize("said", ["false", "FALSE", "0", "no"])
def test_a_column_that_says_false_says_no(tmp_path, study, said):
    table(tmp_path, "person,code,day,said", f"1,P,2026-10-20,{said}", "2,P,2026-10-20,perhaps")
    name = "pregnant" if "pregnant" in study.vocabulary else next(
        one.name for one in study.vocabulary.values() if one.kind == "truth"
    )  # fmt: skip
    found = asked(tmp_path, study, f'text = "said"\n[concept.{name}]\ntable = "events"\ncodes = ["P"]\n', name)
    assert found == {1: NOT_MET, 2: UNKNOWN}


def test_a_yes_or_no_may_stand_as_a_number(tmp_path, study):
    table(tmp_path, "person,code,day,value,unit", "1,P,2026-10-20,0,", "2,P,2026-10-20,1,")
    name = next(one.name for one in study.vocabulary.values() if one.kind == "truth")
    mapping = f'{VALUES}[concept.{name}]\ntable = "events"\ncodes = ["P"]\n'
    assert asked(tmp_path, study, mapping, name) == {1: NOT_MET, 2: MET}


@pytest.mark.parametrize(
    ("word", "wanted"), [("positive", MET), ("POSITIVE ", MET), ("negative", NOT_MET), ("reactive", UNKNOWN)]
)
def test_a_word_that_the_study_does_not_have_is_not_another_of_its_words(tmp_path, study, word, wanted):
    table(tmp_path, "person,code,day,said", f"1,P,2026-10-20,{word}", "2,P,2026-10-20,")
    found = asked(
        tmp_path, study, 'text = "said"\n[concept.hbsag]\ntable = "events"\ncodes = ["P"]\n', "hbsag is positive"
    )
    assert found == {1: wanted, 2: UNKNOWN}


def test_a_code_that_means_no_says_no(tmp_path, study):
    table(tmp_path, "person,code,day", "1,A,2026-10-20", "2,B,2026-10-20")
    codes = '[concept.malignancy]\ntable = "events"\nlabel_codes = { yes = ["A"], no = ["B"] }\n'
    found = asked(tmp_path, study, codes, "any malignancy")
    assert found[1] == MET
    assert found[2] != MET


def test_a_sex_written_in_other_words_is_not_the_other_sex(tmp_path, study):
    (tmp_path / "people.csv").write_text(
        "person,born,sex\n1,1980-01-01,w\n2,1980-01-01,Female\n3,1980-01-01,F\n", encoding="utf-8"
    )
    table(tmp_path, "person,code,day,value,unit", "1,HB,2026-10-20,120,g/L")
    assert asked(tmp_path, study, VALUES + HB, "sex is male") == {1: UNKNOWN, 2: NOT_MET, 3: NOT_MET}


def test_observed_time_may_be_written_to_the_month_or_year(tmp_path, study):
    (tmp_path / "stays.csv").write_text("person,a,b\n1,2015-02,2026-11-01\n2,2015-02,2026-10\n", encoding="utf-8")
    table(tmp_path, "person,code,day", "9,A,2026-10-20")
    mapping = (
        '[observed]\nfrom = "stays"\nperson = "person"\nstart = "a"\nend = "b"\n'
        '[concept.malignancy]\ntable = "events"\ncodes = ["A"]\nsilence = "no"\n'
    )
    assert asked(tmp_path, study, mapping, "any malignancy") == {1: NOT_MET, 2: UNKNOWN}


def test_a_person_who_stands_twice_with_two_births_has_no_sure_age(tmp_path, study):
    (tmp_path / "people.csv").write_text("person,born,sex\n1,1980-01-01,F\n1,2015-01-01,F\n", encoding="utf-8")
    table(tmp_path, "person,code,day,value,unit", "1,HB,2026-10-20,120,g/L")
    assert asked(tmp_path, study, VALUES + HB, "age >= 18") == {1: UNKNOWN}
    assert asked(tmp_path, study, VALUES + HB, "age + haemoglobin >= 150") == {1: UNKNOWN}


@pytest.mark.parametrize("day", ["2026-13-45", "2026-02-30", "2025-02-29", "2026-04-31", "0000-01-01", "2026-00"])
def test_text_shaped_like_a_day_that_is_none_is_refused(tmp_path, study, day):
    table(
        tmp_path, "person,code,day,value,unit", f"1,HB,{day},120,g/L", "2,HB,2024-02-29,120,g/L", "2,HB,2024-07,1,g/L"
    )
    with pytest.raises(MappingError, match=r"warehouse.toml:\d+: day of events is taken for a day"):
        asked(tmp_path, study, VALUES + HB, "haemoglobin >= 80 g/L")


def test_leap_days_are_days(tmp_path, study):
    table(
        tmp_path,
        "person,code,day,value,unit",
        "1,HB,2024-02-29,120,g/L",
        "2,HB,2000-02-29,120,g/L",
        "2,HB,2024-02,1,g/L",
    )
    assert asked(tmp_path, study, VALUES + HB, "earliest haemoglobin >= 80 g/L") == {1: MET, 2: MET}


def test_a_step_is_never_kept_when_what_it_rests_on_has_changed(tmp_path):
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    warehouse = open_warehouse(str(tmp_path))

    def ask(last, **steps):
        return warehouse.answer(StepwiseQuery(steps, f"SELECT * FROM {last} UNION SELECT * FROM {last}"))

    assert ask("b", b="SELECT 1 AS n") == [(1,)]
    assert ask("d", a="SELECT 5 AS n", b="SELECT 2 AS n", d="SELECT a.n + b.n AS n FROM a CROSS JOIN b") == [(7,)]
    assert ask("d", a="SELECT 6 AS n", b="SELECT 2 AS n", d="SELECT a.n + b.n AS n FROM a CROSS JOIN b") == [(8,)]


def test_a_hospital_table_called_as_a_kept_step_is_left_alone(tmp_path):
    (tmp_path / "step_people.csv").write_text(PEOPLE, encoding="utf-8")
    warehouse = open_warehouse(str(tmp_path))
    assert warehouse.answer(StepwiseQuery({"people": "SELECT 1 AS n"}, "SELECT n FROM people")) == [(1,)]
    assert warehouse.rows("SELECT COUNT(*) FROM memory.main.step_people") == [(2,)]


@pytest.mark.parametrize("called", ["step_people", "STEP_readings", "our_step_people", "patterns"])
def test_a_hospital_may_call_the_table_of_people_as_a_step(tmp_path, study, called):
    (tmp_path / f"{called}.csv").write_text(PEOPLE, encoding="utf-8")
    table(tmp_path, "person,code,day,value,unit", "1,HB,2026-10-20,120,g/L")
    (tmp_path / "our_step_events.csv").write_text("person\n", encoding="utf-8")
    found = asked(
        tmp_path, study, (VALUES + HB), "haemoglobin >= 80 g/L within 4 weeks before screening", people=called
    )
    assert found == {1: MET, 2: UNKNOWN}


def test_a_concept_by_another_name_is_told_with_the_name_of_the_study(tmp_path, study):
    table(tmp_path, "person,code,day,value,unit", "1,HB,2026-10-20,120,g/L")
    (tmp_path / "warehouse.toml").write_text(HEAD + VALUES + HB.replace("haemoglobin", "hb"), encoding="utf-8")
    [note] = load_mapping(tmp_path / "warehouse.toml").unread(study)
    assert note.startswith(
        "concept.hb: nct07052565 has no such name, so nothing of it is read. Did you mean haemoglobin? ("
    )


def test_a_concept_of_no_name_of_the_study_is_named(tmp_path, study):
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    table(tmp_path, "person,code,day,value,unit", "1,HB,2026-10-20,120,g/L")
    more = '[concept.shoe_size]\ntable = "events"\ncodes = ["S"]\n'
    (tmp_path / "warehouse.toml").write_text(HEAD + VALUES + HB + more, encoding="utf-8")
    own = study.model_copy(update={"inclusion": (study.criterion("I-2d"),), "exclusion": ()})
    inquiry = Inquiry(own, load_mapping(tmp_path / "warehouse.toml"), open_warehouse(str(tmp_path)), Day(2026, 11, 1))
    [note] = count(inquiry).notes
    assert note.startswith("concept.shoe_size: nct07052565 has no such name, so nothing of it is read. (")
    assert note.endswith("warehouse.toml:18)")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('codes = "HB"', r"concept.haemoglobin.codes: it is 'HB'. Write a list, in brackets"),
        ("unit = 3", r"concept.haemoglobin.unit: it is 3. Write a text, in quotes"),
        ("descendants = []", r"concept.haemoglobin.descendants: it is \[\]. Write true or false"),
        ('labels = ["a"]', r"concept.haemoglobin.labels: it is \['a'\]. Write a table of keys"),
        ('silence = "yes"', r"concept.haemoglobin.silence: 'yes' is not one of"),
    ],
)
def test_a_value_of_another_kind_is_answered_in_our_words(tmp_path, line, says):
    (tmp_path / "warehouse.toml").write_text(f"{HEAD}[concept.haemoglobin]\n{line}\n", encoding="utf-8")
    with pytest.raises(MappingError, match=says) as told:
        load_mapping(tmp_path / "warehouse.toml")
    assert "Input should" not in str(told.value)


@pytest.mark.parametrize(("limit", "verdict"), [("6 g/dL", MET), ("6.1 g/dL", NOT_MET), ("3.8 mmol/L", NOT_MET)])
def test_a_limit_in_another_unit_is_converted_over_everybody(tmp_path, study, limit, verdict):
    table(tmp_path, "person,code,day,value,unit", "1,HB,2026-10-20,60,g/L")
    found = asked(tmp_path, study, VALUES + HB, f"haemoglobin >= {limit} within 4 weeks before screening")
    assert found == {1: verdict, 2: UNKNOWN}
