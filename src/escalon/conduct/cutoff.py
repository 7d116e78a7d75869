"""The data cut-off: nothing after it is read, so that the same cut-off always gives the same answer."""

from dataclasses import replace
from datetime import date

from escalon.casebook.records import Records, gathered
from escalon.facts import Day, Fact


class CutoffError(ValueError):
    """A cut-off that cannot be used; says what to write."""


def last_day(records: Records, today: date | None = None) -> Day:
    """The last day on which anything was recorded, so that by default nothing is left out. Raises CutoffError for none.

    A partial date counts with the first day it may be. A day after `today` is a slip of the pen, and would close windows
    that are still open: it is refused.
    """
    found = [day for fact in records.facts for day in (fact.day, fact.until)]
    found += [infusion.day for infusion in records.infusions] + [sample.taken for sample in records.samples]
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

    A partial date that may lie before the cut-off stays: leaving it out could hide something that had happened. A person
    who had not yet consented is left out whole: their history, though older, was not in the study's hands.
    """
    last = checked(cutoff).latest
    records = _without(records, _yet_to_come(records, last))
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
    samples = tuple(sample for sample in records.samples if _begun(sample.taken, last))
    unread = tuple(row for row in records.unread if _begun(row.day, last))
    by_participant = gathered(facts, treatments, infusions)
    return Records(facts, treatments, events, infusions, samples, records.synthetic, by_participant, unread)


ENTRY = ("informed_consent", "screening_visit")
"""The facts that date a participant's entry, as the bundled study names them."""


def _yet_to_come(records: Records, last: date) -> frozenset[str]:
    """The participants whose consent and screening are all dated after a day, and who had not been infused by then."""
    found = set()
    for participant, facts in records.by_participant.items():
        days = [day for name in ENTRY for fact in facts.named(name) if (day := _entry_day(fact)) is not None]
        infused = any(one.participant == participant and one.day.earliest <= last for one in records.infusions)
        if days and not infused and all(day.earliest > last for day in days):
            found.add(participant)
    return frozenset(found)


def _entry_day(fact: Fact) -> Day | None:
    if not isinstance(fact.value, str):
        return fact.day if fact.value is True else None
    try:
        return Day.parse(fact.value)
    except ValueError:
        return fact.day


def _without(records: Records, people: frozenset[str]) -> Records:
    if not people:
        return records
    return replace(
        records,
        facts=tuple(one for one in records.facts if one.participant not in people),
        treatments=tuple(one for one in records.treatments if one.participant not in people),
        adverse_events=tuple(one for one in records.adverse_events if one.participant not in people),
        samples=tuple(one for one in records.samples if one.participant not in people),
        unread=tuple(one for one in records.unread if one.participant not in people),
    )


def _begun(day: Day | None, last: date) -> bool:
    return day is None or day.earliest <= last
