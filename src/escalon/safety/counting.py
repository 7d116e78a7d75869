"""Counting adverse events: events and participants, highest grades, exact limits, rates, time to onset and duration.

Number counts events; incidence counts participants with at least one, among all infused. Within a participant several events
of one term count once, at the highest grade. Changes of grade belong to one event; the same term after full resolution is a
new event. A symptom that is part of CRS or ICANS is not counted again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from statistics import median

from escalon.facts import Day, Truth
from escalon.safety.occurrence import Occurrence
from escalon.safety.proportion import Proportion, clopper_pearson


@dataclass(frozen=True, slots=True)
class Treated:
    """One participant of the safety population: everyone infused."""

    participant: str
    infusion: date
    lymphodepletion: date | None = None
    level: str = ""
    disease: str = ""
    observed_to: date | None = None

    def day_of(self, day: date) -> int:
        """The day counted from infusion, which is day 0."""
        return (day - self.infusion).days


@dataclass(frozen=True, slots=True)
class ReportingPeriod:
    """A stretch of days from infusion for counting, both ends included; `None` leaves an end open. The study names them."""

    name: str
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Tally:
    """What a group of events comes to: events, participants among those observed, and each participant's highest grade."""

    label: str
    events: int
    participants: Proportion
    highest: Mapping[int | None, int]
    """How many participants had each grade as their highest; `None` where no grade is known."""

    def at_least(self, grade: int) -> int:
        """Participants whose highest grade is this or more."""
        return sum(number for found, number in self.highest.items() if found is not None and found >= grade)


def emergent(events: Iterable[Occurrence], population: Sequence[Treated], cutoff: date) -> tuple[Occurrence, ...]:
    """The treatment-emergent events of the safety population up to a cut-off, syndromes' own symptoms left out.

    What cannot be shown to precede the infusion is counted; what began before it is counted only where a recorded grade says
    that it became worse (`carried_over` names the others).
    """
    return _since_infusion(events, population, cutoff, True)


def carried_over(events: Iterable[Occurrence], population: Sequence[Treated], cutoff: date) -> tuple[Occurrence, ...]:
    """The events that began before infusion and lasted beyond it, of which no grade before is recorded: worse, or not."""
    return _since_infusion(events, population, cutoff, None)


def _since_infusion(
    events: Iterable[Occurrence], population: Sequence[Treated], cutoff: date, wanted: Truth
) -> tuple[Occurrence, ...]:
    people = {one.participant: one for one in population}
    found = []
    for event in events:
        person = people.get(event.participant)
        if person is None or event.component_of or (event.start is not None and event.start.earliest > cutoff):
            continue
        if _is_worse(event, person) is wanted:
            found.append(event)
    return tuple(found)


def _is_worse(event: Occurrence, person: Treated) -> Truth:
    """Whether an event is new or worse since the infusion; one that began under conditioning had its grade before infusion then.

    The grade before lymphodepletion says nothing of what an event that began after it was like on the day of infusion.
    """
    begun, start = person.lymphodepletion, person.infusion
    under = begun is not None and begun < start and event.began_before(begun) is not True
    if under and event.began_before(start) is True:
        event = replace(event, lines=tuple(replace(line, baseline_grade=None) for line in event.lines))
    return event.is_worse_since(start)


def before_infusion(events: Iterable[Occurrence], population: Sequence[Treated]) -> tuple[Occurrence, ...]:
    """The events of conditioning: new or worse since its first day and begun before the infusion, as they stood then."""
    found: list[Occurrence] = []
    people = {one.participant: one for one in population}
    for event in events:
        person = people.get(event.participant)
        if person is None or person.lymphodepletion is None or event.component_of:
            continue
        if event.began_before(person.infusion) is True and event.is_worse_since(person.lymphodepletion) is not False:
            then = event.as_of(person.infusion - timedelta(days=1))
            found += [then] if then else []
    return tuple(found)


def in_period(
    events: Iterable[Occurrence], population: Sequence[Treated], period: ReportingPeriod
) -> tuple[Occurrence, ...]:
    """The events that began, or became worse, in a period from infusion on; a partial onset counts in the earliest it may."""
    people = {one.participant: one for one in population}
    found = []
    for event in events:
        day = max(_counts_from(event, people[event.participant]), 0)
        if (period.first or 0) <= day and (period.last is None or day <= period.last):
            found.append(event)
    return tuple(found)


def _counts_from(event: Occurrence, person: Treated) -> int:
    """The day on which an event became what it counts for: its onset, or its first line since the infusion."""
    infusion = Day.of(person.infusion)
    if event.start is None or event.start.is_before(infusion) is not True:
        return 0 if event.start is None else person.day_of(event.start.earliest)
    days = [line.start for line in event.lines if line.start and line.start.is_before(infusion) is not True]
    return min((person.day_of(day.earliest) for day in days), default=0)


def tally(label: str, events: Iterable[Occurrence], observed: int, confidence: Fraction | float = 0.95) -> Tally:
    """Count events and participants; `observed` is the size of the safety population."""
    some = tuple(events)
    by_person: dict[str, int | None] = {}
    for event in some:
        by_person[event.participant] = _higher(by_person.get(event.participant), event.grade)
    highest: dict[int | None, int] = {}
    for grade in by_person.values():
        highest[grade] = highest.get(grade, 0) + 1
    return Tally(label, len(some), clopper_pearson(len(by_person), observed, confidence), highest)


def _higher(one: int | None, other: int | None) -> int | None:
    known = [grade for grade in (one, other) if grade is not None]
    return max(known, default=None)


@dataclass(frozen=True, slots=True)
class Timing:
    """Median and range of days; `open` counts events that have not ended."""

    events: int
    median_onset: float | None
    onset: tuple[int, int] | None
    median_duration: float | None
    duration: tuple[int, int] | None
    open: int


def timing(events: Iterable[Occurrence], population: Sequence[Treated]) -> Timing:
    """Time from infusion to onset, and duration counting both the first and the last day; partial days are left out."""
    people = {one.participant: one for one in population}
    some = tuple(events)
    onsets = [
        people[event.participant].day_of(event.start.earliest)
        for event in some
        if event.start is not None and not event.start.is_partial
    ]
    lengths = [
        (event.end.earliest - event.start.earliest + timedelta(days=1)).days
        for event in some
        if event.start and event.end and not event.start.is_partial and not event.end.is_partial
    ]
    return Timing(len(some), *_spread(onsets), *_spread(lengths), sum(event.end is None for event in some))


def _spread(days: Sequence[int]) -> tuple[float | None, tuple[int, int] | None]:
    return (median(days), (min(days), max(days))) if days else (None, None)


def only(events: Iterable[Occurrence], test: Callable[[Occurrence], Truth]) -> tuple[Occurrence, ...]:
    """The events for which a test is true; not known is not true."""
    return tuple(event for event in events if test(event) is True)
