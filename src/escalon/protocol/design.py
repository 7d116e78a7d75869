"""The study's dose rule as `escalation` runs it: the same rule advises the committee and yields the operating characteristics."""

from typing import TYPE_CHECKING

from escalon.facts import Duration
from escalon.protocol.study import Study

if TYPE_CHECKING:
    from escalon.escalation.calendar_guards import CalendarGuard
    from escalon.escalation.timed import Design

_DAYS = {"day": 1, "week": 7}


def dose_rule(study: Study) -> "Design":
    """The rule, with the cap on enrolment: `next_dose(dose_rule(study), "1NNN 2NNT")`. Raises EscalationError.

    `[dose] rule` is a design as `escalon design` reads it; the variant of a 3+3 stands in it or in a key of its own.
    """
    from escalon.escalation.catalogue import parse_design
    from escalon.escalation.levels import counted

    plan = study.dose
    lowest, count = plan.levels[0].number, len(plan.levels)
    words = [plan.rule, *([f"variant={plan.variant}"] if plan.variant else [])]
    if counted(plan.starts_at, count, lowest) != 1:
        words.append(f"start={plan.starts_at}")
    if lowest != 1:
        words.append(f"lowest={lowest}")
    return parse_design(" ".join(words), count, plan.cohort_size, plan.cap, in_days(plan.dlt_window))


def calendar_guards(study: Study) -> "tuple[CalendarGuard, ...]":
    """The limits that need infusion dates: the DLT window, sentinel and stagger, a whole cohort before the next level.

    The last day of the window belongs to it (a toxicity on day 28 of 28 counts), so the window is complete a day later.
    """
    from escalon.escalation import dlt_window, sentinel, stagger, whole_cohort_first

    dose = study.dose
    guards: list[CalendarGuard] = [dlt_window(in_days(dose.dlt_window) + 1)]
    if dose.sentinel_interval is not None:
        guards.append(sentinel(in_days(dose.sentinel_interval)))
    if dose.stagger is not None:
        guards.append(stagger(in_days(dose.stagger)))
    if dose.whole_cohort_first:
        guards.append(whole_cohort_first())
    guards.extend(dose.stopping)
    if dose.silent:
        from escalon.protocol.silence import Undecided

        guards.append(Undecided(dose.silent))
    return tuple(guards)


def in_days(duration: Duration) -> int:
    """A duration in days; study files refuse months and years here, which have no fixed number of them."""
    return duration.number * _DAYS[duration.unit]
