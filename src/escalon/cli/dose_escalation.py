"""`escalon dose next` and `escalon dose outlook` from a notation, their options, and how both answers are shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from escalon.cli.output import note, print_json, say, write

if TYPE_CHECKING:
    from escalon.escalation import Conduct, Decision
    from escalon.escalation.outlook import Forecast, Node, Outlook
    from escalon.escalation.timed import Design

DEFAULT_DESIGN, DEFAULT_LEVELS = "3+3 variant=V2 size=18", 3
DESIGN = Annotated[
    str | None,
    Option(
        "--design",
        "-d",
        help=f"The rule, for example '3+3 V1', 'boin target=0.25 size=18'; names: design --help. [default: {DEFAULT_DESIGN}]",
    ),
]
LEVELS = Annotated[
    int | None,
    Option("--levels", "-l", min=1, help=f"How many dose levels the trial has. [default: {DEFAULT_LEVELS}]"),
]
OVERRIDDEN = Annotated[
    bool, Option("--overridden", help="Cohorts the rule did not ask for are meant so: no question about a slip.")
]
RISKS = Annotated[
    list[str] | None,
    Option("--risk", "-r", help="Assumed true DLT risks by level, 0.05,0.15,0.30; may be repeated."),
]
STEPS = Annotated[int, Option("--steps", "-s", min=0, max=6, help="How many steps the tree looks ahead.")]
TREE_FIGURE = Annotated[Path | None, Option("--figure", "-f", help="Write the tree to this SVG file.")]


def next_from_notation(so_far: str, design: str | None, levels: int | None, overridden: bool, as_json: bool) -> None:
    """What a design says of a notation, printed. Exit code 0: treat; 1: wait or stop."""
    from escalon.escalation import next_dose

    chosen, conduct = design_and_conduct(so_far, design, levels)
    decision = next_dose(chosen, conduct)
    if decision.departures and not overridden and not as_json:
        note(
            f"escalon: “{conduct}” is not what {chosen.name} would have done, see the departures. "
            "Correct the notation if that is a slip, or add --overridden if it happened so"
        )
    show_decision(decision, chosen, conduct, as_json)
    raise typer.Exit(0 if decision.action == "treat" else 1)


def design_and_conduct(so_far: str, design: str | None, levels: int | None) -> tuple[Design, Conduct]:
    """The design of one line and the conduct of a notation."""
    from escalon.escalation import parse_conduct, parse_design
    from escalon.escalation.catalogue import settings_from

    text = design if design is not None else DEFAULT_DESIGN
    chosen = parse_design(text, levels or (None if "levels" in settings_from(text) else DEFAULT_LEVELS))
    conduct = parse_conduct(so_far)
    conduct.tally(chosen.levels, chosen.lowest)
    return chosen, conduct


def risks_from(text: str) -> tuple[float, ...]:
    """`0.05,0.15,0.30` as numbers."""
    from escalon.escalation import EscalationError

    try:
        return tuple(float(one) for one in text.replace(";", ",").split(","))
    except ValueError as error:
        raise EscalationError(f"“{text}” is not a list of risks. Write one per level: 0.05,0.15,0.30") from error


def show_decision(decision: Decision, design: Design, conduct: Conduct, as_json: bool) -> None:
    """Print a decision with its reason, the counts it rests on, and any departures from the rule on the way."""
    from escalon.escalation import headline

    if as_json:
        plain = decision.as_json()
        found = {
            "design": design.name,
            "rule": list(design.prose()),
            "so_far": str(conduct),
            "headline": headline(decision),
        }
        departures = [str(one) for one in decision.departures]
        print_json({**found, "decision": plain, **plain, "departures": departures})
        return
    tally = conduct.tally(design.levels, design.lowest)
    say(f"{_sentence(str(decision))}.")
    say(f"Because: {decision.reason}.")
    for one in decision.notes:
        say(f"{_sentence(one) if one.startswith(('departure', 'warning')) else f'Note: {one}'}.")
    for level in range(1, tally.levels + 1):
        n, t = tally[level]
        waiting, out = tally.pending[level - 1], tally.not_evaluable[level - 1]
        if n + waiting + out:
            more = "".join(
                f", {count} {what}" for count, what in ((waiting, "pending"), (out, "not evaluable")) if count
            )
            say(f"  level {design.label(level)}: {t} DLT of {n} evaluable{more}")
    say(f"Rule: {design.name}, {design.levels} levels. {' '.join(design.prose())}")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def show_outlook(
    design: Design,
    conduct: Conduct,
    risk: list[str] | None,
    steps: int,
    figure: Path | None,
    as_json: bool,
    now: Decision | None = None,
    words: Callable[[str], str] = str,
) -> None:
    """Print the tree of the next steps and the forecast of the end; write the figure if asked.

    `now` is what the study has come to, holds and clocks included; without it the rule alone is asked.
    `words`: how a sentence is said of the study.
    """
    from escalon.escalation.outlook import outlook as look
    from escalon.escalation.timed import TimedDesign
    from escalon.reporting.figures.outlook import outlook_svg

    found = look(design, conduct, [risks_from(one) for one in risk or ()], steps, now=now)
    if figure:
        write(figure, outlook_svg(found))
    if as_json:
        print_json(found.as_json(), words)
        return
    _print_tree(found, words)
    for forecast in found.forecasts:
        _print_forecast(forecast)
    if risk and isinstance(design, TimedDesign):
        say(f"\n{design.name} reads the clock: how it ends is simulated, by `escalon design characteristics`.")
    if figure:
        say(f"Figure: {figure}")


def _print_tree(found: Outlook, words: Callable[[str], str]) -> None:
    say(f"{found.rule.name}, so far {found.root.conduct or 'nobody treated'}")
    _print_node(found.root, "", "", "", words)
    for one in found.root.decision.notes:
        say(f"note: {words(one)}")


def _print_node(node: Node, observed: str, first: str, rest: str, words: Callable[[str], str]) -> None:
    """One line per state: what was observed, what the rule says, with which probability, why."""
    chance = "" if node.probability is None else f"  {node.probability:.4f}"
    say(f"{first}{observed}{node.decision}{chance}  ({words(node.decision.reason)})")
    for number, branch in enumerate(node.branches, start=1):
        last = number == len(node.branches)
        ahead = "└─ " if last else "├─ "
        _print_node(branch.node, f"{branch.observed} → ", rest + ahead, rest + ("   " if last else "│  "), words)


def _print_forecast(forecast: Forecast) -> None:
    risks = ", ".join(f"{risk:g}" for risk in forecast.risks)
    say(f"\nIf the true DLT risks are {risks} (exact):")
    ends = [f"{name} {share:.4f}" for name, share in forecast.ends]
    if forecast.unsettled:
        ends.append(f"undecided {forecast.unsettled:.4f}")
    say("  ends with    " + "   ".join(ends))
    say(f"  still to treat {forecast.still_to_treat:.2f} on average")
    law = "   ".join(f"{count}: {share:.4f}" for count, share in forecast.cohorts.items())
    say(f"  decided after exactly this many more cohorts   {law}")
