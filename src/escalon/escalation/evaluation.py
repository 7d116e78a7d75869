"""Exact where the states can be counted, simulated where not: one answer type for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from escalon.escalation.characteristics import Characteristics
from escalon.escalation.enrolment import Pace, duration_law, enrolment_law
from escalon.escalation.ensemble import Ensemble
from escalon.escalation.errors import TooManyStates
from escalon.escalation.estimates import Estimates
from escalon.escalation.rule import Rule
from escalon.escalation.scenario import Scenario
from escalon.escalation.simulation import simulate
from escalon.escalation.sweep import MOST_STATES, sweep
from escalon.escalation.timed import Design
from escalon.escalation.truth import check_target

Progress = Callable[[str, int, int], None]  # called with (what, done, of)


@dataclass(frozen=True)
class Simulation:
    """How to simulate where sweeping is impossible: trials, seed, and days between arrivals for timed designs."""

    trials: int = 10_000
    seed: int = 1
    days_between: float = 14.0


@dataclass(frozen=True)
class Evaluation:
    """What one design does under one scenario, with what matters about over-dosing, enrolment and time."""

    design: str
    scenario: Scenario
    target: float
    characteristics: Characteristics
    correct: Estimates
    above: Estimates
    mostly_overdosed: Estimates | None  # P(more than 60 % treated above the target); None if not computed
    past_cap: float | None = None
    enrolled: float | None = None
    days: Estimates | None = None
    labels: tuple[int, ...] = ()
    """What people call the levels."""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        scenario = self.scenario
        return {
            **self.characteristics.as_json(),
            "design": self.design,
            "levels": list(self.labels),
            "scenario": scenario.name,
            "risks": list(scenario.risks),
            "seen_risks": scenario.seen.tolist(),
            "monotone": scenario.is_monotone,
            "notes": list(scenario.notes()),
            "target": self.target,
            "p_correct": self.correct.as_json(),
            "p_above_target": self.above.as_json(),
            "p_over_60_percent_overdosed": self.mostly_overdosed.as_json() if self.mostly_overdosed else None,
            "expected_enrolled": self.enrolled,
            "p_more_enrolled_than_cap": self.past_cap,
            "expected_days": self.days.as_json() if self.days else None,
            "dlts_by_disease": {
                name: dlts.tolist()
                for name, dlts in scenario.dlts_by_disease(
                    self.characteristics.patients.value / scenario.evaluable
                ).items()
            },
        }


def evaluate(
    design: Design,
    scenarios: Sequence[Scenario],
    target: float,
    simulation: Simulation,
    pace: Pace | None = None,
    cap: int | None = None,
    progress: Progress | None = None,
    most_states: int = MOST_STATES,
) -> tuple[Evaluation, ...]:
    """One design under every scenario: exactly if its states can be swept, all scenarios at once, else simulated."""
    check_target(target)
    ensemble = _ensemble(design, progress, most_states)
    if isinstance(ensemble, Ensemble):
        return _exact(ensemble, scenarios, target, pace, cap)
    found = []
    for number, scenario in enumerate(scenarios, start=1):
        if isinstance(design, Rule):
            simulated = simulate(design, scenario.seen, simulation.trials, simulation.seed)
            found.append(_judged(design, scenario, target, simulated, None))
        else:
            timed = design.simulate(
                scenario.seen, simulation.trials, simulation.seed, days_between=simulation.days_between
            )
            found.append(_judged(design, scenario, target, timed, None))
        if progress:
            progress(design.name, number, len(scenarios))
    return tuple(found)


def _ensemble(design: Design, progress: Progress | None, most_states: int) -> Ensemble | None:
    if not isinstance(design, Rule):
        return None
    cohorts = (design.cap or 0) // design.cohort

    def told(done: int, states: int) -> None:
        if progress:
            progress(f"{design.name}: {states:,} states", min(done, cohorts), cohorts)

    try:
        return sweep(design, progress=told, most_states=most_states)
    except TooManyStates:
        return None


def _exact(
    ensemble: Ensemble, scenarios: Sequence[Scenario], target: float, pace: Pace | None, cap: int | None
) -> tuple[Evaluation, ...]:
    """Every scenario from one table of end states."""
    if not scenarios:
        return ()
    seen, total = (np.stack([getattr(one, name) for one in scenarios]) for name in ("seen", "total"))
    exact = ensemble.under(seen)
    over = ensemble.overdosing(seen, target, Fraction(6, 10), total)
    days = duration_law(ensemble, seen, pace).mean() if pace else None
    found = []
    for number, scenario in enumerate(scenarios):
        judged = _judged(ensemble.rule, scenario, target, exact[number], Estimates.of(over[number]))
        if scenario.leaving:
            law = enrolment_law(ensemble, scenario)
            limit = cap or ensemble.rule.cap
            past = float(law.more_than(limit)) if limit else None
            judged = replace(judged, enrolled=float(law.mean()), past_cap=past)
        found.append(judged if days is None else replace(judged, days=Estimates.of(days[number])))
    return tuple(found)


def _judged(
    design: Design, scenario: Scenario, target: float, found: Characteristics, over: Estimates | None
) -> Evaluation:
    """Correct and too high are judged by the true risk, whatever the rule could see of it."""
    judged = replace(found, truth=scenario.total)
    return Evaluation(
        design.name,
        scenario,
        target,
        replace(found, scenario=scenario.name),
        judged.selects_correctly(target),
        judged.selects_above(target),
        over,
        days=found.days,
        labels=design.labels,
    )


@dataclass(frozen=True)
class Comparison:
    """Designs against scenarios: one row of evaluations per design."""

    target: float
    scenarios: tuple[Scenario, ...]
    rows: tuple[tuple[Evaluation, ...], ...]

    def named(self, names: Sequence[str]) -> Comparison:
        """The same comparison with other names for the designs, for when two are called alike."""
        rows = zip(self.rows, names, strict=True)
        return replace(self, rows=tuple(tuple(replace(one, design=name) for one in row) for row, name in rows))

    def average(self, row: int, what: Callable[[Evaluation], Estimates]) -> Estimates:
        """The mean of a number over the scenarios, for one design.

        Simulations of one design share their seed, so their errors may move together: the standard error given is the
        mean of theirs, the most it can be.
        """
        numbers = [what(one) for one in self.rows[row]]
        errors = [one.standard_error for one in numbers if one.standard_error is not None]
        return Estimates.of(np.mean([one.value for one in numbers]), np.sum(errors) / len(numbers) if errors else None)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "target": self.target,
            "designs": [row[0].design for row in self.rows],
            "scenarios": [scenario.name for scenario in self.scenarios],
            "results": [one.as_json() for row in self.rows for one in row],
        }


def compare(
    designs: Sequence[Design],
    scenarios: Sequence[Scenario],
    target: float,
    simulation: Simulation | None = None,
    pace: Pace | None = None,
    cap: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Every design under every scenario."""
    how = simulation or Simulation()
    rows = tuple(evaluate(design, scenarios, target, how, pace, cap, progress) for design in designs)
    return Comparison(target, tuple(scenarios), rows)
