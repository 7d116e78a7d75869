"""The funnel over the synthetic trial, against counting by hand."""

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.screening import Verdict, screen
from escalon.feasibility.funnel import funnel


@pytest.fixture(scope="module")
def screened(study, trial):
    return screen(study, trial.trial, last_day(trial.trial))


@pytest.fixture(scope="module")
def steps(study, screened):
    return {step.id: step for step in funnel(study, screened)}


def verdicts_of(screened, clause):
    return {one.participant: next(c.verdict for c in one.clauses if c.criterion.id == clause) for one in screened}


def test_every_clause_is_a_step_in_the_order_of_the_study(study, steps):
    assert list(steps) == [criterion.id for criterion in study.criteria]


def test_everybody_is_counted_once_at_every_clause(screened, steps):
    for step in steps.values():
        assert step.met + step.not_met + step.unknown + step.not_applicable == len(screened)


def test_each_count_is_that_of_the_screenings(screened, steps):
    for clause, step in steps.items():
        found = list(verdicts_of(screened, clause).values())
        assert (step.met, step.not_met) == (found.count(Verdict.MET), found.count(Verdict.NOT_MET))
        assert (step.unknown, step.not_applicable) == (
            found.count(Verdict.UNKNOWN),
            found.count(Verdict.NOT_APPLICABLE),
        )


def test_still_possible_are_those_whom_no_clause_so_far_kept_out(screened, steps):
    left = {one.participant for one in screened}
    for clause, step in steps.items():
        left -= {code for code, verdict in verdicts_of(screened, clause).items() if verdict is Verdict.NOT_MET}
        assert step.still_possible == len(left)
    assert len(left) == sum(one.verdict is not Verdict.NOT_MET for one in screened)


def test_alone_are_those_who_fail_this_clause_and_no_other(screened, steps):
    for clause, step in steps.items():
        assert step.alone == sum([c.criterion.id for c in one.failed()] == [clause] for one in screened)
    assert sum(step.alone for step in steps.values()) > 0


def test_nobody_screened_is_nobody_left(study):
    assert {(step.met, step.still_possible, step.alone) for step in funnel(study, [])} == {(0, 0, 0)}


def test_a_step_is_called_as_the_study_calls_its_clause_or_by_its_words(study, steps):
    for criterion in study.criteria:
        assert steps[criterion.id].title == (criterion.title or str(criterion.says)) != ""
