"""What every table of a study folder has in common: frozen, no key it does not know, no kind of value bent into another.

Also the readers of values that several tables share: durations, percentages, limits, names. What is not written in the folder
but known when it is read (where a table stands, the name a fact was declared under) is `known`: no key of a file can set it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Any, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from escalon.facts import Duration, exact, read_number

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the study folder."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Said:
    """The registry's own words: verbatim pieces of the record, in the record's spelling."""

    pieces: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " … ".join(self.pieces)

    def __bool__(self) -> bool:
        return bool(self.pieces)


def known(name: str, default: Any) -> Any:
    """A field that the loader fills; its alias cannot be a key of the folder."""
    return Field(default, alias=f"({name})")


class Table(BaseModel):
    """A table of the study folder."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)

    place: Place = known("place", Place())

    @classmethod
    def made(cls, **fields: Any) -> Self:
        """A table made in code, its fields by their own names."""
        return cls.model_validate(fields, by_name=True, by_alias=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """The same with some fields changed; whatever was derived from them is derived anew."""
        copy = super().model_copy(update=update, deep=deep)
        for name in set(copy.__dict__) - set(type(self).model_fields):
            del copy.__dict__[name]
        return copy

    @classmethod
    def may_have(cls) -> dict[str, Any]:
        """The keys that may be written, each with the kind of its value."""
        fields = ((one.alias or name, one.annotation) for name, one in cls.model_fields.items())
        return {key: annotation for key, annotation in fields if not key.startswith("(")}


def table_in(annotation: Any) -> type[Table] | None:
    """The table class within `tuple[X, ...]`, `Mapping[str, X]`, `Annotated[X, …]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next((found for part in reversed(get_args(annotation)) if (found := table_in(part)) is not None), None)


def as_read(reader: Callable[[object], Read]) -> BeforeValidator:
    """A field whose value is read by a function that raises ValueError."""
    return BeforeValidator(reader)


def _duration(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a duration. Write it as 4 weeks, 28 days, 6 months or 1 year, in quotes")
    return Duration.parse(value)


def _days(value: object) -> Duration:
    """A duration in days or weeks; 0 days means the same day."""
    duration = _duration(value)
    if duration.unit not in ("day", "week"):
        raise ValueError(f"{value!r} has no fixed number of days. Write it in days or weeks")
    return duration


def _clock(value: object) -> Duration:
    """A duration with a fixed number of days, at least one."""
    duration = _days(value)
    if duration.number == 0:
        raise ValueError("a window of 0 days is none. Write 1 day or more, or leave the key out")
    return duration


def _percent(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    text = str(value).strip()
    if not isinstance(value, str) or not text.endswith("%"):
        raise ValueError(f"{value!r} is not a percentage. Write it with its sign, in quotes: '20 %'")
    share = Fraction(read_number(text[:-1])) / 100
    if not 0 <= share < 1:
        raise ValueError(f"{value!r} is outside 0 % to 100 %")
    return share


def _limit(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str | Fraction):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, str):
        return Fraction(read_number(value))
    if (isinstance(value, float) and value in (float("inf"), float("-inf"))) or value != value:
        raise ValueError(f"{value!r} is not a limit. Leave the key out where there is none")
    return exact(value)


def _said(value: object) -> Said:
    if isinstance(value, Said):
        return value
    pieces = (value,) if isinstance(value, str) else value
    if not isinstance(pieces, tuple) or not all(isinstance(piece, str) and piece.strip() for piece in pieces):
        raise ValueError("the registry's words are a text, or a list of texts, each copied from the record")
    return Said(pieces)


def _several(value: object) -> object:
    """One where several may stand is a list of one."""
    return (value,) if isinstance(value, str) else value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Free = Annotated[str, StringConstraints(strip_whitespace=True)]
Span = Annotated[Duration, as_read(_duration)]
Clock = Annotated[Duration, as_read(_clock)]
Days = Annotated[Duration, as_read(_days)]
Percent = Annotated[Fraction, as_read(_percent)]
Limit = Annotated[Fraction, as_read(_limit)]
Words = Annotated[Said, as_read(_said)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$")]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$")]
DayNumber = Annotated[int, Field(ge=-3650, le=36500)]
SEVERAL = as_read(_several)
FROZEN = AfterValidator(MappingProxyType)
"""A mapping that nobody can change."""
