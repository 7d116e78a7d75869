"""Every row of the tables in spec/escalation/ holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from escalon.escalation import next_dose, three_plus_three

SPEC = Path(__file__).parents[2] / "spec" / "escalation"


def table(page: str, heading: str) -> list[dict[str, str]]:
    """The rows of the first table under a heading of a specification page."""
    lines = iter((SPEC / f"{page}.md").read_text(encoding="utf-8").splitlines())
    next(line for line in lines if line.lstrip("#").strip().startswith(heading))
    rows = [cells(line) for line in table_lines(lines)]
    header, _, *body = rows
    assert body, f"no rows under {heading}"
    return [dict(zip(header, row, strict=True)) for row in body]


def table_lines(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("|"):
            yield line
            break
    for line in lines:
        if not line.startswith("|"):
            return
        yield line


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(page: str, heading: str):
    return pytest.mark.parametrize("row", table(page, heading), ids=lambda row: next(iter(row.values())))


def recommendation(decision) -> str:
    return f"{decision.level or 'none'}{'+' if decision.action == 'treat' else '.'}"


@rows("three_plus_three", "Conduct")
def test_conduct(row):
    for variant in ("V1", "V2"):
        if row[variant] != "-":
            assert recommendation(next_dose(three_plus_three(3, variant), row["so far"])) == row[variant]


@rows("three_plus_three", "Reasons")
def test_reasons(row):
    decision = next_dose(three_plus_three(3, "V2"), row["so far"])
    assert (str(decision), decision.reason) == (row["next"], row["because"])


@rows("three_plus_three", "After an override")
def test_overrides(row):
    decision = next_dose(three_plus_three(3, "V2"), row["so far"])
    assert (str(decision), decision.reason) == (row["next"], row["because"])


@rows("three_plus_three", "Number of distinct cohort paths")
def test_paths_by_an_independent_enumeration(row):
    from tests.escalation.naive_three_plus_three import paths

    for levels in range(1, 9):
        assert sum(1 for _ in paths(levels, row["variant"])) == int(row[str(levels)])
