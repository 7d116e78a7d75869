"""A decision table over (n, t) and the walk it drives: the common half of BOIN, Keyboard, i3+3 and a user's own table.

One cell says what `t` DLTs of `n` evaluable at the current level mean: escalate, stay, de-escalate, or eliminate
(de-escalate and close this level and all above for good). The walk says what that means at the bottom, at the top,
and beneath a closed level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from escalon.escalation.errors import EscalationError
from escalon.escalation.rule import Bools, Counts, Ints, Moves, RuleOfCounts, TrialState
from escalon.escalation.words import number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Cells: TypeAlias = "NDArray[np.int8]"

NO_STOP = "no stop for a too toxic lowest level is set: the decision table never closes a level (DU)"


class Advice(IntEnum):
    """What one cell of a decision table says."""

    ELIMINATE = -2
    DE_ESCALATE = -1
    STAY = 0
    ESCALATE = 1


LETTERS = {
    "E": Advice.ESCALATE,
    "S": Advice.STAY,
    "D": Advice.DE_ESCALATE,
    "DU": Advice.ELIMINATE,
    "X": Advice.ELIMINATE,
}
NAMES = {Advice.ESCALATE: "E", Advice.STAY: "S", Advice.DE_ESCALATE: "D", Advice.ELIMINATE: "DU"}


def by_boundaries(t: int, escalate: int | None, de_escalate: int | None, eliminate: int | None) -> Advice:
    """The cell of boundaries: eliminate at t >= the third, escalate at t <= the first, de-escalate at t >= the second."""
    if eliminate is not None and t >= eliminate:
        return Advice.ELIMINATE
    if escalate is not None and t <= escalate:
        return Advice.ESCALATE
    return Advice.DE_ESCALATE if de_escalate is not None and t >= de_escalate else Advice.STAY


@dataclass(frozen=True)
class DecisionTable:
    """What each (n, t) says: a row for n = 0, 1, 2, ... with a cell for t = 0..n; None for an n it says nothing of."""

    given: tuple[tuple[Advice, ...] | None, ...]

    @classmethod
    def tabulate(cls, decide: Callable[[int, int], Advice], up_to: int) -> DecisionTable:
        """The table of a function of (n, t), for n up to `up_to`."""
        return cls(((Advice.STAY,), *(tuple(decide(n, t) for t in range(n + 1)) for n in range(1, up_to + 1))))

    @classmethod
    def from_boundaries(
        cls, escalate: Sequence[int], de_escalate: Sequence[int], eliminate: Sequence[int]
    ) -> DecisionTable:
        """The table that escalates at t <= E, de-escalates at t >= D and eliminates at t >= X, per n = 1, 2, ..."""
        limits = list(zip(escalate, de_escalate, eliminate, strict=True))
        return cls.tabulate(lambda n, t: by_boundaries(t, *limits[n - 1]), len(limits))

    @property
    def up_to(self) -> int:
        """The largest n the table answers for."""
        return len(self.given) - 1

    @cached_property
    def cells(self) -> Cells:
        """Cells [N+1, N+1] for n = 0..N and t = 0..n; UNDEFINED where nothing is said."""
        import numpy as np

        cells = np.full((len(self.given), len(self.given)), UNDEFINED, dtype=np.int8)
        for n, row in enumerate(self.given):
            if row is not None:
                cells[n, : n + 1] = row
        return cells

    def has(self, cell: Advice) -> bool:
        """Whether a cell occurs anywhere in the table."""
        return any(cell in row for row in self.given if row is not None)

    def rows(self) -> dict[int, tuple[str, ...]]:
        """E, S, D or DU for t = 0..n, per n: the table as a protocol prints it."""
        return {n: tuple(NAMES[cell] for cell in row) for n, row in enumerate(self.given) if n and row is not None}


UNDEFINED = 9  # in `DecisionTable.cells`, of an n the table says nothing of


class Cause(IntEnum):
    """The reasons a table-driven walk can give; each indexes `TableWalk.reasons`."""

    START = 0
    ESCALATE = 1
    STAY = 2
    DE_ESCALATE = 3
    STAY_AT_TOP = 4
    STAY_BELOW_CLOSED = 5
    STAY_AT_BOTTOM = 6
    ELIMINATE = 7
    NO_DOSE = 8


@dataclass(frozen=True)
class TableWalk(RuleOfCounts):
    """A design driven by a decision table; `target` is the DLT risk its MTD selection aims at."""

    name: str
    levels: int
    table: DecisionTable
    target: float
    cohort: int = 3
    start: int = 1
    says: tuple[str, ...] = ()
    lowest: int = 1
    selects = True
    reasons = (
        "{nobody}: start at level {to}",
        "{saw}: escalate",
        "{saw}: stay",
        "{saw}: de-escalate",
        "{saw}: would escalate, but this is the top level",
        "{saw}: would escalate, but the level above was found too toxic",
        "{saw}: would de-escalate, but this is the lowest level",
        "{saw}: too toxic, level {about} and any above are closed",
        "{saw}: the lowest level is too toxic",
    )

    def __post_init__(self) -> None:
        if self.levels < 1 or self.cohort < 1 or not 1 <= self.start <= self.levels:
            raise EscalationError(
                f"{self.name}: {self.levels} levels, cohorts of {self.cohort}, start at {self.start}; "
                "write at least one level, a cohort of one or more, and a start among the levels"
            )
        self.check_levels()

    def cell(self, n: int, t: int) -> Advice:
        """The table's cell for the counts of one level. Raises EscalationError for an n it says nothing of."""
        if n > self.table.up_to:
            raise EscalationError(
                f"{self.name}: the decision table ends at n = {self.table.up_to}, but {n} were treated at a level. "
                "Give the design a larger table"
            )
        row = self.table.given[n]
        if row is None:
            raise EscalationError(f"{self.name}: the decision table says nothing of n = {n}. Add that row")
        return row[t]

    def cells(self, n: Ints, t: Ints) -> Cells:
        """`cell` for every element of two arrays of counts."""
        if n.max(initial=0) > self.table.up_to:
            self.cell(int(n.max()), 0)
        found = self.table.cells[n, t]
        if found.max(initial=0) > Advice.ESCALATE:
            self.cell(int(n[found > Advice.ESCALATE][0]), 0)
        return found

    def closed_from(self, cells: Cells) -> Ints:
        """The lowest eliminated level per row; levels + 1 where none is."""
        import numpy as np

        found = np.full(len(cells), self.levels + 1)
        for level in range(
            self.levels, 0, -1
        ):  # column by column: rows are short, and reducing them one by one is slow
            found[cells[:, level - 1] == Advice.ELIMINATE] = level
        return found

    def move(self, state: TrialState) -> Moves:
        """The next move for one state."""
        current, cells = state.current, [self.cell(n, t) for n, t in zip(state.n, state.t, strict=True)]
        closed = cells.index(Advice.ELIMINATE) + 1 if Advice.ELIMINATE in cells else self.levels + 1
        here = cells[max(current, 1) - 1]
        wanted = current + max(here, -1)
        to = min(max(wanted, 1), self.levels, closed - 1) if current else min(self.start, closed - 1)
        return Moves(
            level=to,
            size=self.cohort if to else 0,
            mtd=0,
            why=self._why(current, here, wanted, closed),
            about=closed if current and closed <= current else max(current, 1),
        )

    def _why(self, current: int, here: Advice, wanted: int, closed: int) -> Cause:
        """The reason for a move, from what the cell at the current level says and the lowest level that is closed."""
        if closed == 1:
            return Cause.NO_DOSE
        if not current:
            return Cause.START
        if closed <= current:
            return Cause.ELIMINATE
        if here is Advice.ESCALATE:
            above = Cause.ESCALATE if wanted < closed else Cause.STAY_BELOW_CLOSED
            return above if wanted <= self.levels else Cause.STAY_AT_TOP
        if here is Advice.DE_ESCALATE:
            return Cause.DE_ESCALATE if wanted >= 1 else Cause.STAY_AT_BOTTOM
        return Cause.STAY

    def decide(self, counts: Counts) -> Moves:
        """`move` for every row of counts."""
        import numpy as np

        current, cells = counts.current, self.cells(counts.n, counts.t)
        closed = self.closed_from(cells)
        here = cells[np.arange(len(cells)), np.maximum(current, 1) - 1]
        wanted = current + np.clip(here, -1, 1)
        to = np.clip(wanted, 1, np.minimum(self.levels, closed - 1))
        started = current > 0
        shut_out, up, down = closed <= current, here == Advice.ESCALATE, here == Advice.DE_ESCALATE
        why = np.where(up, Cause.ESCALATE, np.where(down, Cause.DE_ESCALATE, Cause.STAY))
        why[up & (wanted > self.levels)] = Cause.STAY_AT_TOP
        why[up & (wanted <= self.levels) & (wanted >= closed)] = Cause.STAY_BELOW_CLOSED
        why[down & (wanted < 1)] = Cause.STAY_AT_BOTTOM
        why[shut_out] = Cause.ELIMINATE
        why[~started] = Cause.START
        why[closed == 1] = Cause.NO_DOSE
        to = np.where(closed == 1, 0, np.where(started, to, np.minimum(self.start, closed - 1)))
        return Moves(
            level=to,
            size=np.where(to > 0, self.cohort, 0),
            mtd=np.zeros_like(to),
            why=why,
            about=np.where(shut_out & started, closed, np.maximum(current, 1)),
        )

    def select(self, n: Ints, t: Ints) -> Ints:
        """The isotonic MTD among tried levels that are not closed."""
        import numpy as np

        from escalon.escalation.isotonic import isotonic_mtd

        open_levels: Bools = np.arange(1, self.levels + 1)[:, None] < self.closed_from(self.cells(n, t))
        return isotonic_mtd(n, t, self.target, open_levels.T)

    def tolerates_top(self, state: TrialState) -> bool:
        """Whether the table says to escalate from the top level."""
        return self.cell(state.n[-1], state.t[-1]) is Advice.ESCALATE

    @property
    def warnings(self) -> tuple[str, ...]:
        """A table without a single DU never stops."""
        return () if self.table.has(Advice.ELIMINATE) else (NO_STOP,)

    def prose(self) -> tuple[str, ...]:
        """The rule as sentences for the protocol."""
        return (
            f"Participants are treated in cohorts of {number(self.cohort)}, {self.starts()}.",
            *self.says,
            "After each cohort the decision table is read at the current level: escalate, stay, de-escalate, or "
            "de-escalate and close the level and all above it. The lowest level is not left downwards; a closed "
            "level is not entered. If the lowest level is closed the trial stops without an MTD.",
            "At the end the MTD is the open, tried level whose isotonic estimate of DLT risk is closest to "
            f"{self.target:g}.",
        )
