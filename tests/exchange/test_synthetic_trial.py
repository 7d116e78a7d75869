"""The synthetic trial: the same seed, the same bytes; people who can be screened, and who are."""

from collections import Counter

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.judge.screening import screen
from escalon.exchange.synthetic_trial import simulate
from escalon.protocol import load_study
from escalon.sources.folder import take_in


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
