"""The one reader of a table given to a command: CSV or Parquet, its columns checked, every row with its place."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from escalon.cli.output import fail, fail_listing, tracked

if TYPE_CHECKING:
    from escalon.sources.tables import Table
    from escalon.sources.written import Row

Cells = Mapping[str, str]
Rows = Sequence[tuple[str, Cells]]
Made = TypeVar("Made")


class RowAside(NamedTuple):
    """A row that cannot be used: its place, what stands in it, and why."""

    place: str
    cells: Cells
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


def read_rows(
    file: Path,
    needed: Collection[str] = (),
    known: Collection[str] = (),
    aside: list[RowAside] | None = None,
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
    broken = [RowAside(f"{table.file}:{row.line}", row.cells, row.broken[2]) for row in table.rows if row.broken]
    if broken and (aside is None or not _is_known_whose(table, "participant" in needed)):
        fail_listing(list(map(str, broken)), f"{len(broken)} of {len(table.rows)} rows cannot be read")
    if aside is not None:
        aside += broken
    return table.columns, [(f"{table.file}:{row.line}", row.cells) for row in table.rows if not row.broken]


def _is_known_whose(table: "Table", by_person: bool) -> bool:
    """Whether each row that cannot be parted is of nobody else than it says; where rows are not read `by_person`, always.

    A cell too many or too few moves all behind it, so only what stands first is sure to stand under its name; where one is
    missing, that may be the first. A cell that swallowed other rows may have swallowed anybody's.
    """
    broken = [row for row in table.rows if row.broken]
    if not by_person:
        return all(row.cells for row in broken)
    named = {row.cells.get("participant", "").strip() for row in table.rows if not row.broken}
    return all(_says_whose(row, table.columns, named) for row in broken)


def _says_whose(row: "Row", columns: Sequence[str], named: Collection[str]) -> bool:
    who = row.cells.get("participant", "").strip()
    if not who or any("\n" in cell for cell in row.cells.values()):
        return False
    is_in_place = bool(row.broken and row.broken[0])
    return is_in_place or (columns[0] == "participant" and (who in named or len(row.cells) == len(columns)))


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
