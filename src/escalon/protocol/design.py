"""The study's dose rule as `escalation` runs it: the same rule advises the committee and yields the operating characteristics."""

from typing import TYPE_CHECKING

from escalon.facts import Duration
from escalon.protocol.study import Study

if TYPE_CHECKING:
    from escalon.escalation import Rule
    from escalon.escalation.calendar_guards import CalendarGuard

_DAYS = {"day": 1, "week": 7}


def dose_rule(study: Study) -> "Rule":
    """The rule over counts, with the cap on enrolment: `next_dose(dose_rule(study), "1NNN 2NNT")`."""
    from escalon.escalation import at_most, three_plus_three

    rule = three_plus_three(levels=len(study.dose.levels), variant=study.dose.variant)
    return rule & at_most(study.dose.cap)


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
    return tuple(guards)


def in_days(duration: Duration) -> int:
    """A duration in days; study files refuse months and years here, which have no fixed number of them."""
    return duration.number * _DAYS[duration.unit]
