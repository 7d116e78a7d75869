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
    leave_out   = { redcap_repeat_instrument = ["diary"] }   # lines no table takes, left out by name
    asked       = { mh_complete = "2" }         # a box left unticked is a no only where the form is complete
    encoding    = "gb18030"                     # where it is not UTF-8, UTF-16 or plain Chinese
    dates       = "dmy"                         # how dates of several meanings are written: dmy, mdy, excel, excel1904
    date_from   = ["record_id", "event"]        # an undated line has the day of the dated one that agrees in these columns

    [table.facts]
    esr        = { column = "esr_result", unit = "mm/h" }
    alt        = { column = "alt", unit = "U/L", upper = "alt_uln" }
    creatinine = { column = "creat", unit_column = "creat_unit" }     # the unit stands beside each value
    sex        = { column = "sex", values = { 1 = "male", 2 = "female" } }
    "sledai_2k.rash" = { column = "sledai___15", values = { 0 = "absent", 1 = "present" } }

A long table (one row a test) says `name_column = "TEST"`, and each fact the name it has there:
`alt = { name = "ALT", column = "RESULT", unit_column = "UNIT", upper = "HIGH" }`.

A table `into = "adverse_events"` (or another table of the dictionary) names its columns in `[table.columns]` instead.
Every cell becomes a fact that knows its file, line and column. Columns that are neither mapped nor ignored are named, and so
is every line that no table takes: it may be a dose, an event or a withdrawal.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from escalon.facts.plain_file import text_of
from escalon.facts.words import not_known
from escalon.facts.written_day import Dates
from escalon.sources.columns import TABLES
from escalon.sources.delimited import FolderError
from escalon.sources.mapped_rows import (
    Note,
    cell_of,
    code_in,
    dated,
    days_of,
    fact_rows,
    is_about,
    is_unticked,
    is_wanted,
    records,
    texts_of,
)
from escalon.sources.tables import Table, read_table
from escalon.sources.written import Row

MAPPING = "mapping.toml"
_KEYS = {
    **dict.fromkeys("file into participant date visit encoding dates name_column".split(), str),
    **dict.fromkeys("missing ignore date_from".split(), list),
    **dict.fromkeys("only visits leave_out asked facts columns".split(), dict),
}
_CELL_KEYS = {
    **dict.fromkeys("column unit unit_column upper lower date".split(), str),
    **dict.fromkeys(("values", "units", "asked"), dict), "name": (str, list),
}  # fmt: skip
"""What each key is written as: text, a list, or a table of texts."""
_WRITTEN_AS = {str: '"…"', list: '["…"]', dict: '{ … = "…" }'}


@dataclass(frozen=True, slots=True)
class Widened:
    """A wide table turned into rows of a table of the dictionary; `unread` are the columns nobody mapped."""

    into: str
    table: Table
    read: int
    unread: tuple[str, ...]
    wide: Table
    """The lines as exported."""
    spec: Mapping[str, Any]
    notes: tuple[Note, ...]
    used: frozenset[str]
    """The columns of the export that the table reads."""

    def takes(self, row: Row) -> bool:
        """Whether an exported line is one of this table's."""
        return row.broken is None and is_wanted(row, self.spec.get("only", {})) and is_about(self.spec, row)

    @property
    def naming(self) -> set[str]:
        """The columns of the export without which an event, a dose, a treatment or a sample is none."""
        named = {one.name for one in TABLES[self.into] if one.required and one.cell not in ("code", "day")}
        cells = {name: cell for name, cell in self.spec.get("columns", {}).items() if name in named}
        return {str(cell if isinstance(cell, str) else cell["column"]).lower() for cell in cells.values()}

    def leaves_out(self, row: Row) -> bool:
        """Whether an exported line is named as one that nobody wants."""
        named = self.spec.get("leave_out", {})
        return bool(named) and row.broken is None and is_wanted(row, named)


@dataclass(frozen=True, slots=True)
class Leftover:
    """The lines of one exported file of which something is read by no table: those left out by name, and the others."""

    file: str
    left_out: int
    untaken: tuple[tuple[Row, tuple[str, str, str]], ...]
    """Each with the first column that keeps it from every table, what stands there, and what to write instead."""
    specs: tuple[Mapping[str, Any], ...]

    def participant(self, row: Row) -> str:
        """Whose line it is, empty where that cannot be seen."""
        return next((text for spec in self.specs if (text := cell_of(row, spec.get("participant")))), "")


def _why_untaken(row: Row, specs: Sequence[Mapping[str, Any]]) -> tuple[str, str, str]:
    if row.broken is not None:
        return row.broken
    columns = list(dict.fromkeys(str(column).lower() for spec in specs for column in spec.get("only", {})))
    columns += [str(spec["name_column"]).lower() for spec in specs if "name_column" in spec]
    message = (
        f"no table of {MAPPING} takes this line ({_said(row, columns)}), so nothing is known of what it says. "
        f"Correct `only`, map it, or name it in `leave_out`"
    )
    return columns[0] if columns else "", row.cells.get(columns[0], "") if columns else "", message


def _said(row: Row, columns: Iterable[str]) -> str:
    return ", ".join(f"{column} is {row.cells.get(column, '')!r}" for column in columns)


def _passed_by(
    row: Row, takers: Sequence[Widened], naming: Iterable[tuple[Widened, list[str]]], missing: set[str]
) -> tuple[str, str, str] | None:
    """A filled cell of an event, a dose, a treatment or a sample in a line of another table, which does not read it."""
    for one, columns in naming:
        for column in columns:
            text = row.cells.get(column, "")
            if not text or any(each is one or column in each.used for each in takers):
                continue
            if not not_known(text) and code_in(text, missing) not in missing and not is_unticked(column, text):
                why = _said(row, (str(name).lower() for name in one.spec.get("only", {})))
                return column, text, (
                    f"{column} is filled here, but the table into {one.into} that reads it does not take this line "
                    f"({why}). Correct `only`; in REDCap, {one.into} is a repeating instrument"
                )  # fmt: skip
    return None


def leftovers(wide: tuple[Widened, ...]) -> tuple[Leftover, ...]:
    """For each exported file, the lines of which no table of the mapping reads something that is there."""
    found = []
    for file in dict.fromkeys(one.wide.file for one in wide):
        tables = [one for one in wide if one.wide.file == file]
        specs = tuple(one.spec for one in tables)
        naming = [(one, sorted(one.naming)) for one in tables if one.into != "facts"]
        missing = {text for one in tables for text in texts_of(one.spec.get("missing", []))}
        left_out, untaken = 0, []
        for row in tables[0].wide.rows:
            if takers := [one for one in tables if one.takes(row)]:
                why = _passed_by(row, takers, naming, missing)
            elif any(one.leaves_out(row) for one in tables):
                left_out, why = left_out + 1, None
            else:
                why = _why_untaken(row, specs)
            untaken += [(row, why)] if why else []
        if left_out or untaken:
            found.append(Leftover(file, left_out, tuple(untaken), specs))
    return tuple(found)


def unmapped(wide: tuple[Widened, ...]) -> tuple[tuple[str, str], ...]:
    """Each exported file with each of its columns that no table of the mapping reads or ignores, once."""
    left: dict[tuple[str, str], int] = {}
    for one in wide:
        for column in one.unread:
            left[one.wide.file, column] = left.get((one.wide.file, column), 0) + 1
    tables = [one.wide.file for one in wide]
    return tuple(at for at, times in left.items() if times == tables.count(at[0]))


def widened(folder: Path) -> tuple[Widened, ...]:
    """Every table that the folder's mapping names, as rows. Raises FolderError naming the mapping's key."""
    file = folder / MAPPING
    if not file.exists():
        return ()
    try:
        document = tomllib.loads(text_of(file))
    except (OSError, RecursionError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FolderError(f"{MAPPING}: {error}") from None
    tables = document.get("table")
    if not isinstance(tables, list) or set(document) != {"table"}:
        raise FolderError(f"{MAPPING}: write one [[table]] for each exported file, and nothing else at the top")
    return widened_by(folder, tables, MAPPING)


def widened_by(folder: Path, tables: Sequence[Mapping[str, Any]], said_by: str) -> tuple[Widened, ...]:
    """The tables of a folder as rows, each as its mapping says that stands in `said_by`. Raises FolderError."""
    return tuple(_widened(folder, spec, f"{said_by}: table {at}") for at, spec in enumerate(tables, start=1))


def _widened(folder: Path, spec: Mapping[str, Any], where: str) -> Widened:
    _known(where, spec, _KEYS)
    into = spec.get("into", "facts")
    if into not in TABLES:
        raise FolderError(f"{where}: into = {into!r}. Write one of {', '.join(TABLES)}")
    name = spec.get("file")
    if not isinstance(name, str) or not (folder / name).is_file():
        raise FolderError(f"{where}: file = {name!r} is not in the folder")
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise FolderError(f"{where}: file = {name!r} lies outside the folder. Put the export beside {MAPPING}")
    if spec.get("dates") not in (None, *get_args(Dates)):
        raise FolderError(f"{where}: dates = {spec['dates']!r}. Write one of {', '.join(get_args(Dates))}")
    wide = read_table(folder / name, spec.get("encoding"))
    cells = spec.get("facts" if into == "facts" else "columns")
    if not isinstance(cells, Mapping) or not cells:
        raise FolderError(f"{where}: [table.{'facts' if into == 'facts' else 'columns'}] says which column is which")
    used = _columns_of(where, spec, cells, wide)
    rows = [
        row for row in wide.rows if row.broken is None and is_wanted(row, spec.get("only", {})) and is_about(spec, row)
    ]
    notes = [*_none_taken(spec, f"{where} (into {into})", wide, rows), *_untranslated(spec, where, rows)]
    rows = dated(spec, wide, rows)
    made = fact_rows(spec, cells, rows, notes) if into == "facts" else records(spec, cells, rows, days_of(into))
    written = tuple(made)
    named = _FACT_COLUMNS if into == "facts" else ("participant", *cells)
    columns = tuple(dict.fromkeys((*named, *(key for row in written for key in row.cells))))
    ignored = {str(one).lower() for one in spec.get("ignore", [])}
    unread = tuple(column for column in wide.columns if column not in used and column not in ignored)
    table = Table(into, wide.file, columns, written, wide.sha256)
    return Widened(into, table, len(written), unread, wide, spec, tuple(notes), frozenset(used))


_FACT_COLUMNS = ("participant", "fact", "value", "unit", "date", "source", "visit", "lower", "upper")


def _none_taken(spec: Mapping[str, Any], where: str, wide: Table, rows: list[Row]) -> list[Note]:
    """A table that takes no line at all may be a slip in `only`: what stands in its columns is said."""
    if rows or not wide.rows:
        return []
    held = [
        f"{column} holds {', '.join(repr(text) for text in list(dict.fromkeys(cell_of(row, column) for row in wide.rows))[:8])}"
        for column in spec.get("only", {})
    ]
    return [Note(1, "", "", f"{where} takes 0 of {len(wide.rows)} lines: {'; '.join(held)}")]


def _untranslated(spec: Mapping[str, Any], where: str, rows: list[Row]) -> Iterator[Note]:
    """A visit that `visits` does not list keeps the name it has in the export, which is said once for each."""
    column, listed = str(spec.get("visit", "")).lower(), spec.get("visits", {})
    first = {text: row.line for row in reversed(rows) if listed and (text := cell_of(row, column))}
    known = {*listed, *map(str, listed.values()), *texts_of(spec.get("missing", []))}
    for text in sorted((one for one in first if code_in(one, known) not in known), key=lambda one: first[one]):
        said = f"{text!r} is not listed in `visits` of {where}, so it is taken as the visit's own name. Listed: "
        yield Note(first[text], column, text, said + ", ".join(map(str, listed)))


def _known(where: str, spec: Any, keys: Mapping[str, Any]) -> None:
    if not isinstance(spec, Mapping):
        raise FolderError(f'{where}: write a table of keys, such as {{ column = "esr", unit = "mm/h" }}')
    for key, value in spec.items():
        if key not in keys:
            close = get_close_matches(key, keys, 1)
            hint = f" Did you mean {close[0]}?" if close else f" Known: {', '.join(sorted(keys))}"
            raise FolderError(f"{where}: {key!r} is not known.{hint}")
        if not isinstance(value, keys[key]):
            form = _WRITTEN_AS.get(keys[key], '"…"')
            raise FolderError(f"{where}: {key} = {value!r} is not written so. Write {key} = {form}")


def _columns_of(where: str, spec: Mapping[str, Any], cells: Mapping[str, Any], wide: Table) -> set[str]:
    """Every column the mapping reads, each checked to be there."""
    beside = spec.get("date_from", [])
    if beside and spec.get("date") is None:
        raise FolderError(
            f'{where}: date_from lists the columns of a visit. Write date = "…" and date_from = ["record_id", …]'
        )
    named = [*beside, *(spec.get(key) for key in ("participant", "date", "visit", "name_column"))]
    named += [column for key in ("only", "leave_out", "asked") for column in spec.get(key, {})]
    for fact, cell in cells.items():
        if isinstance(cell, str):
            named.append(cell)
            continue
        _known(f"{where}, {fact}", cell, _CELL_KEYS)
        if "column" not in cell:
            raise FolderError(f'{where}, {fact}: column is missing. Write {{ column = "…" }}')
        if str(cell.get("unit", "")).lower() in wide.columns:
            unit = cell["unit"]
            raise FolderError(f'{where}, {fact}: unit = "{unit}" is a column. Write unit_column = "{unit}"')
        named += [cell.get(key) for key in ("column", "unit_column", "upper", "lower", "date")] + list(
            cell.get("asked", {})
        )
    if spec.get("participant") is None:
        raise FolderError(f'{where}: participant is missing. Write participant = "record_id"')
    columns = {str(name).lower() for name in named if name}
    for column in sorted(columns - set(wide.columns)):
        close = get_close_matches(column, wide.columns, 1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise FolderError(f"{where}: {wide.file} has no column {column!r}.{hint}")
    return columns
