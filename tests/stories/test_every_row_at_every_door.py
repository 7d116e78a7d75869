"""Every row of the specification says the same at the command line, in a table and in the cells of a data folder as in Python.

The page is held to the same rows in tests/web/test_every_form.py.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any

import pytest

from escalon.cli import main
from escalon.conduct.judge.scores import computed
from escalon.facts import Facts, Finding, Status
from escalon.history.events import Observation
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.visits import compares_visits
from escalon.protocol import load_study
from escalon.sources.observed import Dictionary, RowError
from tests.spec.test_instrument_tables import ROWS, Row, inputs
from tests.web.test_live_score import fields_of

STUDY = load_study("nct07052565")
DICTIONARY = Dictionary(STUDY)
DAY = "2025-06-01"
RECORDED = [
    row
    for row in ROWS
    if not compares_visits(catalogue()[row.instrument])
    and all(name in catalogue()[row.instrument].items for name in inputs(row))
    and all(catalogue()[row.instrument].keys[name] in STUDY.vocabulary for name in inputs(row))
]
"""The rows of one visit whose every input has a name in the study's dictionary, so that a data folder can hold it."""


def said(finding: Finding) -> tuple[Any, ...]:
    """What a finding answers, as JSON prints it."""
    shown = finding.as_json()
    return tuple(json.dumps(shown[key], default=str) for key in ("status", "value", "category", "bounds", "flags"))


def at_the_command_line(row: Row) -> dict[str, Any]:
    words = [f"{name}={value}" for name, value in inputs(row).items()]
    printed = io.StringIO()
    before, sys.argv = sys.argv, ["escalon", "score", row.instrument, *words, "--json"]
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), pytest.raises(SystemExit):
            main.run()
    finally:
        sys.argv = before
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def test_every_row_at_the_command_line_says_what_python_says() -> None:
    for row in (one for one in ROWS if inputs(one)):  # without any input the command describes the instrument
        wanted = json.loads(json.dumps(assess(row.instrument, **inputs(row)).as_json(), default=str))
        found = at_the_command_line(row)
        assert {key: found.get(key) for key in wanted} == wanted, str(row)


def in_data_cells(row: Row) -> Finding | None:
    """Each input a row of `facts`, of one visit, and the score computed of them; None where a row is refused."""
    it = catalogue()[row.instrument]
    facts = []
    for name, one in fields_of(it, inputs(row)).items():
        unit = one["unit"] or (it.items[name].unit if len(it.items[name].units) == 1 else None)
        seen = Observation(name=it.keys[name], value=one["text"] or None, unit=unit or None, day=DAY, visit="D90")
        try:
            facts.append(DICTIONARY.fact("P01", seen, "here"))
        except RowError:
            return None
    found = [fact.behind for fact in computed(STUDY, Facts(facts), [it.name]) if fact.name == it.name]
    return found[0] if found and isinstance(found[0], Finding) else None


def test_every_row_in_data_cells_says_what_python_says() -> None:
    answered = 0
    for row in RECORDED:
        wanted, found = assess(row.instrument, **inputs(row)), in_data_cells(row)
        if found is None:  # a cell was refused, or so little is known that nobody meant a score
            assert wanted.status is not Status.OK, str(row)
            continue
        assert said(found) == said(wanted), str(row)
        answered += 1
    assert answered > 250
