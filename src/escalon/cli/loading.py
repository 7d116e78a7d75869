"""What every command on a data folder begins with: the study, the folder taken in, and its problems said aloud."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from escalon.conduct.intake import Intake
    from escalon.facts import Day
    from escalon.protocol import Study

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="A bundled study's name, or a study folder.")]
DataFolder = Annotated[Path, typer.Argument(metavar="DATA", help="A folder of CSV or Parquet tables, or a casebook.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Cutoff = Annotated[str | None, typer.Option("--cutoff", help="Read the data as of this day (2025-03-14).")]

SHOWN_PROBLEMS = 20


def load(study: str, data: Path, quiet: bool = False) -> "tuple[Study, Intake]":
    """A study and its data folder. Refused rows are named on stderr, with the account of all rows."""
    from escalon.conduct.intake import take_in
    from escalon.protocol import load_study

    protocol = load_study(study)
    intake = take_in(protocol, data)
    if not quiet:
        say_problems(intake)
    return protocol, intake


def say_problems(intake: "Intake") -> None:
    """The refused rows, what else is not read, and the account of rows, on stderr."""
    for problem in sorted(intake.problems, key=lambda one: not one.refused)[:SHOWN_PROBLEMS]:
        typer.echo(f"{'refused' if problem.refused else 'note':8} {problem}", err=True)
    more = len(intake.problems) - SHOWN_PROBLEMS
    if more > 0:
        typer.echo(f"… and {more} more. `escalon data check` lists them all", err=True)
    typer.echo(intake.account(), err=True)


def cutoff_day(given: str | None, intake: "Intake") -> "Day":
    """The data cut-off: the full day given, or the last day anything was recorded, which is not after today."""
    from datetime import date

    from escalon.conduct.cutoff import checked, last_day
    from escalon.facts import Day

    return checked(Day.parse(given)) if given else last_day(intake.records, date.today())


def print_json(thing: Any) -> None:
    """JSON on stdout, the same bytes for the same answer."""
    json.dump(thing, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
