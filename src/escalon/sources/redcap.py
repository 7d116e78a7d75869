"""The REDCap project of a study: its data dictionary, written from the study's own, and the mapping that reads its export.

One form holds the record and the day of the visit (`escalon_visit`), one each group of names; events, treatments, doses and
samples are repeating instruments. An export of raw codes with the form statuses is known by `escalon_visit_complete` and needs
no `mapping.toml`. Measured numbers are not validated by REDCap, so that `<0.1` can be entered as the laboratory reports it.

Source: the columns of REDCap's data dictionary as its Online Designer reads them (Harris 2009, doi:10.1016/j.jbi.2008.08.010).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from escalon.facts.plain_file import bytes_of
from escalon.facts.words import NOT_DONE, NOT_KNOWN
from escalon.protocol.study import FactDefinition, Study
from escalon.safety.words import Outcome, Syndrome
from escalon.sources.columns import TABLES, Column
from escalon.sources.delimited import FolderError
from escalon.sources.mapping import Widened, widened_by
from escalon.sources.tables import KINDS, LARGEST, Table, kind_of, read_table

HEADER = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
VISIT = "escalon_visit"
RECORD, DAY = "record_id", "visit_date"
MARK = f"{VISIT}_complete"
"""The column of an export that says it is of such a project."""
REPEATED = {"adverse_events": "ae", "treatments": "treatment", "doses": "dose", "samples": "sample"}
"""The tables that are repeating instruments, and what stands before the names of their columns."""
_EVENT, _INSTRUMENT = "redcap_event_name", "redcap_repeat_instrument"
_NOT_SAID = {"nd": NOT_DONE, "nk": NOT_KNOWN}
_YES_NO = {"1": "yes", "0": "no"} | _NOT_SAID


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: its variable, what it asks, and what its codes stand for."""

    variable: str
    form: str
    label: str
    choices: Mapping[str, str] | None = None
    note: str = ""
    validation: str = ""
    low: str = ""
    high: str = ""

    def row(self) -> list[str]:
        """A line of the data dictionary."""
        kind = "text" if self.choices is None else "radio" if len(self.choices) < 6 else "dropdown"
        choices = " | ".join(f"{code}, {text}" for code, text in (self.choices or {}).items())
        return [self.variable, self.form, "", kind, self.label, choices, self.note, self.validation, self.low, self.high,
                *[""] * 8]  # fmt: skip


def dictionary_rows(study: Study) -> list[list[str]]:
    """The data dictionary of the study's REDCap project, its header first."""
    first = Field(RECORD, VISIT, "Participant's code, such as P01: never a name")
    day = Field(DAY, VISIT, "Day of the visit", validation="date_ymd")
    return [list(HEADER), *(one.row() for one in (first, day, *_fields(study)))]


def own_exports(study: Study, folder: Path) -> tuple[Widened, ...]:
    """The exports in a folder that come from the study's own REDCap project, as rows of the dictionary's tables."""
    found: list[Widened] = []
    for file in sorted(folder.iterdir()):
        name, kind = kind_of(file.name)
        table = _marked(file) if kind in KINDS and name not in TABLES else None
        if table is not None:
            found += widened_by(folder, list(_specs(study, table)), "the study's REDCap dictionary")
    return tuple(found)


def _marked(file: Path) -> Table | None:
    """The table of a file that bears the mark; None of any other, though it could not be read as a table at all."""
    try:
        return table if MARK in (table := read_table(file)).columns else None
    except FolderError:
        if MARK.encode() in bytes_of(file, LARGEST):
            raise
        return None


def _fields(study: Study) -> Iterator[Field]:
    facts = [one for one in study.vocabulary.values() if not one.computed]
    for group in dict.fromkeys(one.group for one in facts):
        for fact in facts:
            if fact.group == group:
                yield from _of_fact(fact)
    for table, columns in TABLES.items():
        if table in REPEATED:
            yield from (_of_column(table, column) for column in columns if column.name != "participant")


def _of_fact(fact: FactDefinition) -> Iterator[Field]:
    form, variable = _plain(fact.group or "other"), _variable(fact.name)
    whole = fact.kind == "integer"
    ends = ["" if end is None or not whole else str(int(end)) for end in (fact.low, fact.high)]
    validation = {"integer": "integer", "date": "date_ymd"}.get(fact.kind, "")
    unit = f" ({fact.units[0]})" if len(fact.units) == 1 else ""
    note = "" if fact.kind != "number" else "As reported, < 5 too; nd not done, nk not known"
    yield Field(variable, form, fact.label + unit, _choices(fact), note, validation, *ends)
    if len(fact.units) > 1:
        yield Field(f"{variable}_unit", form, f"{fact.label}: unit", _coded(fact.units))
    if fact.limits:
        for end, about in (("lower", "lower limit of normal"), ("upper", "upper limit of normal")):
            yield Field(f"{variable}_{end}", form, f"{fact.label}: {about}")


def _choices(fact: FactDefinition) -> Mapping[str, str] | None:
    match fact.kind:
        case "label":
            return _coded(fact.choices) | _NOT_SAID
        case "treatment":
            return {"0": "no"}  # a course is written among the treatments
        case "number" | "integer" | "date":
            return None
        case _:
            return _YES_NO


def _of_column(table: str, column: Column) -> Field:
    lists: Mapping[str, Iterable[str]] = {"outcome": Outcome, "syndrome": Syndrome}
    choices: Mapping[str, str] | None = _YES_NO if column.cell in ("truth", "relation") else None
    if column.cell in lists:
        choices = _coded(list(map(str, lists[column.cell])))
    elif column.cell == "grade":
        choices = {str(grade): f"grade {grade}" for grade in range(6)}
    return Field(f"{REPEATED[table]}_{column.name}", table, column.about, choices)


def _coded(texts: Sequence[str]) -> dict[str, str]:
    """A code for each text, of its own letters; beside a look-alike of a sum over it too, whatever the order of the list."""
    short = [_plain(text) for text in texts]
    return {
        code if code and short.count(code) == 1 else f"{code}_{crc32(text.encode()):x}".strip("_"): text
        for code, text in zip(short, texts, strict=True)
    }


def _variable(name: str) -> str:
    return _plain(name) if name[0].isalpha() else f"f_{_plain(name)}"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


def _specs(study: Study, table: Table) -> Iterator[dict[str, Any]]:
    """The mapping of an export: the facts whose fields it has, and each other table of which it has a line.

    A form that nobody filled says nothing: that there was no adverse event is for somebody to say.
    """
    there, held = set(table.columns), {row.cells.get(_INSTRUMENT, "") for row in table.rows}
    repeats = _INSTRUMENT in there
    forms = {one.form for one in _fields(study)} | {VISIT}
    asides = [
        _EVENT,
        _INSTRUMENT,
        "redcap_repeat_instance",
        "redcap_data_access_group",
        *(f"{one}_complete" for one in forms),
    ]
    base = {"file": table.file, "participant": RECORD, "ignore": asides}
    facts = {
        fact.name: cell for fact in study.vocabulary.values() if not fact.computed and (cell := _mapped(fact, there))
    }
    if facts:
        visits = {"visit": _EVENT, "visits": _visits(study)} if _EVENT in there else {}
        yield base | visits | {"date": DAY, "facts": facts} | ({"only": {_INSTRUMENT: ""}} if repeats else {})
    for name in REPEATED:
        fields = [_of_column(name, column) for column in TABLES[name] if column.name != "participant"]
        columns = {
            one.variable.removeprefix(f"{REPEATED[name]}_"): _cell(one.variable, one.choices)
            for one in fields
            if one.variable in there
        }
        instrument = [name, name.replace("_", " ").title()]
        if columns and (held.intersection(instrument) or _is_filled(table, columns)):
            only = {_INSTRUMENT: instrument} if repeats else {RECORD: []}  # a form that does not repeat: none is taken
            yield base | {"into": name, "only": only, "columns": columns}
        elif repeats:
            asides += [cell["column"] for cell in columns.values()]


def _is_filled(table: Table, columns: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(row.cells.get(cell["column"]) for row in table.rows for cell in columns.values())


def _mapped(fact: FactDefinition, there: set[str]) -> dict[str, Any] | None:
    variable = _variable(fact.name)
    if variable not in there:
        return None
    cell = _cell(variable, _choices(fact))
    if len(fact.units) == 1:
        cell["unit"] = fact.units[0]
    elif fact.units and f"{variable}_unit" in there:
        cell |= {"unit_column": f"{variable}_unit", "units": _coded(fact.units)}
    return cell | {end: f"{variable}_{end}" for end in ("lower", "upper") if f"{variable}_{end}" in there}


def _cell(variable: str, choices: Mapping[str, str] | None) -> dict[str, Any]:
    """A column, and what its codes stand for; a label stands for itself, where labels are exported."""
    if choices is None:
        return {"column": variable}
    return {"column": variable, "values": {**{text: text for text in choices.values()}, **choices}}


def _visits(study: Study) -> dict[str, str]:
    """The study's visits by the names REDCap gives to events so called: in small letters, 18 at most, with the arm.

    What two visits shorten to names neither.
    """
    short = [_plain(one.id)[:18] for one in study.visits]
    named = {f"{name}_arm_1": one.id for name, one in zip(short, study.visits, strict=True) if short.count(name) == 1}
    return named | {one.id: one.id for one in study.visits}
