"""Every row of the tables in spec/instruments/ holds. The format of a page is described in spec/instruments/README.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from escalon.facts import Finding, Status
from escalon.instruments import assess, catalogue
from escalon.instruments.kit.catalogue import family

SPEC = Path(__file__).parents[2] / "spec" / "instruments"
PAGES = sorted(page for page in SPEC.glob("*.md") if page.name != "README.md")
MARKS = {"published", "computed", "rule", "project"}
NONE = {"–", "-", ""}
ABOUT_THE_ROW = {"id", "inputs", "mark", "source"}


@dataclass(frozen=True)
class Row:
    """One row of a page: what goes into an instrument and what must come out."""

    page: str
    instrument: str
    cells: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.page}:{self.cells['id']}"


def page_rows(page: Path) -> Iterator[Row]:
    """The rows of every table that stands under an instrument's name and has an `inputs` column."""
    instrument, header = "", []
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            named = re.findall(r"`(\w+)`", line)
            instrument = named[-1] if named else ""
        elif not line.startswith("|"):
            header = []
        elif not header:
            header = cells(line)
        elif instrument and "inputs" in header and not set(line) <= set("|-: "):
            yield Row(page.stem, instrument, dict(zip(header, cells(line), strict=True)))


def cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]


ROWS = [row for page in PAGES for row in page_rows(page)]


def inputs(row: Row) -> dict[str, str]:
    """The inputs of a row by name; `rest` is spread over the items left out."""
    text = row.cells["inputs"]
    if text == "nothing":
        return {}
    parts = re.split(r",\s*(?=\w+=)", text)
    given = {name: value for name, _, value in (part.partition("=") for part in parts)}
    rest = given.pop("rest", None)
    return given if rest is None else dict.fromkeys(left_out(row, given), rest) | given


def left_out(row: Row, given: Mapping[str, str]) -> list[str]:
    items = catalogue()[row.instrument].items
    named = set(given) | {name for name, item in items.items() if set(item.also) & set(given)}
    return [
        name for name, item in items.items() if item.needed and name not in named and not named & set(item.missing_when)
    ]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row_holds(row: Row) -> None:
    finding = assess(row.instrument, **inputs(row))
    for column, expected in row.cells.items():
        if column not in ABOUT_THE_ROW:
            assert_agrees(finding, column, expected)
    if "status" not in row.cells and row.cells.get("value", "–") not in NONE:
        assert finding.status is Status.OK, finding.reasons


def assert_agrees(finding: Finding, column: str, expected: str) -> None:
    match column:
        case "value":
            assert agrees(finding.value, expected), f"{finding.value} is not {expected}; {finding.reasons}"
        case "category" | "status":
            assert (getattr(finding, column) or "–") == (expected or "–"), finding.reasons
        case "flags" | "missing":
            assert set(getattr(finding, column)) == listed(expected), finding.reasons
        case "bounds":
            assert_between(finding.bounds, expected)
        case "says":
            assert expected in NONE or any(expected in reason for reason in finding.reasons), finding.reasons
        case _:
            assert agrees(finding.components.get(column), expected), f"{column}: {finding.components.get(column)}"


def assert_between(bounds: tuple[Any, ...] | None, expected: str) -> None:
    wanted = [] if expected in NONE else re.split(r" to | or ", expected)
    assert len(bounds or ()) == len(wanted), bounds
    assert all(agrees(end, text) for end, text in zip(bounds or (), wanted, strict=True)), bounds


def agrees(value: Any, expected: str) -> bool:
    """Whether a result is what the cell says: equal where arithmetic is exact, else to the decimals printed."""
    if value is None or isinstance(value, bool):
        return expected in (NONE if value is None else {"yes" if value else "no"})
    if isinstance(value, str):
        return value == expected
    if expected in NONE:
        return False
    text = expected.removeprefix("≈").strip().replace("−", "-")
    if isinstance(value, float) or expected.startswith("≈"):
        half = Fraction(1, 2 * 10 ** len(text.partition(".")[2]))
        return abs(Fraction(value) - Fraction(Decimal(text))) <= half * (1 + Fraction(1, 10**9))
    return Fraction(value) == Fraction(text)


def listed(text: str) -> set[str]:
    return set() if text in NONE else {part.strip().strip("`") for part in text.split(",")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_is_well_formed(page: Path) -> None:
    rows = list(page_rows(page))
    assert rows, "no table under an instrument's name"
    names = [row.cells["id"] for row in rows]
    assert len(set(names)) == len(names), "two rows have the same id"
    for row in rows:
        assert row.instrument in catalogue(), row
        assert row.cells["mark"] in MARKS, row
        assert row.cells["mark"] != "published" or row.cells["source"] not in NONE, f"{row}: published where?"


def test_every_instrument_of_disease_has_rows() -> None:
    described = {row.instrument for row in ROWS}
    families = ("activity", "classification")
    assert not [
        found.name for found in catalogue().values() if family(found) in families and found.name not in described
    ]
