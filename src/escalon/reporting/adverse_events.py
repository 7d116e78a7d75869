"""From recorded adverse events to the events of each participant."""

from escalon.casebook.records import Records
from escalon.safety.occurrence import Occurrence, occurrences


def events_of(records: Records) -> tuple[Occurrence, ...]:
    """Every event, its lines together, coded where its words are a term; in the order of participants and days."""
    people = dict.fromkeys(line.participant for line in records.adverse_events)
    return tuple(
        event
        for code in people
        for event in occurrences(code, [line for line in records.adverse_events if line.participant == code])
    )
