"""A dose rule: a pure function of counts, written once over arrays.

Conduct asks it with one row, the sweep with a whole layer of states, so the operating characteristics are those
of the very rule that runs the trial. A row is (n, t) per level and the level treated last; the answer is a level
and a cohort size, or a stop. A rule may not look at anything else: no clock, no random number, no history.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from escalon.escalation.decision import Stop, Treat
from escalon.escalation.errors import EscalationError
from escalon.escalation.levels import Levelled
from escalon.escalation.tally import Tally

if TYPE_CHECKING:
    from escalon.escalation.guards import Guard

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNSETTLED = -1  # a stop at which the rule itself names no MTD


@dataclass(frozen=True)
class Counts:
    """Rows of trial states: evaluable `n` and DLTs `t` per level [S, D]; the level treated last [S] (0 = nobody yet).

    `enrolled` [S] counts everyone, evaluable or not; caps are on enrolment. `hot` [S] says whether the share of DLTs in the
    last cohort reached the rate that the rule recalls (`Rule.recalls`); all False for rules that recall none.
    """

    n: Ints
    t: Ints
    current: Ints
    enrolled: Ints
    hot: Bools | None = field(default=None)

    @classmethod
    def of(cls, *tallies: Tally, recalls: Fraction | None = None) -> Counts:
        """One row per tally, for a rule that recalls a rate of DLTs in the last cohort, or none."""
        return cls(
            n=np.array([tally.n for tally in tallies], dtype=np.int64),
            t=np.array([tally.t for tally in tallies], dtype=np.int64),
            current=np.array([tally.current for tally in tallies], dtype=np.int64),
            enrolled=np.array([tally.enrolled for tally in tallies], dtype=np.int64),
            hot=None if recalls is None else np.array([tally.last_reached(recalls) for tally in tallies]),
        )

    def at(self, level: Ints) -> tuple[Ints, Ints]:
        """(n, t) at one level per row; level 0 reads as level 1."""
        rows, column = np.arange(len(self.n)), np.maximum(level - 1, 0)
        return self.n[rows, column], self.t[rows, column]


@dataclass(frozen=True)
class Moves:
    """One answer per row: treat `size` at `level`, or stop (`level` 0) naming `mtd` (0 none, UNSETTLED not named).

    `why` indexes the rule's `reasons`; `about` is the level whose counts the reason speaks of.
    """

    level: Ints
    size: Ints
    mtd: Ints
    why: Ints
    about: Ints

    @property
    def stopped(self) -> Bools:
        """Rows in which nobody more is treated."""
        none: Bools = self.level == 0
        return none

    def instead(self, where: Bools, **told: Ints | int) -> Moves:
        """The same moves with another level, size, MTD or reason where told."""
        return replace(self, **{name: np.where(where, one, getattr(self, name)) for name, one in told.items()})

    def stop(self, where: Bools, *, mtd: Ints | int, why: int) -> Moves:
        """The same moves, stopped where told."""
        return self.instead(where, level=0, size=0, mtd=mtd, why=why)


class Rule(Levelled):
    """A dose-escalation design: what to do next, from counts alone."""

    reasons: tuple[str, ...]
    decides_within_cohort: bool = False  # True if the rule itself says what an incomplete cohort means
    selects: bool = False  # True if the MTD is chosen from the data at the end, by `select`
    recalls: Fraction | None = None  # a share of DLTs in the last cohort that the rule remembers (coherence)

    @abstractmethod
    def decide(self, counts: Counts) -> Moves:
        """The next move for every row."""

    def select(self, n: Ints, t: Ints) -> Ints:
        """The MTD of end states at which the conduct of the trial names none; UNSETTLED if the design has no way."""
        return np.full(len(n), UNSETTLED, dtype=np.int64)

    def next(self, tally: Tally, seen: Tally | None = None) -> Treat | Stop:
        """The decision for one tally of completed outcomes, with its reason in terms of what was `seen`."""
        self.check_fits(tally)
        counts = Counts.of(tally, recalls=self.recalls)
        return self.answer(counts, self.decide(counts), 0, seen or tally)

    def answer(self, counts: Counts, moves: Moves, row: int, seen: Tally) -> Treat | Stop:
        """One row's move as a decision; levels are named as people name them."""
        level, size, mtd = int(moves.level[row]), int(moves.size[row]), int(moves.mtd[row])
        reason = self.sentence(moves, row, seen)
        if level:
            return Treat(self.label(level), size, reason)
        if mtd == UNSETTLED and self.selects:
            mtd = int(self.select(counts.n[row : row + 1], counts.t[row : row + 1])[0])
            named = (
                f"the estimate closest to the target is at level {self.label(mtd)}" if mtd else "no level is tolerable"
            )
            reason = f"{reason}; {named}"
        if mtd == UNSETTLED:
            return Stop(None, reason)
        reached = not (mtd == self.levels and self.tolerates_top(counts.n[row], counts.t[row])) if mtd else None
        return Stop(self.label(mtd) if mtd else mtd, reason, reached=reached)

    def tolerates_top(self, n: Ints, t: Ints) -> bool:
        """Whether the rule would go above the top level if there were one more: then the MTD was not reached."""
        return False

    def check_fits(self, tally: Tally) -> None:
        """Refuse a tally with another number of levels."""
        if tally.levels != self.levels:
            raise EscalationError(
                f"The tally has {tally.levels} levels, {self.name} has {self.levels}: write one count per dose level"
            )

    def sentence(self, moves: Moves, row: int, seen: Tally) -> str:
        """The reason for one row's move, in words, from the counts that were seen."""
        about, to = int(moves.about[row]), int(moves.level[row])
        named = self.label(about)
        return self.reasons[int(moves.why[row])].format(
            saw=seen.saw(about, named) if about else "",
            untried=seen.untried(about, named) if about else "",
            below_untried=seen.untried(about - 1, self.label(about - 1), "never tried") if about > 1 else "",
            nobody=seen.nobody,
            n=seen.n[about - 1] if about else 0,
            about=named,
            to=self.label(to),
            below=self.label(about - 1),
            size=int(moves.size[row]),
            mtd=int(moves.mtd[row]),
            enrolled=seen.enrolled,
        )

    def __and__(self, guard: Guard) -> Rule:
        from escalon.escalation.guards import Guarded

        return Guarded(self, guard)


def unasked(rows: int) -> Moves:
    """Moves of a rule that need not be asked, because a guard stops every row: nobody, at level 1."""
    blank = np.zeros(rows, dtype=np.int64)
    return Moves(level=blank + 1, size=blank, mtd=blank, why=blank, about=blank + 1)
