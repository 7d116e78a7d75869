"""The study, and its synthetic trial, made once."""

from pathlib import Path

import pytest

from escalon.protocol import Study, load_study
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake
from tests.drawn import drawn


@pytest.fixture(scope="session")
def study() -> Study:
    return load_study("nct07052565")


@pytest.fixture(scope="session")
def trial_folder() -> Path:
    return drawn()


@pytest.fixture(scope="session")
def trial(study: Study, trial_folder: Path) -> Intake:
    return take_in(study, trial_folder)
