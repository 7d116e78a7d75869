"""The data cut-off: nothing after it is read, so that the same cut-off always gives the same answer."""

from dataclasses import replace
from datetime import date

from escalon.casebook.records import Records, gathered
from escalon.facts import Day


class CutoffError(ValueError):
    """A cut-off that cannot be used; says what to write."""


def last_day(records: Records, today: date | None = None) -> Day:
    """The last day on which anything was recorded, so that by default nothing is left out. Raises CutoffError for none.

    A partial date counts with the first day it may be. A day after `today` is a slip of the pen, and would close windows
    that are still open: it is refused.
    """
    found = [day for fact in records.facts for day in (fact.day, fact.until)]
    found += [infusion.day for infusion in records.infusions] + [sample.day for sample in records.samples]
    found += [day for event in records.adverse_events for day in (event.start, event.end)]
    found += [day for course in records.treatments for day in (course.start, course.end)]
    days = [day.earliest for day in found if day is not None]
    if not any(day is not None and not day.is_partial for day in found):
        raise CutoffError(
            "nothing recorded has a full date, so there is no data cut-off. Write one: --cutoff 2025-03-14"
        )
    if today is not None and max(days) > today:
        raise CutoffError(
            f"something is dated {max(days)}, which is yet to come. Correct it, or write the cut-off: --cutoff {today}"
        )
    return Day.of(max(days))


def checked(cutoff: Day) -> Day:
    """A cut-off, once it is known to be one day: a month would close windows that are still open. Raises CutoffError."""
    if cutoff.is_partial:
        raise CutoffError(f"the cut-off {cutoff} is no full day. Write one: --cutoff {cutoff.latest}")
    return cutoff


def as_of(records: Records, cutoff: Day) -> Records:
    """The records as they stood on a day: later ones left out, later ends not yet known. Raises CutoffError for a month.

    A partial date that may lie before the cut-off stays: leaving it out could hide something that had happened.
    """
    last = checked(cutoff).latest
    facts = tuple(
        replace(fact, until=None, ongoing=True) if fact.until and fact.until.earliest > last else fact
        for fact in records.facts
        if _begun(fact.day, last)
    )
    treatments = tuple(
        replace(course, end=None, ongoing=True) if course.end and course.end.earliest > last else course
        for course in records.treatments
        if _begun(course.start, last)
    )
    events = tuple(
        replace(event, end=None, ongoing=True, outcome="") if event.end and event.end.earliest > last else event
        for event in records.adverse_events
        if _begun(event.start, last)
    )
    infusions = tuple(infusion for infusion in records.infusions if _begun(infusion.day, last))
    samples = tuple(sample for sample in records.samples if _begun(sample.day, last))
    unread = tuple(row for row in records.unread if _begun(row.day, last))
    by_participant = gathered(facts, treatments, infusions)
    return Records(facts, treatments, events, infusions, samples, records.synthetic, by_participant, unread)


def _begun(day: Day | None, last: date) -> bool:
    return day is None or day.earliest <= last
