"""Allocation to a level, the cell product's way, and what it did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from escalon.history.events.event import ParticipantEvent


@dataclass(frozen=True, kw_only=True)
class LevelAllocated(ParticipantEvent):
    """The participant took a place of an open cohort. Places are numbered once and never given twice."""

    cohort: int
    level: int
    place: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.cohort, self.level, self.place) < 1:
            raise ValueError("cohorts, levels and places count from 1")


@dataclass(frozen=True, kw_only=True)
class AllocationReleased(ParticipantEvent):
    """The participant gave the place back (withdrawn, not infused, or replaced because not evaluable)."""

    cohort: int
    place: int
    needs_reason: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ApheresisDone(ParticipantEvent):
    """Cells were collected."""

    at: datetime
    collection: str


@dataclass(frozen=True, kw_only=True)
class LymphodepletionGiven(ParticipantEvent):
    """Lymphodepleting chemotherapy was given, as it was given."""

    started_on: date
    ended_on: date
    regimen: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ended_on < self.started_on:
            raise ValueError(f"lymphodepletion ends on {self.ended_on}, before it starts on {self.started_on}")


@dataclass(frozen=True, kw_only=True)
class ProductReleased(ParticipantEvent):
    """The cell laboratory released a product, made from this collection, for this participant and level."""

    product: str
    collection: str
    level: int
    certificate: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class CellsInfused(ParticipantEvent):
    """The product was infused: the moment it started, and CAR-T cells per kilogram as delivered."""

    at: datetime
    product: str
    level: int
    cells_per_kg: Decimal
    volume_ml: Decimal | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cells_per_kg <= 0:
            raise ValueError(f"cells per kg is {self.cells_per_kg}; an infusion delivers more than none")


@dataclass(frozen=True, kw_only=True)
class AdverseEventRecorded(ParticipantEvent):
    """An adverse event as reported: term, CTCAE grade 1 to 5, onset and end as known, seriousness, relation."""

    term: str
    grade: int
    onset: str
    end: str | None = None
    serious: bool | None = None
    related: bool | None = None
    interest: str | None = None
    source: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.grade not in range(1, 6):
            raise ValueError(f"grade {self.grade} is not a CTCAE grade; write 1 to 5")

    @property
    def what(self) -> str:
        """The event as one says it."""
        return f"adverse event: {self.term}, grade {self.grade}, from {self.onset}"


@dataclass(frozen=True, kw_only=True)
class DltProposed(ParticipantEvent):
    """The study's definition, applied by rule, proposes that an event is (not) dose-limiting, with its evidence."""

    is_dlt: bool
    because: str
    rests_on: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DltAdjudicated(ParticipantEvent):
    """A person decided whether an event is dose-limiting; `rests_on` numbers the entries considered."""

    is_dlt: bool
    because: str
    rests_on: tuple[int, ...] = ()
