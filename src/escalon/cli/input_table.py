"""The one reader of a table given to a command: CSV or Parquet, its columns checked, every row with its place."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from escalon.cli.output import fail, fail_listing, tracked

Cells = Mapping[str, str]
Rows = Sequence[tuple[str, Cells]]
Unread = tuple[str, Cells, str]
"""A row that cannot be parted into cells: its place, what stands in it, and why."""
Made = TypeVar("Made")


def read_rows(
    file: Path,
    needed: Collection[str] = (),
    known: Collection[str] = (),
    aside: list[Unread] | None = None,
) -> tuple[tuple[str, ...], Rows]:
    """The columns of a file and its rows, each with its place (`doses.csv:12`); exit code 2 where it is no such table.

    `needed` columns must be there; where `known` is given, no other column may be. A row whose cells do not stand under
    their columns is put `aside` with the reason, or ends the command where there is no such place or nobody it could be of.
    """
    from escalon.sources.delimited import FolderError
    from escalon.sources.headings import plainly_headed
    from escalon.sources.tables import read_table

    if not file.is_file():
        fail(f"there is no file {file}")
    try:
        table = plainly_headed(read_table(file))
    except (FolderError, OSError) as error:
        fail(error)
    lacking = [name for name in needed if name not in table.columns]
    unknown = [repr(name) for name in table.columns if known and name not in known]
    for names, what in ((lacking, "missing"), (unknown, "not known")):
        if names:
            there = f"Columns: {', '.join(known)}" if known else f"Columns there: {', '.join(table.columns)}"
            fail(f"{table.file}:1: column {', '.join(names)} is {what}. {there}")
    broken = [(f"{table.file}:{row.line}", row.cells, row.broken[2]) for row in table.rows if row.broken]
    if broken and (aside is None or not all(cells for _, cells, _ in broken)):  # of whom such a row is, nothing says
        fail_listing(
            [f"{place}: {why}" for place, _, why in broken], f"{len(broken)} of {len(table.rows)} rows cannot be read"
        )
    if aside is not None:
        aside += broken
    return table.columns, [(f"{table.file}:{row.line}", row.cells) for row in table.rows if not row.broken]


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
