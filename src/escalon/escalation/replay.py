"""Did the trial follow the rule? The first and every later departure, cohort by cohort."""

from __future__ import annotations

from dataclasses import dataclass

from escalon.escalation.advice import next_dose
from escalon.escalation.decision import Treat
from escalon.escalation.notation import Conduct
from escalon.escalation.rule import Rule


@dataclass(frozen=True)
class Departure:
    """A cohort that the rule did not ask for: where, what was done, what the rule had said."""

    cohort: int
    done: str
    said: str

    def __str__(self) -> str:
        return f"cohort {self.cohort} ({self.done}): the rule said {self.said}"


def departures(rule: Rule, conduct: Conduct) -> tuple[Departure, ...]:
    """Every cohort treated at another level than the rule said, or after it said stop or wait.

    A cohort smaller or larger than asked for is not a departure: rules here decide on any counts.
    """
    found = []
    for number, cohort in enumerate(conduct.cohorts, start=1):
        decision = next_dose(rule, Conduct(conduct.cohorts[: number - 1]))
        if not isinstance(decision, Treat) or decision.level != cohort.level:
            found.append(Departure(number, str(cohort), f"{decision} ({decision.reason})"))
    return tuple(found)
