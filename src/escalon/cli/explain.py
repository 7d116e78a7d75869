"""`escalon explain`: how a number came about."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from escalon.cli.loading import Cutoff, cutoff_day, load
from escalon.cli.output import AsJson, print_json

if TYPE_CHECKING:
    from escalon.conduct.judge.explaining import Line

EPILOG = """Examples:

  escalon explain demo/data P01 das28_esr                a score at every visit, down to its items

  escalon explain demo/data P01 das28_esr --visit D28    at one visit

  escalon explain demo/data P04 I-3a                     a clause: the registry's words, our rule, the facts

  escalon explain demo/data P04 eligibility              every clause

  escalon explain demo/data P07 dlt                      whether a DLT, and from what

  escalon explain demo/data all next_dose                the decision, participant by participant"""


def explain(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A folder of CSV or Parquet tables, or a casebook.")],
    participant: Annotated[str, typer.Argument(metavar="PARTICIPANT", help="A code such as P02; `all` for next_dose.")],
    finding: Annotated[
        str, typer.Argument(metavar="FINDING", help="A clause, a score, eligibility, dlt or next_dose.")
    ],
    study: Annotated[str, typer.Option("--study", help="The study the data belong to.")] = "nct07052565",
    visit: Annotated[str, typer.Option("--visit", help="Only this visit, or this day.")] = "",
    cutoff: Cutoff = None,
    as_json: AsJson = False,
) -> None:
    """The tree of facts beneath a finding: each entry with its value, day and the place it was read from."""
    from escalon.conduct.judge.cutoff import as_of
    from escalon.conduct.judge.explaining import explain as explained

    protocol, intake = load(study, data, quiet=True)
    day = cutoff_day(cutoff, intake)
    line = explained(protocol, as_of(intake.trial, day), participant, finding, day, visit)
    if as_json:
        print_json(line.as_json())
        return
    from rich.console import Console

    Console().print(_tree(line))


def _tree(line: "Line") -> Any:
    from rich.markup import escape
    from rich.tree import Tree

    tree = Tree(escape(line.text))
    for part in line.beneath:
        tree.add(_tree(part))
    return tree
