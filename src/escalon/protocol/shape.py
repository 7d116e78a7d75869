"""What is wrong with the shape of a study folder, in words: an unknown key, a missing one, a value of another kind."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from escalon.protocol.dose_plan import MAY_BE_SILENT
from escalon.protocol.errors import Problem
from escalon.protocol.folder import KeyPath, Sources
from escalon.protocol.keys import about
from escalon.protocol.study import Study
from escalon.protocol.tables import Table, table_in


def its_own(details: Sequence[Any]) -> list[Any]:
    """The errors without those that only repeat one inside them: a list is not too short because its entry was refused."""
    places = [one["loc"] for one in details]
    return [
        one
        for one in details
        if one["type"] != "too_short"
        or not any(len(at) > len(one["loc"]) and at[: len(one["loc"])] == one["loc"] for at in places)
    ]


def shape_problem(detail: Any, document: dict[str, Any], sources: Sources) -> Problem:
    """One error of pydantic's as a problem with its place and what to write."""
    path = tuple(_path(detail["loc"], document))
    key = str(path[-1]) if path else ""
    return sources.problem(path, _sentence(detail, path, key), _where(document, path))


def _path(loc: tuple[str | int, ...], document: dict[str, Any]) -> Iterator[str | int]:
    """The path in the document: without pydantic's own steps, and `study.title` as the key of a table."""
    inside: Any = document
    for number, part in enumerate(loc):
        if number == 0 and isinstance(part, str) and part.startswith("study."):
            yield from part.split(".", 1)
            return
        last = number == len(loc) - 1
        if isinstance(inside, dict) and (part in inside or last):
            yield part
            inside = inside.get(part)
        elif isinstance(inside, list) and isinstance(part, int):
            yield part
            inside = inside[part] if part < len(inside) else {}  # an entry that only an alternative adds
        elif not isinstance(part, str) or not part.startswith(("function-", "[key]")):
            inside = None


def keys_at(path: KeyPath) -> tuple[str, ...]:
    """The keys a table at this path may have, for the hint beside an unknown one."""
    if path[:1] == ("study",):
        return tuple(key.partition(".")[2] for key in Study.may_have() if key.startswith("study."))
    model: type[Table] = Study
    for part in path:
        model = table_in(model.may_have().get(str(part))) or model
    keys = tuple(key for key in model.may_have() if not key.startswith("study."))
    return ("study", *keys) if model is Study else keys


def _sentence(detail: Any, path: KeyPath, key: str) -> str:
    given = detail.get("input")
    if given == "silent" and path[:1] == ("dose",):
        return (
            f"`{key}` cannot be silent: without it no dose can be told from another. Write what is proposed, and ask in an "
            f'[[assumption]] about = ["dose"]. These may be silent: {", ".join(MAY_BE_SILENT)}'
        )
    match detail["type"]:
        case "extra_forbidden":
            keys = keys_at(path[:-1])
            close = get_close_matches(key, keys, 1, 0.6)
            hint = f"Did you mean `{close[0]}`?" if close else f"Known here: {', '.join(keys)}"
            return f"`{key}` is not known. {hint}"
        case "missing":
            return f"`{key}` is missing. Write {_example(path)}"
        case "literal_error":
            expected = detail["ctx"]["expected"]
            return f"{given!r} is not one of {expected}. Write {'one of them' if ' or ' in expected else expected}"
        case "value_error":
            return _with_example(str(detail["ctx"]["error"]), path)
        case "string_pattern_mismatch":
            what = "names have lower-case letters, digits and _; ids letters, digits, - and _"
            return _with_example(f"{given!r} is not a name: {what}", path)
        case kind if kind in _WANTED:
            example = _example(path)
            also = "" if example.startswith("a table") or example.endswith("…") else f": {example}"
            return f"`{key}` {_given(given)}. Write {_WANTED[kind]}{also}"
        case "string_too_short":
            return f"`{key}` is empty. Write {_example(path)}"
        case _:
            said = detail["msg"].removeprefix("Input ")
            return _with_example(f"`{key}` {_given(given)}: it {said}", path)


def _with_example(said: str, path: KeyPath) -> str:
    """A sentence of what is wrong, with an example of what to write where it names nothing to do."""
    return said if _DO.search(said) else f"{said}. Write {_example(path)}"


_DO = re.compile(r"\b(?:Write|Did you mean|Leave|Declare|Name|Choose|There (?:is|are))\b")


def _given(value: object) -> str:
    text = repr(value)
    return f"is {text[:60]}{'…' if len(text) > 60 else ''}"


_WANTED = {
    "tuple_type": "a list, in brackets",
    "string_type": "a text, in quotes",
    "int_type": "a whole number, without quotes",
    "bool_type": "true or false, without quotes",
    "bool_parsing": "true or false, without quotes",
    "date_type": "a date, without quotes",
    "model_type": "a table of keys",
    "mapping_type": "a table of keys",
    "dict_type": "a table of keys",
}
"""What to write where a value is of another kind."""


def wanted_of(kind: str) -> str:
    """What to write where a value is of another kind, by pydantic's name of the mistake; empty where that says nothing."""
    return _WANTED.get(kind, "")


_WHOLE = {
    "dose": "a table [dose] with its [[dose.level]] tables; `escalon study new FOLDER` shows one",
    "study": 'a table [study] with title = "…" and target = 18',
    "inclusion": 'a table [[inclusion]] with id = "I-1", says = "…" and rule = "…"',
    "disease": 'a table [[disease]] with id = "RA" and name = "rheumatoid arthritis"',
}
"""What to write for a whole table."""


def _example(path: KeyPath) -> str:
    """A key with an example of its value: `tolerance = "20 %"`."""
    *tables, key = (part for part in path if isinstance(part, str))
    if not tables:
        return _WHOLE.get(key, f"a table [{key}]")
    known = about(_table(tables), key)
    return f"{key} = {known.example}" if known and not known.example.startswith("[[") else f"{key} = …"


def _table(tables: Sequence[str]) -> str:
    """The name of the table a path lies in, as keys.toml has it: `fact` of `fact.alt`, `dose.level`."""
    return tables[0] if tables[0] in ("fact", "anchor", "baseline") else ".".join(tables)


def _where(document: Any, path: KeyPath) -> str:
    """The id of the table a path lies in, or its header."""
    inside, found = document, ""
    for part in path:
        try:
            inside = inside[part]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(inside, dict) and isinstance(inside.get("id"), str):
            found = inside["id"]
    return found or (".".join(str(part) for part in path[:-1]) if len(path) > 1 else "")
