"""A dose rule: a pure function of counts.

Conduct asks it of one state, the sweep of a whole layer of states as rows of arrays. A state is (n, t) per level and the
level treated last; the answer is a level and a cohort size, or a stop. A rule may not look at anything else: no clock, no
random number, no history. Guards are written once for both; a rule of counts answers of one state in whole numbers
(`RuleOfCounts.move`), so that a trial is asked about without loading numpy, and tests hold it to its own rows on every
state, so that the operating characteristics are those of the very rule that runs the trial.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from escalon.escalation.decision import Stop, Treat
from escalon.escalation.errors import EscalationError
from escalon.escalation.levels import Levelled
from escalon.escalation.tally import Tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Ints: TypeAlias = "NDArray[np.int64]"
Bools: TypeAlias = "NDArray[np.bool_]"
Each: TypeAlias = Any  # a whole number (or a yes or no) of one state, or an array of one a row

UNSETTLED = -1  # a stop at which the rule itself names no MTD


def choose(where: Each, yes: Each, no: Each) -> Each:
    """One or the other, row by row; of one state, without numpy."""
    if isinstance(where, bool):
        return yes if where else no
    import numpy as np

    return np.where(where, yes, no)


def least(one: Each, other: Each) -> Each:
    """The smaller of two, row by row."""
    return choose(one < other, one, other)


def most(one: Each, other: Each) -> Each:
    """The larger of two, row by row."""
    return choose(one > other, one, other)


@dataclass(frozen=True)
class TrialState:
    """One trial state: evaluable `n` and DLTs `t` per level; the level treated last (0 = nobody yet).

    `enrolled` counts everyone, evaluable or not; caps are on enrolment. `hot` says whether the share of DLTs in the last
    cohort reached the rate that the rule recalls (`Rule.recalls`); None for rules that recall none.
    """

    n: tuple[int, ...]
    t: tuple[int, ...]
    current: int
    enrolled: int
    hot: bool | None = None

    @classmethod
    def of(cls, tally: Tally, recalls: Fraction | None) -> TrialState:
        """The state of a tally, for a rule that recalls a rate of DLTs in the last cohort, or none."""
        return cls(
            tally.n, tally.t, tally.current, tally.enrolled, None if recalls is None else tally.last_reached(recalls)
        )

    def at(self, level: int) -> tuple[int, int]:
        """(n, t) at one level; level 0 reads as level 1."""
        return self.n[max(level - 1, 0)], self.t[max(level - 1, 0)]

    @property
    def highest(self) -> int:
        """The highest level at which anyone is evaluable; 0 for none."""
        return max((level for level, n in enumerate(self.n, start=1) if n), default=0)


@dataclass(frozen=True)
class Counts:
    """Rows of trial states: `n` and `t` [S, D]; `current`, `enrolled` and `hot` [S]. Each row is a `TrialState`."""

    n: Ints
    t: Ints
    current: Ints
    enrolled: Ints
    hot: Bools | None = field(default=None)

    @classmethod
    def of(cls, *states: TrialState) -> Counts:
        """One row per state."""
        import numpy as np

        n, t, current, enrolled, hot = (
            np.array([getattr(state, one.name) for state in states]) for one in fields(TrialState)
        )
        return cls(n, t, current, enrolled, None if states[0].hot is None else hot)

    def at(self, level: Ints) -> tuple[Ints, Ints]:
        """(n, t) at one level per row; level 0 reads as level 1."""
        import numpy as np

        rows, column = np.arange(len(self.n)), np.maximum(level - 1, 0)
        return self.n[rows, column], self.t[rows, column]

    @property
    def highest(self) -> Ints:
        """The highest level per row at which anyone is evaluable; 0 for none."""
        tried = self.n > 0
        found: Ints = choose(tried.any(axis=1), tried.shape[1] - tried[:, ::-1].argmax(axis=1), 0)
        return found


@dataclass(frozen=True)
class Moves:
    """An answer, or one per row: treat `size` at `level`, or stop (`level` 0) naming `mtd` (0 none, UNSETTLED not named).

    `why` indexes the rule's `reasons`; `about` is the level whose counts the reason speaks of.
    """

    level: Each
    size: Each
    mtd: Each
    why: Each
    about: Each

    @property
    def stopped(self) -> Each:
        """Where nobody more is treated."""
        return self.level == 0

    def instead(self, where: Each, **told: Each) -> Moves:
        """The same moves with another level, size, MTD or reason where told."""
        return replace(self, **{name: choose(where, one, getattr(self, name)) for name, one in told.items()})

    def stop(self, where: Each, *, mtd: Each, why: int) -> Moves:
        """The same moves, stopped where told."""
        return self.instead(where, level=0, size=0, mtd=mtd, why=why)

    def times(self, rows: int) -> Moves:
        """One answer as so many rows."""
        import numpy as np

        return Moves(*(np.full(rows, getattr(self, one.name), dtype=np.int64) for one in fields(self)))

    def rows(self) -> list[Moves]:
        """The answer of each row by itself, in whole numbers."""
        columns = [getattr(self, one.name).tolist() for one in fields(self)]
        return [Moves(*row) for row in zip(*columns, strict=True)]


class Rule(Levelled):
    """A dose-escalation design: what to do next, from counts alone."""

    reasons: tuple[str, ...]
    decides_within_cohort: bool = False  # True if the rule itself says what an incomplete cohort means
    selects: bool = False  # True if the MTD is chosen from the data at the end, by `select`
    recalls: Fraction | None = None  # a share of DLTs in the last cohort that the rule remembers (coherence)

    @abstractmethod
    def decide(self, counts: Counts) -> Moves:
        """The next move for every row."""

    def moves(self, states: Sequence[TrialState]) -> list[Moves]:
        """The next move for each of some states."""
        return self.decide(Counts.of(*states)).rows()

    def select(self, n: Ints, t: Ints) -> Ints:
        """The MTD of end states at which the conduct of the trial names none; UNSETTLED if the design has no way."""
        import numpy as np

        return np.full(len(n), UNSETTLED, dtype=np.int64)

    def next(self, tally: Tally, seen: Tally | None = None) -> Treat | Stop:
        """The decision for one tally of completed outcomes, with its reason in terms of what was `seen`."""
        self.check_fits(tally)
        state = TrialState.of(tally, self.recalls)
        return self.answer(state, self.moves([state])[0], seen or tally)

    def answer(self, state: TrialState, move: Moves, seen: Tally) -> Treat | Stop:
        """A move as a decision; levels are named as people name them."""
        reason, mtd = self.sentence(move, seen), move.mtd
        if move.level:
            return Treat(self.label(move.level), move.size, reason)
        if mtd == UNSETTLED and self.selects:
            row = Counts.of(state)
            mtd = int(self.select(row.n, row.t)[0])
            named = (
                f"the estimate closest to the target is at level {self.label(mtd)}" if mtd else "no level is tolerable"
            )
            reason = f"{reason}; {named}"
        if mtd == UNSETTLED:
            return Stop(None, reason)
        reached = not (mtd == self.levels and self.tolerates_top(state)) if mtd else None
        return Stop(self.label(mtd) if mtd else mtd, reason, reached=reached)

    def tolerates_top(self, state: TrialState) -> bool:
        """Whether the rule would go above the top level if there were one more: then the MTD was not reached."""
        return False

    def check_fits(self, tally: Tally) -> None:
        """Refuse a tally with another number of levels."""
        if tally.levels != self.levels:
            raise EscalationError(
                f"The tally has {tally.levels} levels, {self.name} has {self.levels}: write one count per dose level"
            )

    def sentence(self, move: Moves, seen: Tally) -> str:
        """The reason for a move, in words, from the counts that were seen."""
        about, named = move.about, self.label(move.about)
        return self.reasons[move.why].format(
            saw=seen.saw(about, named) if about else "",
            untried=seen.untried(about, named) if about else "",
            below_untried=seen.untried(about - 1, self.label(about - 1), "never tried") if about > 1 else "",
            nobody=seen.nobody,
            n=seen.n[about - 1] if about else 0,
            about=named,
            to=self.label(move.level),
            below=self.label(about - 1),
            size=move.size,
            mtd=move.mtd,
            enrolled=seen.enrolled,
        )


class RuleOfCounts(Rule):
    """A rule that answers of one state by arithmetic on its counts, and of rows of states alike."""

    @abstractmethod
    def move(self, state: TrialState) -> Moves:
        """The next move for one state."""

    def moves(self, states: Sequence[TrialState]) -> list[Moves]:
        """The next move for each of some states."""
        return [self.move(state) for state in states]


UNASKED = Moves(level=1, size=0, mtd=0, why=0, about=1)  # of a rule that need not be asked, because a guard stops it
