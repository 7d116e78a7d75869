"""Odd warehouses, each made for one reason, and what must be said of each person there."""

import json
from dataclasses import dataclass, field

import pytest

from escalon.facts import Day
from escalon.feasibility.attrition import count
from escalon.feasibility.inquiry import Inquiry
from escalon.feasibility.mapping import MappingError
from escalon.feasibility.mapping_file import load_mapping
from escalon.feasibility.warehouse import open_warehouse
from escalon.protocol import load_study

MET, NOT_MET, UNKNOWN = 0, 1, 2
HB = "haemoglobin >= 80 g/L within 4 weeks before screening"
STROKE = "any history_of_stroke ever"
FLAT = """[people]
from = "people"
person = "person"
birth = "born"
sex = "sex"
sexes = { F = "female", M = "male" }
[table.events]
from = "events"
person = "person"
code = "code"
day = "day"
"""
VALUES = 'value = "value"\nunit = "unit"\n'
LAB = FLAT + VALUES + '[concept.haemoglobin]\ntable = "events"\ncodes = ["HB"]\nunit = "g/L"\n'
HAD = FLAT + '[concept.history_of_stroke]\ntable = "events"\ncodes = ["I63"]\n'
NO = 'silence = "no"\n'
TWO = "person,born,sex\n1,1980-01-01,F\n2,1980-01-01,F\n"
HEAD = "person,code,day,value,unit\n"
FHIR_LAB = '[source]\nkind = "fhir"\n[concept.haemoglobin]\ntable = "Observation"\ncodes = ["718-7", "HB"]\n'
FHIR_DRUG = '[source]\nkind = "fhir"\n[concept.rituximab]\ntable = "MedicationRequest"\ncodes = ["121191"]\n'
ROW = "'HB' AS code, DATE '2026-10-20' AS day, 120.0 AS value, 'g/L' AS unit"
DIED = LAB.replace('birth = "born"', 'birth = "born"\ndied = "died"')
SEEN = '[observed]\nfrom = "seen"\nperson = "person"\nstart = "a"\nend = "b"\n'
PREGNANT = '[concept.pregnant]\ntable = "events"\ncodes = ["P"]\n'
TWICE = "count of haemoglobin within 4 weeks before screening >= 2"
DRUG = {"id": "r", "status": "active", "subject": {"reference": "Patient/1"}, "authoredOn": "2026-10-20"}
PATIENT = [{"id": "1", "birthDate": "1980", "gender": "female"}]


@dataclass(frozen=True)
class Odd:
    """Files (CSV text, NDJSON resources, or a select for Parquet), a mapping, a rule, and its verdict for each person."""

    files: dict
    mapping: str
    rule: str
    wanted: dict
    kind: str = "I-2d"
    notes: tuple = field(default=())


def observation(*codes, value=120, unit="g/L", **more):
    return {
        "id": "o1", "status": "final", "subject": {"reference": "Patient/1"}, "effectiveDateTime": "2026-10-20",
        "code": {"coding": [{"code": one} for one in codes]}, "valueQuantity": {"value": value, "code": unit}, **more,
    }  # fmt: skip


def flat(rows, mapping=LAB, rule=HB, wanted=None, people=TWO, head=HEAD, **more):
    return Odd({"people.csv": people, "events.csv": head + "\n".join(rows) + "\n"}, mapping, rule, wanted or {}, **more)


def parquet(select, mapping=LAB, rule=HB, wanted=None):
    return Odd({"people.csv": TWO, "events.parquet": select}, mapping, rule, wanted or {})


def fhir(resources, mapping=FHIR_LAB, rule=HB, wanted=None, patient=PATIENT, **more):
    return Odd({"Patient.ndjson": patient, **resources}, mapping, rule, wanted or {}, **more)


def i2b2(rows, mapping, rule, wanted, **more):
    head = "patient_num,concept_cd,start_date,end_date,valtype_cd,tval_char,nval_num,units_cd,modifier_cd\n"
    return Odd(
        {"patient_dimension.csv": "patient_num,birth_date,sex_cd,death_date\n1,1980-01-01,F,\n2,1980-01-01,M,2026-01-01\n",
         "observation_fact.csv": head + "\n".join(rows) + "\n"},
        '[source]\nkind = "i2b2"\n' + mapping, rule, wanted, **more,
    )  # fmt: skip


I2B2_HB = '[concept.haemoglobin]\ntable = "observation_fact"\ncodes = ["LAB:HB"]\n'
OMOP_FILES = {
    "person.csv": "person_id,year_of_birth,month_of_birth,day_of_birth,gender_concept_id\n1,1980,1,1,8532\n2,1980,,,8507\n",
    "observation_period.csv": "person_id,observation_period_start_date,observation_period_end_date\n"
    "1,2020-01-01,2026-11-01\n2,2020-01-01,2026-11-01\n",
}
MEASURED = (
    "person_id,measurement_concept_id,measurement_date,value_as_number,unit_concept_id,range_low,range_high,"
    "operator_concept_id,value_as_concept_id\n"
)


def omop(table, rows, mapping, rule, wanted, more=None, **other):
    files = {**OMOP_FILES, f"{table}.csv": rows, **(more or {})}
    return Odd(files, '[source]\nkind = "omop"\n' + mapping, rule, wanted, **other)


OMOP_HB = '[concept.haemoglobin]\ntable = "measurement"\ncodes = [3000963]\n'
OMOP_STROKE = '[concept.history_of_stroke]\ntable = "condition_occurrence"\ncodes = [381316]\n'
CONDITIONS = "person_id,condition_concept_id,condition_start_date,condition_end_date\n"

CASES = {
    # ---- who the people are
    "ids that are numbers among the people and text among the rows": flat(
        ["1,HB,2026-10-20,120,g/L", "x9,HB,2026-10-20,120,g/L"], wanted={"1": MET, "2": UNKNOWN}
    ),
    "ids that are doubles in Parquet": parquet(
        f"SELECT CAST(1 AS DOUBLE) AS person, {ROW}",
        wanted={1: MET, 2: UNKNOWN},
    ),
    "ids that are doubles in Parquet and text among the people": Odd(
        {"people.csv": TWO + "x9,1980-01-01,F\n",
         "events.parquet": f"SELECT CAST(1 AS DOUBLE) AS person, {ROW}"},
        LAB, HB, {"1": MET, "2": UNKNOWN, "x9": UNKNOWN},
    ),
    "a row of people without a person": flat(
        ["1,HB,2026-10-20,120,g/L"], people=TWO + ",1980-01-01,F\n", wanted={1: MET, 2: UNKNOWN},
        notes=("people: fewer than 5 rows have no person, and are not counted",),
    ),
    "a person on two rows that differ": flat(
        [], people=TWO + "1,2010-01-01,M\n", rule="age >= 18", wanted={1: UNKNOWN, 2: MET},
        notes=("people: fewer than 5 stand there with several days of birth",
               "people: fewer than 5 stand there with several sexes",
               "people: fewer than 5 stand there on several rows, and are counted once"),
    ),
    "a person on two rows, dead by one of them": flat(
        ["1,HB,2026-10-20,120,g/L"], mapping=DIED,
        people="person,born,sex,died\n1,1980-01-01,F,\n1,1980-01-01,F,2026-01-01\n2,1980-01-01,F,2027\n", wanted={2: UNKNOWN},
    ),
    "a death in the month of the day asked about": flat(
        [], people="person,born,sex,died\n1,1980-01-01,F,2026-11\n2,1980-01-01,F,2026-10\n",
        mapping=DIED, wanted={1: UNKNOWN},
    ),
    "born after the day asked about": flat([], people="person,born,sex\n1,2027-01-01,F\n", rule="age >= 18", wanted={1: NOT_MET}),
    "eighteen on the day itself": flat(
        [], people="person,born,sex\n1,2008-11-01,F\n2,2008-11-02,F\n3,2008-11,F\n4,2008,F\n", rule="age >= 18",
        wanted={1: MET, 2: NOT_MET, 3: UNKNOWN, 4: UNKNOWN},
    ),
    "born on a leap day": flat(
        [], people="person,born,sex\n1,2008-02-29,F\n", rule="age >= 18", wanted={1: MET},
    ),
    # ---- days
    "moments with a zone of their own are of the day written": flat(
        ["1,HB,2026-11-01T23:30:00-08:00,120,g/L", "2,HB,2026-11-02T00:30:00+08:00,120,g/L"], wanted={1: MET, 2: UNKNOWN}
    ),
    "moments with a zone in Parquet are of the day in UTC": parquet(
        "SELECT 1 AS person, 'HB' AS code, TIMESTAMPTZ '2026-11-02 05:00:00+08' AS day, 120.0 AS value, 'g/L' AS unit",
        wanted={1: MET, 2: UNKNOWN},
    ),
    "some days are written to the month": flat(
        ["1,HB,2026-10,120,g/L", "2,HB,2026-10-20,120,g/L"], wanted={1: UNKNOWN, 2: MET}
    ),
    "a value after the day asked about is not read": flat(
        ["1,HB,2026-11-02,50,g/L", "1,HB,2026-10-20,120,g/L"], wanted={1: MET, 2: UNKNOWN}
    ),
    # ---- values
    "numbers with a decimal comma decide nothing": flat(
        ['1,HB,2026-10-20,"120,5",g/L', "2,HB,2026-10-20,120.5,g/L"], wanted={1: UNKNOWN, 2: MET},
        notes=("haemoglobin: some of its values are not used",),
    ),
    "a value that says nothing below the least there is": flat(
        ["1,HB,2026-10-20,<0,g/L", "2,HB,2026-10-20,<70,g/L"], wanted={1: UNKNOWN, 2: NOT_MET}
    ),
    "units in capital letters, and one that is another kind": flat(
        ["1,HB,2026-10-20,12,G/DL", "2,HB,2026-10-20,12,mmol/mol"], wanted={1: MET, 2: UNKNOWN}
    ),
    "two values of one day in two units that agree": flat(
        ["1,HB,2026-10-20,120,g/L", "1,HB,2026-10-20,12.0,g/dL", "2,HB,2026-10-20,120,g/L", "2,HB,2026-10-20,7,g/dL"],
        wanted={1: MET, 2: UNKNOWN},
    ),
    "the same row twice is one value of the day": flat(
        ["1,HB,2026-10-20,120,g/L"] * 2, rule=TWICE, wanted={1: MET, 2: UNKNOWN}
    ),
    "a number of decimals in Parquet": parquet(
        "SELECT 1 AS person, 'HB' AS code, DATE '2026-10-20' AS day, CAST(79.999 AS DECIMAL(9, 3)) AS value, 'g/L' AS unit",
        wanted={1: NOT_MET, 2: UNKNOWN},
    ),
    # ---- yes, no and words
    "a yes or no in a column of truths": Odd(
        {"people.csv": TWO,
         "events.parquet": "SELECT n AS person, 'P' AS code, DATE '2026-10-20' AS day, n = 1 AS value, NULL AS unit "
         "FROM range(1, 3) AS r(n)"},
        FLAT + VALUES + PREGNANT, "pregnant", {1: MET, 2: NOT_MET},
    ),
    "a yes or no in another language decides nothing and is told of": flat(
        ["1,P,2026-10-20,ja", "2,P,2026-10-20,yes"], head="person,code,day,word\n",
        mapping=FLAT + 'text = "word"\n' + PREGNANT, rule="pregnant",
        wanted={1: UNKNOWN, 2: MET},
        notes=("pregnant: some of its values are not used, because they are none of the study's words",),
    ),
    "a yes and a no of one day": flat(
        ["1,P,2026-10-20,yes", "1,P,2026-10-20,no", "2,P,2026-10-19,yes", "2,P,2026-10-20,no"], head="person,code,day,word\n",
        mapping=FLAT + 'text = "word"\n' + PREGNANT, rule="pregnant",
        wanted={1: UNKNOWN, 2: NOT_MET},
    ),
    # ---- silence
    "silence of somebody whom nobody observed": Odd(
        {"people.csv": TWO, "events.csv": "person,code,day\n",
         "seen.csv": "person,a,b\n1,2020-01-01,2026-11-01\n2,2020-01-01,2026-10-01\n"},
        HAD + NO + SEEN, STROKE, {1: NOT_MET, 2: UNKNOWN},
    ),
    "two observed times with a gap": Odd(
        {"people.csv": TWO, "events.csv": "person,code,day\n",
         "seen.csv": "person,a,b\n1,2020-01-01,2026-10-10\n1,2026-10-20,2026-11-01\n2,2020-01-01,2026-11-01\n"},
        HAD + NO + SEEN,
        "any history_of_stroke within 4 weeks before screening", {1: UNKNOWN, 2: NOT_MET},
    ),
    "silence where a row has no day": flat(
        ["1,I63,"], head="person,code,day\n", mapping=HAD + NO, rule="any history_of_stroke within 4 weeks before screening",
        wanted={1: UNKNOWN, 2: NOT_MET},
    ),
    # ---- codes
    "codes with zeros before them": flat(
        ["1,0630,2020-01-01", "2,630,2020-01-01"], head="person,code,day\n",
        mapping=HAD.replace("I63", "0630") + NO, rule=STROKE, wanted={1: MET, 2: NOT_MET},
    ),
    "a code within another is another": flat(
        ["1,I63.9,2020-01-01", "2,I63,2020-01-01"], head="person,code,day\n", mapping=HAD + NO, rule=STROKE,
        wanted={1: NOT_MET, 2: MET},
    ),
    # ---- OMOP
    "OMOP: a death is told of": omop(
        "condition_occurrence", CONDITIONS + "1,381316,2020-01-01,\n", OMOP_STROKE, STROKE, {1: MET, 2: UNKNOWN},
        more={"death.csv": "person_id,death_date\n2,2026-01-01\n"},
        notes=("people: fewer than 5 had died by the day asked about, and are counted. Leave them out",),
    ),
    "OMOP: the dead are left out": omop(
        "condition_occurrence", CONDITIONS + "1,381316,2020-01-01,\n",
        '[people]\ndied = "(SELECT MIN(d.death_date) FROM death AS d WHERE d.person_id = p.person_id)"\n' + OMOP_STROKE, STROKE,
        {1: MET}, more={"death.csv": "person_id,death_date\n2,2026-01-01\n"},
    ),
    "OMOP: a value below a limit": omop(
        "measurement", MEASURED + "1,3000963,2026-10-20,7,8713,,,4171756,\n2,3000963,2026-10-20,9,8713,,,4171756,\n",
        OMOP_HB, HB, {1: NOT_MET, 2: UNKNOWN},
    ),
    "OMOP: no unit, and no concept for the unit": omop(
        "measurement", MEASURED + "1,3000963,2026-10-20,12,0,,,,\n2,3000963,2026-10-20,12,,,,,\n", OMOP_HB, HB,
        {1: UNKNOWN, 2: UNKNOWN}, notes=("haemoglobin: some of its values are not used",),
    ),
    "OMOP: a value of NaN": Odd(
        {**OMOP_FILES, "measurement.parquet": "SELECT n AS person_id, 3000963 AS measurement_concept_id, "
         "DATE '2026-10-20' AS measurement_date, CASE n WHEN 1 THEN CAST('NaN' AS DOUBLE) ELSE 12 END AS value_as_number, "
         "8713 AS unit_concept_id, NULL AS range_low, NULL AS range_high, NULL AS operator_concept_id, "
         "NULL AS value_as_concept_id FROM range(1, 3) AS r(n)"},
        '[source]\nkind = "omop"\n' + OMOP_HB, HB, {1: UNKNOWN, 2: MET},
    ),
    # ---- FHIR
    "FHIR: one observation under two codes is one": fhir(
        {"Observation.ndjson": [observation("718-7", "HB")]},
        rule=TWICE, wanted={"1": NOT_MET},
    ),
    "FHIR: an observation in error": fhir(
        {"Observation.ndjson": [observation("HB", status="entered-in-error")]}, wanted={"1": UNKNOWN}
    ),
    "FHIR: a value below a limit": fhir(
        {"Observation.ndjson": [observation("HB", valueQuantity={"value": 70, "comparator": "<", "unit": "g/L"})]},
        wanted={"1": NOT_MET},
    ),
    "FHIR: a drug in a resource of its own": fhir(
        {"MedicationRequest.ndjson": [DRUG | {"medicationReference": {"reference": "Medication/m"}}],
         "Medication.ndjson": [{"id": "m", "code": {"coding": [{"code": "121191"}]}}]},
        FHIR_DRUG, "any rituximab within 4 weeks before screening", {"1": MET},
    ),
    "FHIR: a drug that the request holds": fhir(
        {"MedicationRequest.ndjson": [DRUG | {"contained": [{"id": "c", "code": {"coding": [{"code": "121191"}]}}],
                                               "medicationReference": {"reference": "#c"}}]},
        FHIR_DRUG, "any rituximab within 4 weeks before screening", {"1": MET},
    ),
    "FHIR: somebody dead without a day": fhir(
        {"Observation.ndjson": [observation("HB")]}, patient=[{**PATIENT[0], "deceasedBoolean": True}], wanted={"1": MET},
        notes=("people: fewer than 5 had died by the day asked about",),
    ),
    "FHIR: the dead are left out": fhir(
        {"Observation.ndjson": [observation("HB")]}, '[people]\ndied = "death"\n' + FHIR_LAB, wanted={"2": UNKNOWN},
        patient=[{**PATIENT[0], "deceasedDateTime": "2026-10-25T10:00:00Z"}, {"id": "2"}],
    ),
    # ---- i2b2
    "i2b2: what is said of a fact is not the fact": i2b2(
        ["1,LAB:HB,2026-10-20,,N,E,120,g/L,@", "1,LAB:HB,2026-10-20,,N,E,70,g/L,DELTA"], I2B2_HB, HB, {1: MET, 2: UNKNOWN}
    ),
    "i2b2: the dead are left out": i2b2(
        ["1,LAB:HB,2026-10-20,,N,E,120,g/L,@"], '[people]\ndied = "death_date"\n' + I2B2_HB, HB, {1: MET}
    ),
    "i2b2: a value that is not equal to something": i2b2(
        ["1,LAB:HB,2026-10-20,,N,NE,120,g/L,@", "2,LAB:HB,2026-10-20,,N,L,70,g/L,@"], I2B2_HB, HB, {1: UNKNOWN, 2: NOT_MET}
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return load_study("nct07052565")


def inquiry_of(folder, study, odd):
    import duckdb

    for name, content in odd.files.items():
        if name.endswith(".parquet"):
            duckdb.connect().execute(f"COPY ({content}) TO '{folder / name}'")
        else:
            text = content if isinstance(content, str) else "".join(f"{json.dumps(one)}\n" for one in content)
            (folder / name).write_text(text, encoding="utf-8")
    (folder / "warehouse.toml").write_text(odd.mapping, encoding="utf-8")
    clause = study.criterion(odd.kind).model_copy(update={"rule": odd.rule, "applies_to": ()})
    own = study.model_copy(update={"inclusion": (clause,), "exclusion": ()})
    return Inquiry(own, load_mapping(folder / "warehouse.toml"), open_warehouse(str(folder)), Day(2026, 11, 1))


@pytest.mark.parametrize("name", CASES)
def test_an_odd_warehouse_is_read_as_it_is_meant(tmp_path, study, name):
    odd = CASES[name]
    inquiry = inquiry_of(tmp_path, study, odd)
    found = {str(row[0]): row[2] for row in inquiry.warehouse.answer(inquiry.prepared().everyone())}
    assert found == {str(who): verdict for who, verdict in odd.wanted.items()}
    if odd.notes:
        told = count(inquiry).notes
        assert [note for note in odd.notes if not any(one.startswith(note) for one in told)] == []
    inquiry.warehouse.close()


@pytest.mark.parametrize("day", ["03/04/2026", "20.10.2026", "20261020", "46315"])
def test_days_that_can_be_read_in_two_ways_are_refused(tmp_path, study, day):
    odd = flat([f"1,HB,{day},120,g/L"])
    with pytest.raises(MappingError, match=r"is taken for a day.*Write under \[table.events\] day"):
        inquiry_of(tmp_path, study, odd).prepared()
