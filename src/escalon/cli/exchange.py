"""`escalon export` and `escalon import`: records in other formats."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from escalon.cli.loading import DataFolder, Reader, StudyName, load, read_study
from escalon.cli.output import fail, note, say


def export(
    form: Annotated[str, Argument(metavar="FORMAT", help="csv, parquet or json.")],
    study: StudyName,
    data: DataFolder,
    output: Annotated[Path, Option("-o", "--output", help="The folder to write.")] = Path("export"),
    reader: Reader = None,
) -> None:
    """The records of a data folder as the tidy tables of the dictionary; read back, they are the same records.

    escalon export parquet {study} demo/data -o out/tables
    """
    from escalon.exchange.tidy_folder import write_folder
    from escalon.sources.as_rows import unkept

    protocol, intake = load(study, data, reader)
    for file in write_folder(intake.trial, output, form, protocol):
        say(f"written {file}")
    if left := unkept(intake.trial):
        note(f"a data folder has no place for what only a casebook keeps: {left}")
    raise typer.Exit(2 if intake.refused else 0)


def bring_in(
    form: Annotated[str, Argument(metavar="FORMAT", help="redcap (wide tables with a mapping.toml), csv or parquet.")],
    study: StudyName,
    data: DataFolder,
    output: Annotated[Path, Option("-o", "--output", help="The tidy folder to write.")] = Path("imported"),
    write: Annotated[bool, Option("--write", help="Really write; without it nothing is written.")] = False,
    draft: Annotated[
        bool, Option("--draft", help="Print a mapping.toml to begin with, as far as names of columns say it.")
    ] = False,
    reader: Reader = None,
) -> None:
    """Read records from another format into a tidy data folder: a dry run unless told to --write.

    escalon import redcap {study} redcap_export --draft > mapping.toml

    escalon import redcap {study} redcap_export

    escalon import redcap {study} redcap_export -o data --write
    """
    from escalon.exchange.tidy_folder import write_folder

    if form not in ("redcap", "csv", "parquet"):
        fail(f"{form!r} is not a format. Write redcap, csv or parquet")
    if draft:
        _draft(study, data)
        return
    if form == "redcap" and not (data / "mapping.toml").exists():
        fail(f"{data}: there is no mapping.toml. docs/data.md shows how it is written, --draft begins one")
    _, intake = load(study, data, reader)
    if intake.refused:
        fail("nothing is written while rows are refused. Correct them first")
    if not write:
        say(f"Dry run: {intake.account()}. Add --write to write them to {output}")
        return
    for file in write_folder(intake.trial, output, "csv"):
        say(f"written {file}")


def _draft(study: str, data: Path) -> None:
    from escalon.sources.mapping_draft import draft_mapping

    if not data.is_dir():
        fail(f"{data}: there is no such folder. Write the folder that holds the export")
    say(draft_mapping(read_study(study), data) or f"# no table in {data} is without a mapping")
