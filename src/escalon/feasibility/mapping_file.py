"""Reading `warehouse.toml`: a mistake is named with its file, line and key, and with what to write instead."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from escalon.facts.plain_file import text_of
from escalon.feasibility.mapping import MappingError, WarehouseMapping
from escalon.feasibility.presets import completed
from escalon.protocol.shape import wanted_of
from escalon.protocol.toml_lines import TomlLines


def load_mapping(file: Path) -> WarehouseMapping:
    """The mapping of a file. Raises MappingError."""
    try:
        text = text_of(file)
        document = tomllib.loads(text)
    except FileNotFoundError:
        raise MappingError(f"{file}: there is no such file. `escalon feasibility map` drafts a mapping") from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{file}: {error}. `escalon feasibility map` drafts a mapping") from None
    except (RecursionError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{file}: {error}") from None
    return read_mapping(document, str(file), text)


def read_mapping(document: Mapping[str, object], file: str = "", text: str = "") -> WarehouseMapping:
    """The mapping of a document, with the tables its kind of source brings. Raises MappingError."""
    try:
        found = WarehouseMapping.model_validate({**document, "(file)": file, "(text)": text})
    except ValidationError as error:
        lines = TomlLines(file, text)
        said = []
        for detail in error.errors(include_url=False):
            place = tuple(part for part in detail["loc"] if isinstance(part, str | int))
            what = _in_words(detail)
            said.append(f"{file}:{lines.find(place).line}: {'.'.join(map(str, place))}: {what}")
        raise MappingError("\n".join(said)) from None
    found = completed(found)
    if (people := found.people) and not (people.from_ and people.person):
        raise MappingError(f'{found.line("people")}: people: it is missing. Write from = "…" and person = "…"')
    return found


def _in_words(detail: Any) -> str:
    """What is wrong with a key, and what to write."""
    given = repr(detail.get("input"))
    match detail["type"]:
        case "extra_forbidden":
            return "this key is not known"
        case "missing":
            return f'it is missing. Write {detail["loc"][-1]} = "…"'
        case "literal_error":
            return f"{given} is not one of {detail['ctx']['expected']}"
        case kind:
            return f"it is {given[:60]}{'…' if len(given) > 60 else ''}. Write {wanted_of(kind) or 'a value of another kind'}"
