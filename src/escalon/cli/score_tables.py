"""`escalon score NAME --table`: the file of visits, and what is said about scoring it."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import typer

from escalon.cli.output import note, progress, say
from escalon.facts.whole import whole_file
from escalon.sources.tables import FolderError, kind_of, lines_of

if TYPE_CHECKING:
    from escalon.instruments.kit.instrument import Instrument
    from escalon.instruments.kit.visits_table import Scored
    from escalon.sources.spreadsheet import SheetRow

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
    if output is not None:
        with whole_file(output) as written:
            (scored.frame.write_parquet if output.suffix == ".parquet" else scored.frame.write_csv)(written)
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
    _, kind = kind_of(file.name)
    if kind == "xlsx":
        return _sheet(file)
    if kind not in ("csv", "tsv", "txt", "parquet"):
        raise FileError(f"{file.name}: tables are read from .csv, .xlsx or .parquet. Save it as «CSV UTF-8»")
    try:
        return pl.read_parquet(file) if kind == "parquet" else _csv(file)
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
    ((name, sheet),) = found.items()
    if sheet.hidden:
        note(f"{file.name}[{name}]: {sheet.hidden}")
    head, *rows = sheet.rows
    if head.wrong:
        raise FileError(f"{file.name}[{name}] {head.wrong[2]}")
    header = [cell.strip() for cell in head.cells]
    while header and not header[-1]:
        header.pop()
    twice = next((cell for cell in header if not cell or header.count(cell) > 1), None)
    if twice is not None:
        raise FileError(f"{file.name}[{name}]:1: column {twice or '(without a name)'!r} stands twice or has no name")
    cells = [[_as_it_stands(row, place) for row in rows] for place in range(len(header))]
    return pl.DataFrame(dict(zip(header, cells, strict=True)), schema=dict.fromkeys(header, pl.String))


def _as_it_stands(row: "SheetRow", place: int) -> str:
    """A cell; what cannot be used (`#DIV/0!`, a formula without a result) as it stands, so that its row alone is invalid."""
    if row.wrong and row.wrong[0] == place:
        return row.wrong[1] or row.wrong[2]
    return row.cells[place] if place < len(row.cells) else ""


def _csv(file: Path) -> pl.DataFrame:
    """A table of text in any encoding the data folder is read in; cells that may stand under a wrong name are refused."""
    try:
        text, separator = lines_of(file)
    except FolderError as error:
        raise FileError(error) from None
    header = next(csv.reader([text.split("\n", 1)[0]], delimiter=separator), [])
    if not any(cell.strip() for cell in header):
        raise FileError(f"{file.name}:1: the first line must name the columns")
    twice = next((cell for cell in header if header.count(cell) > 1), None)
    if twice is not None:
        raise FileError(
            f"{file.name}:1: column {twice or '(without a name)'!r} stands twice. Give each column one name"
        )
    if '"' in text:
        _refuse_uneven(file.name, text, separator)
    try:
        frame = pl.read_csv(text.encode(), separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError:
        _refuse_uneven(file.name, text, separator)
        raise
    if frame.height and frame[frame.columns[-1]].null_count():
        _refuse_uneven(file.name, text, separator)
    return frame


def _refuse_uneven(name: str, text: str, separator: str) -> None:
    """A row with too few or too many cells: what follows may stand under a wrong name; and rows inside a quoted cell."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    columns = len(next(reader))
    line = reader.line_num + 1
    for cells in reader:
        if cells and len(cells) != columns:
            raise FileError(f"{name}:{line}: {len(cells)} cells, but there are {columns} columns")
        inside = [one for cell in cells for one in cell.splitlines()[1:]]
        if any(one.count(separator) >= max(1, columns - 2) for one in inside):
            raise FileError(
                f"{name}:{line}: one cell in quotation marks holds the lines to {reader.line_num}, which look like rows. "
                f"Close the quotation mark in line {line}"
            )
        line = reader.line_num + 1


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
