"""The tables of a document as one workbook and as CSV: numbers as numbers, everything else as text that no program runs."""

import csv as csv_format
import re
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from typing import Any

from escalon.reporting.document import Cell, Document, Table, printable
from escalon.reporting.packed import settled
from escalon.sources.tables import quiet

_NUMBER = re.compile(r"[-−]?\d+(?:\.(\d+))?")
_WIDEST = 60


def workbook(document: Document, tables: Iterable[Table] | None = None) -> bytes:
    """One sheet a table, under the study, the mark and the cut-off; the same document gives the same bytes."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    _fill(book, "contents", [[f"{document.study.upper()} · {document.title}"], [document.mark], [document.stamp]])
    for table in document.tables() if tables is None else tables:
        _sheet(book, document, table)
    stream = BytesIO()
    book.save(stream)
    return settled(stream.getvalue())


def _sheet(book: Any, document: Document, table: Table) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(table.id)
    widths = [_width(table, place) for place in range(len(table.columns))]
    for place, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    above = [
        f"{table.label} {table.title}",
        f"{document.mark} · data cut-off {document.cutoff}",
        *([table.about] * bool(table.about)),
    ]
    bold, wrapped = Font(name="Inter", bold=True, size=9), Alignment(wrap_text=True, vertical="top")
    whole = Alignment(vertical="top")
    plain = Font(name="Inter", size=9)
    sheet.freeze_panes = f"A{len(above) + 2}"
    sheet.print_title_rows = f"{len(above) + 1}:{len(above) + 1}"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddHeader.left.text, sheet.oddHeader.right.text = document.study.upper(), f"data cut-off {document.cutoff}"
    sheet.oddHeader.center.text, sheet.oddFooter.right.text = document.mark, "page &P of &N"

    def made(value: object, font: Any = plain, shown: str = "General", how: Any = wrapped) -> Any:
        cell = WriteOnlyCell(sheet, printable(value) if isinstance(value, str) else value)
        cell.font, cell.number_format, cell.alignment = font, shown, how
        if isinstance(value, str):
            cell.data_type = "s"
        return cell

    for text in above:
        sheet.append([made(text, bold if text is above[0] else plain, how=whole)])
    sheet.append([made(column.head, bold) for column in table.columns])
    for row in table.rows:
        sheet.append([made(*_typed(cell, bold if row.kind == "head" else plain)) for cell in row.cells])
    for note in (*((table.empty,) if not table.rows else ()), *table.notes):
        sheet.append([made(note, how=whole)])


def _fill(book: Any, name: str, rows: Iterable[list[str]]) -> None:
    sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(row)


def _typed(cell: Cell, font: Any) -> tuple[object, Any, str]:
    """The value as a spreadsheet holds it: what is printed as a number is one, with the digits that are printed."""
    found = _NUMBER.fullmatch(cell.text)
    if found is None or cell.value is None:
        return cell.text, font, "General"
    text = cell.text.replace("−", "-")
    digits = len(found[1] or "")
    return (float(text), font, f"0.{'0' * digits}") if digits else (int(text), font, "0")


def _width(table: Table, place: int) -> int:
    texts = [table.columns[place].head, *(row.cells[place].text for row in table.rows[:200])]
    return max(8, min(max(map(len, texts)) + 2, _WIDEST))


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
