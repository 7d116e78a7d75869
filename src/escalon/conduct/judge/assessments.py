"""What belongs together: the facts of one visit of a participant, found by day before they are found by name.

Facts under one label are one visit only while their days allow it. A label of the schedule holds for the days its window
leaves it; where label and day disagree, the day wins and says so. A label the study does not plan (`unscheduled`, `NA`,
`follow-up`) may be written at every later visit: what lies more than `UNPLANNED` days apart, or on both sides of the infusion,
is not one visit.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from escalon.conduct.judge.baselines import infusion_day
from escalon.conduct.judge.windows import day_number
from escalon.facts import Day, Fact, Facts, exact, spelled
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

    def reaches(self, first: Day | None, last: Day | None) -> bool:
        """Whether any of its facts may be of these days, or lies between two that surround them."""
        if first is not None and self.day.latest < first.earliest:
            return False
        return last is None or any(fact.day is not None and fact.day.earliest <= last.latest for fact in self.all)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one fact belongs: the visit, whether its days are settled by the schedule, and what to say of it."""

    visit: str
    is_planned: bool
    note: str = ""


def assessments(study: Study, facts: Facts) -> list[Assessment]:
    """The visits of a participant, oldest first; undated facts belong to none."""
    infused = infusion_day(study, facts)
    visits = {one.id: one for one in study.visits}
    groups: dict[tuple[str, bool], list[tuple[Fact, Day, str]]] = {}
    for fact in facts:
        if fact.day is not None and not fact.day.is_partial and fact.value is not None:
            place = _place(fact.visit, fact.day, infused, visits)
            groups.setdefault((place.visit, place.is_planned), []).append((fact, fact.day, place.note))
    found = []
    for (label, is_planned), some in groups.items():
        parts = [some] if is_planned else list(_apart(some, infused, visits.get(label)))
        found += [_assessment(label if len(parts) == 1 else f"{label} {part[0][1]}", part) for part in parts]
    return sorted(found, key=lambda one: (one.day.latest, one.visit))


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


def _apart(
    some: list[tuple[Fact, Day, str]], infused: Day | None, planned: Visit | None
) -> Iterator[list[tuple[Fact, Day, str]]]:
    """What stands under one label, parted where its days are too far from each other to be one visit."""
    span = UNPLANNED if planned is None or infused is not None else max(UNPLANNED, planned.latest - planned.earliest)
    part: list[tuple[Fact, Day, str]] = []
    for one in sorted(some, key=lambda each: each[1].earliest):
        if part and (
            (one[1].earliest - part[0][1].earliest).days > span
            or _is_before(one[1], infused) != _is_before(part[0][1], infused)
        ):
            yield part
            part = []
        part.append(one)
    yield part


def _is_before(day: Day, infused: Day | None) -> bool:
    return infused is not None and day.earliest < infused.earliest


def _assessment(visit: str, some: list[tuple[Fact, Day, str]]) -> Assessment:
    facts = tuple(fact for fact, _, _ in some)
    last = max((day for _, day, _ in some), key=lambda day: day.latest)
    notes = tuple(dict.fromkeys(note for _, _, note in some if note))
    return Assessment(visit, last, *_by_name(facts), facts, notes)


def _by_name(facts: Iterable[Fact]) -> tuple[dict[str, Fact], dict[str, tuple[Fact, ...]]]:
    """The latest fact of each name, and the names of which the last day has different values."""
    last: dict[str, list[Fact]] = {}
    for fact in facts:
        known = last.setdefault(fact.name, [])
        if known and fact.day and known[0].day and fact.day.latest > known[0].day.latest:
            known.clear()
        if not known or fact.day == known[0].day:
            known.append(fact)
    differing = {name: tuple(some) for name, some in last.items() if len({written(fact) for fact in some}) > 1}
    return {name: some[0] for name, some in last.items()}, differing


def written(fact: Fact) -> tuple[object, ...]:
    """What a fact says, so that two that say the same are equal: `7.0 mm` and `7 mm`, but not `7` and yes."""
    value = fact.value
    number = exact(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else value
    return (isinstance(value, bool), number, spelled(fact.unit))
