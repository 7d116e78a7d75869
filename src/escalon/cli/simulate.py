"""`escalon simulate`: a synthetic trial as a data folder, or a synthetic warehouse."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from escalon.cli.default_command import first_of
from escalon.cli.loading import StudyName, read_study
from escalon.cli.output import fail, say
from escalon.studies import DEFAULT

EPILOG = """Examples (`trial` may be left out):

  escalon simulate {study} -o demo/data

  escalon simulate {study} -o demo/other --seed 7"""

app = typer.Typer(
    cls=first_of("trial"),
    add_completion=False,
    rich_markup_mode="rich",
    help="A seeded synthetic trial as a data folder, or a synthetic warehouse, labelled synthetic everywhere.",
)


@app.command("trial", epilog=EPILOG)
def simulate(
    study: StudyName = DEFAULT,
    output: Annotated[Path, Option("-o", "--output", help="The folder to write.")] = Path("demo/data"),
    seed: Annotated[int, Option(help="The same seed writes the same bytes.")] = 1,
    force: Annotated[bool, Option("--force", help="Write into a folder that is not empty.")] = False,
) -> None:
    """Write a seeded synthetic trial: screen failures, treated people, toxicity, cells in blood. Nobody in it exists."""
    from escalon.exchange.synthetic_trial import simulate as write
    from escalon.protocol import StudyError
    from escalon.sources.tables import TABLES

    if output.exists() and any(output.iterdir()) and not force and not (output / "SYNTHETIC.txt").exists():
        fail(f"{output} holds other files. Name an empty folder, or add --force")
    try:
        write(read_study(study), output, seed)
    except ValueError as error:
        if isinstance(error, StudyError):
            raise
        fail(str(error))
    written = ", ".join(one for one in TABLES if (output / f"{one}.csv").exists())
    say(f"Synthetic trial written to {output} (seed {seed}): {written}")


@app.command("warehouse")
def warehouse(
    study: StudyName = DEFAULT,
    people: Annotated[int, Option("--persons", min=1, help="How many people.")] = 100_000,
    output: Annotated[Path, Option("-o", "--output", help="The folder to write.")] = Path("demo/warehouse"),
    seed: Annotated[int, Option(min=0, max=2**31, help="The same seed writes the same people.")] = 1,
) -> None:
    """Write a seeded synthetic warehouse in the shape of OMOP: Parquet tables and their mapping. Nobody in it exists.

    escalon simulate warehouse {study} --persons 1000 -o demo/warehouse
    """
    from escalon.feasibility.synthetic_warehouse import write_warehouse

    if output.exists() and any(output.iterdir()) and not (output / "SYNTHETIC.txt").exists():
        fail(f"{output} holds other files. Name an empty folder")
    files = write_warehouse(output, people, seed, read_study(study))
    say(f"Synthetic warehouse of {people} people written to {output} (seed {seed}): {len(files)} files")
