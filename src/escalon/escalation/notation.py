"""Dose-escalation conduct as people write it: `1NNN 2NNT`.

One word per cohort: the dose level, then one letter per participant, in the order treated. `N` no DLT, `T` DLT
(Brock 2019, doi:10.1186/s12874-019-0676-4, uses these two). Escalon adds two letters, because a trial under way
has participants who are neither: `P` pending (treated, DLT window still open) and `X` not evaluable (left before
the end of the window without a DLT, or never infused); an `X` is replaced and never enters the denominator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from escalon.escalation.errors import EscalationError
from escalon.escalation.tally import Tally


class Outcome(StrEnum):
    """What is known of one participant's DLT window."""

    NO_DLT = "N"
    DLT = "T"
    PENDING = "P"
    NOT_EVALUABLE = "X"


@dataclass(frozen=True)
class Treated:
    """One participant treated at a dose level; the infusion date matters only to guards that read a calendar."""

    level: int
    outcome: Outcome
    infused: date | None = None
    participant: str | None = None

    def __post_init__(self) -> None:
        if self.level < 1:
            raise EscalationError(f"Level {self.level}: dose levels are numbered from 1")
        object.__setattr__(self, "outcome", Outcome(self.outcome))


@dataclass(frozen=True)
class Cohort:
    """Participants treated together at one level, in order."""

    treated: tuple[Treated, ...]

    @property
    def level(self) -> int:
        """The dose level of the cohort."""
        return self.treated[0].level

    def __str__(self) -> str:
        return f"{self.level}{''.join(one.outcome for one in self.treated)}"


@dataclass(frozen=True)
class Conduct:
    """Everything that has happened so far: cohorts in the order treated. Prints as `1NNN 2NNT`."""

    cohorts: tuple[Cohort, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.cohorts))

    def __iter__(self) -> Iterator[Treated]:
        return (one for cohort in self.cohorts for one in cohort.treated)

    @property
    def highest(self) -> int:
        """The highest level treated so far; 0 before the first participant."""
        return max((cohort.level for cohort in self.cohorts), default=0)

    def tally(self, levels: int) -> Tally:
        """Count participants by level, for a trial of `levels` dose levels."""
        if self.highest > levels:
            raise EscalationError(
                f"“{self}” treats level {self.highest}, but the design has {levels} levels. "
                f"Write levels 1 to {levels}, or give the design more levels."
            )
        counts = {outcome: [0] * levels for outcome in Outcome}
        for one in self:
            counts[one.outcome][one.level - 1] += 1
        n, t = counts[Outcome.NO_DLT], counts[Outcome.DLT]
        return Tally(
            n=tuple(without + with_dlt for without, with_dlt in zip(n, t, strict=True)),
            t=tuple(t),
            pending=tuple(counts[Outcome.PENDING]),
            not_evaluable=tuple(counts[Outcome.NOT_EVALUABLE]),
            current=self.cohorts[-1].level if self.cohorts else 0,
        )

    def in_open_cohort(self, size: int) -> tuple[Treated, ...]:
        """The evaluable or pending participants of the last cohort while it has fewer than `size` of them."""
        open_cohort: list[Treated] = []
        for cohort in self.cohorts:
            if open_cohort and open_cohort[0].level != cohort.level:
                open_cohort = []
            open_cohort += [one for one in cohort.treated if one.outcome is not Outcome.NOT_EVALUABLE]
            if len(open_cohort) >= size:
                open_cohort = []
        return tuple(open_cohort)

    def as_of(self, today: date, window: timedelta) -> Conduct:
        """The same conduct with every window still open on `today` shown as pending: no DLT *yet* is not no DLT."""

        def seen(one: Treated) -> Treated:
            still_open = one.infused is not None and today < one.infused + window
            if one.outcome is Outcome.NO_DLT and still_open:
                return replace(one, outcome=Outcome.PENDING)
            return one

        return Conduct(tuple(Cohort(tuple(map(seen, cohort.treated))) for cohort in self.cohorts))


COHORT = re.compile(r"(?P<level>[0-9]+)(?P<outcomes>[A-Za-z]+)")
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
    level, letters = int(match["level"]), match["outcomes"].upper()
    if level == 0:
        raise EscalationError(f"{where}: dose levels are numbered from 1. {HOW_TO_WRITE}")
    strange = sorted(set(letters) - set(Outcome))
    if set(strange) & {"E", "B"}:
        raise EscalationError(
            f"{where}: E and B (efficacy) belong to phase I/II designs, which Escalon does not run. {HOW_TO_WRITE}"
        )
    if strange:
        raise EscalationError(f"{where}: unknown letter {', '.join(strange)}. {HOW_TO_WRITE}")
    return Cohort(tuple(Treated(level, Outcome(letter)) for letter in letters))


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
