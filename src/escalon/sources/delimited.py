"""A text of CSV as a table: what it is encoded in, what parts its cells, which line names the columns, and its rows.

Nothing is dropped and nothing is guessed: a line that cannot be parted into cells is a row that says so.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import islice
from typing import TypeAlias

from escalon.sources.written import LARGE, Row, by_column

Notes: TypeAlias = list[tuple[int, str, str]]
"""What to know of a file: the line (0 for the whole file), the column, and a sentence."""
MOST_ABOVE = 20
"""So many lines at most are looked through for the one that names the columns."""


class FolderError(ValueError):
    """A data folder that cannot be read at all: names the file and line and says what to write instead."""


def decoded(name: str, data: bytes, notes: Notes, encoding: str | None) -> str:
    """The text of a file: as it is said to be, else UTF-8, UTF-16, or Chinese in the characters of GB 2312."""
    if encoding is not None:
        return _as_said(name, data, encoding)
    try:
        if wide := _utf_16(data):
            text = data.decode(wide)
            notes.append((0, "", "the file is read as UTF-16"))
            return text
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            text = data.decode("gb2312")
        except UnicodeDecodeError:
            line = data[: error.start].count(b"\n") + 1
            said = f"{name}:{line}: the file is not UTF-8 text. Save it as «CSV UTF-8»"
            raise FolderError(said) from None
        notes.append((0, "", "the file is not UTF-8 and is read as Chinese text (GB 2312): check the words in it"))
        return text


def _utf_16(data: bytes) -> str:
    """The kind of UTF-16 a file is in: by its mark, or because every second byte of its first letters is nothing."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    first = data[:16]
    kinds = {"utf-16-le": (first[1::2], first[::2]), "utf-16-be": (first[::2], first[1::2])}
    return next((kind for kind, (none, some) in kinds.items() if none and not any(none) and all(some)), "")


def _as_said(name: str, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise FolderError(f"{name}: encoding {encoding!r} is not known. Write utf-8, gb18030 or cp1252") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FolderError(f"{name}:{line}: the file is not {encoding} text, as its mapping says") from None


def names_at(records: Sequence[Sequence[str]]) -> int:
    """Which of a table's first records names the columns: the first of several names, below a title or blank lines.

    A name begins with a letter, so that a row of numbers is none. Without such a record it is the first that says anything.

    >>> names_at([["Visits of March", ""], [], ["participant", "esr"], ["P01", "12"]])
    2
    """
    said = [[cell.strip() for cell in one if cell.strip()] for one in records]
    first = next((at for at, one in enumerate(said) if one), 0)
    several = next((at for at, one in enumerate(said) if len(one) > 1), first)
    return several if all(cell[0].isalpha() for one in said[several : several + 1] for cell in one) else first


def left_above(titles: Sequence[Sequence[str]], line: int) -> Notes:
    """The note that something stands above the line that names the columns; none where only blank lines do."""
    words = [cell.strip() for one in titles for cell in one if cell.strip()]
    return (
        [(line, "", f"the columns are named in line {line}; «{words[0][:40]}» above it is left out")] if words else []
    )


def table_of(name: str, text: str, notes: Notes) -> tuple[tuple[str, ...], tuple[str, ...], Sequence[Row]]:
    """The names of the columns as they are written and as they are read, and the rows. Raises FolderError with its place."""
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise FolderError(f"{name}:{line}: there is a NUL character in the file. Save it again as «CSV UTF-8»")
    above, delimiter, titles = _top(text)
    if above:
        text = "\n" * above + _LINE_END.split(text, maxsplit=above)[-1]
        notes += left_above(titles, above + 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(islice(reader, above, None), None)
        if not header or not any(cell.strip() for cell in header):
            raise FolderError(f"{name}:1: the first line must name the columns")
        heads = _without_blank_end(header)
        columns = columns_of(name, heads, above + 1)
        over = len(header) - len(columns)  # blank columns at the end, as spreadsheets write them
        at_once = () if over else _by_column(text, reader.line_num, delimiter, columns)
        rows = at_once or tuple(_rows(_parted(reader, text, delimiter, len(columns)), columns, delimiter, notes, over))
    except csv.Error as error:
        said, line = error.args if len(error.args) > 1 else (error, reader.line_num)
        raise FolderError(f"{name}:{line}: {said}. Check the quotation marks in that line") from None
    return tuple(cell.strip() for cell in heads), columns, rows


_SEP = re.compile(r'"?sep=([,;\t|])"?', re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")


def _top(text: str) -> tuple[int, str, list[list[str]]]:
    """How many lines stand above the names of the columns, the delimiter, and the cells of those lines.

    Semicolons, tabs or bars, as some programs write, are seen from the line of names, or said by Excel's hint, `sep=;`.
    """
    first = _LINE_END.split(text[: 1 << 16], maxsplit=MOST_ABOVE)[:MOST_ABOVE]
    hint = _SEP.fullmatch(first[0].strip())
    lines = first[1:] if hint else first
    parted = []
    for line in lines:
        parted.append(next(csv.reader([line], delimiter=hint[1] if hint else _delimiter(line)), []))
        if line.count('"') % 2:  # a name over several lines
            break
    at = names_at(parted)
    return at + bool(hint), hint[1] if hint else _delimiter(lines[at] if lines else ""), parted[:at]


def _delimiter(line: str) -> str:
    return max(",;\t|", key=line.count)


def _without_blank_end(header: Sequence[str]) -> list[str]:
    named = [place for place, cell in enumerate(header, start=1) if cell.strip()]
    return list(header[: named[-1]])


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def columns_of(name: str, header: Sequence[str], line: int = 1) -> tuple[str, ...]:
    """The columns as a header names them, in small letters and with underscores. Raises FolderError."""
    columns = tuple(map(_plain, header))
    twice = sorted({one for one in columns if columns.count(one) > 1})
    if twice:
        raise FolderError(
            f"{name}:{line}: column {twice[0] or '(without a name)'} stands twice. Give each column one name"
        )
    if "" in columns:
        raise FolderError(f"{name}:{line}: column {columns.index('') + 1} has no name")
    return columns


def _by_column(text: str, above: int, delimiter: str, columns: tuple[str, ...]) -> Sequence[Row]:
    """The rows of a large text by column, below so many lines; none where it is read row by row."""
    if len(text) < LARGE or len(columns) < 2 or text.count("\r") != text.count("\r\n"):
        return ()
    head = re.match(r"(?:[^\n]*\n)" f"{{{above}}}", text)
    body = text[head.end() :].replace("\r\n", "\n") if head else ""
    if head and f"\n{head[0].splitlines()[-1]}\n" in body:  # the columns are named again
        return ()
    return by_column(body, above + 1, delimiter, columns, _clean, partial(_row, columns)) or ()


def _rows(
    parted: Iterator["Parted"],
    columns: tuple[str, ...],
    delimiter: str,
    notes: list[tuple[int, str, str]],
    over: int,
) -> Iterator[Row]:
    for line, last, cells, why in parted:
        if why:
            lines = f"{line} to {last}" if last > line else f"{line}"
            known = dict(zip(columns, map(_clean, cells), strict=False))
            yield Row(line, known, ("", "", f"{why}. Check the quotation marks in line {lines}"))
            continue
        if _names_again(cells, columns):
            notes.append(
                (line, "", "the columns are named again, as where files were put together: the line is left out")
            )
            continue
        beyond = cells[len(columns) :] if over else []
        row = _row(columns, cells if any(cell.strip() for cell in beyond) else cells[: len(cells) - len(beyond)], line)
        if row is not None:
            if last > line:
                broken = _swallowed(row.cells, line, last, delimiter, notes)
                row = replace(row, broken=broken or row.broken)
            yield row


def _names_again(cells: Sequence[str], columns: tuple[str, ...]) -> bool:
    return len(cells) >= len(columns) > 1 and all(
        _plain(one) == name for one, name in zip(cells, columns, strict=False)
    )


Parted: TypeAlias = tuple[int, int, list[str], str]
"""A record: the lines it begins and ends on, its cells, and why it cannot be parted into cells; the next begins anew."""


def _parted(reader: "csv._reader", text: str, delimiter: str, width: int) -> Iterator[Parted]:  # type: ignore[name-defined]
    """The records below the names of the columns.

    A quotation mark that is never closed costs its own line where each below it is a row by itself. Elsewhere it is
    raised: where the rows end is not known.
    """
    above = 0
    while True:
        line = above + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "end of data" not in str(error):
                yield line, above + reader.line_num, [], str(error)
                continue
            why = "a quotation mark is opened and never closed"
            own, below = _from_line(text, line)
            if not _are_rows(below, delimiter, width):
                raise csv.Error(why, line) from None
            yield line, line, next(csv.reader([own], delimiter=delimiter), []), why
            reader, above = csv.reader(io.StringIO(below, newline=""), delimiter=delimiter, strict=True), line
            continue
        yield line, above + reader.line_num, cells, ""


def _from_line(text: str, line: int) -> tuple[str, str]:
    """A line of a text, counted from 1, and all below it."""
    ends = [0, *(end.end() for end in islice(_LINE_END.finditer(text), line)), len(text)]
    return text[ends[line - 1] : ends[line]], text[ends[line] :]


def _are_rows(text: str, delimiter: str, width: int) -> bool:
    """Whether each line of a text is a row of so many cells, or empty."""
    try:
        return all(
            len(cells) in (0, width) for cells in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
        )
    except csv.Error:
        return False


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
