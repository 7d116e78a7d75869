"""A first mapping for exported tables: what a column's name says by itself is filled in, all else is left to a person.

Nothing is guessed that could be wrong in silence: a unit is written only where the dictionary accepts no other, a column that
may be two names is neither, and what was not found stands below as a comment with what the column holds.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from escalon.protocol.study import FactDefinition, Study
from escalon.sources.mapping import MAPPING, widened
from escalon.sources.tables import KINDS, TABLES, Table, kind_of, read_table

ROLES = {
    "participant": ("record_id", "participant", "subject_id", "subjid", "usubjid", "patient_id", "pid", "受试者编号"),
    "date": ("visit_date", "date", "visitdt", "svdtc", "assessment_date", "访视日期", "日期"),
    "visit": ("redcap_event_name", "visit", "event", "timepoint", "访视"),
}
"""The names that exports give to whose row it is, when it was, and which visit: REDCap's and SDTM's first."""
_LIMITS = {"upper": ("_uln", "_upper", "_high"), "lower": ("_lln", "_lower", "_low")}
_UNIT = ("_unit", "_units", "_u")
_SHOWN = 4


def draft_mapping(study: Study, folder: Path) -> str:
    """The text of a `mapping.toml` to begin with, a table for each exported file that is not one of the dictionary's."""
    mapped = {one.wide.file for one in widened(folder)} if (folder / MAPPING).is_file() else set()
    files = [file for file in sorted(folder.iterdir()) if file.name not in mapped and _is_export(file)]
    return "\n".join(line for file in files for line in _table(study, read_table(file)))


def _is_export(file: Path) -> bool:
    name, kind = kind_of(file.name)
    return kind in (*KINDS, "xlsx") and name not in TABLES


def _table(study: Study, table: Table) -> Iterator[str]:
    columns = {_plain(one): one for one in table.columns}
    roles = {
        role: next((columns[_plain(one)] for one in names if _plain(one) in columns), "")
        for role, names in ROLES.items()
    }
    facts = {column: found for column in table.columns if (found := _meant(study, column))}
    yield f"# {table.file}: {len(table.rows)} rows. Check every line; what is wrong here is wrong in every row."
    yield "[[table]]"
    yield f"file        = {_text(table.file)}"
    for role, column in roles.items():
        yield f"{role:<11} = {_text(column)}" if column else f'# {role} = "…"{_left(table, ())}'
    if roles["visit"]:
        said = " ".join(dict.fromkeys(row.cells.get(roles["visit"], "") for row in table.rows))
        yield f"# visits = {{ … }}   # how each of these is called in the schedule ({_visits(study)}): {said[:200]}"
    yield "[table.facts]"
    used = set(roles.values())
    for column, fact in facts.items():
        if column not in used:
            written, beside = _cell(fact, column, columns, table)
            used |= {column, *beside}
            yield written
    for column in table.columns:
        if column not in used:
            yield f"# {column}: {_values(table, column) or 'empty in every row'}"
    yield ""


def _meant(study: Study, column: str) -> FactDefinition | None:
    """The one name of the dictionary that a column's name says, by itself or by its label."""
    wanted = _plain(column)
    found = [
        one
        for one in study.vocabulary.values()
        if not one.computed and wanted in {_plain(one.name), _plain(one.label), _plain(one.name.rpartition(".")[2])}
    ]
    exact = [one for one in found if _plain(one.name) == wanted] or found
    return exact[0] if len(exact) == 1 else None


def _cell(fact: FactDefinition, column: str, columns: dict[str, str], table: Table) -> tuple[str, set[str]]:
    """The line of a fact, and the columns beside its own that it takes."""
    beside: dict[str, str] = {}
    notes = []
    unit = next((columns[_plain(column + end)] for end in _UNIT if _plain(column + end) in columns), "")
    if unit:
        beside["unit_column"] = unit
    for limit, ends in _LIMITS.items():
        if fact.kind in ("number", "integer") and (
            found := next((columns[_plain(column + one)] for one in ends if _plain(column + one) in columns), "")
        ):
            beside[limit] = found
    said = {"column": column, **beside}
    if fact.units and not unit:
        said["unit"] = fact.units[0] if len(fact.units) == 1 else "…"
        notes += [f"one of {', '.join(fact.units)}"] if len(fact.units) > 1 else []
    seen = {row.cells.get(column, "") for row in table.rows} - {""}
    if fact.choices and not seen <= set(fact.choices):
        some = ", ".join(f"{_text(one)} = …" for one in sorted(seen)[:_SHOWN])
        notes.append(f"values = {{ {some} }} of {', '.join(fact.choices)}")
    name = fact.name if fact.name.isidentifier() else _text(fact.name)
    inner = ", ".join(f"{key} = {_text(text)}" for key, text in said.items())
    return f"{name} = {{ {inner} }}{'   # ' + '; '.join(notes) if notes else ''}", set(beside.values())


def _left(table: Table, used: tuple[str, ...]) -> str:
    return f"   # one of: {', '.join(one for one in table.columns if one not in used)[:300]}"


def _values(table: Table, column: str) -> str:
    seen = list(dict.fromkeys(text for row in table.rows if (text := row.cells.get(column, ""))))
    return ", ".join(seen[:_SHOWN])[:120] + (", …" if len(seen) > _SHOWN else "")


def _visits(study: Study) -> str:
    return ", ".join(one.id for one in study.visits)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
