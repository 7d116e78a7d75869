"""What the usual sources write that is easily taken for something else: a vaccination not done, a diagnosis only suspected."""

import pytest

from escalon.feasibility.mapping import MappingError
from escalon.feasibility.warehouse import WarehouseError
from tests.feasibility.test_odd_warehouses import (
    CONDITIONS,
    DRUG,
    FHIR_DRUG,
    FHIR_LAB,
    FLAT,
    HAD,
    HB,
    HEAD,
    LAB,
    MEASURED,
    MET,
    NO,
    NOT_MET,
    OMOP_FILES,
    OMOP_HB,
    PATIENT,
    PREGNANT,
    STROKE,
    TWO,
    UNKNOWN,
    Odd,
    fhir,
    flat,
    i2b2,
    inquiry_of,
    observation,
    omop,
    study,
)  # fmt: skip

__all__ = ["study"]
SOON = "any history_of_stroke within 4 weeks before screening"
TAKEN = "any rituximab within 4 weeks before screening"
FEMALE = "sex is female"
FIRST_COLUMNS = "person_id,year_of_birth,month_of_birth,day_of_birth,gender_concept_id\n"


def had(table):
    return f'[source]\nkind = "fhir"\n[concept.history_of_stroke]\ntable = "{table}"\ncodes = ["I63"]\n'


def resource(**more):
    coded = {"coding": [{"code": "I63"}]}
    days = dict.fromkeys(("onsetDateTime", "performedDateTime", "occurrenceDateTime"), "2026-10-20")
    return {"id": "c", "subject": {"reference": "Patient/1"}, "code": coded, "vaccineCode": coded, **days, **more}


def happened(table, verdict, mapping=NO, rule=SOON, **more):
    return fhir({f"{table}.ndjson": [resource(**more)]}, had(table) + mapping, rule, {"1": verdict})


def verified(verdict, *words, mapping=NO):
    return happened("Condition", verdict, mapping, verificationStatus={"coding": [{"code": one} for one in words]})


def drug(verdict, sort="MedicationRequest", **more):
    one = DRUG | {"medicationCodeableConcept": {"coding": [{"code": "121191"}]}} | more
    return fhir({f"{sort}.ndjson": [one]}, FHIR_DRUG.replace("MedicationRequest", sort) + NO, TAKEN, {"1": verdict})


def measured(verdict, **more):
    return fhir({"Observation.ndjson": [observation("HB") | more]}, FHIR_LAB + 'unit = "g/L"\n', wanted={"1": verdict})


def vocabulary(concepts, related="", below=""):
    return {
        "concept.csv": "concept_id,vocabulary_id,standard_concept,concept_code,invalid_reason\n" + concepts,
        "concept_relationship.csv": "concept_id_1,concept_id_2,relationship_id,invalid_reason\n" + related,
        "concept_ancestor.csv": "ancestor_concept_id,descendant_concept_id\n" + below,
    }


def stroke_of(codes, conditions, wanted, more=None, mapping=""):
    own = f'[concept.history_of_stroke]\ntable = "condition_occurrence"\ncodes = [{codes}]\n{mapping}'
    return omop("condition_occurrence", CONDITIONS + conditions, own, STROKE, wanted, more)


ICD = "10,ICD10CM,,I63.9,\n100,SNOMED,S,1,\n200,SNOMED,S,2,\n"
PART = {"code": {"coding": [{"code": "HB"}]}, "valueQuantity": {"value": 120, "code": "g/L"}}
CASES = {
    # ---- FHIR: what did not happen, and what nobody is sure of
    "a vaccination not done": happened("Immunization", NOT_MET, status="not-done"),
    "a vaccination": happened("Immunization", MET, status="completed"),
    "a procedure not done": happened("Procedure", NOT_MET, status="not-done"),
    "a procedure prepared": happened("Procedure", NOT_MET, status="preparation"),
    "a procedure in progress": happened("Procedure", MET, status="in-progress"),
    "a diagnosis refuted": verified(NOT_MET, "refuted"),
    "a diagnosis refuted, said after a code of the hospital's own": verified(NOT_MET, "9", "refuted"),
    "a diagnosis refuted, as an earlier FHIR writes it": happened("Condition", NOT_MET, verificationStatus="refuted"),
    "a diagnosis suspected": verified(UNKNOWN, "provisional"),
    "a diagnosis among others": verified(UNKNOWN, "differential"),
    "a diagnosis unconfirmed, where silence is no answer": verified(UNKNOWN, "unconfirmed", mapping=""),
    "a diagnosis confirmed": verified(MET, "confirmed"),
    "a diagnosis suspected long before the days asked about": happened(
        "Condition", NOT_MET, onsetDateTime="2020-01-01", verificationStatus={"coding": [{"code": "provisional"}]}
    ),
    "a diagnosis of a period": happened("Condition", MET, onsetDateTime=None, onsetPeriod={"start": "2026-10-20"}),
    "a drug that shall not be given": drug(NOT_MET, doNotPerform=True),
    "a drug proposed": drug(NOT_MET, intent="proposal"),
    "a drug ordered": drug(MET, intent="order"),
    "a drug stated as not taken": drug(NOT_MET, "MedicationStatement", status="not-taken", effectiveDateTime="2026-10-20"),
    "a drug stated as taken": drug(MET, "MedicationStatement", effectivePeriod={"start": "2026-01-01", "end": "2026-10-20"}),
    "a drug given": drug(MET, "MedicationAdministration", status="completed", effectiveDateTime="2026-10-20"),
    # ---- FHIR: where things stand
    "a version of a person": happened("Condition", MET, subject={"reference": "Patient/1/_history/2"}),
    "a person of another server": happened("Condition", MET, subject={"reference": "https://example.org/fhir/Patient/1"}),
    "a version of a drug": fhir(
        {"MedicationRequest.ndjson": [DRUG | {"medicationReference": {"reference": "Medication/m/_history/1"}}],
         "Medication.ndjson": [{"id": "m", "code": {"coding": [{"code": "121191"}]}}]}, FHIR_DRUG, TAKEN, {"1": MET},
    ),
    "a whole number": measured(MET, valueQuantity=None, valueInteger=120),
    "a part of an observation": measured(MET, code={"coding": [{"code": "panel"}]}, valueQuantity=None, component=[PART]),
    "an instant": measured(MET, effectiveDateTime=None, effectiveInstant="2026-10-20T10:00:00Z"),
    "no value, and why": measured(UNKNOWN, valueQuantity=None, dataAbsentReason={"coding": [{"code": "error"}]}),
    "a truth": fhir(
        {"Observation.ndjson": [observation("P", valueQuantity=None, valueBoolean=False)]},
        '[source]\nkind = "fhir"\n' + PREGNANT.replace("events", "Observation"), "pregnant", {"1": NOT_MET},
    ),
    "an export in several files": Odd(
        {"Patient.000.ndjson": PATIENT, "1.Observation.ndjson": [observation("HB")],
         "2.Observation.ndjson": [observation("HB", id="o2", subject={"reference": "Patient/2"})],
         "Patient.001.ndjson": [PATIENT[0] | {"id": "2"}]}, FHIR_LAB, HB, {"1": MET, "2": MET},
    ),
    # ---- whole numbers that another program kept with a fraction
    "OMOP: units and signs with a fraction": omop(
        "measurement", MEASURED + "1,3000963.0,2026-10-20,12.0,8713.0,,,,\n2,3000963.0,2026-10-20,9,8713.0,,,4171756.0,\n",
        OMOP_HB, HB, {1: MET, 2: UNKNOWN},
    ),
    "OMOP: births with a fraction": Odd(
        OMOP_FILES | {"person.csv": FIRST_COLUMNS + "1,2008.0,11.0,1.0,8532.0\n2,2008.0,11.0,2.0,8507.0\n",
                      "measurement.csv": MEASURED}, '[source]\nkind = "omop"\n' + OMOP_HB, "age >= 18", {1: MET, 2: NOT_MET},
    ),
    "OMOP: sexes with a fraction": Odd(
        OMOP_FILES | {"person.csv": FIRST_COLUMNS + "1,1980,1,1,8532.0\n2,1980,1,1,\n", "measurement.csv": MEASURED},
        '[source]\nkind = "omop"\n' + OMOP_HB, FEMALE, {1: MET, 2: UNKNOWN},
    ),
    "OMOP: words with a fraction": omop(
        "measurement", MEASURED + "1,555,2026-10-20,,,,,,45884084\n2,555,2026-10-20,,,,,,45878583.0\n",
        '[concept.hbsag]\ntable = "measurement"\ncodes = [555]\nlabels = { positive = [45884084], negative = [45878583] }\n',
        "hbsag is negative within 4 weeks before screening", {1: NOT_MET, 2: MET},
    ),
    "sexes with a fraction": Odd(
        {"people.parquet": "SELECT n AS person, DATE '1980-01-01' AS born, CAST(n AS DOUBLE) AS sex FROM range(1, 3) AS r(n)",
         "events.csv": HEAD}, LAB.replace('F = "female", M = "male"', '"1" = "male", "2" = "female"'), FEMALE,
        {1: NOT_MET, 2: MET},
    ),
    # ---- OMOP's vocabulary
    "a unit that only the vocabulary knows": omop(
        "measurement", MEASURED + "1,3000963,2026-10-20,120,99001,,,,\n2,3000963,2026-10-20,12,8713,,,,\n", OMOP_HB, HB,
        {1: MET, 2: MET}, {"concept.csv": "concept_id,vocabulary_id,concept_code\n99001,UCUM,g/L\n8713,UCUM,g/dL\n"},
    ),
    "a mapping that was given up": stroke_of(
        '"ICD10CM:I63.9"', "1,100,2020-01-01,\n2,200,2020-01-01,\n", {1: NOT_MET, 2: MET},
        vocabulary(ICD, "10,100,Maps to,D\n10,200,Maps to,\n"), NO,
    ),
    "a code that meant something else before": stroke_of(
        '"ICD10CM:I63.9"', "1,100,2020-01-01,\n2,200,2020-01-01,\n", {1: NOT_MET, 2: MET},
        vocabulary(ICD + "11,ICD10CM,,I63.9,D\n", "10,200,Maps to,\n11,100,Maps to,\n"), NO,
    ),
    "a code of which only the old one is left": stroke_of(
        '"ICD10CM:I63.9"', "1,100,2020-01-01,\n2,200,2020-01-01,\n", {1: MET, 2: NOT_MET},
        vocabulary(ICD.replace("I63.9,", "I63.9,D"), "10,100,Maps to,\n"), NO,
    ),
    "a concept is among those below it": stroke_of(
        "100", "1,100,2020-01-01,\n2,200,2020-01-01,\n", {1: MET, 2: MET},
        vocabulary(ICD, "", "100,200\n"), "descendants = true\n",
    ),
    # ---- columns
    "blanks beside a code": flat(["1, HB ,2026-10-20,120,g/L", "2,HB,2026-10-20,120,g/L"], wanted={1: MET, 2: MET}),
    "numbers as another program or keyboard writes them": flat(
        ["1,HB,2026-10-20,1.2e2,g/L", "2,HB,2026-10-20,＜７０,g/L", "3,HB,2026-10-20,－5,g/L"],
        people=TWO + "3,1980-01-01,F\n", wanted={1: MET, 2: NOT_MET, 3: UNKNOWN},
    ),
    "an end before the beginning": flat(
        ["1,I63,2026-10-20,2025-01-01"], FLAT + 'until = "until"\n' + HAD.removeprefix(FLAT) + NO, SOON, {1: MET, 2: NOT_MET},
        head="person,code,day,until\n",
    ),
    "an event that nobody is sure of": flat(
        ["1,I63,2026-10-20,unknown", "2,I63,2026-10-20,no"], FLAT + 'text = "said"\n' + HAD.removeprefix(FLAT) + NO, SOON,
        {1: UNKNOWN, 2: NOT_MET}, head="person,code,day,said\n",
    ),
    "a column that says what is doubted": flat(
        ["1,I63,2026-10-20,V", "2,I63,2026-10-20,"],
        FLAT + "doubt = \"diagnosis_kind = 'V'\"\n" + HAD.removeprefix(FLAT) + NO, SOON, {1: UNKNOWN, 2: MET},
        head="person,code,day,diagnosis_kind\n",
    ),
    "a table called as a word of SQL": Odd(
        {"people.csv": TWO, "order.csv": HEAD + "1,HB,2026-10-20,120,g/L\n"},
        LAB.replace('from = "events"', 'from = "order"'), HB, {1: MET, 2: UNKNOWN},
    ),
    "a table with a dash and columns with blanks": Odd(
        {"people.csv": TWO.replace("born", "date of birth"),
         "lab-results.csv": HEAD.replace("value", "test value") + "1,HB,2026-10-20,120,g/L\n"},
        LAB.replace('from = "events"', 'from = "lab-results"').replace('"value"', '"test value"')
        .replace('"born"', '"date of birth"'), HB, {1: MET, 2: UNKNOWN},
    ),
    # ---- nothing gets out of its quotes
    "a code that would be SQL": flat(
        ["1,HB,2026-10-20,120,g/L"], LAB.replace('"HB"', '"x\'); DROP TABLE people; --"'), wanted={1: UNKNOWN, 2: UNKNOWN}
    ),
    "a unit that would be SQL": flat(
        ["1,HB,2026-10-20,120,g'/L"], LAB.replace('unit = "g/L"', 'units = { "g\'/L" = "g/L" }'), wanted={1: MET, 2: UNKNOWN}
    ),
    "a sex that would be SQL": flat(
        [], LAB.replace('F = "female"', '"F\' OR 1=1 --" = "female"'), FEMALE, wanted={1: UNKNOWN, 2: UNKNOWN}
    ),
    "nobody": flat([], people="person,born,sex\n", wanted={}),
}  # fmt: skip


def verdicts(folder, study, odd):
    inquiry = inquiry_of(folder, study, odd)
    found = {str(row[0]): row[2] for row in inquiry.warehouse.answer(inquiry.prepared().everyone())}
    inquiry.warehouse.close()
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_source_is_read_as_it_is_meant(tmp_path, study, name):
    assert verdicts(tmp_path, study, CASES[name]) == {str(who): one for who, one in CASES[name].wanted.items()}


REFUSED = {
    "a vocabulary that is not there": (
        stroke_of('"ICD10CM:I63.9"', "", {}), r"toml:3: I-2d \(history_of_stroke\): .*table concept, which is not there",
    ),
    "a code that the vocabulary does not have": (
        stroke_of('"ICD10CM:I639"', "", {}, vocabulary(ICD)), r"I-2d \(history_of_stroke\): the code 'ICD10CM:I639' is none of",
    ),
    "a concept that the vocabulary does not have": (
        stroke_of("7", "", {}, vocabulary(ICD), "descendants = true\n"), r"the code '7' is none of the vocabulary's",
    ),
    "what lies below, without i2b2's table of concepts": (
        i2b2([], '[concept.history_of_stroke]\ntable = "observation_fact"\ncodes = ["I63"]\ndescendants = true\n', STROKE, {}),
        r"looked up in the table concept_dimension, which is not there",
    ),
    "one name for two files": (
        Odd({"people.csv": TWO, "events.csv": HEAD, "events.parquet": "SELECT 1 AS person"}, LAB, HB, {}),
        r"events.csv and .*events.parquet are both the table 'events'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_looked_up_is_refused_with_the_clause_and_the_line(tmp_path, study, name):
    odd, said = REFUSED[name]
    with pytest.raises((MappingError, WarehouseError), match=said):
        verdicts(tmp_path, study, odd)
