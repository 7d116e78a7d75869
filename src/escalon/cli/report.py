"""`escalon report`: the trial in one self-contained page."""

from pathlib import Path
from typing import Annotated

import typer

from escalon.cli.loading import Cutoff, DataFolder, StudyName, cutoff_day, load, say_left_out
from escalon.cli.output import say, write

EPILOG = """Examples:

  escalon report nct07052565 demo/data -o demo/report

  escalon report nct07052565 demo/data -o out --cutoff 2025-09-30"""


def report(
    study: StudyName,
    data: DataFolder,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write report.html into.")] = Path("out"),
    cutoff: Cutoff = None,
) -> None:
    """Flow, eligibility with reasons, cohorts and the next dose, safety, scores over time, cells, assumptions, sources."""
    from escalon.conduct.judge.cutoff import as_of
    from escalon.reporting.trial import trial_report

    protocol, intake = load(study, data)
    day = cutoff_day(cutoff, intake)
    say_left_out(as_of(intake.trial, day), day)
    page = trial_report(protocol, intake, day)
    say(f"Report written to {write(output / 'report.html', page)}")
