"""The study's numbers that conduct keeps watch over, read from its dose plan."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from escalon.conduct.refusal import refuse
from escalon.conduct.sequence import Plan
from escalon.protocol.design import in_days

if TYPE_CHECKING:
    from escalon.facts.day import Duration
    from escalon.protocol import Study


def plan_of(study: Study) -> Plan:
    """Levels, cohort size, cap, DLT window, sentinel interval and stagger of a study."""
    dose = study.dose
    return Plan(
        levels=max(level.number for level in dose.levels),
        cohort_size=dose.cohort_size,
        most_participants=dose.cap,
        dlt_window=_length(dose.dlt_window),
        sentinel_interval=_length(dose.sentinel_interval),
        stagger=_length(dose.stagger),
    )


def _length(duration: Duration | None) -> timedelta:
    if duration is None:
        return timedelta(0)  # the study says that there is none
    try:
        return timedelta(days=in_days(duration))
    except KeyError:
        raise refuse("plan", f"a clock of {duration} has no fixed length; write it in days or weeks") from None
