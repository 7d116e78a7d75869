"""Scenario files: CSV (`name,1,2,3`: one risk per level) or TOML (`[[scenario]]` tables with everything a scenario has)."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

from escalon.escalation.errors import EscalationError
from escalon.escalation.scenario import Scenario, scenario_from
from escalon.facts.plain_file import text_of


def read_scenarios(path: Path) -> tuple[Scenario, ...]:
    """The scenarios of a CSV or TOML file; every slip is named with its place."""
    if not path.exists():
        raise EscalationError(f"{path}: no such file. Write a CSV (name,1,2,3) or a TOML file with [[scenario]] tables")
    found = _from_toml(path) if path.suffix == ".toml" else _from_csv(path)
    if not found:
        raise EscalationError(f"{path}: no scenarios in it")
    return found


def _from_toml(path: Path) -> tuple[Scenario, ...]:
    try:
        content = tomllib.loads(text_of(path))
    except (OSError, RecursionError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EscalationError(f"{path}: {error}") from error
    tables = content.get("scenario", [])
    return tuple(scenario_from(table, f"{path}, scenario {number}") for number, table in enumerate(tables, start=1))


def _from_csv(path: Path) -> tuple[Scenario, ...]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = [
            (number, [cell.strip() for cell in row])
            for number, row in enumerate(csv.reader(lines), start=1)
            if any(row)
        ]
    if not rows or rows[0][1][0].lower() != "name":
        raise EscalationError(f"{path}, line 1: write the header name,1,2,3 with one column per level")
    return tuple(_from_row(row, f"{path}, line {number}") for number, row in rows[1:])


def _from_row(row: list[str], place: str) -> Scenario:
    try:
        risks = tuple(float(cell) for cell in row[1:] if cell)
    except ValueError as error:
        raise EscalationError(f"{place}: {error}. Write DLT risks as numbers: 0.05") from error
    try:
        return Scenario(row[0], risks)
    except EscalationError as error:
        raise EscalationError(f"{place}: {error}") from error
