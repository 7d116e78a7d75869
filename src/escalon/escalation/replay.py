"""Did the trial follow the rule? What was done at each cohort beside what the rule had said, from what is known now."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from escalon.escalation.decision import Decision, Departure, Treat, Wait
from escalon.escalation.errors import EscalationError
from escalon.escalation.notation import NOT_EVALUABLE, Cohort, Conduct


def departures(
    ask: Callable[[Conduct], Decision],
    conduct: Conduct,
    follows: Collection[int] = (),
    *,
    one_by_one: bool = False,
) -> tuple[Departure, ...]:
    """Every cohort that was not what `ask` says of the cohorts before it: another level, after a stop or a wait, too large.

    A smaller cohort is none: it may still be filled. `follows` numbers cohorts, from 0, that are known to be none. Where
    participants are placed one by one, those written together count as placed when the first of them was.
    """
    found = []
    for number, cohort in enumerate(conduct.cohorts):
        if number in follows:
            continue
        try:
            decision = ask(Conduct(conduct.cohorts[:number]))
        except EscalationError as error:
            found.append(Departure(number + 1, str(cohort), f"nothing ({error})"))
            continue
        asked_for = len(cohort.treated) if one_by_one else decision.size
        if not (isinstance(decision, Treat) and as_said(cohort, decision.level, asked_for)):
            found.append(Departure(number + 1, str(cohort), f"{decision} ({decision.reason})"))
    return tuple(found)


def too_early(
    ask: Callable[[Conduct, date], Decision], conduct: Conduct, named: Collection[int] = ()
) -> tuple[Departure, ...]:
    """Every participant infused on a day on which nobody was to be dosed: `ask` is told who came before, and the day.

    Cohorts already `named`, counted from 1, are left out, and so is whoever has no date of infusion.
    """
    found = []
    for number, cohort in enumerate(conduct.cohorts, start=1):
        for place, one in enumerate(cohort.treated):
            if number in named or one.infused is None:
                continue
            before = (*conduct.cohorts[: number - 1], *((Cohort(cohort.treated[:place]),) if place else ()))
            decision = ask(Conduct(before), one.infused)
            if isinstance(decision, Wait):
                who = one.participant or f"participant {place + 1} of {cohort}"
                found.append(Departure(number, f"{who} infused on {one.infused}", f"{decision} ({decision.reason})"))
    return tuple(found)


def as_said(cohort: Cohort, level: int, size: int) -> bool:
    """Whether a cohort was treated at a level with at most so many; one who is not evaluable is replaced and takes no place."""
    return cohort.level == level and sum(one.outcome is not NOT_EVALUABLE for one in cohort.treated) <= size
