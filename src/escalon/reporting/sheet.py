"""The tables of a document as one workbook and as CSV: numbers as numbers, everything else as text that no program runs."""

import csv as csv_format
import re
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, StringIO
from textwrap import wrap
from typing import Any

from escalon.reporting.document import Cell, Document, RowKind, Table, TableRow, printable
from escalon.reporting.packed import settled
from escalon.sources.delimited import quiet

_DOUBLE = re.compile("[\u2e80-\uffdc]")
_NUMBER = re.compile(r"[-−]?\d+(?:\.(\d+))?")
_WIDEST = 60
_A4 = 9
_LINE = 12.0
"""The height of a line of cells, in points."""
_HIGHEST = 409.0
"""The most that the format allows a row."""


def workbook(document: Document, tables: Iterable[Table] | None = None) -> bytes:
    """One sheet a table, under the study, the mark and the cut-off; the same document gives the same bytes."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    looks, shown = Looks(), list(document.tables() if tables is None else tables)
    about = [[f"{document.study.upper()} · {document.title}"], [document.mark], [document.dated], [document.stamp], []]
    sheet = book.create_sheet("contents")
    _on_paper(sheet, document)
    for line in (*about, *([one.id, one.title] for one in shown)):
        sheet.append([looks.cell(sheet, text) for text in line])
    for table in shown:
        _sheet(book, document, table, looks)
    stream = BytesIO()
    book.save(stream)
    return settled(stream.getvalue())


class Looks:
    """How cells of one workbook look: each look is worked out for its first cell and shared with all that look so."""

    def __init__(self) -> None:
        self._known: dict[tuple[bool, str, str, int], Any] = {}

    def cell(
        self, sheet: Any, value: object, *, bold: bool = False, shown: str = "General", side: str = "", indent: int = 0
    ) -> Any:
        """A cell that holds a number as one, and a text as nothing but text; one with a side is of a column, and wraps."""
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font

        made: Any = WriteOnlyCell(sheet, printable(value) if isinstance(value, str) else value)
        look = bold, shown, side, indent
        if look not in self._known:
            made.font, made.number_format = Font(name="Inter", bold=bold, size=9), shown
            made.alignment = Alignment(side or None, "top", wrap_text=bool(side) or None, indent=indent)
            self._known[look] = made._style
        made._style = self._known[look]
        if isinstance(value, str):
            made.data_type = "s"
        return made


def _sheet(book: Any, document: Document, table: Table, looks: Looks) -> None:
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(table.id)
    widths = [_width(table, place) for place in range(len(table.columns))]
    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    dated = " · ".join(filter(None, (document.mark, document.dated)))
    wide = max(sum(widths), _WIDEST)  # a longer line would make the printed page that wide
    above = [f"{table.label} {table.title}", dated, *wrap(table.about, wide)]
    sheet.freeze_panes = f"A{len(above) + 2}"
    sheet.print_title_rows = f"{len(above) + 1}:{len(above) + 1}"
    _on_paper(sheet, document)
    for text in above:
        sheet.append([looks.cell(sheet, text, bold=text is above[0])])
    sides = [("right", 0) if column.right else ("left", int(place > 0)) for place, column in enumerate(table.columns)]
    heads = zip(table.columns, sides, strict=True)
    sheet.append([looks.cell(sheet, one.head, bold=True, side=side, indent=indent) for one, (side, indent) in heads])
    for number, row in enumerate(table.rows, start=len(above) + 2):
        lines = max(_lines(cell.text, width) for cell, width in zip(row.cells, widths, strict=True))
        if lines > 1:  # a row whose height is not said is one line high in print
            sheet.row_dimensions[number].height = min(_LINE * lines, _HIGHEST)
        sheet.append(list(_cells(sheet, row, sides, looks)))
        sheet.row_dimensions.pop(number, None)
    for note in (*((table.empty,) if not table.rows else ()), *table.notes):
        for line in wrap(note, wide):
            sheet.append([looks.cell(sheet, line)])


def _cells(sheet: Any, row: TableRow, sides: Sequence[tuple[str, int]], looks: Looks) -> Iterator[Any]:
    """The cells of a row, each on its column's side; the first of a group's member stands in."""
    shown_cells = row.cells[:1] if row.is_heading else row.cells
    for place, (cell, (side, indent)) in enumerate(zip(shown_cells, sides, strict=False)):
        value, shown = _typed(cell)
        inner = int(row.kind is RowKind.UNDER and place == 0)
        yield looks.cell(sheet, value, bold=row.kind is RowKind.HEAD, shown=shown, side=side, indent=indent + inner)


def _on_paper(sheet: Any, document: Document) -> None:
    """One page wide, under the study, the mark and the cut-off."""
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.page_setup.paperSize = "landscape", 0, _A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddHeader.left.text, sheet.oddHeader.right.text = document.study.upper(), document.dated
    sheet.oddHeader.center.text, sheet.oddFooter.right.text = document.mark, "page &P of &N"


def _typed(cell: Cell) -> tuple[object, str]:
    """The value as a spreadsheet holds it: what is printed as a number is one, with the digits that are printed."""
    found = _NUMBER.fullmatch(cell.text)
    if found is None or cell.value is None:
        return cell.text, "General"
    text = cell.text.replace("−", "-")
    digits = len(found[1] or "")
    return (float(text), f"0.{'0' * digits}") if digits else (int(text), "0")


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column; a Chinese letter is as wide as two others."""
    return len(wrap(_DOUBLE.sub("xx", text), width + width // 10))


def _width(table: Table, place: int) -> int:
    texts = [table.columns[place].head, *(row.cells[place].text for row in table.rows[:200])]
    longest = max(map(len, texts))
    return max(8, min(longest + 2, _WIDEST if longest < 10 * _WIDEST else 2 * _WIDEST))


def csv(document: Document, table: Table) -> str:
    """The table as printed, with study, cut-off and mark in every row; what a spreadsheet would run begins with `'`."""
    columns = (*(column.key for column in table.columns), "study", "cutoff", "mark")
    about = (document.study, document.cutoff, document.mark)
    rows = ((*(_quiet(cell) for cell in row.cells), *about) for row in table.rows)
    return csv_text(columns, rows)


def _quiet(cell: Cell) -> str:
    if _NUMBER.fullmatch(cell.text) and cell.value is not None:
        return cell.text.replace("−", "-")
    return quiet(cell.text)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; an absent value is an empty cell."""
    text = StringIO()
    writer = csv_format.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return text.getvalue()
