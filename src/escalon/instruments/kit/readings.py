"""An instrument at every other scale: columns, SQL, JavaScript and JSON schema, all from its one definition."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from escalon.expressions.program import Program
from escalon.expressions.tree import Kind
from escalon.instruments.kit.bands import band_table
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import Item

if TYPE_CHECKING:
    from escalon.expressions.columns import ColumnReading

_TYPES = {Kind.INTEGER: "integer", Kind.NUMBER: "number", Kind.TRUTH: "boolean", Kind.LABEL: "string"}


def columns(instrument: Instrument, intervals: Collection[str] = (), **options: Any) -> "ColumnReading":
    """The reading over columns of canonical units: called with one column for each item, it gives one for each root.

    An item named in `intervals` has four columns, `crp_low`, `crp_low_open`, `crp_high` and `crp_high_open`.
    """
    from escalon.expressions.columns import compile_columns

    labels = sorted({choice for item in instrument.items.values() for choice in item.choices})
    return compile_columns(_program(instrument, intervals, options), instrument.is_exact, labels)


def sql(
    instrument: Instrument,
    dialect: str = "duckdb",
    table: str = "visits",
    intervals: Collection[str] = (),
    **options: Any,
) -> str:
    """A select with one column for each root, over a table with a column for each item in canonical units.

    An item named in `intervals` has four columns, `crp_low`, `crp_low_open`, `crp_high` and `crp_high_open`.
    """
    from escalon.expressions.sql import sql as text

    return text(_program(instrument, intervals, options), instrument.is_exact, dialect, table)


def javascript(instrument: Instrument, intervals: Collection[str] = (), **options: Any) -> str:
    """One self-contained function of an object of items in canonical units, for the form that scores as one types.

    An item named in `intervals` may be `{low: 0, high: 5, high_open: true}`.
    """
    from escalon.expressions.javascript import javascript as text

    whole = _program(instrument, intervals, options)
    return text(whole, instrument.is_exact, instrument.name, [name for name in intervals if name in instrument.items])


def _program(instrument: Instrument, intervals: Collection[str], options: Mapping[str, Any]) -> Program:
    """The rule with some items as intervals, each within what the item can be."""
    whole = instrument.program(**options)
    if not intervals:
        return whole
    from escalon.expressions.widened import widened

    return widened(whole, intervals, {name: (item.low, item.high) for name, item in instrument.items.items()})


def json_schema(instrument: Instrument) -> dict[str, Any]:
    """Items and options as JSON Schema (2020-12), for scripts that send visits: what fits it, `assess` can read.

    An item whose unit must be stated is an object, `{"value": 7, "unit": "mg/L"}`, or text, `"7 mg/L"`.
    """
    options = {name: {"enum": list(choices), "default": choices[0]} for name, choices in instrument.options.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": instrument.title,
        "description": f"{instrument.about.splitlines()[0]} Source: {instrument.source}",
        "type": "object",
        "properties": {name: _property(item) for name, item in instrument.items.items()} | options,
        "additionalProperties": False,
    }


def _property(item: Item) -> dict[str, Any]:
    about = f"{item.about}, in {' or '.join(item.units)}" if item.unit else item.about
    if item.needs_unit:
        value = {"type": "number"} | ({} if item.low is None or item.low != 0 else {"minimum": 0})
        stated = {"value": value, "unit": {"enum": list(item.units)}}
        amount = {"type": "object", "properties": stated, "required": list(stated), "additionalProperties": False}
        text = {"type": "string", "pattern": r"^\s*<?\s*-?[0-9.]+([eE][-+]?[0-9]+)?\s*\S+"}
        return {"description": about, "anyOf": [amount, text, {"type": "null"}]}
    found: dict[str, Any] = {"description": about, "type": [_TYPES[item.kind], "null"]}
    if item.kind in (Kind.INTEGER, Kind.NUMBER):
        found |= {key: float(end) for key, end in (("minimum", item.low), ("maximum", item.high)) if end is not None}
    choices = item.choices or item.levels
    return found | ({"enum": [*choices, None]} if choices else {})


def described(instrument: Instrument) -> dict[str, Any]:
    """Everything an instrument states about itself, as plain data: what help, forms and documentation show."""
    plain = ("name", "title", "about", "source", "version", "code", "unit", "unconfirmed", "notes")
    return {name: getattr(instrument, name) for name in plain} | {
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
