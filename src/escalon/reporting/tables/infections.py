"""Infections by phase after infusion: episodes, patient-days, and episodes per 100 patient-days."""

from collections.abc import Sequence
from datetime import date

from escalon.reporting.tables.grid import Grid
from escalon.safety.counting import Treated
from escalon.safety.infections import InfectionEpisode, Isolate, infection_density, infection_episodes
from escalon.safety.occurrence import Occurrence
from escalon.safety.periods import PHASES, Phase

INFECTIONS = "Infections and infestations"


def infection_grid(events: Sequence[Occurrence], population: Sequence[Treated], cutoff: date) -> Grid:
    """Episodes of infection in each phase from infusion on; two of one term within 7 days are one episode."""
    people = {one.participant: one for one in population}
    isolates = [
        Isolate(
            event.participant,
            event.term.name,
            people[event.participant].day_of(event.start.earliest),
            grade=event.grade,
        )
        for event in events
        if event.term.system_class == INFECTIONS and event.start is not None
    ]
    found = [episode for episode in infection_episodes(isolates) if episode.onset >= 0]
    days = {phase.name: sum(days_at_risk(person, phase, cutoff) for person in population) for phase in PHASES}
    rows = [
        (name, str(number), str(at_risk), "" if rate is None else f"{float(rate):.2f}", str(_severe(found, name)))
        for name, (number, at_risk, rate) in infection_density(found, days).items()
        if name != "pre_infusion"
    ]
    columns = ("phase", "episodes", "patient-days", "per 100 patient-days", "grade 3 or more")
    notes = (
        "Phases: acute day 0–28, intermediate 29–100, late from 101 (EBMT/JACIE). Two of one term within 7 days are one.",
    )
    return Grid("Infections by phase", columns, tuple(rows), notes, frozenset({"phase"}))


def _severe(found: Sequence[InfectionEpisode], name: str) -> int:
    return sum(one.phase.name == name and (one.grade or 0) >= 3 for one in found)


def days_at_risk(person: Treated, phase: Phase, cutoff: date) -> int:
    """How many days of a phase a person was observed, the first and the last included."""
    if phase.first is None:
        return 0
    last = person.day_of(min(person.observed_to or cutoff, cutoff))
    return max(0, min(last, last if phase.last is None else phase.last) - phase.first + 1)
