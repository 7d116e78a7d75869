"""One adverse event of one participant over all the lines written of it: from onset to full resolution, at its highest grade.

Lines of one `id` and one term are one event whose grade moved; a line without an `id` is an event of its own. A grade holds
from the moment it was recorded until the next. A moment known only to the day is a range of 24 hours, and every comparison is
three-valued: it answers what the record settles.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from escalon.facts import Day, Truth, all_known, any_known
from escalon.instruments.safety.ctcae.terms import Term
from escalon.safety.adverse_event import ASKS, AdverseEvent, coded, criteria, died_on, is_death
from escalon.safety.words import Criterion, Syndrome, listed, read_seriousness, read_syndrome

MIDNIGHT = time(0)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, exact or known only to lie in a range (`latest` not included unless it equals `earliest`)."""

    earliest: datetime
    latest: datetime

    @classmethod
    def of(cls, when: datetime | date | Day) -> "Moment":
        """The moment of a time, or the range of a day, a month or a year."""
        if isinstance(when, datetime):
            return cls(when, when)
        day = when if isinstance(when, Day) else Day.of(when)
        return cls(datetime.combine(day.earliest, MIDNIGHT), datetime.combine(day.latest, MIDNIGHT) + DAY)


Step = tuple[Moment, int]


@dataclass(frozen=True)
class Occurrence:
    """One event with every line of it, in the order of their first days. `assessed` holds its grades by the hour."""

    participant: str
    lines: tuple[AdverseEvent, ...]
    assessed: tuple[Step, ...] = ()
    """Grades at moments, where the syndrome was looked at with the time; they stand in for the days of the lines."""
    nth: int = 0
    """Which it is of several without an id that have one term and one first day, in the order recorded."""

    @cached_property
    def term(self) -> Term:
        """The CTCAE term or syndrome; the event's own words where they are no term."""
        return coded(self.lines[0].term)

    @cached_property
    def grade(self) -> int | None:
        """The highest grade recorded; None where none was."""
        return max((line.grade for line in self.lines if line.grade is not None), default=None)

    @cached_property
    def start(self) -> Day | None:
        """The first day; None where no line has one."""
        return min((line.start for line in self.lines if line.start), key=_in_order, default=None)

    @cached_property
    def end(self) -> Day | None:
        """The last day; None while it lasts, or where the last line has none."""
        if self.ongoing or self.lines[-1].end is None:
            return None
        return max((line.end for line in self.lines if line.end), key=_in_order)

    @cached_property
    def ongoing(self) -> bool:
        """Whether the last line says that it goes on."""
        return self.lines[-1].ongoing

    @cached_property
    def is_fatal(self) -> bool:
        """Whether it ended in death, whichever column of whichever line says so."""
        return any(map(is_death, self.lines))

    @cached_property
    def died(self) -> Day | None:
        """The day of death it led to; None where nobody recorded it, or it was not fatal."""
        return died_on(self.lines)

    def was_fatal_within(self, first: date, last: date) -> Truth:
        """Whether the death it led to lies in a window of days; not known where its day is not and the event had begun."""
        if not self.is_fatal:
            return False
        if self.died is not None:
            return self.died.is_within(Day.of(first), Day.of(last))
        return False if self.start is not None and self.start.earliest > last else None

    @cached_property
    def criteria(self) -> frozenset[Criterion]:
        """Every criterion of seriousness recorded; death where it was fatal."""
        found = {one for line in self.lines for one in criteria(line)}
        return frozenset(found | ({Criterion.DEATH} if self.is_fatal else set()))

    @cached_property
    def serious(self) -> Truth:
        """Whether it is serious: by a criterion, or as recorded; None where neither is."""
        return True if self.criteria else any_known(line.serious for line in self.lines)

    @cached_property
    def related(self) -> Truth:
        """Whether any line relates it to the cells; None where one was not assessed and none does."""
        return any_known(line.related for line in self.lines)

    @cached_property
    def expected(self) -> Truth:
        """Whether every line says it is listed at its severity."""
        return all_known(line.expected for line in self.lines)

    @cached_property
    def aware(self) -> Day | None:
        """The first day the sponsor knew."""
        return min((line.aware for line in self.lines if line.aware), key=_in_order, default=None)

    @property
    def is_grave(self) -> bool:
        """Whether it is one that people judge: of grade 3 or more, not graded, or fatal."""
        return self.grade is None or self.grade >= ASKS or self.is_fatal

    @cached_property
    def component_of(self) -> Syndrome | None:
        """The syndrome it is recorded as a part of."""
        return next((found for line in self.lines if (found := read_syndrome(line.component_of))), None)

    @cached_property
    def baseline_grade(self) -> int | None:
        """The grade before lymphodepletion: as first recorded."""
        return next((line.baseline_grade for line in self.lines if line.baseline_grade is not None), None)

    @cached_property
    def id(self) -> str:
        """The number it is recorded under."""
        return self.lines[0].id

    @cached_property
    def interest(self) -> str:
        """The special interest recorded."""
        return next((line.interest for line in self.lines if line.interest), "")

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """What was done, each once."""
        return tuple(dict.fromkeys(part for line in self.lines for part in listed(line.action)))

    @cached_property
    def verbatim(self) -> str:
        """The investigator's words."""
        return "; ".join(dict.fromkeys(line.description or line.term for line in self.lines))

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells it from another event of the same participant."""
        return (self.id, self.term.name, "" if self.id else str(self.start), self.nth)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Its grades as steps in time; 0 from the last day of a line on that no other line takes up."""
        if self.assessed:
            return self.assessed
        steps: list[Step] = []
        for line, after in zip(self.lines, (*self.lines[1:], None), strict=True):
            if line.grade is not None and line.start is not None:
                steps.append((Moment.of(line.start), line.grade))
            if line.end and not is_death(line) and steps and not _goes_on(line.end, after):
                steps.append((Moment.of(line.end), 0))
        return tuple(steps)

    def as_of(self, day: date) -> "Occurrence | None":
        """The event as it stood on a day: what began later is left out, what ended later was still going on."""
        kept = tuple(_line_as_of(line, day) for line in self.lines if not (line.start and line.start.earliest > day))
        return replace(self, lines=kept) if kept else None

    def is_inside(self, first: date, last: date) -> Truth:
        """Whether any of it lies in a window of days, both included: it matters while it lasts, not only when it began."""
        if self.start is None:
            return None
        begun = True if self.start.latest <= last else False if self.start.earliest > last else None
        if self.start.earliest >= first or self.ongoing:
            return begun
        end = self.end
        lasted = None if end is None else True if end.earliest >= first else False if end.latest < first else None
        return all_known((begun, lasted))

    def may_be_seen(self, grade: int, day: date) -> bool:
        """Whether it may be what was found of that grade on a day: as grave at least, begun by then and not over before."""
        return (self.grade is None or self.grade >= grade) and self.is_inside(day, day) is not False

    def may_overlap(self, other: "Occurrence") -> bool:
        """Whether the two may have a day in common: neither is known to have ended before the other began."""
        pairs = ((self.end, other.start), (other.end, self.start))
        return not any(end and start and end.is_before(start) is True for end, start in pairs)

    def began_before(self, day: date) -> Truth:
        """Whether it began before a day."""
        return None if self.start is None else self.start.is_before(Day.of(day))

    def is_worse_since(self, day: date) -> Truth:
        """Whether it is new or worse from a day on: began on it or later, or was there before and became worse.

        An onset that cannot be shown to precede the day counts as new, and so does one that nobody recorded. Not known: it
        began before, lasted beyond, and no grade before the day is recorded.
        """
        start = Day.of(day)
        if self.began_before(day) is not True:
            return True
        if self.end is not None and self.end.is_before(start) is True:
            return False
        earlier = [line for line in self.lines if line.start is not None and line.start.is_before(start) is True]
        later = [line for line in self.lines if line not in earlier]
        known = [line.grade for line in earlier if line.grade is not None] if later else []
        baseline = self.baseline_grade if self.baseline_grade is not None else max(known, default=None)
        if baseline is None:
            return None
        return any_known(None if line.grade is None else line.grade > baseline for line in later or earlier[-1:])

    def spans(self) -> tuple[AdverseEvent, ...]:
        """Its lines, each lasting until its own end or, where it has none, until the next line begins."""
        following = (*self.lines[1:], None)
        return tuple(
            line if after is None or line.end or after.start is None else replace(line, end=after.start, ongoing=False)
            for line, after in zip(self.lines, following, strict=True)
        )

    def with_grade(self, grade: int) -> "Occurrence":
        """The event as if each line without a grade had had this one: how long it may have lasted at it."""
        lines = tuple(replace(line, grade=grade) if line.grade is None else line for line in self.lines)
        return replace(self, lines=lines)

    def span(self) -> str:
        """`CRS, grade 3, from 2025-03-20 to 2025-03-25`."""
        line = replace(
            self.lines[-1], grade=self.grade, start=self.start, end=self.died or self.end, term=self.lines[0].term
        )
        return line.span + (", fatal" if self.is_fatal and self.grade != 5 else "")

    def __str__(self) -> str:
        grade = "grade not known" if self.grade is None else f"grade {self.grade}"
        return f"{self.participant} {self.term.name} {grade} from {self.start or 'a day not known'}"


def occurrences(participant: str, lines: Iterable[AdverseEvent]) -> tuple[Occurrence, ...]:
    """A participant's events: lines of one id and one term together, in the order of their first days."""
    groups: dict[tuple[str, str, str, str], list[AdverseEvent]] = {}
    for line in lines:
        name = coded(line.term).name
        start = "" if line.id else str(line.start)
        nth = "" if line.id else str(sum(key[:3] == ("", name, start) for key in groups))
        groups.setdefault((line.id, name, start, nth), []).append(line)
    found = [
        Occurrence(participant, tuple(sorted(some, key=_line_order)), nth=int(nth or 0))
        for (_, _, _, nth), some in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: (*_in_order(one.start), -(one.grade or 0), one.key)))


def _line_order(line: AdverseEvent) -> tuple[object, ...]:
    return (*_in_order(line.start), line.ongoing, *_in_order(line.end), line.grade or 0)


def _in_order(day: Day | None) -> tuple[date, date]:
    return (day.earliest, day.latest) if day else (date.min, date.min)


def _goes_on(end: Day, after: AdverseEvent | None) -> bool:
    """Whether the next line takes the event up without a day between."""
    return after is not None and (after.start is None or after.start.earliest <= end.latest + DAY)


def _line_as_of(line: AdverseEvent, day: date) -> AdverseEvent:
    if line.end is None or line.end.earliest <= day:
        return line
    if not is_death(line):
        return replace(line, end=None, ongoing=True)
    grade = None if line.grade == 5 else line.grade  # nobody had died of it yet, and its grade then is not recorded
    kept = tuple(one for one in line.seriousness if Criterion.DEATH not in read_seriousness(one))
    return replace(line, end=None, ongoing=True, grade=grade, outcome="", seriousness=kept)


def lasted_longer(event: Occurrence, grade: int, than: timedelta, improving_to: int, until: datetime) -> Truth:
    """Whether a grade of at least `grade` did not improve to `improving_to` within a time, as far as is known by `until`.

    Improvement exactly at the limit is in time. A grade that has not improved yet is not known until the time has passed; one
    whose end nobody recorded, and of which nobody says that it goes on, is not known after that either.
    """
    lasting = event.ongoing or bool(event.assessed)
    return any_known(
        _stretch_longer(started, improved, than, until, lasting)
        for started, improved in stretches(event, grade, improving_to)
    )


def stretches(event: Occurrence, grade: int, improving_to: int) -> list[tuple[Moment, Moment | None]]:
    """From each time the grade was reached to the time it had improved; None while it had not."""
    found: list[tuple[Moment, Moment | None]] = []
    started: Moment | None = None
    for moment, step in event.steps:
        if started is None and step >= grade:
            started = moment
        elif started is not None and step <= improving_to:
            found.append((started, moment))
            started = None
    return found if started is None else [*found, (started, None)]


def _stretch_longer(started: Moment, improved: Moment | None, than: timedelta, until: datetime, lasting: bool) -> Truth:
    if improved is None:
        return (True if lasting else None) if until - started.latest > than else None
    if improved.earliest - started.latest > than:
        return True
    return False if improved.latest - started.earliest <= than else None
