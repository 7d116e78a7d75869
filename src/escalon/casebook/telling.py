"""What an entry says, for people who read the audit trail: its values, and for a correction each one before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LEFT_OUT = frozenset({"digest", "printed_name", "meaning", "public_key", "agreed", "fact.name"})
"""Fields that the entry's own words say already, or that nobody reads."""


FIRST = ("value", "unit")
"""Of a fact; the rest follows in the order of the stored text."""


def told(written: Mapping[str, Any]) -> str:
    """The values of an entry's stored text: `value 20471 → 31882` where it changes what an earlier entry said."""
    new, old = written["new"], written["old"]
    if old is None:
        return ", ".join(f"{_short(name)} {value}" for name, value in _values(new))
    before = {name: value for name, value in _values(old) if name not in ("participant", "reason")}
    if "annuls" in new:
        return "was: " + ", ".join(f"{_short(name)} {value}" for name, value in before.items())
    now = new["now"]["content"] if "now" in new else new
    after = {name: value for name, value in _values(now) if name not in ("participant", "reason", "corrects")}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(
        f"{_short(name)} {before.get(name, 'not given')} → {after.get(name, 'not given')}" for name in names
    )


def _short(name: str) -> str:
    return name.removeprefix("fact.").replace("_", " ")


def _values(content: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in sorted(content.items(), key=lambda one: FIRST.index(one[0]) if one[0] in FIRST else len(FIRST)):
        if within + name in LEFT_OUT:
            continue
        if isinstance(value, Mapping):
            yield from _values(value, f"{within}{name}.")
        else:
            yield within + name, _text(value)


def _text(value: Any) -> str:
    match value:
        case None:
            return "not known"
        case bool():
            return "yes" if value else "no"
        case list():
            return "; ".join(map(_text, value)) or "none"
        case Mapping():
            return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    return str(value)
