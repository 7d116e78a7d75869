"""The rolling six: two to six participants at a level without waiting for each cohort of three.

Skolnik et al. 2008, doi:10.1200/JCO.2007.12.7712; decision grid as printed in JAMA Netw Open 2020;3(5):e204787,
Table 2. Each arriving participant is placed by the numbers enrolled, with a DLT, without, and pending at the current
level. Who arrives when depends on accrual, so its characteristics are simulated, never swept; in conduct it answers like
any rule, from the same grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from escalon.escalation.decision import Decision, Stop, Treat, Wait
from escalon.escalation.errors import EscalationError
from escalon.escalation.notation import Conduct
from escalon.escalation.rule import UNSETTLED
from escalon.escalation.tally import Tally
from escalon.escalation.timed import Progress, TimedDesign

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

    from escalon.escalation.characteristics import Characteristics


class Placement(StrEnum):
    """Where the next participant goes."""

    SAME = "same level"
    ESCALATE = "escalate"
    DE_ESCALATE = "de-escalate"
    SUSPEND = "suspend accrual"


def placement(dlts: int, without: int, pending: int) -> Placement:
    """The decision grid for the current level, from its three counts; beyond six (which no grid has) nobody is added.

    >>> placement(dlts=0, without=2, pending=1).value
    'same level'
    >>> placement(dlts=0, without=5, pending=1).value
    'escalate'
    """
    if min(dlts, without, pending) < 0:
        raise EscalationError(f"Counts at a level are 0 or more, got {dlts}, {without} and {pending}")
    if dlts >= 2:
        return Placement.DE_ESCALATE
    enrolled = dlts + without + pending
    if dlts == 0 and without >= 3 and (pending == 0 or without >= 5):
        return Placement.ESCALATE
    if dlts == 1 and without >= 5:
        return Placement.ESCALATE
    return Placement.SUSPEND if enrolled >= 6 else Placement.SAME


@dataclass
class _Level:
    """What has happened at one level: for each participant, when it is known and whether it is a DLT."""

    known_at: list[float]
    had_dlt: list[bool]

    def counts(self, now: float) -> tuple[int, int, int]:
        """(DLTs, without DLT, pending) as known at a time."""
        known = [dlt for at, dlt in zip(self.known_at, self.had_dlt, strict=True) if at <= now]
        return sum(known), len(known) - sum(known), len(self.known_at) - len(known)


@dataclass(frozen=True)
class RollingSix(TimedDesign):
    """The rolling six over `levels` levels with a DLT window in days; at most `size` participants, if given.

    A level with two DLTs is too toxic. The grid says "escalate" of the MTD too; where no level above is left, the
    level is the MTD: at the top as it stands, below a too toxic level once six were treated there. While accrual is
    suspended, arrivals wait. A DLT that comes late at a level left upwards (five
    of six known) makes it one of six, which is tolerable, so nothing is looked back at.
    """

    levels: int
    window: float
    size: int | None = None
    start: int = 1
    lowest: int = 1
    name = "rolling six"

    def __post_init__(self) -> None:
        if self.levels < 1 or not self.window > 0 or (self.size is not None and self.size < 1):
            raise EscalationError(
                "A rolling six needs one or more levels, a DLT window in days and a size of 1 or more"
            )
        self.check_levels()

    def ask(self, conduct: Conduct, today: date | None) -> Decision:
        """The grid's answer for the participants so far, pending ones counted as pending."""
        tally = conduct.tally(self.levels, self.lowest)
        rows = zip(tally.n, tally.t, tally.pending, strict=True)
        placed, level = self._placed([(t, n - t, pending) for n, t, pending in rows])
        if level == 0:
            return Stop(0, f"{self._saw(tally, 1)}: too toxic")
        if placed is Placement.ESCALATE:
            return self._mtd(tally, level)
        return self._limited(tally, self._place(tally, level, placed))

    def _placed(self, counts: Sequence[tuple[int, int, int]]) -> tuple[Placement, int]:
        """What the grid says, and at which level, from (DLTs, without, pending) by level; ESCALATE means it is the MTD.

        It is read at the lowest level that does not say to escalate, so a level left unfinished is finished first; level
        0 says that the lowest is too toxic.
        """
        closed = next((level for level, (dlts, *_) in enumerate(counts, start=1) if dlts >= 2), self.levels + 1)
        if closed == 1:
            return Placement.DE_ESCALATE, 0
        for level in range(min(self.start, closed - 1), closed):
            here = placement(*counts[level - 1])
            if here is not Placement.ESCALATE:
                return here, level
        if closed <= self.levels and sum(counts[closed - 2]) < 6:
            return Placement.SAME, closed - 1
        return Placement.ESCALATE, closed - 1

    def _saw(self, tally: Tally, level: int) -> str:
        return tally.saw(level, self.label(level))

    def _mtd(self, tally: Tally, level: int) -> Stop:
        at_top = level == self.levels
        why = "and there is no level above" if at_top else f"and level {self.label(level + 1)} is too toxic"
        return Stop(self.label(level), f"{self._saw(tally, level)}, {why}", reached=not at_top)

    def _place(self, tally: Tally, level: int, placed: Placement) -> Treat | Wait:
        """As many as the grid would add at a level before anything more is known."""
        if placed is Placement.SUSPEND:
            return Wait(f"{self._saw(tally, level)}: six are enrolled there, accrual is suspended")
        enrolled = tally.n[level - 1] + tally.pending[level - 1]
        named, room = self.label(level), 6 - enrolled
        if tally.highest > level and tally.t[level] >= 2:
            return Treat(named, room, f"{self._saw(tally, level + 1)}: too toxic, so confirm level {named} on six")
        if enrolled:
            return Treat(named, room, f"{self._saw(tally, level)}: same level, up to six")
        if tally.highest > level:
            return Treat(named, room, f"{tally.untried(level, named)}: treat there before going on above")
        begun = (
            f"{self._saw(tally, level - 1)}: escalate"
            if level > self.start
            else f"{tally.nobody}: start at level {named}"
        )
        return Treat(named, room, begun)

    def _limited(self, tally: Tally, wanted: Treat | Wait) -> Decision:
        """Within the limit on enrolment."""
        if self.size is None or isinstance(wanted, Wait):
            return wanted
        left = self.size - tally.enrolled
        if left > 0:
            return replace(wanted, size=min(wanted.size, left), now=min(wanted.size, left))
        if sum(tally.pending):
            return Wait(f"{tally.enrolled} enrolled of at most {self.size}: the trial is full; outcomes are awaited")
        return Stop(None, f"{tally.enrolled} enrolled of at most {self.size}: the trial is full")

    def remarks(self, tally: Tally) -> tuple[str, ...]:
        """Levels with more than six, of which the grid does not speak."""
        over = [level for level in range(1, self.levels + 1) if tally.n[level - 1] + tally.pending[level - 1] > 6]
        return tuple(
            f"{tally.n[level - 1] + tally.pending[level - 1]} are enrolled at level {self.label(level)}: the rolling six has "
            "no grid beyond six; by this design's own rule two DLTs are too toxic whatever the number"
            for level in over
        )

    def prose(self) -> tuple[str, ...]:
        """The design as sentences for the protocol."""
        return (
            f"Two to six participants are treated at a level without waiting for a cohort of three, {self.starts()} "
            f"(rolling six, Skolnik 2008); the DLT window is {self.window:g} days.",
            "The next participant is placed by those at the current level with a DLT, without one, and pending: with none of "
            "three or more and none pending, or with at most one DLT and five without, at the next level; with two DLTs one "
            "level down; otherwise at the same level, until six are enrolled there.",
            "A level with two DLTs is too toxic; the level below is filled to six and is then the MTD. The top level is the "
            f"MTD as it stands. If level {self.lowest} is too toxic there is no MTD.",
            *((f"At most {self.size} participants are enrolled, evaluable or not.",) if self.size else ()),
        )

    def simulate(
        self, truth: ArrayLike, trials: int, seed: int, *, days_between: float, progress: Progress | None = None
    ) -> Characteristics:
        """Simulated characteristics; arrivals `days_between` apart on average (exponential), DLT times uniform."""
        import numpy as np

        from escalon.escalation.simulation import summarise
        from escalon.escalation.tite_crm import with_days
        from escalon.escalation.truth import checked_truths

        risks = checked_truths(truth, self.levels)
        rng = np.random.default_rng(seed)
        n = np.zeros((trials, self.levels), dtype=np.int64)
        t, mtd, days = np.zeros_like(n), np.zeros(trials, dtype=np.int64), np.zeros(trials)
        for trial in range(trials):
            seen, mtd[trial], days[trial] = self._run(risks.tolist(), rng, days_between)
            n[trial] = [len(level.had_dlt) for level in seen]
            t[trial] = [sum(level.had_dlt) for level in seen]
            if progress and trial % 500 == 499:
                progress(trial + 1, trials)
        return with_days(summarise(self.name, risks, n, t, mtd, seed), days)

    def _run(
        self, risks: list[float], rng: np.random.Generator, days_between: float
    ) -> tuple[list[_Level], int, float]:
        """One trial: what happened at each level, the MTD (0: none) and its length in days."""
        seen = [_Level([], []) for _ in risks]
        now = 0.0
        while True:
            placed, level = self._placed([one.counts(now) for one in seen])
            full = sum(len(one.had_dlt) for one in seen) == self.size
            if level == 0 or placed is Placement.ESCALATE:
                return seen, level, max(now, self._last_known(seen))
            if placed is Placement.SUSPEND:
                now = min(at for at in seen[level - 1].known_at if at > now)
            elif full:
                return seen, UNSETTLED, max(now, self._last_known(seen))
            else:
                self._enrol(seen[level - 1], risks[level - 1], now, rng)
                now += rng.exponential(days_between)

    def _enrol(self, here: _Level, risk: float, now: float, rng: np.random.Generator) -> None:
        """One more participant: a DLT strikes uniformly in the window; none is known when the window closes."""
        had_dlt = bool(rng.random() < risk)
        here.known_at.append(now + (rng.random() * self.window if had_dlt else self.window))
        here.had_dlt.append(had_dlt)

    def _last_known(self, seen: list[_Level]) -> float:
        return max((at for level in seen for at in level.known_at), default=0.0)
