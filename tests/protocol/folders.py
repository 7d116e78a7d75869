"""Study folders for tests: a copy of a study with some of its text changed."""

import shutil
from pathlib import Path

import pytest

from escalon.protocol import StudyError, load_study

ORCHID, LANTERN, HERON, STORK, AUK = (
    Path(__file__).parent / name for name in ("orchid", "lantern", "heron", "stork", "auk")
)


def changed(folder: Path, file: str, old: str, new: str, source: Path = ORCHID) -> Path:
    """A copy of a study in which `old` of one file reads `new`."""
    copy = folder / "copy"
    shutil.copytree(source, copy)
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def refusal(folder: Path) -> StudyError:
    """The error with which a folder is refused."""
    with pytest.raises(StudyError) as caught:
        load_study(folder)
    return caught.value
