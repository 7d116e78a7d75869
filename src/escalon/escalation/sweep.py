"""The forward sweep: every end state of a trial and the number of ways to reach it.

All outcome sequences that end in one state (n, t per level) have the same likelihood, so the probability of a state
is `ways * prod p^t (1-p)^(n-t)` with `ways` free of the risks p. One sweep over cohorts finds every `ways`; each
operating characteristic is then a sum over that table, for any number of truths, without simulation error.
(Norris 2020, arXiv:2012.05301, makes the same use of the paths of the 3+3.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import comb

import numpy as np
from numpy.typing import NDArray

from escalon.escalation.ensemble import Ensemble
from escalon.escalation.errors import EscalationError, TooManyStates
from escalon.escalation.rule import UNSETTLED, Counts, Ints, Moves, Rule
from escalon.escalation.tally import Tally

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]  # called with (cohorts swept, states in hand)

MOST_STATES = 6_000_000  # about 2 GB; BOIN with six levels and 60 participants stays below
UNBOUNDED = 100  # cohorts after which a rule without a cap is taken to have no end
BLOCK = 1 << 12  # states handled at once: small enough for the cache, large enough to drown the interpreter


class StateCode:
    """Packs (n, t) of every level and the current level into one integer, so that equal states are equal numbers.

    A pair (n, t) gets the next free number when it first occurs, so only pairs that occur cost bits. Where the rule recalls
    a share of DLTs in the last cohort, one bit above the current level says whether it was reached.
    """

    def __init__(self, levels: int, recalls: Fraction | None = None) -> None:
        self.levels, self.recalls = levels, recalls
        self.hot = 1 << levels.bit_length()
        self.current_bits = levels.bit_length() + (recalls is not None)
        self.bits = min((63 - self.current_bits) // levels, 20)
        self.shifts = self.current_bits + self.bits * np.arange(levels - 1, -1, -1, dtype=np.int64)
        self.pairs: list[tuple[int, int]] = []
        self.numbers: dict[tuple[int, int], int] = {}
        self.number(0, 0)

    def number(self, n: int, t: int) -> int:
        """The number of a pair (n, t)."""
        known = self.numbers.get((n, t))
        if known is not None:
            return known
        if len(self.pairs) >> self.bits:
            raise TooManyStates(
                f"{self.levels} levels and more than {len(self.pairs)} different counts at a level are too many states "
                "to sweep. Use fewer levels, larger cohorts or a smaller trial; or simulate"
            )
        self.numbers[n, t] = len(self.pairs)
        self.pairs.append((n, t))
        return len(self.pairs) - 1

    def pack(self, tally: Tally) -> int:
        """The state of one tally."""
        digits = (self.number(n, t) << int(at) for n, t, at in zip(tally.n, tally.t, self.shifts, strict=True))
        hot = self.recalls is not None and tally.last_reached(self.recalls)
        return sum(digits) + tally.current + self.hot * hot

    def digits(self, keys: Ints) -> Ints:
        """The pair numbers [S, D] of states, each level's contiguous in memory: rows are short, columns long."""
        found: Ints = (keys >> self.shifts[:, None]) & ((1 << self.bits) - 1)
        return found.T

    def counts(self, keys: Ints, not_evaluable: int) -> Counts:
        """The counts behind states."""
        n_of, t_of = np.array(self.pairs, dtype=np.int64).T
        digits = self.digits(keys)
        n = n_of[digits]
        enrolled = sum(n.T) + not_evaluable
        if self.recalls is None:
            return Counts(n, t_of[digits], keys & (self.hot - 1), enrolled)
        return Counts(n, t_of[digits], keys & (self.hot - 1), enrolled, (keys & self.hot) > 0)

    def after(self, keys: Ints, level: Ints, size: int, current: Ints) -> Ints:
        """The states [S, size + 1] after `size` more at `level` with 0, 1, ... size DLTs."""
        shift = self.shifts[level - 1]
        before = (keys >> shift) & ((1 << self.bits) - 1)
        step = np.zeros((len(self.pairs), size + 1), dtype=np.int64)
        for number in np.flatnonzero(np.bincount(before)):
            n, t = self.pairs[number]
            step[number] = [self.number(n + size, t + dlts) - number for dlts in range(size + 1)]
        old_current = keys & ((1 << self.current_bits) - 1)
        moved: Ints = (step[before] << shift[:, None]) + (keys - old_current + current)[:, None]
        if self.recalls is not None:
            reached = np.arange(size + 1) * self.recalls.denominator >= size * self.recalls.numerator
            moved += self.hot * (reached & (current > 0)[:, None])
        return moved


def sweep(
    rule: Rule, start: Tally | None = None, progress: Progress | None = None, most_states: int = MOST_STATES
) -> Ensemble:
    """Every end state of a trial under a rule, from the beginning or from a tally, with the ways to reach each.

    Raises TooManyStates when more than `most_states` are in hand at once: simulate such a design instead.
    """
    start = start or Tally((0,) * rule.levels, (0,) * rule.levels)
    rule.check_fits(start)
    if sum(start.pending):
        raise EscalationError("A sweep starts from completed outcomes; first say how those pending turn out")
    code, offset = StateCode(rule.levels, rule.recalls), sum(start.not_evaluable)
    keys, ways = np.array([code.pack(start)]), np.ones(1)
    ended: list[tuple[Ints, Floats, Ints, Ints, int]] = []
    cohorts = 0
    while len(keys):
        new_keys, new_ways = [], []
        for block in _blocks(len(keys)):
            here, count = keys[block], ways[block]
            counts = code.counts(here, offset)
            moves = rule.decide(counts)
            ended += _ended(here >> code.current_bits, count, moves, cohorts)
            for some_keys, some_ways in _step(code, rule, here, count, counts, moves):
                new_keys.append(some_keys)
                new_ways.append(some_ways)
        keys, ways = merge(new_keys, new_ways)
        cohorts += 1
        if len(keys) > most_states:
            raise TooManyStates(
                f"{rule.name}: {len(keys):,} states after {cohorts} cohorts are too many to sweep; simulate"
            )
        if progress:
            progress(cohorts, len(keys))
        if rule.cap is None and cohorts > UNBOUNDED:
            raise EscalationError(f"{rule.name} has no end: give the trial a size, for example `rule & at_most(36)`")
    return _ensemble(rule, start, code, ended)


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(first, first + BLOCK) for first in range(0, rows, BLOCK))


def _ended(states: Ints, ways: Floats, moves: Moves, cohorts: int) -> list[tuple[Ints, Floats, Ints, Ints, int]]:
    stopped = moves.stopped
    if not stopped.any():
        return []
    if stopped.all():
        return [(states, ways, moves.mtd, moves.why, cohorts)]
    return [(states[stopped], ways[stopped], moves.mtd[stopped], moves.why[stopped], cohorts)]


def _step(
    code: StateCode, rule: Rule, keys: Ints, ways: Floats, counts: Counts, moves: Moves
) -> Iterator[tuple[Ints, Floats]]:
    """Treat the next cohort of every state that goes on, once per cohort size that occurs."""
    for size in np.flatnonzero(np.bincount(moves.size)[1:]) + 1:
        going = moves.size == size
        level = moves.level[going]
        full = rule.selects and rule.cap is not None and counts.enrolled[going] + size >= rule.cap
        after = code.after(keys[going], level, int(size), np.where(full, 0, level))  # a full trial has no current level
        binomial = np.array([comb(int(size), dlts) for dlts in range(size + 1)], dtype=np.float64)
        yield after.ravel(), (ways[going, None] * binomial).ravel()


def merge(keys: list[Ints], ways: list[Floats]) -> tuple[Ints, Floats]:
    """Equal states made one, their ways added."""
    if not keys:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    all_keys, all_ways = np.concatenate(keys), np.concatenate(ways)
    if (all_keys[1:] > all_keys[:-1]).all():
        return all_keys, all_ways
    order = np.argsort(all_keys)
    all_keys = all_keys[order]
    first = np.flatnonzero(np.concatenate(([True], all_keys[1:] != all_keys[:-1])))
    return all_keys[first], np.add.reduceat(all_ways[order], first)


def _ensemble(rule: Rule, start: Tally, code: StateCode, ended: list[tuple[Ints, Floats, Ints, Ints, int]]) -> Ensemble:
    """Gather the end states of all cohorts; where the conduct named no MTD, let the design select one."""
    parts = []
    for states, ways, mtd, why, cohorts in ended:
        for label in np.unique(mtd * 1000 + why):
            alike = mtd * 1000 + why == label
            merged, total = merge([states[alike]], [ways[alike]])
            parts.append(
                (merged, total, np.full(len(merged), mtd[alike][0]), np.full(len(merged), why[alike][0]), cohorts)
            )
    keys = np.concatenate([part[0] for part in parts])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    n_of, t_of = np.array(code.pairs, dtype=np.int16).T
    digits = code.digits(keys << code.current_bits)
    n, t = n_of[digits], t_of[digits]
    mtd = np.concatenate([part[2] for part in parts])[order].astype(np.int16)
    for block in _blocks(len(keys)):
        unsettled = mtd[block] == UNSETTLED
        if unsettled.any():
            chosen = rule.select(n[block].astype(np.int64), t[block].astype(np.int64))
            mtd[block] = np.where(unsettled, chosen, mtd[block])
    return Ensemble(
        rule=rule,
        start=start,
        n=n,
        t=t,
        ways=np.concatenate([part[1] for part in parts])[order],
        mtd=mtd.astype(np.int16),
        why=np.concatenate([part[3] for part in parts])[order].astype(np.int16),
        cohorts=np.concatenate([np.full(len(part[0]), part[4], dtype=np.int16) for part in parts])[order],
    )
