"""A casebook stands wherever a data folder may: the same verdicts, the same next dose, each row naming its entry."""

from datetime import UTC, datetime

import pytest

from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.screening import screen
from escalon.conduct.record.importing import import_folder
from escalon.exchange.synthetic_trial import simulate
from escalon.facts import Day
from escalon.protocol import load_study
from escalon.sources.folder import take_in
from tests.casebook.trial import INES, Trial
from tests.histories import facts

CUTOFF = Day(2026, 6, 30)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    study = load_study("nct07052565")
    data = simulate(study, tmp_path_factory.mktemp("data"), seed=1)
    book = tmp_path_factory.mktemp("place") / "book"
    clock = SetClock(datetime(2026, 7, 1, 9, tzinfo=UTC))
    casebook = create_casebook(book, study=study.id, study_version=study.version, clock=clock)
    trial = Trial(casebook, study)
    listed = import_folder(trial.conduct, INES, study, data, "S1", dry_run=True)
    rules = sorted({one.rule for one in listed.departures})
    number = None
    if rules:
        number = trial.override("FolderImported", None, *rules, content={"departures": listed.digest})
    done = import_folder(trial.conduct, INES, study, data, "S1", dry_run=False, override=number)
    casebook.close()
    assert done.conflicts == []
    assert done.refused == ()
    return study, take_in(study, data), take_in(study, book)


def test_every_row_is_used_and_names_its_entry(both):
    _, folder, casebook = both
    assert casebook.refused == ()
    assert casebook.trial.synthetic
    assert len(facts(casebook.trial)) == len(facts(folder.trial))
    assert all(fact.source.startswith("casebook:") for fact in facts(casebook.trial))


def test_screening_is_the_same(both):
    study, folder, casebook = both
    verdicts = [
        {one.participant: one.verdict for one in screen(study, intake.trial, CUTOFF)} for intake in (folder, casebook)
    ]
    assert verdicts[0] == verdicts[1]


def test_the_next_dose_is_the_same(both):
    study, folder, casebook = both
    for day in (Day(2025, 6, 1), CUTOFF):
        one, other = (decide_next_dose(study, intake.trial, day) for intake in (folder, casebook))
        assert one.decision == other.decision
        assert str(one.conduct) == str(other.conduct)
