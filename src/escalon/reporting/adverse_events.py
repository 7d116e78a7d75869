"""From recorded adverse events to the events of each participant."""

from escalon.history import Trial
from escalon.safety.occurrence import Occurrence, occurrences


def events_of(trial: Trial) -> tuple[Occurrence, ...]:
    """Every event, its lines together, coded where its words are a term; in the order of the entries."""
    courses = sorted(
        (one for one in trial.courses.values() if one.adverse_events), key=lambda one: one.adverse_events[0].number
    )
    return tuple(
        event for course in courses for event in occurrences(course.code, [one.event for one in course.adverse_events])
    )
