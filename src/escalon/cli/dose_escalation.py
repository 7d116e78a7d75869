"""`escalon dose next` and `escalon dose outlook`: what the dose rule says now, and what can still happen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from escalon.cli.output import AsJson, print_json, say, write

if TYPE_CHECKING:
    from escalon.escalation import Conduct, Decision, Rule
    from escalon.escalation.outlook import Forecast, Node, Outlook

SO_FAR = Annotated[
    str,
    typer.Argument(
        metavar="SO_FAR",
        help="Cohorts in order: level, then a letter each: N no DLT, T DLT, P pending, X not evaluable. Empty: ''.",
    ),
]
DESIGN = Annotated[
    str,
    typer.Option(
        "--design", "-d", help="The rule, for example '3+3 V1', 'boin target=0.25 size=18'; names: design --help."
    ),
]
LEVELS = Annotated[int, typer.Option("--levels", "-l", min=1, help="How many dose levels the trial has.")]
OVERRIDDEN = Annotated[
    bool, typer.Option("--overridden", help="Go on from cohorts the rule did not ask for; they are named.")
]


def next_dose(
    so_far: SO_FAR = "",
    design: DESIGN = "3+3 variant=V2 size=18",
    levels: LEVELS = 3,
    overridden: OVERRIDDEN = False,
    as_json: AsJson = False,
) -> None:
    """What the dose rule says next, and why.

    escalon dose next "1NNN 2NNT"

    escalon dose next "1NNN 2NTT" --design "3+3 V1"

    escalon dose next "1NNN 2NTP" --json

    escalon dose next "1NNNN 3NNT" --overridden
    """
    rule, conduct = rule_and_conduct(so_far, design, levels, overridden)
    from escalon.escalation import next_dose as ask

    show_decision(ask(rule, conduct), rule, conduct, as_json=as_json)


def outlook(
    so_far: SO_FAR = "",
    design: DESIGN = "3+3 variant=V2 size=18",
    levels: LEVELS = 3,
    risk: Annotated[
        list[str] | None,
        typer.Option("--risk", "-r", help="Assumed true DLT risks by level, 0.05,0.15,0.30; may be repeated."),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", "-s", min=0, max=6, help="How many steps the tree looks ahead.")] = 2,
    figure: Annotated[Path | None, typer.Option("--figure", "-f", help="Write the tree to this SVG file.")] = None,
    overridden: OVERRIDDEN = False,
    as_json: AsJson = False,
) -> None:
    """Everything that can happen next, and how the trial ends from here, exactly.

    escalon dose outlook "1NNN 2NNT" --risk 0.05,0.15,0.30

    escalon dose outlook "1NNN 2NNP" -r 0.05,0.15,0.30 -r 0.10,0.25,0.45 --figure outlook.svg

    Without --risk the tree has no probabilities: Escalon assumes no risks of its own.
    """
    rule, conduct = rule_and_conduct(so_far, design, levels, overridden)
    show_outlook(rule, conduct, [risks_from(one) for one in risk or ()], steps, figure, as_json=as_json)


def rule_and_conduct(so_far: str, design: str, levels: int, overridden: bool) -> tuple[Rule, Conduct]:
    """The rule of a one-line design and the conduct of a notation; departures are refused unless overridden."""
    from escalon.escalation import EscalationError, parse_conduct
    from escalon.escalation.catalogue import rule_from_text
    from escalon.escalation.replay import departures

    rule, conduct = rule_from_text(design, levels), parse_conduct(so_far)
    conduct.tally(levels)
    left = departures(rule, conduct)
    if left and not overridden:
        raise EscalationError(
            f"“{conduct}” is not what {rule.name} would have done: {left[0]}. "
            "Correct the notation, or add --overridden if this is what happened"
        )
    return rule, conduct


def risks_from(text: str) -> tuple[float, ...]:
    """`0.05,0.15,0.30` as numbers."""
    from escalon.escalation import EscalationError

    try:
        return tuple(float(one) for one in text.replace(";", ",").split(","))
    except ValueError as error:
        raise EscalationError(f"“{text}” is not a list of risks. Write one per level: 0.05,0.15,0.30") from error


def show_decision(
    decision: Decision, rule: Rule, conduct: Conduct, *, as_json: bool = False, extra: dict[str, Any] | None = None
) -> None:
    """Print a decision with its reason, the counts it rests on, and any departures from the rule on the way."""
    from escalon.escalation.replay import departures

    left = [str(one) for one in departures(rule, conduct)]
    if as_json:
        found = {"design": rule.name, "rule": list(rule.prose()), "so_far": str(conduct), **decision.as_json()}
        print_json({**found, "departures": left, **(extra or {})})
        return
    tally = conduct.tally(rule.levels)
    say(f"{_sentence(str(decision))}.")
    say(f"Because: {decision.reason}.")
    for note in decision.notes:
        say(f"Note: {note}.")
    for level in range(1, tally.levels + 1):
        n, t = tally[level]
        waiting, out = tally.pending[level - 1], tally.not_evaluable[level - 1]
        if n + waiting + out:
            more = "".join(
                f", {count} {what}" for count, what in ((waiting, "pending"), (out, "not evaluable")) if count
            )
            say(f"  level {level}: {t} DLT of {n} evaluable{more}")
    for one in left:
        say(f"Departure from the rule: {one}.")
    say(f"Rule: {rule.name}, {rule.levels} levels. {' '.join(rule.prose())}")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def show_outlook(
    rule: Rule,
    conduct: Conduct,
    risks: list[tuple[float, ...]],
    steps: int,
    figure: Path | None,
    *,
    as_json: bool = False,
) -> None:
    """Print the tree of the next steps and the forecast of the end; write the figure if asked."""
    from escalon.escalation.outlook import outlook as look
    from escalon.escalation.outlook_figure import outlook_svg

    found = look(rule, conduct, risks, steps)
    if figure:
        write(figure, outlook_svg(found))
    if as_json:
        print_json(found.as_json())
        return
    _print_tree(found)
    for forecast in found.forecasts:
        _print_forecast(forecast)
    if figure:
        say(f"Figure: {figure}")


def _print_tree(found: Outlook) -> None:
    say(f"{found.rule.name}, so far {found.root.conduct or 'nobody treated'}")
    _print_node(found.root, "", "", "")


def _print_node(node: Node, observed: str, first: str, rest: str) -> None:
    """One line per state: what was observed, what the rule says, with which probability, why."""
    chance = "" if node.probability is None else f"  {node.probability:.4f}"
    say(f"{first}{observed}{node.decision}{chance}  ({node.decision.reason})")
    for number, branch in enumerate(node.branches, start=1):
        last = number == len(node.branches)
        ahead = "└─ " if last else "├─ "
        _print_node(branch.node, f"{branch.observed} → ", rest + ahead, rest + ("   " if last else "│  "))


def _print_forecast(forecast: Forecast) -> None:
    risks = ", ".join(f"{risk:g}" for risk in forecast.risks)
    say(f"\nIf the true DLT risks are {risks} (exact):")
    ends = [f"{'no MTD' if level == 0 else f'MTD {level}'} {share:.4f}" for level, share in enumerate(forecast.mtd)]
    if forecast.unsettled:
        ends.append(f"undecided {forecast.unsettled:.4f}")
    say("  ends with    " + "   ".join(ends))
    say(f"  still to treat {forecast.still_to_treat:.2f} on average")
    law = "   ".join(f"{count}: {share:.4f}" for count, share in forecast.cohorts.items())
    say(f"  decided after exactly this many more cohorts   {law}")
