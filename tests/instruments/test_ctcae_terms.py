"""The term list: complete, unambiguous, honest about what is no term."""

from __future__ import annotations

from collections import Counter

import pytest

from escalon.instruments.safety.ctcae import everyday
from escalon.instruments.safety.ctcae.laboratory import UnknownTest, grade_laboratory, laboratory_terms
from escalon.instruments.safety.ctcae.terms import (
    UnknownTerm,
    check_grade,
    classes,
    find_event,
    find_term,
    question_about,
    terms,
)

# Terms of each class in the printed dictionary.
COUNTS = {
    "Blood and lymphatic system disorders": 12, "Cardiac disorders": 34, "Gastrointestinal disorders": 122,
    "Infections and infestations": 88, "Investigations": 42, "Nervous system disorders": 68,
    "Injury, poisoning and procedural complications": 79, "Immune system disorders": 6, "Social circumstances": 1,
}  # fmt: skip


def test_dictionary_has_837_terms_in_26_classes() -> None:
    assert (len(terms()), len(classes())) == (837, 26)
    counted = Counter(term.system_class for term in terms().values())
    assert {name: counted[name] for name in COUNTS} == COUNTS


def test_every_term_has_its_own_code_and_at_least_one_grade() -> None:
    assert len({term.code for term in terms().values()}) == 837
    assert all(term.code.isdigit() and len(term.code) == 8 for term in terms().values())
    assert all(term.grades for term in terms().values())


def test_every_class_has_an_other_term() -> None:
    assert sum(term.name.endswith("Other, specify") for term in terms().values()) == 26


def test_grade_five_is_always_death() -> None:
    assert {term.grades[5] for term in terms().values() if 5 in term.grades} == {"Death"}


# Codes of terms as another public list has them (MedDRA codes do not change).
KNOWN = {
    "10002272": "Anemia", "10016288": "Febrile neutropenia", "10020772": "Hypertension", "10021097": "Hypotension",
    "10028606": "Myocarditis", "10034474": "Pericardial effusion", "10040741": "Sinus bradycardia",
    "10047281": "Ventricular arrhythmia", "10061103": "Dermatitis radiation", "10052015": "Cytokine release syndrome",
}  # fmt: skip


@pytest.mark.parametrize("code", KNOWN)
def test_code_names_its_term(code: str) -> None:
    assert find_term(code).name == KNOWN[code]


@pytest.mark.parametrize(
    ("written", "name"), [("anaemia", "Anemia"), ("DIARRHOEA", "Diarrhea"), ("skin_infection", "Skin infection")]
)
def test_british_spelling_and_case_are_accepted(written: str, name: str) -> None:
    assert find_term(written).name == name


@pytest.mark.parametrize(
    "name", ["ferritin increased", "Hypogammaglobulinemia", "B-cell aplasia", "interleukin-6 increased"]
)
def test_what_is_not_a_term_says_where_to_record_it(name: str) -> None:
    with pytest.raises(UnknownTerm, match="Other, specify"):
        find_term(name)


def test_everyday_word_suggests_the_term() -> None:
    with pytest.raises(UnknownTerm, match="Neutrophil count decreased"):
        find_term("neutropenia")


def test_grade_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="has no grade 4"):
        check_grade(find_term("Nausea"), 4)


def test_syndrome_without_a_term_has_no_invented_code() -> None:
    assert find_event("CRS").code == "10052015"
    assert (find_event("ICANS").code, find_event("iec-hs").system_class) == ("", "Immune system disorders")


def test_laboratory_terms_reach_only_grades_that_exist() -> None:
    for name, (lab, _) in laboratory_terms().items():
        reachable = set(lab.alternatives)
        assert reachable <= set(lab.term.grades), name


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Ferritin", "Record it under «Investigations - Other, specify»"),
        ("CRP increased", "Record it under «Investigations - Other, specify»"),
        ("IgG decreased", "Record it under «Immune system disorders - Other, specify»"),
        ("COVID-19", "Record it under «Infections and infestations - Other, specify»"),
        ("URTI", "«Upper respiratory infection»"),
        ("WBC decreased", "«White blood cell decreased»"),
        ("SGPT increased", "Did you mean «Alanine aminotransferase increased»?"),
        ("Plt low", "Did you mean «Platelet count decreased»?"),
        ("elevated AST/ALT", "«Aspartate aminotransferase increased» or «Alanine aminotransferase increased»?"),
        ("K+ ↓", "Did you mean «Hypokalemia»?"),
        ("potassium", "Did you mean «Hypokalemia» or «Hyperkalemia»?"),
        ("白细胞减少", "Did you mean «White blood cell decreased»?"),
        ("neutropaenia", "Did you mean «Neutrophil count decreased»?"),
        ("serum creatinine level raised", "Did you mean «Creatinine increased»?"),
        ("ferritin high", "Record it under «Investigations - Other, specify»"),
        ("头痛", "Did you mean «Headache»?"),
        ("urinary infection", "«Urinary tract infection»?"),
        ("blood lactate dehydrogenase", "Did you mean «Blood lactate dehydrogenase increased»?"),
    ],
)
def test_a_term_is_suggested_by_what_it_says_and_never_by_letters_that_agree(written: str, hint: str) -> None:
    assert hint in question_about(written)


def test_every_everyday_name_leads_to_a_term_there_is() -> None:
    named = [*everyday._called().values(), *everyday._other().values()]
    measured = [term for low, high in everyday._measured().values() for term in (*low, *high)]
    assert set(named) | set(measured) <= terms().keys()
    assert len(measured) > 100


@pytest.mark.parametrize(
    "written", ["homocysteine increased", "cytopenia", "不适", "transaminitis", "NA", "clearance low"]
)
def test_no_term_is_suggested_rather_than_a_wrong_one(written: str) -> None:
    assert question_about(written) == f"{written!r} is not a term of CTCAE v5.0."


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("Investigations - Other, specify: CRP increased", "Investigations - Other, specify"),
        ("Investigations - Other (ferritin)", "Investigations - Other, specify"),
        ("细胞因子释放综合征", "Cytokine release syndrome"),
        ("细胞因子释放综合征（CRS）", "Cytokine release syndrome"),
        ("免疫效应细胞相关神经毒性综合征", "ICANS"),
        ("免疫效应细胞相关血液毒性(ICAHT)", "ICAHT"),
    ],
)
def test_an_event_that_is_specified_or_named_in_chinese_is_its_term(name, term):
    assert find_event(name).name == term


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("Immune system disorders - Other, specify: cytokine release syndrome", "CRS"),
        ("Nervous system disorders - Other, specify (ICANS)", "ICANS"),
        ("Investigations - Other: neutropenia", "Neutrophil count decreased"),
    ],
)
def test_an_event_with_a_term_of_its_own_is_never_another_of_its_class(name, own):
    with pytest.raises(UnknownTerm, match=f"as «{own}»"):
        find_event(name)


def test_no_other_test_is_suggested_for_a_short_name():
    with pytest.raises(UnknownTest) as error:
        grade_laboratory("urea", value=5)
    assert "crea" not in str(error.value).split("Tests:")[0]
