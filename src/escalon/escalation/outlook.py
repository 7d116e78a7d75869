"""What can still happen from here: dose-transition pathways and the exact law of the end.

The tree asks the same question as the safety review after every possible cohort (Yap 2017,
doi:10.1158/1078-0432.CCR-17-0582). The forecast sweeps every completion to the end of the trial.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalon.escalation.advice import next_dose, said
from escalon.escalation.calendar_guards import CalendarGuard
from escalon.escalation.decision import Decision, Stop, Treat, Wait
from escalon.escalation.ensemble import Ensemble
from escalon.escalation.errors import EscalationError
from escalon.escalation.guards import Guard
from escalon.escalation.notation import Cohort, Conduct, Outcome, Treated, parse_conduct
from escalon.escalation.rule import Rule
from escalon.escalation.sweep import Progress, sweep
from escalon.escalation.timed import Design
from escalon.escalation.truth import checked_truths

Risks = Sequence[float]


@dataclass(frozen=True)
class Branch:
    """One way a step can turn out: what is observed, with which probability (None if no risks were given), and then."""

    observed: str
    probability: float | None
    node: Node


@dataclass(frozen=True)
class Node:
    """A state of the trial: what has happened, what the rule says, and how the next step can turn out."""

    conduct: Conduct
    decision: Decision
    probability: float | None
    branches: tuple[Branch, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below, depth first."""
        yield self
        for branch in self.branches:
            yield from branch.node.walk()

    def as_json(self) -> dict[str, Any]:
        """The tree as plain data."""
        return {
            "so_far": str(self.conduct),
            "decision": self.decision.as_json(),
            "probability": self.probability,
            "next": [
                {"observed": one.observed, "probability": one.probability, **one.node.as_json()}
                for one in self.branches
            ],
        }


@dataclass(frozen=True)
class Forecast:
    """The exact end of the trial from here, under given risks.

    `mtd[k]` is P(MTD = k), `mtd[0]` P(none), `unsettled` P(the rule names none); `still_to_treat` the expected number
    of further participants, and its law; `cohorts` the law of further cohorts until the question is decided.
    """

    risks: tuple[float, ...]
    mtd: tuple[float, ...]
    unsettled: float
    still_to_treat: float
    participants: dict[int, float]
    cohorts: dict[int, float]
    by_level: tuple[float, ...]
    labels: tuple[int, ...]
    """What people call the levels."""

    @property
    def ends(self) -> list[tuple[str, float]]:
        """How the trial can end, in words, each with its probability."""
        return list(zip(("no MTD", *(f"MTD {label}" for label in self.labels)), self.mtd, strict=True))

    @property
    def earliest(self) -> int:
        """The fewest further cohorts after which the question can be decided."""
        return min(self.cohorts)

    @property
    def latest(self) -> int:
        """The most further cohorts that can be needed."""
        return max(self.cohorts)

    def as_json(self) -> dict[str, Any]:
        """The forecast as plain data."""
        return {
            "risks": list(self.risks),
            "method": "exact",
            "mtd": dict(zip(("none", *map(str, self.labels)), self.mtd, strict=True)),
            "unsettled": self.unsettled,
            "still_to_treat": self.still_to_treat,
            "still_to_treat_by_level": list(self.by_level),
            "participants": {str(count): share for count, share in self.participants.items()},
            "cohorts": {str(count): share for count, share in self.cohorts.items()},
            "earliest_cohorts": self.earliest,
            "latest_cohorts": self.latest,
        }


@dataclass(frozen=True)
class Outlook:
    """The tree of the next steps, and the forecast of the end for each set of risks asked about.

    There is no forecast for a design that reads the clock: its characteristics are simulated.
    """

    rule: Design
    root: Node
    depth: int
    forecasts: tuple[Forecast, ...]

    def as_json(self) -> dict[str, Any]:
        """The outlook as plain data."""
        return {
            "design": self.rule.name,
            "tree": self.root.as_json(),
            "forecasts": [forecast.as_json() for forecast in self.forecasts],
        }


def outlook(
    rule: Design,
    so_far: str | Conduct,
    risks: Risks | Sequence[Risks] = (),
    depth: int = 2,
    progress: Progress | None = None,
    *,
    now: Decision | None = None,
    guards: Iterable[Guard | CalendarGuard] = (),
    today: date | None = None,
) -> Outlook:
    """Everything that can happen in the next `depth` steps, and how the trial ends, from what has happened so far.

    `risks` is one truth or several; the tree carries the probabilities of the first. Without risks the tree has no
    probabilities and there is no forecast: Escalon assumes no risks of its own. The first step is what may be done
    `today` under the `guards`, or the decision `now` that a study has come to (a hold included); later steps follow the rule.
    """
    conduct = parse_conduct(so_far) if isinstance(so_far, str) else so_far
    truths = np.atleast_2d(checked_truths(risks, rule.levels)) if len(risks) else np.zeros((0, rule.levels))
    if depth < 0:
        raise EscalationError(f"An outlook of {depth} steps: write 0 or more")
    held = tuple(guards)
    decision = now or next_dose(rule, conduct, held, today)
    chance = 1.0 if len(truths) else None
    root = _node(rule, conduct, truths[0] if len(truths) else None, chance, depth, decision)
    ends = list(_ends(rule, conduct, progress)) if len(truths) and isinstance(rule, Rule) else []
    return Outlook(rule, root, depth, tuple(_forecast(rule, conduct, ends, truth) for truth in truths if ends))


def _node(
    rule: Design,
    conduct: Conduct,
    risks: NDArray[np.float64] | None,
    probability: float | None,
    depth: int,
    now: Decision | None = None,
) -> Node:
    decision = now or said(rule, conduct)
    if depth == 0 or isinstance(decision, Stop):
        return Node(conduct, decision, probability)
    branches = []
    for observed, chance, after in _steps(rule, conduct, decision, risks):
        reached = None if chance is None or probability is None else probability * chance
        branches.append(Branch(observed, chance, _node(rule, after, risks, reached, depth - 1)))
    return Node(conduct, decision, probability, tuple(branches))


def _steps(
    rule: Design, conduct: Conduct, decision: Decision, risks: NDArray[np.float64] | None
) -> Iterator[tuple[str, float | None, Conduct]]:
    """How the next step can turn out: the pending outcomes if nobody is dosed before, else the next cohort.

    Where only a date holds the next infusion, the step is that date.
    """
    if isinstance(decision, Treat):
        for dlts in range(decision.size + 1):
            cohort = _cohort(decision.level, decision.size, dlts)
            risk = None if risks is None else float(risks[rule.counted(decision.level) - 1])
            chance = None if risk is None else _binomial(decision.size, dlts, risk)
            yield str(cohort), chance, Conduct((*conduct.cohorts, cohort))
    elif isinstance(decision, Wait) and decision.until and isinstance(said(rule, conduct), Treat):
        yield f"from {decision.until}, if nothing more is known", None if risks is None else 1.0, conduct
    elif isinstance(decision, Wait):
        for outcomes, chance in _pending(rule, conduct, risks):
            yield _told(outcomes), chance, _resolved(conduct, outcomes)


def _cohort(level: int, size: int, dlts: int) -> Cohort:
    return Cohort(tuple(Treated(level, Outcome.NO_DLT if one < size - dlts else Outcome.DLT) for one in range(size)))


def _binomial(size: int, dlts: int, risk: float) -> float:
    return comb(size, dlts) * risk**dlts * (1 - risk) ** (size - dlts)


def _pending(
    rule: Design, conduct: Conduct, risks: NDArray[np.float64] | None
) -> Iterator[tuple[dict[int, tuple[int, int]], float | None]]:
    """Every outcome {level: (pending, DLTs)} of those pending, with its probability."""
    waiting: dict[int, int] = {}
    for one in conduct:
        if one.outcome is Outcome.PENDING:
            waiting[one.level] = waiting.get(one.level, 0) + 1
    if not waiting:  # a hold that no outcome lifts
        return
    shape = [count + 1 for count in waiting.values()]
    for dlts in np.ndindex(*shape):
        outcomes = {level: (count, had) for (level, count), had in zip(waiting.items(), dlts, strict=True)}
        if risks is None:
            yield outcomes, None
        else:
            told = outcomes.items()
            chances = [_binomial(count, had, float(risks[rule.counted(level) - 1])) for level, (count, had) in told]
            yield outcomes, float(np.prod(chances))


def _told(outcomes: dict[int, tuple[int, int]]) -> str:
    return " ".join(f"pending at {level}: {'N' * (count - had)}{'T' * had}" for level, (count, had) in outcomes.items())


def _resolved(conduct: Conduct, outcomes: dict[int, tuple[int, int]]) -> Conduct:
    """The conduct with everyone pending resolved; within a level, the DLTs are given to the last ones."""
    left = {level: [count - had, had] for level, (count, had) in outcomes.items()}
    cohorts = []
    for cohort in conduct.cohorts:
        treated = []
        for one in cohort.treated:
            outcome = one.outcome
            if outcome is Outcome.PENDING:
                outcome = Outcome.NO_DLT if left[one.level][0] else Outcome.DLT
                left[one.level][0 if outcome is Outcome.NO_DLT else 1] -= 1
            treated.append(replace(one, outcome=outcome, followed=None))
        cohorts.append(Cohort(tuple(treated)))
    return Conduct(tuple(cohorts))


@dataclass(frozen=True)
class _End:
    """A sweep to the end from one completion, the factors that lead there, and cohorts and participants used up."""

    ensemble: Ensemble
    factors: tuple[tuple[int, int, int], ...]  # (level, size, DLTs) of each step before the sweep
    cohorts: int

    def chance(self, risks: NDArray[np.float64]) -> float:
        """The probability of the steps before the sweep."""
        each = (
            _binomial(size, dlts, float(risks[self.ensemble.rule.counted(level) - 1]))
            for level, size, dlts in self.factors
        )
        return float(np.prod(list(each)))


def _ends(
    rule: Rule,
    conduct: Conduct,
    progress: Progress | None,
    factors: tuple[tuple[int, int, int], ...] = (),
    used: int = 0,
) -> Iterator[_End]:
    """Sweeps that together cover every completion: pending outcomes and an open cohort are branched on first."""
    tally = conduct.tally(rule.levels, rule.lowest, rule.cohort if rule.recalls is not None else None)
    decision = said(rule, conduct)
    fills = not rule.decides_within_cohort and bool(conduct.in_open_cohort(rule.cohort))
    pending = any(tally.pending)
    if isinstance(decision, Treat) and (fills or pending):
        for dlts in range(decision.size + 1):
            after = Conduct((*conduct.cohorts, _cohort(decision.level, decision.size, dlts)))
            step = (decision.level, decision.size, dlts)
            yield from _ends(rule, after, progress, (*factors, step), used + 1)
    elif pending:
        for outcomes, _ in _pending(rule, conduct, None):
            steps = tuple((level, count, had) for level, (count, had) in outcomes.items())
            yield from _ends(rule, _resolved(conduct, outcomes), progress, factors + steps, used)
    else:
        yield _End(sweep(rule, tally, progress), factors, used)


def _forecast(rule: Design, conduct: Conduct, ends: list[_End], risks: NDArray[np.float64]) -> Forecast:
    levels = len(risks)
    done = conduct.tally(levels, rule.lowest)
    treated = np.array(done.n) + np.array(done.pending)
    mtd, by_level = np.zeros(levels + 2), np.zeros(levels)
    participants: dict[int, float] = {}
    cohorts: dict[int, float] = {}
    for end in ends:
        probability = end.chance(risks) * end.ensemble.probability(risks)
        mtd += np.bincount(end.ensemble.mtd + 1, weights=probability, minlength=levels + 2)
        by_level += probability @ (end.ensemble.n - treated)
        _add(participants, end.ensemble.size.astype(np.int64) - int(treated.sum()), probability)
        _add(cohorts, end.ensemble.cohorts.astype(np.int64) + end.cohorts, probability)
    return Forecast(
        risks=tuple(risks.tolist()),
        mtd=tuple(mtd[1:].tolist()),
        unsettled=float(mtd[0]),
        still_to_treat=float(by_level.sum()),
        participants=dict(sorted(participants.items())),
        cohorts=dict(sorted(cohorts.items())),
        by_level=tuple(by_level.tolist()),
        labels=rule.labels,
    )


def _add(law: dict[int, float], values: NDArray[np.int64], probability: NDArray[np.float64]) -> None:
    for value in np.unique(values).tolist():
        law[value] = law.get(value, 0.0) + float(probability[values == value].sum())
