"""What must not happen during the study: each watched clause asked of a participant from its first day on, day by day.

A clause's rule says what a departure is. It is asked as of each day on which something it reads was recorded; the first day
on which it holds is the departure, and nothing later undoes it. What nobody recorded is unknown: only a «no» that was said
since watching began speaks, and only up to the day on which it was said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from escalon.conduct.judge.departures import ActDeparture, departures
from escalon.conduct.judge.scores import scored
from escalon.conduct.judge.screening import on_the_day, settling
from escalon.criteria import english, examine
from escalon.facts import Day, Fact, Facts, Finding, Truth, grounds
from escalon.history import Course, Trial
from escalon.protocol.names import read_by
from escalon.protocol.study import Study, Watched


class Watching(StrEnum):
    """Where a watched clause stands for a participant."""

    BROKEN = "departure"
    ABSENT = "absent"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Watch:
    """A watched clause for one participant: how it stands, since when it is watched and up to when it was asked."""

    participant: str
    clause: Watched
    state: Watching
    first: date
    last: date
    day: date | None
    """The day of the departure; else the last day on which it was known to be absent, if there is one."""
    sentence: str
    finding: Finding
    unsure: Finding | None = None
    """Where it is not known whether the clause is watched of this participant: what leaves that open."""

    @property
    def why(self) -> str:
        """What decided it, or how long it has not been known."""
        if self.unsure is not None:
            seen = f"{self._seen}; " if self.finding.value is True else ""
            return f"{seen}whether it is watched of {self.participant} is not known"
        if self.state is Watching.BROKEN:
            return self._seen
        if self.state is Watching.ABSENT:
            return f"absent up to {self.last}"
        if self.day is not None:
            return f"absent when last asked, on {self.day}; not known since"
        return f"nothing is recorded of it since {self.first}"

    @property
    def _seen(self) -> str:
        return "; ".join(dict.fromkeys(reason for leaf in settling(self.finding) for reason in leaf.reasons))

    @property
    def name(self) -> str:
        """What is watched, in words."""
        return self.clause.title or self.sentence

    def as_json(self) -> dict[str, Any]:
        """The watch for scripts."""
        return {
            "participant": self.participant, "id": self.clause.id, "what": self.name, "state": self.state.value, "why": self.why,
            "day": self.day.isoformat() if self.day else None, "since": self.first.isoformat(), "until": self.last.isoformat(),
        }  # fmt: skip


def watched(study: Study, trial: Trial, participant: str, cutoff: Day) -> tuple[Watch, ...]:
    """How every watched clause stands for a participant at a cut-off; those whose first day has not come are not there."""
    course = trial.course(participant)
    return course.once(("watched", id(study), cutoff), study, lambda: tuple(_each(study, trial, course, cutoff.latest)))


def broken(study: Study, trial: Trial, participant: str, cutoff: Day) -> Iterator[ActDeparture]:
    """The departures among them, and what is one if the clause is watched of this participant at all."""
    for one in watched(study, trial, participant, cutoff):
        if one.finding.value is True and one.day is not None:
            source = next((fact.source for fact in grounds(one.finding) if fact.source), "")
            yield ActDeparture(participant, one.day, one.clause.id, f"{one.name}: {one.why}", source)


def all_departures(study: Study, trial: Trial, cutoff: Day) -> list[ActDeparture]:
    """Every act that the rules would have held, and then everything that must not have happened during the study."""
    found = departures(study, trial)
    for code in trial.participants:
        with trial.course(code).looked_at():
            found += broken(study, trial, code, cutoff)
    return found


def _each(study: Study, trial: Trial, course: Course, today: date) -> Iterator[Watch]:
    for clause in study.watched:
        first = _first(clause, course)
        if first is None or first > today:
            continue
        facts = scored(study, trial, course.code)
        last = min((today, *_ends(clause, course, first)))
        then = on_the_day(study, facts, course, Day.of(last))
        applies = None if clause.applies is None else examine(clause.applies, then)
        if applies is not None and applies.value is False:
            continue
        asked = _asked(study, facts, clause, course, first, max(first, last))
        unsure = applies if applies is not None and applies.value is None else None
        yield (
            asked
            if unsure is None or asked.state is Watching.ABSENT
            else replace(asked, state=Watching.UNKNOWN, unsure=unsure)
        )


def _asked(study: Study, facts: Facts, clause: Watched, course: Course, first: date, last: date) -> Watch:
    """The rule on every day on which something it reads was recorded, and on the last; where silence is no, on the last too."""
    names = read_by(clause.tree, study.vocabulary)
    seen = _Instead(facts, names, [fact for name in names for fact in facts.named(name) if _reaches(fact, first)])
    days = {fact.day.latest for name in names for fact in seen.named(name) if fact.day is not None}
    asked = {max(first, day) for day in days if day <= last}
    if examine(clause.tree, on_the_day(study, _Instead(facts, names, ()), course, Day.of(last))).value is False:
        asked.add(last)
    known_absent: date | None = None
    for day in sorted(asked | {last}):
        finding = examine(clause.tree, on_the_day(study, seen, course, Day.of(day)))
        holds: Truth = finding.value  # type: ignore[assignment]
        if holds:
            return Watch(course.code, clause, Watching.BROKEN, first, last, day, _words(study, clause), finding)
        known_absent = day if holds is False and day in asked else known_absent
    state = Watching.ABSENT if known_absent == last else Watching.UNKNOWN
    return Watch(course.code, clause, state, first, last, known_absent, _words(study, clause), finding)


class _Instead(Facts):
    """A participant's facts with others in the place of some names; a score is worked out when it is asked for."""

    __slots__ = ("_instead_of", "_whole")

    def __init__(self, whole: Facts, instead_of: Collection[str], others: Iterable[Fact]) -> None:
        super().__init__(others)
        self._whole, self._instead_of = whole, instead_of

    def named(self, name: str) -> tuple[Fact, ...]:
        """All facts of a name, oldest first."""
        return super().named(name) if name in self._instead_of else self._whole.named(name)

    def names(self) -> tuple[str, ...]:
        """The names something is known under."""
        others = (name for name in self._whole.names() if name not in self._instead_of)
        return (*others, *super().names())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _words(study: Study, clause: Watched) -> str:
    return english(clause.tree, lambda name: study.vocabulary[name].label if name in study.vocabulary else name)


def _reaches(fact: Fact, first: date) -> bool:
    """Whether a fact says something of the time from a day on."""
    if fact.day is None or fact.ongoing or fact.end_unknown:
        return True
    return (fact.until or fact.day).latest >= first


def _first(clause: Watched, course: Course) -> date | None:
    """The day from which a clause is watched; None where it is not recorded."""
    days: list[Day | None] = [course.consented if clause.since == "consent" else course.infused]
    if clause.since == "conditioning":
        days = [*course.conditioned_on]
    return min((day.earliest for day in days if day is not None), default=None)


def _ends(clause: Watched, course: Course, first: date) -> Iterator[date]:
    if clause.until is not None:
        yield clause.until.after(Day.of(first)).latest
    yield from (day.latest for day in (course.left, course.died) if day is not None)
