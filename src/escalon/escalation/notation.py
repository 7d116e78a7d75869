"""Dose-escalation conduct as people write it: `1NNN 2NNT`.

One word per cohort: the dose level, then one letter per participant, in the order treated. `N` no DLT, `T` DLT
(Brock 2019, doi:10.1186/s12874-019-0676-4, uses these two). Escalon adds two letters, because a trial under way
has participants who are neither: `P` pending (treated, DLT window still open) and `X` not evaluable (left before
the end of the window without a DLT, or never infused); an `X` is replaced and never enters the denominator.

A letter may be followed by days of follow-up, for designs that weigh them: `1NNP@14` pending for 14 days,
`1NT@5` a DLT on day 5. A level below level 1 is written `-1NNN`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from escalon.escalation.errors import EscalationError
from escalon.escalation.levels import counted, label
from escalon.escalation.tally import Tally


class Outcome(StrEnum):
    """What is known of one participant's DLT window."""

    NO_DLT = "N"
    DLT = "T"
    PENDING = "P"
    NOT_EVALUABLE = "X"


NO_DLT, DLT, PENDING, NOT_EVALUABLE = Outcome


@dataclass(frozen=True)
class Treated:
    """One participant treated at a dose level; the infusion date matters only to guards that read a calendar.

    `level` is what people call it: 1, 2, …, or -1 below level 1. `followed` are the days of follow-up, or to the DLT.
    """

    level: int
    outcome: Outcome
    infused: date | None = None
    participant: str | None = None
    followed: int | None = None
    died: bool = False
    died_on: date | None = None
    again: date | None = None
    """The day of a later dose, where its window is the one that decides."""
    came: date | None = None
    """The day on which the DLT, or what leaves the participant or a later dose of theirs uncounted, came about, if known."""
    known: date | None = None
    """The day from which the record itself told of the DLT, where it says so."""
    away: tuple[tuple[date, date], ...] = ()
    """The days on which the participant had left, and those on which they were back, under observation again."""
    before: Treated | None = None
    """The participant as they counted until the day `since`: by the first dose, or uncounted for a dose off its level."""
    since: date | None = None

    def __post_init__(self) -> None:
        if self.level == 0:
            raise EscalationError("Level 0: dose levels are numbered from 1, and from -1 downwards below it")
        if self.outcome.__class__ is not Outcome:
            object.__setattr__(self, "outcome", Outcome(self.outcome))

    @property
    def is_moved(self) -> bool:
        """Whether they count at another level than the one of their first dose, for what followed a later one."""
        return self.before is not None and self.before.level != self.level

    def by(self, day: date) -> Treated:
        """The participant as they counted on a day: alive until the day of death, and as `before` until what changed it."""
        if self.before and self.since and day < self.since:
            return self.before.by(day)
        return replace(self, died=False, died_on=None) if self.died_on and day < self.died_on else self

    def is_away(self, day: date) -> bool:
        """Whether the participant had left on a day, and came back later."""
        return any(gone <= day < back for gone, back in self.away)

    def __str__(self) -> str:
        return str(self.outcome) if self.followed is None else f"{self.outcome}@{self.followed}"


@dataclass(frozen=True)
class Cohort:
    """Participants treated together at one level, in order."""

    treated: tuple[Treated, ...]

    @property
    def level(self) -> int:
        """The dose level of the cohort."""
        return self.treated[0].level

    def in_place(self, day: date | None) -> list[Treated]:
        """Those who take a place of it on a day: who is not evaluable is replaced, and so is who had left and came back later."""
        return [
            one
            for one in self.treated
            if one.outcome is not NOT_EVALUABLE and not (day is not None and one.is_away(day))
        ]

    def __str__(self) -> str:
        return f"{self.level}{''.join(map(str, self.treated))}"


@dataclass(frozen=True)
class LastCohort:
    """The evaluable or pending participants treated last, as a cohort of a given size, and whether it is complete."""

    members: tuple[Treated, ...] = ()
    is_complete: bool = True

    def then(self, cohort: Cohort, size: int) -> LastCohort:
        """After a few more were treated: they join a cohort that is open at their level, or begin another."""
        members = tuple(one for one in cohort.treated if one.outcome is not NOT_EVALUABLE)
        same_level = bool(self.members) and self.members[0].level == cohort.level
        if same_level and not members:
            return self
        joined = self.members + members if same_level and not self.is_complete else members
        return LastCohort(joined, not joined or len(joined) >= size)

    def counts(self) -> tuple[tuple[int, int], int]:
        """(evaluable, DLTs) and pending."""
        outcomes = [one.outcome for one in self.members]
        dlts = outcomes.count(DLT)
        return (outcomes.count(NO_DLT) + dlts, dlts), outcomes.count(PENDING)


@dataclass(frozen=True)
class Conduct:
    """Everything that has happened so far: cohorts in the order treated. Prints as `1NNN 2NNT`."""

    cohorts: tuple[Cohort, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.cohorts))

    def __iter__(self) -> Iterator[Treated]:
        return (one for cohort in self.cohorts for one in cohort.treated)

    def tally(self, levels: int, lowest: int = 1, cohort: int | None = None) -> Tally:
        """Count participants by level, for a trial of `levels` dose levels of which the lowest is called `lowest`.

        With a `cohort` size, the cohort treated last is told apart from what was treated at its level before.
        """
        *_, now = self._running(levels, lowest, cohort)
        return Tally(*now)

    def tallies(self, levels: int, lowest: int = 1, cohort: int | None = None) -> list[Tally]:
        """The counts before each cohort, and now."""
        return [Tally(*counts) for counts in self._running(levels, lowest, cohort)]

    def _running(self, levels: int, lowest: int, cohort: int | None) -> Iterator[tuple[Any, ...]]:
        """What a tally is made of, before each cohort and now."""
        n, t, pending, out = ([0] * levels for _ in range(4))
        last, current = LastCohort(), 0
        yield tuple(n), tuple(t)
        for one in self.cohorts:
            current = self._counted(one.level, levels, lowest)
            for outcome in (each.outcome for each in one.treated):
                n[current - 1] += outcome is NO_DLT or outcome is DLT
                t[current - 1] += outcome is DLT
                pending[current - 1] += outcome is PENDING
                out[current - 1] += outcome is NOT_EVALUABLE
            last = last if cohort is None else last.then(one, cohort)
            of_last = () if cohort is None else last.counts()
            yield (tuple(n), tuple(t), tuple(pending), tuple(out), current, *of_last)

    def _counted(self, level: int, levels: int, lowest: int) -> int:
        if lowest == 1 and 1 <= level <= levels:
            return level
        try:
            return counted(level, levels, lowest)
        except EscalationError:
            names = ", ".join(str(label(one, lowest)) for one in range(1, levels + 1))
            raise EscalationError(
                f"“{self}” treats level {level}, but the design has {levels} levels. "
                f"Write levels {names}, or give the design more levels."
            ) from None

    def in_open_cohort(self, size: int) -> tuple[Treated, ...]:
        """The evaluable or pending participants of the last cohort while it has fewer than `size` of them."""
        last = LastCohort()
        for cohort in self.cohorts:
            last = last.then(cohort, size)
        return () if last.is_complete else last.members

    def before_open_cohort(self, size: int) -> Conduct:
        """The conduct without those of its open cohort."""
        left, kept = len(self.in_open_cohort(size)), list(self)
        while left:
            left -= kept.pop().outcome is not NOT_EVALUABLE
        cohorts, number = [], len(kept)
        for cohort in self.cohorts:
            cohorts.append(cohort.treated[:number])
            number -= len(cohorts[-1])
        return Conduct(tuple(Cohort(treated) for treated in cohorts if treated))

    def _each(self, seen: Callable[[Treated], Treated]) -> Conduct:
        """The same cohorts, with everybody as they are `seen`."""
        return Conduct(tuple(Cohort(tuple(map(seen, cohort.treated))) for cohort in self.cohorts))

    def seen_on(self, day: date | None) -> Conduct:
        """The same conduct before what came later: nobody counts who had left on that day and was back, or by a later dose."""
        if day is None or not any(one.is_away(day) or one.by(day) is not one for one in self):
            return self
        return self._each(lambda one: replace(one.by(day), outcome=NOT_EVALUABLE) if one.is_away(day) else one.by(day))

    def as_of(self, today: date, window: timedelta, *, dlts_unknown: bool = False) -> Conduct:
        """The same conduct with every window still open on `today` shown as pending: no DLT *yet* is not no DLT.

        Whoever had left on that day and came back later does not count on it; what came about later is pending. With
        `dlts_unknown` so is every DLT in an open window, unless `followed` or `known` says that it was there by then: of most
        DLTs it is recorded when they began, not when they were judged.
        """

        def seen(one: Treated) -> Treated:
            one = one.by(today)
            opened = one.again or one.infused
            if one.infused is None or opened is None or today >= opened + window:
                return one
            told = one.known if one.followed is None else one.infused + timedelta(days=one.followed)
            was_known = told is not None and told <= today
            is_later = one.came is not None and one.came > today
            is_watched = one.outcome is NO_DLT and (one.again is None or one.came is None)
            if is_watched or is_later or (dlts_unknown and one.outcome is DLT and not was_known):
                return replace(one, outcome=NOT_EVALUABLE if one.is_away(today) else PENDING)
            return one

        return self._each(seen)


COHORT = re.compile(r"(?P<level>[-−]?[0-9]{1,3})(?P<outcomes>(?:[A-Za-z](?:@[0-9]{1,4})?)+)")
FOLLOWED = re.compile(r"([A-Z])(?:@([0-9]+))?")
LETTERS = {str(outcome): outcome for outcome in Outcome}
HOW_TO_WRITE = "Write the level and one letter per participant (N no DLT, T DLT, P pending, X not evaluable): 1NNN 2NNT"


def parse_conduct(text: str) -> Conduct:
    """Read `1NNN 2NNT`: level, then N (no DLT), T (DLT), P (pending) or X (not evaluable) per participant.

    >>> str(parse_conduct("1nnn  2NTP"))
    '1NNN 2NTP'
    """
    found = []
    for word in re.finditer(r"\S+", text):
        try:
            found.append(_cohort(word.group()))
        except EscalationError as error:
            where = f"“{text}”, column {word.start() + 1}: “{word.group()}”"
            raise EscalationError(f"{where}{error}. {HOW_TO_WRITE}") from None
    return Conduct(tuple(found))


@lru_cache(maxsize=1024)
def _cohort(word: str) -> Cohort:
    match = COHORT.fullmatch(word)
    if match is None:
        raise EscalationError(" is not a cohort")
    level, outcomes = int(match["level"].replace("−", "-")), match["outcomes"].upper()
    participants = FOLLOWED.findall(outcomes)
    if level == 0:
        raise EscalationError(": dose levels are numbered from 1")
    strange = sorted({letter for letter, _ in participants} - LETTERS.keys())
    if set(strange) & {"E", "B"}:
        raise EscalationError(": E and B (efficacy) belong to phase I/II designs, which Escalon does not run")
    if strange:
        raise EscalationError(f": unknown letter {', '.join(strange)}")
    return Cohort(
        tuple(Treated(level, LETTERS[letter], followed=int(days) if days else None) for letter, days in participants)
    )


def conduct_of(treated: Iterable[Treated], cohort: int | None = None) -> Conduct:
    """Group participants, given in the order treated, into cohorts.

    A new cohort starts when the level changes and, with a `cohort` size, when the last one has that many in place on the
    day of infusion: whoever was dosed for one who had left belongs to the same cohort, though the other came back.
    """
    cohorts: list[Cohort] = []
    for one in treated:
        last = cohorts[-1] if cohorts else None
        if last is None or last.level != one.level or (cohort and len(last.in_place(one.infused)) >= cohort):
            cohorts.append(Cohort((one,)))
        else:
            cohorts[-1] = Cohort((*last.treated, one))
    return Conduct(tuple(cohorts))
