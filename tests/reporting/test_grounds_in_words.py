"""What a number of the report opens, and what a figure says aloud, are in the words of what the study gives."""

from datetime import date
from decimal import Decimal

import pytest

from escalon.conduct.judge.given import dose_of
from escalon.facts import Day
from escalon.history import entry_of_file, fold
from escalon.history.events import CellsInfused
from escalon.protocol import load_study
from escalon.reporting.grounds import of_dose
from escalon.reporting.in_words import drawn_in_words
from tests.protocol.folders import HERON, LANTERN


@pytest.mark.parametrize(("study", "unit", "called"), [(HERON, "mg", "dose"), (LANTERN, "cells", "infusion")])
def test_a_dose_is_called_what_it_is(study, unit, called):
    given = CellsInfused(participant="P1", level=1, on=Day.of(date(2026, 3, 2)), amount=Decimal(10), unit=unit)
    trial = fold([entry_of_file(1, given, "doses.csv:2")])
    plan = load_study(study)
    (ground,) = of_dose(dose_of(plan, trial, "P1"), trial.course("P1"))
    assert ground.name == f"{called}, level 1"


def test_what_a_drawing_says_aloud_is_said_in_the_same_words():
    said = load_study(HERON).said
    drawn = '<svg aria-label="Level 1: 6 infused"><text>6 infused</text></svg>'
    assert drawn_in_words(drawn, said) == '<svg aria-label="Level 1: 6 treated"><text>6 treated</text></svg>'
