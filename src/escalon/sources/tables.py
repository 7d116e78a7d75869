"""Reading a folder of CSV, TSV or Parquet tables as text, cell by cell: nothing is dropped and nothing is guessed.

Values stay the characters that were written, so that no digit is lost; kinds, units and ranges are checked a layer above.
"""

import codecs
import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from escalon.facts.plain_file import bytes_of
from escalon.sources.spreadsheet import Sheet, SheetRow, WorkbookError, sheets
from escalon.sources.written import LARGE, Row, by_column

TABLES = ("facts", "treatments", "adverse_events", "doses", "samples")
LARGEST = 1 << 30
"""More bytes than any trial writes: a file (or what is packed in it) beyond this is not read."""
MOST_ROWS = 5_000_000
"""More rows than any trial writes in one table."""


class FolderError(ValueError):
    """A data folder that cannot be read at all: names the file and line and says what to write instead."""


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


def read_text(file: Path) -> str:
    """The text of a file, whatever stands in it. Raises FolderError."""
    return _decoded(file, _unpacked(file, _bytes(file)), [], None)


def lines_of(file: Path) -> tuple[str, str]:
    """The text of a CSV file from its header on, each line ended by a line feed, and its delimiter. Raises FolderError."""
    text = read_text(file)
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise FolderError(f"{file.name}:{line}: there is a NUL character in the file. Save it again as «CSV UTF-8»")
    text = text if "\n" in text else text.replace("\r", "\n")
    delimiter, first = _delimiter(text), text.split("\n", 1)[0]
    return text.partition("\n")[2] if _SEP.fullmatch(first.strip()) else text, delimiter


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
    notes: list[tuple[int, str, str]] = []
    columns, rows = _parquet(file, data) if kind == "parquet" else _csv(file, data, notes, encoding)
    return Table(name, file.name, columns, rows, hashlib.sha256(written).hexdigest(), tuple(notes))


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
    head, *others = sheet.rows
    if head.wrong:
        raise FolderError(f"{place}: {head.wrong[2]}")
    width = max((place for place, text in enumerate(head.cells, start=1) if text), default=0)
    columns = _columns(place, head.cells[:width])
    notes = ((0, "", sheet.hidden),) if sheet.hidden else ()
    rows = tuple(_sheet_rows(others, columns))
    return Table(name.strip().lower().replace(" ", "_"), place, columns, rows, digest, notes)


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


def _decoded(file: Path, data: bytes, notes: list[tuple[int, str, str]], encoding: str | None) -> str:
    """The text of a file: as it is said to be, else UTF-8, UTF-16 by its mark, or Chinese in the characters of GB 2312."""
    if encoding is not None:
        return _as_said(file, data, encoding)
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
            notes.append((0, "", "the file is read as UTF-16"))
            return text
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            text = data.decode("gb2312")
        except UnicodeDecodeError:
            line = data[: error.start].count(b"\n") + 1
            said = f"{file.name}:{line}: the file is not UTF-8 text. Save it as «CSV UTF-8»"
            raise FolderError(said) from None
        notes.append((0, "", "the file is not UTF-8 and is read as Chinese text (GB 2312): check the words in it"))
        return text


def _as_said(file: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise FolderError(f"{file.name}: encoding {encoding!r} is not known. Write utf-8, gb18030 or cp1252") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FolderError(f"{file.name}:{line}: the file is not {encoding} text, as its mapping says") from None


def _csv(
    file: Path, data: bytes, notes: list[tuple[int, str, str]], encoding: str | None
) -> tuple[tuple[str, ...], Sequence[Row]]:
    text = _decoded(file, data, notes, encoding)
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise FolderError(f"{file.name}:{line}: there is a NUL character in the file. Save it again as «CSV UTF-8»")
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(reader, None)
        if header and _SEP.fullmatch(text.split("\n", 1)[0].strip()):  # Excel's own hint, before the header
            header = next(reader, None)
        if not header or not any(cell.strip() for cell in header):
            raise FolderError(f"{file.name}:1: the first line must name the columns")
        columns = _columns(file.name, _without_blank_end(header))
        over = len(header) - len(columns)  # blank columns at the end, as spreadsheets write them
        at_once = () if over else _by_column(text, reader.line_num, delimiter, columns)
        rows = at_once or tuple(_rows(reader, columns, delimiter, notes, over))
    except csv.Error as error:
        raise FolderError(f"{file.name}:{reader.line_num}: {error}. Check the quotation marks in that line") from None
    return columns, rows


def _without_blank_end(header: Sequence[str]) -> list[str]:
    named = [place for place, cell in enumerate(header, start=1) if cell.strip()]
    return list(header[: named[-1]])


def _delimiter(text: str) -> str:
    """Semicolons, tabs or bars, as some programs write, are seen from the header."""
    header = text.split("\n", 1)[0]
    if hint := _SEP.fullmatch(header.strip()):
        return hint[1]
    return max(",;\t|", key=header.count)


_SEP = re.compile(r'"?sep=([,;\t|])"?', re.IGNORECASE)


def _columns(file: str, header: Sequence[str]) -> tuple[str, ...]:
    columns = tuple(cell.strip().lower().replace(" ", "_") for cell in header)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise FolderError(f"{file}:1: column {twice[0] or '(without a name)'} stands twice. Give each column one name")
    if "" in columns:
        raise FolderError(f"{file}:1: column {columns.index('') + 1} has no name")
    return columns


def _by_column(text: str, above: int, delimiter: str, columns: tuple[str, ...]) -> Sequence[Row]:
    """The rows of a large text by column, below so many lines; none where it is read row by row."""
    if len(text) < LARGE or len(columns) < 2 or text.count("\r") != text.count("\r\n"):
        return ()
    head = re.match(r"(?:[^\n]*\n)" f"{{{above}}}", text)
    body = text[head.end() :].replace("\r\n", "\n") if head else ""
    return by_column(body, above + 1, delimiter, columns, _clean, partial(_row, columns)) or ()


def _rows(
    reader: "csv._reader",  # type: ignore[name-defined]
    columns: tuple[str, ...],
    delimiter: str,
    notes: list[tuple[int, str, str]],
    over: int,
) -> Iterator[Row]:
    for line, cells in _parted(reader):
        if isinstance(cells, csv.Error):
            lines = f"{line} to {reader.line_num}" if reader.line_num > line else f"{line}"
            yield Row(line, {}, ("", "", f"{cells}. Check the quotation marks in line {lines}"))
            continue
        beyond = cells[len(columns) :] if over else []
        row = _row(columns, cells if any(cell.strip() for cell in beyond) else cells[: len(cells) - len(beyond)], line)
        if row is not None:
            if reader.line_num > line:
                broken = _swallowed(row.cells, line, reader.line_num, delimiter, notes)
                row = replace(row, broken=broken or row.broken)
            yield row


def _parted(reader: "csv._reader") -> Iterator[tuple[int, list[str] | csv.Error]]:  # type: ignore[name-defined]
    """The cells of each record with the line it begins on, or why it cannot be parted into cells; the next begins anew.

    A quotation mark that is never closed is raised: where the rows end is not known.
    """
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "end of data" in str(error):
                raise
            yield line, error


def _row(columns: tuple[str, ...], cells: list[str], line: int) -> Row | None:
    """A row of the cells of a line; None where nothing stands in them."""
    if not any(cells) or not any(cell.strip() for cell in cells):
        return None
    broken = None if len(cells) == len(columns) else _uneven(cells, columns)
    return Row(line, dict(zip(columns, map(_clean, cells), strict=False)), broken)


@lru_cache(maxsize=1 << 16)
def _clean(cell: str) -> str:
    return loud(cell.strip())


def quiet(text: str) -> str:
    """A cell of CSV that no spreadsheet runs: what would be a formula begins with an apostrophe, as typed into one."""
    return f"'{text}" if _RUNS.match(text) and not _NUMERAL.fullmatch(text) else text


def loud(text: str) -> str:
    """The text of a cell, without the apostrophe that keeps a spreadsheet from running it."""
    return text[1:] if text[:1] == "'" and _RUNS.match(text) else text


_RUNS, _NUMERAL = re.compile(r"'*[=+\-@]"), re.compile(r"[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?")


def _swallowed(
    cells: Mapping[str, str], line: int, last: int, delimiter: str, notes: list[tuple[int, str, str]]
) -> tuple[str, str, str] | None:
    """A quoted cell over several lines: where they look like rows of their own, none of them is used."""
    for column, text in cells.items():
        inside = text.splitlines()[1:]
        if not inside:
            continue
        said = f"one cell in quotation marks holds the lines {line} to {last}"
        if any(one.count(delimiter) >= max(1, len(cells) - 2) for one in inside):
            return (
                column,
                text[:40],
                f"{said}, which look like rows of their own. Close the quotation mark in line {line}",
            )
        notes.append((line, column, f"{said}: they are read as its text"))
    return None


def _uneven(cells: Sequence[str], columns: tuple[str, ...]) -> tuple[str, str, str]:
    said = f"{len(cells)} cells, but there are {len(columns)} columns. Put a cell that holds a comma in quotation marks"
    return "", "", said


def _parquet(file: Path, data: bytes) -> tuple[tuple[str, ...], tuple[Row, ...]]:
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
    except Exception as error:  # polars raises many kinds for one cause: the file is not Parquet
        raise FolderError(f"{file.name}: not a Parquet file that can be read ({error})") from None
    columns = _columns(file.name, frame.columns)
    rows = (
        Row(number, {name: _text(cell) for name, cell in zip(columns, cells, strict=True)})
        for number, cells in enumerate(frame.iter_rows(), start=1)
    )
    return columns, tuple(rows)


def _text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    return ("yes" if cell else "no") if isinstance(cell, bool) else str(cell).strip()
