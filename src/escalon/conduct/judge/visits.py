"""A participant's visits: when each is due, what is asked there, and how much of it is recorded.

Days are counted from the infusion, day 0; before it no visit has a date. Which forms belong to a participant's disease is
read from the outcomes and clauses that name their instruments; a form of another disease may still be filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from escalon.conduct.judge.asked import asked_in
from escalon.facts import Day
from escalon.history import Course, Current
from escalon.history.events import FactRecorded
from escalon.history.made_once import MadeOnce
from escalon.instruments.kit.catalogue import catalogue
from escalon.instruments.kit.form import Form, form_of, plain_form, without
from escalon.instruments.kit.instrument import Instrument
from escalon.protocol.asked import as_item
from escalon.protocol.schedule import Visit
from escalon.protocol.study import Study

MEASUREMENTS = "measurements"
"""The form of what is measured on its own: weight, a laboratory value."""
ELSEWHERE = ("samples",)
"""Groups of the dictionary that are recorded as something else than a fact of a visit."""


class VisitState(StrEnum):
    """How a visit stands."""

    NOTHING = "no form"
    UNDATED = "no infusion yet"
    LATER = "later"
    OPEN = "open"
    OVERDUE = "overdue"
    DONE = "done"
    LOCKED = "locked"


@dataclass(frozen=True)
class VisitForm:
    """One form of a visit: its questions, and the name each is recorded under."""

    name: str
    title: str
    form: Form
    names: Mapping[str, str]
    instrument: Instrument | None = None
    """What is scored from it; none for single measurements."""
    diseases: frozenset[str] = frozenset()
    """The diseases it is asked in; empty for all."""

    def is_for(self, disease: str) -> bool:
        """Whether it is asked of somebody with a disease; where that is not known, it is."""
        return not self.diseases or not disease or disease in self.diseases


@dataclass(frozen=True, slots=True)
class FormState:
    """How much of a form is recorded at a visit."""

    form: VisitForm
    answered: int
    of: int

    @property
    def is_done(self) -> bool:
        """Whether everything needed was answered, be it that it is not known."""
        return self.answered >= self.of


@dataclass(frozen=True, slots=True)
class VisitAt:
    """A visit of a participant: its planned day and window, its state, and its forms."""

    visit: Visit
    due: date | None
    window: tuple[date, date] | None
    state: VisitState
    held: tuple[Day, ...]
    forms: tuple[FormState, ...]
    others: tuple[FormState, ...]
    """Forms of other diseases, which nobody waits for."""


def visits(study: Study, course: Course, today: date) -> tuple[VisitAt, ...]:
    """Every planned visit of a participant, in the order of the schedule."""
    return tuple(visit_at(study, course, visit, today) for visit in study.visits)


def visit_at(study: Study, course: Course, visit: Visit, today: date) -> VisitAt:
    """One visit of a participant."""
    recorded = recorded_at(study, course, visit)
    disease = disease_of(course)
    states = [FormState(one, *_answered(one, recorded)) for one in forms_of(study, visit.id)]
    mine = tuple(one for one in states if one.form.is_for(disease))
    others = tuple(one for one in states if not one.form.is_for(disease))
    asked = {fact for one in states for fact in one.form.names.values()}
    held = {one.event.happened(course.zone) for name, one in recorded.items() if name in asked} - {None}
    window = window_of(course, visit)
    due = course.infused.earliest + timedelta(days=visit.day) if course.infused else None
    state = _state(mine, course.is_locked(visit.id), window, today)
    return VisitAt(visit, due, window, state, tuple(sorted((one for one in held if one), key=str)), mine, others)


def _state(forms: tuple[FormState, ...], locked: bool, window: tuple[date, date] | None, today: date) -> VisitState:
    if locked:
        return VisitState.LOCKED
    if not forms:
        return VisitState.NOTHING
    if all(one.is_done for one in forms):
        return VisitState.DONE
    if window is None:
        return VisitState.UNDATED
    return VisitState.LATER if today < window[0] else VisitState.OPEN if today <= window[1] else VisitState.OVERDUE


def disease_of(course: Course) -> str:
    """The disease recorded last; empty where none is."""
    known = [fact.value for fact in course.facts.named("disease") if isinstance(fact.value, str)]
    return known[-1] if known else ""


def recorded_at(study: Study, course: Course, visit: Visit) -> dict[str, Current[FactRecorded]]:
    """What is recorded at a visit, by the name of the fact; the latest where there are several.

    What carries no label of the schedule belongs to the visit in whose window its day lies; the label goes before.
    """
    labels = {one.id for one in study.visits}
    window = window_of(course, visit)
    mine, loose = {}, {}
    for one in course.observations:
        label = one.event.fact.visit
        if label == visit.id:
            mine[one.event.fact.name] = one
        elif window and label not in labels and _within(one.event.happened(course.zone), window):
            loose[one.event.fact.name] = one
    return loose | mine


def window_of(course: Course, visit: Visit) -> tuple[date, date] | None:
    """The first and last day of a visit's window; None before there is a day 0."""
    if course.infused is None:
        return None
    start = course.infused.earliest
    return start + timedelta(days=visit.earliest), start + timedelta(days=visit.latest)


def _within(day: Day | None, window: tuple[date, date]) -> bool:
    return day is not None and not day.is_partial and window[0] <= day.earliest <= window[1]


def _answered(form: VisitForm, recorded: Mapping[str, object]) -> tuple[int, int]:
    """How many of the needed questions are answered; single places and their count stand in for each other."""
    there = {name for name, fact in form.names.items() if fact in recorded}
    answered = total = 0
    for section in form.form.sections:
        needed = [one for one in section.questions if one.item.needed]
        answered, total = answered + sum(one.name in there for one in needed), total + len(needed)
        for marked in section.marked:
            total += 1
            places = all(one.name in there for one in marked.questions)
            answered += places or (marked.counted is not None and marked.counted.name in there)
    return answered, total


def form_at(study: Study, visit: str, name: str) -> VisitForm | None:
    """A form of a visit by its name."""
    return next((one for one in forms_of(study, visit) if one.name == name), None)


def forms_of(study: Study, visit: str) -> tuple[VisitForm, ...]:
    """The forms of a planned visit, in the order of the schedule; single measurements are one form."""
    measures = next((one.measures for one in study.visits if one.id == visit), ())
    return _KEPT((id(study), measures), study, lambda: _made(study, measures))


def _made(study: Study, measures: tuple[str, ...]) -> tuple[VisitForm, ...]:
    made = [_of_instrument(study, catalogue()[name]) for name in measures if name in catalogue()]
    alone = {
        name: as_item(study.vocabulary[name])
        for name in measures
        if name not in catalogue() and name in study.vocabulary and study.vocabulary[name].group not in ELSEWHERE
    }
    if alone:
        made.append(VisitForm(MEASUREMENTS, "Single measurements", plain_form(alone), {name: name for name in alone}))
    return tuple(one for one in made if one.names)


_KEPT = MadeOnce()


def _of_instrument(study: Study, instrument: Instrument) -> VisitForm:
    """An instrument's form at a visit: baselines are taken from the record, and nobody types them again."""
    whole = form_of(instrument)
    taken = {name for name, item in instrument.items.items() if item.baseline_of is not None or item.source_of}
    form = without(whole, taken)
    names = {name: instrument.keys.get(name, name) for name in form.questions}
    return VisitForm(instrument.name, instrument.title, form, names, instrument, asked_in(study, instrument.name))
