"""Synthetic trials, each drawn once in a run of the tests. They are for reading: a test that changes one takes a copy."""

import atexit
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp

from escalon.exchange.synthetic_trial import simulate
from escalon.protocol import load_study


@cache
def drawn(study: str | Path = "nct07052565", seed: int = 1) -> Path:
    """The data folder of a study's synthetic trial."""
    place = Path(mkdtemp(prefix="escalon-drawn-"))
    atexit.register(rmtree, place, ignore_errors=True)
    return simulate(load_study(study), place / "data", seed)


def copy_of(folder: Path, into: Path) -> Path:
    """A copy that a test may change."""
    return copytree(folder, into)
