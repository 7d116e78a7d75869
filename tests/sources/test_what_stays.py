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
