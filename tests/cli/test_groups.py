"""A group of commands without a word after it lists them, as with --help."""

import pytest
from typer.testing import CliRunner

from escalon.cli.main import COMMANDS, app, loaded

ALONE = {"simulate", "feasibility"}
"""Groups that answer a question of their own without a further word; their --help lists the rest."""
GROUPS = [name for name in COMMANDS if getattr(loaded(name), "commands", None)]


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_alone_lists_its_commands(name):
    shown = CliRunner().invoke(app, [name, "--help"] if name in ALONE else [name])
    assert shown.exit_code in (0, 2)
    for inner in loaded(name).commands:
        assert inner in shown.output


def test_there_are_groups():
    assert {"study", "data", "grade", "dose", "design", "casebook", "user"} <= set(GROUPS)
