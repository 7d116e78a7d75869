"""A workbook of Excel as tables of text: each sheet a table, each cell as it stands there, dates and yes/no as Excel keeps them.

A formula counts by the result Excel saved with it; one without a result, and a cell that holds an error, make their row
unusable, named by sheet and cell. A workbook is never changed and no formula is ever worked out.
"""

import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zipfile import BadZipFile

from escalon.facts import plain

MOST_CELLS = 20_000_000
"""A sheet that claims more was formatted to its last row, or is no table of a trial."""


class WorkbookError(ValueError):
    """A workbook that cannot be read; says what to do."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a sheet: its number, its cells as text, and the first cell that cannot be used with the reason."""

    number: int
    cells: tuple[str, ...]
    wrong: tuple[int, str, str] | None = None


def sheets(data: bytes) -> Mapping[str, tuple[SheetRow, ...]]:
    """Every sheet that is not empty by its name. Raises WorkbookError."""
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        results, formulas = _opened(data, results=True), _opened(data, results=False)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError, TypeError) as error:
        raise WorkbookError(f"not an Excel workbook that can be read ({error}). Save it again as .xlsx") from None
    found = {one.title: tuple(_rows(one, formulas[one.title])) for one in results.worksheets}
    results.close()
    formulas.close()
    return {name: rows for name, rows in found.items() if rows}


def _opened(data: bytes, *, results: bool) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and validations that openpyxl leaves out say nothing of values
        return load_workbook(io.BytesIO(data), read_only=True, data_only=results)


def _rows(sheet: Any, formulas: Any) -> Iterator[SheetRow]:
    if (sheet.max_row or 0) * (sheet.max_column or 0) > MOST_CELLS:
        raise WorkbookError(f"sheet {sheet.title} has {sheet.max_row} rows. Delete the rows below its last one")
    for number, (cells, written) in enumerate(zip(sheet.iter_rows(), formulas.iter_rows(), strict=False), start=1):
        texts: list[str] = []
        wrong = None
        for place, (cell, formula) in enumerate(zip(cells, written, strict=False)):
            texts.append(_text(cell))
            why = _why_unusable(cell, formula)
            wrong = wrong or ((place, str(formula.value)[:40], f"{cell.coordinate}: {why}") if why else None)
        if any(texts) or wrong:
            yield SheetRow(number, tuple(texts), wrong)


def _why_unusable(cell: Any, formula: Any) -> str:
    if cell.data_type == "e":
        return f"the cell holds the error {cell.value}. Correct its formula, or write the value"
    if cell.value is None and formula.data_type == "f":
        return "the formula has no saved result. Open the workbook in Excel, save it, or write the value"
    return ""


def _text(cell: Any) -> str:
    """A cell as one would write it in a CSV file; a share shown as a percentage keeps its percent sign."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="minutes")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return plain(value.total_seconds() / 3600) + " h"
        case int() | float() if "%" in str(cell.number_format):
            return f"{plain(round(value * 100, 10), 10)}%"
        case float() if value == int(value) and abs(value) < 1e15:
            return str(int(value))
    return str(value).strip()
