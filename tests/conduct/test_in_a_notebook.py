"""In a notebook an object shows itself in a few lines, and a question takes the day a statistician has at hand."""

from __future__ import annotations

from datetime import date

import escalon
from escalon.facts import Day, Fact
from escalon.sources.folder import take_in
from tests.histories import Infusion, history


def test_an_intake_a_course_and_a_screening_show_themselves_in_a_few_lines(tmp_path):
    rows = "".join(f"P01,alt,{number},U/L,2025-02-{number % 28 + 1:02}\n" for number in range(20, 400))
    (tmp_path / "facts.csv").write_text(f"participant,fact,value,unit,date\nP01,disease,RA,,2025-01-01\n{rows}")
    study = escalon.load_study("nct07052565")
    intake = take_in(study, tmp_path)
    screened = escalon.screen(study, intake.trial, date(2025, 3, 1))
    for shown in (intake, intake.trial.course("P01"), intake.trial, screened[0]):
        assert len(repr(shown)) < 1000
    assert "facts.csv: 381 rows read = 381 used + 0 refused" in repr(intake)
    assert repr(intake.trial.course("P01")) == "Course(P01: 381 observations)"


def test_a_calendar_date_is_a_day():
    study = escalon.load_study("nct07052565")
    trial = history(
        [Fact("disease", "RA", Day(2025, 1, 1), participant="P01")], infusions=[Infusion("P01", 1, Day(2025, 3, 3))]
    )
    for ask in (escalon.screen, escalon.decide_next_dose):
        assert str(ask(study, trial, date(2025, 3, 20))) == str(ask(study, trial, Day(2025, 3, 20)))
