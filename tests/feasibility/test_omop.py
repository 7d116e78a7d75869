"""OMOP and i2b2: what lies below a concept, codes of a vocabulary, drug eras, doses by strength, and observed time."""

import pytest

from escalon.facts import Day
from escalon.feasibility.attrition import count
from escalon.feasibility.figure import funnel_svg
from escalon.feasibility.inquiry import Inquiry
from escalon.feasibility.mapping_file import load_mapping
from escalon.feasibility.warehouse import open_warehouse
from escalon.protocol import load_study

MET, NOT_MET, UNKNOWN, NOT_APPLICABLE = range(4)
RITUXIMAB, METHOTREXATE, RA, BREAST, DUCTAL = 1314273, 1305058, 80809, 4112853, 4116071
OMOP = {
    "person": "person_id,year_of_birth,month_of_birth,day_of_birth,gender_concept_id\n"
    + "".join(f"{who},1980,1,1,8532\n" for who in range(1, 9)),
    # Everybody is observed up to the day asked about, but person 4.
    "observation_period": "person_id,observation_period_start_date,observation_period_end_date\n"
    + "".join(f"{who},2015-01-01,{'2020-01-01' if who == 4 else '2026-11-01'}\n" for who in range(1, 9)),
    # 1 has a cancer named by what lies below it, 2 by the concept itself; 5 to 8 have rheumatoid arthritis.
    "condition_occurrence": "person_id,condition_concept_id,condition_start_date,condition_end_date\n"
    f"1,{DUCTAL},2019-04-01,2019-04-02\n2,{BREAST},2018-01-01,2018-01-02\n"
    + "".join(f"{who},{RA},2018-01-01,2018-01-02\n" for who in range(5, 9)),
    # 1 took rituximab up to three weeks before, 3 stopped long ago.
    "drug_era": "person_id,drug_concept_id,drug_era_start_date,drug_era_end_date\n"
    f"1,{RITUXIMAB},2026-01-01,2026-10-11\n3,{RITUXIMAB},2019-01-01,2019-06-01\n",
    # Tablets of 2.5 mg: 5 takes 15 mg a week, 6 35 mg, 7 a solution of which no strength is known, 8 nothing.
    "drug_exposure": "person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date,quantity,days_supply\n"
    "5,100,2026-01-01,2026-11-01,264,308\n6,100,2026-01-01,2026-11-01,616,308\n7,101,2026-01-01,2026-11-01,10,308\n",
    "drug_strength": "drug_concept_id,ingredient_concept_id,amount_value,amount_unit_concept_id\n"
    f"100,{METHOTREXATE},2.5,8576\n101,{METHOTREXATE},,\n",
    "concept": f"concept_id,vocabulary_id,concept_code\n{BREAST},SNOMED,254837009\n{DUCTAL},SNOMED,1\n900,ICD10CM,C50\n"
    f"{RITUXIMAB},RxNorm,121191\n",
    "concept_relationship": f"concept_id_1,concept_id_2,relationship_id\n900,{BREAST},Maps to\n",
    "concept_ancestor": f"ancestor_concept_id,descendant_concept_id\n{BREAST},{BREAST}\n{BREAST},{DUCTAL}\n",
}  # fmt: skip
MAPPING = f"""[source]
kind = "omop"

[concept.malignancy]
table = "condition_occurrence"
codes = ["ICD10CM:C50"]
descendants = true
silence = "no"

[concept.rituximab]
table = "drug_era"
codes = ["RxNorm:121191"]

[concept.b_cell_therapy]
table = "drug_era"
codes = [{RITUXIMAB}]
silence = "no"

[concept.methotrexate]
table = "drug_dose"
codes = [{METHOTREXATE}]
silence = "no"

[concept.disease]
table = "condition_occurrence"
label_codes = {{ RA = [{RA}] }}
silence = "no"
"""
I2B2 = {
    "patient_dimension": "patient_num,birth_date,sex_cd\n1,1980-01-01,F\n2,1980-01-01,F\n3,1980-01-01,M\n",
    "observation_fact": "patient_num,concept_cd,start_date,end_date,valtype_cd,tval_char,nval_num,units_cd\n"
    "1,ICD:C50.1,2019-04-01,,,,,\n1,LAB:X,2026-11-01,,N,E,3,g\n"
    "2,LAB:X,2015-01-01,,N,E,3,g\n2,LAB:X,2026-11-01,,N,E,3,g\n3,ICD:C51,2026-11-01,,,,,\n",
    "concept_dimension": "concept_path,concept_cd\n\\ICD\\C50\\,ICD:C50\n\\ICD\\C50\\1\\,ICD:C50.1\n\\ICD\\C51\\,ICD:C51\n",
}
I2B2_MAPPING = """[source]
kind = "i2b2"

[concept.malignancy]
table = "observation_fact"
codes = ["ICD:C50"]
descendants = true
silence = "no"
"""


def inquiry_of(folder, files, mapping) -> Inquiry:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "warehouse.toml").write_text(mapping, encoding="utf-8")
    return Inquiry(
        load_study("nct07052565"),
        load_mapping(folder / "warehouse.toml"),
        open_warehouse(str(folder)),
        Day(2026, 11, 1),
    )


def verdicts(inquiry, clause) -> dict[int, int]:
    place = [one.id for one in inquiry.criteria].index(clause)
    return {row[0]: row[2 + place] for row in inquiry.warehouse.answer(inquiry.prepared().everyone())}


@pytest.fixture(scope="module")
def omop(tmp_path_factory) -> Inquiry:
    return inquiry_of(tmp_path_factory.mktemp("omop"), OMOP, MAPPING)


def test_what_lies_below_a_concept_counts_and_silence_only_within_observed_time(omop):
    wanted = {1: NOT_MET, 2: NOT_MET, 3: MET, 4: UNKNOWN, 5: MET, 6: MET, 7: MET, 8: MET}
    assert verdicts(omop, "E-5") == wanted


def test_a_drug_era_that_reaches_into_the_days_asked_about_counts(omop):
    assert {who: verdict for who, verdict in verdicts(omop, "E-4b").items() if who < 4} == {1: NOT_MET, 2: MET, 3: MET}


def test_a_dose_is_the_strength_times_how_many_over_the_days(omop):
    found = verdicts(omop, "I-6e")
    assert {who: found[who] for who in (1, 5, 6, 7, 8)} == {1: NOT_APPLICABLE, 5: MET, 6: NOT_MET, 7: UNKNOWN, 8: MET}


def test_every_output_says_of_what_silence_counts_as_no(omop):
    found = count(omop, 1)
    names = ["malignancy", "b_cell_therapy", "methotrexate", "disease"]
    assert found.as_json()["silence_is_no"] == names
    assert f"Silence counts as no for: {', '.join(names)}" in funnel_svg(found)


def test_i2b2_knows_what_lies_below_a_concept_by_its_path(tmp_path):
    assert verdicts(inquiry_of(tmp_path, I2B2, I2B2_MAPPING), "E-5") == {1: NOT_MET, 2: MET, 3: MET}
