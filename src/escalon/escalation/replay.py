"""Did the trial follow the rule? What was done at each cohort beside what the rule had said, from what is known now."""

from __future__ import annotations

from collections.abc import Callable

from escalon.escalation.decision import Decision, Departure, Treat
from escalon.escalation.errors import EscalationError
from escalon.escalation.notation import Cohort, Conduct, Outcome


def departures(
    ask: Callable[[Conduct], Decision], conduct: Conduct, *, one_by_one: bool = False
) -> tuple[Departure, ...]:
    """Every cohort that was not what `ask` says of the cohorts before it: another level, after a stop or a wait, too large.

    A smaller cohort is none: it may still be filled. Where participants are placed one by one, those written together count
    as placed when the first of them was.
    """
    found = (departure(ask, conduct, number, one_by_one) for number in range(1, len(conduct.cohorts) + 1))
    return tuple(one for one in found if one is not None)


def departure(
    ask: Callable[[Conduct], Decision], conduct: Conduct, number: int, one_by_one: bool = False
) -> Departure | None:
    """How one cohort, counted from 1, departs from the rule, or None."""
    cohort = conduct.cohorts[number - 1]
    try:
        decision = ask(Conduct(conduct.cohorts[: number - 1]))
    except EscalationError as error:
        return Departure(number, str(cohort), f"nothing ({error})")
    as_said = isinstance(decision, Treat) and decision.level == cohort.level
    if as_said and (one_by_one or counting(cohort) <= decision.size):
        return None
    return Departure(number, str(cohort), f"{decision} ({decision.reason})")


def counting(cohort: Cohort) -> int:
    """How many of a cohort take a place in it; one who is not evaluable is replaced."""
    return sum(one.outcome is not Outcome.NOT_EVALUABLE for one in cohort.treated)
