"""Dataclasses to plain JSON values and back, guided by their field types and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from escalon.casebook.canonical import Plain
from escalon.facts import Day
from escalon.history.events.event import KINDS, Event

Reader = Callable[[Any], Any]
T = TypeVar("T")


def time_text(at: datetime) -> str:
    """A moment in UTC as ``2026-11-23T14:07:00.000000Z``; a time without a zone is refused."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; write UTC, for example {at.isoformat()}Z")
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:26] + "Z"


def read_time(text: str) -> datetime:
    """The moment a canonical time text names."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write UTC, for example {text}Z")
    return at.astimezone(UTC)


def plain(value: object) -> Plain:
    """A value as JSON can hold it without losing a digit."""
    kind: Any = type(value)
    return _writer(kind)(value)


def content(value: object) -> dict[str, Plain]:
    """A record's fields, leaving out those that hold their default, so that new fields never change old hashes."""
    kind: Any = type(value)
    written: dict[str, Plain] = {}
    for name, default in _defaults(kind):
        held = getattr(value, name)
        if held is not default and held != default:
            written[name] = plain(held)
    return written


@cache
def _writer(kind: Any) -> Callable[[Any], Plain]:
    """The function that writes values of one type; found once for each type, because every entry passes here."""
    if issubclass(kind, StrEnum):
        return lambda value: value.value
    if issubclass(kind, bool | int | str | NoneType):
        return lambda value: value
    if issubclass(kind, Decimal):
        return _digits
    if issubclass(kind, datetime):
        return time_text
    if issubclass(kind, date):
        return date.isoformat
    if issubclass(kind, Day):
        return str
    if issubclass(kind, tuple):
        return lambda value: [plain(part) for part in value]
    if issubclass(kind, Mapping):
        return lambda value: {str(key): plain(part) for key, part in value.items()}
    if issubclass(kind, Event):
        return lambda value: {"event": value.kind, "content": content(value)}
    return content if is_dataclass(kind) else _refuse


MOST_DIGITS = 100
"""Digits of a number before its point, and after it; far more than anything measured has."""


def _digits(value: Decimal) -> Plain:
    return format(_bounded(value), "f")


def _bounded(value: Decimal) -> Decimal:
    """A number that can be written out: one such as 1E+999999999 would fill the memory."""
    if not value.is_finite() or value.adjusted() >= MOST_DIGITS or int(value.as_tuple().exponent) < -MOST_DIGITS:
        raise ValueError(f"{value!s:.40} is not a number that can be recorded")
    return value


def _refuse(value: object) -> Plain:
    raise TypeError(f"{value!r} cannot be recorded: {type(value).__name__} has no exact written form")


def read_event(kind: str, content: Mapping[str, Plain]) -> Event:
    """The event of this kind with this content."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is not a kind of event this version of Escalon knows")
    return read(KINDS[kind], content)


@cache
def _defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    return tuple((field.name, field.default) for field in fields(kind))


@cache
def _needed(kind: Any) -> frozenset[str]:
    return frozenset(name for name, default in _defaults(kind) if default is MISSING)


class Lacking(ValueError):
    """Content without fields that it must have; `names` are theirs."""

    def __init__(self, names: Iterable[str], what_to_write: str = "") -> None:
        self.names = tuple(names)
        super().__init__(f"needs: {', '.join(self.names)}{what_to_write}")


@cache
def _field_readers(kind: Any) -> Mapping[str, Reader]:
    hints = get_type_hints(kind)
    return {name: reader(hints[name]) for name, _ in _defaults(kind)}


def read(kind: type[T], content: Mapping[str, Plain]) -> T:
    """Build the dataclass `kind` from its plain content; a field nobody knows is an error, never dropped."""
    known: Any = kind
    readers = _field_readers(known)
    if not isinstance(content, Mapping):
        raise ValueError(f"{kind.__name__} is written with its fields, {', '.join(readers)}; found {content!r:.60}")
    if not content.keys() <= readers.keys():
        raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(content.keys() - readers.keys()))}")
    if not content.keys() >= _needed(known):
        raise Lacking(name for name, _ in _defaults(known) if name in _needed(known) - content.keys())
    held, name = {}, ""
    try:
        for name, value in content.items():
            held[name] = readers[name](value)
    except Unfit as within:
        raise Unfit(f"{name}.{within.path}", within.says) from None
    except Mistyped as wrong:
        raise Unfit(name, str(wrong)) from None
    return kind(**held)


class Unfit(ValueError):
    """A field does not hold what it must: the names that lead to it, and what to write."""

    def __init__(self, path: str, says: str) -> None:
        super().__init__(f"{path}: {says}")
        self.path, self.says = path, says


@cache
def reader(hint: Any) -> Reader:
    """The function that reads a plain value as the annotation `hint` says."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        inner = [part for part in arguments if part is not NoneType]
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
    if issubclass(kind, Decimal):
        return _number
    if issubclass(kind, StrEnum):
        return kind
    if issubclass(kind, datetime):
        return read_time
    if issubclass(kind, date):
        return date.fromisoformat
    if issubclass(kind, Day):
        return Day.parse
    if issubclass(kind, Event):
        return _written_event
    if is_dataclass(kind):
        return lambda content: read(kind, content)
    raise TypeError(f"{kind.__name__} has no exact written form")


def _number(value: Any) -> Decimal:
    return _bounded(Decimal(value))


def _written_event(written: Any) -> Event:
    if not isinstance(written, Mapping) or written.keys() != {"event", "content"}:
        raise ValueError(f'an event is written as {{"event": …, "content": …}}; found {written!r:.60}')
    return read_event(written["event"], written["content"])


class Mistyped(ValueError):
    """A value is of another kind than its field."""


_WRITTEN = {str: 'text, in quotes, such as "31"', int: "a whole number, without quotes", bool: "true or false"}


def _exactly(kind: type) -> Reader:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise Mistyped(f"found {value!r:.60}. Write {_WRITTEN[kind]}")
        return value

    return check


def _optional(inner: Reader) -> Reader:
    return lambda value: None if value is None else inner(value)


def _tuple(inner: Reader) -> Reader:
    def read_each(values: Any) -> tuple[Any, ...]:
        if not isinstance(values, list | tuple):
            raise ValueError(f"expected a list, found {values!r:.60}")
        return tuple(inner(value) for value in values)

    return read_each
