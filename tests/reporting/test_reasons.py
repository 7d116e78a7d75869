"""A reason is worded as the failure: what was found, and what was needed."""

from dataclasses import replace
from typing import Any

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.screening import screen_one
from escalon.facts import Fact
from escalon.history import Trial
from escalon.protocol import Study, load_study
from escalon.reporting.reasons import failure
from escalon.sources.folder import take_in
from tests.drawn import drawn
from tests.histories import changed


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("nct07052565")


@pytest.fixture(scope="module")
def trial(study: Study) -> Trial:
    return take_in(study, drawn()).trial


def said(study: Study, trial: Trial, disease: str, clause: str, name: str, value: Any, **more: Any) -> str:
    """How a clause is worded for somebody eligible of whom one fact before treatment reads otherwise."""
    who = next(
        one.code
        for one in trial.infused()
        if one.facts.named("disease")[0].value == disease and (name != "pregnant" or one.facts.named("pregnant"))
    )

    def other(fact: Fact) -> Fact:
        is_it = fact.participant == who and fact.name == name and fact.visit in ("consent", "screening", "BL", "")
        return replace(fact, value=value, **more) if is_it else fact

    found = screen_one(study, changed(trial, other), who, last_day(trial))
    return failure(next(one for one in found.failed() if one.criterion.id == clause), str)


@pytest.mark.parametrize(
    ("disease", "clause", "name", "value", "more", "words"),
    [
        ("RA", "I-1a", "age", 17, {}, "age 17, needed 18 or more"),
        ("SS", "I-8b", "platelets", 96, {}, "platelets 96 × 10⁹/L, needed below 30 × 10⁹/L"),
        ("RA", "I-3a", "alt", 152, {"upper": 40}, "alt as a multiple of its upper limit 3.8, needed 3 or less"),
    ],
)
def test_a_number_says_what_was_needed(
    study: Study, trial: Trial, disease: str, clause: str, name: str, value: Any, more: dict[str, Any], words: str
) -> None:
    assert said(study, trial, disease, clause, name, value, **more) == words


def test_an_exclusion_that_is_present_says_that_it_excludes(study: Study, trial: Trial) -> None:
    told = said(study, trial, "RA", "E-11", "active_tuberculosis", True)
    assert told.endswith("(excluded)")
    assert "tuberculosis" in told
