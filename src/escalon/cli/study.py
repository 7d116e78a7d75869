"""`escalon study`: the protocol as people read it, its gaps, the record beside what implements it, a new study."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from escalon.cli.loading import Reader, StudyName, refuse_strangers
from escalon.cli.output import AsJson, grid, note, print_json, say, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from escalon.conduct.judge.running import HowFar
    from escalon.protocol import Study
    from escalon.protocol.lint import Remark
    from escalon.protocol.trace import Traced

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="The protocol: show it, lint it, trace it to the registry's words, start a new one.\n\n"
    "STUDY is a bundled study's name (`nct07052565`) or a study folder.",
)
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write the page to this file.")]


@app.command()
def show(
    study: StudyName,
    html: Annotated[
        bool, typer.Option("--html", help="One self-contained page, for the browser or for print.")
    ] = False,
    output: Output = None,
    section: Annotated[
        str | None,
        typer.Option(
            "--section", "-s", help="Only: summary, dose, dlt, eligibility, schedule, endpoints, assumptions."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The protocol as a physician reads it.

    escalon study show nct07052565

    escalon study show nct07052565 -s eligibility

    escalon study show nct07052565 --html -o protocol.html
    """
    from escalon.protocol import load_study
    from escalon.protocol.prose import study_json

    found = load_study(study)
    if as_json:
        print_json(study_json(found))
    elif html or output is not None:
        from escalon.protocol.page import page

        _write(page(found), output)
    else:
        from escalon.cli.study_text import print_study

        print_study(found, section)


@app.command()
def lint(
    study: StudyName,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 while anything is open.")] = False,
    brief: Annotated[bool, typer.Option("--brief", help="Without the assumptions.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is open or wrong: assumptions to sign, gaps, contradictions, rules nobody can meet, names nobody defines.

    Exit code 0 with a count; 1 with --strict while anything is open; 2 when the folder cannot be read.
    """
    from escalon.protocol import load_study
    from escalon.protocol.lint import lint as remarks_on

    found = load_study(study)
    remarks = remarks_on(found)
    if as_json:
        counts = {kind: sum(one.severity == kind for one in remarks) for kind in ("error", "warning", "assumption")}
        print_json(
            {"study": found.id, "version": found.version} | counts | {"remarks": [one.as_json() for one in remarks]}
        )
    else:
        _print_remarks([one for one in remarks if not (brief and one.severity == "assumption")], remarks)
    raise typer.Exit(1 if strict and remarks else 0)


@app.command()
def trace(
    study: StudyName,
    data: Annotated[
        Path | None, typer.Argument(metavar="[DATA]", help="A data folder or casebook; an invented trial without one.")
    ] = None,
    section: Annotated[
        str | None, typer.Option("--section", "-s", help="Only sections whose name contains this.")
    ] = None,
    reader: Reader = None,
    as_json: AsJson = False,
) -> None:
    """The record's clauses, what implements each, and whether it runs: on DATA, or on an invented trial of the study.

    A part runs when it has decided something there, runs without data when nothing was recorded for it, and else is quoted
    only. Exit code 1 when a clause is implemented by nothing.

    escalon study trace nct07052565 -s exclusion
    """
    from escalon.conduct.judge.running import of_clause
    from escalon.protocol import load_study
    from escalon.protocol.trace import trace as traced

    found = load_study(study)
    result, runs = traced(found), _running(found, data, reader)
    shown = [one for one in result.clauses if (section or "").lower() in one.clause.section.lower()]

    def state(one: "Traced") -> str:
        return of_clause(runs[part.id] for part in one.by if part.id in runs).value

    if as_json:
        clauses = [one.as_json() | {"state": state(one)} for one in shown]
        parts = {id: state.value for id, state in runs.items()}
        print_json({"study": found.id, "version": found.version, "clauses": clauses, "parts": parts})
    else:
        _print_trace(shown, runs)
        states = Counter(map(state, result.clauses))
        say(
            f"{len(result.clauses)} clauses, {len(result.uncovered)} not implemented, {len(result.misquoted)} misquoted; "
            + ", ".join(f"{number} {name}" for name, number in states.items())
        )
        for part, piece in result.misquoted:
            note(f"{part.id} quotes «{piece}», which is not in the record")
    raise typer.Exit(1 if result.uncovered or result.misquoted else 0)


def _running(study: "Study", data: Path | None, reader: str | None) -> "Mapping[str, HowFar]":
    """What runs on a data folder, or on an invented trial of the study where none is given."""
    from tempfile import TemporaryDirectory

    from escalon.conduct.judge.cutoff import as_of, last_day
    from escalon.conduct.judge.running import running
    from escalon.exchange.synthetic_trial import simulate
    from escalon.sources.folder import take_in

    with TemporaryDirectory() as folder:
        if data is None:
            try:
                data = simulate(study, Path(folder))
            except ValueError as error:
                note(f"what runs is not known: {error}")
                return {}
        refuse_strangers(data, reader)
        intake = take_in(study, data)
    cutoff = last_day(intake.trial)
    return running(study, as_of(intake.trial, cutoff), cutoff)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that does not exist yet, or is empty.")],
) -> None:
    """A commented study to start from, which loads and lints as it is."""
    from escalon.protocol.skeleton import write_skeleton

    for path in write_skeleton(folder):
        say(path)
    say(f"\nNow edit, and read it back: escalon study lint {folder}")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        say(text)
        return
    say(write(output, text))


def _print_remarks(shown: "list[Remark]", every: "tuple[Remark, ...]") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=False)
    colours = {"error": "bold red", "warning": "yellow", "assumption": "cyan"}
    for one in shown:
        head = Text(f"{one.about}", style="bold")
        head.append(f"  {one.severity}", style=colours[one.severity]).append(
            f" · {one.id} {one.kind} · {one.place}", style="dim"
        )
        console.print(head)
        console.print(Text(f"  {one.what}"))
        console.print(Text(f"  → {one.do}\n", style="dim"))
    counts = [(sum(one.severity == kind for one in every), kind) for kind in ("error", "warning", "assumption")]
    errors, warnings, open_ones = (count for count, _ in counts)
    console.print(f"{errors} errors, {warnings} warnings, {open_ones} assumptions to sign", style="bold")


def _print_trace(shown: "list[Traced]", runs: "Mapping[str, HowFar]") -> None:
    from rich import box
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for section in dict.fromkeys(one.clause.section for one in shown):
        table = grid((), section, title_style="bold", box=box.SIMPLE_HEAD, expand=True)
        table.add_column("", width=3, style="dim")
        table.add_column("the record says", ratio=5)
        table.add_column("implemented by", ratio=5)
        table.add_column("assumed", ratio=2, style="cyan")
        for one in (one for one in shown if one.clause.section == section):
            by = Text()
            for number, part in enumerate(one.by):
                by.append("\n" if number else "").append(part.id, style="bold green").append(f"  {part.does}")
                if part.id in runs and runs[part.id] != "runs":
                    by.append(f"  ({runs[part.id]})", style="yellow")
            if one.missing:
                by.append(f"\nnothing: {one.missing}", style="bold red")
            table.add_row(str(one.clause.number), Text(one.clause.text), by, "\n".join(one.assumed))
        console.print(table)
