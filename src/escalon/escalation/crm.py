"""The continual reassessment method: one parameter, the posterior by quadrature.

O'Quigley, Pepe & Fisher 1990, doi:10.2307/2531628; conventions and printed examples of dfcrm (Cheung 2011,
ISBN 9781420091519). Power model p_d = skeleton_d ^ exp(b); logistic p_d = expit(a + exp(b) x_d) with a fixed; prior
b ~ N(0, 1.34). The estimate plugs the posterior mean of b into the model; the next dose is the level whose estimate
is closest to the target. The posterior depends on counts alone, so the CRM is a rule like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from escalon.escalation.boin import boundary_rates
from escalon.escalation.errors import EscalationError
from escalon.escalation.rule import Counts, Ints, Moves, Rule, TrialState
from escalon.escalation.tally import Tally
from escalon.escalation.words import number

Floats = NDArray[np.float64]
Model = Literal["power", "logistic"]

PRIOR_VARIANCE = 1.34  # dfcrm's default scale for b
INTERCEPT = 3.0  # dfcrm's default for the logistic model
REACH = 10.0  # b from -10 to 10, as in dfcrm
STEP = {
    "power": 0.1,
    "logistic": 0.04,
}  # trapezoid steps: error below 1e-13 up to 100 participants, spec/escalation/crm.md

NO_STOP = "no stop for a too toxic lowest level is set: the model treats on whatever is seen there"

LOWEST_LOG = -1e300  # stands for log 0, so that no DLT times log 0 is 0 and not nan
SINGLE_THREAD = 250_000  # products below this size OpenBLAS does on one thread; its threads fight on busy machines


@dataclass(frozen=True)
class DoseToxicity:
    """A one-parameter model of DLT risk by level: the skeleton is what it says at b = 0."""

    skeleton: tuple[float, ...]
    model: Model = "power"
    prior_variance: float = PRIOR_VARIANCE
    intercept: float = INTERCEPT

    def __post_init__(self) -> None:
        object.__setattr__(self, "skeleton", tuple(float(p) for p in self.skeleton))
        if not self.skeleton or not all(0 < p < 1 for p in self.skeleton):
            raise EscalationError(
                f"A CRM needs a skeleton: one prior guess of DLT risk per level, each between 0 and 1, got {self.skeleton}"
            )
        if any(later <= earlier for earlier, later in zip(self.skeleton, self.skeleton[1:], strict=False)):
            raise EscalationError(f"The skeleton must rise from level to level, got {self.skeleton}")
        if self.model not in ("power", "logistic"):
            raise EscalationError(f"Unknown CRM model “{self.model}”. Write power or logistic")
        if self.prior_variance <= 0:
            raise EscalationError(f"The prior variance of b must be positive, got {self.prior_variance}")

    @cached_property
    def grid(self) -> Floats:
        """The quadrature nodes for b [G]."""
        return np.linspace(-REACH, REACH, round(2 * REACH / STEP[self.model]) + 1)

    def risk(self, b: Floats | float) -> Floats:
        """The DLT risk [..., D] at parameter b [...]."""
        slope = np.exp(np.asarray(b, dtype=np.float64))[..., None]
        p = np.array(self.skeleton)
        if self.model == "power":
            powered: Floats = p**slope
            return powered
        x = np.log(p / (1 - p)) - self.intercept
        expit: Floats = np.exp(-np.logaddexp(0, -(self.intercept + slope * x)))
        return expit

    @cached_property
    def log_risks(self) -> tuple[Floats, Floats]:
        """log p and log(1 - p) at every node [G, D], without losing the smallest values to rounding."""
        slope, p = np.exp(self.grid)[:, None], np.array(self.skeleton)
        if self.model == "power":
            log_p = slope * np.log(p)
            log_q = np.log(-np.expm1(np.minimum(log_p, -1e-300)))
        else:
            logit = self.intercept + slope * (np.log(p / (1 - p)) - self.intercept)
            log_p, log_q = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
        return log_p, log_q

    @cached_property
    def log_prior(self) -> Floats:
        """The log prior density of b at every node, up to a constant."""
        return -0.5 * self.grid**2 / self.prior_variance


@dataclass(frozen=True)
class Posterior:
    """Posterior of b per row: mean and variance [S]."""

    model: DoseToxicity
    mean: Floats
    variance: Floats

    @property
    def risk(self) -> Floats:
        """The plug-in estimate of DLT risk by level [S, D]."""
        return self.model.risk(self.mean)

    def limits(self, z: float = 1.6448536269514722) -> tuple[Floats, Floats]:
        """The risks at mean ± z standard deviations of b; 90 % by default. Lower limit first."""
        half = z * np.sqrt(self.variance)
        return self.model.risk(self.mean + half), self.model.risk(self.mean - half)


def posterior_from(model: DoseToxicity, log_likelihood: Floats) -> Posterior:
    """The posterior of b from the log likelihood at every node [S, G]."""
    weight = log_likelihood + model.log_prior
    weight -= weight.max(axis=1, keepdims=True)
    np.exp(weight, out=weight)
    total = weight.sum(axis=1)
    mean = weight @ model.grid / total
    variance = weight @ model.grid**2 / total - mean**2
    return Posterior(model, mean, variance)


def posterior(model: DoseToxicity, n: Ints, t: Ints) -> Posterior:
    """The posterior after `t` DLTs of `n` evaluable at each level, [S, D]."""
    evidence = np.concatenate([t, n - t], axis=1).astype(np.float64)
    log_risks = np.maximum(np.concatenate(model.log_risks, axis=1), LOWEST_LOG).T
    at_once = max(1, SINGLE_THREAD // log_risks.size)
    means, variances = np.empty(len(n)), np.empty(len(n))
    for first in range(0, len(n), at_once):
        rows = slice(first, first + at_once)
        found = posterior_from(model, evidence[rows] @ log_risks)
        means[rows], variances[rows] = found.mean, found.variance
    return Posterior(model, means, variances)


def skeleton(halfwidth: float, target: float, prior_mtd: int, levels: int, model: Model = "power") -> tuple[float, ...]:
    """A skeleton from indifference intervals target ± halfwidth around `prior_mtd` (Lee & Cheung 2009,
    doi:10.1177/1740774509105076; `dfcrm::getprior`).

    >>> [round(p, 4) for p in skeleton(0.05, 0.25, 3, 5)]
    [0.084, 0.1567, 0.25, 0.3545, 0.4603]
    """
    if not (0 < target - halfwidth < target + halfwidth < 1 and 1 <= prior_mtd <= levels):
        raise EscalationError(
            f"A skeleton needs 0 < target ± halfwidth < 1 and a prior MTD among the levels, got {target} ± {halfwidth}, "
            f"level {prior_mtd} of {levels}"
        )

    def scale(p: float) -> float:
        return float(np.log(p) if model == "power" else np.log(p / (1 - p)) - INTERCEPT)

    low, middle, high = scale(target - halfwidth), scale(target), scale(target + halfwidth)
    scaled = [middle * (low / high) ** (prior_mtd - level) for level in range(1, levels + 1)]
    if model == "power":
        return tuple(float(np.exp(x)) for x in scaled)
    return tuple(float(1 / (1 + np.exp(-INTERCEPT - x))) for x in scaled)


@dataclass(frozen=True)
class Crm(Rule):
    """The CRM as a rule: treat the next cohort at the level whose estimated risk is closest to the target."""

    model: DoseToxicity
    target: float
    cohort: int = 3
    start: int = 1
    name: str = "CRM"
    lowest: int = 1
    selects = True
    reasons = (
        "{nobody}: start at level {to}",
        "{saw}: the estimated risk closest to the target is at level {to}",
    )

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise EscalationError(f"A CRM needs a target DLT risk between 0 and 1, got {self.target}")
        if not 1 <= self.start <= self.levels or self.cohort < 1:
            raise EscalationError(f"A CRM starts at one of its {self.levels} levels with cohorts of one or more")

    @property
    def levels(self) -> int:  # type: ignore[override]
        """One per skeleton entry."""
        return len(self.model.skeleton)

    def closest(self, n: Ints, t: Ints) -> Ints:
        """The level whose estimated risk is closest to the target; the lower of two equals."""
        new = np.ones(len(n), dtype=np.bool_)  # neighbours with equal counts, as the sweep lists them, are asked once
        new[1:] = (n[1:] != n[:-1]).any(axis=1) | (t[1:] != t[:-1]).any(axis=1)
        away = np.abs(posterior(self.model, n[new], t[new]).risk - self.target)
        found: Ints = (away.argmin(axis=1) + 1)[new.cumsum() - 1]
        return found

    def decide(self, counts: Counts) -> Moves:
        """The next move for every row; counts in, posterior, level out."""
        rows = len(counts.n)
        started = counts.n.sum(axis=1) > 0  # nobody evaluable yet: the first level again
        level = np.where(started, self.closest(counts.n, counts.t), self.start)
        blank = np.zeros(rows, dtype=np.int64)
        return Moves(
            level=level,
            size=blank + self.cohort,
            mtd=blank,
            why=started.astype(np.int64),
            about=np.maximum(counts.current, 1),
        )

    def select(self, n: Ints, t: Ints) -> Ints:
        """The level whose estimated risk is closest to the target."""
        return self.closest(n, t)

    def tolerates_top(self, state: TrialState) -> bool:
        """Whether the estimate at the top level is so low that an interval design would escalate (Liu & Yuan 2015)."""
        estimate = posterior(self.model, np.array([state.n]), np.array([state.t])).risk[0, -1]
        return bool(estimate <= boundary_rates(self.target)[0])

    def remarks(self, tally: Tally) -> tuple[str, ...]:
        """The estimated risk by level, with 90 % limits, once anyone is evaluable."""
        if not tally.evaluable:
            return ()
        found = posterior(self.model, np.array([tally.n]), np.array([tally.t]))
        low, high = found.limits()
        each = zip(self.labels, found.risk[0], low[0], high[0], strict=True)
        return (
            "estimated DLT risk (90 % limits) by level: "
            + "; ".join(f"{level} {risk:.3f} ({least:.3f} to {most:.3f})" for level, risk, least, most in each),
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """The model alone never stops."""
        return (NO_STOP,)

    def prose(self) -> tuple[str, ...]:
        """The rule as sentences for the protocol."""
        guesses = ", ".join(f"{p:.3g}" for p in self.model.skeleton)
        form = "skeleton ^ exp(b)" if self.model.model == "power" else f"expit({self.model.intercept:g} + exp(b) x)"
        return (
            f"Participants are treated in cohorts of {number(self.cohort)}, {self.starts()}.",
            f"DLT risk is modelled as {form}, with b normal, mean 0, variance {self.model.prior_variance:g}; the prior guesses "
            f"by level (skeleton) are {guesses}.",
            f"After each cohort the next is treated at the level whose estimated risk (posterior mean of b plugged in) is "
            f"closest to {self.target:g}. At the end that level is the MTD.",
        )


def crm(
    skeleton: tuple[float, ...] | list[float],
    target: float,
    *,
    model: Model = "power",
    prior_variance: float = PRIOR_VARIANCE,
    intercept: float = INTERCEPT,
    cohort: int = 3,
    start: int = 1,
    lowest: int = 1,
) -> Crm:
    """A CRM with a skeleton and a target; combine with `no_skipping()`, `at_most(n)` and stopping guards."""
    return Crm(
        DoseToxicity(tuple(skeleton), model, prior_variance, intercept),
        target,
        cohort,
        start,
        f"CRM {target:g}",
        lowest,
    )
