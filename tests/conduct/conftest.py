"""The study, and its synthetic trial, made once."""

from pathlib import Path

import pytest

from escalon.exchange.synthetic_trial import simulate
from escalon.protocol import Study, load_study
from escalon.sources.folder import Intake, take_in


@pytest.fixture(scope="session")
def study() -> Study:
    return load_study("nct07052565")


@pytest.fixture(scope="session")
def trial_folder(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(study, tmp_path_factory.mktemp("trial"), seed=1)


@pytest.fixture(scope="session")
def trial(study: Study, trial_folder: Path) -> Intake:
    return take_in(study, trial_folder)
