"""Reading a folder of CSV, TSV or Parquet tables as text, cell by cell: nothing is dropped and nothing is guessed.

Values stay the characters that were written, so that no digit is lost; kinds, units and ranges are checked a layer above.
"""

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TABLES = ("facts", "treatments", "adverse_events", "doses", "samples")


class FolderError(ValueError):
    """A data folder that cannot be read at all: names the file and line and says what to write instead."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as written: the line it starts on (a header is line 1) and its cells by column, stripped of blanks."""

    line: int
    cells: Mapping[str, str]
    broken: tuple[str, str, str] | None = None
    """Why it cannot be used as it stands: the column, what is written there, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a data folder."""

    name: str
    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
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
    others = []
    for file in sorted(path.iterdir()):
        name, kind = kind_of(file.name)
        if name not in names or kind not in KINDS:
            others.append(file.name)
            continue
        if name in tables:
            raise FolderError(
                f"{path}: {tables[name].file} and {file.name} are both the table {name}. Keep one of them"
            )
        tables[name] = read_table(file)
    if "facts" not in (*tables, *also):
        raise FolderError(
            f"{path}: there is no facts.csv or facts.parquet. `escalon data dictionary` says what goes in it"
        )
    return Folder(path, tables, tuple(others))


KINDS = ("csv", "tsv", "parquet")


def kind_of(name: str) -> tuple[str, str]:
    """The table and the kind a file's name says: `Facts.csv.gz` is the table facts, written as csv."""
    stem, _, kind = name.lower().removesuffix(".gz").rpartition(".")
    return stem, kind


def read_table(file: Path) -> Table:
    """Read one CSV, TSV or Parquet file, packed by gzip or not. Raises FolderError with file and line."""
    written = file.read_bytes()
    name, kind = kind_of(file.name)
    data = _unpacked(file, written)
    notes: list[tuple[int, str, str]] = []
    columns, rows = _parquet(file, data) if kind == "parquet" else _csv(file, data, notes)
    return Table(name, file.name, columns, rows, hashlib.sha256(written).hexdigest(), tuple(notes))


def _unpacked(file: Path, data: bytes) -> bytes:
    if not file.name.lower().endswith(".gz"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise FolderError(f"{file.name}: it cannot be unpacked ({error}). Pack it again with gzip") from None


def _decoded(file: Path, data: bytes, notes: list[tuple[int, str, str]]) -> str:
    """The text of a file: UTF-8, UTF-16 by its mark, or Chinese text in the common characters of GB 2312."""
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


def _csv(file: Path, data: bytes, notes: list[tuple[int, str, str]]) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    text = _decoded(file, data, notes)
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise FolderError(f"{file.name}:{line}: there is a NUL character in the file. Save it again as «CSV UTF-8»")
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(reader, None)
        if not header or not any(cell.strip() for cell in header):
            raise FolderError(f"{file.name}:1: the first line must name the columns")
        columns = _columns(file, header)
        rows = _rows(reader, columns, delimiter, notes)
    except csv.Error as error:
        raise FolderError(f"{file.name}:{reader.line_num}: {error}. Check the quotation marks in that line") from None
    return columns, tuple(rows)


def _delimiter(text: str) -> str:
    """Semicolons or tabs, as some spreadsheets write, are seen from the header."""
    header = text.split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _columns(file: Path, header: Sequence[str]) -> tuple[str, ...]:
    columns = tuple(cell.strip().lower().replace(" ", "_") for cell in header)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise FolderError(
            f"{file.name}:1: column {twice[0] or '(without a name)'} stands twice. Give each column one name"
        )
    if "" in columns:
        raise FolderError(f"{file.name}:1: column {columns.index('') + 1} has no name")
    return columns


def _rows(
    reader: "csv._reader",  # type: ignore[name-defined]
    columns: tuple[str, ...],
    delimiter: str,
    notes: list[tuple[int, str, str]],
) -> list[Row]:
    rows = []
    line = reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            known = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
            broken = _uneven(cells, columns)
            if reader.line_num > line:
                broken = _swallowed(known, line, reader.line_num, delimiter, notes) or broken
            rows.append(Row(line, known, broken))
        line = reader.line_num + 1
    return rows


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


def _uneven(cells: Sequence[str], columns: tuple[str, ...]) -> tuple[str, str, str] | None:
    if len(cells) == len(columns):
        return None
    said = f"{len(cells)} cells, but there are {len(columns)} columns. Put a cell that holds a comma in quotation marks"
    return "", "", said


def _parquet(file: Path, data: bytes) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    import polars as pl

    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except Exception as error:  # polars raises many kinds for one cause: the file is not Parquet
        raise FolderError(f"{file.name}: not a Parquet file that can be read ({error})") from None
    columns = _columns(file, frame.columns)
    rows = (
        Row(number, {name: _text(cell) for name, cell in zip(columns, cells, strict=True)})
        for number, cells in enumerate(frame.iter_rows(), start=1)
    )
    return columns, tuple(rows)


def _text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    return ("yes" if cell else "no") if isinstance(cell, bool) else str(cell).strip()
