"""The study's dose rule as `escalation` runs it: the same rule advises the committee and yields the operating characteristics."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from escalon.facts import Duration
from escalon.protocol.folder import table_in
from escalon.protocol.study import Study

if TYPE_CHECKING:
    from escalon.escalation.calendar_guards import CalendarGuard
    from escalon.escalation.timed import Design

_DAYS = {"day": 1, "week": 7}


def dose_rule(study: Study) -> "Design":
    """The rule, with the cap on enrolment: `next_dose(dose_rule(study), "1NNN 2NNT")`. Raises EscalationError.

    `[dose] rule` is a design as `escalon design` reads it; the variant of a 3+3 stands in it or in a key of its own.
    """
    plan = study.dose
    lowest, count = plan.levels[0].number, len(plan.levels)
    text = " ".join([plan.rule, *([f"variant={plan.variant}"] if plan.variant else [])])
    window, table = in_days(plan.dlt_window), decision_table(study)
    return _parsed(text, count, plan.cohort, plan.cap, window, plan.starts_at, lowest, study.folder, table)


def decision_table(study: Study) -> bytes:
    """The decision table that the rule names, as its file stands now; empty where the rule names none."""
    return _table_of(study.dose.rule, study.folder)


def _table_of(rule: str, folder: Path) -> bytes:
    named = table_in(rule)
    found = [place for place in (folder / named, Path(named)) if named and place.is_file()]
    return found[0].read_bytes() if found else b""


@lru_cache(maxsize=32)
def _parsed(
    text: str,
    levels: int,
    cohort: int | None,
    cap: int | None,
    window: int,
    start: int,
    lowest: int,
    folder: Path,
    table: bytes,
) -> "Design":
    """The rule is asked for at every step of a trial, and read once, until the table it names says something else."""
    from escalon.escalation.catalogue import parse_design
    from escalon.escalation.errors import EscalationError

    design = parse_design(text, levels, cohort, cap, window, start=start, lowest=lowest, folder=folder)
    if _table_of(text, folder) != table:
        raise EscalationError(f"{table_in(text)} was changed while it was read. Ask again")
    return design


def calendar_guards(study: Study) -> "tuple[CalendarGuard, ...]":
    """The limits that need infusion dates: the DLT window, sentinel and stagger, a whole cohort before the next level.

    The last day of the window belongs to it (a toxicity on day 28 of 28 counts), so the window is complete a day later.
    A design that places participants one by one has no cohorts: what is said of a cohort is of those at a level.
    """
    from escalon.escalation import dlt_window, sentinel, stagger, whole_cohort_first
    from escalon.escalation.calendar_guards import Together

    dose = study.dose
    each = Together.LEVEL if is_timed(study) else Together.COHORT
    guards: list[CalendarGuard] = [dlt_window(in_days(dose.dlt_window) + 1)]
    if dose.sentinel_interval is not None:
        guards.append(sentinel(in_days(dose.sentinel_interval), each))
    if dose.stagger is not None:
        guards.append(stagger(in_days(dose.stagger)))
    if dose.whole_cohort_first or (dose.whole_cohort_first is None and each is Together.COHORT):
        guards.append(whole_cohort_first(each))
    guards.extend(dose.stopping)
    if dose.silent:
        from escalon.protocol.silence import Undecided

        guards.append(Undecided(dose.silent))
    return tuple(guards)


def is_timed(study: Study) -> bool:
    """Whether the rule places the next participant while others are still watched: the rolling six, the TITE-CRM."""
    from escalon.escalation.rule import Rule

    return not isinstance(dose_rule(study), Rule)


def cohort_size(study: Study) -> int | None:
    """How many make a cohort; None where the rule places participants one by one."""
    return None if is_timed(study) else study.dose.cohort_size


def days_of_one_dose(study: Study) -> int:
    """Within how many days of the first bag others belong to its dose; 0 for those of its day alone."""
    within = study.dose.split_within
    return 0 if within is None else in_days(within)


def in_days(duration: Duration) -> int:
    """A duration in days; study files refuse months and years here, which have no fixed number of them."""
    return duration.number * _DAYS[duration.unit]
