"""Reading a folder of CSV, TSV or Parquet tables as text, cell by cell: nothing is dropped and nothing is guessed.

Values stay the characters that were written, so that no digit is lost; kinds, units and ranges are checked a layer above.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from escalon.facts.plain_file import bytes_of
from escalon.sources.delimited import (
    MOST_ABOVE,
    FolderError,
    Notes,
    columns_of,
    decoded,
    left_above,
    names_at,
    table_of,
)
from escalon.sources.spreadsheet import Sheet, SheetRow, WorkbookError, sheets
from escalon.sources.written import Row

TABLES = ("facts", "treatments", "adverse_events", "doses", "samples")
LARGEST = 1 << 30
"""More bytes than any trial writes: a file (or what is packed in it) beyond this is not read."""
MOST_ROWS = 5_000_000
"""More rows than any trial writes in one table."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a data folder."""

    name: str
    file: str
    columns: tuple[str, ...]
    rows: Sequence[Row]
    sha256: str
    notes: tuple[tuple[int, str, str], ...] = ()
    """What to know of the file: the line (0 for the whole file), the column, and a sentence."""
    heads: tuple[str, ...] = ()
    """The names of the columns as they are written; `columns` are in small letters and with underscores."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The tables of a data folder, and the files in it that are none of them."""

    path: Path
    tables: Mapping[str, Table]
    others: tuple[str, ...]


def read_folder(path: Path, names: Sequence[str] = TABLES, also: Collection[str] = ()) -> Folder:
    """Read every table of a folder; `also` are tables that come from elsewhere (a mapping).

    Raises FolderError where a file is no table, where a table stands twice, or where there are no facts.
    """
    if not path.is_dir():
        raise FolderError(f"{path}: there is no such folder. Write the folder that holds facts.csv (or facts.parquet)")
    tables: dict[str, Table] = {}
    others: list[str] = []
    for file in sorted(path.iterdir()):
        name, kind = kind_of(file.name)
        found, unread = _sheets_named(file, names) if kind == WORKBOOK else ((), ())
        others += unread
        if not found and (name not in names or kind not in KINDS):
            others.append(file.name)
            continue
        for table in found or (read_table(file),):
            if table.name in tables:
                raise FolderError(
                    f"{path}: {tables[table.name].file} and {table.file} are both the table {table.name}. Keep one"
                )
            tables[table.name] = table
    if "facts" not in (*tables, *also):
        raise FolderError(_no_facts(path, others))
    return Folder(path, tables, tuple(others))


def _no_facts(path: Path, others: Collection[str]) -> str:
    """Why a folder has no facts: there are none, or their file cannot be read."""
    file = next((name for name in others if kind_of(name)[0] == "facts"), None)
    if file is None:
        return f"{path}: there is no facts.csv or facts.parquet. `escalon data dictionary` says what goes in it"
    if kind_of(file)[1] != WORKBOOK:
        return f"{path / file}: a file of this kind is not read. Save it as «CSV UTF-8»: facts.csv"
    try:
        there = ", ".join(one.name for one in _of_workbook(path / file)) or "none that is not empty"
    except FolderError as error:
        return f"{path}: {error}"
    return f"{path / file}: no sheet is named facts ({there}). Name the sheet facts"


KINDS = ("csv", "tsv", "parquet")
WORKBOOK = "xlsx"


def kind_of(name: str) -> tuple[str, str]:
    """The table and the kind a file's name says: `Facts.csv.gz` is the table facts, written as csv."""
    stem, _, kind = name.lower().removesuffix(".gz").rpartition(".")
    return stem, kind


def read_text(file: Path, encoding: str | None = None) -> str:
    """The text of a file, whatever stands in it; `encoding` where it is known. Raises FolderError."""
    return decoded(file.name, _unpacked(file, _bytes(file)), [], encoding)


def read_table(file: Path, encoding: str | None = None, text: str | None = None) -> Table:
    """Read one CSV, TSV, Parquet or Excel file (its only sheet), packed by gzip or not; `encoding` where it is known.

    `text` is the part of a file that is the table, where other lines stand above it. Raises FolderError with its place.
    """
    name, kind = kind_of(file.name)
    if kind == WORKBOOK:
        found = _of_workbook(file)
        if len(found) != 1:
            there = ", ".join(one.name for one in found) or "none"
            raise FolderError(f"{file.name}: one sheet is read, and there are {len(found)} ({there}). Keep one")
        return found[0]
    written = _bytes(file)
    data = _unpacked(file, written) if text is None else text.encode()
    notes: Notes = []
    rows: Sequence[Row]
    if kind == "parquet":
        heads, columns, rows = _parquet(file, data)
    else:
        heads, columns, rows = table_of(file.name, decoded(file.name, data, notes, encoding), notes)
    return Table(name, file.name, columns, rows, hashlib.sha256(written).hexdigest(), tuple(notes), heads)


def _bytes(file: Path) -> bytes:
    try:
        return bytes_of(file, LARGEST)
    except OSError as error:
        raise FolderError(f"{file.name}: it cannot be read ({(error.strerror or str(error)).lower()})") from None


def _sheets_named(file: Path, names: Sequence[str]) -> tuple[tuple[Table, ...], tuple[str, ...]]:
    """The sheets of a workbook that are tables, and those that are not: by their names, or the only sheet of a file's name."""
    stem, _ = kind_of(file.name)
    try:
        found = _of_workbook(file)
    except FolderError:  # named among the files that are not read, and what it would say held to be unknown
        return (), ()
    wanted = tuple(one for one in found if one.name in names)
    if not wanted and len(found) == 1 and stem in names:
        wanted = (replace(found[0], name=stem),)
    return wanted, tuple(one.file for one in found if one.name not in names and len(found) > 1 and wanted)


def _of_workbook(file: Path) -> tuple[Table, ...]:
    data = _bytes(file)
    digest = hashlib.sha256(data).hexdigest()
    try:
        return tuple(_sheet(f"{file.name}[{name}]", name, sheet, digest) for name, sheet in sheets(data).items())
    except WorkbookError as error:
        raise FolderError(f"{file.name}: {error}") from None


def _sheet(place: str, name: str, sheet: Sheet, digest: str) -> Table:
    at = names_at([row.cells for row in sheet.rows[:MOST_ABOVE]])
    head, *others = sheet.rows[at:]
    if head.wrong:
        raise FolderError(f"{place}: {head.wrong[2]}")
    width = max((place for place, text in enumerate(head.cells, start=1) if text), default=0)
    heads = head.cells[:width]
    columns = columns_of(place, heads, head.number)
    notes = [(0, "", sheet.hidden)] if sheet.hidden else []
    notes += left_above([row.cells for row in sheet.rows[:at]], head.number)
    rows = tuple(_sheet_rows(others, columns))
    return Table(name.strip().lower().replace(" ", "_"), place, columns, rows, digest, tuple(notes), heads)


def _sheet_rows(rows: Sequence[SheetRow], columns: tuple[str, ...]) -> Iterator[Row]:
    for row in rows:
        broken = None
        if row.wrong:
            column = columns[row.wrong[0]] if row.wrong[0] < len(columns) else ""
            broken = column, row.wrong[1], row.wrong[2]
        elif any(row.cells[len(columns) :]):
            broken = (
                "",
                "",
                f"{len(row.cells)} cells, but there are {len(columns)} columns. Name the column in the first row",
            )
        yield Row(row.number, dict(zip(columns, row.cells, strict=False)), broken)


def _unpacked(file: Path, data: bytes) -> bytes:
    if not file.name.lower().endswith(".gz"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            unpacked = packed.read(LARGEST + 1)
        if len(unpacked) > LARGEST:
            raise FolderError(
                f"{file.name}: more than {LARGEST:,} bytes are packed in it, which is no table of a trial"
            )
        return unpacked
    except (OSError, EOFError, zlib.error) as error:
        raise FolderError(f"{file.name}: it cannot be unpacked ({error}). Pack it again with gzip") from None


def _parquet(file: Path, data: bytes) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Row, ...]]:
    import polars as pl

    try:
        rows_there = pl.scan_parquet(io.BytesIO(data)).select(pl.len()).collect().item()
        if rows_there > MOST_ROWS:
            raise FolderError(
                f"{file.name}: it holds {rows_there:,} rows, more than a trial's table (at most {MOST_ROWS:,})"
            )
        frame = pl.read_parquet(io.BytesIO(data))
    except FolderError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # many kinds for one cause: the file is not Parquet
        raise FolderError(f"{file.name}: not a Parquet file that can be read ({error})") from None
    columns = columns_of(file.name, frame.columns)
    rows = (
        Row(number, {name: _text(cell) for name, cell in zip(columns, cells, strict=True)})
        for number, cells in enumerate(frame.iter_rows(), start=1)
    )
    return tuple(frame.columns), columns, tuple(rows)


def _text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    return ("yes" if cell else "no") if isinstance(cell, bool) else str(cell).strip()
