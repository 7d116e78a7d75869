"""A first mapping for a warehouse, and what cannot be answered from it: one line for each name that the clauses read."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from escalon.conduct.judge.screening import to_come
from escalon.expressions.dialects import dialect
from escalon.facts.unit import spelled
from escalon.feasibility.computable import unmapped, unscored
from escalon.feasibility.mapping import PeopleTable, WarehouseMapping
from escalon.feasibility.mapping_file import read_mapping
from escalon.feasibility.warehouse import Warehouse
from escalon.protocol.names import anchors_in
from escalon.protocol.study import FactDefinition, Study

_PEOPLE = ("person", "patients", "patient", "Patient", "patient_dimension")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "person": ("person_id", "patient_id", "patient_num", "pid", "subject_id", "mrn"),
    "code": ("code", "test", "test_code", "loinc", "icd", "icd10", "drug", "atc", "concept_cd"),
    "day": ("day", "date", "taken_on", "taken", "start_date", "onset", "event_date"),
    "until": ("until", "end_date", "stop_date", "ended_on"),
    "value": ("value", "result", "nval_num", "result_value"),
    "unit": ("unit", "units", "units_cd"),
    "upper": ("upper", "range_high", "uln"),
    "lower": ("lower", "range_low", "lln"),
    "birth": ("birth", "birth_date", "born_on", "date_of_birth", "dob"),
    "text": ("text", "word", "finding", "value_text", "result", "value"),
    "sex": ("sex", "gender", "sex_cd"),
}


@cache
def usual_codes() -> Mapping[str, Any]:
    """The codes hospitals usually have for what clauses read (`codes.toml`)."""
    return tomllib.loads(files("escalon.feasibility").joinpath("codes.toml").read_text(encoding="utf-8"))


def read_names(study: Study) -> dict[str, tuple[str, ...]]:
    """Every name that the clauses read, with the clauses; what a name stands for counts with it."""
    found: dict[str, tuple[str, ...]] = {}
    for one in study.criteria:
        for name in one.names:
            found[name] = (*found.get(name, ()), one.id)
    return found


def kind_of(warehouse: Warehouse) -> str:
    """What kind of source a warehouse looks like."""
    tables = {name.lower() for name in warehouse.tables}
    if {"person", "measurement"} <= tables:
        return "omop"
    if "observation_fact" in tables:
        return "i2b2"
    return "fhir" if {"Patient", "Observation"} <= set(warehouse.tables) else "flat"


def has_deaths(warehouse: Warehouse, people: PeopleTable | None) -> str:
    """Where a source of a known kind has the day of death; empty where it has none."""
    text = people.death if people and not people.died else ""
    return text if text and people and warehouse.columns(f"(SELECT {text} AS d FROM {people.from_} AS p) AS t") else ""


def draft(study: Study, warehouse: Warehouse) -> str:
    """The text of a mapping to begin with: what could be found is filled in, the rest stands there as a comment."""
    kind = kind_of(warehouse)
    lines = [f"# Where the names of {study.id} stand in this warehouse. Check every line (docs/feasibility.md).",
             "[source]", f'kind = "{kind}"', ""]  # fmt: skip
    tables: Mapping[str, Mapping[str, str]] = {}
    if kind == "flat":
        people, tables = _flat_tables(warehouse)
        lines += people
        for name, columns in tables.items():
            lines += [
                f"[table.{name}]",
                f'from = "{name}"',
                *(f'{key} = "{column}"' for key, column in columns.items()),
                *_codes_there(warehouse, name, columns["code"]),
                "",
            ]
    else:
        brought = read_mapping({"source": {"kind": kind}})
        tables = {name: {"value": "value"} if one.value else {} for name, one in brought.tables.items()}
        if death := has_deaths(warehouse, brought.people):
            lines += ["[people]", f'died = "{death}"', ""]
    for name, clauses in read_names(study).items():
        lines += _concept(study.vocabulary.get(name), name, clauses, kind, tables)
    return "\n".join(lines) + "\n"


def _flat_tables(warehouse: Warehouse) -> tuple[list[str], dict[str, dict[str, str]]]:
    people: list[str] = []
    tables: dict[str, dict[str, str]] = {}
    for table in warehouse.tables:
        there = warehouse.columns(dialect(warehouse.dialect).name(table))
        found = {key: next((one for one in names if one in there), "") for key, names in _COLUMNS.items()}
        if found["person"] and (found["birth"] or table in _PEOPLE):
            kept = {key: found[key] for key in ("person", "birth", "sex") if found[key]}
            people = ["[people]", f'from = "{table}"', *(f'{key} = "{column}"' for key, column in kept.items())]
            people += [*_sexes(warehouse, table, found["sex"]), ""]
        elif found["person"] and found["code"]:
            tables[table] = {key: column for key, column in found.items() if column and key not in ("birth", "sex")}
    return people or ["# [people]", '# from = "…"', '# person = "…"', '# birth = "…"', '# sex = "…"', ""], tables


def _values_there(warehouse: Warehouse, table: str, column: str, most: int) -> list[str]:
    """What stands in a column, in order, so many at most."""
    quote = dialect(warehouse.dialect).name
    own = f"{quote(column)} IS NOT NULL ORDER BY 1 LIMIT {most}"
    return [str(row[0]) for row in warehouse.rows(f"SELECT DISTINCT {quote(column)} FROM {quote(table)} WHERE {own}")]


def _codes_there(warehouse: Warehouse, table: str, column: str) -> Iterator[str]:
    """The codes that stand in a table, where they are few."""
    there = _values_there(warehouse, table, column, 41)
    if 0 < len(there) <= 40:
        yield f"# its codes: {', '.join(there)}"


def _sexes(warehouse: Warehouse, table: str, column: str) -> Iterator[str]:
    """What stands in the column of sex, to be told what it means."""
    there = _values_there(warehouse, table, column, 8) if column else []
    usual = {"f": "female", "m": "male"} if {"f", "m"} <= {one.lower() for one in there} else {}
    if there and not {"female", "male"}.issuperset(one.lower() for one in there):
        words = ", ".join(f'"{one}" = "{usual.get(one.lower(), "…")}"' for one in there)
        yield f"{'# ' if '…' in words else ''}sexes = {{ {words} }}"


def _concept(
    definition: FactDefinition | None,
    name: str,
    clauses: tuple[str, ...],
    kind: str,
    tables: Mapping[str, Mapping[str, str]],
) -> Iterator[str]:
    if name in ("age", "sex"):
        return
    known = usual_codes()
    loinc = name in known["loinc"]
    codes, vocabulary = (known["loinc"][name], "LOINC") if loinc else (known["icd10"].get(name, ()), "ICD10CM")
    sort = definition.kind if definition else "event"
    measured = sort in ("number", "integer")
    table = _table_for("event" if name == "disease" else sort, tables)
    mark = "" if codes and table and (kind != "fhir" or vocabulary == "LOINC") else "# "
    what = definition.label if definition else "computed, or recorded elsewhere"
    written = [f"{vocabulary}:{code}" if kind == "omop" else code for code in codes] or ["…"]
    unit = f", in {definition.unit}" if definition and definition.unit and spelled(definition.unit) != "1" else ""
    yield f"# {', '.join(clauses)}: {what}{unit}"
    yield f'{mark}[concept."{name}"]' if "." in name else f"{mark}[concept.{name}]"
    yield f'{mark}table = "{table or "…"}"'
    listed = ", ".join(f'"{code}"' for code in written)
    yield f"{mark}codes = [{listed}]"
    if kind == "omop" and not measured:
        yield f"{mark}descendants = true"
    if name == "disease":
        words = ", ".join(f'"{one}" = ["…"]' for one in (definition.choices if definition else ()))
        yield f"# label_codes = {{ {words} }}        # in place of codes"
    elif definition is not None and sort == "label":
        words = ", ".join(f'{one} = ["…"]' if one.isidentifier() else f'"{one}" = ["…"]' for one in definition.choices)
        yield f"# labels = {{ {words} }}        # or label_codes, where the code itself tells"
    elif not measured and definition is not None:
        yield '# silence = "no"        # only where no row is as good as a no'
    yield ""


def _table_for(sort: str, tables: Mapping[str, Mapping[str, str]]) -> str:
    """The table that most likely has what is of a sort: measured, taken for a time, or noted."""
    wanted = {"number": "value", "integer": "value", "label": "value", "treatment": "until"}.get(sort, "")
    fits = [name for name, columns in tables.items() if (columns.get(wanted) if wanted else not columns.get("value"))]
    if sort == "treatment":
        fits = [name for name in fits if tables[name].get("code") in ("drug", "atc")] or fits
    return next(iter(fits or (tables if sort == "label" else ())), "")


def unplaced_clauses(study: Study) -> list[tuple[str, str, str]]:
    """Clause, fact and why: its days are counted from a day that nobody who is screened has yet."""
    ahead = {
        name: one.fact
        for name, one in study.anchors.items()
        if one.fact not in (study.roles.consent, study.roles.screening, *to_come(study))
    }
    return [
        (
            one.id,
            ahead[name],
            f"its days are counted from {ahead[name]}, which nobody has who is screened: unknown of everybody",
        )
        for one in study.criteria
        for name in dict.fromkeys(name for tree in one.trees for name in anchors_in(tree))
        if name in ahead
    ]


def unanswered(study: Study, mapping: WarehouseMapping) -> list[tuple[str, str, str]]:
    """Clause, name and why it cannot be answered from a mapping; a clause may still be settled by its other names."""
    found = unplaced_clauses(study)
    for name, clauses in read_names(study).items():
        definition = study.vocabulary.get(name)
        if why := _why_not(study, mapping, name, definition):
            found += [(clause, name, why) for clause in clauses]
    order = [one.id for one in study.criteria]
    return sorted(found, key=lambda one: order.index(one[0]))


def _why_not(study: Study, mapping: WarehouseMapping, name: str, definition: FactDefinition | None) -> str:
    people = mapping.people
    if (name == "age" and people and people.birth) or (name == "sex" and people and people.sex):
        return ""
    mapped = [one for one in (name, *(definition.members if definition else ())) if one in mapping.concepts]
    if not mapped and name.partition(".")[0] in study.instruments:
        return unscored(study, mapping, name) or unmapped(study, mapping, name)
    if not mapped:
        place = f'[concept."{name}"]' if "." in name else f"[concept.{name}]"
        return f"nothing is mapped. Write {place} with table and codes"
    tables = [table for one in mapped if (table := mapping.concepts[one].table)]
    if undescribed := [table for table in tables if table not in mapping.tables]:
        return f"the table {undescribed[0]!r} is not described. Write [table.{undescribed[0]}]"
    if definition is not None and definition.limits and not any(mapping.tables[one].upper for one in tables):
        return 'the table has no column for the laboratory\'s upper limit. Write upper = "…" under its [table.…]'
    return ""
