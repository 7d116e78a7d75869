"""`escalon feasibility`: how many of a hospital's patients could enter, and what each clause costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from escalon.cli.default_command import first_of
from escalon.cli.loading import Cutoff, Reader, StudyName, load_as_of, read_study
from escalon.cli.output import AsJson, fail, note, print_json, print_table, say, say_if_synthetic, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from escalon.feasibility.attrition import Attrition
    from escalon.feasibility.inquiry import Inquiry
    from escalon.protocol.study import Study

EPILOG = """Examples (`ask` may be left out):

  escalon feasibility {study} demo/data

  escalon feasibility {study} --warehouse hospital/ --index-date 2026-11-01

  escalon feasibility {study} --warehouse postgresql://reader@db/hospital --relax 'haemoglobin >= 50 g/L'"""


app = typer.Typer(
    cls=first_of("ask"),
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="How many of a hospital's patients could enter, and which clause costs most.",
)

Warehouse = Annotated[
    str,
    Option(
        "--warehouse", "-w", help="A folder of Parquet, CSV or NDJSON files, a .duckdb file, postgresql://…, spark:…"
    ),
]
MappingFile = Annotated[Path | None, Option("--mapping", help="Where the study's names stand, else warehouse.toml.")]


@app.command("ask", epilog=EPILOG)
def feasibility(
    study: StudyName,
    data: Annotated[
        Path | None,
        Argument(metavar="[DATA]", help="A data folder or casebook: people screened one by one."),
    ] = None,
    warehouse: Warehouse = "",
    index_date: Annotated[
        str, Option("--index-date", help="The day everybody of a warehouse is looked at, as if screened then.")
    ] = "",
    mapping: MappingFile = None,
    cutoff: Cutoff = None,
    relax: Annotated[
        list[str] | None,
        Option("--relax", help="What if: 'haemoglobin >= 50 g/L', or 'I-2d: …'; may be repeated."),
    ] = None,
    reading: Annotated[
        list[str] | None, Option("--with", help="What if: another reading of an assumption, Q-SS-TP=or.")
    ] = None,
    listed: Annotated[
        bool, Option("--list", help="The people who may enter, with what is missing. They leave the warehouse.")
    ] = False,
    worksheet: Annotated[
        Path | None,
        Option("--worksheet", help="Of those listed, write worksheets to screen by (HTML, to print)."),
    ] = None,
    figure: Annotated[Path | None, Option("--figure", help="Write the funnel as an SVG.")] = None,
    reader: Reader = None,
    as_json: AsJson = False,
    sql: Annotated[bool, Option("--sql", help="Print the statement, and ask nothing of the people.")] = False,
    smallest: Annotated[int, Option("--smallest", min=1, help="Fewer people than this are not shown.")] = 5,
) -> None:
    """How many people could enter: the clauses as a funnel, what each costs, who is one fact from eligible.

    Only counts leave a warehouse, and small ones are withheld. What is not known is counted apart, never as no.
    """
    if (data is None) == (not warehouse):
        fail("say whom to ask: --warehouse URL with --index-date, or a data folder")
    of_data = {"--cutoff": cutoff}
    of_warehouse = {
        "--index-date": index_date,
        "--mapping": mapping,
        "--list": listed,
        "--worksheet": worksheet,
        "--sql": sql,
    }
    if odd := [name for name, given in (of_warehouse if data else of_data).items() if given]:
        instead = "escalon screen lists its people" if data else "--index-date says the day"
        fail(
            f"{', '.join(odd)} is asked of {'a warehouse' if data else 'a data folder'} only. Leave it out ({instead})"
        )
    if worksheet and (sql or not listed):
        fail("--worksheet is of the people that --list gives out. Write --list, and leave --sql out")
    if data is not None:
        protocol, counted = _of_folder(study, data, cutoff, reader, smallest)
    else:
        inquiry = _inquiry(study, warehouse, index_date, mapping)
        if sql:
            say(inquiry.warehouse.text(inquiry.prepared().counts()))
            return
        if listed:
            _list(inquiry, as_json, worksheet)
            return
        protocol, counted = inquiry.study, _of_warehouse(inquiry, smallest)
    what_if = [(name, counted(other)) for name, other in _what_if(protocol, relax or (), reading or ())]
    _give(counted(protocol), what_if, as_json, figure)


def _give(found: "Attrition", what_if: "Sequence[tuple[str, Attrition]]", as_json: bool, figure: Path | None) -> None:
    from escalon.feasibility.attrition import compared

    if figure is not None:
        from escalon.feasibility.figure import funnel_svg

        note(f"funnel: {write(figure, funnel_svg(found))}")
    others = compared(found, what_if)
    if as_json:
        print_json({**found.as_json(), "what_if": others})
        return
    _print(found)
    for one in others:
        counts = ", ".join(
            f"{kind} {'·' if one[kind] is None else one[kind]}" for kind in ("eligible", "undecided", "excluded")
        )
        say(f"What if {one['what']}: {counts}")
    if others and found.smallest > 1:
        say(f"What-ifs differ from the study and from each other in whole steps of {found.smallest} people")


def _what_if(study: "Study", relax: "Sequence[str]", readings: "Sequence[str]") -> "list[tuple[str, Study]]":
    from escalon.feasibility.what_if import relaxed
    from escalon.protocol.readings import with_readings

    found = [(text, relaxed(study, text)) for text in relax]
    return found + [(text, with_readings(study, [text])) for text in readings]


def _list(inquiry: "Inquiry", as_json: bool, worksheet: Path | None) -> None:
    """Who may enter, those with least missing first, each with the clauses that are still open."""
    from escalon.feasibility.counting import UNKNOWN

    rows = inquiry.warehouse.answer(inquiry.prepared().listed())
    silent, unread = list(inquiry.mapping.silent), list(inquiry.mapping.unread(inquiry.study))
    if worksheet is not None:
        known = inquiry.study.vocabulary
        called = [known[name].label if name in known else name for name in silent]
        _worksheets(inquiry, rows, [*_silence(called, ";"), *unread], worksheet)
    people = [
        {
            "person": person,
            "disease": disease,
            "verdict": "undecided" if UNKNOWN in verdicts else "eligible",
            "open": [one.id for one, verdict in zip(inquiry.criteria, verdicts, strict=True) if verdict == UNKNOWN],
        }
        for person, disease, *verdicts in rows
    ]
    if as_json:
        print_json(
            {
                "synthetic": inquiry.mapping.source.synthetic,
                "silence_is_no": silent,
                "notes": unread,
                "people": people,
            }
        )
        return
    say_if_synthetic(inquiry.mapping.source.synthetic)
    print_table(
        ("person", "disease", "verdict", "still open"),
        [(one["person"], one["disease"], one["verdict"], ", ".join(one["open"])) for one in people],
        most=200,
        all_by="--json",
    )
    for line in (*_silence(silent, ","), *unread):
        say(line)


def _silence(names: "Sequence[str]", apart: str) -> list[str]:
    return [f"Silence counts as no for: {f'{apart} '.join(names)}"] if names else []


SHEETS = 50
"""For so many people, those with least missing first, worksheets are written; more are a book nobody prints."""


def _worksheets(inquiry: "Inquiry", rows: "Sequence[Sequence[Any]]", notes: "Sequence[str]", file: Path) -> None:
    from escalon.feasibility.counting import MET, UNKNOWN
    from escalon.reporting import html
    from escalon.reporting.screening_worksheet import ToScreen, worksheet

    said = {MET: "met in the warehouse", UNKNOWN: ""}
    ids = [one.id for one in inquiry.criteria]
    people = [
        ToScreen(
            str(person), disease or "", {id: said[one] for id, one in zip(ids, verdicts, strict=True) if one in said}
        )
        for person, disease, *verdicts in rows[:SHEETS]
    ]
    about = f"read from a warehouse as of {inquiry.day}"
    sheet = worksheet(inquiry.study, people, synthetic=inquiry.mapping.source.synthetic, about=about, notes=notes)
    note(f"worksheets of {len(people)} of {len(rows)} people: {write(file, html.page(sheet))}")


@app.command("map")
def map_(
    study: StudyName,
    warehouse: Warehouse,
    mapping: MappingFile = None,
    output: Annotated[Path | None, Option("-o", "--output", help="Write the draft here.")] = None,
) -> None:
    """Draft the mapping of a warehouse, and say which clauses cannot be answered from it, and why.

    escalon feasibility map {study} -w demo/warehouse -o warehouse.toml
    """
    from escalon.feasibility.drafting import draft, unanswered
    from escalon.feasibility.mapping_file import load_mapping, read_mapping
    from escalon.feasibility.warehouse import open_warehouse

    protocol = read_study(study)
    opened = open_warehouse(warehouse)
    if mapping is None:
        import tomllib

        text = draft(protocol, opened)
        found = read_mapping(tomllib.loads(text))
        if output is None:
            say(text)
        else:
            say(f"draft: {write(output, text)}")
    else:
        found = load_mapping(mapping)
        for line in found.unread(protocol):
            say(line)
    open_clauses = unanswered(protocol, found)
    say(
        f"{len({clause for clause, _, _ in open_clauses})} of {len(protocol.criteria)} clauses read what cannot be answered:",
        bold=True,
    )
    print_table(("clause", "name", "why"), open_clauses, whole=("clause",))


def _of_folder(
    study: str, data: Path, cutoff: str | None, reader: str | None, smallest: int
) -> "tuple[Study, Callable[[Study], Attrition]]":
    from escalon.conduct.judge.screening import screen
    from escalon.feasibility.attrition import of_screenings

    protocol, _, trial, day = load_as_of(study, data, reader, cutoff)
    return protocol, lambda one: of_screenings(one, screen(one, trial, day), day, smallest)


def _of_warehouse(inquiry: "Inquiry", smallest: int) -> "Callable[[Study], Attrition]":
    from dataclasses import replace

    from escalon.feasibility.attrition import count

    return lambda one: count(replace(inquiry, study=one), smallest)


def _inquiry(study: str, warehouse: str, index_date: str, mapping: Path | None) -> "Inquiry":
    from escalon.facts import Day
    from escalon.feasibility.inquiry import Inquiry
    from escalon.feasibility.mapping_file import load_mapping
    from escalon.feasibility.warehouse import open_warehouse

    protocol = read_study(study)
    if not index_date:
        fail("say on which day everybody is looked at: --index-date 2026-11-01")
    day = Day.parse(index_date)
    if day.is_partial:
        fail(f"--index-date {index_date} is no full day. Write it as 2026-11-01")
    opened = open_warehouse(warehouse)
    return Inquiry(protocol, load_mapping(mapping or _beside(protocol.folder, warehouse)), opened, day)


def _beside(folder: Path, warehouse: str) -> Path:
    """The mapping beside the study, or in the folder that is the warehouse."""
    from escalon.feasibility.mapping import FILE

    places = [folder / FILE, Path(warehouse.removeprefix("spark:")) / FILE]
    return next((place for place in places if place.is_file()), places[0])


def _print(found: "Attrition") -> None:
    from escalon.feasibility.attrition import WITHHELD

    shown = {name: WITHHELD if number is None else number for name, number in found.shown.items()}
    say_if_synthetic(found.mapping.source.synthetic)
    say(
        f"{shown['people']} people on {found.day}: {shown['eligible']} eligible, {shown['undecided']} undecided, "
        f"{shown['excluded']} not eligible",
        bold=True,
    )
    kinds = ("not_met", "unknown", "left", "alone", "gained")
    columns = ("clause", "what", "fail", "unknown", "left", "alone keeps out", "eligible without it", "share")
    rows = []
    for k, one in enumerate(found.criteria):
        share = found.share(k)
        counts = (shown[f"{kind}_{k}"] for kind in kinds)
        rows.append((one.id, one.heading, *counts, WITHHELD if share is None else f"{share} %"))
    print_table(columns, rows, numbers=columns[2:])
    kinds_of_people = ("people", "excluded", "undecided", "eligible")
    by = [(group, *(shown[f"{kind} {group}"] for kind in kinds_of_people)) for group in found.groups]
    print_table(("disease", "people", "not eligible", "undecided", "eligible"), by)
    for line in sentences(found):
        say(line)


def sentences(found: "Attrition") -> list[str]:
    """What must stand beside every table of it."""
    from escalon.feasibility.attrition import WITHHELD

    nearly = found.shown.get("nearly")
    said = (
        [] if found.nearly is None else [f"One obtainable fact from eligible: {WITHHELD if nearly is None else nearly}"]
    )
    wanted = sorted(
        ((number, name) for name in found.obtain if (number := found.shown.get(f"obtain {name}"))), reverse=True
    )
    if wanted:
        said.append("  " + ", ".join(f"{name} for {number}" for number, name in wanted[:8]))
    if silent := found.mapping.silent:
        within = " within observed time" if found.mapping.observed else ""
        said.append(f"Silence{within} counts as no for: {', '.join(silent)}")
    said += found.notes
    if found.smallest > 1:
        so_few = f"fewer than {found.smallest} people, or a number from which so few could be worked out"
        said.append(f"{WITHHELD} is withheld: {so_few}")
    return said
