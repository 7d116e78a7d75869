"""One name for one thing: no class name twice, and no public name that nothing uses. The lists below may only grow shorter."""

import ast
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import escalon
from tests.docs.pages import ROOT

SOURCES = ROOT / "src" / "escalon"
STILL_TWICE = set(
    """
    Assessment Clause Cohort Conduct Conflict Counts Course Criterion DltDefinition Entry Moment Outcome
    Problem Regimen Rule Table Tally Treated Verdict
    """.split()
)
"""Class names that stand in two places today. Nothing may be added here."""


@cache
def definitions() -> tuple[tuple[Path, ast.ClassDef | ast.FunctionDef], ...]:
    """The classes and functions that stand at the top of a file; not of migrations, which the migration tool calls."""
    files = [file for file in SOURCES.rglob("*.py") if "versions" not in file.parts]
    return tuple(
        (file, node)
        for file in files
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    )


def test_a_class_name_stands_for_one_thing():
    places = defaultdict(list)
    for file, node in definitions():
        if isinstance(node, ast.ClassDef):
            places[node.name].append(file.relative_to(SOURCES).as_posix())
    twice = {name: files for name, files in places.items() if len(files) > 1}
    assert {name: files for name, files in twice.items() if name not in STILL_TWICE} == {}
    assert len(places) > 200


def test_every_public_name_is_used_somewhere_or_documented():
    """What is registered by its decorator (an instrument, a command) is used by being defined."""
    written = [
        *SOURCES.rglob("*.py"),
        *(ROOT / "tools").rglob("*.py"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "README.md",
    ]
    words = Counter(word for file in written for word in re.findall(r"\w+", file.read_text(encoding="utf-8")))
    defined = Counter(node.name for _, node in definitions())
    alone = {
        node.name for _, node in definitions() if not node.decorator_list and words[node.name] <= defined[node.name]
    }
    assert alone == set()
    assert words["load_study"] > 10


def test_the_short_names_of_a_notebook_are_there():
    assert {"load_study", "take_in", "screen", "decide_next_dose", "trial_report", "__version__"} <= set(dir(escalon))
    for name in dir(escalon):
        assert getattr(escalon, name) is not None
