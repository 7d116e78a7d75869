"""A history as the tables of the data dictionary: each event the row that, read back, is that event again."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from escalon.facts import Day, Truth
from escalon.history import Course, Current, Trial
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    DltAdjudicated,
    EvaluabilityJudged,
    Event,
    FactRecorded,
    MarkedSynthetic,
    NothingToReport,
    Observation,
    SampleMeasured,
    TreatmentGiven,
    spaced,
)
from escalon.sources.columns import TABLES

Cells = dict[str, str]


def tables_of(trial: Trial) -> dict[str, list[Cells]]:
    """The rows of every table, in the order things were first said, with the columns of the dictionary as text."""
    rows: dict[str, list[tuple[int, Cells]]] = {name: [] for name in TABLES}
    for course in trial.courses.values():
        for table, (list_, cells) in _TABLES.items():
            rows[table] += [(one.number, _written(course, one, cells)) for one in getattr(course, list_)]
        rows["facts"] += [(number, _stated(course, said)) for number, said in _acts(course)]
    return {name: [cells for _, cells in sorted(some, key=lambda one: one[0])] for name, some in rows.items()}


def read_back(course: Course) -> Iterator[Event]:
    """What the rows of a course say, read back, where that is not what the entries say: doses, judged events, and acts."""
    for bag in course.infusions:
        given = bag.event
        yield CellsInfused(
            participant=course.code, level=given.level, on=given.happened(course.zone), cells_per_kg=given.cells_per_kg,
            amount=given.amount, unit=given.unit, product=given.product, source=given.source,
        )  # fmt: skip
    for one in course.adverse_events:
        yield replace(one.event, dlt=_judged(course, one))
    for _, said in _acts(course):
        yield FactRecorded(participant=course.code, fact=said)


def unsayable(trial: Trial) -> list[str]:
    """What the rows cannot say and the next dose rests on: without it a folder would answer more boldly than the history."""
    found = []
    for course in trial.courses.values():
        events = {one.number for one in course.adverse_events}
        considered = {number for one in course.dlt_judgements for number in one.event.rests_on}
        found += [
            f"{course.code}: the DLT proposed in entry {one.number} awaits its judgement"
            for one in course.dlt_proposals
            if one.event.is_dlt and one.number not in considered
        ]
        found += [
            f"{course.code}: the DLT judged in entry {one.number} names no adverse event"
            for one in course.dlt_judgements
            if one.event.is_dlt and events.isdisjoint(one.event.rests_on)
        ]
    return found


def unkept(trial: Trial) -> str:
    """What the rows have no place for, in one line, such as places, signatures and accounts; empty where there is nothing."""
    told = Counter(
        spaced(one.event.kind)
        for one in trial.standing.in_order()
        if not isinstance(one.event, _KEPT) and not (one.event.participant and _has_a_row(trial, one.event))
    )
    return ", ".join(f"{number} {kind}" for kind, number in sorted(told.items()))


def _has_a_row(trial: Trial, event: Event) -> bool:
    course = trial.course(event.participant or "")
    if isinstance(event, EvaluabilityJudged):
        return bool(course.infusions)  # it is a column of the dose
    acts = {type(one.event) for one, _ in (*course.acts_as_facts(), *_renewed(course), *_reviews(course))}
    return type(event) in acts


_KEPT = (
    FactRecorded, TreatmentGiven, AdverseEventRecorded, SampleMeasured, CellsInfused, DltAdjudicated, MarkedSynthetic,
    NothingToReport,
)  # fmt: skip


def _written(course: Course, one: Current[Any], cells: Callable[[Course, Current[Any]], dict[str, Any]]) -> Cells:
    found = {name: _text(value) for name, value in cells(course, one).items()}
    return {"participant": course.code, **{name: text for name, text in found.items() if text}}


def _text(value: Any) -> str:
    return "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _flag(truth: bool) -> Truth:
    return True if truth else None


def _fact(course: Course, one: Current[FactRecorded]) -> dict[str, Any]:
    seen = one.event.fact
    return {
        "fact": seen.name, "value": seen.value, "unit": seen.unit, "date": seen.day, "source": seen.source,
        "visit": seen.visit, "lower": seen.lower, "upper": seen.upper, "until": seen.until,
        "confirmed": _flag(seen.confirmed), "confirmed_by": seen.confirmed_by, "confirmed_why": seen.confirmed_why,
        "why": seen.why, "attested": _flag(seen.attested), "typed": seen.typed,
    }  # fmt: skip


def _treatment(course: Course, one: Current[TreatmentGiven]) -> dict[str, Any]:
    given = one.event
    return {
        "treatment": given.treatment, "start": given.start, "end": given.end, "ongoing": _flag(given.ongoing),
        "dose": None if given.dose is None else f"{given.dose:f}", "unit": given.unit, "route": given.route,
        "reason": given.indication, "source": given.source,
    }  # fmt: skip


def _adverse_event(course: Course, one: Current[AdverseEventRecorded]) -> dict[str, Any]:
    event = one.event
    names = (
        "term grade start end serious related expected aware component_of outcome action description id "
        "baseline_grade source"
    ).split()
    return {
        **{name: getattr(event, name) for name in names},
        "ongoing": _flag(event.ongoing),
        "dlt": _judged(course, one),
        "seriousness": ", ".join(event.seriousness),
    }


def _judged(course: Course, one: Current[AdverseEventRecorded]) -> Truth:
    judged = [each.event.is_dlt for each in course.dlt_judgements if _is_of(course, each, one.number)]
    return judged[-1] if judged else one.event.dlt


def _is_of(course: Course, judgement: Current[DltAdjudicated], number: int) -> bool:
    """Whether a judgement names an event, or says no of everything then recorded."""
    if number in judgement.event.rests_on:
        return True
    names_one = any(one.number in judgement.event.rests_on for one in course.adverse_events)
    return not (judgement.event.is_dlt or names_one) and number < judgement.number


def _dose(course: Course, one: Current[CellsInfused]) -> dict[str, Any]:
    given = one.event
    return {
        "level": given.level,
        "date": given.happened(course.zone),
        "amount": None if given.amount is None else f"{given.amount:f}",
        "unit": given.unit,
        "cells_per_kg": None if given.cells_per_kg is None else f"{given.cells_per_kg:f}",
        "product": given.product,
        "evaluable": course.judged_evaluable,
        "source": given.source,
    }


def _sample(course: Course, one: Current[SampleMeasured]) -> dict[str, Any]:
    return one.event.cells


_TABLES: Mapping[str, tuple[str, Callable[[Course, Current[Any]], dict[str, Any]]]] = {
    "facts": ("observations", _fact),
    "treatments": ("treatments", _treatment),
    "adverse_events": ("adverse_events", _adverse_event),
    "doses": ("infusions", _dose),
    "samples": ("samples", _sample),
}


def _acts(course: Course) -> list[tuple[int, Observation]]:
    """The steps that only acts record, in the study's own words: a folder keeps consent, leaving and reviews as facts."""
    known = {one.event.fact.name for one in course.observations}
    steps = [
        (one, said)
        for one, said in (*course.acts_as_facts(), *_renewed(course))
        if said.name not in known and not isinstance(one.event, CellsInfused)
    ]
    return [(one.number, said) for one, said in (*steps, *_reviews(course))]


def _renewed(course: Course) -> Iterator[tuple[Current[Any], Observation]]:
    """Consent withdrawn and given anew later: having left, until the day before; not where the study's fact is a date."""
    for taken in course.consent_withdrawals:
        anew, gone = course.given_anew(taken), taken.event.on
        ends = None if anew is None or anew == gone else Day.of(anew - timedelta(days=1))
        said = None if ends is None else course.frame.state("left", Day.of(gone), ends)
        if said is not None and said.until:
            yield taken, said


def _reviews(course: Course) -> Iterator[tuple[Current[Any], Observation]]:
    """Every signed review of a DLT window, however many the study's own fact already says."""
    for one in course.window_reviews:
        said = course.frame.state("dlt_review", Day.of(one.event.through), None)
        if said is not None:
            yield one, said


def _stated(course: Course, said: Observation) -> Cells:
    cells = {"fact": said.name, "value": said.value, "date": said.day, "until": said.until}
    return {"participant": course.code, **{name: text for name, text in cells.items() if text}}
