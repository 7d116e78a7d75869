"""The command line: `escalon`. Each command is one module beside this one, loaded only when it is called."""

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer import Option
from typer.core import TyperGroup

from escalon.cli.output import fail, in_words, make_streams_safe, note, say
from escalon.studies import DEFAULT

# Where each command is, and its one line of help; nothing else is imported for `escalon --help`.
COMMANDS = {
    "demo": ("demo:demo", "A whole synthetic trial, from study folder to report, opened in the browser."),
    "study": ("study:app", "The protocol: show it, lint it, trace it to the registry's words, start a new one."),
    "data": ("data:app", "The data folder: its dictionary, and a check that names every problem at once."),
    "screen": ("screen:screen", "Who may enter, and why; what is unknown, and how to settle it."),
    "score": ("score:score", "A disease-activity score, response or classification, from its items."),
    "grade": ("grade:app", "Toxicity grades: CRS, ICANS, CTCAE v5.0, ICAHT, IEC-HS."),
    "dose": ("dose:app", "Cell dose and window, lymphodepletion, the next decision, what can still happen."),
    "design": ("design:app", "Dose-escalation designs: exact operating characteristics, compared."),
    "kinetics": ("kinetics:kinetics", "CAR cells in blood: parameters, table and figure."),
    "report": (
        "report:report",
        "The report pack: packet, tables, figures, listings, registry modules; every number opens.",
    ),
    "explain": ("explain:explain", "How a number came about, down to the entries beneath it."),
    "simulate": ("simulate:app", "A seeded synthetic trial as a data folder, labelled synthetic everywhere."),
    "feasibility": (
        "feasibility:app",
        "How many of a hospital's patients could enter, and which clause costs most.",
    ),
    "export": ("exchange:export", "The records of a data folder in another format."),
    "import": ("exchange:bring_in", "Records from another format into a tidy folder; a dry run unless told to write."),
    "casebook": ("casebook:app", "The record of what happened: signed, append-only, tamper-evident."),
    "verify": ("casebook_verify:verify", "Check a casebook's chain of entries; names the first bad one."),
    "witness": ("casebook_verify:witness", "Sign where a casebook ends, and later only what has grown from there."),
    "backup": ("casebook:backup", "An encrypted, verified copy of a casebook."),
    "restore": ("casebook:restore", "A casebook from its backup, with equal digest."),
    "archive": ("casebook:archive", "A casebook as files readable without Escalon."),
    "user": ("casebook:user", "Accounts and roles of a casebook."),
    "serve": ("serve:serve", "The pages, on this computer."),
}


class Lazy(TyperGroup):
    """A group that knows its commands' names and help, and imports a command's module only to run it."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of a trial."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command for a listing: its name and help alone."""
        if cmd_name not in COMMANDS:
            return None
        stub = typer.Typer(add_completion=False)
        stub.command(cmd_name, help=COMMANDS[cmd_name][1])(lambda: None)
        return typer.main.get_command(stub)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command to run, loaded."""
        if len(args) > 2 and args[0] == "score" and "--help" in args:  # help on one instrument is what it asks
            args = [word if word != "--help" else "--items" for word in args]
        if args and args[0] in COMMANDS:
            return args[0], loaded(args[0]), args[1:]
        if args and not args[0].startswith("-"):
            close = get_close_matches(args[0], COMMANDS, 1, 0.5)
            hint = f"Did you mean {close[0]}?" if close else "`escalon --help` lists them."
            fail(f"there is no command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)


def loaded(name: str) -> Any:
    """A command, with its module."""
    place, attribute = COMMANDS[name][0].split(":")
    module = import_module(f"escalon.cli.{place}")
    thing = getattr(module, attribute)
    if not isinstance(thing, typer.Typer):
        single = typer.Typer(add_completion=False, rich_markup_mode="rich")
        single.command(name, help=thing.__doc__, epilog=getattr(module, "EPILOG", None))(thing)
        thing = single
        command = typer.main.get_command(thing)
    else:
        command = typer.main.get_group(
            thing
        )  # without the options for shell completion, which belong to `escalon` alone
    command.name = name
    command.help = command.help or COMMANDS[name][1]
    return _exemplified(command)


def _exemplified(command: Any) -> Any:
    """A command whose examples name the study that comes with Escalon, and its commands' too."""
    for text in ("help", "epilog"):
        setattr(command, text, (getattr(command, text) or "").replace("{study}", DEFAULT) or None)
    for inner in getattr(command, "commands", {}).values():
        _exemplified(inner)
    return command


app = typer.Typer(
    cls=Lazy,
    no_args_is_help=True,
    invoke_without_command=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="An executable protocol for early-phase cell-therapy trials.\n\n"
    f"STUDY is a bundled study's name ({DEFAULT}) or a study folder. DATA is a folder of CSV or Parquet tables; "
    "`escalon data dictionary STUDY` says what goes in it. Exit code 0: done; 1: the answer is no; 2: the input is wrong."
    "\n\nNot a medical device: what it concludes is for qualified people to check and sign.",
)


@app.callback()
def _root(
    version: bool = Option(False, "--version", help="Print the version and leave.", is_eager=True),
) -> None:
    if version:
        from escalon import __version__

        say(f"escalon {__version__}")
        raise typer.Exit


def run() -> None:
    """The console script: every error that Escalon itself raises is one message and exit code 2, never a traceback."""
    if not sys.stdout.isatty():
        os.environ.setdefault("COLUMNS", "120")  # in a file or a pipe: wide enough that no table shortens a date
    make_streams_safe()
    if broken := [word for word in sys.argv[1:] if not _is_text(word)]:
        _leave(f"{broken[0]!r} is not text in UTF-8. Write it again")
    try:
        app()
    except ValueError as error:
        from escalon.facts.input_error import is_about_the_input

        if not is_about_the_input(error):
            raise
        _leave(error)
    except BrokenPipeError:  # the reader of our output left; nothing is wrong
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        _leave(in_words(error))


def _is_text(word: str) -> bool:
    try:
        return bool(word.encode()) or not word
    except UnicodeEncodeError:
        return False


def _leave(message: object) -> NoReturn:
    note(f"escalon: {message}")
    sys.exit(2)


if __name__ == "__main__":
    run()
