"""A source taken in: its history, what was refused and why, and the account of its rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from escalon.facts import Day, Fact
from escalon.history import Course, Entry, Frame, Trial, Unread, fold
from escalon.history.course import stated_day
from escalon.protocol.vocabulary import DISEASE
from escalon.safety.contradictions import Contradiction, Dated, contradictions
from escalon.sources.taking import Problem


@dataclass(frozen=True, slots=True)
class Count:
    """The rows of one table: read, used, refused. Read is always used + refused + left out by name (lines of an export)."""

    table: str
    file: str
    read: int
    used: int
    refused: int
    left_out: int = 0

    def __str__(self) -> str:
        left_out = f" + {self.left_out} left out by name" if self.left_out else ""
        return f"{self.read} rows read = {self.used} used + {self.refused} refused{left_out}"


@dataclass(frozen=True, repr=False)
class Intake:
    """A source taken in: its history, the problems, and the account of its rows."""

    folder: Path
    frame: Frame
    entries: Sequence[Entry]
    unread: tuple[Unread, ...]
    """Rows that were refused: what they would have said is not known, so they hold decisions back."""
    problems: tuple[Problem, ...]
    counts: tuple[Count, ...]
    hashes: Mapping[str, str]
    recorded: Day | None = None
    """The day up to which entries were read, where later ones are left out."""

    def __repr__(self) -> str:
        """A few lines: the folder, what was read of each table, and the first problems."""
        shown = [str(one) for one in self.problems[:5]]
        more = [f"… and {len(self.problems) - 5} more"] if len(self.problems) > 5 else []
        counts = [f"{count.file}: {count}" for count in self.counts[:10]]
        return "\n".join((f"{self.folder.name}, {len(self.entries)} entries", *counts, *shown, *more))

    @cached_property
    def trial(self) -> Trial:
        """Where the trial stands after everything that was taken in."""
        trial = fold(self.entries, self.frame)
        trial.unread = self.unread
        return trial

    @property
    def refused(self) -> tuple[Problem, ...]:
        """The problems that kept a row out."""
        return tuple(problem for problem in self.problems if problem.refused)

    @cached_property
    def contradictions(self) -> tuple[Problem, ...]:
        """What the record of one participant says against itself, such as two deaths; nothing is left out for it."""
        found: list[Problem] = []
        for course in self.trial.courses.values():
            with course.looked_at():
                found += _contradicted(course)
        return tuple(found)

    def account(self) -> str:
        """The account in one line: rows read = used + refused, and what a mapping leaves out by name."""
        parts = ("read", "used", "refused", "left_out")
        return str(Count("", "", *(sum(getattr(count, part) for count in self.counts) for part in parts)))


def _contradicted(course: Course) -> list[Problem]:
    """Fatal and recovered, two deaths, a measurement or an infusion after the death: each with its line where it has one."""
    lines = [replace(one.event, source=one.place) for one in course.adverse_events]
    died = course.facts.named(course.frame.roles.get("death", ""))
    deaths = [Dated(fact.name, day, fact.source) for fact in died if (day := stated_day(fact)) is not None]
    said = [*contradictions(lines, _dated(course), deaths), *(two for name in STAYS for two in _changed(course, name))]
    said += _infused_after_leaving(course)
    return [problem_at(one.source, "", course.code, f"{course.code}: {one.says}") for one in said]


def _dated(course: Course) -> Iterator[Dated]:
    """Whatever else is dated; looked at only where somebody died."""
    dated = [("infused", one.event.happened(course.zone), one.place) for one in course.infusions]
    dated += [(one.event.treatment, one.event.happened(course.zone), one.place) for one in course.treatments]
    dated += [("a sample", one.event.happened(course.zone), one.place) for one in course.samples]
    seen = (fact for fact in course.facts if not isinstance(fact.value, str) and fact.behind is None)
    dated += [(name, fact.day, fact.source) for fact in seen if (name := _said_of_the_living(course, fact))]
    yield from (Dated(what, day, source) for what, day, source in dict.fromkeys(dated) if day is not None)


def _said_of_the_living(course: Course, fact: Fact) -> str:
    """What a fact says that cannot be said of the dead; empty for death itself, and for the review of what was before it."""
    roles = course.frame.roles
    if fact.name == roles.get("death") and fact.value is False:
        return f"{fact.name} is «no»"
    return "" if fact.name in (roles.get("death"), roles.get("dlt_review")) or fact.value is False else fact.name


def _infused_after_leaving(course: Course) -> Iterator[Contradiction]:
    for bag in course.infusions:
        day = bag.event.happened(course.zone)
        left = course.left_and_not_back_by(day.earliest) if day else None
        if left is not None and day is not None and left.is_before(day):
            yield Contradiction(f"infused on {day}, after leaving on {left}. Correct one of the two", bag.place)


STAYS = ("sex", DISEASE)
"""What is the same of a person on every day; scores, doses and strata read it."""


def _changed(course: Course, name: str) -> list[Contradiction]:
    """A second value of what does not change, beside the first with its place."""
    first: dict[str, str] = {}
    for fact in course.facts.named(name):
        if isinstance(fact.value, str):
            first.setdefault(fact.value, fact.source)
    (value, place), *others = first.items() or [("", "")]
    says = "{name} is {other} here and {value} at {place}. It is one of the two: correct the other"
    return [
        Contradiction(says.format(name=name, other=other, value=value, place=place), there) for other, there in others
    ]


def problem_at(source: str, column: str, value: str, message: str, *, refused: bool = False) -> Problem:
    """A problem at the place of what it is about, `facts.csv:7`; one that keeps no row out, unless `refused`."""
    file, _, line = source.partition(" (")[0].rpartition(":")
    return Problem(file, int(line) if line.isdecimal() else 0, column, value, message, refused)
