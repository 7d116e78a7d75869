"""The protocol: the study as it is written and read, and every instrument as a calculator."""

from __future__ import annotations

from dataclasses import dataclass

from escalon.instruments import catalogue
from escalon.instruments.kit.catalogue import family
from escalon.web.desk import Desk
from escalon.web.registry import EVERYBODY, page


@dataclass(frozen=True)
class LevelShown:
    """A dose level."""

    number: int
    name: str
    dose: str
    amount: float
    unit: str


@dataclass(frozen=True)
class ClauseShown:
    """An eligibility clause: the registry's words and our reading."""

    id: str
    kind: str
    says: str
    rule: str
    applies: str


@dataclass(frozen=True)
class OutcomeShown:
    """An outcome measure."""

    id: str
    role: str
    says: str
    measure: tuple[str, ...]


@dataclass(frozen=True)
class AssumptionShown:
    """What the record leaves open, and how it is read here."""

    id: str
    question: str
    default: str
    signer: str


@dataclass(frozen=True)
class StudyPage:
    """The study."""

    id: str
    title: str
    version: str
    sponsor: str
    levels: tuple[LevelShown, ...]
    criteria: tuple[ClauseShown, ...]
    endpoints: tuple[OutcomeShown, ...]
    assumptions: tuple[AssumptionShown, ...]


@page("/study", EVERYBODY, can_be_open=True)
def study(desk: Desk) -> StudyPage:
    """The protocol as the registry has it, with our reading beside it."""
    it = desk.study
    return StudyPage(
        it.id,
        it.title,
        it.version,
        it.sponsor,
        tuple(
            LevelShown(one.number, one.name, str(one.amount), float(one.amount.value), one.amount.unit)
            for one in it.dose.levels
        ),
        tuple(ClauseShown(one.id, one.kind, str(one.says), one.rule, one.applies_text or "") for one in it.criteria),
        tuple(OutcomeShown(one.id, one.role, str(one.says), tuple(one.measure)) for one in it.endpoints),
        tuple(AssumptionShown(one.id, one.question, one.default, one.signer) for one in it.assumptions),
    )


@dataclass(frozen=True)
class InstrumentRow:
    """An instrument in the list."""

    family: str
    name: str
    title: str
    about: str


@dataclass(frozen=True)
class InstrumentsPage:
    """Every instrument."""

    rows: tuple[InstrumentRow, ...]


@page("/instruments", EVERYBODY, can_be_open=True)
def instruments(desk: Desk) -> InstrumentsPage:
    """Every instrument, each as a calculator."""
    rows = [InstrumentRow(family(one), one.name, one.title, one.about.splitlines()[0]) for one in catalogue().values()]
    return InstrumentsPage(tuple(sorted(rows, key=lambda row: (row.family, row.name))))
