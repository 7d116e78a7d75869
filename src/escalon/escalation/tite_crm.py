"""TITE-CRM: the CRM that counts a participant still under observation as partly observed.

Cheung & Chappell 2000, doi:10.1111/j.0006-341X.2000.01177.x; weights and printed examples of dfcrm. A participant
without a DLT after time u of a window T enters the likelihood as 1 - w p with weight w = u/T (linear), or with the
adaptive weights of the same paper. Times are not counts, so its characteristics are simulated, never swept; in conduct
it answers like any rule, from the days of follow-up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalon.escalation.boin import boundary_rates
from escalon.escalation.characteristics import Characteristics
from escalon.escalation.crm import NO_STOP, DoseToxicity, Posterior, posterior_from
from escalon.escalation.decision import Decision, Stop, Treat, Wait
from escalon.escalation.errors import EscalationError
from escalon.escalation.estimates import Estimates
from escalon.escalation.notation import Conduct, Outcome, Treated
from escalon.escalation.simulation import summarise
from escalon.escalation.timed import Progress, TimedDesign
from escalon.escalation.toxicity_guards import TooToxic
from escalon.escalation.truth import checked_truths
from escalon.escalation.words import plural

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Levels = NDArray[np.int64]  # [S, N]
Levels1 = NDArray[np.int64]  # [S]
Weighting = Literal["linear", "adaptive"]

TRIALS_AT_ONCE = 250


def linear_weights(follow_up: Floats, dlt: Bools, window: float) -> Floats:
    """u/T, at most 1; participants with a DLT weigh 1."""
    return np.where(dlt, 1.0, np.minimum(follow_up / window, 1.0))


def adaptive_weights(follow_up: Floats, dlt: Bools, window: float) -> Floats:
    """Weights that rise where DLTs have been seen to occur; linear before the first DLT. One trial [N]."""
    times = np.sort(follow_up[dlt])
    if not len(times):
        return linear_weights(follow_up, dlt, window)
    knots = np.concatenate([[0.0], times, [window]])
    below = np.minimum(np.searchsorted(times, follow_up, side="right"), len(times))
    gap = knots[below + 1] - knots[below]
    inside = np.divide(follow_up - knots[below], gap, out=np.ones_like(follow_up), where=gap > 0)
    return np.where(dlt, 1.0, np.minimum((below + inside) / (len(times) + 1), 1.0))


def tite_posterior(model: DoseToxicity, levels: ArrayLike, dlt: ArrayLike, weights: ArrayLike) -> Posterior:
    """The posterior of b from participants: level, DLT (True/False) and weight each, [N] or [S, N]."""
    level, had_dlt = np.atleast_2d(np.asarray(levels, dtype=np.int64)), np.atleast_2d(np.asarray(dlt, dtype=np.bool_))
    weight = np.atleast_2d(np.asarray(weights, dtype=np.float64))
    p = np.exp(model.log_risks[0])  # [G, D]
    log_likelihood = np.zeros((len(level), len(p)))
    for one in range(level.shape[1]):
        risk = p[:, level[:, one] - 1].T
        seen = np.where(had_dlt[:, one, None], risk, 1 - weight[:, one, None] * risk)
        log_likelihood += np.log(np.maximum(seen, 1e-300))
    return posterior_from(model, log_likelihood)


@dataclass(frozen=True)
class TiteCrm(TimedDesign):
    """A TITE-CRM: the next participant goes to the level whose estimate is closest to the target.

    `window` in days; one participant at a time, no untried level skipped, no escalation right after a DLT
    (`is_coherent`; Cheung 2005, doi:10.1093/biomet/92.4.863), nobody at or above a level that is too toxic on those
    followed up (`safety`, None to set it aside).
    """

    model: DoseToxicity
    target: float
    window: float
    size: int
    weighting: Weighting = "linear"
    start: int = 1
    lowest: int = 1
    is_coherent: bool = True
    skips: bool = False
    safety: TooToxic | None = None
    one_by_one = True

    @property
    def name(self) -> str:  # type: ignore[override]
        """The design in two words."""
        return f"TITE-CRM {self.target:g}"

    @property
    def levels(self) -> int:  # type: ignore[override]
        """One per skeleton entry."""
        return len(self.model.skeleton)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The model alone never stops."""
        return () if self.safety else (NO_STOP,)

    def __post_init__(self) -> None:
        if not (0 < self.target < 1 and self.window > 0 and self.size >= 1):
            raise EscalationError("A TITE-CRM needs 0 < target < 1, a DLT window in days and a number of participants")
        if self.weighting not in ("linear", "adaptive"):
            raise EscalationError(f"Unknown weighting “{self.weighting}”. Write linear or adaptive")
        self.check_levels()

    def prose(self) -> tuple[str, ...]:
        """The design as sentences for the protocol."""
        guesses = ", ".join(f"{p:.3g}" for p in self.model.skeleton)
        limits = "" if self.skips else " No level is skipped."
        limits += " No escalation follows a participant with a DLT." if self.is_coherent else ""
        return (
            f"Participants are treated one by one, {self.starts()}; {self.size} in all.",
            f"DLT risk follows a TITE-CRM (Cheung & Chappell 2000) with skeleton {guesses}; one without a DLT so far counts by "
            f"{self.weighting} weight of the follow-up in a window of {self.window:g} days.",
            "The next participant is treated at the level whose estimated risk is closest to "
            f"{self.target:g}.{limits} When everyone has been followed up that level is the MTD.",
            *((self.safety.prose(),) if self.safety else ()),
        )

    def ask(self, conduct: Conduct, today: date | None) -> Decision:
        """The next participant's level, or the MTD when all are treated and followed up."""
        treated = [one for one in conduct if one.outcome is not Outcome.NOT_EVALUABLE]
        tally = conduct.tally(self.levels, self.lowest)
        if not treated:
            return Treat(self.label(self.start), 1, f"{tally.nobody}: start at level {self.label(self.start)}")
        levels = np.array([[self.counted(one.level) for one in treated]])
        dlt = np.array([[one.outcome is Outcome.DLT for one in treated]])
        days = np.array([[self._followed(one, today) for one in treated]])
        done = np.array([[one.outcome in (Outcome.DLT, Outcome.NO_DLT) for one in treated]])
        full, pending = tally.enrolled >= self.size, sum(tally.pending)
        level, reason = self._explained(levels, dlt, days, done, full)
        if not level:
            return Stop(0, reason)
        if not full:
            return Treat(self.label(level), 1, reason)
        full_reason = f"{tally.enrolled} enrolled of at most {self.size}: the trial is full"
        if pending:
            return Wait(f"{full_reason}; {plural(pending, 'participant')} pending")
        risk = self._estimate(levels, dlt, days)[0, -1]
        reached = level < self.levels or bool(risk > boundary_rates(self.target)[0])
        return Stop(self.label(level), f"{full_reason}; {reason}", reached=reached)

    def _followed(self, one: Treated, today: date | None) -> float:
        """Days of follow-up of one participant, or to the DLT; unknown, a DLT came at once and a pending one counts nothing."""
        if one.outcome is Outcome.NO_DLT:
            return self.window
        if one.followed is not None:
            return float(one.followed)
        since = one.again or one.infused
        if one.outcome is Outcome.PENDING and since is not None and today is not None:
            return float(min(max((today - since).days, 0), self.window))
        return 0.0

    def _explained(self, levels: Levels, dlt: Bools, days: Floats, done: Bools, full: bool) -> tuple[int, str]:
        """The level for one trial, and why."""
        wanted = int(self.closest(levels, dlt, days)[0])
        level = int(self.allowed(np.array([wanted]), levels, dlt, done, full)[0])
        if level == 0:
            return 0, "the lowest level is too toxic"
        reason = f"the estimated risk closest to the target is at level {self.label(wanted)}"
        held = f", and the limits of the design allow level {self.label(level)}"
        return level, reason + (held if level != wanted else "")

    def allowed(self, wanted: Levels1, levels: Levels, dlt: Bools, done: Bools, full: bool = False) -> Levels1:
        """The level [S] within the limits of the design: skipping, coherence (unless the trial is full), too toxic (0: none)."""
        highest = levels.max(axis=1)
        if not self.skips or full:
            wanted = np.minimum(wanted, highest + (0 if full else 1))
        if self.is_coherent and not full:
            wanted = np.where(dlt[:, -1], np.minimum(wanted, levels[:, -1]), wanted)
        if self.safety is None:
            return wanted
        at = (levels[:, :, None] == np.arange(1, self.levels + 1)) & done[:, :, None]
        n, t = at.sum(axis=1), (at & dlt[:, :, None]).sum(axis=1)
        return np.minimum(wanted, self.safety.closed_from(n, t) - 1)

    def weights(self, follow_up: Floats, dlt: Bools) -> Floats:
        """The weights of participants [S, N]."""
        if self.weighting == "linear":
            return linear_weights(follow_up, dlt, self.window)
        rows = zip(np.atleast_2d(follow_up), np.atleast_2d(dlt), strict=True)
        return np.stack([adaptive_weights(time, had, self.window) for time, had in rows])

    def closest(self, levels: ArrayLike, dlt: ArrayLike, follow_up: ArrayLike) -> NDArray[np.int64]:
        """The level whose estimated risk is closest to the target, per trial."""
        had, time = (
            np.atleast_2d(np.asarray(dlt, dtype=np.bool_)),
            np.atleast_2d(np.asarray(follow_up, dtype=np.float64)),
        )
        found: Levels1 = np.abs(self._estimate(levels, had, time) - self.target).argmin(axis=1) + 1
        return found

    def _estimate(self, levels: ArrayLike, dlt: Bools, follow_up: Floats) -> Floats:
        return tite_posterior(self.model, levels, dlt, self.weights(follow_up, dlt)).risk

    def simulate(
        self, truth: ArrayLike, trials: int, seed: int, *, days_between: float, progress: Progress | None = None
    ) -> Characteristics:
        """Simulated characteristics; arrivals `days_between` apart on average (exponential), DLT times uniform."""
        risks = checked_truths(truth, len(self.model.skeleton))
        rng = np.random.default_rng(seed)
        ends = []
        for first in range(0, trials, TRIALS_AT_ONCE):
            ends.append(self._run(risks, min(TRIALS_AT_ONCE, trials - first), rng, days_between))
            if progress:
                progress(min(first + TRIALS_AT_ONCE, trials), trials)
        n, t, mtd, days = (np.concatenate(part) for part in zip(*ends, strict=True))
        return with_days(summarise(self.name, risks, n, t, mtd, seed), days)

    def _run(
        self, risks: Floats, trials: int, rng: np.random.Generator, days_between: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats]:
        arrival = np.cumsum(rng.exponential(days_between, (trials, self.size)), axis=1)
        arrival -= arrival[:, :1]
        levels = np.full((trials, self.size), self.start, dtype=np.int64)
        fate, onset = rng.random((trials, self.size)), rng.random((trials, self.size)) * self.window
        had = np.zeros((trials, self.size), dtype=np.bool_)
        for one in range(self.size):
            if one:
                seen = had[:, :one] & (arrival[:, :one] + onset[:, :one] <= arrival[:, one, None])
                time = np.where(seen, onset[:, :one], np.minimum(arrival[:, one, None] - arrival[:, :one], self.window))
                done = seen | (time >= self.window)
                wanted = self.closest(np.maximum(levels[:, :one], 1), seen, time)
                next_level = self.allowed(wanted, levels[:, :one], seen, done)
                levels[:, one] = np.where(levels[:, one - 1] == 0, 0, next_level)  # a trial that stopped stays so
            had[:, one] = (levels[:, one] > 0) & (fate[:, one] < risks[levels[:, one] - 1])
        treated = levels > 0
        complete = np.where(had, onset, self.window)
        stopped = ~treated.all(axis=1)
        final = self.allowed(self.closest(np.maximum(levels, 1), had, complete), levels, had, treated, full=True)
        at = levels[:, :, None] == np.arange(1, len(risks) + 1)
        days = (arrival + np.where(treated, complete, -arrival)).max(axis=1)
        mtd = np.where(stopped, 0, final)
        return at.sum(axis=1), (at & had[:, :, None]).sum(axis=1), mtd, days


def with_days(found: Characteristics, days: Floats) -> Characteristics:
    """The same characteristics with the mean duration in days, from the durations of the trials."""
    return replace(found, days=Estimates.of(days.mean(), days.std(ddof=1) / np.sqrt(len(days))))
