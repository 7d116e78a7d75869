"""The synthetic trial of any study: the same seed, the same bytes; people who pass or fail on purpose, dosed as the rule says."""

from collections import Counter
from itertools import groupby

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.departures import departures
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.judge.given import deviation
from escalon.conduct.judge.screening import Verdict, screen, screen_one
from escalon.escalation import Outcome, Stop
from escalon.exchange.synthetic_trial import history_of, simulate
from escalon.protocol import load_study
from escalon.protocol.dlt_window import dlt_window
from escalon.sources.folder import take_in
from tests.drawn import drawn as drawn_once
from tests.protocol.folders import HERON, LANTERN, ORCHID
from tests.protocol.test_doses import study_with
from tests.protocol.test_lint import clause

STUDIES = {"nct07052565": "nct07052565", "lantern": LANTERN, "heron": HERON, "orchid": ORCHID}


@pytest.fixture(scope="module")
def study():
    return load_study("nct07052565")


def bytes_of(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path):
    study = load_study(LANTERN)
    one, again, other = drawn_once(LANTERN), simulate(study, tmp_path / "b", 1), drawn_once(LANTERN, 2)
    assert bytes_of(one) == bytes_of(again)
    assert bytes_of(one)["facts.csv"] != bytes_of(other)["facts.csv"]
    assert "SYNTHETIC.txt" in bytes_of(one)


def test_a_clause_that_may_be_met_by_what_another_forbids_is_met_otherwise(tmp_path):
    rule = "any prednisone ever or any azathioprine ever"
    drug = '[fact.azathioprine]\nkind = "treatment"\n\n[fact.pregnant]'
    study = load_study(study_with(tmp_path, clause(f'rule = "{rule}"'), ("[fact.pregnant]", drug)))
    assert any(type(one).__name__ == "CellsInfused" for one in history_of(study))


@pytest.fixture(
    scope="module", params=[(name, seed) for name in STUDIES for seed in (1, 2)], ids="{0[0]} {0[1]}".format
)
def drawn(request):
    name, seed = request.param
    study = load_study(STUDIES[name])
    intake = take_in(study, drawn_once(STUDIES[name], seed))
    return study, intake, screen(study, intake.trial, last_day(intake.trial))


def test_every_row_is_taken_in(drawn):
    _, intake, _ = drawn
    assert [str(one) for one in intake.problems] == []
    assert intake.trial.synthetic


def test_nobody_is_treated_otherwise_than_the_study_says(drawn):
    study, intake, _ = drawn
    assert departures(study, intake.trial) == []
    told = decide_next_dose(study, intake.trial, last_day(intake.trial))
    assert [one.deviation for one in told.reviews if one.deviation] == []
    assert Counter(one.outcome for one in told.reviews)[Outcome.DLT] >= 2, "somebody has a toxicity on purpose"
    assert isinstance(told.decision, Stop)


def test_everybody_treated_was_eligible_and_the_others_were_kept_out_for_many_reasons(drawn):
    study, intake, screened = drawn
    infused = {course.code: course.infused for course in intake.trial.infused()}
    assert len(infused) > 3 * study.dose.cohort_size
    verdicts = {screen_one(study, intake.trial, code, day, day).verdict for code, day in infused.items()}
    assert verdicts == {Verdict.MET}
    failed = [one for one in screened if one.participant not in infused]
    assert Verdict.MET not in {one.verdict for one in failed}
    assert {one.verdict for one in failed} == {Verdict.NOT_MET, Verdict.UNKNOWN}
    reasons = {clause.criterion.id for one in failed for clause in one.failed()}
    assert len(reasons) >= (5 if study.id == "nct07052565" else 2)


def test_its_decisions_rest_on_counts_and_reviews_and_not_on_silence(study):
    trial = take_in(study, drawn_once()).trial
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


def test_a_flat_dose_and_a_tablet_are_given_in_their_own_unit(drawn):
    study, intake, _ = drawn
    units = {
        (one.event.unit, one.event.amount is None) for course in intake.trial.infused() for one in course.infusions
    }
    planned = study.dose.levels[0].amount
    assert units == {("", True)} if planned.unit == "{cells}/kg" else {(planned.shown_unit, False)}
    given = decide_next_dose(study, intake.trial, last_day(intake.trial)).reviews
    assert all(not deviation(study.dose, one.infusion) for one in given)


def test_people_get_better_after_treatment(study):
    from escalon.conduct.judge.scores import scored

    trial = take_in(study, drawn_once()).trial
    falls = []
    for course in trial.infused():
        scores = [fact for fact in scored(study, trial, course.code).named("sledai_2k") if fact.number is not None]
        for _, same in groupby(
            sorted(scores, key=lambda fact: fact.day.earliest), key=lambda fact: fact.visit == "D180"
        ):
            falls.append(float(list(same)[-1].number))
    assert falls
    assert min(falls) < max(falls) / 2


def test_a_study_nobody_could_enter_is_refused_in_words(tmp_path, monkeypatch):
    from tests.protocol.test_doses import study_with

    monkeypatch.setattr("escalon.exchange.synthetic_trial.DRAWS", 2)  # to see that nobody can, two people are enough
    impossible = study_with(
        tmp_path, ('rule = "age >= 18 at consent"', 'rule = "age >= 18 at consent and age < 18 at consent"')
    )
    with pytest.raises(ValueError, match="no invented person with EX could pass every clause: I-1 could not be met"):
        simulate(load_study(impossible), tmp_path / "data")


def test_a_study_that_is_silent_on_a_dose_treats_nobody(tmp_path):
    from tests.protocol.test_doses import study_with

    silent = study_with(tmp_path, ('weight_window = "30 days"', 'weight_window = "silent"'))
    intake = take_in(load_study(silent), simulate(load_study(silent), tmp_path / "data"))
    assert list(intake.trial.infused()) == []
    assert len(intake.trial.participants) == 4
