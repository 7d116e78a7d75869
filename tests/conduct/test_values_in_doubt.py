"""A value outside what a body has decides nothing until somebody confirms it, whichever clause reads it and at every door."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalon.conduct.judge.screening import screen_one
from escalon.facts import Day
from escalon.protocol import load_study
from escalon.sources.folder import take_in

HEAD = "participant,fact,value,unit,date,source,visit,lower,upper,confirmed\n"
LINES = "P01,disease,RA,,2025-02-04,consent,,,,\nP01,screening_visit,2025-02-07,,2025-02-07,crf,screening,,,\n"
DOUBTED = {
    "I-2b": ("neutrophils,700,10^9/L", "met"),
    "I-2a": ("wbc,1500,10^9/L", "met"),
    "I-2d": ("haemoglobin,12,g/L", "not met"),  # g/dL under a column of g/L
}


def verdict(folder: Path, clause: str, row: str) -> tuple[str, tuple[str, ...]]:
    folder.mkdir(exist_ok=True)
    (folder / "facts.csv").write_text(HEAD + LINES + row + "\n", encoding="utf-8")
    study = load_study("nct07052565")
    found = screen_one(study, take_in(study, folder).trial, "P01", Day.parse("2025-02-10"))
    one = next(one for one in found.clauses if one.criterion.id == clause)
    return one.verdict.value, one.finding.missing


@pytest.mark.parametrize(("clause", "row", "answer"), [(name, *said) for name, said in DOUBTED.items()])
def test_a_doubted_value_decides_only_once_it_is_confirmed(clause: str, row: str, answer: str, tmp_path: Path) -> None:
    written = f"P01,{row},2025-02-07,crf,screening,,"
    found, missing = verdict(tmp_path, clause, f"{written},")
    assert found == "unknown"
    assert "confirm" in missing[0], missing
    assert verdict(tmp_path, clause, f"{written},yes")[0] == answer


def test_what_decides_is_named_also_where_it_is_a_score(tmp_path: Path) -> None:
    """A clause that a score settles names the score and its answer; «nothing recorded» is said only where nothing is."""
    items = "thickening_sparing_fingers,no better_explained,yes raynaud,yes".split()
    rows = "\n".join(f"P06,ssc_2013.{one},,2025-02-07,crf,screening,,," for one in items)
    lines = LINES.replace("P01", "P06").replace("RA", "SSC")
    (tmp_path / "facts.csv").write_text(HEAD + lines + rows + "\n", encoding="utf-8")
    study = load_study("nct07052565")
    found = screen_one(study, take_in(study, tmp_path).trial, "P06", Day.parse("2025-02-10"))
    one = next(one for one in found.clauses if one.criterion.id == "I-9a")
    assert one.verdict.value == "not met"
    assert "ssc_2013 not applicable on 2025-02-07" in one.why()[0]
    assert not any("nothing recorded" in why for clause in found.failed() for why in clause.why())
