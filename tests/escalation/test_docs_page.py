"""The documentation page shows what the commands print today, figures included."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import escalon.escalation
from escalon.cli.design import app as design
from escalon.cli.dose import app as dose
from escalon.escalation.scenario_files import read_scenarios

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = re.findall(
    r"```console\n\$ (escalon [^\n]+)\n(.*?)\n```", (DOCS / "escalation.md").read_text("utf-8"), re.DOTALL
)

GROUPS = {"design": design, "dose": dose}


def printed(command: str) -> str:
    _, group, *words = shlex.split(command)
    result = CliRunner().invoke(GROUPS[group], words, catch_exceptions=False)
    assert result.exit_code == (1 if result.stdout.startswith("Wait") else 0)
    return result.stdout.rstrip()


def test_the_page_has_examples():
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_every_example_on_the_page_prints_exactly_that(command, shown):
    assert printed(command) == shown


def test_the_scenario_file_on_the_page_can_be_read(tmp_path):
    text = re.search(r"```toml\n(.*?)```", (DOCS / "escalation.md").read_text("utf-8"), re.DOTALL)
    assert text is not None
    (tmp_path / "truths.toml").write_text(text[1], encoding="utf-8")
    assert [scenario.name for scenario in read_scenarios(tmp_path / "truths.toml")] == [
        "two diseases",
        "doses as infused",
    ]


@pytest.mark.parametrize(
    ("figure", "command"),
    [
        ("compare.svg", "escalon design compare"),
        ("outlook.svg", "escalon dose outlook '1NNN 2NNT' --risk 0.05,0.15,0.30"),
    ],
)
def test_every_figure_on_the_page_is_drawn_exactly_so(figure, command, tmp_path):
    printed(f"{command} --figure {tmp_path / figure}")
    assert (tmp_path / figure).read_text("utf-8") == (DOCS / "escalation" / figure).read_text("utf-8")


MODULES = [module.name for module in pkgutil.iter_modules(escalon.escalation.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name):
    failed, _ = doctest.testmod(importlib.import_module(f"escalon.escalation.{name}"))
    assert failed == 0
