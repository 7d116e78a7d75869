"""What every test may use: the Hypothesis profiles and the outside data beside the project, where it is present."""

import os
import re
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Generated cases are repeatable by default; ESCALON_FUZZ=long draws many more, and new ones each time.
settings.register_profile("usual", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", deadline=None, max_examples=20_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("long" if os.environ.get("ESCALON_FUZZ") == "long" else "usual")

ROOT = Path(__file__).resolve().parent.parent


NUMBERS = count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first: what is left at the end is short, so that two workers end together."""
    marks = ("browser", "postgres", "slow")
    long = {one.path for one in items if any(map(one.get_closest_marker, marks))}
    items.sort(key=lambda one: one.path not in long)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each test has a folder of its own. pytest would look through all folders there are to number the next."""
    return tmp_path_factory.mktemp("folders")


@pytest.fixture
def tmp_path(folders: Path, request: pytest.FixtureRequest) -> Path:
    """An empty folder for one test."""
    made = folders / f"{re.sub(r'[^A-Za-z0-9_]', '_', request.node.name)[:30]}{next(NUMBERS)}"
    made.mkdir()
    return made


@pytest.fixture(autouse=True)
def nothing_seen_before(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this computer saw of casebooks is kept for one test only, and not in the account of whoever runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(folders / f"state{next(NUMBERS)}"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of outside specifications and data beside the project; skips where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared (outside specifications and data) is not beside the project")
    return folder
