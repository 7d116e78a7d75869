"""How `escalon design` shows characteristics on the screen: one table a truth, averages over many, the spread of one design."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from escalon.cli.output import print_aligned, say

if TYPE_CHECKING:
    from escalon.escalation.estimates import Estimates
    from escalon.escalation.evaluation import Comparison, Evaluation


def print_comparison(found: Comparison) -> None:
    """Designs against scenarios: one table a scenario, or averages over many."""
    if len(found.scenarios) > MANY:
        _print_averages(found)
        return
    for number, scenario in enumerate(found.scenarios):
        evaluations = [row[number] for row in found.rows]
        levels = _labels(evaluations)
        extras = _extras(evaluations)
        header = ["design", "no MTD", *(f"MTD {level}" for level in levels), "undecided", "E[N]", "E[DLT]"]
        header += [
            f"P(closest to {found.target:g})",
            "P(MTD above)",
            "P(>60 % above)",
            *(name for name, _ in extras),
            "how",
        ]
        say(scenario.title)
        for note in scenario.notes():
            say(f"  note: {note}")
        print_aligned(
            header,
            [[*_cells(one), *(cell(one) for _, cell in extras), one.characteristics.method] for one in evaluations],
        )
        say("")


def _labels(evaluations: list[Evaluation]) -> tuple[int, ...]:
    """What people call the levels; counted from 1 where the designs call them differently."""
    named = {one.labels for one in evaluations}
    return named.pop() if len(named) == 1 else tuple(range(1, len(evaluations[0].labels) + 1))


MANY = 12  # scenarios beyond which averages are shown instead of one table each


def _cells(one: Evaluation) -> list[str]:
    found = one.characteristics
    over = "-" if one.mostly_overdosed is None else f"{one.mostly_overdosed:.3f}"
    return [
        one.design,
        *(f"{chance:.3f}" for chance in found.selection),
        f"{found.unsettled:.3f}",
        f"{found.size:.1f}",
        f"{found.total_dlts:.2f}",
        f"{one.correct:.3f}",
        f"{one.above:.3f}",
        over,
    ]


def _extras(evaluations: list[Evaluation]) -> list[tuple[str, Callable[[Evaluation], str]]]:
    """Columns that only some questions have: enrolment with replacement, duration."""

    def number(value: float | None, spec: str) -> str:
        return "-" if value is None else format(value, spec)

    columns: list[tuple[str, Callable[[Evaluation], str]]] = []
    if any(one.enrolled is not None for one in evaluations):
        columns.append(("E[enrolled]", lambda one: number(one.enrolled, ".1f")))
        columns.append(("P(enrolled > cap)", lambda one: number(one.past_cap, ".3f")))
    if any(one.days is not None for one in evaluations):
        columns.append(("E[days]", lambda one: "-" if one.days is None else f"{one.days:.0f}"))
    return columns


def _print_averages(found: Comparison) -> None:
    columns: list[tuple[str, Callable[[Evaluation], Estimates]]] = [
        (f"P(closest to {found.target:g})", lambda one: one.correct),
        ("P(MTD above)", lambda one: one.above),
        ("no MTD", lambda one: one.characteristics.none),
        ("E[N]", lambda one: one.characteristics.size),
        ("E[DLT]", lambda one: one.characteristics.total_dlts),
    ]
    say(f"Averages over {len(found.scenarios)} scenarios (--json gives every one)")
    rows = [
        [row[0].design, *(f"{found.average(number, what):.3f}" for _, what in columns), row[0].characteristics.method]
        for number, row in enumerate(found.rows)
    ]
    print_aligned(["design", *(name for name, _ in columns), "how"], rows)


def print_spread(found: tuple[Evaluation, ...]) -> None:
    """One design over many truths: the mean of each number, the least and the most, and those between which half lie."""
    import numpy as np

    first, levels = found[0], found[0].labels
    numbers: list[tuple[str, Callable[[Evaluation], Estimates | None]]] = [
        (f"P(closest to {first.target:g})", lambda one: one.correct),
        ("P(MTD above)", lambda one: one.above),
        ("P(>60 % above)", lambda one: one.mostly_overdosed),
        ("no MTD", lambda one: one.characteristics.none),
        *(
            (f"MTD {level}", lambda one, at=at: one.characteristics.selection[at])
            for at, level in enumerate(levels, start=1)
        ),
        ("E[N]", lambda one: one.characteristics.size),
        ("E[DLT]", lambda one: one.characteristics.total_dlts),
        ("E[days]", lambda one: one.days),
    ]
    say(f"{first.design} over {len(found):,} truths ({first.characteristics.method}; --json gives every one)")
    rows = []
    for name, of in numbers:
        values = [float(number.value) for one in found if (number := of(one)) is not None]
        if values:
            shown = [np.mean(values), *np.quantile(values, [0, 0.25, 0.5, 0.75, 1])]
            rows.append([name, *(f"{value:.3f}" for value in shown)])
    print_aligned(["", "mean", "least", "quarter", "half", "three quarters", "most"], rows)


def print_characteristics(one: Evaluation) -> None:
    """One design under one scenario: by level, then what is summed over levels."""
    found, scenario = one.characteristics, one.scenario
    say(f"{one.design}, {scenario.title} ({found.method})")
    for note in scenario.notes():
        say(f"  note: {note}")
    say(f"  {'level':<10}{'true risk':>12}{'P(MTD)':>20}{'E[evaluable]':>20}{'E[DLT]':>20}")
    say(f"  {'none':<10}{'':>12}{f'{found.none:.6f}':>20}")
    for level, risk in enumerate(scenario.total.tolist(), start=1):
        numbers = (found.selection[level], found.patients[level - 1], found.dlts[level - 1])
        say(
            f"  {one.labels[level - 1]:<10}{risk:>12.4g}"
            + "".join(f"{format(number, '.6f'):>20}" for number in numbers)
        )
    if float(found.unsettled.value):
        say(f"  the rule names no MTD when full: {found.unsettled:.6f}")
    say(f"  expected size {found.size:.4f}; P(size): " + "  ".join(f"{n:g}: {p:.4f}" for n, p in found.sizes.items()))
    say(
        f"  P(MTD is the level closest to {one.target:g}) {one.correct:.4f}; P(MTD above {one.target:g}) {one.above:.4f}"
    )
    evaluable = found.patients.value / scenario.evaluable
    for disease, dlts in scenario.dlts_by_disease(evaluable).items():
        say(f"  expected DLTs in {disease}, by level: " + "  ".join(f"{count:.4f}" for count in dlts.tolist()))
    if one.mostly_overdosed is not None:
        say(f"  P(more than 60 % treated above {one.target:g}) {one.mostly_overdosed:.4f}")
    if one.enrolled is not None:
        past = "" if one.past_cap is None else f"; P(more than the cap) {one.past_cap:.4f}"
        say(f"  expected enrolled, with replacement {one.enrolled:.3f}{past}")
    if one.days is not None:
        say(f"  expected duration {one.days:.0f} days")
