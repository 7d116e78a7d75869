"""One participant on one time axis: treatment, adverse events by grade, scores and cells, each opening what lies beneath."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from numbers import Number

from escalon.conduct.judge.evidence import followed
from escalon.conduct.judge.given import dose_of
from escalon.conduct.judge.samples import profiles_of
from escalon.conduct.judge.scores import scored
from escalon.drawing import ValueMark
from escalon.facts import Day, Fact
from escalon.history import Course
from escalon.kinetics import Profile
from escalon.protocol.design import in_days
from escalon.protocol.prose import short_name
from escalon.reporting.figures.kinetics import HOLLOW, height
from escalon.reporting.figures.participant_axis import Axis, Lasting, Values
from escalon.web.desk import Desk
from escalon.web.words import rounded

MOST_SCORES = 3


def axis_of(desk: Desk, code: str) -> Axis:
    """Everything about one participant, by days from infusion; from consent where there was none."""
    course = desk.course(code)
    given = dose_of(desk.study, desk.trial, code)
    zero = given.day.earliest if given else course.consented.earliest if course.consented else desk.today
    level = given.level if given else course.allocation.level if course.allocation else 0
    return Axis(
        level,
        desk.study.said(f"infusion, level {given.level}") if given else "",
        in_days(desk.study.dose.dlt_window) if given else None,
        (desk.today - zero).days,
        tuple(_treatment(course, zero)),
        tuple(_events(desk, course, zero)),
        (*_scores(desk, course, zero), *_samples(desk, course)) if given else (),
    )


def _treatment(course: Course, zero: date) -> Iterator[Lasting]:
    """Apheresis, lymphodepletion and the drugs recorded, each from its first to its last day."""
    for one in course.collections:
        day = _days(one.event.happened(course.zone), zero)
        if day is not None:
            yield Lasting(day, day, "apheresis", href=f"/entries/{one.number}")
    for given in course.conditionings:
        first, last = (when - zero for when in (given.event.started_on, given.event.ended_on))
        yield Lasting(first.days, last.days, "lymphodepletion", href=f"/entries/{given.number}")
    for drug in course.treatments:
        begun = _days(drug.event.start, zero)
        if begun is None:
            continue
        end = drug.event.end
        last_day = None if end is None else (end.latest - zero).days
        words = drug.event.treatment.replace("_", " ")
        yield Lasting(
            begun,
            begun if last_day is None and not drug.event.ongoing else last_day,
            words,
            href=f"/entries/{drug.number}",
        )


def _events(desk: Desk, course: Course, zero: date) -> Iterator[Lasting]:
    numbers = {id(line.event): line.number for line in course.adverse_events}
    for event in followed(desk.trial, course, desk.today).occurrences:
        begun = _days(event.start, zero)
        if begun is not None:
            last = None if event.end is None else (event.end.latest - zero).days
            href = f"/entries/{numbers[id(event.lines[-1])]}" if id(event.lines[-1]) in numbers else ""
            yield Lasting(begun, last, event.term.name, event.grade, is_event=True, href=href)


def _days(day: Day | None, zero: date) -> int | None:
    return None if day is None else (day.earliest - zero).days


def _scores(desk: Desk, course: Course, zero: date) -> list[Values]:
    """What the study's visits measure and this person has on several days: its outcomes, then what has the most values."""
    facts = scored(desk.study, desk.trial, course.code)
    outcomes = {name for one in desk.study.endpoints for name in one.measure}
    names = dict.fromkeys(name for visit in desk.study.visits for name in visit.measures)
    rows = [(name, _row(desk, course.code, name, facts.named(name), zero)) for name in names]
    known = [(name, one) for name, one in rows if len({spot.x for spot in one.spots}) > 1]
    known.sort(key=lambda row: (row[0] not in outcomes, -len(row[1].spots)))
    return [one for _, one in known[:MOST_SCORES]]


def _row(desk: Desk, code: str, name: str, facts: tuple[Fact, ...] | list[Fact], zero: date) -> Values:
    known = [one for one in facts if one.day and not one.day.is_partial and _is_number(one)]
    unit = next((one.unit for one in known if one.unit), "")
    same = [one for one in known if (one.unit or "") == unit]  # another unit is not drawn on this axis
    href = f"/participants/{code}/findings/{name}"
    last = max((one.day.earliest for one in same if one.day), default=None)
    spots = [
        ValueMark(
            (one.day.earliest - zero).days, float(one.number or 0), f"day {(one.day.earliest - zero).days}: {one}",
            rounded(one.value) if one.day.earliest == last else "", href=href,
        )
        for one in same
        if one.day
    ]  # fmt: skip
    return Values(
        short_name(name, desk.study), unit if unit != "1" else "", tuple(sorted(spots, key=lambda spot: spot.x))
    )


def _is_number(fact: Fact) -> bool:
    return isinstance(fact.value, Number) and not isinstance(fact.value, bool)


def _samples(desk: Desk, course: Course) -> Iterator[Values]:
    """The cell product on a logarithmic axis, and B cells; hollow where there was none found."""
    profiles = desk.kept("profiles", lambda: profiles_of(desk.study, desk.trial)[0])
    mine = {one.analyte: one for one in profiles if one.participant == course.code}
    for name, logarithmic in ((desk.study.roles.cells, True), (desk.study.roles.b_cells, False)):
        found = mine.get(name or "")
        if found is not None:
            yield Values(
                short_name(found.analyte, desk.study),
                f"{found.unit}{', log' if logarithmic else ''}",
                _spots(found, logarithmic),
                logarithmic,
            )


def _spots(profile: Profile, logarithmic: bool) -> tuple[ValueMark, ...]:
    found = []
    for sample in profile.samples:
        high = height(sample) if logarithmic or not sample.is_below else 0.0
        if high is None and sample.level == 0 and not logarithmic:
            high = 0.0
        if high is None:
            continue
        hollow = "" if sample.is_quantified else HOLLOW[sample.detection][0]
        words = "not found" if sample.is_below else rounded(sample.level)
        said = f"day {float(sample.day):g}: {words if sample.is_below else f'{words} {profile.unit}'}"
        found.append(ValueMark(float(sample.day), high, said, words if sample is profile.samples[-1] else "", hollow))
    return tuple(found)
