"""docs/study-keys.md: every key of a study folder, with its kind, what stands where it is left out, and an example."""

from __future__ import annotations

import types
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from escalon.facts import Duration, plain
from escalon.instruments.product.dose import DoseAmount
from escalon.protocol import tables as kinds
from escalon.protocol.keys import about, tables
from escalon.protocol.study import Study
from escalon.protocol.tables import Said, Table, table_in
from tools.docs_markdown import table

BY_NAME = ("fact", "anchor", "baseline")
"""Tables of which there is one for each name: `[fact.alt]`."""
ONE = ("roles", "dose", "lymphodepletion", "dlt")
INLINE = ("lymphodepletion.regimen.drugs", "assumption.alternatives")
HEAD = """# Every key of a study folder

What each key may hold, what stands where it is left out, and an example. ★ must be written.
[The study folder](study-folder.md) says what the tables are for and how they work together. A key that is not here is refused,
with the nearest one that is.

"""


def study_keys_page() -> str:
    """The whole page: `[study]` first, then every table in the order of the model."""
    parts = [_part("[study]", "study", Study, "study.")]
    parts += [_part(_header(name), name, model, "") for name, model in tables()]
    return HEAD + "\n".join(parts)


def _header(name: str) -> str:
    if name in INLINE:
        return f"{{ … }} in `{name}`"
    return f"[{name}.NAME]" if name in BY_NAME else f"[{name}]" if name in ONE else f"[[{name}]]"


def _part(header: str, name: str, model: type[Table], prefix: str) -> str:
    rows = [_row(name, key.removeprefix(prefix), field) for key, field in _fields(model) if _is_here(name, key)]
    shown = header if header.startswith("{") else f"`{header}`"
    return f"## {shown}\n\n{_first(model)}\n\n{table(('key', 'holds', 'left out', 'example', 'meaning'), rows)}\n"


def _is_here(name: str, key: str) -> bool:
    return key.startswith("study.") if name == "study" else True


def _fields(model: type[Table]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        if not key.startswith("("):
            yield key, field


def _first(model: type[Table]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _row(name: str, key: str, field: FieldInfo) -> tuple[str, ...]:
    known = about(name, key)
    if known is None:
        raise ValueError(f"keys.toml says nothing of {key} in [{name}]")
    holds = _holds(field.annotation, field.metadata)
    left_out = "★" if field.is_required() else _shown(field.default)
    if (name, key) in LEFT_OUT:
        left_out = LEFT_OUT[name, key]
    example = known.example if known.example.startswith("[[") else f"{key} = {known.example}"
    return f"`{key}`", holds, left_out, f"`{example}`", known.meaning


LEFT_OUT = {
    ("visit", "earliest"): "`day`", ("visit", "latest"): "`day`", ("dose.level", "amount"): "★ or `cells_per_kg`",
    ("fact", "kind"): "see there",
}  # fmt: skip


def _shown(value: object) -> str:
    if value is None or value in ((), "") or isinstance(value, Said | Table) or value == {}:
        return "–"
    if isinstance(value, Fraction):
        return f"`{plain(value * 100)} %`"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


_READERS = {
    "_duration": "a duration", "_days": "days or weeks", "_clock": "days or weeks", "_percent": "a percentage",
    "_limit": "a number",
    "_said": "a text, or a list", "_zone": "a time zone", "_dose": "a dose",
    "_cells": "a number of cells", "_ceiling": "a total", "_unit": "a unit", "_stopping": "a limit",
}  # fmt: skip
_PLAIN = {str: "a text", int: "a whole number", bool: "true or false", Said: "a text, or a list", Duration: "a duration",
          DoseAmount: "a dose"}  # fmt: skip


def _holds(kind: Any, metadata: Any = ()) -> str:
    for one in metadata:
        reader = getattr(getattr(one, "func", None), "__name__", "")
        if reader in _READERS:
            return _READERS[reader]
    if table_in(kind) is not None:
        return "tables" if get_origin(kind) in (tuple,) else "a table"
    if get_origin(kind) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(kind))
    if get_origin(kind) in (Union, types.UnionType):
        return _holds(next(one for one in get_args(kind) if one is not type(None)))
    if get_origin(kind) is tuple:
        inside = _holds(get_args(kind)[0])
        several = any(getattr(getattr(one, "func", None), "__name__", "") == "_several" for one in metadata)
        return f"{'one, or ' if several else ''}a list: {inside}"
    if hasattr(kind, "__metadata__"):
        return _holds(get_args(kind)[0], kind.__metadata__)
    if hasattr(get_origin(kind) or kind, "keys"):
        return "a table"
    pattern = next((one.pattern for one in metadata if getattr(one, "pattern", None)), None)
    if pattern:
        return "a name" if pattern == _pattern(kinds.Name) else "an id"
    return _PLAIN.get(kind, getattr(kind, "__name__", str(kind)))


def _pattern(kind: Any) -> Any:
    return kind.__metadata__[0].pattern
