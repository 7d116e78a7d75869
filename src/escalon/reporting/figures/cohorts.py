"""The escalation at a glance: the DLT window of every treated participant on the calendar, by dose level, with its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from escalon.reporting.figures.clocks import Running, clocks_figure

_WORDS = {
    "no_dlt": ("no DLT", "good"),
    "dlt": ("DLT", "alarm"),
    "pending": ("pending", "open"),
    "not_evaluable": ("not evaluable", "muted"),
}


@dataclass(frozen=True, slots=True)
class CohortCourse:
    """One participant on the figure: code, level, day of infusion, last day of the window, outcome, day of the DLT."""

    participant: str
    level: int
    infused: date
    window_ends: date
    outcome: str
    dlt_on: date | None = None
    href: str = ""


def cohorts_figure(courses: Sequence[CohortCourse], today: date) -> str:
    """A bar is a DLT window; the levels follow each other upwards, within a level the day of infusion. `today` is the cut-off."""
    ordered = sorted(courses, key=lambda one: (one.level, one.infused, one.participant))
    return clocks_figure([_clock(one) for one in ordered], today, "Nobody has been infused yet")


def _clock(one: CohortCourse) -> Running:
    says, tone = _WORDS[one.outcome]
    marks = ((one.dlt_on, "DLT"),) if one.dlt_on else ()
    name = f"{one.participant} · level {one.level}"
    told = f"{one.participant}, level {one.level}, infused {one.infused}, window to {one.window_ends}: {says}"
    return Running(name, one.infused, one.window_ends, says, one.level, tone, marks, one.href, told)
