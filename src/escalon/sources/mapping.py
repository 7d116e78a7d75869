"""Wide tables, one row for each visit, as REDCap exports them: a mapping file says which column is which fact.

`mapping.toml` stands in the data folder beside the exported tables:

    [[table]]
    file        = "redcap_export.csv"
    participant = "record_id"
    date        = "visit_date"
    visit       = "redcap_event_name"
    missing     = ["-99", "NK"]                 # codes that mean: asked, not known
    only        = { redcap_repeat_instrument = "" }
    visits      = { screening_arm_1 = "screening", month_1_arm_1 = "D28" }
    ignore      = ["form_complete"]

    [table.facts]
    esr        = { column = "esr_result", unit = "mm/h" }
    alt        = { column = "alt", unit = "U/L", upper = "alt_uln" }
    sex        = { column = "sex", values = { 1 = "male", 2 = "female" } }
    "sledai_2k.rash" = { column = "sledai___15", values = { 0 = "absent", 1 = "present" } }

A table `into = "adverse_events"` (or another table of the dictionary) names its columns in `[table.columns]` instead.
Every cell becomes a fact that knows its file, line and column. Columns that are neither mapped nor ignored are named.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from escalon.sources.tables import TABLES, FolderError, Row, Table, read_table

MAPPING = "mapping.toml"
_KEYS = frozenset(
    {"file", "into", "participant", "date", "visit", "missing", "only", "visits", "ignore", "facts", "columns"}
)
_CELL_KEYS = frozenset({"column", "unit", "upper", "lower", "date", "values"})


@dataclass(frozen=True, slots=True)
class Widened:
    """A wide table turned into rows of a table of the dictionary; `unread` are the columns nobody mapped."""

    into: str
    table: Table
    read: int
    unread: tuple[str, ...]


def widened(folder: Path) -> tuple[Widened, ...]:
    """Every table that the folder's mapping names, as rows. Raises FolderError naming the mapping's key."""
    file = folder / MAPPING
    if not file.exists():
        return ()
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FolderError(f"{MAPPING}: {error}") from None
    tables = document.get("table")
    if not isinstance(tables, list) or set(document) != {"table"}:
        raise FolderError(f"{MAPPING}: write one [[table]] for each exported file, and nothing else at the top")
    return tuple(_widened(folder, spec, number) for number, spec in enumerate(tables, start=1))


def _widened(folder: Path, spec: Mapping[str, Any], number: int) -> Widened:
    where = f"{MAPPING}: table {number}"
    _known(where, spec, _KEYS)
    into = spec.get("into", "facts")
    if into not in TABLES:
        raise FolderError(f"{where}: into = {into!r}. Write one of {', '.join(TABLES)}")
    name = spec.get("file")
    if not isinstance(name, str) or not (folder / name).is_file():
        raise FolderError(f"{where}: file = {name!r} is not in the folder")
    wide = read_table(folder / name)
    cells = spec.get("facts" if into == "facts" else "columns")
    if not isinstance(cells, Mapping) or not cells:
        raise FolderError(f"{where}: [table.{'facts' if into == 'facts' else 'columns'}] says which column is which")
    used = _columns_of(where, spec, cells, wide)
    rows = [row for row in wide.rows if _wanted(row, spec.get("only", {}))]
    made = _facts(spec, cells, rows, wide) if into == "facts" else _records(spec, cells, rows)
    written = tuple(made)
    columns = tuple(dict.fromkeys(key for row in written for key in row.cells))
    ignored = {str(one).lower() for one in spec.get("ignore", [])}
    unread = tuple(column for column in wide.columns if column not in used and column not in ignored)
    return Widened(into, Table(into, wide.file, columns, written, wide.sha256), len(written), unread)


def _known(where: str, spec: Any, keys: frozenset[str]) -> None:
    if not isinstance(spec, Mapping):
        raise FolderError(f'{where}: write a table of keys, such as {{ column = "esr", unit = "mm/h" }}')
    for key in spec:
        if key not in keys:
            close = get_close_matches(key, keys, 1)
            hint = f" Did you mean {close[0]}?" if close else f" Known: {', '.join(sorted(keys))}"
            raise FolderError(f"{where}: {key!r} is not known.{hint}")


def _columns_of(where: str, spec: Mapping[str, Any], cells: Mapping[str, Any], wide: Table) -> set[str]:
    """Every column the mapping reads, each checked to be there."""
    named = [spec.get(key) for key in ("participant", "date", "visit")] + list(spec.get("only", {}))
    for fact, cell in cells.items():
        if isinstance(cell, str):
            named.append(cell)
            continue
        _known(f"{where}, {fact}", cell, _CELL_KEYS)
        if "column" not in cell:
            raise FolderError(f'{where}, {fact}: column is missing. Write {{ column = "…" }}')
        named += [cell.get(key) for key in ("column", "upper", "lower", "date")]
    if spec.get("participant") is None:
        raise FolderError(f'{where}: participant is missing. Write participant = "record_id"')
    columns = {str(name).lower() for name in named if name}
    for column in sorted(columns - set(wide.columns)):
        close = get_close_matches(column, wide.columns, 1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise FolderError(f"{where}: {wide.file} has no column {column!r}.{hint}")
    return columns


def _wanted(row: Row, only: Mapping[str, Any]) -> bool:
    return all(row.cells.get(str(column).lower(), "") == str(value) for column, value in only.items())


def _facts(spec: Mapping[str, Any], cells: Mapping[str, Any], rows: list[Row], wide: Table) -> Iterator[Row]:
    missing = {str(code) for code in spec.get("missing", [])}
    for row in rows:
        for fact, said in cells.items():
            cell = {"column": said} if isinstance(said, str) else said
            text = _cell(row, cell.get("column"))
            if text:
                yield Row(row.line, _fact(spec, fact, cell, text, row, missing))


def _fact(
    spec: Mapping[str, Any], fact: str, cell: Mapping[str, Any], text: str, row: Row, missing: set[str]
) -> dict[str, str]:
    visit = _known_cell(row, spec.get("visit"), missing)
    known = text not in missing
    return {
        "participant": _cell(row, spec["participant"]),
        "fact": fact,
        "value": str(cell.get("values", {}).get(text, text)) if known else "",
        "unit": str(cell.get("unit", "")) if known else "",
        "date": _known_cell(row, cell.get("date"), missing) or _known_cell(row, spec.get("date"), missing),
        "source": f"column {cell['column']}",
        "visit": str(spec.get("visits", {}).get(visit, visit)),
        "lower": _known_cell(row, cell.get("lower"), missing),
        "upper": _known_cell(row, cell.get("upper"), missing),
    }


def _records(spec: Mapping[str, Any], cells: Mapping[str, Any], rows: list[Row]) -> Iterator[Row]:
    missing = {str(code) for code in spec.get("missing", [])}
    for row in rows:
        made = {"participant": _cell(row, spec["participant"])}
        for column, said in cells.items():
            cell: Mapping[str, Any] = {"column": said} if isinstance(said, str) else said
            text = _cell(row, cell.get("column"))
            made[column] = "" if text in missing else str(cell.get("values", {}).get(text, text))
            if cell.get("unit"):
                made["unit"] = str(cell["unit"])
        yield Row(row.line, made)


def _cell(row: Row, column: Any) -> str:
    return row.cells.get(str(column).lower(), "") if column else ""


def _known_cell(row: Row, column: Any, missing: set[str]) -> str:
    """A cell beside a value; empty where it holds a code for «missing»."""
    text = _cell(row, column)
    return "" if text in missing else text
