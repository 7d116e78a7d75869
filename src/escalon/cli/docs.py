"""`escalon docs`: the pages of docs/ that are written from the software itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The pages of docs/ that are written from the software itself.")

DO_NOT_EDIT = (
    "<!-- Written by `escalon docs write` from the software itself. Do not edit: change what it describes. -->"
)


@app.callback()
def _group() -> None:
    """Keep `write` a command of its own."""


@app.command()
def write(
    folder: Annotated[Path, typer.Option("-o", "--output", help="The folder of the pages.")] = Path("docs"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 if a page is out of date.")
    ] = False,
) -> None:
    """Write the pages on instruments, names, commands and requirements, or check that they are up to date.

    escalon docs write

    escalon docs write --check
    """
    stale = {name: text for name, text in pages(folder).items() if not _is_fresh(folder / name, text)}
    if check:
        for name in stale:
            typer.echo(f"escalon: {folder / name} is out of date. Run: escalon docs write", err=True)
        raise typer.Exit(1 if stale else 0)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in stale.items():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(f"{folder / name} written")
    if not stale:
        typer.echo("Every page is up to date")


def pages(folder: Path) -> dict[str, str]:
    """The text of each generated page, by its name in docs/; requirements only where the folder states them."""
    from escalon.cli.docs_commands import commands_page
    from escalon.cli.docs_dictionary import dictionary_page
    from escalon.cli.docs_instruments import instruments_page
    from escalon.cli.docs_requirements import SOURCE, requirements_page

    makers: dict[str, Callable[[], str]] = {
        "instruments.md": instruments_page,
        "data-dictionary.md": dictionary_page,
        "commands.md": commands_page,
    }
    stated = {"requirements.md": requirements_page(folder)} if (folder / SOURCE).exists() else {}
    return {name: f"{DO_NOT_EDIT}\n\n{make()}" for name, make in makers.items()} | stated


def _is_fresh(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text
