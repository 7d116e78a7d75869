"""Allocation to a level, the cell product's way, what was given, and what it did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import ClassVar

from escalon.facts import Day
from escalon.history.events.answer import Answer, AnswerPart
from escalon.history.events.event import Event, ParticipantEvent, day_of
from escalon.instruments.product.dose import DoseAmount, dose_unit
from escalon.safety.adverse_event import AdverseEvent


@dataclass(frozen=True, kw_only=True)
class LevelAllocated(ParticipantEvent):
    """The participant took a place of an open cohort. Places are numbered once and never given twice."""

    cohort: int
    level: int
    place: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.cohort, self.place) < 1:
            raise ValueError("cohorts and places count from 1")


@dataclass(frozen=True, kw_only=True)
class AllocationReleased(ParticipantEvent):
    """The participant gave the place back; what happened to them, and every clock, stays."""

    cohort: int
    place: int
    needs_reason: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ApheresisDone(ParticipantEvent):
    """Cells were collected."""

    at: datetime
    collection: str
    dated: ClassVar[str] = "at"


@dataclass(frozen=True, kw_only=True)
class LymphodepletionGiven(ParticipantEvent):
    """Lymphodepleting chemotherapy was given, as it was given."""

    started_on: date
    ended_on: date
    regimen: str
    dated: ClassVar[str] = "started_on"

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
    dated: ClassVar[str] = "at"


@dataclass(frozen=True, kw_only=True)
class CellsInfused(ParticipantEvent):
    """The product was given, at a moment or on a day, with what was really given, if it is known.

    That is an amount with the unit of the study's levels (`1e8 cells`, `54 mg`), or cells for each kilogram of `weight_kg`, the
    actual weight it was calculated with. `residual_ml` is what was left in bag and line.
    """

    level: int
    at: datetime | None = None
    on: Day | None = None
    product: str = ""
    cells_per_kg: Decimal | None = None
    amount: Decimal | None = None
    unit: str = ""
    volume_ml: Decimal | None = None
    source: str = ""
    ended_at: datetime | None = None
    residual_ml: Decimal | None = None
    weight_kg: Decimal | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.at is None) == (self.on is None):
            raise ValueError("an infusion has its moment (at) or its day (on), one of the two")
        for moment in (self.at, self.ended_at):
            if self.ended_at is not None and moment is not None and moment.tzinfo is None:
                raise ValueError(f"{moment:%Y-%m-%d %H:%M} has no time zone; write it, such as +08:00")
        if self.ended_at is not None and self.at is not None and self.ended_at < self.at:
            raise ValueError(f"the infusion ends at {self.ended_at:%H:%M}, before it began at {self.at:%H:%M}")
        if self.residual_ml is not None and not (isfinite(self.residual_ml) and self.residual_ml >= 0):
            raise ValueError(f"residual_ml {self.residual_ml}: what was left is 0 mL or more")
        if self.weight_kg is not None and not (isfinite(self.weight_kg) and self.weight_kg > 0):
            raise ValueError(f"weight_kg {self.weight_kg}: a body weight is more than 0 kg")
        if self.cells_per_kg is not None and self.amount is not None:
            raise ValueError("what was given is an amount with its unit, or cells_per_kg, one of the two")
        for given in (self.cells_per_kg, self.amount):
            if given is not None and not (isfinite(given) and given > 0):
                raise ValueError(f"the dose given is {given}; an infusion delivers more than none")
        if self.amount is not None and not self.unit:
            raise ValueError(
                f"the amount {self.amount} has no unit. Write that of the study's levels: cells/kg, cells, mg"
            )
        if self.unit:
            dose_unit(self.unit)

    @property
    def dose(self) -> DoseAmount | None:
        """What was really given, with its unit; None where it is not recorded."""
        value = self.amount if self.amount is not None else self.cells_per_kg
        return None if value is None else replace(dose_unit(self.unit or "cells/kg"), value=Fraction(value))

    @property
    def what(self) -> str:
        """The dose as one says it."""
        given = str(self.dose or "a dose not recorded")
        if self.cells_per_kg is not None:  # as entries have said it from the first
            given = f"{self.cells_per_kg:,f} cells/kg"
        return f"cells infused: level {self.level}, {given}"

    def happened(self, zone: tzinfo) -> Day | None:
        """The day of infusion."""
        return day_of(self.at or self.on, zone)


@dataclass(frozen=True, kw_only=True)
class TreatmentGiven(ParticipantEvent):
    """A drug or procedure was given: one course of it, with its dose where one applies."""

    treatment: str
    start: Day | None
    end: Day | None = None
    ongoing: bool = False
    dose: Decimal | None = None
    unit: str = ""
    route: str = ""
    indication: str = ""
    source: str = ""
    dated: ClassVar[str] = "start"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start is not None and self.end is not None and self.end.is_before(self.start):
            raise ValueError(f"{self.treatment} ends on {self.end}, before its start on {self.start}")
        if self.end is not None and self.ongoing:
            raise ValueError(f"{self.treatment} cannot be ongoing and have ended on {self.end}. Keep one of the two")

    @property
    def what(self) -> str:
        """The course in a line."""
        dose = "" if self.dose is None else f" {self.dose:f} {self.unit}"
        began = self.start or "a day not recorded"
        return f"treatment: {self.treatment}{dose} from {began}" + (f" to {self.end}" if self.end else "")

    def known_by(self, last: date, zone: tzinfo) -> Event | None:
        """An end that lies later is not yet known."""
        begun = super().known_by(last, zone)
        ends_later = begun is not None and self.end is not None and self.end.earliest > last
        return replace(self, end=None, ongoing=True) if ends_later else begun


@dataclass(frozen=True, kw_only=True)
class AdverseEventRecorded(ParticipantEvent, AdverseEvent):
    """An adverse event as reported: what a row of `adverse_events` says."""

    dated: ClassVar[str] = "start"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check()

    @property
    def what(self) -> str:
        """The event as one says it."""
        grade = "grade not recorded" if self.grade is None else f"grade {self.grade}"
        return f"adverse event: {self.term}, {grade}, from {self.start or 'a day not recorded'}"

    def known_by(self, last: date, zone: tzinfo) -> Event | None:
        """An end that lies later, and with it the outcome, is not yet known."""
        begun = super().known_by(last, zone)
        ends_later = begun is not None and self.end is not None and self.end.earliest > last
        return replace(self, end=None, ongoing=True, outcome="") if ends_later else begun


@dataclass(frozen=True, kw_only=True)
class DltProposed(ParticipantEvent):
    """The study's definition, applied by rule, proposes that an event is (not) dose-limiting, with its evidence."""

    is_dlt: bool
    because: str
    rests_on: tuple[int, ...] = ()
    answer: Answer | None = None


@dataclass(frozen=True, kw_only=True)
class DltAdjudicated(ParticipantEvent):
    """A person decided whether an event is dose-limiting; `rests_on` numbers the entries considered."""

    is_dlt: bool
    because: str
    rests_on: tuple[int, ...] = ()
    lifts: tuple[AnswerPart, ...] = ()
    needs: int = 0


@dataclass(frozen=True, kw_only=True)
class DltWindowReviewed(ParticipantEvent):
    """The investigator reviewed a DLT window up to a day and found no dose-limiting toxicity but those named."""

    through: date
    because: str = ""
    dated: ClassVar[str] = "through"


@dataclass(frozen=True, kw_only=True)
class EvaluabilityJudged(ParticipantEvent):
    """A person judged whether the participant counts for dose-limiting toxicity; not evaluable means replaced."""

    is_evaluable: bool
    because: str = ""
    lifts: tuple[AnswerPart, ...] = ()
    needs: int = 0
