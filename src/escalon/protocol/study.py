"""A study as its folder states it: one frozen model, read by pydantic, ready to be asked. `load_study` makes one.

Everything a trial decides is here and nothing else is: published medicine stands in `instruments`, what happened to people in
the casebook. Every `*.toml` of a folder is one document, split only so that people find their way. This module is imported
when a folder is read, never by `escalon --help`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeAlias, TypeGuard, TypeVar

from pydantic import Field

from escalon.expressions.events import Part, Pick
from escalon.expressions.tree import Node
from escalon.protocol.clauses import (
    Alternative,
    Assumption,
    Clause,
    Criterion,
    CriterionKind,
    Exclusion,
    SignedReading,
    Statement,
    Watched,
)
from escalon.protocol.declared import Anchor, Disease, FactDefinition, FactKind, RoleName, Roles
from escalon.protocol.dose_plan import (
    DltDefinition,
    DltEvent,
    DosePlan,
    Level,
    Lymphodepletion,
    OffDose,
    Regimen,
    RegimenDrug,
    Retreatment,
    WindowReview,
)
from escalon.protocol.names import leaves, names_in
from escalon.protocol.schedule import POPULATIONS, BaselineRule, Endpoint, Period, Visit
from escalon.protocol.tables import FROZEN, SEVERAL, Free, Id, Name, Place, Said, Table, Text, Words, as_read, known

__all__ = [
    "Alternative", "Anchor", "Arm", "Assumption", "Baseline", "BaselineRule", "Clause", "Criterion", "CriterionKind", "Disease",
    "DltDefinition", "DltEvent", "DosePlan", "Endpoint", "Exclusion", "FactDefinition", "FactKind", "Level", "Location",
    "Lymphodepletion", "OffDose", "Period", "Place", "Regimen", "RegimenDrug", "Retreatment", "RoleName", "Roles", "Said",
    "SignedReading", "Statement", "Study", "Visit", "Watched", "WindowReview",
]  # fmt: skip

Reading: TypeAlias = tuple[str, int]
"""An assumption's id and the number of one of its alternatives, from 1."""
TABLES = ("adverse_events",)
"""Measures that are tables of the data folder, not facts or instruments."""


class Arm(Table):
    """A group of participants and what is done to them."""

    id: Id
    name: Text
    intervention: Text
    says: Words = Said()


class Location(Table):
    """Where the study is run."""

    name: Text
    city: Text
    country: Text
    says: Words = Said()


@dataclass(frozen=True, slots=True)
class Baseline:
    """Which value is a baseline: the last before the first of these roles' days that is recorded."""

    before: tuple[RoleName, ...]

    def __str__(self) -> str:
        first, *rest = self.before
        return "; where none is recorded, ".join((f"the last before {first}", *(f"before {one}" for one in rest)))


def _zone(value: object) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(str(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is not a time zone. Write its IANA name, such as 'Asia/Shanghai'") from None


def _head(name: str, default: Any = ...) -> Any:
    """A key of the table `[study]`."""
    return Field(default, alias=f"study.{name}")


class Study(Table):
    """One trial, as its folder states it."""

    id: str = known("id", "")
    version: str = known("version", "")
    """The first 12 hexadecimal digits of the SHA-256 over the folder's files."""
    folder: Path = known("folder", Path())
    record: str = known("record", "")
    """The registry's words, whole; empty when the study has none."""

    title: Text = _head("title")
    registry: Free = _head("registry", "")
    sponsor: Free = _head("sponsor", "")
    phase: Free = _head("phase", "")
    status: Free = _head("status", "")
    design: Free = _head("design", "")
    purpose: Free = _head("purpose", "")
    target: Annotated[int, Field(ge=1, le=100_000)] = _head("target")
    zone: Annotated[str, as_read(_zone)] | None = _head("zone", None)
    """The IANA time zone of the sites, whose days all clocks count: `Asia/Shanghai`."""
    before: Annotated[tuple[RoleName, ...], SEVERAL, Field(min_length=1)] = _head(
        "baseline", ("conditioning", "infusion")
    )

    roles: Roles = Roles()
    diseases: Annotated[tuple[Disease, ...], Field(alias="disease", min_length=1)]
    arms: tuple[Arm, ...] = Field((), alias="arm")
    location: tuple[Location, ...] = ()
    dose: DosePlan
    lymphodepletion: Lymphodepletion | None = None
    dlt: DltDefinition | None = None
    anchors: Annotated[Mapping[Name, Anchor], FROZEN] = Field({}, alias="anchor")
    baselines: Annotated[Mapping[Name, BaselineRule], FROZEN] = Field({}, alias="baseline")
    """Baselines that endpoints name, beside the study's own."""
    facts: Annotated[Mapping[Name, FactDefinition], FROZEN] = Field({}, alias="fact")
    """What the folder itself says of facts; `vocabulary` is all that may be recorded."""
    inclusion: Annotated[tuple[Criterion, ...], Field(min_length=1)]
    """What must hold."""
    exclusion: tuple[Exclusion, ...] = ()
    """What must be known to be absent."""
    watched: tuple[Watched, ...] = ()
    """What must not happen during the study."""
    visits: tuple[Visit, ...] = Field((), alias="visit")
    periods: tuple[Period, ...] = Field((), alias="period")
    endpoints: tuple[Endpoint, ...] = Field((), alias="endpoint")
    assumptions: tuple[Assumption, ...] = Field((), alias="assumption")
    statements: tuple[Statement, ...] = Field((), alias="statement")
    answers: tuple[SignedReading, ...] = Field((), alias="answer")
    """Signatures under assumptions, oldest first; of several under one, the last counts."""
    readings: tuple[Reading, ...] = known("readings", ())
    """The alternatives put in force beside those the folder's answers choose."""

    @property
    def baseline(self) -> Baseline:
        """Which value of a participant is the baseline."""
        return Baseline(self.before)

    @property
    def most(self) -> int:
        """The most participants ever enrolled: the cap of the dose plan, for each stratum that escalates by itself."""
        strata = self.dose.strata
        return self.dose.cap * (1 if strata is None else len(self.vocabulary[strata].choices))

    @property
    def gives_cells(self) -> bool:
        """Whether what is given is counted in cells."""
        return self.dose.levels[0].amount.is_cells

    @cached_property
    def said(self) -> Callable[[str], str]:
        """How a sentence of ours is said of this study: of what is not infused, without that word."""
        from escalon.protocol.own_words import in_own_words

        return in_own_words(self)

    @property
    def day_0(self) -> str:
        """What day 0 is called: the infusion of cells, the first dose of anything else."""
        return "infusion" if self.gives_cells else "first dose"

    @property
    def collects_cells(self) -> bool:
        """Whether a participant's own cells are collected: the folder names the fact of it."""
        return self.roles.apheresis is not None

    @property
    def conditions(self) -> bool:
        """Whether lymphodepletion comes before the dose."""
        return self.lymphodepletion is not None or self.roles.conditioning is not None

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every eligibility clause, inclusions first."""
        return (*self.inclusion, *self.exclusion)

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Every clause with a rule: of eligibility, and what is watched during the study."""
        return (*self.criteria, *self.watched)

    @cached_property
    def outcomes(self) -> tuple[Endpoint, ...]:
        """Every declared outcome, each followed by what is shown beside it."""
        later = [one.id for one in self.visits if one.day > 0]
        return tuple(shown for one in self.endpoints for shown in one.with_beside(later))

    @cached_property
    def used(self) -> tuple[str, ...]:
        """Every name that rules, outcomes and visits read, in their order."""
        found = [name for one in self.clauses for name in one.names]
        found += [name for one in self.outcomes for name in one.measure if name not in TABLES]
        found += [name for one in self.outcomes for name in names_in(one.tree) if name not in POPULATIONS]
        found += [name for one in self.visits for name in one.measures if name not in TABLES]
        return tuple(dict.fromkeys(found))

    @cached_property
    def instruments(self) -> tuple[str, ...]:
        """The catalogue's instruments that rules, endpoints and visits name, and those they are made of."""
        from escalon.instruments.kit.visits import with_parts

        wholes = dict.fromkeys(name.partition(".")[0] for name in self.used if name not in self.facts)
        return tuple(with_parts(wholes))

    @cached_property
    def vocabulary(self) -> Mapping[str, FactDefinition]:
        """Every name that may be recorded: the study's own, then the items and results of its instruments."""
        from escalon.instruments import catalogue
        from escalon.protocol.vocabulary import vocabulary

        limited = [leaf.name for one in self.clauses for leaf in leaves(one.tree) if _asks_limit(leaf)]
        instruments = {name: catalogue()[name] for name in self.instruments}
        conditioning = self.lymphodepletion.drugs if self.lymphodepletion else ()
        return vocabulary(self.facts, self.diseases, instruments, self.used, limited, conditioning)

    @property
    def awaited(self) -> tuple[str, ...]:
        """Names used in rules, endpoints and visits that neither the vocabulary nor the catalogue knows."""
        return tuple(name for name in self.used if name not in self.vocabulary)

    def criterion(self, id: str) -> Criterion:
        """The eligibility clause of an id. Raises KeyError."""
        return _named(self.criteria, id, self.id, "criterion")

    def endpoint(self, id: str) -> Endpoint:
        """The outcome of an id. Raises KeyError."""
        return _named(self.endpoints, id, self.id, "endpoint")

    def assumption(self, id: str) -> Assumption:
        """The assumption of an id. Raises KeyError."""
        return _named(self.assumptions, id, self.id, "assumption")

    def assumptions_about(self, *about: str) -> Iterator[Assumption]:
        """The assumptions that something rests on, in their order."""
        wanted = set(about)
        return (one for one in self.assumptions if wanted.intersection(one.about))

    def assumed(self, *about: str) -> tuple[str, ...]:
        """The ids of the assumptions that a clause, an outcome or a topic rests on."""
        return tuple(one.id for one in self.assumptions_about(*about))

    @cached_property
    def signed(self) -> Mapping[str, SignedReading]:
        """The answer to each assumption that has one given to its present words; an older one counts for nothing."""
        return {one.assumption: one for one in self.answers if one.digest == self.assumption(one.assumption).digest}

    def in_force(self, id: str) -> str:
        """How an assumption is read here: its default, or what the alternative says that an answer or `--with` chose."""
        one, chosen = self.assumption(id), dict(self.readings).get(id)
        if chosen is None:
            chosen = one.number_of(self.signed[id].reading) if id in self.signed else 0
        return one.alternatives[chosen - 1].says if chosen else one.default


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


Named = TypeVar("Named", bound=_HasId)


def _named(some: Iterable[Named], id: str, study: str, what: str) -> Named:
    for one in some:
        if one.id == id:
            return one
    raise KeyError(f"{study} has no {what} {id!r}")


def _asks_limit(leaf: Node) -> TypeGuard[Pick]:
    return isinstance(leaf, Pick) and leaf.part is not Part.VALUE
