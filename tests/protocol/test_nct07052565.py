"""The bundled study says what the record says, all of it, and nothing it does not."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from escalon.criteria import parse, render
from escalon.facts import Duration
from escalon.protocol import Study, load_study
from escalon.protocol.lint import lint
from escalon.protocol.record import clauses
from escalon.protocol.trace import trace

RECORD = Path(__file__).parents[3] / "shared" / "spec" / "record-nct07052565.txt"
LAST_INCLUSION, LAST_EXCLUSION = 9, 12  # the record numbers its clauses (1) to (9) and (1) to (12)


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("nct07052565")


def test_every_clause_of_the_record_is_implemented(study: Study) -> None:
    left = [(one.clause.id, one.missing) for one in trace(study).uncovered]
    assert left == []


def test_every_clause_has_something_that_implements_it(study: Study) -> None:
    assert [one.clause.id for one in trace(study).clauses if not one.by] == []


def test_every_quotation_is_in_the_record_word_for_word(study: Study) -> None:
    assert [(part.id, piece) for part, piece in trace(study).misquoted] == []


def test_eligibility_is_implemented_by_criteria_and_outcomes_by_endpoints(study: Study) -> None:
    for one in trace(study).clauses:
        kinds = {part.kind for part in one.by}
        if one.clause.section == "Exclusion Criteria":
            assert kinds <= {"exclusion", "lymphodepletion", "watched"}, one.clause.text
        elif one.clause.section == "Inclusion Criteria":
            assert "inclusion" in kinds, one.clause.text
        elif one.clause.section.endswith("Outcome Measures"):
            assert "endpoint" in kinds, one.clause.text


def test_dropping_a_criterion_leaves_its_clause_uncovered(study: Study) -> None:
    without = study.model_copy(update={"exclusion": tuple(one for one in study.exclusion if one.id != "E-9f")})
    assert [one.missing for one in trace(without).uncovered] == ["EBV DNA positivity"]


def test_dropping_a_level_leaves_its_sentence_uncovered(study: Study) -> None:
    dose = study.dose.model_copy(update={"levels": study.dose.levels[:2]})
    without = study.model_copy(update={"dose": dose})
    assert any("high dose group" in one.missing for one in trace(without).uncovered)


def test_the_bundled_record_is_the_registrys() -> None:
    if not RECORD.exists():
        pytest.skip("../shared is absent, so the record cannot be compared")
    registry = RECORD.read_text(encoding="utf-8")
    study = load_study("nct07052565")
    assert all(one.text in registry for one in clauses(study.record))
    assert "@" not in study.record, "contact details of a person are not needed"


def test_every_numbered_clause_has_criteria(study: Study) -> None:
    numbers = {(one.kind, int(re.match(r"[IE]-(\d+)", one.id)[1])) for one in study.criteria}  # type: ignore[index]
    assert {n for kind, n in numbers if kind == "inclusion"} == set(range(LAST_INCLUSION + 1))
    assert {n for kind, n in numbers if kind == "exclusion"} == set(range(1, LAST_EXCLUSION + 1))


def test_levels_are_1_3_and_6_times_ten_to_the_fifth_within_a_fifth(study: Study) -> None:
    assert [str(one.amount) for one in study.dose.levels] == [f"{n} × 10⁵ CAR-T cells/kg" for n in (1, 3, 6)]
    assert study.dose.tolerance == Fraction(1, 5)
    assert study.dose.window(study.dose.level(3)) == (480_000, 720_000)
    assert (study.dose.cap, study.dose.cohort_size, study.dose.variant) == (18, 3, "V2")
    assert study.dose.dlt_window == Duration(28, "day")


def test_no_lymphodepletion_regimen_is_chosen(study: Study) -> None:
    assert study.lymphodepletion is not None
    assert study.lymphodepletion.chosen is None
    assert study.lymphodepletion.drugs == ("cyclophosphamide", "fludarabine")


def test_the_dlt_definition_is_marked_unconfirmed(study: Study) -> None:
    assert study.dlt is not None
    assert not study.dlt.confirmed
    assert study.assumption("Q-DLT").signer


RULES = [
    ("I-1a", "age >= 18 at consent"),
    ("I-2b", "neutrophils >= 1 10^9/L at screening"),
    ("I-2d", "haemoglobin >= 60 g/L at screening"),
    ("I-3a", "alt / uln <= 3 at screening"),
    ("I-4", "cockcroft_gault >= 30 mL/min at screening"),
    ("I-5a", "inr / uln <= 1.5 at screening"),
    ("I-7f", "sledai_2k >= 8 at screening"),
    ("I-8c", "essdai >= 5 at screening"),
    ("E-4b", "any b_cell_therapy within 4 weeks before screening or any recorded b_cell_therapy after screening"),
    ("E-9e", "cmv_dna is positive at screening"),
]


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_the_inequalities_are_those_of_the_sheet(study: Study, name: str, rule: str) -> None:
    assert study.criterion(name).tree == parse(rule)


def test_every_rule_is_read_back_from_its_rendering(study: Study) -> None:
    for one in study.criteria:
        assert parse(render(one.tree)) == one.tree


def test_disease_clauses_apply_to_their_disease_only(study: Study) -> None:
    whose = {"6": "disease is RA", "7": "disease is SLE", "8": "disease is SS", "9": "disease is SSC"}
    for one in study.inclusion:
        assert one.applies_text == whose.get(one.id[2], ""), one.id


NAMED_IN_THE_WORK_ORDER = [
    "Q-PRODUCT", "Q-CENTROCYTE", "Q-PGA-UNIT", "Q-STAR", "Q-BILAG-DOMAINS", "Q-HAQ-FORM", "Q-DLT", "Q-LD-DOSE", "Q-VISITS",
    "Q-SS-TP", "Q-DOSE-DISCRETION", "Q-CMV-EBV", "Q-SSC-HRCT", "Q-EBMT", "Q-CAR-BASELINE", "Q-CELLS", "Q-SLE-1", "Q-SLE-2",
    "Q-SLE-3", "Q-SLE-4", "Q-3+3-VARIANT",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMED_IN_THE_WORK_ORDER)
def test_every_silence_has_a_default_an_alternative_and_a_signer(study: Study, name: str) -> None:
    one = study.assumption(name)
    assert one.default
    assert one.alternatives
    assert one.signer


def test_both_readings_of_sjogren_thrombocytopenia_can_be_evaluated(study: Study) -> None:
    printed = {name: study.criterion(name).tree for name in ("I-8b", "I-8c")}
    (route,) = study.assumption("Q-SS-TP").alternatives
    other = {name: parse(rule) for name, rule in route.rules.items()}
    assert set(other) == set(printed)
    assert all(other[name] != printed[name] for name in printed)


def test_criteria_know_the_assumptions_they_rest_on(study: Study) -> None:
    assert study.assumed("I-2b") == ("Q-CENTROCYTE",)
    assert "Q-SS-TP" in study.assumed("I-8b")


def test_every_outcome_is_an_endpoint(study: Study) -> None:
    titles = re.findall(r"^.+up to 1 years$", study.record, re.MULTILINE)
    quoting = [[one.id for one in study.endpoints if title in one.says.pieces] for title in titles]
    assert [len(some) for some in quoting] == [1] * 13
    more = {one.id for one in study.endpoints} - {id for some in quoting for id in some}
    assert more == {"S-6-SLE"}  # one outcome on two scales, which are never pooled
    assert [one.role for one in study.endpoints].count("primary") == 1


def test_names_are_all_known(study: Study) -> None:
    assert study.awaited == ()


def test_lint_finds_no_error_and_lists_every_assumption(study: Study) -> None:
    remarks = lint(study)
    assert [one for one in remarks if one.severity == "error"] == []
    assert {one.about for one in remarks if one.severity == "assumption"} == {one.id for one in study.assumptions}


def test_a_signed_assumption_is_no_longer_listed(study: Study) -> None:
    assert not any(one.about == "Q-DLT" for one in lint(study, signed=frozenset({"Q-DLT"})))


def test_facts_of_instruments_are_in_the_vocabulary_without_being_written_again(study: Study) -> None:
    esr = study.vocabulary["esr"]
    assert (esr.unit, esr.kind, esr.settle) == ("mm/h", "number", "erythrocyte sedimentation rate")
    assert study.vocabulary["sledai_2k.seizure"].kind == "truth"
    assert study.vocabulary["sledai_2k"].computed


def test_a_minor_is_a_recordable_age_and_not_a_typing_error(study: Study) -> None:
    low = study.vocabulary["age"].low
    assert low is not None
    assert low <= 17


def test_drugs_of_a_class_are_recordable(study: Study) -> None:
    assert "rituximab" in study.vocabulary["b_cell_therapy"].members
    assert study.vocabulary["rituximab"].kind == "treatment"


def test_laboratory_limits_are_asked_for_where_a_rule_divides_by_them(study: Study) -> None:
    with_limits = {name for name, one in study.vocabulary.items() if one.limits}
    assert with_limits == {"alt", "ast", "total_bilirubin", "inr", "prothrombin_time"}


def test_an_indeterminate_infection_marker_cannot_pass_as_negative(study: Study) -> None:
    for name in ("hbsag", "hcv_antibody", "hiv_antibody", "syphilis_serology", "cmv_dna", "ebv_dna"):
        assert study.vocabulary[name].choices == ("positive", "negative")
