"""What the next dose is by the rule today, and the clocks of Today: each DLT window, and in words how far it has run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from escalon.conduct.judge.dosing import NextDose
from escalon.conduct.judge.populations import dose_of_today
from escalon.escalation import EscalationError
from escalon.facts import Day
from escalon.protocol.dlt_window import dlt_window, window_stands
from escalon.reporting.windows_drawn import windows_of
from escalon.web.desk import Desk

LATELY = 28
"""For how many days a window that closed is still shown."""


@dataclass(frozen=True)
class ClockShown:
    """A DLT window: who, which level, from when to when, in words how far it has run, and the day of a DLT."""

    participant: str
    level: int
    begins: date
    ends: date
    says: str
    dlt_on: date | None


def next_dose(desk: Desk) -> NextDose | str:
    """The rule's answer today, or in words why there is none."""
    desk.bench.know(desk.trial, tuple(one.code for one in desk.trial.infused()))

    def find() -> NextDose | str:
        found = dose_of_today(desk.study, desk.trial, Day.of(desk.today))
        return str(found) if isinstance(found, EscalationError) else found

    return desk.kept_of_dosing("next dose found", find)


def clocks(desk: Desk) -> list[ClockShown]:
    """The DLT windows that run, and those that closed within four weeks."""
    found, answer = [], next_dose(desk)
    dlts = {} if isinstance(answer, str) else {one.participant: one.dlt_on for one in windows_of(answer.reviews)}
    for course in desk.trial.infused():
        first = course.infused
        assert first is not None
        window = dlt_window(desk.study, first.earliest)
        if (desk.today - window.last).days > LATELY or first.earliest > desk.today:
            continue
        level, says, dlt = (
            course.infusions[0].event.level,
            window_stands(window.last, desk.today),
            dlts.get(course.code),
        )
        found.append(ClockShown(course.code, level, first.earliest, window.last, f"DLT, {says}" if dlt else says, dlt))
    return found
