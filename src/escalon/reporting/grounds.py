"""From what is recorded to the grounds of a cell: who, what, which day, the value as it was written, and where it stands."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from sys import intern
from typing import Any

from escalon.conduct.judge.cells import AtVisit, recorded_beneath
from escalon.conduct.judge.given import Given
from escalon.facts import Day, Fact, Facts, Finding, plain
from escalon.facts import grounds as beneath
from escalon.history import Course, Current
from escalon.history.events import AdverseEventRecorded, CellsInfused, TreatmentGiven
from escalon.reporting.document import Ground
from escalon.reporting.printed import dose_of

_OF_FACTS: ContextVar[dict[object, tuple[Fact, Ground]] | None] = ContextVar("grounds of facts", default=None)
_OF_CELLS: ContextVar[dict[object, tuple[AtVisit, tuple[Ground, ...]]] | None] = ContextVar("of cells", default=None)
"""What was made of each fact and cell, beside the thing itself, so that its identity stays its own."""


@contextmanager
def made_once() -> Iterator[None]:
    """Within it a fact, and where somebody stands at a visit, has one ground, whatever number of cells rest on it."""
    with _kept_in(_OF_FACTS), _kept_in(_OF_CELLS):
        yield


@contextmanager
def _kept_in(made: ContextVar[dict[object, Any] | None]) -> Iterator[None]:
    token = made.set({}) if made.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            made.reset(token)


def of_fact(fact: Fact, participant: str = "") -> Ground:
    """A recorded fact."""
    made = _OF_FACTS.get()
    if made is None:
        return _of_fact(fact, participant)
    key = id(fact) if fact.participant else (id(fact), participant)
    known = made.get(key)
    if known is None:
        known = made[key] = (fact, _of_fact(fact, participant))
    return known[1]


def of_cell(cell: AtVisit, *, baseline: bool = True) -> tuple[Ground, ...]:
    """The recorded facts beneath where somebody stands at a visit, those of the baseline after them where asked."""
    with_baseline = baseline and bool(cell.baseline_rests_on)
    made = _OF_CELLS.get()
    known = None if made is None else made.get((id(cell), with_baseline))
    if known is not None:
        return known[1]
    own = cell.grounds if with_baseline else recorded_beneath(cell.rests_on)
    found = tuple(of_fact(fact, cell.participant) for fact in own)
    if made is not None:
        made[id(cell), with_baseline] = (cell, found)
    return found


def _of_fact(fact: Fact, participant: str) -> Ground:
    value = f"{plain(fact.value)} {fact.unit or ''}".strip()
    day, where = str(fact.day or ""), place(fact.source)
    return Ground(fact.participant or participant, fact.name, intern(day), intern(value), intern(where))


def of_facts(some: Iterable[Fact], participant: str = "") -> tuple[Ground, ...]:
    """Recorded facts, each once; of a computed one, those beneath it."""
    return tuple(dict.fromkeys(of_fact(fact, participant) for fact in recorded_beneath(some)))


def of_finding(finding: Finding, participant: str = "") -> tuple[Ground, ...]:
    """What a finding rests on, down to what was recorded."""
    return of_facts(beneath(finding), participant)


def of_event(one: Current[AdverseEventRecorded]) -> Ground:
    """A line of an adverse event, with what was judged of it."""
    event = one.event
    grade = "not graded" if event.grade is None else f"grade {event.grade}"
    end = f" to {event.end}" if event.end else ", ongoing" if event.ongoing else ""
    judged = {True: ", DLT", False: ", no DLT", None: ""}[event.dlt]
    when, said = intern(f"{event.start or ''}{end}"), intern(f"{grade}{judged}")
    return Ground(event.participant or "", event.term, when, said, one.place)


def of_treatment(code: str, one: Current[TreatmentGiven]) -> Ground:
    """A drug or procedure as it is recorded."""
    given = one.event
    return Ground(code, given.treatment, str(given.start or ""), dose_of(given), one.place)


def of_dose(given: Given, course: Course) -> tuple[Ground, ...]:
    """The bags of a dose."""
    bags = [one for one in course.infusions if one.number in given.numbers]
    return tuple(
        Ground(
            given.participant,
            intern(f"{_called(one.event)}, level {one.event.level}"),
            str(one.event.happened(course.zone) or ""),
            _as_given(one.event),
            one.place,
        )
        for one in bags
    )


def _called(event: CellsInfused) -> str:
    """What giving it is called: cells are infused, a tablet is a dose."""
    return "infusion" if "cell" in (event.unit or "cells/kg") else "dose"


def _as_given(event: CellsInfused) -> str:
    """The amount of one bag as it was recorded."""
    value = event.cells_per_kg if event.amount is None else event.amount
    return "dose not recorded" if value is None else f"{plain(value)} {event.unit or 'cells/kg'}"


def last_of(facts: Facts, name: str) -> Fact | None:
    """The latest fact of a name that is known."""
    known = [fact for fact in facts.named(name) if fact.value is not None]
    return known[-1] if known else None


def before(facts: Facts, name: str, infused: Day | None) -> Fact | None:
    """The last known value of a fact on a day up to the infusion: what somebody was like when treated."""
    some = [fact for fact in facts.named(name) if fact.value is not None]
    some = [fact for fact in some if infused is None or fact.day is None or fact.day.is_by(infused) is not False]
    return some[-1] if some else None


def place(source: str) -> str:
    """The file and line, without what the row says of its own source."""
    return source.partition(" (")[0] or "no place"
