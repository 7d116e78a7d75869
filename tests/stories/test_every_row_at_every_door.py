"""Every row of the specification says in Python what it says at the command line, in a scored table, in the cells of a data
folder and in a casebook at the moment of recording.

The page is held to the same rows in tests/web/test_every_form.py.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
from collections import defaultdict
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from escalon.cli import main
from escalon.conduct.judge.scores import computed
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.recording import check_readable
from escalon.facts import Facts, Finding, Status
from escalon.facts.amount import unit_in
from escalon.history.events import FactRecorded, Observation
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.table_rows import result_names
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


def printed_by(*words: str) -> Any:
    """What a command prints as JSON."""
    printed, warned = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["escalon", *words, "--json"]
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(warned), pytest.raises(SystemExit):
            main.run()
    finally:
        sys.argv = before
    assert printed.getvalue().startswith(("{", "[")), (words, warned.getvalue())
    return json.loads(printed.getvalue())


def at_the_command_line(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = printed_by("score", row.instrument, *(f"{k}={v}" for k, v in inputs(row).items()))
    return found


def test_every_row_at_the_command_line_says_what_python_says() -> None:
    for row in (one for one in ROWS if inputs(one)):  # without any input the command describes the instrument
        wanted = json.loads(json.dumps(assess(row.instrument, **inputs(row)).as_json(), default=str))
        found = at_the_command_line(row)
        assert {key: found.get(key) for key in wanted} == wanted, str(row)


def as_columns(row: Row) -> dict[str, str]:
    """A row's inputs by the items' own names, so that no two rows of a table name one item in two ways."""
    return {catalogue()[row.instrument].aliases.get(name, name): text for name, text in inputs(row).items()}


def same_number(one: Any, other: Any) -> bool:
    """Whether two answers print alike; a quotient, which has digits without end, but for the last bit of a double."""
    return one == other or (
        isinstance(other, float) and len(f"{other:.15g}") > 14 and isclose(one, other, rel_tol=1e-14)
    )


def test_every_row_as_a_line_of_a_table_says_what_python_says(tmp_path: Path) -> None:
    """The rows of one instrument and its options are one file, with an empty cell where a row says nothing."""
    wrong = []
    files: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in ROWS:
        chosen = sorted(set(inputs(row)) & {*catalogue()[row.instrument].options})
        if inputs(row) and "confirm" not in inputs(row):
            files[row.instrument, *(f"{name}={inputs(row)[name]}" for name in chosen)].append(row)
    for (name, *options), rows in files.items():
        columns = dict.fromkeys(key for row in rows for key in as_columns(row) if key not in catalogue()[name].options)
        with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, ["row", *columns], extrasaction="ignore", restval="")
            table.writeheader()
            table.writerows({"row": f"row {row}", **as_columns(row)} for row in rows)
        found = printed_by("score", name, "--table", str(tmp_path / "rows.csv"), *options)
        value = result_names(catalogue()[name])[0]
        for row, one in zip(rows, found, strict=True):
            wanted = assess(name, **inputs(row)).as_json()
            if one[f"{name}_status"] != wanted["status"] or not same_number(one[value], wanted["value"]):
                wrong.append((str(row), one[f"{name}_status"], one[value], wanted["status"], wanted["value"]))
    assert wrong == []


def _observed(it: Instrument, name: str, written: dict[str, str]) -> Observation:
    """An answer as a row of `facts`: its unit beside it, of an item with one unit that one, unless the text has its own."""
    item = it.items[name]
    unit = written["unit"] or (item.unit if len(item.units) == 1 and unit_in(written["text"]) is None else None)
    return Observation(name=it.keys[name], value=written["text"] or None, unit=unit, day=DAY, visit="D90")


def in_data_cells(row: Row) -> Finding | None:
    """Each input a row of `facts`, of one visit, and the score computed of them; None where a row is refused."""
    it = catalogue()[row.instrument]
    facts = []
    for name, one in fields_of(it, inputs(row)).items():
        seen = _observed(it, name, one)
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


def test_what_a_data_cell_refuses_is_refused_when_it_is_recorded() -> None:
    refused = recorded = 0
    for row in RECORDED:
        it = catalogue()[row.instrument]
        for name, one in fields_of(it, inputs(row)).items():
            seen = _observed(it, name, one)
            try:
                held = bool(DICTIONARY.value(seen).question)
                DICTIONARY.check(seen)
            except RowError:
                held = True
            try:
                check_readable(DICTIONARY, FactRecorded(participant="P01", fact=seen))
                assert not held, (str(row), name)
                recorded += 1
            except Refused:
                assert held, (str(row), name)
                refused += 1
    assert (recorded > 2000, refused > 50) == (True, True)
