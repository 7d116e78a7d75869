"""`escalon screen`: who may enter, and why."""

from typing import TYPE_CHECKING, Annotated

import typer

from escalon.cli.loading import AsJson, Cutoff, DataFolder, StudyName, cutoff_day, load, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from escalon.conduct.screening import Screening

EPILOG = """Examples:

  escalon screen nct07052565 demo/data                   one line for each participant

  escalon screen nct07052565 demo/data -p P07            the screening sheet of one, clause by clause

  escalon screen nct07052565 demo/data --json            everything, for scripts

On a sheet an inclusion is met or not met; an exclusion is absent (it passes) or present (it excludes).

Exit code 0 when everybody screened is eligible, 1 when somebody is not or is undecided, 2 when the input is wrong."""

_COLOURS = {"met": "green", "not met": "red", "unknown": "yellow", "not applicable": "dim"}
_PRESENCE = {"met": "absent", "not met": "present"}
"""How an exclusion's verdict is said: to read that an exclusion is «met» would mean the opposite to a physician."""
_WORDS = {"met": "eligible", "not met": "not eligible", "unknown": "undecided"}


def screen(
    study: StudyName,
    data: DataFolder,
    participant: Annotated[
        str | None, typer.Option("-p", "--participant", help="The sheet of one participant.")
    ] = None,
    sheets: Annotated[bool, typer.Option("--sheets", help="The sheet of every participant.")] = False,
    cutoff: Cutoff = None,
    as_json: AsJson = False,
) -> None:
    """Screen every participant against every clause; an exclusion passes only when it is known to be absent."""
    from escalon.conduct.cutoff import as_of
    from escalon.conduct.screening import screen_one

    protocol, intake = load(study, data)
    day = cutoff_day(cutoff, intake)
    records = as_of(intake.records, day)
    wanted = [code for code in records.participants if participant in (None, code)]
    if not wanted:
        typer.echo(
            f"escalon: there is no participant {participant}. There are {', '.join(records.participants)}", err=True
        )
        raise typer.Exit(2)
    found = [screen_one(protocol, records, code, day) for code in wanted]
    if as_json:
        answer = {"study": protocol.id, "version": protocol.version, "cutoff": str(day), "account": intake.account()}
        print_json(answer | {"participants": [one.as_json() for one in found]})
    else:
        _print(found, sheets or participant is not None, records.synthetic)
    raise typer.Exit(0 if all(one.eligible for one in found) else 1)


def _print(found: "list[Screening]", sheets: bool, synthetic: bool) -> None:
    from rich.console import Console

    console = Console()
    if synthetic:
        console.print("[bold]Synthetic people: invented, not observed.[/bold]")
    if sheets:
        for one in found:
            _sheet(console, one)
    else:
        _table(console, found)


def _table(console: "Console", found: "list[Screening]") -> None:
    from rich.table import Table

    table = Table("participant", "disease", "verdict", "why, or what to obtain", title_justify="left")
    for one in found:
        verdict = one.verdict.value
        reasons = [f"{clause.criterion.id}: {'; '.join(clause.why())}" for clause in one.failed()]
        reasons = reasons or [f"obtain: {wanted}" for wanted in one.obtain]
        shown = "\n".join(reasons[:3]) + (f"\n… and {len(reasons) - 3} more" if len(reasons) > 3 else "")
        table.add_row(one.participant, one.disease or "?", f"[{_COLOURS[verdict]}]{_WORDS[verdict]}[/]", shown)
    console.print(table)
    counts = {word: sum(_WORDS[one.verdict.value] == word for one in found) for word in _WORDS.values()}
    console.print(f"{len(found)} screened: " + ", ".join(f"{number} {word}" for word, number in counts.items()))


def _sheet(console: "Console", one: "Screening") -> None:
    from rich.table import Table

    verdict = one.verdict.value
    title = f"{one.participant} ({one.disease or 'disease not stated'}), decided as of {one.as_of}: {_WORDS[verdict]}"
    table = Table("id", "clause", "verdict", "evidence, or what would settle it", title=title, title_justify="left")
    for clause in one.clauses:
        evidence = (
            clause.finding.missing if verdict == "unknown" and clause.verdict.value == "unknown" else clause.why()
        )
        excludes, found = clause.criterion.kind == "exclusion", clause.verdict.value
        table.add_row(
            clause.criterion.id,
            ("excluded if: " if excludes else "") + clause.sentence,
            f"[{_COLOURS[found]}]{_PRESENCE.get(found, found) if excludes else found}[/]",
            "\n".join(evidence or clause.why()),
        )
    console.print(table)
