"""`escalon score NAME --table`: the file of visits, and what is said about scoring it."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import typer

from escalon.cli.output import note, progress, say

if TYPE_CHECKING:
    from escalon.instruments.kit.instrument import Instrument
    from escalon.instruments.kit.visits_table import Scored

SHOWN = 20
LONG = 100_000
"""Rows from which on a progress bar is worth showing."""


class FileError(ValueError):
    """A file of visits that cannot be read or written; says what to do."""


def score_file(found: "Instrument", file: Path, output: Path | None, options: dict[str, Any], as_json: bool) -> None:
    """Score every row of a file. Exit code 2 if a row is invalid; the rows all come back either way."""
    from escalon.instruments.kit.visits_table import score_table

    if output is not None:
        _check_output(file, output)
    frame = read_visits(file)
    with progress(found.title, frame.height, shown=frame.height >= LONG) as told:
        scored = score_table(found, frame, options, told)
    _say(found, file, scored)
    if output is not None and output.suffix == ".parquet":
        scored.frame.write_parquet(output)
    elif output is not None:
        scored.frame.write_csv(output)
    else:
        say(scored.frame.write_json() if as_json else scored.frame.write_csv().rstrip("\n"))
    raise typer.Exit(2 if scored.invalid else 0)


def _check_output(file: Path, output: Path) -> None:
    if output.suffix not in (".csv", ".parquet"):
        raise FileError(f"{output}: tables are written as .csv or .parquet")
    if output.exists() and file.exists() and output.samefile(file):
        raise FileError(f"{output} is the table that is read, and stays as it was recorded. Write to another file")


def read_visits(file: Path) -> pl.DataFrame:
    """A CSV, Excel or Parquet file as a table; cells stay text as they were written. Raises FileError."""
    if not file.is_file():
        raise FileError(f"{file}: there is no such file")
    if file.suffix.lower() == ".xlsx":
        return _sheet(file)
    if file.suffix.lower() not in (".csv", ".tsv", ".txt", ".parquet"):
        raise FileError(f"{file.name}: tables are read from .csv, .xlsx or .parquet. Save it as «CSV UTF-8»")
    try:
        return pl.read_parquet(file) if file.suffix.lower() == ".parquet" else _csv(file)
    except OSError as error:
        raise FileError(f"{file.name} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except pl.exceptions.PolarsError as error:
        raise FileError(f"{file.name} cannot be read: {str(error).splitlines()[0]}") from None


def _sheet(file: Path) -> pl.DataFrame:
    """The only sheet of a workbook, its first row the names of the columns."""
    from escalon.sources.spreadsheet import WorkbookError, sheets

    try:
        found = sheets(file.read_bytes())
    except WorkbookError as error:
        raise FileError(f"{file.name}: {error}") from None
    if len(found) != 1:
        raise FileError(f"{file.name}: one sheet is read, and there are {len(found)} ({', '.join(found)}). Keep one")
    ((name, (head, *rows)),) = found.items()
    if wrong := next((row.wrong for row in (head, *rows) if row.wrong), None):
        raise FileError(f"{file.name}[{name}] {wrong[2]}")
    header = [cell.strip() for cell in head.cells]
    while header and not header[-1]:
        header.pop()
    twice = next((cell for cell in header if not cell or header.count(cell) > 1), None)
    if twice is not None:
        raise FileError(f"{file.name}[{name}]:1: column {twice or '(without a name)'!r} stands twice or has no name")
    cells = [[row.cells[place] if place < len(row.cells) else "" for row in rows] for place in range(len(header))]
    return pl.DataFrame(dict(zip(header, cells, strict=True)), schema=dict.fromkeys(header, pl.String))


def _csv(file: Path) -> pl.DataFrame:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            first = text.readline()
    except UnicodeDecodeError:
        raise FileError(f"{file.name} is not UTF-8 text. Save it as «CSV UTF-8»") from None
    separator = max(",;\t", key=first.count)  # semicolons or tabs, as some spreadsheets write
    header = next(csv.reader([first], delimiter=separator), [])
    if not any(cell.strip() for cell in header):
        raise FileError(f"{file.name}:1: the first line must name the columns")
    twice = next((cell for cell in header if header.count(cell) > 1), None)
    if twice is not None:
        raise FileError(
            f"{file.name}:1: column {twice or '(without a name)'!r} stands twice. Give each column one name"
        )
    frame = pl.read_csv(file, separator=separator, infer_schema=False)
    if frame.height and frame[frame.columns[-1]].null_count():
        _refuse_short_rows(file, separator, len(header))
    return frame


def _refuse_short_rows(file: Path, separator: str, columns: int) -> None:
    """A row with too few cells may have lost one in the middle: what follows would stand under a wrong name."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        for cells in reader:
            if len(cells) != columns and cells:
                raise FileError(f"{file.name}:{reader.line_num}: {len(cells)} cells, but there are {columns} columns")


def _say(found: "Instrument", file: Path, scored: "Scored") -> None:
    """What was not accepted, what no column was there for, and the account of all rows; on stderr."""
    from escalon.facts import Status

    for problem in scored.problems[:SHOWN]:
        note(f"{file.name} {problem}")
    if scored.invalid > SHOWN:
        note(f"… `{found.name}_status` is invalid in {scored.invalid} rows; `{found.name}_flags` says why")
    if scored.absent:
        shown = ", ".join(scored.absent[:SHOWN]) + (
            f" and {more} more" if (more := len(scored.absent) - SHOWN) > 0 else ""
        )
        note(f"no column for {shown}: missing in every row")
    counts = dict(scored.frame[f"{found.name}_status"].value_counts().iter_rows())
    account = " + ".join(f"{counts[one]} {one.replace('_', ' ')}" for one in map(str, Status) if one in counts)
    note(f"{scored.frame.height} rows read = {account or 0}")
