"""Guards that a model needs and its users know: no escalation after toxicity, nobody at or above a level that is too toxic."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from escalon.escalation.decision import NO_DOSE
from escalon.escalation.errors import EscalationError
from escalon.escalation.exact_beta import Number, as_fraction, fewest_dlts_above
from escalon.escalation.guards import Guard
from escalon.escalation.rule import Counts, Each, Ints, Moves, TrialState, least


@dataclass(frozen=True)
class Coherent(Guard):
    """Nobody goes up after a cohort whose share of DLTs reached the target (Cheung 2005, doi:10.1093/biomet/92.4.863)."""

    target: Fraction

    @property
    def recalls(self) -> Fraction:
        """The target."""
        return self.target

    @property
    def reasons(self) -> tuple[str, ...]:  # type: ignore[override]
        """Why the level is kept."""
        return (
            f"{{saw}}, and in the last cohort the DLT rate reached {float(self.target):g}: no escalation after it (coherence)",
        )

    def apply(self, counts: Counts | TrialState, moves: Moves, first: int) -> Moves:
        """Stay where a higher level was wanted after such a cohort."""
        up = (moves.level > counts.current) & (counts.current > 0)
        held = up & (counts.hot if counts.hot is not None else False)
        return moves.instead(held, level=counts.current, why=first, about=counts.current)

    def prose(self) -> str:
        """The limit as a sentence."""
        return f"No escalation follows a cohort in which the share of DLTs reached {float(self.target):g}."


@dataclass(frozen=True)
class TooToxic(Guard):
    """Nobody at or above a level that is too toxic: P(risk > target) above a cut-off, uniform prior, exactly.

    The CRM has no such stop of its own; BOIN and its kin eliminate with the same criterion (Liu & Yuan 2015,
    doi:10.1111/rssc.12089). If the lowest level is too toxic the trial stops without an MTD; `only_lowest` looks at no other.
    """

    target: Fraction
    cutoff: Fraction
    evaluable: int
    only_lowest: bool = False
    stops_when_lowest_is_toxic = True

    def __post_init__(self) -> None:
        if not (0 < self.target < 1 and 0 < self.cutoff < 1):
            raise EscalationError(
                f"A stop for toxicity needs a target and a cut-off between 0 and 1, got {float(self.target):g} and "
                f"{float(self.cutoff):g}. Write for example 0.95"
            )

    @property
    def reasons(self) -> tuple[str, ...]:  # type: ignore[override]
        """Why nobody more is treated, and why not so high."""
        return (
            "{saw}: the lowest level is too toxic",
            "{saw}: too toxic, so nobody is treated at level {about} or above",
        )

    def closed_in(self, state: TrialState) -> int:
        """The lowest level that is too toxic; levels + 1 where none is."""
        looked_at = list(zip(state.n, state.t, strict=True))[: 1 if self.only_lowest else None]
        toxic = (n >= self.evaluable and t >= fewest_dlts_above(n, self.target, self.cutoff) for n, t in looked_at)
        return next((level for level, is_so in enumerate(toxic, start=1) if is_so), len(state.n) + 1)

    def closed_from(self, n: Ints, t: Ints) -> Ints:
        """`closed_in` for every row."""
        import numpy as np

        levels = n.shape[1]
        looked_at = 1 if self.only_lowest else levels
        limits = np.array([fewest_dlts_above(k, self.target, self.cutoff) for k in range(int(n.max(initial=0)) + 1)])
        too_toxic = (n >= self.evaluable) & (t >= limits[n])
        found: Ints = np.where(
            too_toxic[:, :looked_at].any(axis=1), too_toxic[:, :looked_at].argmax(axis=1) + 1, levels + 1
        )
        return found

    def apply(self, counts: Counts | TrialState, moves: Moves, first: int) -> Moves:
        """Stop where the lowest level is too toxic; elsewhere come down below the lowest that is."""
        closed: Each = (
            self.closed_in(counts) if isinstance(counts, TrialState) else self.closed_from(counts.n, counts.t)
        )
        stops, lower = closed == 1, (closed > 1) & (moves.level >= closed)
        moves = moves.instead(lower, level=closed - 1, why=first + 1, about=closed)
        return moves.stop(stops, mtd=NO_DOSE, why=first).instead(stops, about=1)

    def chosen(self, n: Ints, t: Ints, mtd: Ints) -> Ints:
        """No MTD where the lowest level is too toxic, and none at or above a level that is."""
        kept: Ints = least(mtd, self.closed_from(n, t) - 1)
        return kept

    def prose(self) -> str:
        """The limit as a sentence."""
        about = f"the probability that its risk exceeds {float(self.target):g} is above {float(self.cutoff):g}"
        if self.only_lowest:
            return f"The trial stops without an MTD if, with {self.evaluable} or more evaluable at the lowest level, {about}."
        return (
            f"Nobody is treated at or above a level at which, with {self.evaluable} or more evaluable, {about}; if that is "
            "the lowest level the trial stops without an MTD."
        )


def too_toxic(target: Number, cutoff: Number = "0.95", evaluable: int = 3) -> TooToxic:
    """Nobody at or above a level that is too toxic; stop without an MTD when it is the lowest."""
    return TooToxic(as_fraction(target), as_fraction(cutoff), evaluable)


def lowest_too_toxic(target: Number, cutoff: Number = "0.95") -> TooToxic:
    """Stop without an MTD when the lowest level is too toxic; look at no other level."""
    return TooToxic(as_fraction(target), as_fraction(cutoff), 3, only_lowest=True)


def coherent(target: Number) -> Coherent:
    """Never go up after a cohort whose share of DLTs reached the target."""
    return Coherent(as_fraction(target))
