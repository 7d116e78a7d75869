"""Guards: limits laid over any dose rule, `rule & at_most(18) & no_skipping()`.

A guard reads the same counts as the rule and brings its own reason. Most make its answer more cautious (a lower level,
fewer participants, a stop); `expand_at_mtd` and `backfill` add participants at a level already cleared, within the cap.
The guarded rule is again a rule, so its operating characteristics are computed with the guard in force. Guards that
need a calendar are in `calendar_guards`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from escalon.escalation.errors import EscalationError
from escalon.escalation.rule import (
    UNASKED,
    UNSETTLED,
    Bools,
    Counts,
    Ints,
    Moves,
    Rule,
    TrialState,
    least,
    most,
)
from escalon.escalation.tally import Tally
from escalon.escalation.words import number, plural


class Guard(ABC):
    """A limit over a rule; `first` is where its own reasons start among those of the guarded rule."""

    reasons: tuple[str, ...]

    @abstractmethod
    def apply(self, counts: Counts | TrialState, moves: Moves, first: int) -> Moves:
        """The moves with the limit in force: one of one state, or one per row."""

    @abstractmethod
    def prose(self) -> str:
        """The limit as a sentence for the protocol."""

    def __rand__(self, rule: Rule) -> Rule:
        """`rule & guard`: the rule with the limit laid over it."""
        return Guarded(rule, self.over(rule))

    def over(self, rule: Rule) -> Guard:
        """The limit as it is laid over this rule."""
        return self

    def cap(self, without: int | None) -> int | None:
        """The largest enrolment with the limit in force, given that without it."""
        return without

    def chosen(self, n: Ints, t: Ints, mtd: Ints) -> Ints:
        """The MTD selected at the end, with the limit in force."""
        return mtd

    @property
    def recalls(self) -> Fraction | None:
        """A share of DLTs in the last cohort that the limit remembers."""
        return None

    @property
    def stops_when_lowest_is_toxic(self) -> bool:
        """Whether the limit ends the trial when the lowest level is too toxic."""
        return False

    @property
    def is_of_size(self) -> bool:
        """Whether the limit is on how many are treated in all or at the current level, whatever becomes of them."""
        return False

    def ends(self, counts: Counts) -> bool:
        """True if every row ends here whatever the rule says, so that the rule need not be asked."""
        return False


def _of_the_rule(name: str) -> Any:
    """What a guarded rule has as the rule within has it."""
    return property(lambda guarded: getattr(guarded.rule, name))


@dataclass(frozen=True)
class Guarded(Rule):
    """A rule with one guard over it; guards nest, the last one written has the last word, but for a cap.

    A cap on enrolment always stays outermost, so that no expansion or backfill written after it can exceed it.
    """

    rule: Rule
    guard: Guard

    name = _of_the_rule("name")
    levels = _of_the_rule("levels")
    cohort = _of_the_rule("cohort")
    start = _of_the_rule("start")
    lowest = _of_the_rule("lowest")
    decides_within_cohort = _of_the_rule("decides_within_cohort")
    selects = _of_the_rule("selects")

    @property
    def recalls(self) -> Fraction | None:  # type: ignore[override]
        """What the guard remembers of the last cohort, or else the rule within."""
        return self.guard.recalls if self.guard.recalls is not None else self.rule.recalls

    def tolerates_top(self, state: TrialState) -> bool:
        """As the rule within."""
        return self.rule.tolerates_top(state)

    def remarks(self, tally: Tally) -> tuple[str, ...]:
        """As the rule within."""
        return self.rule.remarks(tally)

    @property
    def warnings(self) -> tuple[str, ...]:
        """As the rule within, unless the guard brings what is lacking."""
        return () if self.guard.stops_when_lowest_is_toxic else self.rule.warnings

    @cached_property
    def reasons(self) -> tuple[str, ...]:  # type: ignore[override]
        """The reasons of the rule, then those of the guard."""
        return self.rule.reasons + self.guard.reasons

    @property
    def cap(self) -> int | None:
        """The rule's own bound as the guard leaves it."""
        return self.guard.cap(self.rule.cap)

    def decide(self, counts: Counts) -> Moves:
        """The rule's moves with the guard in force."""
        over = self.selects and self.guard.ends(counts)
        return self.guard.apply(counts, UNASKED.times(len(counts.n)) if over else self.rule.decide(counts), self._first)

    def moves(self, states: Sequence[TrialState]) -> list[Moves]:
        """The rule's move for each of some states, with the guard in force."""
        pairs = zip(states, self.rule.moves(states), strict=True)
        return [self.guard.apply(state, move, self._first) for state, move in pairs]

    @property
    def _first(self) -> int:
        """Where the guard's reasons start."""
        return len(self.rule.reasons)

    def __and__(self, guard: Guard) -> Rule:
        if isinstance(self.guard, AtMost) and not isinstance(guard, AtMost):
            return Guarded(self.rule & guard, self.guard)
        return Guarded(self, guard.over(self))

    def select(self, n: Ints, t: Ints) -> Ints:
        """The MTD the rule within selects, with the guard in force."""
        return self.guard.chosen(n, t, self.rule.select(n, t))

    def prose(self) -> tuple[str, ...]:
        """The rule's sentences, then the guard's."""
        return (*self.rule.prose(), self.guard.prose())


@dataclass(frozen=True)
class AtMost(Guard):
    """No more than this many participants enrolled; a cohort is cut short to fit."""

    participants: int
    is_of_size = True

    def __post_init__(self) -> None:
        if self.participants < 1:
            raise EscalationError(f"at_most({self.participants}): write the largest number enrolled, 1 or more")

    @property
    def reasons(self) -> tuple[str, ...]:  # type: ignore[override]
        """Why nobody more may enter."""
        return (f"{{enrolled}} enrolled of at most {self.participants}: the trial is full",)

    def apply(self, counts: Counts | TrialState, moves: Moves, first: int) -> Moves:
        """Cut cohorts to the places left; stop when there are none."""
        left = most(self.participants - counts.enrolled, 0)
        cut = replace(moves, size=least(moves.size, left))
        return cut.stop((left == 0) & (moves.level > 0), mtd=UNSETTLED, why=first)

    def cap(self, without: int | None) -> int | None:
        """The tighter of the two."""
        return self.participants if without is None else min(without, self.participants)

    def ends(self, counts: Counts) -> bool:
        """True once every row is full."""
        return bool(counts.enrolled.min(initial=self.participants) >= self.participants)

    def prose(self) -> str:
        """The limit as a sentence."""
        return f"At most {self.participants} participants are enrolled, evaluable or not."


@dataclass(frozen=True)
class NoSkipping(Guard):
    """Nobody is treated more than one level above the highest tried."""

    start: int = 1
    """Where the first cohort is treated, with nobody before it."""
    reasons = ("level {to} is one above the highest tried: no level is skipped",)

    def over(self, rule: Rule) -> Guard:
        """From where that rule starts."""
        return replace(self, start=rule.start)

    def apply(self, counts: Counts | TrialState, moves: Moves, first: int) -> Moves:
        """Bring any jump down to one level above the highest tried."""
        next_level = counts.highest + 1 + (counts.highest == 0) * (self.start - 1)
        return moves.instead(moves.level > next_level, level=next_level, why=first, about=next_level)

    def prose(self) -> str:
        """The limit as a sentence."""
        return "No level is skipped: nobody is treated more than one level above the highest tried."


Condition = Callable[[Counts, Moves], Bools]


@dataclass(frozen=True)
class StopIf(Guard):
    """Stop when a condition on the counts and the intended move holds; the rule's MTD selection then applies."""

    condition: Condition
    says: str
    is_of_size: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:  # type: ignore[override]
        """The condition in words."""
        return (f"{self.says}: stop",)

    def apply(self, counts: Counts | TrialState, moves: Moves, first: int) -> Moves:
        """Stop where the condition, which is written for rows, holds."""
        if isinstance(counts, TrialState):
            return self.apply(Counts.of(counts), moves.times(1), first).rows()[0]
        return moves.stop((moves.level > 0) & self.condition(counts, moves), mtd=UNSETTLED, why=first)

    def prose(self) -> str:
        """The limit as a sentence."""
        return f"The trial stops if {self.says}."


def enough_and_staying(participants: int) -> StopIf:
    """Stop when this many are evaluable at the current level and the rule would stay (`n.earlystop` of BOIN)."""
    return StopIf(
        lambda counts, moves: (moves.level == counts.current) & (counts.at(counts.current)[0] >= participants),
        f"{participants} have been treated at the current level and the rule would stay there",
        is_of_size=True,
    )


def enough_at_current(participants: int) -> StopIf:
    """Stop as soon as this many are evaluable at the current level, whatever the rule says (as in Keyboard)."""
    return StopIf(
        lambda counts, moves: counts.at(counts.current)[0] >= participants,
        f"{participants} have been treated at the current level",
        is_of_size=True,
    )


def enough_at_next(participants: int) -> StopIf:
    """Stop when the level to be treated next already has this many evaluable (as in FIND)."""
    return StopIf(
        lambda counts, moves: counts.at(moves.level)[0] >= participants,
        f"the level to be treated next already has {participants}",
    )


def total_dlts(count: int) -> StopIf:
    """Stop the trial once this many participants have had a DLT at any level."""
    return StopIf(lambda counts, moves: counts.t.sum(axis=1) >= count, f"{plural(count, 'DLT')} in all have been seen")


@dataclass(frozen=True)
class ExpandAtMtd(Guard):
    """Fill the MTD up (an expansion cohort). The rule is asked again afterwards, so expansion DLTs count."""

    filled_to: int

    @property
    def reasons(self) -> tuple[str, ...]:  # type: ignore[override]
        """Why more are treated at the MTD."""
        return (f"level {{to}} would be the MTD: expand it to {number(self.filled_to)}",)

    def apply(self, counts: Counts | TrialState, moves: Moves, first: int) -> Moves:
        """Turn a stop with an MTD given to fewer than `filled_to` into treatment there."""
        n, _ = counts.at(moves.mtd)
        expands = moves.stopped & (moves.mtd > 0) & (n < self.filled_to)
        size = self.filled_to - n
        return moves.instead(expands, level=moves.mtd, size=size, mtd=0, why=first, about=moves.mtd)

    def cap(self, without: int | None) -> int | None:
        """Not bounded here: an expansion may follow at each level in turn."""
        return None

    def prose(self) -> str:
        """The expansion as a sentence."""
        return f"The MTD is expanded to {number(self.filled_to)}; DLTs there count and may reopen escalation."


# Limits as they are written: `rule & at_most(18) & no_skipping()`.
at_most, no_skipping, stop_if, expand_at_mtd = AtMost, NoSkipping, StopIf, ExpandAtMtd
