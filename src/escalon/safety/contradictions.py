"""What the adverse events of one participant say that cannot be true together, each in a sentence.

Source: checks of fatal outcomes and of dates after death as in pharmaverse/sdtmchecks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from escalon.facts import Day
from escalon.safety.adverse_event import AdverseEvent, criteria, death_day, is_death, says_death
from escalon.safety.dlt_clauses import syndrome_of
from escalon.safety.occurrence import Occurrence, occurrences
from escalon.safety.words import Outcome, read_outcome


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that cannot be true, and where it was read."""

    says: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.source}: {self.says}" if self.source else self.says


class Dated(NamedTuple):
    """Something else that is recorded with its day, and where."""

    what: str
    day: Day
    source: str = ""


def contradictions(
    events: Iterable[AdverseEvent], others: Iterable[Dated] = (), deaths: Iterable[Dated] = ()
) -> tuple[Contradiction, ...]:
    """Everything that contradicts itself in one participant's record.

    `others` are what else is dated (`infused`, a measurement, a treatment); `deaths` the days of death recorded elsewhere
    than as an adverse event.
    """
    lines = tuple(events)
    whole = occurrences("", lines)
    found = [Contradiction(said, line.source) for line in lines for said in _within(line)]
    found += [Contradiction(said, event.lines[-1].source) for event in whole for said in _between_lines(event, whole)]
    found += _two_terms(whole) + _two_answers(whole) + _deaths(whole)
    days = [Dated(line.span, day, line.source) for line in lines if (day := death_day(line)) is not None]
    days = sorted([*days, *deaths], key=lambda one: (one.day.earliest, one.day.latest))
    if days:
        found += _two_days(days) + _after(days[0].day, lines, others)
    return tuple(dict.fromkeys(found))


def _within(line: AdverseEvent) -> list[str]:
    """What one line says against itself."""
    said, outcome, ways = line.span, read_outcome(line.outcome), says_death(line)
    found = []
    if ways and outcome not in (None, Outcome.FATAL, Outcome.UNKNOWN):
        found.append(f"{said}: {ways[0]}, and the outcome is «{line.outcome}». Correct one of the two")
    if ways and line.grade not in (None, 5):
        found.append(
            f"{said}: {ways[0]}, and the grade is {line.grade}. A fatal event has grade 5: correct one of the two"
        )
    if line.serious is False and (criteria(line) or ways):
        found.append(f"{said}: not serious, and yet {', '.join(criteria(line)) or 'fatal'}. Correct one of the two")
    if ways and line.ongoing:
        found.append(f"{said}: fatal and ongoing. Write the day of death as its end")
    elif ways and death_day(line) is None:
        found.append(f"{said}: fatal, and the day of death is not recorded. Write it as its end")
    if line.start and line.end and line.end.is_before(line.start) is True:
        found.append(f"{said}: it ends before it starts")
    return found


def _between_lines(event: Occurrence, whole: Sequence[Occurrence]) -> list[str]:
    """What the lines of one event say against each other, or against the rest."""
    said, judged = event.span(), {line.dlt for line in event.lines} - {None}
    found = []
    if len(judged) > 1:
        found.append(f"{said}: judged a DLT in one line and no DLT in another. Keep the later judgement")
    if event.component_of and syndrome_of(event, whole) is None:
        missing = f"a part of {event.component_of}, which is not recorded on those days"
        found.append(f"{said}: {missing}. Record it, or let the event stand by itself")
    return found


def _two_terms(whole: Iterable[Occurrence]) -> list[Contradiction]:
    terms: dict[str, dict[str, AdverseEvent]] = {}
    for event in whole:
        if event.id:
            terms.setdefault(event.id, {}).setdefault(event.term.name, event.lines[0])
    return [
        Contradiction(
            f"the number {number} is given to {' and '.join(some)}. One number is one event",
            [*some.values()][-1].source,
        )
        for number, some in terms.items()
        if len(some) > 1
    ]


def _two_answers(whole: Iterable[Occurrence]) -> list[Contradiction]:
    """One term from one day in two rows without a number, of which one is judged a DLT and the other not."""
    judged: dict[tuple[str, str], dict[bool, Occurrence]] = {}
    for event in whole:
        for line in event.lines:
            if line.dlt is not None and not event.id:
                judged.setdefault((event.term.name, str(event.start)), {})[line.dlt] = event
    says = "{} is written twice, judged a DLT and no DLT. Keep one of the two, or give each its number"
    return [
        Contradiction(says.format(some[True].span()), some[True].lines[-1].source)
        for some in judged.values()
        if len(some) > 1 and some[True] is not some[False]
    ]


def _deaths(whole: Iterable[Occurrence]) -> list[Contradiction]:
    fatal = [event for event in whole if event.is_fatal]
    named = " and ".join(event.span() for event in fatal)
    says = f"two deaths of one person: {named}. Keep the one that was the cause"
    return [Contradiction(says, fatal[-1].lines[-1].source)] if len(fatal) > 1 else []


def _two_days(deaths: Sequence[Dated]) -> list[Contradiction]:
    """The day of death told in two ways."""
    first, last = deaths[0], deaths[-1]
    says = f"died on {first.day} ({first.what}) and on {last.day} ({last.what}). Correct one of the two"
    return [Contradiction(says, last.source)] if first.day.is_before(last.day) is True else []


def _after(died: Day, lines: Iterable[AdverseEvent], others: Iterable[Dated]) -> list[Contradiction]:
    """Everything dated after the death."""

    def later(day: Day | None) -> bool:
        return day is not None and died.is_before(day) is True

    found = []
    for line in lines:
        if later(line.start) or (later(line.end) and not is_death(line)):
            word = "begins" if later(line.start) else "ends"
            found.append(Contradiction(f"{line.span}: it {word} after the death on {died}", line.source))
    return found + [
        Contradiction(f"{one.what} on {one.day}, after the death on {died}", one.source)
        for one in others
        if later(one.day)
    ]
