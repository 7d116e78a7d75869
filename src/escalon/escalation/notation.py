"""Dose-escalation conduct as people write it: `1NNN 2NNT`.

One word per cohort: the dose level, then one letter per participant, in the order treated. `N` no DLT, `T` DLT
(Brock 2019, doi:10.1186/s12874-019-0676-4, uses these two). Escalon adds two letters, because a trial under way
has participants who are neither: `P` pending (treated, DLT window still open) and `X` not evaluable (left before
the end of the window without a DLT, or never infused); an `X` is replaced and never enters the denominator.

A letter may be followed by days of follow-up, for designs that weigh them: `1NNP14` pending for 14 days, `1NT5` a DLT
on day 5. A level below level 1 is written `-1NNN`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from escalon.escalation.errors import EscalationError
from escalon.escalation.levels import counted, label
from escalon.escalation.tally import Tally


class Outcome(StrEnum):
    """What is known of one participant's DLT window."""

    NO_DLT = "N"
    DLT = "T"
    PENDING = "P"
    NOT_EVALUABLE = "X"


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

    def __post_init__(self) -> None:
        if self.level == 0:
            raise EscalationError("Level 0: dose levels are numbered from 1, and from -1 downwards below it")
        object.__setattr__(self, "outcome", Outcome(self.outcome))

    def __str__(self) -> str:
        return f"{self.outcome}{'' if self.followed is None else self.followed}"


@dataclass(frozen=True)
class Cohort:
    """Participants treated together at one level, in order."""

    treated: tuple[Treated, ...]

    @property
    def level(self) -> int:
        """The dose level of the cohort."""
        return self.treated[0].level

    def __str__(self) -> str:
        return f"{self.level}{''.join(map(str, self.treated))}"


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
        counts = {outcome: [0] * levels for outcome in Outcome}
        for one in self:
            counts[one.outcome][self._counted(one.level, levels, lowest) - 1] += 1
        n, t = counts[Outcome.NO_DLT], counts[Outcome.DLT]
        last = [one.outcome for one in self._last(cohort)[0]] if cohort else []
        dlts = last.count(Outcome.DLT)
        return Tally(
            n=tuple(without + with_dlt for without, with_dlt in zip(n, t, strict=True)),
            t=tuple(t),
            pending=tuple(counts[Outcome.PENDING]),
            not_evaluable=tuple(counts[Outcome.NOT_EVALUABLE]),
            current=self._counted(self.cohorts[-1].level, levels, lowest) if self.cohorts else 0,
            last=(dlts + last.count(Outcome.NO_DLT), dlts) if cohort else None,
            last_pending=last.count(Outcome.PENDING),
        )

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
        last, complete = self._last(size)
        return () if complete else tuple(last)

    def _last(self, size: int) -> tuple[list[Treated], bool]:
        """The evaluable or pending participants of the last cohort, and whether it has `size` of them."""
        last: list[Treated] = []
        complete = True
        for cohort in self.cohorts:
            members = [one for one in cohort.treated if one.outcome is not Outcome.NOT_EVALUABLE]
            same_level = bool(last) and last[0].level == cohort.level
            if same_level and not members:
                continue
            last = members if complete or not same_level else last + members
            complete = not last or len(last) >= size
        return last, complete

    def as_of(self, today: date, window: timedelta) -> Conduct:
        """The same conduct with every window still open on `today` shown as pending: no DLT *yet* is not no DLT."""

        def seen(one: Treated) -> Treated:
            still_open = one.infused is not None and today < one.infused + window
            if one.outcome is Outcome.NO_DLT and still_open:
                return replace(one, outcome=Outcome.PENDING)
            return one

        return Conduct(tuple(Cohort(tuple(map(seen, cohort.treated))) for cohort in self.cohorts))


COHORT = re.compile(r"(?P<level>[-−]?[0-9]{1,3})(?P<outcomes>(?:[A-Za-z][0-9]{0,4})+)")
HOW_TO_WRITE = "Write the level and one letter per participant (N no DLT, T DLT, P pending, X not evaluable): 1NNN 2NNT"


def parse_conduct(text: str) -> Conduct:
    """Read `1NNN 2NNT`: level, then N (no DLT), T (DLT), P (pending) or X (not evaluable) per participant.

    >>> str(parse_conduct("1nnn  2NTP"))
    '1NNN 2NTP'
    """
    return Conduct(tuple(_cohort(word.group(), word.start() + 1, text) for word in re.finditer(r"\S+", text)))


def _cohort(word: str, column: int, text: str) -> Cohort:
    where = f"“{text}”, column {column}: “{word}”"
    match = COHORT.fullmatch(word)
    if match is None:
        raise EscalationError(f"{where} is not a cohort. {HOW_TO_WRITE}")
    level = int(match["level"].replace("−", "-"))
    participants = re.findall(r"([A-Z])([0-9]*)", match["outcomes"].upper())
    if level == 0:
        raise EscalationError(f"{where}: dose levels are numbered from 1. {HOW_TO_WRITE}")
    strange = sorted({letter for letter, _ in participants} - set(Outcome))
    if set(strange) & {"E", "B"}:
        raise EscalationError(
            f"{where}: E and B (efficacy) belong to phase I/II designs, which Escalon does not run. {HOW_TO_WRITE}"
        )
    if strange:
        raise EscalationError(f"{where}: unknown letter {', '.join(strange)}. {HOW_TO_WRITE}")
    return Cohort(
        tuple(Treated(level, Outcome(letter), followed=int(days) if days else None) for letter, days in participants)
    )


def conduct_of(treated: Iterable[Treated], cohort: int | None = None) -> Conduct:
    """Group participants, given in the order treated, into cohorts.

    A new cohort starts when the level changes and, with a `cohort` size, when the last one has that many who are
    evaluable or pending.
    """
    cohorts: list[list[Treated]] = []
    for one in treated:
        counting = [other for other in cohorts[-1] if other.outcome is not Outcome.NOT_EVALUABLE] if cohorts else []
        if not cohorts or cohorts[-1][0].level != one.level or len(counting) == cohort:
            cohorts.append([])
        cohorts[-1].append(one)
    return Conduct(tuple(Cohort(tuple(members)) for members in cohorts))
