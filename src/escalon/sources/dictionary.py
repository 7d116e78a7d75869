"""The data dictionary of a study: its tables and columns, and every name that may be recorded."""

from collections.abc import Iterable
from typing import Any

from escalon.facts import plain
from escalon.protocol.study import FactDefinition, Study
from escalon.sources.columns import TABLES

_CELLS = {
    "code": "code", "name": "name", "text": "text", "day": "date", "number": "number", "amount": "number",
    "whole": "whole number", "grade": "whole number",
    "truth": "yes / no", "value": "value", "unit": "unit", "relation": "yes / no", "outcome": "label", "criteria": "labels",
    "syndrome": "label",
}  # fmt: skip


def table_rows() -> list[dict[str, Any]]:
    """Every column of every table: table, column, kind, whether it is required, meaning."""
    return [
        {
            "table": table,
            "column": column.name,
            "kind": _CELLS[column.cell],
            "required": column.required,
            "about": column.about,
        }
        for table, columns in TABLES.items()
        for column in columns
    ]


def fact_rows(study: Study) -> list[dict[str, Any]]:
    """Every name of the study's vocabulary: what it is, its kind, accepted values and units, where it comes from."""
    return [
        {
            "name": definition.name,
            "about": definition.label,
            "kind": definition.kind,
            "accepted": accepted(definition),
            "units": list(definition.units),
            "limits": definition.limits,
            "group": definition.group,
            "origin": definition.origin,
            "used_by": sorted(_uses(study, definition.name)),
        }
        for definition in study.vocabulary.values()
    ]


def accepted(definition: FactDefinition) -> str:
    """The values a fact may have, as people read them."""
    match definition.kind:
        case "label":
            return " / ".join(definition.choices) or "a label"
        case "number" | "integer":
            return _range(definition)
        case "treatment":
            members = f"; stands for {', '.join(definition.members)}" if definition.members else ""
            return f"a course in treatments, or no{members}"
        case "date":
            return "date"
        case _:
            return "yes / no"


def _range(definition: FactDefinition) -> str:
    low, high = (None if end is None else plain(end) for end in (definition.low, definition.high))
    what = "whole number" if definition.kind == "integer" else "number"
    span = f" {low}–{high}" if low and high else f" from {low}" if low else f" to {high}" if high else ""
    return what + span


def _uses(study: Study, name: str) -> Iterable[str]:
    from escalon.protocol.names import names_in

    return {criterion.id for criterion in study.criteria if name in names_in(criterion.tree)}
