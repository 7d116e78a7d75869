"""The funnel over the synthetic trial, against counting by hand."""

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.screening import Verdict, screen
from escalon.feasibility.attrition import of_screenings


@pytest.fixture(scope="module")
def screened(study, trial):
    return screen(study, trial.trial, last_day(trial.trial))


@pytest.fixture(scope="module")
def found(study, trial, screened):
    return of_screenings(study, screened, last_day(trial.trial), smallest=1)


def verdicts_of(screened, clause):
    return {one.participant: next(c.verdict for c in one.clauses if c.criterion.id == clause) for one in screened}


def test_every_clause_is_a_step_in_the_order_of_the_study(study, found):
    assert [step["id"] for step in found.as_json()["clauses"]] == [criterion.id for criterion in study.criteria]


def test_each_count_is_that_of_the_screenings(study, screened, found):
    for step in found.as_json()["clauses"]:
        verdicts = list(verdicts_of(screened, step["id"]).values())
        assert (step["not_met"], step["unknown"]) == (
            verdicts.count(Verdict.NOT_MET),
            verdicts.count(Verdict.UNKNOWN),
        )


def test_left_are_those_whom_no_clause_so_far_kept_out(screened, found):
    left = {one.participant for one in screened}
    for step in found.as_json()["clauses"]:
        left -= {code for code, verdict in verdicts_of(screened, step["id"]).items() if verdict is Verdict.NOT_MET}
        assert step["left"] == len(left)
    assert len(left) == sum(one.verdict is not Verdict.NOT_MET for one in screened)


def test_alone_are_those_who_fail_this_clause_and_no_other(screened, found):
    steps = found.as_json()["clauses"]
    for step in steps:
        assert step["alone"] == sum([c.criterion.id for c in one.failed()] == [step["id"]] for one in screened)
    assert sum(step["alone"] for step in steps) > 0


def test_the_shares_of_the_clauses_are_everybody_kept_out(found):
    shares = sum(group[f"share_{k}"] for group in found.counts.values() for k in range(len(found.criteria)))
    assert shares == pytest.approx(found.all_counts["excluded"])


def test_without_a_clause_as_many_more_would_be_eligible_as_pass_everything_else(screened, found):
    for step in found.as_json()["clauses"]:
        others = [
            all(c.verdict in (Verdict.MET, Verdict.NOT_APPLICABLE) for c in one.clauses if c.criterion.id != step["id"])
            for one in screened
        ]
        assert step["gained"] == sum(others) - found.all_counts["eligible"]


def test_nobody_screened_is_nobody_left(study, trial):
    nobody = of_screenings(study, [], last_day(trial.trial))
    assert nobody.as_json()["people"] == 0
    assert {step["left"] for step in nobody.as_json()["clauses"]} == {0}


def test_a_step_is_called_as_the_study_calls_its_clause_or_by_its_words(study, found):
    for criterion, step in zip(study.criteria, found.as_json()["clauses"], strict=True):
        assert step["title"] == (criterion.title or str(criterion.says)) != ""
