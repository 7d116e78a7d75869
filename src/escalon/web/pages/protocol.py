"""The study as a registry shows it, with our reading beside the record's words; its assumptions, and its schedule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from escalon.conduct.record.signing import assumption_digest
from escalon.history import Entry
from escalon.history.events import AssumptionSigned
from escalon.instruments import catalogue
from escalon.instruments.kit.catalogue import family
from escalon.protocol import Study
from escalon.protocol.prose import short_name, study_json
from escalon.web.acts import sign_as
from escalon.web.banner import disease
from escalon.web.desk import Desk
from escalon.web.registry import EVERYBODY, act, page, taken
from escalon.web.said import Told


@dataclass(frozen=True)
class AssumptionShown:
    """What the record leaves open, how it is read here, who is to sign it, and who has."""

    id: str
    question: str
    default: str
    signer: str
    kind: str
    alternatives: tuple[str, ...]
    signed_by: str
    signed_entry: int | None
    is_void: bool


@dataclass(frozen=True)
class RecruitedShown:
    """How many of a disease were treated at each level."""

    disease: str
    by_level: tuple[int, ...]
    all: int


@dataclass(frozen=True)
class StudyPage:
    """The study, as a registry shows it, and how far recruitment is."""

    protocol: dict[str, Any]
    """The whole study as `escalon study show --json` prints it; what it records is on /study/record."""
    recruited: tuple[RecruitedShown, ...]
    consented: int
    treated: int
    unsigned: int


@page("/study", EVERYBODY, can_be_open=True)
def study(desk: Desk) -> StudyPage:
    """The study as the registry has it, with our reading beside it, and how far recruitment is."""
    recruited = tuple(_recruited(desk))
    return StudyPage(
        desk.bench.kept("protocol for scripts", desk.study.version, lambda: _for_scripts(desk.study)),
        recruited,
        sum(one.has_consent for one in desk.trial.courses.values()),
        sum(one.all for one in recruited),
        assumptions(desk).unsigned,
    )


def _for_scripts(study: Study) -> dict[str, Any]:
    return {name: part for name, part in study_json(study).items() if name != "vocabulary"}


def _recruited(desk: Desk) -> list[RecruitedShown]:
    treated = desk.trial.infused()
    desk.bench.know(desk.trial, tuple(one.code for one in treated))
    counts = Counter((disease(desk.study, one), one.infusions[0].event.level) for one in treated)
    levels = [one.number for one in desk.study.dose.levels]
    rows = []
    for name in (one.name for one in desk.study.diseases):
        by_level = tuple(counts[name, level] for level in levels)
        rows.append(RecruitedShown(name, by_level, sum(by_level)))
    return rows


@dataclass(frozen=True)
class StudyRecordPage:
    """What the study records by the names of its own facts, and the registry's record beside what implements it."""

    title: str
    facts: tuple[tuple[str, str, str], ...]
    """Name, label and group of each fact."""


@page("/study/record", EVERYBODY, can_be_open=True)
def study_record(desk: Desk) -> StudyRecordPage:
    """What is recorded, and every clause of the registry's record with what implements it."""
    own = (one for one in desk.study.vocabulary.values() if one.place.file)
    return StudyRecordPage(desk.study.title, tuple((one.name, one.label, one.group) for one in own))


@dataclass(frozen=True)
class AssumptionsPage:
    """What the record leaves open, and whether it was signed."""

    assumptions: tuple[AssumptionShown, ...]
    unsigned: int
    may_sign: bool


@page("/study/assumptions", EVERYBODY, can_be_open=True)
def assumptions(desk: Desk) -> AssumptionsPage:
    """Where the record is silent or contradicts itself: how it is read here, and who has signed that."""
    signed = {getattr(one.event, "assumption", ""): one for one in desk.entries(kinds=["AssumptionSigned"])}
    found = []
    for one in desk.study.assumptions:
        entry = signed.get(one.id)
        event = entry.event if entry else None
        beside = desk.study.signed.get(one.id)
        name = (
            event.printed_name if isinstance(event, AssumptionSigned) else f"{beside.by}, {beside.on}" if beside else ""
        )
        void = isinstance(event, AssumptionSigned) and event.digest != assumption_digest(desk.study, one.id)
        others = tuple(each.says for each in one.alternatives)
        more = {"default": desk.study.in_force(one.id), "alternatives": others, "is_void": void}
        number = entry.number if entry else None
        found.append(taken(AssumptionShown, one, signed_by=name, signed_entry=number, **more))
    unsigned = sum(not one.signed_by or one.is_void for one in found)
    return AssumptionsPage(tuple(found), unsigned, desk.may("AssumptionSigned"))


@act("AssumptionSigned")
def sign_assumption(desk: Desk, said: Told) -> Entry:
    """Sign how the study reads its protocol where the protocol is silent."""
    return sign_as(desk, AssumptionSigned, said, assumption_digest(desk.study, said.text("assumption")))


@dataclass(frozen=True)
class ScheduledVisit:
    """A visit, its day and window counted from the infusion, and what is measured there."""

    id: str
    name: str
    day: int
    earliest: int
    latest: int
    measures: tuple[str, ...]


@dataclass(frozen=True)
class SchedulePage:
    """The schedule of visits."""

    visits: tuple[ScheduledVisit, ...]
    measures: tuple[str, ...]


@page("/study/schedule", EVERYBODY, can_be_open=True)
def schedule(desk: Desk) -> SchedulePage:
    """The visits, their windows, and what is measured at each."""
    visits = tuple(
        taken(ScheduledVisit, one, measures=tuple(dict.fromkeys(short_name(name, desk.study) for name in one.measures)))
        for one in desk.study.visits
    )
    return SchedulePage(visits, tuple(dict.fromkeys(name for one in visits for name in one.measures)))


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
