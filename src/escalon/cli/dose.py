"""`escalon dose`: the dose of cells, lymphodepletion, the next decision, and what can still happen."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from escalon.cli.dose_escalation import AS_JSON, DESIGN, LEVELS, OVERRIDDEN, outlook
from escalon.cli.dose_escalation import next_dose as next_dose_from_notation
from escalon.cli.dose_product import lymphodepletion, product
from escalon.cli.loading import Cutoff, cutoff_day, load, print_json

if TYPE_CHECKING:
    from escalon.conduct.dosing import NextDose

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
app.command("product")(product)
app.command("lymphodepletion")(lymphodepletion)
app.command("outlook")(outlook)

_COHORT = re.compile(r"\d+[A-Za-z]+")


@app.command("next")
def next_dose(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SO_FAR | STUDY DATA]", help="Cohorts such as '1NNN 2NNT', or a study and its data folder."
        ),
    ] = None,
    design: DESIGN = "3+3 variant=V2 size=18",
    levels: LEVELS = 3,
    overridden: OVERRIDDEN = False,
    cutoff: Cutoff = None,
    as_json: AS_JSON = False,
) -> None:
    """What the dose rule says next, and why: from the notation, or from a study's data with its windows and guards.

    escalon dose next "1NNN 2NNT"

    escalon dose next "1NNN 2NTP" --design "3+3 V1" --json

    escalon dose next nct07052565 demo/data --cutoff 2025-06-01

    From data, a participant counts as free of DLT only once the window has closed; the rule, its variant and its guards are
    the study's. Exit code 0: treat; 1: wait or stop; 2: the input is wrong.
    """
    words = [word for text in what or [] for word in text.split()]
    if len(what or []) == 2 and not all(_COHORT.fullmatch(word) for word in words):
        _from_data((what or [])[0], Path((what or [])[1]), cutoff, as_json)
    else:
        next_dose_from_notation(" ".join(words), design, levels, overridden, as_json)


def _from_data(study: str, data: Path, cutoff: str | None, as_json: bool) -> None:
    from escalon.conduct.cutoff import as_of
    from escalon.conduct.dosing import decide_next_dose

    protocol, intake = load(study, data)
    if any(
        problem.refused and problem.file.split(".")[0] in ("doses", "adverse_events") for problem in intake.problems
    ):
        typer.echo(
            "escalon: rows of doses or adverse events are refused, so no dose is decided. Correct them first", err=True
        )
        raise typer.Exit(2)
    day = cutoff_day(cutoff, intake)
    found = decide_next_dose(protocol, as_of(intake.records, day), day)
    if as_json:
        print_json({"study": protocol.id, "version": protocol.version, "account": intake.account(), **found.as_json()})
    else:
        _print(found, intake.records.synthetic)
    raise typer.Exit(0 if found.decision.action == "treat" else 1)


def _print(found: "NextDose", synthetic: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if synthetic:
        console.print("[bold]Synthetic people: invented, not observed.[/bold]")
    table = Table("participant", "level", "infused", "window ends", "outcome", "why", "dose")
    for one in found.reviews:
        outcome = one.outcome.name.lower().replace("_", " ")
        days = (str(one.infusion.day), str(one.window_ends))
        table.add_row(
            one.participant, str(one.infusion.level), *days, outcome, one.why, one.deviation or "in its window"
        )
    console.print(table)
    console.print(f"So far: {found.conduct or 'nobody infused'}   as of {found.today}")
    console.print(f"[bold]Next: {found.decision}[/bold]\n  because {found.decision.reason}")
    for note in found.decision.notes:
        console.print(f"  {note}")
    console.print(f"  rests on assumptions {', '.join(found.assumptions)}", highlight=False)
