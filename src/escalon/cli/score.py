"""`escalon score`: an instrument, from its items or over a table of visits."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from escalon.cli.grade_writing import read_items
from escalon.cli.output import AsJson, end_with, fail, note, print_json, print_table, say

if TYPE_CHECKING:
    from escalon.facts import Finding
    from escalon.instruments.kit.instrument import Instrument

EPILOG = """Examples:

  escalon score                                                    every instrument, a line each

  escalon score das28_esr --items                                  what it asks: names, ranges, units, options

  escalon score das28_esr tender=4 swollen=5 esr=7 global_health='50 mm'

  escalon score das28_crp tender=4 swollen=5 crp='2.5 mg/dL' global_health='50 mm' --json

  escalon score cdai --table visits.csv -o scored.csv

A header of a table says its unit in brackets: crp \\[mg/L]. Exit code 0: scored; 1: not settled; 2: wrong input.
A table comes back whole, with NAME, NAME_band, NAME_status, NAME_missing and NAME_flags added;
code 2 if a row is invalid, else 0: a row says what is open."""


def score(
    instrument: Annotated[str | None, Argument(metavar="[INSTRUMENT]", help="Its name, such as das28_esr.")] = None,
    items: Annotated[
        list[str] | None, Argument(metavar="[ITEM=VALUE …]", help="Items, with units; options too.")
    ] = None,
    ask: Annotated[bool, Option("--items", help="What the instrument asks, its bands, flags and source.")] = False,
    table: Annotated[Path | None, Option("--table", help="Score every row of a CSV or Parquet file.")] = None,
    output: Annotated[Path | None, Option("-o", "--output", help="Where to write the scored table.")] = None,
    show: Annotated[
        str | None, Option("--show", help="sql, javascript, schema or formula, instead of a score.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A disease-activity score, response or classification, from its items; without arguments, the list of them."""
    if instrument is None:
        _list(as_json)
        return
    from escalon.instruments.kit.catalogue import find

    found = find(instrument)
    given = read_items(items, "Write item=value, such as tender=4 or crp='7 mg/L'")
    if show:
        _show(found, show, given)
    elif table:
        from escalon.cli.score_tables import score_file

        score_file(found, table, output, given, as_json)
    elif ask or not items:
        _ask(found, as_json)
    else:
        _one(found, given, as_json)


def _list(as_json: bool) -> None:
    from escalon.instruments import catalogue
    from escalon.instruments.kit.catalogue import family

    rows = [
        {"family": family(one), "name": one.name, "title": one.title, "about": one.about.splitlines()[0]}
        for one in catalogue().values()
    ]
    if as_json:
        print_json(rows)
        return
    from rich.text import Text

    lines: list[tuple[Any, str]] = []
    for name, some in groupby(sorted(rows, key=lambda row: (row["family"], row["name"])), lambda row: row["family"]):
        lines.append((Text(name, "bold"), ""))
        lines += [(f"  {row['name']}", f"{row['title']}: {row['about']}") for row in some]
    print_table(("name", "what it measures"), lines, "Instruments", whole=["name"], box=None)


def _ask(found: "Instrument", as_json: bool) -> None:
    from escalon.instruments.kit.readings import described

    about = described(found)
    if as_json:
        print_json(about)
        return
    say(f"{found.title}  ({found.name})", bold=True)
    say(f"{found.about}\nSource: {found.source}")
    if found.unconfirmed:
        say(f"Unconfirmed: {found.unconfirmed}")
    rows = [[item[name] for name in ("name", "about", "accepted", "units", "also")] for item in about["items"]]
    print_table(("item", "what", "accepted", "units", "also"), rows, whole=["item"])
    for name, choices in about["options"].items():
        say(f"option {name}: {choices[0]} (default)" + "".join(f", {choice}" for choice in choices[1:]))
    for name, bands in about["bands"].items():
        say(f"{name}: " + ";  ".join(f"{label} {test}" for label, test in bands))


def _one(found: "Instrument", given: dict[str, Any], as_json: bool) -> None:
    from escalon.instruments.kit.assessment import assess_with

    finding = assess_with(found, given)
    if as_json:
        print_json(finding.as_json())
    else:
        _print(found, finding)
    end_with(finding)


def _print(found: "Instrument", finding: "Finding") -> None:
    from escalon.facts import Status, plain

    if finding.status is Status.INVALID:
        for reason in finding.reasons:
            note(f"escalon: {reason}")
        return
    if finding.status is Status.NOT_APPLICABLE:
        say(f"{found.title}: {'; '.join(finding.reasons)}")
        return
    unit = f" {finding.unit}" if finding.unit and finding.value is not None else ""
    band = f"  ({finding.category})" if finding.category else ""
    say(f"{found.title}: {plain(finding.value, 4)}{unit}{band}")
    if finding.bounds and finding.value is None:
        say(f"  {_between(finding.bounds)}, depending on what is missing")
    _print_parts(found, finding)
    if finding.missing:
        say(f"  missing: {', '.join(finding.missing)}")
    for reason in finding.reasons:
        if reason not in {f"{name} is not known" for name in finding.missing}:
            say(f"  {reason}")
    if finding.flags:
        say(f"  flags: {', '.join(finding.flags)}")


def _print_parts(found: "Instrument", finding: "Finding") -> None:
    """Intermediate terms, or between what they lie; then the options in force."""
    parts = {name: value for name, value in finding.components.items() if name not in found.items}
    for name, value in parts.items():
        open_to = parts.get(f"{name}_bounds")
        if name in found.options:
            say(f"  option {name}={value}")
        elif not (name.endswith("_bounds") and name.removesuffix("_bounds") in parts):
            shown = value if value is not None or open_to is None else open_to
            say(f"  {name.replace('_', ' ')}: {_shown(shown)}")


def _between(bounds: tuple[Any, ...]) -> str:
    """What is still possible: the ends of a number, or the answers that are left."""
    from escalon.facts import plain

    low, high = bounds[0], bounds[-1]
    if any(isinstance(end, bool | str) for end in bounds):
        return f"may still be {' or '.join(map(plain, bounds))}"
    if low is None or high is None:
        return f"at least {plain(low, 4)}" if high is None else f"at most {plain(high, 4)}"
    return f"between {plain(low, 4)} and {plain(high, 4)}"


def _shown(value: Any) -> str:
    from escalon.facts import plain

    return _between(value) if isinstance(value, tuple) else plain(value, 4)


def _show(found: "Instrument", what: str, given: dict[str, Any]) -> None:
    from escalon.expressions.text import plain_text
    from escalon.instruments.kit.assessment import chosen_options
    from escalon.instruments.kit.readings import javascript, json_schema, sql

    options = chosen_options(found, given)
    match what:
        case "sql":
            say(sql(found, **options))
        case "javascript":
            say(javascript(found, **options))
        case "schema":
            print_json(json_schema(found))
        case "formula":
            program = found.program(**options)
            say(plain_text(program.steps[program.roots["value"]].node))
        case _:
            fail(f"--show {what} is not known. Write sql, javascript, schema or formula")
