"""A workbook of Excel as tables of text: each sheet a table, each cell as it stands there, dates and yes/no as Excel keeps them.

A formula counts by the result Excel saved with it; one without a result, and a cell that holds an error, make their row
unusable, named by sheet and cell; so does a cell that was merged with others. What the format of a cell writes beside its
number (`<5`, `36 U/L`) is part of the text. Hidden rows, columns and sheets are read and said to be hidden. A workbook is
never changed and no formula is ever worked out.
"""

import io
import operator
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

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


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows, and what is hidden in it, in words."""

    rows: tuple[SheetRow, ...]
    hidden: str = ""


def sheets(data: bytes) -> Mapping[str, Sheet]:
    """Every sheet that is not empty by its name. Raises WorkbookError."""
    try:
        results, formulas = _opened(data, results=True), _opened(data, results=False)
        found = {one.title: _sheet(one, formulas[one.title]) for one in results.worksheets}
        results.close()
        formulas.close()
    except WorkbookError:
        raise
    except Exception as error:  # openpyxl and what it unpacks with raise many kinds for one cause: it is no workbook
        raise WorkbookError(f"not an Excel workbook that can be read ({error}). Save it again as .xlsx") from None
    return {name: sheet for name, sheet in found.items() if sheet.rows}


def _opened(data: bytes, *, results: bool) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and validations that openpyxl leaves out say nothing of values
        return load_workbook(io.BytesIO(data), read_only=True, data_only=results)


def _sheet(sheet: Any, formulas: Any) -> Sheet:
    merged, hidden = _layout(sheet)
    rows = tuple(_rows(sheet, formulas, merged))
    return Sheet(rows, _hidden(sheet, hidden) if rows else "")


Merged: TypeAlias = Mapping[int, Sequence[tuple[int, int, str]]]
"""The cells that merged ones cover, by row: from which column to which, and the range; the first cell is not covered."""
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z]+\d+:[A-Z]+\d+)"')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row (?=[^>]*\bhidden="(?:1|true)")[^>]*\br="(\d+)"')
_HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col (?=[^>]*\bhidden="(?:1|true)")')


def _layout(sheet: Any) -> tuple[Merged, tuple[str, ...]]:
    """What merged cells cover, and what is hidden, in words."""
    from openpyxl.utils.cell import range_boundaries

    with sheet._get_source() as file:  # openpyxl reads no layout where it reads row by row
        written = file.read()
    covered: dict[int, list[tuple[int, int, str]]] = {}
    for found in _MERGED.finditer(written):
        area = found[1].decode()
        left, top, right, bottom = range_boundaries(area)
        for row in range(top, min(bottom, sheet.max_row or bottom) + 1):
            covered.setdefault(row, []).append((left + (row == top), right, area))
    rows = [int(found[1]) for found in _HIDDEN_ROW.finditer(written)]
    shown = ", ".join(map(str, rows[:5])) + (" and more" if len(rows) > 5 else "")
    hidden = [f"row{'s' * (len(rows) > 1)} {shown}"] if rows else []
    return covered, (*hidden, *(["columns"] if _HIDDEN_COLUMN.search(written) else []))


def _hidden(sheet: Any, parts: tuple[str, ...]) -> str:
    parts = parts if sheet.sheet_state == "visible" else ("the sheet",)
    return f"hidden in the workbook, and read all the same: {', '.join(parts)}" if parts else ""


def _rows(sheet: Any, formulas: Any, merged: Merged) -> Iterator[SheetRow]:
    if (sheet.max_row or 0) * (sheet.max_column or 0) > MOST_CELLS:
        raise WorkbookError(f"sheet {sheet.title} has {sheet.max_row} rows. Delete the rows below its last one")
    for number, (cells, written) in enumerate(zip(sheet.iter_rows(), formulas.iter_rows(), strict=False), start=1):
        texts: list[str] = []
        wrong = None
        for place, (cell, formula) in enumerate(zip(cells, written, strict=False)):
            texts.append(_text(cell))
            why = _why_unusable(cell, formula)
            if not wrong and why:
                wrong = place, str(formula.value)[:40], f"{cell.coordinate}: {why}"
        for left, right, area in merged.get(number, ()):
            if not wrong and any(texts) and left <= min(right, len(texts)):
                says = f"{area} are merged into one cell. Part them and write the value into each that it is for"
                wrong = left - 1, "", says
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
        case datetime() if value.time() == time():
            return _day(value.date(), str(cell.number_format))
        case datetime():
            return value.isoformat(timespec="minutes")
        case time():
            return value.isoformat()
        case timedelta():
            return plain(value.total_seconds() / 3600) + " h"
        case int() | float():
            return _number(value, str(cell.number_format))
    return str(value).strip()


def _day(value: date, number_format: str) -> str:
    """A day as far as its format shows it: Excel keeps «May 2023» as the first of May, shown by `mmm yyyy`.

    Any other day than the first was written in full, and is kept.
    """
    shown = re.sub(r'"[^"]*"|\\.|\[[^]]*\]', "", number_format.lower())
    is_month = "m" in shown
    if "y" not in shown or "d" in shown or value.day > 1 or (value.month > 1 and not is_month):
        return value.isoformat()
    return f"{value:%Y-%m}" if is_month else f"{value:%Y}"


_ASIDE = re.compile(r'["\\%;<>=≤≥]|\[\$|0{2}')
_TOKEN = re.compile(
    r'"(?P<words>[^"]*)"|\\(?P<one>.)|\[\$(?P<sign>[^]-]*)[^]]*\]|\[[^]]*\]|[_*].|(?P<digits>General|[0#?@])|(?P<than>[<>=≤≥])|.',
    re.DOTALL,
)
_IF = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]")
_HOLDS = {"<": operator.lt, ">": operator.gt, "=": operator.eq, "<=": operator.le, ">=": operator.ge, "<>": operator.ne}


def _number(value: float, number_format: str) -> str:
    """A number with what its format writes before and behind it: `<5` of a 5 shown by `"<"0`, and of a 3 by `[<5]"<5";0`."""
    text = str(int(value)) if value == int(value) and abs(value) < 1e15 else str(value)
    if not _ASIDE.search(number_format):
        return text
    part = _part(value, number_format)
    before, behind, has_digits = _beside(part)
    if before and not has_digits:  # the cell shows these words and no number
        return before
    digits = re.sub(r'"[^"]*"|\\.', "", part)
    if text.isdecimal() and re.fullmatch(r"\s*0+\s*", digits):
        text = text.zfill(digits.count("0"))  # a code such as 001
    if "%" in digits:
        text = f"{plain(round(value * 100, 10), 10)}%"
    return f"{before}{text} {behind}".strip()


def _part(value: float, number_format: str) -> str:
    """The part of a format that a number is shown by: the one whose condition it meets, else by its sign."""
    parts = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', number_format)
    asked = [_IF.search(part) for part in parts]
    if any(asked):
        met = (not said or _HOLDS[said[1]](value, float(said[2])) for said in asked)
        return next((part for part, is_met in zip(parts, met, strict=True) if is_met), "")
    place = 1 if value < 0 else 2 if value == 0 else 0
    return parts[place] if place < len(parts[:3]) else parts[0]


def _beside(part: str) -> tuple[str, str, bool]:
    """What stands before and behind the digits of a format, and whether there are any; a dash for nothing says nothing."""
    sides, has_digits = ["", ""], False
    for found in _TOKEN.finditer(part):
        has_digits |= found["digits"] is not None
        sides[has_digits] += found["words"] or found["one"] or found["sign"] or found["than"] or ""
    before, behind = ("" if side.strip() in ("-", "–", "—") else side for side in sides)
    return before, behind.strip(), has_digits
