"""What every command on a data folder begins with: the study, the folder taken in, and its problems said aloud."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from escalon.cli.output import fail, note

if TYPE_CHECKING:
    from escalon.facts import Day
    from escalon.history import Trial
    from escalon.protocol import Study
    from escalon.sources.intake import Intake

StudyName = Annotated[str, Argument(metavar="STUDY", help="A bundled study's name, or a study folder.")]
DataFolder = Annotated[Path, Argument(metavar="DATA", help="A folder of CSV or Parquet tables, or a casebook.")]
Cutoff = Annotated[str | None, Option("--cutoff", help="Read the data as of this day (2025-03-14).")]

Reader = Annotated[str | None, Option("--as", envvar="ESCALON_ACCOUNT", help="Your account, where DATA is a casebook.")]
Readings = Annotated[
    list[str] | None,
    Option("--with", help="Under an alternative of an assumption: Q-SS-TP=or, Q-3+3-VARIANT=1. May be repeated."),
]

SHOWN_PROBLEMS = 20


def read_study(study: str, readings: Iterable[str] | None = None) -> "Study":
    """A study, under the alternatives of its assumptions that `--with` names."""
    from escalon.protocol import load_study
    from escalon.protocol.readings import with_readings

    return with_readings(load_study(study), readings or ())


def load(
    study: str, data: Path, reader: str | None, quiet: bool = False, readings: Iterable[str] | None = None
) -> "tuple[Study, Intake]":
    """A study and its data folder. Refused rows are named on stderr, with the account of all rows.

    A casebook is read by somebody who may: `reader` is the account, whose password is asked for.
    """
    from escalon.sources.folder import take_in

    protocol = read_study(study, readings)
    refuse_strangers(data, reader)
    intake = take_in(protocol, data)
    if not quiet:
        say_problems(intake)
    return protocol, intake


def load_as_of(
    study: str, data: Path, reader: str | None, cutoff: str | None, readings: Iterable[str] | None = None
) -> "tuple[Study, Intake, Trial, Day]":
    """A study, its data folder, and the trial as it stood at a cut-off: the day given, or the last on which something was."""
    from escalon.conduct.judge.cutoff import as_of

    protocol, intake = load(study, data, reader, readings=readings)
    day = cutoff_day(cutoff, intake)
    return protocol, intake, as_of(intake.trial, day), day


def refuse_strangers(data: Path, reader: str | None) -> None:
    """Whoever reads a casebook, by whichever command, has an account that may."""
    if not (data / "casebook.toml").is_file():
        return
    from escalon.cli.casebook_desk import check_reader

    if reader is None:
        fail(f"{data} is a casebook, which is read by those who may. Add --as ACCOUNT")
    check_reader(data, reader)


def say_problems(intake: "Intake") -> None:
    """The refused rows, what else is not read, and the account of rows, on stderr."""
    for problem in sorted(intake.problems, key=lambda one: not one.refused)[:SHOWN_PROBLEMS]:
        note(f"{'refused' if problem.refused else 'note':8} {problem}")
    more = len(intake.problems) - SHOWN_PROBLEMS
    if more > 0:
        note(f"… and {more} more. `escalon data check` lists them all")
    note(intake.account())


def say_left_out(trial: "Trial", cutoff: "Day") -> None:
    """How many entries lie after the cut-off, and the gravest of them, on stderr; the answers do not rest on them."""
    from escalon.conduct.judge.cutoff import left_out, left_out_sentence

    if said := left_out_sentence(left_out(trial), cutoff):
        note(f"note     {said}")


def cutoff_day(given: str | None, intake: "Intake") -> "Day":
    """The data cut-off: the full day given, or the last day anything was recorded, which is not after today."""
    from datetime import date

    from escalon.conduct.judge.cutoff import checked, last_day
    from escalon.facts import Day

    if not given:
        return last_day(intake.trial, date.today())
    day = checked(Day.parse(given))
    if day.earliest > date.today():
        note(f"note     the cut-off {day} is yet to come: a window that is still open today counts as closed by then")
    return day
