"""The synthetic trial: the same seed, the same bytes; people who can be screened, and who are."""

from collections import Counter

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.departures import departures
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.screening import Verdict, screen
from escalon.escalation import Outcome
from escalon.exchange.synthetic_trial import COHORTS, simulate
from escalon.protocol import load_study
from escalon.protocol.dlt_window import dlt_window
from escalon.sources.folder import take_in

REASONS = [
    ["I-3a"],
    ["E-4b"],
    ["I-7f"],
    ["I-8b"],
    ["I-9c"],
    ["E-10a"],
    ["E-9e"],
    ["E-5"],
    ["I-4", "E-9c"],
    ["I-1a", "I-4"],
]
"""What keeps each of the ten out, in the order they came: the ALT, belimumab, the SLEDAI, platelets … and the age."""


@pytest.fixture(scope="module")
def study():
    return load_study("nct07052565")


def bytes_of(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(study, tmp_path):
    one, again, other = (simulate(study, tmp_path / name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert bytes_of(one) == bytes_of(again)
    assert bytes_of(one)["facts.csv"] != bytes_of(other)["facts.csv"]
    assert "SYNTHETIC.txt" in bytes_of(one)


def test_every_row_is_accepted_and_most_people_can_be_decided(study, tmp_path):
    intake = take_in(study, simulate(study, tmp_path, 1))
    assert [str(one) for one in intake.problems if one.refused] == []
    verdicts = Counter(one.verdict.value for one in screen(study, intake.trial, last_day(intake.trial)))
    assert verdicts["met"] > verdicts["not met"] > verdicts["unknown"] > 0


@pytest.fixture(scope="module", params=range(1, 6), ids="seed {}".format)
def trial(study, tmp_path_factory, request):
    return take_in(study, simulate(study, tmp_path_factory.mktemp("drawn"), request.param)).trial


def test_nobody_is_treated_otherwise_than_the_study_says(study, trial):
    assert departures(study, trial) == []


def test_everybody_treated_is_eligible_and_every_failure_keeps_its_reason(study, trial):
    infused = {course.code for course in trial.infused()}
    screened = {one.participant: one for one in screen(study, trial, last_day(trial))}
    assert len(infused) == 3 * len(COHORTS)
    assert {screened[code].verdict for code in infused} == {Verdict.MET}
    failed = [one for code, one in screened.items() if code not in infused]
    assert [reasons(one) for one in sorted(failed, key=lambda one: one.participant)] == REASONS


def reasons(one):
    return [clause.criterion.id for clause in one.clauses if clause.verdict in (Verdict.NOT_MET, Verdict.UNKNOWN)]


def test_its_decisions_rest_on_counts_and_reviews_and_not_on_silence(study, trial):
    told = decide_next_dose(study, trial, last_day(trial))
    assert (str(told.conduct), told.decision.mtd) == ("1NNN 2NTN 2NNN 3NNT 3NNN", 3)
    assert not [note for note in told.decision.notes if "count after day" in note or "nothing is recorded" in note]
    for one in told.reviews:
        course = trial.course(one.participant)
        window = dlt_window(study, one.infusion.last.earliest)
        late = {fact.name for fact in course.facts if fact.day and fact.day.earliest > window.last}
        assert {"neutrophils", "platelets"} <= late
        reviewed = [day.earliest for day, _ in course.days_of("dlt_review")]
        assert reviewed == ([] if one.outcome is Outcome.DLT else [window.dosing_from])
