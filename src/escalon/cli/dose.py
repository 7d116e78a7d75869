"""`escalon dose`: the dose of cells, lymphodepletion, the next decision, and what can still happen."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeGuard

import typer
from typer import Argument, Option
from typer.core import TyperCommand

from escalon.cli.dose_escalation import (
    DESIGN,
    LEVELS,
    OVERRIDDEN,
    RISKS,
    STEPS,
    TREE_FIGURE,
    design_and_conduct,
    next_from_notation,
    show_outlook,
)
from escalon.cli.dose_lymphodepletion import lymphodepletion
from escalon.cli.dose_product import product
from escalon.cli.loading import Cutoff, Reader, Readings, load_as_of
from escalon.cli.output import AsJson, print_json, print_table, say, say_if_synthetic

if TYPE_CHECKING:
    from escalon.conduct.judge.dosing import NextDose
    from escalon.history import Trial
    from escalon.protocol import Study
    from escalon.sources.intake import Intake

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
app.command("product")(product)
app.command("lymphodepletion")(lymphodepletion)

_COHORT = re.compile(r"[-−]?\d+[A-Za-z][A-Za-z0-9@]*")


class OfCohorts(TyperCommand):
    """A command to which cohorts are given: those of a level below zero (`-1NNN`) are no options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give them after `--`, where nothing is an option, once one of them begins with a minus."""
        below = [word for word in args if word.startswith("-") and _COHORT.match(word)]
        if below and "--" not in args:
            cohorts = [word for word in args if _COHORT.match(word)]
            args = [*(word for word in args if word not in cohorts), "--", *cohorts]
        return super().parse_args(ctx, args)


Stratum = Annotated[str | None, Option("--stratum", help="Only this stratum, where each escalates by itself.")]
SoFar = Annotated[
    list[str] | None,
    Argument(
        metavar="[SO_FAR | STUDY DATA]",
        help="Cohorts in order, '1NNN 2NNT': level, then a letter each: N no DLT, T DLT, P pending, X not evaluable; "
        "'' before the first. Or a study and its data folder.",
    ),
]


@app.command("next", cls=OfCohorts)
def next_dose(
    what: SoFar = None,
    design: DESIGN = None,
    levels: LEVELS = None,
    overridden: OVERRIDDEN = False,
    cutoff: Cutoff = None,
    stratum: Stratum = None,
    reader: Reader = None,
    readings: Readings = None,
    as_json: AsJson = False,
) -> None:
    """What the dose rule says next, and why: from the notation, or from a study's data with its windows and guards.

    escalon dose next "1NNN 2NNT"

    escalon dose next "1NNN 2NTP" --design "3+3 V1" --json

    escalon dose next {study} demo/data --cutoff 2025-06-01

    Any history is answered; a cohort that the rule had not asked for (a level skipped or left unfinished, one too many) is
    named as a departure.

    From data, a participant counts as free of DLT only once the window has closed; the rule, its variant and its guards are
    the study's; a stop that the committee signed stands above it. Exit code 0: treat; 1: wait or stop; 2: the input is wrong.
    """
    if _is_data(what, cutoff, design, levels, readings):
        _from_data(what, cutoff, reader, stratum, readings, as_json)
    else:
        next_from_notation(" ".join(what or ()), design, levels, overridden, as_json)


@app.command(cls=OfCohorts)
def outlook(
    what: SoFar = None,
    design: DESIGN = None,
    levels: LEVELS = None,
    risk: RISKS = None,
    steps: STEPS = 2,
    figure: TREE_FIGURE = None,
    cutoff: Cutoff = None,
    stratum: Stratum = None,
    reader: Reader = None,
    readings: Readings = None,
    as_json: AsJson = False,
) -> None:
    """Everything that can happen next, and how the trial ends from here, exactly.

    escalon dose outlook "1NNN 2NNT" --risk 0.05,0.15,0.30

    escalon dose outlook {study} demo/data --cutoff 2025-06-10 --risk 0.05,0.15,0.30 --figure outlook.svg

    Without --risk the tree has no probabilities: Escalon assumes no risks of its own.
    """
    if _is_data(what, cutoff, design, levels, readings):
        from escalon.protocol.design import dose_rule

        protocol, whole = _decided(what, cutoff, reader, readings)[:2]
        found = whole.of(stratum or "")
        if found.strata:
            raise ValueError(f"each stratum has its own outlook: add --stratum {' or '.join(dict(found.strata))}")
        show_outlook(dose_rule(protocol), found.conduct, risk, steps, figure, as_json, found.decision, protocol.said)
    else:
        chosen, conduct = design_and_conduct(" ".join(what or ()), design, levels)
        show_outlook(chosen, conduct, risk, steps, figure, as_json)


def _is_data(
    what: list[str] | None, cutoff: str | None, design: str | None, levels: int | None, readings: list[str] | None
) -> TypeGuard[list[str]]:
    """Whether the arguments are a study and a data folder, not cohorts; what belongs to the other kind is refused."""
    from escalon.escalation import EscalationError

    if what is None:
        raise EscalationError(
            "which trial? Write its cohorts so far, for example '1NNN 2NNT' ('' before the first), "
            "or a study and its data folder, for example STUDY DATA"
        )
    words = [word for text in what for word in text.split()]
    is_data = len(what) == 2 and not all(_COHORT.fullmatch(word) for word in words)
    if is_data and (design is not None or levels is not None):
        raise EscalationError("--design and --levels go with cohorts such as '1NNN 2NNT'; a study brings its own rule")
    if not is_data and cutoff is not None:
        raise EscalationError(
            "--cutoff goes with a study and its data folder; cohorts such as '1NNN 2NNT' have no dates"
        )
    if not is_data and readings:
        raise EscalationError(
            "--with goes with a study and its data folder; cohorts such as '1NNN' rest on no assumption"
        )
    return is_data


def _decided(
    what: list[str], cutoff: str | None, reader: str | None, readings: list[str] | None
) -> "tuple[Study, NextDose, Intake, Trial]":
    from escalon.conduct.judge.dosing import decide_next_dose

    protocol, intake, trial, day = load_as_of(what[0], Path(what[1]), reader, cutoff, readings)
    return protocol, decide_next_dose(protocol, trial, day), intake, trial


def _from_data(
    what: list[str],
    cutoff: str | None,
    reader: str | None,
    stratum: str | None,
    readings: list[str] | None,
    as_json: bool,
) -> None:
    from escalon.conduct.judge.cutoff import left_out, left_out_sentence
    from escalon.conduct.judge.departures import grouped
    from escalon.conduct.judge.watched import all_departures
    from escalon.facts import Day

    protocol, whole, intake, trial = _decided(what, cutoff, reader, readings)
    found = whole.of(stratum or "")
    departed, later = all_departures(protocol, trial, Day.of(found.today)), left_out(trial)
    if as_json:
        answer = {"study": protocol.id, "version": protocol.version, "account": intake.account(), **found.as_json()}
        answer |= {"departures": [one.as_json() for one in departed], "later": [one.as_json() for one in later]}
        print_json(answer, protocol.said)
    else:
        _print(protocol, found, intake.trial.synthetic)
        for one in grouped(departed):
            say(f"  departure: {protocol.said(str(one))}")
        if said := left_out_sentence(later, found.today):
            say(f"  later: {said}")
    raise typer.Exit(0 if found.treats else 1)


def _print(study: "Study", found: "NextDose", synthetic: bool) -> None:
    from escalon.conduct.judge.dose_review import OUTCOMES
    from escalon.escalation import Outcome

    words = study.said
    say_if_synthetic(synthetic)
    rows = [
        (one.participant, one.infusion.level, one.infusion.day, one.window_ends, OUTCOMES[one.outcome], one.why,
         one.deviation or "in its window")
        for one in found.reviews
    ]  # fmt: skip
    print_table(("participant", "level", words("infused"), "window ends", "outcome", "why", "dose"), rows)
    for name, part in found.strata:
        say(f"{name}: so far {part.conduct or words('nobody infused')}   as of {found.today}")
        say(f"  next: {part.headline}", bold=True)
        say(f"  because {words(part.decision.reason)}")
    if not found.strata:
        say(f"So far: {found.conduct or words('nobody infused')}   as of {found.today}")
        say(f"Next: {found.headline}", bold=True)
        say(f"  because {words(found.decision.reason)}")
    for one in found.decision.notes:
        say(f"  note: {words(one)}")
    for review in found.reviews:
        if review.outcome is Outcome.PENDING:
            say(f"  window of {review.participant}: {review.window}")
    if found.assumptions:
        say(f"  rests on assumptions {', '.join(found.assumptions)}")
