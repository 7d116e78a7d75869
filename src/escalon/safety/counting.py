"""Counting adverse events: events and participants, highest grades, exact limits, rates, time to onset and duration.

Number counts events; incidence counts participants with at least one, among all infused. Within a participant several events
of one term count once, at the highest grade. Changes of grade belong to one event; the same term after full resolution is a
new event. A symptom that is part of CRS or ICANS is not counted again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from statistics import median

from escalon.facts import Day, Truth
from escalon.safety.occurrence import Occurrence
from escalon.safety.proportion import Proportion, clopper_pearson

DAYS_PER_YEAR = Fraction(1461, 4)


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
    """A stretch of days from infusion for counting; `None` leaves an end open. Before day 0 it begins with lymphodepletion."""

    name: str
    first: int | None
    last: int | None


PERIODS = (
    ReportingPeriod("lymphodepletion to infusion", None, -1),
    ReportingPeriod("infusion to day 28", 0, 28),
    ReportingPeriod("day 29 to 1 year", 29, 365),
)


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


def emergent(
    events: Iterable[Occurrence], population: Sequence[Treated], cutoff: date, what: str = "infusion"
) -> tuple[Occurrence, ...]:
    """The treatment-emergent events of the safety population up to a cut-off, syndromes' own symptoms left out.

    `what` is `infusion` or `lymphodepletion`. What cannot be shown to precede the reference is counted, and so is what began
    before it and may have become worse after it (`began_before` tells which).
    """
    people = {one.participant: one for one in population}
    found = []
    for event in events:
        person = people.get(event.participant)
        if person is None or event.component_of or _is_later(event, cutoff):
            continue
        start = person.lymphodepletion if what == "lymphodepletion" else person.infusion
        if start is not None and event.is_worse_since(start) is not False:
            found.append(event)
    return tuple(found)


def began_before(events: Iterable[Occurrence], population: Sequence[Treated]) -> tuple[Occurrence, ...]:
    """The events that began before infusion: counted because they became worse after it, or may have."""
    start = {one.participant: Day.of(one.infusion) for one in population}
    return tuple(event for event in events if event.start and event.start.is_before(start[event.participant]) is True)


def _is_later(event: Occurrence, cutoff: date) -> bool:
    return event.start is not None and event.start.earliest > cutoff


def in_period(
    events: Iterable[Occurrence], population: Sequence[Treated], period: ReportingPeriod
) -> tuple[Occurrence, ...]:
    """The events that began, or may have begun, in a period; a partial onset is counted in the earliest it may lie in."""
    people = {one.participant: one for one in population}
    return tuple(event for event in events if period_of(event, people[event.participant]) == period)


def period_of(event: Occurrence, person: Treated) -> ReportingPeriod | None:
    """The period an event began in; with a partial onset the first from infusion on that it may lie in."""
    if event.start is None:
        return PERIODS[1]
    first, last = person.day_of(event.start.earliest), person.day_of(event.start.latest)
    day = first if first == last or last < 0 else max(first, 0)
    return next(
        (one for one in PERIODS if (one.first or -(10**6)) <= day <= (10**6 if one.last is None else one.last)), None
    )


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


def by_term(events: Iterable[Occurrence], observed: int) -> dict[str, tuple[Tally, tuple[Tally, ...]]]:
    """Each class with its tally and the tallies of its terms, most participants first, then by name."""
    classes: dict[str, list[Occurrence]] = {}
    for event in events:
        classes.setdefault(event.term.system_class, []).append(event)
    rows = {name: (tally(name, some, observed), _terms(some, observed)) for name, some in sorted(classes.items())}
    return dict(sorted(rows.items(), key=lambda row: (-row[1][0].participants.events, row[0])))


def _terms(events: Sequence[Occurrence], observed: int) -> tuple[Tally, ...]:
    terms: dict[str, list[Occurrence]] = {}
    for event in events:
        terms.setdefault(event.term.name, []).append(event)
    found = [tally(name, some, observed) for name, some in terms.items()]
    return tuple(sorted(found, key=lambda one: (-one.participants.events, one.label)))


def grouped(
    events: Iterable[Occurrence], population: Sequence[Treated], by: Callable[[Treated], str]
) -> dict[str, tuple[tuple[Occurrence, ...], tuple[Treated, ...]]]:
    """Events and participants of each dose level, disease or other group of the population."""
    some = tuple(events)
    groups: dict[str, list[Treated]] = {}
    for person in population:
        groups.setdefault(by(person), []).append(person)
    return {
        name: (
            tuple(event for event in some if event.participant in {one.participant for one in people}),
            tuple(people),
        )
        for name, people in sorted(groups.items())
    }


@dataclass(frozen=True, slots=True)
class Rate:
    """Participants with an event per patient-year at risk: time runs to the first event or the end of observation."""

    participants: int
    years: Fraction

    @property
    def per_year(self) -> Fraction | None:
        """The rate; `None` where nobody was at risk."""
        return Fraction(self.participants) / self.years if self.years else None


def exposure_adjusted(events: Iterable[Occurrence], population: Sequence[Treated], cutoff: date) -> Rate:
    """The exposure-adjusted rate: infusion to the first event, or to the end of observation where there is none."""
    start = {one.participant: one.infusion for one in population}
    first: dict[str, date] = {}
    for event in events:
        if event.start is not None and event.participant in start:
            day = max(event.start.earliest, start[event.participant])
            first[event.participant] = min(day, first.get(event.participant, day))
    days = 0
    for person in population:
        end = min(person.observed_to or cutoff, cutoff)
        stop = min(first.get(person.participant, end), end)
        days += max(0, (stop - person.infusion).days + 1)
    with_event = {one.participant for one in population} & set(first)
    return Rate(len(with_event), Fraction(days) / DAYS_PER_YEAR)


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
