"""What was given is recorded, judged and written back in the unit of the study's levels, never by way of another."""

from fractions import Fraction
from pathlib import Path

import pytest

from escalon.conduct.judge.given import amount_text, deviation, first_doses
from escalon.facts import Day
from escalon.protocol import load_study
from escalon.sources.as_rows import tables_of
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake
from tests.protocol.test_doses import given_in

HEAD = "participant,level,date,amount,unit,cells_per_kg\n"


def taken(folder: Path, study_folder: Path, *rows: str) -> Intake:
    (folder / "data").mkdir()
    (folder / "data" / "facts.csv").write_text("participant,fact,value,unit,date\n", encoding="utf-8")
    (folder / "data" / "doses.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return take_in(load_study(study_folder), folder / "data")


@pytest.mark.parametrize(
    ("levels", "row", "amount", "text", "off"),
    [
        (("1e8 cells", "3e8 cells"), "1e8,cells,", 10**8, "1 × 10⁸ cells", ""),
        (("1e8 cells", "3e8 cells"), "70000000,cells,", 7 * 10**7, "7 × 10⁷ cells", "-30.0 % from level 1"),
        (("54 mg", "81 mg"), "0.054,g,", 54, "54 mg", ""),
        (("54 mg", "81 mg"), "43.1,mg,", Fraction("43.1"), "43.1 mg", "-20.2 % from level 1"),
        (("2 mg/kg", "4 mg/kg"), "2.2,mg/kg,", Fraction("2.2"), "2.2 mg/kg", ""),
        (("10 mg/m2", "20 mg/m2"), "10,mg/m²,", 10, "10 mg/m²", ""),
        (("1e5 cells/kg", "1e6 cells/kg"), ",,100000", 10**5, "1 × 10⁵ cells/kg", ""),
        (("1e5 cells/kg", "1e6 cells/kg"), "1e5,CAR-T cells/kg,", 10**5, "1 × 10⁵ cells/kg", ""),
    ],
)
def test_a_dose_given_is_judged_in_the_unit_of_its_level(tmp_path, levels, row, amount, text, off) -> None:
    folder = given_in(tmp_path, *levels)
    intake = taken(tmp_path, folder, f"P01,1,2025-03-03,{row}")
    study = load_study(folder)
    assert intake.refused == ()
    (given,) = first_doses(study, intake.trial)
    assert given.amount == amount
    assert amount_text(study.dose, given) == text
    assert deviation(study.dose, given).startswith(off)
    assert bool(deviation(study.dose, given)) == bool(off)
    (again,) = tables_of(intake.trial)["doses"]
    assert {name: again.get(name, "") for name in ("participant", "level")} == {"participant": "P01", "level": "1"}
    assert "amount" in again or "cells_per_kg" in again


@pytest.mark.parametrize(
    ("levels", "row", "says"),
    [
        (("1e8 cells", "3e8 cells"), ",,100000", "not a dose in cells"),
        (("1e8 cells", "3e8 cells"), "1e5,cells/kg,", "not a dose in cells"),
        (("54 mg", "81 mg"), "54,mL,", "not a unit that a dose can be computed with"),
        (("54 mg", "81 mg"), "54,,", "has no unit"),
        (("54 mg", "81 mg"), "0,mg,", "delivers more than none"),
        (("54 mg", "81 mg"), "54,mg/kg,", "not a dose in mg"),
        (("54 mg", "81 mg"), "54,mg,100000", "one of the two"),
    ],
)
def test_a_dose_in_another_unit_is_refused_in_words(tmp_path, levels, row, says) -> None:
    intake = taken(tmp_path, given_in(tmp_path, *levels), f"P01,1,2025-03-03,{row}")
    (problem,) = intake.refused
    assert says in problem.message
    assert problem.file == "doses.csv"


def test_bags_in_two_units_of_mass_are_one_dose(tmp_path) -> None:
    folder = given_in(tmp_path, "54 mg", "81 mg")
    intake = taken(tmp_path, folder, "P01,1,2025-03-03,30,mg,", "P01,1,2025-03-03,0.024,g,")
    (given,) = first_doses(load_study(folder), intake.trial)
    assert (given.amount, given.split, given.day) == (54, True, Day(2025, 3, 3))


def test_the_number_of_a_product_is_read_and_written_back_in_its_own_column(tmp_path) -> None:
    folder = given_in(tmp_path, "1e8 cells", "3e8 cells")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "facts.csv").write_text("participant,fact,value,unit,date\n", encoding="utf-8")
    rows = "participant,level,date,amount,unit,product\nP01,1,2025-03-03,1e8,cells,CAR-0007\n"
    (tmp_path / "data" / "doses.csv").write_text(rows, encoding="utf-8")
    trial = take_in(load_study(folder), tmp_path / "data").trial
    [row] = tables_of(trial)["doses"]
    assert (row["product"], "source" in row) == ("CAR-0007", False)


def test_a_number_of_cells_whose_point_may_part_thousands_is_refused(tmp_path: Path) -> None:
    """300.000 cells per kg are 300 thousand where a German writes; nobody is given 300."""
    (tmp_path / "facts.csv").write_text("participant,fact,value,unit,date\n", encoding="utf-8")
    (tmp_path / "doses.csv").write_text(HEAD + "P01,2,2025-03-05,,,300.000\n", encoding="utf-8")
    (refused,) = take_in(load_study("nct07052565"), tmp_path).refused
    assert "Write 300000, or 300" in str(refused)
