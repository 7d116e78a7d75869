"""The protocol: the study as it is written and read, and every instrument as a calculator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse

from escalon.instruments import assess, catalogue
from escalon.instruments.kit.assessment import UnknownItem
from escalon.instruments.kit.catalogue import UnknownInstrument, family, find
from escalon.instruments.kit.readings import described, json_schema
from escalon.web.desk import Desk, NoSuchPage
from escalon.web.registry import EVERYBODY, page, service


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


@dataclass(frozen=True)
class AskedShown:
    """An item: what it is about, what is accepted, in which units."""

    name: str
    about: str
    accepted: str
    kind: str
    choices: tuple[str, ...]
    units: tuple[str, ...]
    needs_unit: bool


@dataclass(frozen=True)
class InstrumentPage:
    """An instrument and the schema of its items."""

    name: str
    title: str
    about: str
    source: str
    unconfirmed: str
    asks: tuple[AskedShown, ...]
    options: dict[str, tuple[str, ...]]
    schema: dict[str, Any]


@page("/instruments/{name}", EVERYBODY, can_be_open=True)
def instrument(desk: Desk, name: str) -> InstrumentPage:
    """An instrument as a calculator: what is typed stays in the address, and nothing is recorded."""
    found = _found(name)
    it = described(found)
    asks = tuple(
        AskedShown(
            one["name"],
            one["about"],
            one["accepted"],
            found.items[one["name"]].kind,
            tuple(map(str, found.items[one["name"]].choices or ())),
            tuple(one["units"]),
            bool(found.items[one["name"]].needs_unit),
        )
        for one in it["items"]
    )
    options = {name: tuple(map(str, choices)) for name, choices in it["options"].items()}
    return InstrumentPage(
        it["name"],
        it["title"],
        it["about"],
        it["source"],
        it.get("unconfirmed") or "",
        asks,
        options,
        json_schema(found),
    )


def _found(name: str) -> Any:
    try:
        return find(name)
    except UnknownInstrument as error:
        raise NoSuchPage(str(error)) from None


@service("/instruments/{name}/score", EVERYBODY, can_be_open=True)
def score(desk: Desk, body: dict[str, Any], name: str) -> JSONResponse:
    """Score what was typed; nothing is recorded."""
    for item, value in body.items():
        if value != value:  # JSON has no NaN; Python's reader lets it pass
            raise UnknownItem(f"{item}: NaN is not a number. Leave out what is not known, or write null")
    finding = assess(_found(name).name, **body)
    return JSONResponse(finding.as_json(), 422 if finding.status == "invalid" else 200)
