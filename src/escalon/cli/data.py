"""`escalon data`: the dictionary of the data folder, and a check of one."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from escalon.cli.loading import DataFolder, Reader, StudyName, load, read_study
from escalon.cli.output import AsJson, csv_text, note, print_json, print_table, say, shown, write
from escalon.studies import DEFAULT

if TYPE_CHECKING:
    from escalon.sources.intake import Intake
    from escalon.sources.taking import Problem

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="The data folder: what goes in it, and what is wrong with one.\n\n"
    "A folder of CSV or Parquet tables; REDCap exports are read through a mapping.toml beside them (docs/data.md).",
)

_CSV = ("name", "about", "kind", "accepted", "units", "limits", "group", "origin", "used_by")


@app.command()
def dictionary(
    study: StudyName = DEFAULT,
    as_json: AsJson = False,
    find: Annotated[str | None, Option("--find", help="Only names, labels or groups that contain this.")] = None,
    csv: Annotated[Path | None, Option("--csv", help="Write the dictionary to a CSV file as well.")] = None,
) -> None:
    """What goes in a data folder: tables, columns, and every name that may be recorded, generated from the study.

    escalon data dictionary

    escalon data dictionary --find creatinine

    escalon data dictionary --csv dictionary.csv
    """
    from escalon.sources.dictionary import fact_rows, table_rows

    protocol = read_study(study)
    facts = [row for row in fact_rows(protocol) if not find or _mentions(row, find)]
    if find and not facts:
        note(f"escalon: nothing in the dictionary of {protocol.id} contains {find!r}. Try a shorter word")
        raise typer.Exit(1)
    if csv:
        write(csv, csv_text(_CSV, [[shown(row[name]) for name in _CSV] for row in facts]))
    if as_json:
        print_json({"study": protocol.id, "tables": table_rows(), "facts": facts})
        return
    if not find:
        columns = ("table", "column", "kind", "required", "about")
        _print("Tables of a data folder (CSV or Parquet)", table_rows(), columns)
    _print(f"Names for {protocol.id}", facts, ("name", "about", "kind", "accepted", "units", "used_by"))


@app.command()
def check(study: StudyName, data: DataFolder, reader: Reader = None, as_json: AsJson = False) -> None:
    """Every problem of a data folder at once, with file, line and column. Exit code 2 if any row is refused.

    A row is used or refused, never dropped in silence; the last line accounts for all of them. What was done and the study's
    rules would have held (a broken clock, a level the rule had not said) is named as a departure.

    escalon data check {study} demo/data
    """
    from escalon.conduct.judge.departures import grouped
    from escalon.conduct.judge.watched import all_departures
    from escalon.facts import Day

    protocol, intake = load(study, data, reader, quiet=True)
    departed = all_departures(protocol, intake.trial, Day.of(date.max))
    if as_json:
        print_json(_as_json(intake) | {"departures": [one.as_json() for one in departed]})
    else:
        for problem in _problems(intake):
            say(f"{'refused' if problem.refused else 'note   '}  {protocol.said(str(problem))}")
        for line in _by_kind(intake):
            say(line)
        for count in intake.counts:
            say(f"{count.file}{'' if count.table else ', lines no table takes'}: {count}")
        for one in grouped(departed):
            say(f"departure  {protocol.said(str(one))}")
        say(intake.account())
    raise typer.Exit(2 if intake.refused else 0)


def _mentions(row: dict[str, Any], text: str) -> bool:
    return text.lower() in f"{row['name']} {row['about']} {row['group']}".lower()


def _problems(intake: "Intake") -> list["Problem"]:
    """What was found, what keeps a row out first."""
    return sorted((*intake.problems, *intake.contradictions), key=lambda one: not one.refused)


def _by_kind(intake: "Intake") -> list[str]:
    """Where many rows are refused, how many in each column of each file, the most first."""
    kinds = Counter(f"{one.file} {one.column}".strip() for one in intake.refused)
    if intake.refused and len(intake.refused) == len(kinds):
        return []
    return [f"refused in {kind}: {count}" for kind, count in kinds.most_common()]


def _as_json(intake: "Intake") -> dict[str, Any]:
    return {
        "problems": [
            {
                "file": problem.file, "line": problem.line, "column": problem.column, "value": problem.value,
                "message": problem.message, "refused": problem.refused,
            }
            for problem in _problems(intake)
        ],
        "tables": [
            {
                "file": count.file, "read": count.read, "used": count.used, "refused": count.refused,
                "left_out": count.left_out,
            }
            for count in intake.counts
        ],
        "sha256": dict(intake.hashes),
    }  # fmt: skip


def _print(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    cells = [[row[name] for name in columns] for row in rows]
    print_table(columns, cells, title, whole=("name", "column", "table"))
