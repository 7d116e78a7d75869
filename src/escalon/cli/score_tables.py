"""`escalon score NAME --table`: the file of visits, and what is said about scoring it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import typer

from escalon.cli.output import note, progress, say
from escalon.facts.whole import whole_file
from escalon.sources.delimited import FolderError, quiet
from escalon.sources.tables import WORKBOOK, Table, kind_of, read_table
from escalon.sources.written import Row, RowsByColumn

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
    unread: list[int] = []
    frame = read_visits(file, unread)
    with progress(found.title, frame.height, shown=frame.height >= LONG) as told:
        scored = score_table(found, frame, options, told, unread)
    _say(found, file, scored)
    if output is not None:
        with whole_file(output) as written:
            if output.suffix == ".parquet":
                scored.frame.write_parquet(written)
            else:
                written.write_text(_quietly(scored.frame), encoding="utf-8", newline="")
    else:
        say(scored.frame.write_json() if as_json else _quietly(scored.frame).rstrip("\n"))
    raise typer.Exit(2 if scored.invalid else 0)


def _check_output(file: Path, output: Path) -> None:
    if output.suffix not in (".csv", ".parquet"):
        raise FileError(f"{output}: tables are written as .csv or .parquet")
    if output.exists() and file.exists() and output.samefile(file):
        raise FileError(f"{output} is the table that is read, and stays as it was recorded. Write to another file")


def read_visits(file: Path, unread: list[int]) -> pl.DataFrame:
    """A CSV, Excel or Parquet file as a table; cells stay text as they were written. Raises FileError.

    A row whose cells may stand under a wrong name is named, and put into `unread` by its place among the rows.
    """
    if not file.is_file():
        raise FileError(f"{file}: there is no such file")
    _, kind = kind_of(file.name)
    if kind not in ("csv", "tsv", "txt", "parquet", WORKBOOK):
        raise FileError(f"{file.name}: tables are read from .csv, .xlsx or .parquet. Save it as «CSV UTF-8»")
    try:
        return pl.read_parquet(file) if kind == "parquet" else _as_frame(read_table(file), unread)
    except FolderError as error:
        raise FileError(error) from None
    except OSError as error:
        raise FileError(f"{file.name} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise FileError(f"{file.name} cannot be read: {str(error).splitlines()[0]}") from None


def _as_frame(table: Table, unread: list[int]) -> pl.DataFrame:
    """The columns under the names that are written."""
    for line, _, said in table.notes:
        note(f"{table.file}{f':{line}' if line else ''}: {said}")
    if isinstance(table.rows, RowsByColumn) and not table.rows.broken:
        texts = table.rows.columns.values()
        found = [pl.Series(one.texts, dtype=pl.String).gather(one.codes) for one in texts]
    else:
        rows = [_as_it_stands(row) for row in table.rows]
        cell_alone = table.file.endswith("]")  # of a workbook: its cells stay under their names
        unread += [at for at, row in enumerate(table.rows) if row.broken and not (cell_alone and row.broken[0])]
        for row in (table.rows[at] for at in unread[:SHOWN]):
            note(f"{table.file}:{row.line}: {row.broken[2] if row.broken else ''}")
        found = [pl.Series([row.get(name, "") for row in rows], dtype=pl.String) for name in table.columns]
    return pl.DataFrame([one.rename(head) for one, head in zip(found, table.heads, strict=True)])


def _as_it_stands(row: Row) -> Mapping[str, str]:
    """The cells of a row; one that cannot be used (`#DIV/0!`) as it stands, so that its row alone is invalid."""
    column, text, why = row.broken or ("", "", "")
    return row.cells if not column else {**row.cells, column: text or why}


def _quietly(frame: pl.DataFrame) -> str:
    """The table as CSV in which no cell and no name of a column is run by a spreadsheet."""
    frame = frame.rename({name: quiet(name) for name in frame.columns if quiet(name) != name})
    loud = {text: quiet(text) for one in frame.select(pl.col(pl.String)) for text in one.unique() if text}
    changed = {text: said for text, said in loud.items() if text != said}
    return frame.with_columns(pl.col(pl.String).replace(changed)).write_csv() if changed else frame.write_csv()


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
