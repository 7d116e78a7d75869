"""The 3+3 and its relatives: A+B designs whose thresholds and variants are data.

Treat A. With fewer than C DLTs escalate; with more than D the level is too toxic; otherwise add B. On A+B, at
most E DLTs is tolerable (Lin & Shih 2001, doi:10.1093/biostatistics/2.2.203). The 3+3 is A=3, B=3, C=1, D=1, E=1
(Storer 1989, doi:10.2307/2531693). "The 3+3" is several designs, which differ in whether the MTD must have been
given to six: `Variant` says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from itertools import product

from escalon.escalation.errors import EscalationError
from escalon.escalation.rule import Counts, Ints, Moves, RuleOfCounts, TrialState
from escalon.escalation.tally import Tally
from escalon.escalation.thresholds import HALTS, NO_LEVEL, Ruling, Thresholds, verdict, verdict_table
from escalon.escalation.words import number, plural


@dataclass(frozen=True)
class Variant:
    """Which levels must have been given to A+B before being named MTD: the one below a toxic level, the top one."""

    confirm_below: bool
    confirm_top: bool
    says: str


VARIANTS = {
    "V1": Variant(False, False, "no de-escalation: the level below a too toxic one is the MTD as it stands"),
    "V2": Variant(True, False, "the level below a too toxic one is filled to six before it is named (Korn 1994)"),
    "V3": Variant(True, True, "as V2, and the top level too is filled to six before it is named"),
}


class Why(IntEnum):
    """The reasons an A+B design can give; each indexes `AplusB.reasons`."""

    START = 0
    OPEN = 1
    EXPAND = 2
    ESCALATE = 3
    CONFIRM_TOP = 4
    CONFIRM_BELOW = 5
    TRY_BELOW = 6
    TOP_IS_MTD = 7
    CEILING_IS_MTD = 8
    BELOW_IS_MTD = 9
    NO_MTD = 10
    FINISH_OPEN = 11
    FINISH_EXPAND = 12
    FINISH_SKIPPED = 13
    CEILING_BELOW = 14


class Above(IntEnum):
    """What has happened above a level."""

    NOTHING = 0
    TREATED = 1
    TOXIC = 2  # at the next level


def answer(variant: Variant, first: Ruling | None, below: Ruling | None, above: Above) -> tuple[Why, int]:
    """What to do, and at which level: 0 the first one that has not passed, -1 the one below it, 1 the one above.

    Everything is decided at the lowest level that does not allow to go on (`first`; None if every level passed), so a level
    that was skipped or left unfinished is finished before any other. `below` is the verdict of the level beneath it
    (None if there is none), `above` what has happened above it.
    """
    match first:
        case Ruling.UNTRIED if above is Above.TOXIC:
            return Why.TRY_BELOW, 0
        case Ruling.UNTRIED if above is Above.TREATED:
            return Why.FINISH_SKIPPED, 0
        case Ruling.UNTRIED:
            return (Why.START, 0) if below in (None, Ruling.UNTRIED) else (Why.ESCALATE, -1)
        case Ruling.OPEN:
            return (Why.FINISH_OPEN if above is Above.TREATED else Why.OPEN), 0
        case Ruling.EXPAND:
            return (Why.FINISH_EXPAND if above is Above.TREATED else Why.EXPAND), 0
        case Ruling.CEILING if above is Above.TOXIC:
            return Why.BELOW_IS_MTD, 0
        case Ruling.CEILING:
            return (Why.CEILING_BELOW if above is Above.TREATED else Why.CEILING_IS_MTD), 0
        case Ruling.TOXIC if below is None:
            return Why.NO_MTD, -1
        case Ruling.TOXIC if below is Ruling.UNTRIED:
            return Why.TRY_BELOW, -1
        case Ruling.TOXIC:
            return (Why.CONFIRM_BELOW if below is Ruling.PASSES and variant.confirm_below else Why.BELOW_IS_MTD), -1
        case _:
            return (Why.CONFIRM_TOP if below is Ruling.PASSES and variant.confirm_top else Why.TOP_IS_MTD), -1


FIRST_COHORT = (Why.START, Why.OPEN, Why.TRY_BELOW, Why.FINISH_OPEN, Why.FINISH_SKIPPED)  # until A are evaluable there
FILL = (Why.EXPAND, Why.FINISH_EXPAND, Why.CONFIRM_TOP, Why.CONFIRM_BELOW)  # until A+B are evaluable there
SAYS_ABOVE = (Why.CONFIRM_BELOW, Why.TRY_BELOW, Why.BELOW_IS_MTD, Why.NO_MTD)  # speaks of the too toxic level


@lru_cache
def _answers(variant: Variant) -> tuple[Ints, Ints, Ints, Ints]:
    """`told` for every case, numbered (first, below, above): why, at which level, one level up or not, speaking of which."""
    import numpy as np

    verdicts = [*Ruling, None]
    cases = [told(variant, *case) for case in product(verdicts, verdicts, Above)]
    whys, steps, ups, abouts = np.array(cases, dtype=np.int64).T
    return whys, steps, ups, abouts


def told(variant: Variant, first: Ruling | None, below: Ruling | None, above: Above) -> tuple[Why, int, bool, int]:
    """An `answer` with whether it is one level up, and which level its reason speaks of, counted as the answer's."""
    why, step = answer(variant, first, below, above)
    toxic = int(above is Above.TOXIC and first is not Ruling.TOXIC)
    return why, step, why is Why.ESCALATE, toxic if why in SAYS_ABOVE else step


@dataclass(frozen=True)
class AplusB(RuleOfCounts):
    """An A+B design over `levels` dose levels: counts in, next level or MTD out.

    Decides from counts alone, whatever they are: at the lowest level that has not passed. So counts no rule would have
    produced (a level skipped, or left before it was finished) still get an answer. Levels below `start` need no one
    until the level above is too toxic.
    """

    levels: int
    thresholds: Thresholds
    variant: Variant
    name: str
    start: int = 1
    lowest: int = 1
    decides_within_cohort = True

    def __post_init__(self) -> None:
        if self.levels < 1:
            raise EscalationError(f"{self.name}: {self.levels} dose levels; write 1 or more")
        self.check_levels()

    @property
    def cohort(self) -> int:
        """A, the first cohort at a level."""
        return self.thresholds.a

    @property
    def cap(self) -> int | None:
        """A+B at every level is the most the rule can ask for."""
        return self.thresholds.size * self.levels

    def move(self, state: TrialState) -> Moves:
        """The next move: `answer` at the lowest level that has not passed."""
        at = [verdict(self.thresholds, n, t) for n, t in zip(state.n, state.t, strict=True)]
        halts = (HALTS[one] and not (one is Ruling.UNTRIED and level < self.start) for level, one in enumerate(at, 1))
        first = next((level for level, is_so in enumerate(halts) if is_so), self.levels)  # from 0
        here, below = (at[level] if 0 <= level < self.levels else None for level in (first, first - 1))
        tried_above = any(one is not Ruling.UNTRIED for one in at[first + 1 :])
        toxic_above = at[first + 1 : first + 2] == [Ruling.TOXIC]
        why, step, up, about = told(self.variant, here, below, Above(tried_above + toxic_above))
        level = first + 1 + step
        size = max(self._treats_up_to[why] - (0 if up else state.at(level)[0]), 0)
        to, mtd = (level + up, 0) if size else (0, level)
        return Moves(level=to, size=size, mtd=mtd, why=why, about=first + 1 + about)

    def decide(self, counts: Counts) -> Moves:
        """`move` for every row of counts."""
        import numpy as np

        depth, rows = self.levels, np.arange(len(counts.n))
        framed = np.full((len(rows), depth + 3), NO_LEVEL)  # a frame: no level below the lowest, none above the top
        framed[:, 1:-2] = verdicts = self.verdicts(counts.n, counts.t)
        halts = np.array(HALTS).take(framed[:, 1:])
        if self.start > 1:
            halts[:, : self.start - 1] &= verdicts[:, : self.start - 1] != Ruling.UNTRIED
        first = halts.argmax(axis=1)  # the first level that has not passed, from 0; past the top if all have
        at, seen = rows * (depth + 3) + first, framed.ravel()
        tried = (verdicts != Ruling.UNTRIED).dot(1 << np.arange(depth))
        above = (tried >> first + 1 > 0) + (seen.take(at + 2) == Ruling.TOXIC).astype(np.int64)
        case = (seen.take(at + 1) * len(HALTS) + seen.take(at)) * len(Above) + above
        whys, steps, ups, abouts = (table.take(case) for table in _answers(self.variant))
        level = first + 1 + steps
        there = counts.n.ravel().take(rows * depth + np.maximum(level, 1) - 1)
        size = np.maximum(np.array(self._treats_up_to).take(whys) - there * (1 - ups), 0)
        treats = size > 0
        return Moves(
            level=np.where(treats, level + ups, 0),
            size=size,
            mtd=np.where(treats, 0, level),
            why=whys,
            about=first + 1 + abouts,
        )

    def tolerates_top(self, state: TrialState) -> bool:
        """Whether the top level passed: then one above it would have been treated."""
        return not HALTS[verdict(self.thresholds, state.n[-1], state.t[-1])]

    def verdicts(self, n: Ints, t: Ints) -> Ints:
        """`verdict` of every cell of two arrays of counts."""
        found: Ints = verdict_table(self.thresholds, max(int(n.max(initial=0)), self.thresholds.size))[n, t]
        return found

    @cached_property
    def _treats_up_to(self) -> list[int]:
        """Up to how many each reason treats at a level."""
        x = self.thresholds
        return [x.a if why in (*FIRST_COHORT, Why.ESCALATE) else x.size if why in FILL else 0 for why in Why]

    def remarks(self, tally: Tally) -> tuple[str, ...]:
        """Levels with more than A+B evaluable, of which no published A+B design speaks."""
        x = self.thresholds
        over = [level for level in range(1, self.levels + 1) if tally.n[level - 1] > x.size]
        return tuple(
            f"{tally.n[level - 1]} are evaluable at level {self.label(level)}: no published {x.a}+{x.b} has a limit beyond "
            f"{x.size}; by this design's own rule at most {x.e} of {x.size} in proportion passes, which is "
            f"{x.e * tally.n[level - 1] // x.size} of {tally.n[level - 1]}"
            for level in over
        )

    @property
    def reasons(self) -> tuple[str, ...]:  # type: ignore[override]
        """Why the rule moves, in the order of `Why`."""
        x = self.thresholds
        full = number(x.size)
        return (
            "{nobody}: start at level {to}",
            f"{{n}} of the first {number(x.a)} evaluable at level {{about}}: complete the cohort",
            f"{{saw}}: expand to {full}",
            "{saw}: escalate",
            f"{{saw}}, the top level: confirm it on {full}",
            f"{{saw}}: too toxic, so confirm level {{below}} on {full}",
            "{saw}: too toxic, and {below_untried}: treat there",
            "{saw}, the top level: tolerated, and there is no level above",
            "{saw}: tolerable, but not to be escalated from: it is the MTD",
            "{saw}: too toxic, so level {below} is the MTD",
            "{saw}: too toxic",
            f"level {{about}} was left with {{n}} of its first {number(x.a)} evaluable: finish it before going on above",
            f"{{saw}}, and it was left before {full} were evaluable: expand it before going on above",
            "{untried}: treat there before going on above",
            "{saw}: tolerable, but not to be escalated from: it is the MTD, whatever was seen above",
        )

    def prose(self) -> tuple[str, ...]:
        """The rule as sentences for the protocol."""
        x, full = self.thresholds, number(self.thresholds.size)
        below = (
            "treated up to {0} first and named only if it passes on {0}"
            if self.variant.confirm_below
            else "as it stands"
        )
        top = (
            f"once {full} have been treated there"
            if self.variant.confirm_top
            else f"on its first {number(x.a)} if they pass"
        )
        expand = (
            f" With {_range(x.c, x.d)} of {x.a}, {number(x.b)} more are treated at the same level."
            if x.c <= x.d
            else ""
        )
        ceiling = (
            f" With {_range(x.e + 1, x.may_declare)} of {x.size} escalation stops and the level is the MTD."
            if x.may_declare > x.e
            else ""
        )
        return (
            f"Participants are treated in cohorts of {number(x.a)}, {self.starts()}.",
            f"With {_up_to(x.c - 1)} of {x.a} the next cohort is treated one level up.{expand} "
            f"With {x.d + 1} or more of {x.a} the level is too toxic.",
            f"On {full}, {_up_to(x.e)} allows escalation.{ceiling} "
            f"With {x.may_declare + 1} or more of {x.size} the level is too toxic.",
            "When a level is too toxic nobody else is treated there or above; "
            f"the level below is the MTD, {below.format(full)}.",
            "A level that was skipped or left unfinished is finished before anyone is treated above it. "
            f"Beyond {full} at a level, of which no publication speaks, the limit of {full} holds in proportion.",
            f"The top level is the MTD {top}. If level {self.lowest} is too toxic there is no MTD.",
        )


def _up_to(count: int) -> str:
    return "no DLT" if count == 0 else f"at most {plural(count, 'DLT')}"


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


def a_plus_b(
    levels: int,
    thresholds: Thresholds,
    variant: str | Variant = "V2",
    name: str | None = None,
    *,
    start: int = 1,
    lowest: int = 1,
) -> AplusB:
    """A general A+B design over `levels` dose levels, the lowest called `lowest`; the first cohort is treated at `start`.

    `start` counts from the lowest level: with `lowest=-1`, `start=2` is level 1.
    """
    if isinstance(variant, str):
        if variant.upper() not in VARIANTS:
            known = "; ".join(f"{key}: {one.says}" for key, one in VARIANTS.items())
            raise EscalationError(f"Unknown 3+3 variant “{variant}”. Write one of {known}")
        name = name or f"{thresholds.a}+{thresholds.b} {variant.upper()}"
        variant = VARIANTS[variant.upper()]
    return AplusB(levels, thresholds, variant, name or f"{thresholds.a}+{thresholds.b}", start, lowest)


def three_plus_three(levels: int = 3, variant: str | Variant = "V2", *, start: int = 1, lowest: int = 1) -> AplusB:
    """The 3+3 over `levels` dose levels: 0 of 3 escalate, 1 of 3 add three, 2 or more DLTs too toxic.

    >>> from escalon.escalation import next_dose
    >>> print(next_dose(three_plus_three(3), "1NNN 2NNT").reason)
    1 of 3 had a DLT at level 2: expand to six
    """
    return a_plus_b(levels, Thresholds(), variant, start=start, lowest=lowest)
