"""Another study, of tablets in mg and of two other diseases, over flat tables: from a draft of the mapping to the counts."""

import pytest

from escalon.facts import Day
from escalon.feasibility.attrition import count
from escalon.feasibility.drafting import draft
from escalon.feasibility.inquiry import Inquiry
from escalon.feasibility.mapping_file import load_mapping
from escalon.feasibility.warehouse import open_warehouse
from escalon.protocol import load_study

MET, NOT_MET, UNKNOWN, NOT_APPLICABLE = range(4)
STUDY = """[study]
title = "MALLARD: tablets in two diseases of the gut (invented for tests)"
target = 24
[roles]
consent = "informed_consent"
screening = "screening_visit"
infusion = "first_tablet"
left = "left_study"
[[disease]]
id = "CD"
name = "Crohn's disease"
[[disease]]
id = "UC"
name = "ulcerative colitis"
[dose]
product = "tablets"
tolerance = "10 %"
rule = "3+3"
variant = "V2"
cap = 24
dlt_window = "28 days"
[[dose.level]]
number = 1
name = "low"
amount = "10 mg"
[[dose.level]]
number = 2
name = "high"
amount = "20 mg"
[dlt]
confirmed = true
evaluable = "took the tablets of 28 days, or had a DLT"
[[dlt.event]]
id = "DLT-1"
text = "grade 3 or more"
term = ["any"]
grade = 3
[anchor.consent]
fact = "informed_consent"
label = "the day of consent"
[anchor.screening]
fact = "screening_visit"
label = "the screening visit"
days_before = 28
[anchor.start]
fact = "first_tablet"
label = "the first tablet"
[anchor.relapse]
fact = "relapse"
label = "the last relapse"
[fact]
relapse = { kind = "date" }
informed_consent = { kind = "date" }
screening_visit = { kind = "date" }
first_tablet = { kind = "date" }
left_study = { kind = "event" }
age = { kind = "integer", low = 0, high = 120, settle = "date of birth" }
gut_disease = { kind = "event", settle = "history" }
calprotectin = { kind = "number", unit = "ug/g", low = 0, settle = "stool" }
tb_test = { kind = "label", choices = ["positive", "negative", "indeterminate"], settle = "blood" }
pregnant = { settle = "test" }
prednisone = { kind = "treatment", settle = "history" }
biologic = { members = ["infliximab", "vedolizumab"], settle = "history" }
[[inclusion]]
id = "I-1"
rule = "age between 18 and 75 at consent"
[[inclusion]]
id = "I-2"
rule = "any gut_disease at least 3 months before screening"
[[inclusion]]
id = "I-3"
applies = "disease is UC"
rule = "calprotectin > 250 ug/g at screening"
[[exclusion]]
id = "E-1"
applies = "sex is female"
rule = "pregnant at screening"
[[exclusion]]
id = "E-2"
rule = "any biologic within 8 weeks before start"
[[exclusion]]
id = "E-3"
rule = "tb_test is positive ever"
[[exclusion]]
id = "E-4"
rule = "prednisone for at least 2 weeks and dose from 20 mg/day for at least 2 weeks before screening"
"""
PEOPLE = "mrn,dob,gender\n001,1980-05-12,F\n002,1965-01,M\n003,2010-03-03,F\n004,1990-07-09,X\n"
LABS = """mrn,test,taken,result,units
001,CALP,2026-10-20,410,ug/g
002,CALP,2026-10-20,0.12,mg/g
004,CALP,2026-10-21,>1000,ug/g
001,IGRA,2026-10-01,neg,
004,IGRA,2026-10-01,POS,
"""
DIAGNOSES = "mrn,icd10,onset\n001,K51.0,2020-02\n002,K51.9,2019\n003,K50.0,2024-01-01\n004,K51.0,2026-09-30\n"
DRUGS = """mrn,atc,start_date,end_date,daily
001,H02AB07,2026-01-01,2026-11-01,20 mg/d
002,H02AB07,2026-01-01,2026-11-01,10 mg/d
"""
CONCEPTS = """
[concept.gut_disease]
table = "diagnoses"
codes = ["K50.0", "K51.0", "K51.9"]
[concept.disease]
table = "diagnoses"
label_codes = { CD = ["K50.0"], UC = ["K51.0", "K51.9"] }
[concept.calprotectin]
table = "labs"
codes = ["CALP"]
[concept.tb_test]
table = "labs"
codes = ["IGRA"]
labels = { positive = ["POS"], negative = ["neg"] }
[concept.prednisone]
table = "drugs"
codes = ["H02AB07"]
silence = "no"
[concept.pregnant]
table = "diagnoses"
codes = ["Z33"]
silence = "no"
"""


@pytest.fixture
def hospital(tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study/study.toml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "hospital").mkdir()
    for name, text in {"patients": PEOPLE, "labs": LABS, "diagnoses": DIAGNOSES, "drugs": DRUGS}.items():
        (tmp_path / f"hospital/{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_draft_finds_tables_columns_and_codes(hospital):
    study, warehouse = load_study(str(hospital / "study")), open_warehouse(str(hospital / "hospital"))
    text = draft(study, warehouse)
    for line in (
        'birth = "dob"', '# sexes = { "F" = "female", "M" = "male", "X" = "…" }', "# its codes: CALP, IGRA", 'until = "end_date"',
        'text = "result"', '# label_codes = { "CD" = ["…"], "UC" = ["…"] }', '# labels = { positive = ["…"], negative',
    ):  # fmt: skip
        assert line in text
    assert '# [concept.prednisone]\n# table = "drugs"' in text


def test_the_counts_of_another_study(hospital):
    study, warehouse = load_study(str(hospital / "study")), open_warehouse(str(hospital / "hospital"))
    mapping = draft(study, warehouse).partition("# I-1")[0].partition("# I-2")[0]
    mapping = mapping.replace(
        '# sexes = { "F" = "female", "M" = "male", "X" = "…" }', 'sexes = { F = "female", M = "male" }'
    )
    mapping = mapping.replace('until = "end_date"', 'until = "end_date"\nvalue = "split_part(daily, \' \', 1)"\n'
                              'unit = "split_part(daily, \' \', 2)"')  # fmt: skip
    (hospital / "warehouse.toml").write_text(mapping + CONCEPTS, encoding="utf-8")
    inquiry = Inquiry(study, load_mapping(hospital / "warehouse.toml"), warehouse, Day(2026, 11, 1))
    found = {row[0]: (row[1], *row[2:]) for row in inquiry.warehouse.answer(inquiry.prepared().everyone())}
    assert found == {
        "001": ("UC", MET, MET, MET, MET, UNKNOWN, MET, NOT_MET),
        "002": ("UC", MET, MET, NOT_MET, NOT_APPLICABLE, UNKNOWN, UNKNOWN, MET),
        "003": ("CD", NOT_MET, MET, NOT_APPLICABLE, MET, UNKNOWN, UNKNOWN, MET),
        "004": ("UC", MET, UNKNOWN, MET, UNKNOWN, UNKNOWN, NOT_MET, MET),
    }
    notes = count(inquiry).notes
    assert not any("its days are counted from" in one for one in notes)
    assert any(
        one.startswith("pregnant: no row of the days asked about has one of its codes: silence") for one in notes
    )
    assert any(one.startswith("sex: some of its values are not used") for one in notes)


BIOLOGIC = '[concept.vedolizumab]\ntable = "drugs"\ncodes = ["L04AG05"]\nsilence = "no"\n'


def asked_of_e2(hospital, rule):
    """The verdict on E-2 of each person and the notes, with a biologic of the days before the index date in one of them."""
    study, warehouse = load_study(str(hospital / "study")), open_warehouse(str(hospital / "hospital"))
    clause = study.criterion("E-2").model_copy(update={"rule": rule})
    own = study.model_copy(update={"inclusion": (), "exclusion": (clause,)})
    mapping = (
        draft(study, warehouse).partition("# I-1")[0]
        + BIOLOGIC
        + BIOLOGIC.replace("vedolizumab", "infliximab").replace("5", "2")
    )
    (hospital / "warehouse.toml").write_text(mapping, encoding="utf-8")
    inquiry = Inquiry(own, load_mapping(hospital / "warehouse.toml"), warehouse, Day(2026, 11, 1))
    rows = inquiry.warehouse.answer(inquiry.prepared().everyone())
    return {row[0]: row[2] for row in rows}, count(inquiry).notes


def test_what_lies_before_the_first_dose_is_asked_of_who_could_be_treated_today(hospital):
    drugs = hospital / "hospital/drugs.csv"
    drugs.write_text(
        DRUGS + "004,L04AG05,2026-10-20,2026-10-20,\n001,L04AG05,2026-01-20,2026-01-20,\n", encoding="utf-8"
    )
    found, notes = asked_of_e2(hospital, "any biologic within 8 weeks before start")
    assert found == {"001": MET, "002": MET, "003": MET, "004": NOT_MET}
    assert not any("its days are counted from" in one for one in notes)
    after, _ = asked_of_e2(hospital, "any biologic after start")
    assert set(after.values()) == {MET}


def test_days_counted_from_what_no_warehouse_is_asked_for_are_unknown_and_told(hospital):
    found, notes = asked_of_e2(hospital, "any biologic within 8 weeks before relapse")
    assert set(found.values()) == {UNKNOWN}
    assert "E-2: its days are counted from relapse, which nobody has who is screened: unknown of everybody" in notes
