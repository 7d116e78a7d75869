"""Dataclasses to plain JSON values and back, guided by their field types and nothing else."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from escalon.casebook.canonical import Plain
from escalon.casebook.events.event import KINDS, Event

Reader = Callable[[Any], Any]
T = TypeVar("T")


def time_text(at: datetime) -> str:
    """A moment in UTC as ``2026-11-23T14:07:00.000000Z``; a time without a zone is refused."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; write UTC, for example {at.isoformat()}Z")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_time(text: str) -> datetime:
    """The moment a canonical time text names."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write UTC, for example {text}Z")
    return at.astimezone(UTC)


def plain(value: object) -> Plain:
    """A value as JSON can hold it without losing a digit."""
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | str():
            return value
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} is not a number that can be recorded")
            return format(value, "f")
        case datetime():
            return time_text(value)
        case date():
            return value.isoformat()
        case tuple():
            return [plain(part) for part in value]
        case Mapping():
            return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Event):
        return {"event": value.kind, "content": content(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return content(value)
    raise TypeError(f"{value!r} cannot be recorded: {type(value).__name__} has no exact written form")


_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def content(value: object) -> dict[str, Plain]:
    """A record's fields, leaving out those that hold their default, so that new fields never change old hashes."""
    kind: Any = type(value)
    written = ((name, getattr(value, name), default) for name, default in _defaults(kind))
    return {
        name: held if type(held) in _AS_THEY_ARE else plain(held) for name, held, default in written if held != default
    }


def read_event(kind: str, content: Mapping[str, Plain]) -> Event:
    """The event of this kind with this content."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is not a kind of event this version of Escalon knows")
    return read(KINDS[kind], content)


@cache
def _defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    return tuple((field.name, field.default) for field in fields(kind))


@cache
def _field_readers(kind: Any) -> Mapping[str, Reader]:
    hints = get_type_hints(kind)
    return {name: reader(hints[name]) for name, _ in _defaults(kind)}


def read(kind: type[T], content: Mapping[str, Plain]) -> T:
    """Build the dataclass `kind` from its plain content; a field nobody knows is an error, never dropped."""
    known: Any = kind
    readers = _field_readers(known)
    if strange := content.keys() - readers.keys():
        raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(strange))}")
    return kind(**{name: readers[name](value) for name, value in content.items()})


@cache
def reader(hint: Any) -> Reader:
    """The function that reads a plain value as the annotation `hint` says."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = [part for part in arguments if part is not type(None)]
        if len(inner) != 1:
            raise TypeError(f"{hint} is ambiguous once written; use one type and None")
        return _optional(reader(inner[0]))
    if origin is tuple:
        return _tuple(reader(arguments[0]))
    if isinstance(hint, type):
        return _plain_reader(hint)
    raise TypeError(f"{hint} has no exact written form")


def _plain_reader(kind: type) -> Reader:
    if issubclass(kind, bool | int | str) and not issubclass(kind, StrEnum):
        return _exactly(kind)
    if issubclass(kind, Decimal | StrEnum):
        return kind
    if issubclass(kind, datetime):
        return read_time
    if issubclass(kind, date):
        return date.fromisoformat
    if issubclass(kind, Event):
        return lambda written: read_event(written["event"], written["content"])
    if is_dataclass(kind):
        return lambda content: read(kind, content)
    raise TypeError(f"{kind.__name__} has no exact written form")


def _exactly(kind: type) -> Reader:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"expected {kind.__name__}, found {value!r}")
        return value

    return check


def _optional(inner: Reader) -> Reader:
    return lambda value: None if value is None else inner(value)


def _tuple(inner: Reader) -> Reader:
    return lambda values: tuple(inner(value) for value in values)
