"""The study, and its synthetic trial, made once."""

from tests.conduct.conftest import study, trial, trial_folder

__all__ = ["study", "trial", "trial_folder"]
