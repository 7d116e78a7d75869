"""What is the same of a person on every day is named where it changes, and left alone where it does not."""

import pytest

from escalon.sources.folder import take_in

HEAD = "participant,fact,value,date\n"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            "P1,sex,female,2025-01-02\nP1,sex,male,2025-03-01\n",
            "P1: sex is male here and female at facts.csv:2. It is one of the two: correct the other",
        ),
        (
            "P1,disease,RA,2025-01-02\nP2,disease,SLE,2025-01-02\nP1,disease,SLE,2025-03-01\n",
            "P1: disease is SLE here and RA at facts.csv:2. It is one of the two: correct the other",
        ),
        ("P1,sex,female,2025-01-02\nP1,sex,female,2025-03-01\nP2,sex,male,2025-01-02\n", ""),
        ("P1,height,170 cm,2025-01-02\n", ""),
    ],
)
def test_a_second_sex_or_disease_of_a_person_is_named(study, tmp_path, rows, says):
    (tmp_path / "facts.csv").write_text(HEAD + rows, encoding="utf-8")
    found = take_in(study, tmp_path).contradictions
    assert [one.message for one in found] == ([says] if says else [])
    assert all((one.file, one.line) == ("facts.csv", rows.count("\n") + 1) for one in found)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("study_discontinuation,yes,2025-04-12", "study_discontinuation on 2025-04-12, after the death on 2025-03-27"),
        ("death,no,2025-04-12", "death is «no» on 2025-04-12, after the death on 2025-03-27"),
        ("dlt_review,yes,2025-04-12", ""),
        ("study_discontinuation,yes,2025-03-27", ""),
    ],
)
def test_what_is_said_of_the_living_after_a_death_is_named(study, tmp_path, row, says):
    events = "participant,term,grade,start,end,outcome\nP1,Sepsis,5,2025-03-23,2025-03-27,fatal\n"
    (tmp_path / "adverse_events.csv").write_text(events, encoding="utf-8")
    (tmp_path / "facts.csv").write_text(f"{HEAD}P1,{row}\n", encoding="utf-8")
    assert [one.message for one in take_in(study, tmp_path).contradictions] == ([f"P1: {says}"] if says else [])


def test_an_infusion_after_leaving_is_named(study, tmp_path):
    doses = "participant,level,date,cells_per_kg\nP1,1,2025-03-17,100000\nP2,1,2025-03-17,100000\n"
    (tmp_path / "doses.csv").write_text(doses, encoding="utf-8")
    left = "P1,study_discontinuation,yes,2025-03-10\nP2,study_discontinuation,yes,2025-03-17\n"
    (tmp_path / "facts.csv").write_text(HEAD + left, encoding="utf-8")
    (found,) = take_in(study, tmp_path).contradictions
    assert (found.message, found.line) == (
        "P1: infused on 2025-03-17, after leaving on 2025-03-10. Correct one of the two", 2,
    )  # fmt: skip
