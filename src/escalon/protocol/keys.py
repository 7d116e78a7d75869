"""Every key of a study folder with an example and its meaning: what errors and docs/study-keys.md say of it."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from escalon.protocol.study import Study
from escalon.protocol.tables import Table, table_in


class Key(NamedTuple):
    """A key as it may be written: an example of its value, and what it means."""

    example: str
    meaning: str


@cache
def _said() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("escalon.protocol").joinpath("keys.toml").read_text(encoding="utf-8"))


def about(table: str, key: str) -> Key | None:
    """What is said of a key of a table (`dose.level`, `fact`); None of a table that holds others."""
    own = _said().get(table, {})
    found = own.get(key) or (_said()["*"].get(key) if table != "study" else None)
    return Key(*found) if found else None


def tables() -> Iterator[tuple[str, type[Table]]]:
    """Every table of a folder by its name, each before those inside it."""
    yield from _inside(Study, "")


def _inside(model: type[Table], name: str) -> Iterator[tuple[str, type[Table]]]:
    for key, annotation in model.may_have().items():
        inner = table_in(annotation)
        if inner is not None and inner is not model:
            path = f"{name}.{key}".strip(".")
            yield path, inner
            yield from _inside(inner, path)
