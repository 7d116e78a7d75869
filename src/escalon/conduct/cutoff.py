"""The data cut-off: nothing after it is read, so that the same cut-off always gives the same answer."""

from dataclasses import replace
from datetime import date

from escalon.casebook.records import Records, gathered
from escalon.facts import Day


class CutoffError(ValueError):
    """A cut-off that cannot be used; says what to write."""


def last_day(records: Records) -> Day:
    """The last full day on which anything was recorded. Raises CutoffError for records without any."""
    found = [fact.day for fact in records.facts]
    found += [infusion.day for infusion in records.infusions]
    found += [event.start for event in records.adverse_events] + [sample.day for sample in records.samples]
    full = [day for day in found if day is not None and not day.is_partial]
    if not full:
        raise CutoffError(
            "nothing recorded has a full date, so there is no data cut-off. Write one: --cutoff 2025-03-14"
        )
    return max(full, key=lambda day: day.latest)


def as_of(records: Records, cutoff: Day) -> Records:
    """The records as they stood on a day: later ones left out, later ends not yet known.

    A partial date that may lie before the cut-off stays: leaving it out could hide something that had happened.
    """
    last = cutoff.latest
    facts = tuple(fact for fact in records.facts if _begun(fact.day, last))
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
    return Records(
        facts, treatments, events, infusions, samples, records.synthetic, gathered(facts, treatments, infusions)
    )


def _begun(day: Day | None, last: date) -> bool:
    return day is None or day.earliest <= last
