"""A casebook stands wherever a data folder may: the same verdicts, the same next dose, each row naming its entry."""

from datetime import UTC, datetime

import pytest

from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook
from escalon.conduct.dosing import decide_next_dose
from escalon.conduct.import_folder import import_folder
from escalon.conduct.intake import take_in
from escalon.conduct.screening import screen
from escalon.exchange.synthetic_trial import simulate
from escalon.facts import Day
from escalon.protocol import load_study
from tests.casebook.trial import ADA, Trial

CUTOFF = Day(2026, 6, 30)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    study = load_study("nct07052565")
    data = simulate(study, tmp_path_factory.mktemp("data"), seed=1)
    book = tmp_path_factory.mktemp("place") / "book"
    clock = SetClock(datetime(2026, 7, 1, 9, tzinfo=UTC))
    casebook = create_casebook(book, study=study.id, study_version=study.version, clock=clock)
    trial = Trial(casebook)
    done = import_folder(trial.conduct, ADA, study, data, "S1", dry_run=False)
    casebook.close()
    assert done.conflicts == []
    assert done.refused == ()
    return study, take_in(study, data), take_in(study, book)


def test_every_row_is_used_and_names_its_entry(both):
    _, folder, casebook = both
    assert casebook.refused == ()
    assert casebook.records.synthetic
    assert len(casebook.records.facts) == len(folder.records.facts)
    assert all(fact.source.startswith("casebook:") for fact in casebook.records.facts)


def test_screening_is_the_same(both):
    study, folder, casebook = both
    verdicts = [
        {one.participant: one.verdict for one in screen(study, intake.records, CUTOFF)} for intake in (folder, casebook)
    ]
    assert verdicts[0] == verdicts[1]


def test_the_next_dose_is_the_same(both):
    study, folder, casebook = both
    for day in (Day(2025, 6, 1), CUTOFF):
        one, other = (decide_next_dose(study, intake.records, day) for intake in (folder, casebook))
        assert one.decision == other.decision
        assert str(one.conduct) == str(other.conduct)
