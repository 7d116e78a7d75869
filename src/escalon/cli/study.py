"""`escalon study`: the protocol as people read it, its gaps, the record beside what implements it, a new study."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from escalon.cli.loading import Reader, Readings, StudyName, read_study, refuse_strangers
from escalon.cli.output import AsJson, csv_text, fail, note, print_json, say, write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from escalon.conduct.judge.running import HowFar
    from escalon.protocol import Study
    from escalon.protocol.remarks import Remark
    from escalon.protocol.trace import Traced

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="The protocol: show it, lint it, trace it to the registry's words, start a new one.\n\n"
    "STUDY is a bundled study's name (`{study}`) or a study folder.",
)
Output = Annotated[Path | None, Option("-o", "--output", help="Write the page to this file.")]


@app.command()
def show(
    study: StudyName,
    html: Annotated[bool, Option("--html", help="One self-contained page, for the browser or for print.")] = False,
    output: Output = None,
    section: Annotated[
        str | None,
        Option("--section", "-s", help="Only: summary, dose, dlt, eligibility, schedule, endpoints, assumptions."),
    ] = None,
    readings: Readings = None,
    as_json: AsJson = False,
) -> None:
    """The protocol as a physician reads it.

    escalon study show {study}

    escalon study show {study} -s eligibility

    escalon study show {study} --html -o protocol.html
    """
    from escalon.protocol.prose import study_json

    found = read_study(study, readings)
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
    strict: Annotated[bool, Option("--strict", help="Exit code 1 while anything is open.")] = False,
    brief: Annotated[bool, Option("--brief", help="Without the assumptions.")] = False,
    readings: Readings = None,
    as_json: AsJson = False,
) -> None:
    """What is open or wrong: assumptions to sign, gaps, contradictions, rules nobody can meet, names nobody defines.

    Exit code 0 with a count; 1 with --strict while anything is open; 2 when the folder cannot be read.

    escalon study lint {study}
    """
    from escalon.protocol.lint import lint as remarks_on

    found = read_study(study, readings)
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
        Path | None, Argument(metavar="[DATA]", help="A data folder or casebook; an invented trial without one.")
    ] = None,
    section: Annotated[str | None, Option("--section", "-s", help="Only sections whose name contains this.")] = None,
    reader: Reader = None,
    as_json: AsJson = False,
) -> None:
    """The record's clauses, what implements each, and whether it runs: on DATA, or on an invented trial of the study.

    A part runs when it has decided something there, runs without data when nothing was recorded for it, and else is quoted
    only. Exit code 1 when a clause is implemented by nothing.

    escalon study trace {study} -s exclusion
    """
    from escalon.conduct.judge.running import of_clause
    from escalon.protocol.trace import trace as traced

    found = read_study(study)
    result, runs = traced(found), _running(found, data, reader)
    shown = [one for one in result.clauses if (section or "").lower() in one.clause.section.lower()]

    def state(one: "Traced") -> str:
        return of_clause(runs[part.id] for part in one.by if part.id in runs).value if runs else "not known"

    if as_json:
        clauses = [one.as_json() | {"state": state(one)} for one in shown]
        parts = {id: state.value for id, state in runs.items()}
        print_json({"study": found.id, "version": found.version, "clauses": clauses, "parts": parts})
    else:
        _print_trace(shown, runs)
        states = Counter(map(state, result.clauses))
        if not result.clauses:
            say("There is no record.txt, so no clause is traced to its words. What the folder declares:")
            say(", ".join(f"{id} {how.value}" for id, how in runs.items()))
        counts = (
            f"{len(result.clauses)} clauses, {len(result.uncovered)} not implemented, {len(result.misquoted)} misquoted"
        )
        say("; ".join(filter(None, (counts, ", ".join(f"{number} {name}" for name, number in states.items())))))
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
    folder: Annotated[Path, Argument(metavar="FOLDER", help="A folder that does not exist yet, or is empty.")],
    copied: Annotated[
        str | None, Option("--from", metavar="STUDY", help="A copy of this study, to change and to sign.")
    ] = None,
    title: Annotated[str | None, Option(help="The title of the trial.")] = None,
    disease: Annotated[
        list[str] | None, Option(help="'SLE=systemic lupus erythematosus'; repeat for a basket.")
    ] = None,
    product: Annotated[str | None, Option(help="What is given.")] = None,
    level: Annotated[
        list[str] | None,
        Option(help="A dose with its unit, from the lowest: '1e8 cells', '2 mg/kg', '-1=20 mg'."),
    ] = None,
    rule: Annotated[
        str | None,
        Option(
            help="A design: '3+3', 'boin target=0.3', 'crm target=… skeleton=…', 'table file=… target=…' (copied in)."
        ),
    ] = None,
    variant: Annotated[str | None, Option(help="V1, V2 or V3, of a 3+3.")] = None,
    cap: Annotated[int | None, Option(help="The most participants ever enrolled.")] = None,
    start: Annotated[int | None, Option(help="The number of the first level, if not the lowest.")] = None,
    by_disease: Annotated[bool, Option("--by-disease", help="Each disease escalates by itself.")] = False,
    window: Annotated[str | None, Option(help="The window of dose-limiting toxicity: '28 days'.")] = None,
    phase: Annotated[str | None, Option(help="Phase 1, for example.")] = None,
    zone: Annotated[str | None, Option(help="The sites' time zone: Europe/Berlin.")] = None,
) -> None:
    """A commented study to start from, which loads and lints as it is: an example, a copy, or your own trial's outline.

    On a terminal, without an option, it asks.

    escalon study new mine --disease "MG=myasthenia gravis" --level "5e7 cells" --level "1e8 cells" --rule "boin target=0.3"

    escalon study new mine --from {study}
    """
    from escalon.protocol.skeleton import Outline, copy_study, write_skeleton

    answers = {
        "title": title, "diseases": disease and tuple(disease), "product": product, "levels": level and tuple(level),
        "rule": rule, "variant": variant, "cap": cap, "start": start, "by_disease": by_disease or None, "window": window,
        "phase": phase, "zone": zone,
    }  # fmt: skip
    said: dict[str, Any] = {key: value for key, value in answers.items() if value is not None}
    if copied is not None and said:
        fail("--from copies a study as it is; the other options outline another one")
    if not said and copied is None and sys.stdin.isatty():
        said = _asked()
    written = write_skeleton(folder, Outline(**said)) if copied is None else copy_study(copied, folder)
    for path in written:
        say(path)
    say(f"\nNow edit, and read it back: escalon study lint {folder}")


def _asked() -> dict[str, Any]:
    """The outline of a trial, asked on the terminal; an empty answer keeps what stands in brackets, another is read at once."""
    from zoneinfo import ZoneInfo

    from escalon.facts import Duration
    from escalon.instruments.product.dose import DoseAmount
    from escalon.protocol.skeleton import Outline

    usual = Outline()

    def read(question: str, default: str, reader: Callable[[str], object]) -> str:
        def checked(text: str) -> str:
            try:
                reader(text)
            except (ValueError, KeyError) as error:
                raise typer.BadParameter(error.args[0]) from None
            return text

        return str(typer.prompt(question, default, value_proc=checked))

    def several(question: str, default: tuple[str, ...], reader: Callable[[str], object] = str) -> tuple[str, ...]:
        def each(text: str) -> tuple[str, ...]:
            return tuple(one.strip() for one in text.split(";") if one.strip())

        said = read(f"{question}, separated by ;", "; ".join(default), lambda text: [reader(one) for one in each(text)])
        return each(said)

    return {
        "title": typer.prompt("Title", usual.title),
        "diseases": several("Diseases (short name=name)", usual.diseases),
        "product": typer.prompt("What is given", usual.product),
        "levels": several(
            "Dose levels from the lowest, with their unit",
            usual.levels,
            lambda one: DoseAmount.parse(one.rpartition("=")[2]),
        ),
        "rule": typer.prompt("Design (3+3, boin target=0.3 …)", "3+3"),
        "window": read("Window of dose-limiting toxicity", usual.window, Duration.parse),
        "zone": read("Time zone of the sites", usual.zone, ZoneInfo),
    }


@app.command()
def redcap(study: StudyName, output: Output = None) -> None:
    """The REDCap data dictionary of a study, to be imported into an empty project: its export is read without a mapping.

    Name REDCap's events as the study names its visits, and make adverse_events, treatments, doses and samples repeating
    instruments. Export raw codes with the form statuses; the folder that file stands in is DATA.

    escalon study redcap {study} -o dictionary.csv
    """
    from escalon.sources.redcap import dictionary_rows

    header, *rows = dictionary_rows(read_study(study))
    _write(csv_text(header, rows).rstrip("\n"), output)


@app.command()
def sign(
    study: StudyName,
    assumption: Annotated[list[str], Argument(metavar="ASSUMPTION…", help="Ids that lint names: Q-VARIANT.")],
    by: Annotated[str, Option("--by", help="Who signs: 'Li Na, principal investigator'.")],
    reading: Annotated[
        str, Option("--reading", help="«as assumed», or an alternative by its name or number.")
    ] = "as assumed",
    on: Annotated[str | None, Option("--on", help="The day it was signed; today when it is not given.")] = None,
) -> None:
    """Sign how the study reads its record, in the folder's answers.toml; an alternative that is chosen is then in force.

    A signature is of the words that stand there: when they change, lint asks for another. It names a person and proves
    nothing; one that is bound to an account and a password is made in a casebook (`escalon casebook sign`).

    escalon study sign mine Q-VARIANT --by "Li Na, principal investigator"

    escalon study sign mine Q-SS-TP --reading or --by "Li Na, principal investigator" --on 2026-03-10
    """
    from datetime import date

    from escalon.protocol.answers import sign as sign_now

    try:
        day = date.fromisoformat(on) if on else date.today()
    except ValueError:
        fail(f"--on {on}: this is not a day. Write it as 2026-03-10")
    found = sign_now(study, assumption, by, day, reading)
    for id in assumption:
        say(f"{id}: read as «{found.in_force(id)}», signed by {by} on {day}")
    say(
        f"{len(found.assumptions) - len(found.signed)} of {len(found.assumptions)} assumptions to sign; version {found.version}"
    )


def _write(text: str, output: Path | None) -> None:
    if output is None:
        say(text)
        return
    say(write(output, text))


def _print_remarks(shown: "list[Remark]", every: "tuple[Remark, ...]") -> None:
    from rich.console import Console
    from rich.text import Text

    from escalon.escalation.words import plural

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
    said = [plural(errors, "error"), plural(warnings, "warning"), f"{plural(open_ones, 'assumption')} to sign"]
    console.print(", ".join(said), style="bold")


def _print_trace(shown: "list[Traced]", runs: "Mapping[str, HowFar]") -> None:
    from rich.console import Console
    from rich.text import Text

    from escalon.cli.study_text import laid_out

    console = Console(highlight=False)
    for section in dict.fromkeys(one.clause.section for one in shown):
        table = laid_out(("", "the record says", "implemented by", "assumed"), section, shares=(0, 5, 5, 2))
        table.columns[0].width, table.columns[0].style = 3, "dim"
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
