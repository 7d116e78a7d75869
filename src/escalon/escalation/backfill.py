"""Backfill: more participants at a level already cleared, while the level above is being learnt about.

As a guard it is part of the rule: each time a new level is opened, the level just left is filled up before the next
decision at the top, and its DLTs count. So the operating characteristics hold the backfilled participants. In conduct
it also uses waiting time: while windows are open above, a cleared level may be filled (Zhao 2024,
doi:10.1158/1078-0432.CCR-23-2585, backfills BOIN in this spirit; details here are ours).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from escalon.escalation.decision import Stop, Treat
from escalon.escalation.errors import EscalationError
from escalon.escalation.guards import Guard, Guarded
from escalon.escalation.rule import Counts, Each, Moves, Rule, TrialState, most
from escalon.escalation.tally import Tally
from escalon.escalation.words import number

WHILE_OPEN = "Backfill may start while windows are open above."


@dataclass(frozen=True)
class Backfill(Guard):
    """Fill the level just below the highest tried up to `filled_to`, as long as the rule stays at or above it."""

    filled_to: int

    def __post_init__(self) -> None:
        if self.filled_to < 1:
            raise EscalationError(f"backfill({self.filled_to}): write up to how many a level is filled, 1 or more")

    @property
    def reasons(self) -> tuple[str, ...]:  # type: ignore[override]
        """Why a lower level is treated."""
        return (f"backfill level {{to}} to {number(self.filled_to)} before going on above",)

    def apply(self, counts: Counts | TrialState, moves: Moves, first: int) -> Moves:
        """Treat the level below the highest tried first, where it has room and the rule goes on at or above it.

        Where the rule itself comes down to that level its own reason stands.
        """
        below: Each = counts.highest - 1
        n, _ = counts.at(below)
        fills = (below >= 1) & (n < self.filled_to) & (moves.level >= most(below, 1))
        filled = moves.instead(fills, level=below, size=self.filled_to - n)
        return filled.instead(fills & (moves.level > below), why=first, about=below)

    def cap(self, without: int | None) -> int | None:
        """Not bounded here: a level may be filled beyond what the rule alone would treat."""
        return None

    def prose(self) -> str:
        """The backfill as a sentence."""
        filled = f"When a level is opened, the level below is backfilled to {number(self.filled_to)}; its DLTs count."
        return f"{filled} {WHILE_OPEN}"


backfill = Backfill  # as it is written: `rule & backfill(6)`


def backfill_in(rule: Rule) -> Backfill | None:
    """The backfill among a rule's guards, if there is one."""
    while isinstance(rule, Guarded):
        if isinstance(rule.guard, Backfill):
            return rule.guard
        rule = rule.rule
    return None


def of_outcomes(rule: Rule) -> Rule:
    """The rule without backfill and without the guards on how many are treated: what outcomes alone would have it do."""
    if not isinstance(rule, Guarded):
        return rule
    within = of_outcomes(rule.rule)
    return within if rule.guard.is_of_size or isinstance(rule.guard, Backfill) else replace(rule, rule=within)


def room_left(rule: Rule, tally: Tally, missing: int) -> int:
    """How many of those missing of a cohort there is room for: a backfilled level is not filled beyond its number."""
    guard = backfill_in(rule)
    if guard is None or not tally.current or tally.current >= tally.highest:
        return missing
    here = tally[tally.current][0] + tally.pending[tally.current - 1]
    return min(missing, max(0, guard.filled_to - here))


def while_waiting(rule: Rule, tally: Tally, asked: Callable[[], Sequence[Treat | Stop]]) -> Treat | None:
    """The cleared level to fill while outcomes above are pending, if every outcome leaves it tolerable.

    `asked` is what the rule would say for each way the pending can turn out; a table may say nothing of some of them.
    """
    guard = backfill_in(rule)
    try:
        answers = asked() if guard else ()
    except EscalationError:
        answers = ()
    if guard is None or not answers:
        return None
    pending_from = next((level for level, count in enumerate(tally.pending, start=1) if count), tally.levels + 1)
    left = tally.levels * guard.filled_to if rule.cap is None else rule.cap - tally.enrolled
    for level in range(min(pending_from, tally.highest) - 1, 0, -1):
        room = min(guard.filled_to - tally[level][0], left)
        cleared = tally[level][0] >= rule.cohort
        if room > 0 and cleared and all(answer.level and rule.counted(answer.level) >= level for answer in answers):
            named, above = rule.label(level), rule.label(pending_from)
            return Treat(
                named, room, f"backfill level {named} to {number(guard.filled_to)} while level {above} is pending"
            )
    return None
