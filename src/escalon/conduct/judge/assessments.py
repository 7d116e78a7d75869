"""What belongs together: the facts of one visit of a participant, found by day before they are found by name.

Facts under one label are one visit only while their days allow it. A label of the schedule holds for the days its window
leaves it; where label and day disagree, the day wins and says so. A label the study does not plan (`unscheduled`, `NA`,
`follow-up`) may be written at every later visit: what lies more than `UNPLANNED` days apart, or on both sides of the infusion,
is not one visit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from escalon.conduct.judge.baselines import infusion_day
from escalon.conduct.judge.windows import day_number
from escalon.facts import Day, Fact, Facts, exact, spelled, together
from escalon.protocol.study import Study, Visit

UNPLANNED = 14
"""Days over which an unplanned visit may stretch: our rule, half of the shortest interval at which the scores here are
repeated (four weeks); a planned visit has its own window."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The facts of one visit (or one day) of a participant."""

    visit: str
    day: Day
    facts: Mapping[str, Fact]
    contradictory: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    """Names with different values on their last day."""
    all: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    """Where a label disagrees with the day."""

    begins: Day | None = None
    """The first of its days."""

    def reaches(self, first: Day | None, last: Day | None) -> bool:
        """Whether it may be of these days, or lies between two that surround them."""
        if first is not None and self.day.latest < first.earliest:
            return False
        return last is None or (self.begins or self.day).earliest <= last.latest


Moment: TypeAlias = tuple[str, Day]
"""The label of a visit, and a day."""
_Dated: TypeAlias = tuple[Moment, str]
"""A moment, and where its label disagrees with its day."""


class _Place(NamedTuple):
    """Where one fact belongs: the visit, whether its days are settled by the schedule, and what to say of it."""

    visit: str
    is_planned: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of a participant by their days, oldest first: what was recorded at each is looked at by name."""

    facts: Facts
    parts: Sequence[tuple[str, Sequence[_Dated]]]
    """The label of each and its moments."""

    def __len__(self) -> int:
        return len(self.parts)

    def empty(self, number: int) -> Assessment:
        """A visit without its facts."""
        label, some = self.parts[number]
        notes = tuple(dict.fromkeys(note for _, note in some if note))
        return Assessment(label, some[-1][0][1], {}, notes=notes, begins=some[0][0][1])

    def holding(self, number: int, names: Iterable[str]) -> Assessment:
        """A visit with the facts of some names."""
        moments = {moment for moment, _ in self.parts[number][1]}
        return _holding(self.empty(number), [fact for name in names for fact in self.facts.at(name, moments)])


def assessments(study: Study, facts: Facts) -> list[Assessment]:
    """The visits of a participant with all their facts, oldest first; undated facts belong to none."""
    visits = visits_of(study, facts)
    places = {moment: number for number, (_, some) in enumerate(visits.parts) for moment, _ in some}
    held: list[list[Fact]] = [[] for _ in visits.parts]
    for fact in facts:
        if (moment := fact.moment) is not None:
            held[places[moment]].append(fact)
    return [_holding(visits.empty(number), some) for number, some in enumerate(held)]


def visits_of(study: Study, facts: Facts) -> Visits:
    """The visits of a participant: labels and days that belong together."""
    infused = infusion_day(study, facts)
    planned = {one.id: one for one in study.visits}
    moments = sorted(facts.moments(), key=lambda one: (one[1].earliest, one[0]))
    places = ((moment, _place(*moment, infused, planned)) for moment in moments)
    groups = together(((one.visit, one.is_planned), (moment, one.note)) for moment, one in places)
    found: list[tuple[str, Sequence[_Dated]]] = []
    for (label, is_planned), some in groups.items():
        parts = [some] if is_planned else list(_apart(some, infused, planned.get(label)))
        found += [(label if len(parts) == 1 else f"{label} {part[0][0][1]}", part) for part in parts]
    found.sort(key=lambda one: (one[1][-1][0][1].latest, one[0]))
    return Visits(facts, found)


def _place(label: str, day: Day, infused: Day | None, visits: Mapping[str, Visit]) -> _Place:
    """The visit of a fact: its label's, where the day allows it; else the one visit whose window holds the day."""
    if not label:
        return _Place(str(day), is_planned=True)
    planned, number = visits.get(label), None if infused is None else day_number(day, infused)
    if planned is None or number is None:
        return _Place(label, is_planned=False)
    if planned.earliest <= number <= planned.latest:
        return _Place(label, is_planned=True)
    others = [one.id for one in visits.values() if one.earliest <= number <= one.latest]
    note = f"labelled {label} and dated {day}, day {number}, outside its days {planned.earliest} to {planned.latest}"
    if len(others) == 1:
        return _Place(others[0], is_planned=True, note=f"{note}: read as {others[0]}")
    return _Place(label, is_planned=False, note=note)


def _apart(some: list[_Dated], infused: Day | None, planned: Visit | None) -> Iterator[list[_Dated]]:
    """What stands under one label, by day, parted where its days are too far from each other to be one visit."""
    span = UNPLANNED if planned is None or infused is not None else max(UNPLANNED, planned.latest - planned.earliest)
    part: list[_Dated] = []
    for one in some:
        (_, day), first = one[0], part[0][0][1] if part else None
        if first and (
            (day.earliest - first.earliest).days > span or _is_before(day, infused) != _is_before(first, infused)
        ):
            yield part
            part = []
        part.append(one)
    yield part


def _is_before(day: Day, infused: Day | None) -> bool:
    return infused is not None and day.earliest < infused.earliest


def _holding(visit: Assessment, facts: Sequence[Fact]) -> Assessment:
    return Assessment(visit.visit, visit.day, *_by_name(facts), tuple(facts), visit.notes, visit.begins)


def _by_name(facts: Iterable[Fact]) -> tuple[dict[str, Fact], dict[str, tuple[Fact, ...]]]:
    """The latest fact of each name, and the names of which the last day has different values."""
    last: dict[str, list[Fact]] = {}
    for fact in facts:
        known = last.setdefault(fact.name, [])
        if known and fact.day and known[0].day and fact.day.latest > known[0].day.latest:
            known.clear()
        if not known or fact.day == known[0].day:
            known.append(fact)
    differing = {name: tuple(some) for name, some in last.items() if len(some) > 1 and len({*map(written, some)}) > 1}
    return {name: some[0] for name, some in last.items()}, differing


def written(fact: Fact) -> tuple[object, ...]:
    """What a fact says, so that two that say the same are equal: `7.0 mm` and `7 mm`, but not `7` and yes."""
    value = fact.value
    number = exact(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else value
    return (isinstance(value, bool), number, spelled(fact.unit))
