"""`escalon explain`: how a number came about."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from escalon.cli.loading import Cutoff, Reader, cutoff_day, load
from escalon.cli.output import AsJson, fail, note, print_json
from escalon.studies import DEFAULT

if TYPE_CHECKING:
    from escalon.conduct.judge.explaining import Line
    from escalon.facts import Day
    from escalon.protocol import Study
    from escalon.sources.intake import Intake

EPILOG = """Examples:

  escalon explain demo/data P01 das28_esr                a score at every visit, down to its items

  escalon explain demo/data P01 das28_esr --visit D28    at one visit

  escalon explain demo/data P04 I-3a                     a clause: the registry's words, our rule, the facts

  escalon explain demo/data P04 eligibility              every clause

  escalon explain demo/data P07 dlt                      whether a DLT, and from what

  escalon explain demo/data all next_dose                the decision, participant by participant

  escalon explain demo/data T6-4/D90/change_mean         a cell of the report, down to file and line"""


def explain(
    data: Annotated[Path, Argument(metavar="DATA", help="A folder of CSV or Parquet tables, or a casebook.")],
    participant: Annotated[
        str,
        Argument(metavar="PARTICIPANT", help="A code such as P02; `all` for next_dose; or a cell of the report."),
    ],
    finding: Annotated[
        str, Argument(metavar="[FINDING]", help="A clause, a score, eligibility, dlt or next_dose.")
    ] = "",
    study: Annotated[
        str, Option("--study", help=f"The study the data belong to. [default: a casebook's own; else {DEFAULT}]")
    ] = "",
    visit: Annotated[str, Option("--visit", help="Only this visit, or this day.")] = "",
    cutoff: Cutoff = None,
    reader: Reader = None,
    as_json: AsJson = False,
) -> None:
    """The tree of facts beneath a finding: each entry with its value, day and the place it was read from."""
    from escalon.conduct.judge.cutoff import as_of
    from escalon.conduct.judge.explaining import explain as explained

    named = study or _kept_of(data)
    protocol, intake = load(named or DEFAULT, data, reader, quiet=True)
    if intake.refused and not named:
        fail(f"{len(intake.refused)} rows are refused by {DEFAULT}, which is asked where no study is named. "
             f"If the data belong to another, add --study FOLDER; else --study {DEFAULT}")  # fmt: skip
    if intake.refused:
        note(f"{len(intake.refused)} rows are refused by {protocol.id}; data check names them")
    day = cutoff_day(cutoff, intake)
    if not finding:
        _say(_cell(protocol, intake, day, participant), as_json)
        return
    line = explained(protocol, as_of(intake.trial, day), participant, finding, day, visit)
    _say(line, as_json)


def _kept_of(data: Path) -> str:
    """The study that a casebook is kept of; empty of a data folder, which does not say."""
    from escalon.casebook.location import SETTINGS, settings_of

    return str(settings_of(data).get("study") or "") if (data / SETTINGS).is_file() else ""


def _cell(study: "Study", intake: "Intake", cutoff: "Day", name: str) -> "Line":
    """A cell of the report; of the endpoints alone where it is one of theirs."""
    from escalon.reporting.cell_lines import explain_cell, is_cell
    from escalon.reporting.results import hashes_of, results
    from escalon.reporting.sections.efficacy import efficacy
    from escalon.reporting.trial import full_report
    from escalon.reporting.view import View

    if not is_cell(name):
        fail(
            f"what of {name}? Write a finding after it, such as eligibility, or the name of a cell, such as T6-4/D90/n"
        )
    view = View(study, intake, cutoff)
    own = name.startswith(("T6-", *(f"{one.id}/" for one in study.outcomes)))
    document = view.document("full report", study.title, efficacy(view)) if own else full_report(view)
    return explain_cell(results(document, study, view.executed, hashes_of(intake.entries)), name)


def _say(line: "Line", as_json: bool) -> None:
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
