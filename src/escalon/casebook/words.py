"""Events as people type them: `FIELD=VALUE` words, read by the field's own type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

from escalon.casebook.encoding import Lacking, reader
from escalon.facts import together
from escalon.facts.written_day import DayError
from escalon.history.events import KINDS, AnswerPart, EntryCorrected, Event, FactCorrected, FactRecorded


class Misread(ValueError):
    """A word that cannot be read: its field, and what is wrong with it as a page says it, where no `FIELD=VALUE` is written."""

    def __init__(self, says_in_words: str, name: str, says: str) -> None:
        super().__init__(says_in_words)
        self.name, self.says = name, says


def event_of_words(kind: str, words: Sequence[str]) -> Event:
    """The event that `words` describe, for instance `participant=P-001 on=2026-03-02 reason=…`."""
    if kind not in KINDS:
        near = [name for name in KINDS if kind.lower() in name.lower()]
        raise ValueError(f"not a kind of event; did you mean {', '.join(near) or 'one of: escalon casebook kinds'}")
    values = values_of_words(KINDS[kind], words)
    check_whole(KINDS[kind], values)
    return KINDS[kind](**values)


def check_whole(kind: type[Any], values: Mapping[str, Any], given: type[Any] = object, *, within: str = "") -> None:
    """Every field a kind needs has a value, those of `given` apart, which come from elsewhere; ValueError names the others.

    `within` stands before the names of a field that has fields of its own (`fact.`).
    """
    apart = {field.name for field in fields(given)} if is_dataclass(given) else set()
    needed = (field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING)
    lacking = [within + name for name in needed if name not in values and name not in apart]
    if lacking:
        raise Lacking(lacking, ". Write FIELD=VALUE for each")


def values_of_words(kind: type[Any], words: Sequence[str]) -> dict[str, Any]:
    """The values of some of a kind's fields; `fact.name=alt` reaches into a field that has fields of its own."""
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    inner: dict[str, list[str]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        outer, dot, rest = name.partition(".")
        if not equals or outer not in hints:
            known = ", ".join(field.name for field in fields(kind))
            says = f"{word!r}: write FIELD=VALUE with a field of {kind.__name__}: {known}"
            raise Misread(says, outer, f"{kind.__name__} has no such field. It has: {known}")
        if dot:
            inner.setdefault(outer, []).append(f"{rest}={value}")
        else:
            values[name] = _value(hints[name], value, name)
    for name, some in inner.items():
        if get_args(hints[name])[:1] == (AnswerPart,):
            values[name] = tuple(AnswerPart(name=part.partition("=")[0], says=part.partition("=")[2]) for part in some)
        else:
            part = _part(hints[name])
            said = values_of_words(part, some)
            check_whole(part, said, within=f"{name}.")
            values[name] = part(**said)
    return values


def changed(event: Event, words: Sequence[str]) -> Event:
    """The event with some fields said anew; `fact.value=31` changes one field of its fact and keeps the others."""
    outer = [word for word in words if "." not in word.partition("=")[0]]
    values = values_of_words(type(event), outer)
    inner = (word.partition(".") for word in words if word not in outer)
    for name, some in together((name, rest) for name, _, rest in inner).items():
        part = getattr(event, name, None)
        if part is None or not is_dataclass(part) or isinstance(part, type):
            raise ValueError(f"{type(event).__name__} has no field {name} with fields of its own")
        values[name] = replace(part, **values_of_words(type(part), some))
    return replace(event, **values)


def correction(number: int, wrong: Event, words: Sequence[str], reason: str) -> Event:
    """The entry that corrects entry `number`, which says `wrong`: a fact by a fact, all else by one of its kind.

    Where that entry is a correction itself, what it corrects is corrected again, and all else it says stays.
    """
    if isinstance(wrong, EntryCorrected):
        number, wrong = wrong.corrects, wrong.now
    now = changed(wrong, words)
    if isinstance(now, FactRecorded | FactCorrected):
        return FactCorrected(participant=now.participant, corrects=number, fact=now.fact, reason=reason)
    return EntryCorrected(participant=now.participant, corrects=number, now=now, reason=reason)


def _part(hint: Any) -> Any:
    if not is_dataclass(hint):
        raise ValueError(f"{hint} has no fields of its own")
    return hint


def _value(hint: Any, text: str, name: str) -> Any:
    kinds = [part for part in get_args(hint) if part is not type(None)] or [hint]
    optional = type(None) in get_args(hint)
    if optional and text == "":
        return None
    try:
        if getattr(hint, "__origin__", None) is tuple:
            return tuple(_value(kinds[0], part.strip(), name) for part in text.split(",") if part.strip())
        if kinds[0] is bool:
            return {"yes": True, "no": False}[text.lower()]
        return int(text) if kinds[0] is int else reader(kinds[0])(text)
    except (ValueError, KeyError, ArithmeticError) as wrong:
        needed = _named(kinds[0])
        says = str(wrong) if isinstance(wrong, DayError) else f"{text} is not {needed}"
        raise Misread(f"{name}={text!r} is not {needed}", name, says) from wrong


def _named(kind: Any) -> str:
    return NAMES.get(kind.__name__, str(kind.__name__))


NAMES = {
    "bool": "yes or no",
    "int": "a whole number",
    "date": "a date (2026-03-02)",
    "Day": "a day (2026-03-02, or 2026-03 or 2026 if that is all that is known)",
    "datetime": "a time with its zone (2026-03-02T09:00Z)",
    "Decimal": "a number",
}


def describe_kind(kind: str) -> str:
    """A kind of event, what it means, and its fields; those in brackets may be left out."""
    event = KINDS[kind]
    own = [field for field in fields(event) if field.name not in ("override",)]
    must = [field.name for field in own if field.default is MISSING or _is_needed(event, field.name)]
    may = [f"[{field.name}]" for field in own if field.name not in must]
    first = (event.__doc__ or "").strip().splitlines()[0]
    return f"{kind}: {first}\n    {' '.join(must + may)}"


def _is_needed(event: type[Event], name: str) -> bool:
    return (name == "participant" and event.about_participant) or (name == "reason" and event.needs_reason)
