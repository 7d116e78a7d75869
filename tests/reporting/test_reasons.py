"""A reason is worded as the failure: what was found, and what was needed."""

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.screening import screen
from escalon.exchange.synthetic_trial import simulate
from escalon.protocol import load_study
from escalon.reporting.reasons import failure
from escalon.sources.folder import take_in


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    study = load_study("nct07052565")
    trial = take_in(study, simulate(study, tmp_path_factory.mktemp("reasons"), seed=1)).trial
    found = screen(study, trial, last_day(trial))
    return {one.failed()[0].criterion.id: failure(one.failed()[0]) for one in found if one.failed()}


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        ("I-1a", "age 17, needed 18 or more"),
        ("I-7f", "SLEDAI-2K 6, needed 8 or more"),
        ("I-8b", "platelets 96 × 10⁹/L, needed below 30 × 10⁹/L"),
        ("I-3a", "alt as a multiple of its upper limit 3.8, needed 3 or less"),
    ],
)
def test_a_number_says_what_was_needed(said: dict[str, str], clause: str, words: str) -> None:
    assert said[clause] == words


def test_an_exclusion_that_is_present_says_that_it_excludes(said: dict[str, str]) -> None:
    assert said["E-10a"].endswith("(excluded)")
    assert "pregnant" in said["E-10a"]
