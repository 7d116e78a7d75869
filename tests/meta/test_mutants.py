"""The tool that puts faults in: it finds each kind, leaves what nobody executes alone, and draws the same sample again."""

from pathlib import Path

import pytest
from tools import mutants
from tools.mutations import is_python, mutated, mutations

from tests.docs.pages import ROOT

SOURCE = '''"""A docstring with 3 numbers < 4 and not one fault."""
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    LIMIT = 3
def f(one: "int < 3", two=4):
    """Not here either: 1 < 2."""
    if one <= two and not one:
        print(one)
    if one is None:
        raise ValueError(f"write {1 + 1} or more")
    return one + 2.5 * two == 7 or True
'''


def faults():
    return {(one.kind, one.line, mutated(SOURCE, one).splitlines()[one.line - 1].strip()) for one in mutations(SOURCE)}


@pytest.mark.parametrize(
    "fault",
    [
        ("comparison", 7, "if one < two and not one:"),
        ("and/or", 7, "if one <= two or not one:"),
        ("not removed", 7, "if one <= two and one:"),
        ("statement removed", 8, "pass"),
        ("comparison", 9, "if one is not None:"),
        ("statement removed", 10, "pass"),
        ("arithmetic", 11, "return one - 2.5 * two == 7 or True"),
        ("arithmetic", 11, "return one + 2.5 / two == 7 or True"),
        ("number changed", 11, "return one + 2.85 * two == 7 or True"),
        ("comparison", 11, "return one + 2.5 * two != 7 or True"),
        ("number + 1", 11, "return one + 2.5 * two == 8 or True"),
        ("boolean", 11, "return one + 2.5 * two == 7 or False"),
        ("number - 1", 5, 'def f(one: "int < 3", two=(3)):'),
    ],
)
def test_a_fault_of_each_kind_is_found(fault):
    assert fault in faults()


def test_what_nobody_executes_is_left_alone():
    assert {line for _, line, _ in faults()} == {5, 7, 8, 9, 10, 11}
    assert not any("write" in text for kind, _, text in faults() if kind != "statement removed")


def test_the_same_seed_draws_the_same_sample_from_every_layer():
    drawn = mutants.sample(20, 5, mutants.layers())
    assert drawn == mutants.sample(20, 5, mutants.layers())
    assert {one.layer for one in drawn} == set(mutants.layers())
    for one in drawn:
        assert is_python(one.text())
        assert sum(line.startswith(("+", "-")) for line in one.difference().splitlines()) >= 4


@pytest.mark.parametrize("layer", mutants.layers())
def test_every_layer_has_a_folder_of_tests(layer):
    assert list((ROOT / "tests" / layer).rglob("test_*.py")) != []


def test_the_tests_that_name_a_module_are_run_first(tmp_path):
    file = mutants.SOURCES / "feasibility" / "disclosure.py"
    [*ordered, last] = mutants.tests_of(mutants.Mutant("feasibility", file, mutations(file.read_text())[0]))
    assert [Path(one).name for one in ordered[:2]] == ["test_disclosure.py", "test_adversary.py"]  # both name it
    assert last == "tests/spec"
