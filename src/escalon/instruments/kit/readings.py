"""An instrument at every other scale: columns, SQL, JavaScript and JSON schema, all from its one definition."""

from typing import TYPE_CHECKING, Any

from escalon.expressions.tree import Kind
from escalon.instruments.kit.bands import band_table
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item

if TYPE_CHECKING:
    from escalon.expressions.columns import ColumnReading

_TYPES = {Kind.INTEGER: "integer", Kind.NUMBER: "number", Kind.TRUTH: "boolean", Kind.LABEL: "string"}


def columns(instrument: Instrument, **options: Any) -> "ColumnReading":
    """The reading over columns of canonical units: called with one column for each item, it gives one for each root."""
    from escalon.expressions.columns import compile_columns

    labels = sorted({choice for item in instrument.items.values() for choice in item.choices})
    return compile_columns(instrument.program(**options), instrument.is_exact, labels)


def sql(instrument: Instrument, dialect: str = "duckdb", table: str = "visits", **options: Any) -> str:
    """A select with one column for each root, over a table with a column for each item in canonical units."""
    from escalon.expressions.sql import sql as text

    return text(instrument.program(**options), instrument.is_exact, dialect, table)


def javascript(instrument: Instrument, **options: Any) -> str:
    """One self-contained function of an object of items in canonical units, for the form that scores as one types."""
    from escalon.expressions.javascript import javascript as text

    return text(instrument.program(**options), instrument.is_exact, instrument.name)


def json_schema(instrument: Instrument) -> dict[str, Any]:
    """The items as JSON Schema (2020-12), for scripts that send visits."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": instrument.title,
        "description": f"{instrument.about.splitlines()[0]} Source: {instrument.source}",
        "type": "object",
        "properties": {name: _property(item) for name, item in instrument.items.items()},
        "additionalProperties": False,
    }


def _property(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {"description": item.about, "type": [_TYPES[item.kind], "null"]}
    if item.kind in (Kind.INTEGER, Kind.NUMBER):
        found |= {key: float(end) for key, end in (("minimum", item.low), ("maximum", item.high)) if end is not None}
    if item.choices:
        found["enum"] = [*item.choices, None]
    if item.unit:
        found["description"] += f", in {item.unit}"
    return found


def described(instrument: Instrument) -> dict[str, Any]:
    """Everything an instrument states about itself, as plain data: what help, forms and documentation show."""
    return {
        "name": instrument.name,
        "title": instrument.title,
        "about": instrument.about,
        "source": instrument.source,
        "version": instrument.version,
        "code": instrument.code,
        "unit": instrument.unit,
        "unconfirmed": instrument.unconfirmed,
        "notes": instrument.notes,
        "items": [
            {
                "name": name, "about": item.about, "accepted": item.range_text(), "units": list(item.units),
                "also": list(item.also), "fact": item.fact or f"{instrument.name}.{name}", "needed": item.needed,
            }
            for name, item in instrument.items.items()
        ],
        "options": {name: list(choices) for name, choices in instrument.options.items()},
        "bands": {name or "category": band_table(bands) for name, bands in instrument.bands.items()},
        "flags": {code: sentence for code, (_, sentence) in (*instrument.flags.items(), *instrument.traced().flags.items())},
    }  # fmt: skip
