"""The data door: a bad cell is one refused row; a doubtful one is used and named with its file and line."""

from pathlib import Path

import pytest

from escalon.protocol.study import Study
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake

FACTS = "participant,fact,value,unit,date,visit,upper,source\nP01,disease,RA,,2025-01-01,,,\n"
EVENTS = "participant,term,grade,start,end,serious,related,dlt,expected,outcome,component_of\n"


def taken(study: Study, folder: Path, **tables: str) -> Intake:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return take_in(study, folder)


def says(found: Intake) -> list[tuple[str, int, str, bool]]:
    return [(one.file, one.line, one.column, one.refused) for one in found.problems]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("alt,36,U/L,2025-03-14Tbanana,,40,", "date"),
        ("alt,36,U/L,2025-03-14T,,40,", "date"),
        ("alt,36,U/L,2025T,,40,", "date"),
        ("alt,36,U/L,2025-03T10:00,,40,", "date"),
        ("alt,36,U/L,2025-03-14 25:00,,40,", "date"),
        ("alt,36,U/L,2025-03-00,,40,", "date"),
        ("alt,36,U/L,2025-00,,40,", "date"),
        ("haemoglobin,12.5 g/dL,g/L,2025-02-07,,,", "unit"),
        ("platelets,250 10^9/L,/uL,2025-02-07,,,", "unit"),
        ("esr,167/92,mm/h,2025-02-07,,,", "value"),
        ("esr,999,mm/h,2025-02-07,,,", "value"),
        ("tender_joints_28,28/28,,2025-02-07,,,", "value"),
        ("patient_global,8/10,NRS,2025-02-07,,,", "value"),
        ("platelets,129000,10^9/L,2025-02-07,,,", "value"),
        ("alt,36,U/L,2025-02-07,,40/2,", "upper"),
    ],
)
def test_one_bad_cell_is_one_refused_row(study: Study, tmp_path: Path, row: str, column: str) -> None:
    found = taken(study, tmp_path, facts=f"{FACTS}P01,{row}\nP01,ast,20,U/L,2025-02-07,,40,\n")
    assert says(found) == [("facts.csv", 3, column, True)]
    assert found.account() == "3 rows read = 2 used + 1 refused"


@pytest.mark.parametrize(
    ("row", "column", "word"),
    [
        ("alt,36,U/L,2052-02-07,,40,", "date", "yet to come"),
        ("alt,36,U/L,1900-01-01,,40,", "date", "no date was entered"),
        ("alt,36,U/L,1970-01-01,,40,", "date", "no date was entered"),
        ("alt,36,U/L,2025-03-14T23:30:00-05:00,,40,", "date", "2025-03-15 12:30"),
        ("platelets,9999,10^9/L,2025-02-07,,,", "value", "confirmed"),
        ("platelets,0.129,10^9/L,2025-02-07,,,", "value", "outside the usual"),
    ],
)
def test_a_doubtful_row_is_used_and_named(study: Study, tmp_path: Path, row: str, column: str, word: str) -> None:
    found = taken(study, tmp_path, facts=f"{FACTS}P01,{row}\n")
    assert says(found) == [("facts.csv", 3, column, False)]
    assert word in found.problems[0].message
    assert len(found.trial.facts_of("P01")) == 2


def test_an_offset_moves_a_measurement_to_the_study_s_own_day(study: Study, tmp_path: Path) -> None:
    found = taken(study, tmp_path, facts=f"{FACTS}P01,alt,36,U/L,2025-03-14T23:30:00-05:00,,40,\n")
    assert str(found.trial.facts_of("P01").named("alt")[0].day) == "2025-03-15"


@pytest.mark.parametrize("written", ["-", "–", "NA", "not done"])
def test_a_filler_is_never_no(study: Study, tmp_path: Path, written: str) -> None:
    found = taken(study, tmp_path, facts=f"{FACTS}P01,malignancy,{written},,2025-02-07,,,\n")
    assert found.problems == ()
    assert found.trial.facts_of("P01").named("malignancy")[0].value is None


@pytest.mark.parametrize("filler", ["2025-03-09 00:00:00", "2025-03-09T00:00", "2025-03-09 09:30"])
def test_what_programs_write_for_a_day_is_the_day(study: Study, tmp_path: Path, filler: str) -> None:
    found = taken(study, tmp_path, facts=FACTS, adverse_events=f"{EVENTS}P01,Nausea,1,{filler},,,,,,,\n")
    assert found.problems == ()
    assert str(found.trial.course("P01").adverse_events[0].event.start) == "2025-03-09"


@pytest.mark.parametrize("word", ["NA", "none", "no", "yes"])
def test_only_a_syndrome_has_components(study: Study, tmp_path: Path, word: str) -> None:
    row = f"P01,Neutrophil count decreased,4,2025-03-09,,,,,,,{word}\n"
    found = taken(study, tmp_path, facts=FACTS, adverse_events=EVENTS + row)
    assert says(found) == [("adverse_events.csv", 2, "component_of", True)]


@pytest.mark.parametrize(
    ("event", "word"),
    [
        ("Sepsis,1", "has no grade 1"),
        ("Oedema peripheral,2", "Edema limbs"),
        ("Lymphocyte count decreased,5", "has no grade 5"),
        ("Diarrhoea,3", ""),
        ("CRS,4", ""),
    ],
)
def test_terms_and_grades_are_asked_about_and_kept(study: Study, tmp_path: Path, event: str, word: str) -> None:
    found = taken(study, tmp_path, facts=FACTS, adverse_events=f"{EVENTS}P01,{event},2025-03-09,,,,,,,\n")
    assert [one.refused for one in found.problems] == ([False] if word else [])
    assert word in " ".join(one.message for one in found.problems)
    assert len(found.trial.course("P01").adverse_events) == 1


def test_a_value_somebody_confirmed_says_so(study: Study, tmp_path: Path) -> None:
    text = (
        "participant,fact,value,unit,date,confirmed,confirmed_by,confirmed_why\n"
        "P01,disease,RA,,2025-01-01,,,\n"
        "P01,platelets,6000,10^9/L,2025-02-07,yes,Dr Li,essential thrombocythaemia\n"
    )
    found = taken(study, tmp_path, facts=text)
    assert found.refused == ()
    assert "was confirmed" in found.problems[0].message
    assert found.trial.facts_of("P01").named("platelets")[0].confirmed


def test_words_for_a_death_are_one_outcome(study: Study, tmp_path: Path) -> None:
    rows = "".join(f"P01,CRS,5,2025-03-0{day},2025-03-12,yes,yes,yes,yes,{word},\n" for day, word in enumerate(
        ("Fatal", "FATAL", "died", "死亡"), 2))  # fmt: skip
    found = taken(study, tmp_path, facts=FACTS, adverse_events=EVENTS + rows)
    assert {str(one.event.outcome) for one in found.trial.course("P01").adverse_events} == {"fatal"}


def test_a_term_graded_by_the_studys_own_scale_is_not_asked_about(study, tmp_path):
    """`graded_by` names the scale of a term that CTCAE does not have: nobody is told that CTCAE does not have it."""
    first, *others = study.dlt.events
    own = first.model_copy(update={"term": ("Acute GVHD",), "graded_by": "MAGIC 2016"})
    planned = study.model_copy(update={"dlt": study.dlt.model_copy(update={"events": (own, *others)})})
    (tmp_path / "facts.csv").write_text("participant,fact,value,date\nP01,disease,RA,2025-01-01\n", encoding="utf-8")
    (tmp_path / "adverse_events.csv").write_text(
        "participant,term,grade,start\nP01,Acute GVHD,2,2025-03-08\n", encoding="utf-8"
    )
    asked = [[one.column for one in take_in(plan, tmp_path).problems] for plan in (study, planned)]
    assert asked == [["term"], []]


@pytest.mark.parametrize(
    ("dose", "is_refused"),
    [
        ("1.000,mg", True),
        ("1.000,mg/m²", True),
        ("1.000,mg/kg", False),
        ("2.500,mg/d", True),
        ("4.375,mg/d", False),
        ("15.000,mg/week", False),
        ("2.5,mg", False),
    ],
)
def test_a_dose_in_mg_whose_point_may_part_thousands_is_asked_about(
    study: Study, tmp_path: Path, dose: str, is_refused: bool
) -> None:
    text = f"participant,treatment,start,end,dose,unit\nP01,rituximab,2024-07-12,2024-07-12,{dose}\n"
    found = taken(study, tmp_path, facts=FACTS, treatments=text)
    asked = [str(one) for one in found.refused if one.column == "dose"]
    assert bool(asked) is is_refused
    assert all("if its point parted thousands" in one for one in asked)


def test_a_day_that_programs_write_where_none_is_known_is_named(study: Study, tmp_path: Path) -> None:
    rows = "P01,car_transgene,9999,12,copies/µL,5\nP01,car_transgene,28,40,copies/µL,5\n"
    found = taken(study, tmp_path, facts=FACTS, samples=f"participant,analyte,day,value,unit,lloq\n{rows}")
    assert [(one.line, one.column) for one in found.problems if one.column == "day"] == [(2, "day")]
