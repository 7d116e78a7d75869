"""The safety part of the report: from a trial's records to tables and figures, up to a data cut-off."""

from collections.abc import Sequence
from datetime import date
from html import escape

from escalon.conduct.judge.given import first_doses
from escalon.facts import Day
from escalon.history import Trial
from escalon.protocol.study import Study
from escalon.reporting.adverse_events import events_of
from escalon.reporting.figures.safety_timeline import EpisodeBar, safety_timeline
from escalon.reporting.figures.swimmer import Mark, Swimmer, swimmer_plot
from escalon.reporting.page import figure
from escalon.reporting.tables.adverse_events import (
    group_grid,
    interest_grid,
    listing_grid,
    overview_grid,
    period_grid,
    term_grid,
)
from escalon.reporting.tables.dose_limiting import dlt_grid
from escalon.reporting.tables.infections import infection_grid
from escalon.reporting.tables.laboratory import laboratory_grid
from escalon.reporting.tables.reporting_clock import FirstKnown, clock_grid
from escalon.safety.counting import Treated, emergent
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import awareness, special_interest, susar

_SYNDROMES = {"Cytokine release syndrome": "CRS", "ICANS": "ICANS"}


def safety_parts(study: Study, trial: Trial, cutoff: Day) -> list[str]:
    """The safety section as HTML parts; the same records and cut-off give the same text."""
    last = cutoff.latest
    population = safety_population(study, trial, last)
    if not population:
        return ["<p>Nobody has been infused.</p>"]
    everything = events_of(trial)
    events = emergent(everything, population, last)
    conditioning = emergent(everything, population, last, "lymphodepletion")
    dlts = {
        (course.code, one.event.id, one.event.term, str(one.event.start))
        for course in trial.courses.values()
        for one in course.adverse_events
        if one.event.dlt
    }
    left = {code: why for code in trial.participants if (why := _left(trial, code, last))}
    limiting, laboratory = dlt_grid(study, trial, last), laboratory_grid(trial, population, last)
    return [
        overview_grid(events, population, last).html(),
        term_grid(events, population).html(),
        interest_grid(events, population).html(),
        infection_grid(events, population, last).html(),
        period_grid(conditioning, population).html(),
        group_grid(events, population, "disease", lambda person: person.disease or "not recorded").html(),
        figure(timeline(events, population, last), "CRS and ICANS after infusion"),
        figure(swimmer_plot(swimmers(events, population, last, dlts, left), str(cutoff)), "Participants over time"),
        *([laboratory.html()] if laboratory.rows else []),
        *([limiting.html()] if limiting else []),
        *reports_due(trial, last),
        listing_grid(events, population).html(),
    ]


def reports_due(trial: Trial, cutoff: date) -> list[str]:
    """What is to be reported by when, and the suspected unexpected reactions whose clock cannot be read."""
    known, unread = [], []
    for event in events_of(trial):
        aware = awareness(event)
        if aware is not None:
            known.append(FirstKnown(event, aware.earliest))
        elif susar(event).value is not False:
            unread.append(str(event))
    grid = clock_grid(known, cutoff)
    parts = [grid.html()] if grid.rows else []
    if unread:
        listed = "; ".join(unread[:5]) + (f"; and {len(unread) - 5} more" if len(unread) > 5 else "")
        parts.append(
            f"<p class=warn>May have to be reported, but the day of awareness is not recorded: {escape(listed)}.</p>"
        )
    return parts


def safety_population(study: Study, trial: Trial, cutoff: date) -> tuple[Treated, ...]:
    """Everyone infused by the cut-off, with dose level, disease, start of lymphodepletion and last day observed."""
    return tuple(
        Treated(
            participant=infusion.participant,
            infusion=infusion.day.earliest,
            lymphodepletion=_first_day(trial, infusion.participant, study.roles.conditioning or ""),
            level=f"level {infusion.level}",
            disease=_latest_text(trial, infusion.participant, "disease"),
            observed_to=min(_left_on(trial, infusion.participant) or cutoff, cutoff),
        )
        for infusion in first_doses(study, trial)
        if infusion.day.earliest <= cutoff
    )


def _first_day(trial: Trial, participant: str, name: str) -> date | None:
    days = [
        fact.day.earliest for fact in trial.facts_of(participant).named(name) if fact.day and fact.value is not False
    ]
    return min(days, default=None)


def _latest_text(trial: Trial, participant: str, name: str) -> str:
    found = trial.facts_of(participant).named(name)
    return "" if not found or found[-1].value is None else str(found[-1].value)


def _left_on(trial: Trial, participant: str) -> date | None:
    left = trial.course(participant).left
    return left.earliest if left else None


def _left(trial: Trial, participant: str, cutoff: date) -> str:
    day = _left_on(trial, participant)
    return f"left the study on {day}" if day is not None and day <= cutoff else ""


def timeline(events: Sequence[Occurrence], population: Sequence[Treated], cutoff: date) -> str:
    """CRS and ICANS of everyone infused; a partial day stands at the first day it may be."""
    people = {one.participant: one for one in population}
    spans = [
        EpisodeBar(
            event.participant,
            _SYNDROMES[event.term.name],
            people[event.participant].day_of(event.start.earliest),
            None if event.end is None else people[event.participant].day_of(event.end.latest),
            event.grade,
        )
        for event in events
        if event.term.name in _SYNDROMES and event.start is not None
    ]
    observed = max(one.day_of(one.observed_to or cutoff) for one in population)
    levels = {one.participant: level_number(one) for one in population}
    return safety_timeline(spans, [one.participant for one in population], observed, levels=levels)


def level_number(person: Treated) -> int:
    """The number of the dose level a person was treated at."""
    return int(person.level.removeprefix("level "))


def swimmers(
    events: Sequence[Occurrence],
    population: Sequence[Treated],
    cutoff: date,
    dlts: set[tuple[str, str, str, str]] | None = None,
    left: dict[str, str] | None = None,
) -> tuple[Swimmer, ...]:
    """One swimmer per person infused, with deaths, DLTs, serious and severe events and infections marked."""
    found = []
    for person in population:
        marks = [
            Mark(
                person.day_of(event.start.earliest), kind, f"{event.term.name} grade {event.grade or '?'}", event.grade
            )
            for event in events
            if event.participant == person.participant
            and event.start is not None
            and (kind := _kind(event, dlts or set()))
        ]
        last = person.day_of(person.observed_to or cutoff)
        ended = (left or {}).get(person.participant, "")
        found.append(
            Swimmer(
                person.participant, level_number(person), last, ended, tuple(sorted(marks, key=lambda one: one.day))
            )
        )
    return tuple(found)


def _kind(event: Occurrence, dlts: set[tuple[str, str, str, str]]) -> str:
    """What an event is marked as: the gravest kind that fits."""
    terms = {event.term.name, _SYNDROMES.get(event.term.name, event.term.name)}
    if event.is_fatal:
        return "death"
    if any((event.participant, event.id, term, str(event.start)) in dlts for term in terms):
        return "DLT"
    if special_interest(event) == "infection":
        return "infection"
    if event.grade is not None and event.grade >= 3:
        return "grade 3 or more"
    return "serious" if event.serious else ""
