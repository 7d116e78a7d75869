"""`escalon kinetics`: the cells in blood of every participant, as a table and a figure."""

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from escalon.cli.input_table import read_rows
from escalon.cli.output import (
    AsJson,
    fail,
    fail_listing,
    note,
    note_listing,
    print_document_table,
    print_json,
    say,
    tracked,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from escalon.cli.input_table import Cells
    from escalon.kinetics import AplasiaRule, Kinetics, Plan, Profile, Run
    from escalon.kinetics.sample import Sample
    from escalon.kinetics.samples_table import Infused
    from escalon.protocol import Study
    from escalon.reporting.document import Block, Document, Figure, Table


def kinetics(
    what: Annotated[
        list[str],
        typer.Argument(metavar="[STUDY] DATA", help="A folder with samples.csv or samples.parquet, or such a file."),
    ],
    method: Annotated[str, typer.Option(help="Area: linup_logdown or linear.")] = "linup_logdown",
    horizon: Annotated[list[float] | None, typer.Option(help="End of a partial area in days; may be repeated.")] = None,
    extrapolate: Annotated[
        bool, typer.Option("--extrapolate", help="Extrapolate a partial area from within the visit window.")
    ] = False,
    middle_blq: Annotated[str, typer.Option(help="Below LLOQ between two positives: drop or zero.")] = "drop",
    until: Annotated[float | None, typer.Option(help="Leave out samples from this day on (retreatment).")] = None,
    analyte: Annotated[
        str | None, typer.Option(help="Which analyte is the product; the study's own, or car_transgene.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Only profiles in this unit, when there are several.")] = None,
    aplasia_below: Annotated[float, typer.Option(help="B cells/µL below which is aplasia.")] = 10,
    recovery_from: Annotated[float, typer.Option(help="B cells/µL from which two in a row are recovery.")] = 50,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder for page, figures and CSV.")] = None,
    table: Annotated[
        Path | None, typer.Option("--table", help="Write every parameter, full digits, to this CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Peak, exposure, half-life and persistence of the cells in blood; B-cell aplasia; immunoglobulins.

    DATA is a data folder (samples.csv, and doses.csv for the day of infusion), or a samples file whose rows carry the
    elapsed day themselves. With qpcr_wells.csv beside it, levels are read from raw Ct values, from accepted runs only.
    STUDY says which analytes are the product and the B cells, and which bags are one dose; it may be left out.

    escalon kinetics data/                          tables on the screen

    escalon kinetics {study} data/ -o out/          and kinetics.html, its figures and CSV

    escalon kinetics samples.csv --method linear --horizon 28 --json
    """
    from escalon.kinetics.samples_table import TableError

    data, study = _asked(what)
    try:
        plan = _plan(method, horizon, extrapolate, middle_blq, until)
        rule = _aplasia_rule(aplasia_below, recovery_from)
        profiles, runs, problems = _profiles(data, study)
        note_listing(problems)
        product = analyte or (study and study.roles.cells) or _product(profiles)
        if analyte is None and not any(one.analyte == product for one in profiles) and _cells(profiles, study):
            note(
                f"no samples of {product}: B cells and other analytes alone are shown. If one is the product: --analyte"
            )
            chosen = []
        else:
            chosen = _chosen(profiles, product, unit)
    except TableError as error:
        fail_listing(error.problems)
    except (ValueError, OSError) as error:
        fail(error)
    found = _analysed(chosen, plan)
    others = [profile for profile in profiles if profile.analyte != product]
    cells = _cells(others, study)
    levels = [profile for profile in others if profile not in cells]
    if table:
        from escalon.reporting.sections.kinetics import parameter_csv

        write(table, parameter_csv(found))
    tables = _tables(found, cells, levels, runs, rule)
    if output:
        _write(output, data, tables, found, cells, rule)
    if as_json:
        print_json(
            {"synthetic": bool(_synthetic(data)), **_json(found, cells, levels, runs, rule), "problems": problems}
        )
        raise typer.Exit(2 if problems else 0)
    if _synthetic(data):
        say(_synthetic(data))
    for one in tables:
        print_document_table(one)
    for course in found:
        flags = dict.fromkeys((*course.flags, *(flag for part in course.findings.values() for flag in part.flags)))
        if flags:
            say(f"flags of {course.profile.participant}: {', '.join(flags)}")
    if not profiles:
        say("No profile: no sample of it can be used.")
    say(
        f"Written to {output}: kinetics.html and its figures and tables."
        if output
        else "For the figure: add -o FOLDER."
    )
    raise typer.Exit(2 if problems else 0)


def _asked(what: list[str]) -> "tuple[Path, Study | None]":
    """The data, and the study where one is named before it."""
    if len(what) > 2:
        fail("write the study and its data folder, or the data folder alone")
    if len(what) == 1:
        return Path(what[0]), None
    from escalon.protocol import load_study

    return Path(what[1]), load_study(what[0])


def _plan(method: str, horizon: list[float] | None, extrapolate: bool, middle_blq: str, until: float | None) -> "Plan":
    from escalon.kinetics import Plan

    for name, value, known in (
        ("--method", method, ("linup_logdown", "linear")),
        ("--middle-blq", middle_blq, ("drop", "zero")),
    ):
        if value not in known:
            raise ValueError(f"{name} {value!r} is not known. Write {' or '.join(known)}")
    if not all(isfinite(end) and end > 0 for end in horizon or ()):
        raise ValueError("--horizon is a number of days above 0")
    if until is not None and not isfinite(until):
        raise ValueError("--until is a number of days")
    horizons = tuple(int(end) if end == int(end) else end for end in horizon or (28, 84))
    return Plan(method, horizons, extrapolate=extrapolate, middle_blq=middle_blq, until=until)  # type: ignore[arg-type]


def _aplasia_rule(below: float, recovered: float) -> "AplasiaRule":
    from escalon.kinetics import AplasiaRule

    if not (isfinite(recovered) and 0 < below <= recovered):
        raise ValueError(f"--aplasia-below {below:g} must be above 0 and at most --recovery-from {recovered:g}")
    return AplasiaRule(below, recovered)


def _profiles(data: Path, study: "Study | None") -> "tuple[tuple[Profile, ...], list[Run], list[str]]":
    """The profiles of a samples table, with infusion days from the doses table and levels from raw wells; the runs.

    Last, the rows that cannot be used: each holds the profile it belongs to.
    """
    from escalon.kinetics.qpcr_table import plates_of
    from escalon.kinetics.samples_table import Unusable, profiles_of, read_samples
    from escalon.protocol.design import days_of_one_dose
    from escalon.sources.qpcr_wells import read_wells, wells_beside

    samples = data if data.is_file() else _beside(data, "samples")
    if samples is None:
        what = "no samples.csv or samples.parquet in it" if data.is_dir() else "there is no such file or folder"
        raise ValueError(f"{data}: {what}. Columns it needs: participant, analyte, date, value, unit, lloq")
    doses, wells = _beside(samples.parent, "doses"), wells_beside(samples.parent)
    plates = plates_of(read_wells(wells)) if wells else None
    aside: list[tuple[str, Cells, str]] = []
    read, refused = read_samples(read_rows(samples, aside=aside)[1], _check(study))
    refused += [Unusable(row.get("participant", ""), row.get("analyte", ""), place, why) for place, row, why in aside]
    bags = SPLIT if study is None else days_of_one_dose(study)
    infused, unread = _infusions(doses, bags) if doses else ({}, [])
    found = profiles_of(read, infused, plates.read if plates else None, refused)
    problems = [*(plates.problems if plates else ()), *unread, *map(str, found.problems)]
    return found.profiles, list(plates.runs.values()) if plates else [], problems


def _check(study: "Study | None") -> "Callable[[Sample], None]":
    """What a row must hold to beyond its own form: the study's dictionary, or units there are; and a day that has come."""
    from datetime import date

    from escalon.kinetics.sample import SampleError
    from escalon.kinetics.samples_table import as_known_unit
    from escalon.sources.observed import Dictionary, RowError
    from escalon.sources.rows import check_sample

    today, dictionary = date.today(), None if study is None else Dictionary(study)

    def check(sample: "Sample") -> None:
        if sample.taken is not None and sample.taken.earliest > today:
            raise SampleError("date", str(sample.taken), f"{sample.taken} is yet to come. Correct the date")
        if dictionary is None:
            return as_known_unit(sample)
        try:
            check_sample(dictionary, sample)
        except RowError as error:
            raise SampleError(error.column, error.value, str(error)) from None

    return check


def _infusions(doses: Path, bags: int) -> "tuple[dict[str, Infused], list[str]]":
    """Who was infused, from which day; and the rows that cannot be read: whoever they are of has no day 0 here."""
    from escalon.facts import read_day
    from escalon.history.doses import last_of_first
    from escalon.kinetics.samples_table import Infused

    aside: list[tuple[str, Cells, str]] = []
    given: dict[str, list[Infused]] = {}
    rows = read_rows(doses, ("participant", "date"), aside=aside)[1]
    for where, row in rows:
        try:
            day = read_day(row["date"])
            level = f"level {row['level']}" if row.get("level") else ""
            given.setdefault(row["participant"], []).append(Infused(day, level))
        except ValueError as error:
            aside.append((where, row, f"date: {error}"))
    known = {who: some for who, some in given.items() if who not in {row.get("participant") for _, row, _ in aside}}
    return last_of_first(known, bags), [f"{where}: {why}" for where, _, why in aside]


SPLIT = 1
"""Days between bags of one dose where no study says: bags of consecutive days are one, and days run from the last."""


def _beside(folder: Path, name: str) -> Path | None:
    return next(
        (path for end in ("csv", "tsv", "xlsx", "parquet") if (path := folder / f"{name}.{end}").is_file()), None
    )


def _product(profiles: "tuple[Profile, ...]") -> str:
    """The analyte that is the cell product, by the names it usually goes by."""
    from escalon.kinetics.sample import PRODUCT_NAMES

    there = {profile.analyte for profile in profiles}
    return next((name for name in PRODUCT_NAMES if name in there), PRODUCT_NAMES[0])


def _chosen(profiles: "tuple[Profile, ...]", analyte: str, unit: str | None) -> "list[Profile]":
    """The profiles to analyse, in one unit; two units are never mixed, so one must be named."""
    from dataclasses import replace

    from escalon.facts import spelled

    mine = [profile for profile in profiles if profile.analyte == analyte]
    if not profiles:
        return []
    if not mine:
        there = ", ".join(sorted({profile.analyte for profile in profiles}))
        raise ValueError(
            f"no samples of {analyte}. In this table: {there}. Name one with --analyte, or write the study before the data"
        )
    units = list({spelled(profile.unit): profile.unit for profile in mine if profile.unit}.values())
    if unit is not None:
        mine = [profile for profile in mine if not profile.unit or spelled(profile.unit) == spelled(unit)]
    elif len(units) > 1:
        raise ValueError(f"{analyte} is in {' and '.join(units)}, which never mix. Choose one with --unit")
    if not mine:
        raise ValueError(f"{analyte} is in {', '.join(units)}, not in {unit}")
    return [profile if profile.unit else replace(profile, unit=units[0] if units else unit or "") for profile in mine]


def _analysed(profiles: "list[Profile]", plan: "Plan") -> "list[Kinetics]":
    """Every profile analysed, with a progress bar on long work."""
    from escalon.kinetics import noncompartmental

    return [noncompartmental(profile, plan) for profile in tracked(profiles, "kinetics")]


def _cells(others: "Sequence[Profile]", study: "Study | None") -> "list[Profile]":
    """The B-cell counts among the other analytes."""
    from escalon.kinetics.b_cells import B_CELL_NAMES

    names = {*B_CELL_NAMES, *([study.roles.b_cells] if study else [])}
    return [profile for profile in others if profile.analyte in names]


def _tables(
    found: "list[Kinetics]", cells: "list[Profile]", levels: "list[Profile]", runs: "list[Run]", rule: "AplasiaRule"
) -> "list[Table]":
    from escalon.reporting.sections import kinetics as tables

    made = [
        *([tables.runs(runs)] if runs else []),
        *([tables.parameters(found), tables.summary(found)] if found else []),
    ]
    made += [tables.aplasia(cells, rule)] if cells else []
    return made + ([tables.levels(levels)] if levels else [])


def _write(
    folder: Path,
    data: Path,
    tables: "list[Table]",
    found: "list[Kinetics]",
    cells: "list[Profile]",
    rule: "AplasiaRule",
) -> None:
    """The page, its figures, and the tables with full digits."""
    from escalon.facts.whole import whole_folder
    from escalon.reporting import html
    from escalon.reporting.sections.kinetics import change_csv, parameter_csv

    figures = _figures(found, cells, rule, _synthetic(data))
    with whole_folder(folder, last="kinetics.html") as beside:
        for name, drawn in figures.items():
            write(beside / f"{name}.svg", drawn.svg)
        write(beside / "kinetics.csv", parameter_csv(found))
        write(beside / "change_from_baseline.csv", change_csv(found))
        write(beside / "kinetics.html", html.page(_document(data, [*figures.values(), *tables])))


def _figures(
    found: "list[Kinetics]", cells: "list[Profile]", rule: "AplasiaRule", synthetic: str
) -> "dict[str, Figure]":
    """The drawings by the names of their files."""
    from escalon.reporting.document import Figure
    from escalon.reporting.figures.b_cells import b_cell_figure
    from escalon.reporting.figures.kinetics import kinetics_figure

    drawn = kinetics_figure([kinetics.profile for kinetics in found], note=synthetic)
    made = {"kinetics": Figure("F7-1", "The product in blood", drawn, "Levels of every participant by day", "T7-2")}
    if cells:
        drawn = b_cell_figure(cells, rule, note=synthetic)
        made["b_cells"] = Figure("F7-2", "B cells in blood", drawn, "B cells of every participant by day", "T7-4")
    return made


def _document(data: Path, blocks: "list[Block]") -> "Document":
    from escalon import __version__
    from escalon.reporting.document import Document, Section, Text

    is_synthetic = bool(_synthetic(data))
    told = Text(_synthetic(data) or f"from {data.name}")
    return Document(
        "", "Cells in blood", "", "kinetics", "", is_synthetic, (Section("", "", (told, *blocks)),), confidential=False,
        input=_digest(data), software=f"Escalon {__version__}",
    )  # fmt: skip


def _synthetic(data: Path) -> str:
    """What must stand over invented people, or nothing."""
    folder = data.parent if data.is_file() else data
    return "SYNTHETIC DATA: the people are invented" if (folder / "SYNTHETIC.txt").exists() else ""


def _digest(data: Path) -> str:
    """The SHA-256 of all that was read, so that the page can be made again."""
    from hashlib import sha256

    beside = (_beside(data, name) for name in ("samples", "doses", "qpcr_wells"))
    files = [data] if data.is_file() else [path for path in beside if path]
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _json(
    found: "list[Kinetics]", cells: "list[Profile]", levels: "list[Profile]", runs: "list[Run]", rule: "AplasiaRule"
) -> dict[str, Any]:
    from escalon.kinetics import b_cell_aplasia, change_from_baseline

    def course(kinetics: "Kinetics") -> dict[str, Any]:
        changes = [change.as_json() for change in change_from_baseline(kinetics.profile)]
        return {**kinetics.as_json(), "change_from_baseline": changes}

    aplasia = [
        {"participant": profile.participant, **finding.as_json()}
        for profile in cells
        for finding in b_cell_aplasia(profile, rule)
    ]
    return {
        "runs": [run.as_json() for run in runs],
        "kinetics": [course(kinetics) for kinetics in found],
        "b_cell_aplasia": aplasia,
        "other_analytes": [
            {
                "participant": profile.participant,
                "analyte": profile.analyte,
                "unit": profile.unit,
                "samples": len(profile.samples),
            }
            for profile in levels
        ],
    }
