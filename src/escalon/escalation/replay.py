"""Did the trial follow the rule? What was done at each cohort beside what the rule had said, from what is known now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date

from escalon.escalation.decision import Decision, Departure, Treat, Wait
from escalon.escalation.errors import EscalationError
from escalon.escalation.notation import NOT_EVALUABLE, Cohort, Conduct, Treated


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
            decision = ask(Conduct(conduct.cohorts[:number]).without_absent(cohort.treated[0].infused))
        except EscalationError as error:
            found.append(Departure(number + 1, str(cohort), f"nothing ({error})"))
            continue
        asked_for = len(cohort.treated) if one_by_one else decision.size
        if not (isinstance(decision, Treat) and as_said(cohort, decision.level, asked_for)):
            found.append(Departure(number + 1, str(cohort), f"{decision} ({decision.reason})"))
    return tuple(found)


def placed_otherwise(
    ask: Callable[[Conduct, date], Collection[Decision]], conduct: Conduct, *, one_by_one: bool = False
) -> tuple[Departure, ...]:
    """Every participant whom a design that counts pending ones had placed at another level, or nowhere, on that day.

    `ask` is told who came before, and the day; of its answers, one for each thing that may have been known, one is enough.
    Where participants are placed one by one, who joins the one before at a level below the one allowed departs from nothing.
    """
    found = []
    for number, place, one, before in _one_by_one(conduct):
        answers = ask(before, one.infused) if one.infused else ()
        stays = one_by_one and place > 1
        levels = [each.level for each in answers if isinstance(each, Treat)]
        if answers and not any(level == one.level or (stays and level > one.level) for level in levels):
            decision = next(iter(answers))
            who = f"{_who(one, place)} at level {one.level} on {one.infused}"
            found.append(Departure(number, who, f"{decision} ({decision.reason})"))
    return tuple(found)


def _one_by_one(conduct: Conduct) -> Iterator[tuple[int, int, Treated, Conduct]]:
    """Each participant with the number of the cohort, the place in it, and everybody treated before."""
    for number, cohort in enumerate(conduct.cohorts, start=1):
        for place, one in enumerate(cohort.treated):
            before = (*conduct.cohorts[: number - 1], *((Cohort(cohort.treated[:place]),) if place else ()))
            yield number, place + 1, one, Conduct(before)


def _who(one: Treated, place: int) -> str:
    return one.participant or f"participant {place}"


def too_early(
    ask: Callable[[Conduct, date], Decision], conduct: Conduct, named: Collection[int] = ()
) -> tuple[Departure, ...]:
    """Every participant infused on a day on which nobody was to be dosed: `ask` is told who came before, and the day.

    Cohorts already `named`, counted from 1, are left out, and so is whoever has no date of infusion.
    """
    found = []
    for number, place, one, before in _one_by_one(conduct):
        if number in named or one.infused is None:
            continue
        decision = ask(before, one.infused)
        if isinstance(decision, Wait):
            who = one.participant or f"participant {place} of {conduct.cohorts[number - 1]}"
            found.append(Departure(number, f"{who} infused on {one.infused}", f"{decision} ({decision.reason})"))
    return tuple(found)


def as_said(cohort: Cohort, level: int, size: int) -> bool:
    """Whether a cohort was treated at a level with at most so many; one who is not evaluable is replaced and takes no place."""
    return cohort.level == level and sum(one.outcome is not NOT_EVALUABLE for one in cohort.treated) <= size
