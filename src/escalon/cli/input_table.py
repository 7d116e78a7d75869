"""The one reader of a table given to a command: CSV or Parquet, its columns checked, every row with its place."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from escalon.cli.output import fail, fail_listing, tracked
from escalon.facts import spelled
from escalon.facts.amount import AmountError, read_amount

if TYPE_CHECKING:
    from escalon.sources.tables import Table

Cells = Mapping[str, str]
Rows = Sequence[tuple[str, Cells]]
Made = TypeVar("Made")


def read_rows(
    file: Path,
    needed: Collection[str] = (),
    known: Collection[str] = (),
    aside: list[tuple[str, Cells, str]] | None = None,
) -> tuple[tuple[str, ...], Rows]:
    """The columns of a file and its rows, each with its place (`doses.csv:12`); exit code 2 where it is no such table.

    `needed` columns must be there; where `known` is given, no other column may be. A row whose cells do not stand under
    their columns is put `aside` with the reason, or ends the command where there is no such place.
    """
    from escalon.sources.tables import FolderError, read_table

    if not file.is_file():
        fail(f"there is no file {file}")
    try:
        table = _with_units(read_table(file))
    except (FolderError, OSError) as error:
        fail(error)
    lacking = [name for name in needed if name not in table.columns]
    unknown = [repr(name) for name in table.columns if known and name not in known]
    for names, what in ((lacking, "missing"), (unknown, "not known")):
        if names:
            there = f"Columns: {', '.join(known)}" if known else f"Columns there: {', '.join(table.columns)}"
            fail(f"{table.file}:1: column {', '.join(names)} is {what}. {there}")
    broken = [(f"{table.file}:{row.line}", row.cells, row.broken[2]) for row in table.rows if row.broken]
    if broken and aside is None:
        fail_listing(
            [f"{place}: {why}" for place, _, why in broken], f"{len(broken)} of {len(table.rows)} rows cannot be read"
        )
    if aside is not None:
        aside += broken
    return table.columns, [(f"{table.file}:{row.line}", row.cells) for row in table.rows if not row.broken]


_NAMES = frozenset("participant analyte level role run sample source visit".split())
"""Columns of names, never of amounts: what stands in brackets behind one, `participant (ID)`, is no unit of it."""
_WITH_UNIT = re.compile(r"(.+?)_*[\[(](.+)[\])]")


def _with_units(table: "Table") -> "Table":
    """A table whose headers say no unit: `temp_c [°F]` is the column `temp_c`, its bare numbers in °F."""
    parted = ((name, said) for name in table.columns if (said := _WITH_UNIT.fullmatch(name)))
    found = {name: (said[1], "" if said[1] in _NAMES else said[2]) for name, said in parted}
    names = tuple(found.get(name, (name, ""))[0] for name in table.columns)
    if not found or len(set(names)) < len(names):
        return table
    rows = [
        replace(row, cells={n: _beside(text, u) for (n, u), text in _under(found, row.cells)}) for row in table.rows
    ]
    return replace(table, columns=names, rows=rows)


def _under(found: Mapping[str, tuple[str, str]], cells: Cells) -> Iterator[tuple[tuple[str, str], str]]:
    return ((found.get(name, (name, "")), text) for name, text in cells.items())


def _beside(text: str, unit: str) -> str:
    """A number with the unit of its column; one that carries another stays with both, and is refused where it is read."""
    try:
        own = read_amount(text).unit if unit else unit
    except AmountError:
        return text
    return text if own is not None and spelled(own) == spelled(unit) else f"{text} {unit}"


def each_row(rows: Rows, make: Callable[[Cells], Made], title: str) -> list[Made]:
    """What is made of every row; if one cannot be read, nothing is, and every such row is named with its place."""
    made, problems = [], []
    for place, cells in tracked(rows, title):
        try:
            made.append(make(cells))
        except ValueError as error:
            problems.append(f"{place}: {str(error).removeprefix('--')}")
        except ArithmeticError:
            problems.append(f"{place}: a number is beyond anything that is measured. Check the exponents")
    if problems:
        fail_listing(problems, f"{len(problems)} of {len(rows)} rows cannot be read; nothing was judged")
    return made
