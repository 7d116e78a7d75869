"""`escalon demo`: a whole synthetic trial, from study folder to report."""

import os
import sys
from pathlib import Path
from shutil import which
from typing import Annotated

from typer import Option

from escalon.cli.output import write
from escalon.studies import DEFAULT


def demo(
    output: Annotated[Path, Option("-o", "--output", help="The folder to write.")] = Path("demo"),
    seed: Annotated[int, Option(help="Another seed, another invented trial.")] = 1,
    no_open: Annotated[bool, Option("--no-open", help="Write everything and end, without a browser.")] = False,
    port: Annotated[int, Option(help="The port of the workbench.")] = 8000,
) -> None:
    """A whole synthetic trial of {study}: screening, next dose, report, and a casebook in the browser; all are invented.

    escalon demo                            write demo/ and open its workbench

    escalon demo -o /tmp/demo --no-open     write it and end
    """
    from rich.console import Console

    from escalon.conduct.judge.cutoff import last_day
    from escalon.conduct.judge.dosing import decide_next_dose
    from escalon.conduct.judge.screening import WORDS, screen
    from escalon.exchange.synthetic_book import make_book
    from escalon.exchange.synthetic_trial import simulate
    from escalon.protocol import load_study
    from escalon.reporting.trial import trial_report
    from escalon.sources.folder import take_in

    console = Console()
    with console.status("reading the protocol …"):
        study = load_study(DEFAULT)
    console.print(
        f"[bold]{study.id}[/bold]  {study.title}: {len(study.criteria)} clauses, {len(study.dose.levels)} dose levels"
    )
    with console.status("inventing a trial …"):
        data = simulate(study, output / "data", seed)
    intake = take_in(study, data)
    console.print(f"[bold]data[/bold]  {data}: {intake.account()}. Synthetic: nobody in it exists")
    cutoff = last_day(intake.trial)
    with console.status("screening …"):
        screenings = screen(study, intake.trial, cutoff)
    counts = ", ".join(f"{sum(one.verdict is verdict for one in screenings)} {word}" for verdict, word in WORDS.items())
    console.print(f"[bold]screening[/bold]  {len(screenings)} people: {counts}")
    decision = decide_next_dose(study, intake.trial, cutoff)
    console.print(
        f"[bold]next dose[/bold]  after {decision.conduct}: {decision.headline}, because {decision.decision.reason}"
    )
    with console.status("writing the report …"):
        page = output / "report" / "report.html"
        write(page, trial_report(study, intake, cutoff))
    console.print(f"\nOpen the report: [bold]{page}[/bold]")
    escalon = "escalon" if which("escalon") else os.path.relpath(sys.argv[0])  # as it can be typed here
    console.print(f"Then try: {escalon} screen {DEFAULT} {data} -p {screenings[3].participant}")
    console.print(f"          {escalon} explain {data} {decision.reviews[0].participant} das28_esr")
    console.print(f"          {escalon} dose next {DEFAULT} {data} --cutoff {decision.reviews[4].infusion.day}")
    book = output / "book"
    if book.exists():
        console.print(f"[bold]casebook[/bold]  {book} is there from before; for a fresh one, remove {output}")
    else:
        with console.status("keeping the record …"):
            make_book(output, study, DEFAULT, intake.trial)
        console.print(
            f"[bold]casebook[/bold]  {book}: the same trial, kept by nine invented people, on a day in its midst"
        )
    if no_open:
        console.print(f"Open the workbench: [bold]{escalon} serve {book}[/bold]")
        return
    from escalon.casebook.errors import CasebookError
    from escalon.cli.output import fail
    from escalon.cli.serve import run
    from escalon.web.app import create_app

    try:
        app = create_app(book)
    except CasebookError as error:  # made by another version of the program
        fail(f"{error}. Or make a fresh one: remove {output}")
    run(app, "127.0.0.1", port, opens=True)
