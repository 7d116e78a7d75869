"""A study's tables under another reading: what an alternative says instead, laid over what the folder says."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Tables: TypeAlias = Mapping[str, Any]
"""Tables of a folder as pydantic reads them: arrays are tuples, `study.title` is the key of a head."""


def laid_over(tables: Tables, other: Tables) -> dict[str, Any]:
    """Tables with others over them: keys replace, entries with an id (or a level's number) change theirs, new ones are added.

    >>> laid_over({"dose": {"cap": 18, "rule": "3+3"}, "visit": ({"id": "D1"},)}, {"dose": {"cap": 12}, "visit": ({"id": "D2"},)})
    {'dose': {'cap': 12, 'rule': '3+3'}, 'visit': ({'id': 'D1'}, {'id': 'D2'})}
    """
    found = dict(tables)
    for key, value in other.items():
        found[key] = _over(found.get(key), value) if not key.startswith("(") or key not in found else found[key]
    return found


def _over(before: Any, after: Any) -> Any:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return laid_over(before, after)
    if isinstance(before, tuple) and _named(before) and _named(after):
        entries = {_name(one): one for one in before}
        for one in after:
            entries[_name(one)] = laid_over(entries.get(_name(one), {}), one)
        return tuple(entries.values())
    return after


def without(tables: Tables, what: str) -> dict[str, Any]:
    """Tables without the entry of an id, or without a key of a table or an entry. Raises KeyError if there is none."""
    found, taken = _without(tables, what, what.rpartition("."))
    if not taken:
        raise KeyError(what)
    return found


def _without(tables: Tables, id: str, key: tuple[str, str, str], here: str = "") -> tuple[dict[str, Any], bool]:
    """The tables with what was named taken out, and whether anything was."""
    found, taken = dict(tables), False
    owner, _, name = key
    if owner and owner in (here, _name(tables)) and name in found:
        del found[name]
        return found, True
    for part, value in tables.items():
        if isinstance(value, tuple) and _named(value):
            kept = [_without(one, id, key) for one in value if _name(one) != id]
            found[part], hit = tuple(one for one, _ in kept), len(kept) < len(value) or any(one for _, one in kept)
        elif isinstance(value, Mapping):
            found[part], hit = _without(value, id, key, f"{here}.{part}" if here else part)
        else:
            continue
        taken = taken or hit
    return found, taken


def _named(some: Any) -> bool:
    return isinstance(some, tuple) and all(isinstance(one, Mapping) and _name(one) is not None for one in some)


def _name(entry: Tables) -> Any:
    """What tells an entry of an array apart: its id; of a level its number."""
    return entry.get("id", entry.get("number"))
