"""The study, and its synthetic trial, made once."""

from tests.conduct.conftest import study, trial_folder

__all__ = ["study", "trial_folder"]
