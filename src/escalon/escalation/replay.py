"""Did the trial follow the rule? What was done at each cohort beside what the rule had said, from what is known now."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from escalon.escalation.decision import Decision, Departure, Treat
from escalon.escalation.errors import EscalationError
from escalon.escalation.notation import Cohort, Conduct


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
    for number, whole in enumerate(conduct.cohorts):
        cohort = Cohort(tuple(one for one in whole.treated if not one.is_moved))
        if number in follows or not cohort.treated:
            continue
        try:
            decision = ask(Conduct(conduct.cohorts[:number]).seen_on(cohort.treated[0].infused))
        except EscalationError as error:
            found.append(Departure(number + 1, str(cohort), f"nothing ({error})"))
            continue
        asked_for = len(cohort.treated) if one_by_one else decision.size
        if not (isinstance(decision, Treat) and as_said(cohort, decision.level, asked_for)):
            found.append(Departure(number + 1, str(cohort), f"{decision} ({decision.reason})"))
    return tuple(found)


def placed_otherwise(
    ask: Callable[[Conduct, date], Collection[Decision]], conduct: Conduct, named: Collection[int] = ()
) -> tuple[Departure, ...]:
    """Every participant infused on a day on which nobody was to be dosed at that level.

    `ask` is told who came before, and the day; of its answers, one for each thing that may have been known, one is enough.
    Cohorts already `named`, counted from 1, are left out, and so is whoever has no date of infusion, or counts by a later dose.
    """
    found = []
    for number, cohort in enumerate(conduct.cohorts, start=1):
        for place, one in enumerate(cohort.treated):
            if number in named or one.infused is None or one.is_moved:
                continue
            before = (*conduct.cohorts[: number - 1], *((Cohort(cohort.treated[:place]),) if place else ()))
            answers = ask(Conduct(before), one.infused)
            if not any(isinstance(each, Treat) and each.level == one.level for each in answers):
                decision = next(iter(answers))
                done = f"{one.participant or f'participant {place + 1}'} at level {one.level} on {one.infused}"
                found.append(Departure(number, done, f"{decision} ({decision.reason})"))
    return tuple(found)


def as_said(cohort: Cohort, level: int, size: int) -> bool:
    """Whether a cohort was treated at a level with at most so many in place when the last of them was infused."""
    return cohort.level == level and len(cohort.in_place(cohort.treated[-1].infused)) <= size
