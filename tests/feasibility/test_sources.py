"""One small hospital on every engine, each of its people with the verdict it was made for; and errors that say what to write."""

import csv
import io
import shutil

import pytest

from escalon.facts import Day
from escalon.feasibility.attrition import count
from escalon.feasibility.inquiry import Inquiry
from escalon.feasibility.mapping import MappingError
from escalon.feasibility.mapping_file import load_mapping
from escalon.feasibility.warehouse import Warehouse, WarehouseError, files_of, open_warehouse
from escalon.feasibility.what_if import relaxed
from escalon.protocol import load_study
from tests.engines.conftest import postgres_query
from tests.feasibility import hospital

__all__ = ["postgres_query"]


def inquiry_of(folder, warehouse=None, study=None) -> Inquiry:
    opened = warehouse or open_warehouse(str(folder))
    return Inquiry(
        study or load_study("nct07052565"), load_mapping(folder / "warehouse.toml"), opened, Day.parse(hospital.DAY)
    )


def verdicts(inquiry: Inquiry) -> dict[int, tuple[int, ...]]:
    places = [[one.id for one in inquiry.criteria].index(clause) for clause in hospital.CLAUSES]
    rows = inquiry.warehouse.answer(inquiry.prepared().everyone())
    return {int(row[0]): tuple(row[2 + place] for place in places) for row in rows}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return hospital.write(tmp_path_factory.mktemp("hospital"))


def test_each_person_gets_the_verdict_it_was_made_for(folder):
    assert verdicts(inquiry_of(folder)) == hospital.WANTED


@pytest.mark.postgres
def test_postgresql_says_the_same(folder, postgres_query, monkeypatch):
    query = postgres_query
    types = {"patient_id": "integer", "taken_on": "date", "first_day": "date", "last_day": "date"}
    connection = query.__closure__[0].cell_contents
    with connection.transaction(force_rollback=True):
        for name, text in hospital.FILES.items():
            head, *rows = csv.reader(io.StringIO(text))
            columns = ", ".join(f'"{column}" {types.get(column, "text")}' for column in head)
            connection.execute(f"CREATE TABLE {name} ({columns})")
            for row in rows:
                connection.execute(
                    f"INSERT INTO {name} VALUES ({', '.join(['%s'] * len(row))})", [cell or None for cell in row]
                )

        def columns_of(table):
            try:
                with connection.transaction():
                    found = connection.execute(f"SELECT * FROM {table} LIMIT 0").description
            except Exception:
                return {}
            return {one.name.lower(): one.type_display.upper() for one in found}

        warehouse = Warehouse("postgres", query, columns_of, tuple(hospital.FILES))
        assert verdicts(inquiry_of(folder, warehouse)) == hospital.WANTED
        assert count(inquiry_of(folder, warehouse)).all_counts == count(inquiry_of(folder)).all_counts


def test_a_table_that_an_account_may_not_read_is_not_said_to_be_absent(folder):
    blind = Warehouse("postgres", lambda text: [], lambda table: {}, ("patients",))
    with pytest.raises(MappingError, match=r"which is not there, or not for this account\. Tables: patients"):
        count(inquiry_of(folder, blind))


@pytest.mark.slow
def test_spark_says_the_same(folder, monkeypatch):
    pytest.importorskip("pyspark", reason="Spark is not installed (extra `spark`)")
    if not shutil.which("java"):
        pytest.skip("Java is not installed, so Spark does not start")
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")  # it starts in half the time
    study = hospital.some_clauses()
    warehouse = open_warehouse(f"spark:{folder}")
    assert verdicts(inquiry_of(folder, warehouse, study)) == hospital.WANTED
    on_spark, here = (count(inquiry_of(folder, one, study)) for one in (warehouse, None))
    assert on_spark.all_counts == here.all_counts
    with pytest.raises(WarehouseError, match=r"^the warehouse answered: .*CAST_INVALID_INPUT"):
        warehouse.rows("SELECT CAST('abc' AS INT)")


def test_a_hospital_may_call_its_tables_as_a_step_is_called(tmp_path):
    tables = {"patients": "people", "labs": "readings", "diagnoses": "marks"}
    mapping = hospital.MAPPING
    for before, after in tables.items():
        mapping = mapping.replace(f'from = "{before}"', f'from = "{after}"')
    folder = hospital.write(tmp_path / "h", mapping)
    for before, after in tables.items():
        (folder / f"{before}.csv").rename(folder / f"{after}.csv")
    assert verdicts(inquiry_of(folder)) == hospital.WANTED


def test_a_person_who_stands_twice_among_the_people_is_one(tmp_path):
    folder = hospital.write(tmp_path / "h")
    with (folder / "patients.csv").open("a", encoding="utf-8") as file:
        file.write("2,1975-01-30,M\n")
    assert count(inquiry_of(folder), 1).all_counts["people"] == len(hospital.WANTED)


def test_what_silence_counts_for_is_said_in_every_output(folder):
    assert count(inquiry_of(folder)).as_json()["silence_is_no"] == ["malignancy"]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            'from = "labs"',
            'from = "laboratory"',
            r"warehouse.toml:18: I-2d .*needs the table laboratory, which is not there",
        ),
        (
            'value = "result"',
            'value = "outcome"',
            r"I-2d .*needs the column outcome of labs.*Columns: patient_id, test, taken_on",
        ),
        (
            'codes = ["HB"]',
            'codes = ["HB"]\nunits = { "mmol" = "mm/h" }',
            r"concept|I-2d needs haemoglobin in g/L, and 'mm/h'",
        ),
        ('table = "labs"', 'table = "laboratory"', r"I-2d.*reads the table 'laboratory', which is not described"),
        (
            'from = "observed"',
            'from = "visits"',
            r"warehouse.toml:\d+: every clause needs the table visits, which is not there",
        ),
        (
            'start = "first_day"',
            'start = "begun"',
            r"every clause needs the column begun of observed.*Columns: patient_id, first_day",
        ),
        ('sex = "sex"', 'sex = "sex"\ndied = "died_on"', r"needs the column died_on of patients"),
        ('day = "taken_on"', 'day = "taken_on"\nwhere = "status = 3"', r"where = 'status = 3' cannot be asked of it"),
        ("[concept.haemoglobin]", "[concept.haemoglobn]", r"no such name. Write \[concept.haemoglobin\]"),
        ('codes = ["HB"]', "", r"I-2d.*it has no codes, so nobody has it"),
        ('table = "labs"', "", r"I-2d.*it has no table"),
        (
            'codes = ["C50"]',
            'codes = ["C50"]\ndescendants = true',
            r"E-5 .malignancy.: descendants are known to OMOP and i2b2 only",
        ),
        (
            'codes = ["C50"]',
            'codes = ["C50"]\nlabels = { perhaps = ["P"] }',
            r"'perhaps' is none of its words. Write one of: yes, no",
        ),
        (
            'codes = ["C50"]',
            'codes = ["C50"]\nlabels = { no = ["N"] }',
            r"labels need the column they stand in.*table.diagnoses",
        ),
        (
            'day = "taken_on"',
            'day = "test"',
            r"warehouse.toml:22: test of labs is taken for a day, but holds something else",
        ),
        ('day = "taken_on"', 'day = "patient_id"', r"patient_id of labs is taken for a day.*BIGINT"),
        ('birth = "born_on"', 'birth = "sex"', r"warehouse.toml:8: sex of patients is taken for a day"),
        ("silence =", "silent =", r"warehouse.toml:\d+: concept.malignancy.silent: this key is not known"),
    ],
)
def test_an_error_names_the_clause_and_the_line_to_write(tmp_path, before, after, says):
    assert hospital.MAPPING.count(before) >= 1
    folder = hospital.write(tmp_path / "h", hospital.MAPPING.replace(before, after, 1))
    with pytest.raises(MappingError, match=says):
        inquiry_of(folder).prepared()


def test_a_warehouse_that_is_not_there_says_what_may_be_written(tmp_path):
    with pytest.raises(WarehouseError, match=r"Write a folder of Parquet"):
        open_warehouse(str(tmp_path / "nowhere"))


def test_a_duckdb_file_is_opened_for_reading_only(tmp_path):
    import duckdb

    duckdb.connect(str(tmp_path / "h.duckdb")).execute("CREATE TABLE patients (i INTEGER)").close()
    warehouse = open_warehouse(str(tmp_path / "h.duckdb"))
    with pytest.raises(WarehouseError, match="read-only"):
        warehouse.rows("CREATE TABLE more (i INTEGER)")


def test_grams_per_litre_labelled_as_per_decilitre_are_caught(tmp_path):
    folder = hospital.write(tmp_path / "h")
    people = range(1, 10)
    rows = [f"{who},HB,2026-10-20,{120 + who},g/dL" for who in people]
    (folder / "labs.csv").write_text(
        "patient_id,test,taken_on,result,unit\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    inquiry = inquiry_of(folder)
    [note] = count(inquiry).notes
    assert note.startswith("haemoglobin: 100 % of its values are not used")
    assert {one[1] for one in verdicts(inquiry).values()} == {hospital.UNKNOWN}


def test_a_draft_names_what_cannot_be_answered_and_what_to_write(folder):
    from escalon.feasibility.drafting import draft, unanswered
    from escalon.feasibility.mapping_file import read_mapping

    study = load_study("nct07052565")
    text = draft(study, open_warehouse(str(folder)))
    assert "[table.labs]" in text
    assert 'day = "taken_on"' in text
    left = {(clause, name): why for clause, name, why in unanswered(study, load_mapping(folder / "warehouse.toml"))}
    assert ("I-2d", "haemoglobin") not in left
    assert left["I-3a", "alt"] == "nothing is mapped. Write [concept.alt] with table and codes"
    import tomllib

    assert read_mapping(tomllib.loads(text)).tables["labs"].value == "result"


def test_a_relaxed_clause_keeps_its_days_and_lets_more_in(folder):
    from dataclasses import replace

    inquiry = inquiry_of(folder)
    easier = replace(inquiry, study=relaxed(inquiry.study, "haemoglobin >= 40 g/L"))
    assert easier.study.criterion("I-2d").rule == "haemoglobin >= 40 g/L at screening"
    place = hospital.CLAUSES.index("I-2d")
    assert [one[place] for one in verdicts(easier).values()].count(hospital.MET) > 2
    with pytest.raises(ValueError, match=r"Did you mean"):
        relaxed(inquiry.study, "haemoglobn >= 40 g/L")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("haemoglobin >= 40 g/L", "haemoglobin >= 40 g/L at screening"),
        ("E-4b: any rituximab", "any rituximab within 4 weeks before screening"),
        ("E-9a: hbsag is positive", "hbsag is positive at screening"),
        (
            "E-9a: hbsag is negative or hbv_dna is positive",
            "hbsag is negative at screening or hbv_dna is positive at screening",
        ),
    ],
)
def test_a_rule_without_days_is_asked_about_the_days_of_the_clause_it_replaces(study, text, rule):
    changed = relaxed(study, text)
    assert [one.rule for one, own in zip(changed.criteria, study.criteria, strict=True) if one.rule != own.rule] == [
        rule
    ]


def test_a_name_that_the_study_does_not_have_is_refused_where_the_clause_is_named_too(study):
    with pytest.raises(ValueError, match=r"the study has no 'haemoglobn'. Did you mean haemoglobin"):
        relaxed(study, "I-2d: haemoglobn >= 40 g/L")


def test_what_a_clause_asks_of_any_day_stays_so(study):
    own = study.criterion("I-2d").model_copy(
        update={"rule": "haemoglobin >= 80 g/L at screening and not hbsag is positive"}
    )
    study = study.model_copy(update={"inclusion": (own,), "exclusion": ()})
    changed = relaxed(study, "haemoglobin >= 60 g/L and not hbsag is positive")
    assert [one.rule for one in changed.criteria] == ["haemoglobin >= 60 g/L at screening and not hbsag is positive"]


@pytest.mark.parametrize(
    ("usual", "own"),
    {
        "hb": "haemoglobin", "hgb": "haemoglobin", "plt": "platelets", "anc": "neutrophils", "sgpt": "alt", "got": "ast",
        "leukocytes": "wbc", "bilirubin": "total_bilirubin",
    }.items(),
)  # fmt: skip
def test_the_usual_name_of_a_laboratory_is_read_as_the_study_s(study, usual, own):
    limit = f"80 {study.vocabulary[own].unit}"
    clause = next(one for one in study.criteria if f"{own} " in one.rule).id
    [rule] = {one.rule for one in relaxed(study, f"{clause}: {usual} >= {limit}").criteria} - {
        one.rule for one in study.criteria
    }
    assert rule.startswith(f"{own} >= {limit}")


def test_a_name_of_two_meanings_is_left_to_the_person(study):
    with pytest.raises(ValueError, match=r"the study has no 'egfr'. Did you mean gfr or cockcroft_gault"):
        relaxed(study, "egfr >= 80")


def test_a_name_that_nothing_resembles_leads_to_the_names(study):
    with pytest.raises(ValueError, match="escalon data dictionary"):
        relaxed(study, "qqq >= 80")


def test_two_tables_that_begin_alike_stay_two(tmp_path):
    names = [
        "Lab_results",
        "Lab_units",
        "labValues",
        "V1Labs",
        "MyLabs2024",
        "Patient.000",
        "Patient.001",
        "2_Observation",
    ]
    for name in names:
        (tmp_path / f"{name}.ndjson").write_text("{}\n")
    assert set(files_of(tmp_path)) == {*names[:5], "Patient", "Observation"}


@pytest.mark.parametrize(
    ("text", "says"),
    {
        "haemoglobin >= 80": "haemoglobin is in g/L. Write 80 g/L",
        "haemoglobin >= 80 mmHg": "haemoglobin is in g/L, which mmHg does not convert to. Write it in g/L",
        "disease is RB": "disease is never 'RB'. Write one of RA",
        "I-2d: haemoglobin": "haemoglobin is a number",
        "I-2d: haemoglobin >= 80 g/L at nowhere": "nowhere",
    }.items(),
)  # fmt: skip
def test_a_rule_that_could_not_stand_in_the_study_is_no_what_if(study, text, says):
    """Else nobody would meet it, or everybody, and the number would be told."""
    with pytest.raises(ValueError, match=says):
        relaxed(study, text)
