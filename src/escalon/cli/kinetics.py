"""`escalon kinetics`: the cells in blood of every participant, as a table and a figure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from escalon import __version__
from escalon.cli.input_table import Cells, read_rows
from escalon.cli.loading import read_study
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
from escalon.facts import read_day, spelled, together
from escalon.facts.whole import whole_folder
from escalon.history.doses import last_of_first
from escalon.kinetics import (
    AplasiaRule,
    Kinetics,
    Plan,
    Profile,
    Run,
    b_cell_aplasia,
    change_from_baseline,
    noncompartmental,
)
from escalon.kinetics.b_cells import B_CELL_NAMES
from escalon.kinetics.qpcr_table import plates_of
from escalon.kinetics.sample import PRODUCT_NAMES, Sample, SampleError
from escalon.kinetics.samples_table import Infused, TableError, Unusable, as_known_unit, profiles_of, read_samples
from escalon.protocol import Study
from escalon.protocol.design import days_of_one_dose
from escalon.reporting import html
from escalon.reporting.document import Document, Figure, Section, Table, Text
from escalon.reporting.figures.b_cells import b_cell_figure
from escalon.reporting.figures.kinetics import kinetics_figure
from escalon.reporting.sections import kinetics as tables
from escalon.sources.observed import Dictionary, RowError
from escalon.sources.qpcr_wells import read_wells, wells_beside
from escalon.sources.rows import check_sample


@dataclass(frozen=True)
class FromSamples:
    """What a file or folder of samples comes to: the product's courses, B cells, other analytes, and the plates beneath."""

    data: Path
    found: Sequence[Kinetics]
    cells: Sequence[Profile]
    levels: Sequence[Profile]
    runs: Sequence[Run]
    rule: AplasiaRule

    @property
    def synthetic(self) -> str:
        """What must stand over invented people, or nothing."""
        folder = self.data.parent if self.data.is_file() else self.data
        return "SYNTHETIC DATA: the people are invented" if (folder / "SYNTHETIC.txt").exists() else ""

    def tables(self) -> list[Table]:
        """The tables of a report, as far as there is something for them."""
        return [
            *([tables.runs(self.runs)] if self.runs else []),
            *([tables.parameters(self.found), tables.summary(self.found)] if self.found else []),
            *([tables.aplasia(self.cells, self.rule)] if self.cells else []),
            *([tables.levels(self.levels)] if self.levels else []),
        ]

    def figures(self) -> dict[str, Figure]:
        """The drawings by the names of their files."""
        drawn = kinetics_figure([one.profile for one in self.found], note=self.synthetic)
        made = {"kinetics": Figure("F7-1", "The product in blood", drawn, "Levels of every participant by day", "T7-2")}
        if self.cells:
            drawn = b_cell_figure(self.cells, self.rule, note=self.synthetic)
            alt = "B cells of every participant by day"
            made["b_cells"] = Figure("F7-2", "B cells in blood", drawn, alt, "T7-4")
        return made

    def document(self, figures: Sequence[Figure]) -> Document:
        """The page: where it comes from, the figures, the tables."""
        told = Text(self.synthetic or f"from {self.data.name}")
        return Document(
            "", "Cells in blood", "", "kinetics", "", bool(self.synthetic),
            (Section("", "", (told, *figures, *self.tables())),), confidential=False,
            input=self.digest(), software=f"Escalon {__version__}",
        )  # fmt: skip

    def digest(self) -> str:
        """The SHA-256 of all that was read, so that the page can be made again."""
        beside = (_beside(self.data, name) for name in ("samples", "doses", "qpcr_wells"))
        files = [self.data] if self.data.is_file() else [path for path in beside if path]
        return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    def write(self, folder: Path) -> None:
        """The page, its figures, and the tables with full digits."""
        figures = self.figures()
        with whole_folder(folder, last="kinetics.html") as beside:
            for name, drawn in figures.items():
                write(beside / f"{name}.svg", drawn.svg)
            write(beside / "kinetics.csv", tables.parameter_csv(self.found))
            write(beside / "change_from_baseline.csv", tables.change_csv(self.found))
            write(beside / "kinetics.html", html.page(self.document([*figures.values()])))

    def as_json(self) -> dict[str, Any]:
        """Everything for scripts."""
        return {
            "synthetic": bool(self.synthetic),
            "runs": [run.as_json() for run in self.runs],
            "kinetics": [
                one.as_json()
                | {"change_from_baseline": [change.as_json() for change in change_from_baseline(one.profile)]}
                for one in self.found
            ],
            "b_cell_aplasia": [
                {"participant": profile.participant, **finding.as_json()}
                for profile in self.cells
                for finding in b_cell_aplasia(profile, self.rule)
            ],
            "other_analytes": [
                {"participant": one.participant, "analyte": one.analyte, "unit": one.unit, "samples": len(one.samples)}
                for one in self.levels
            ],
        }


def kinetics(
    what: Annotated[
        list[str],
        Argument(metavar="[STUDY] DATA", help="A folder with samples.csv or samples.parquet, or such a file."),
    ],
    method: Annotated[str, Option(help="Area: linup_logdown or linear.")] = "linup_logdown",
    horizon: Annotated[list[float] | None, Option(help="End of a partial area in days; may be repeated.")] = None,
    extrapolate: Annotated[
        bool, Option("--extrapolate", help="Extrapolate a partial area from within the visit window.")
    ] = False,
    middle_blq: Annotated[str, Option(help="Below LLOQ between two positives: drop or zero.")] = "drop",
    until: Annotated[float | None, Option(help="Leave out samples from this day on (retreatment).")] = None,
    analyte: Annotated[
        str | None, Option(help="Which analyte is the product; the study's own, or car_transgene.")
    ] = None,
    unit: Annotated[str | None, Option(help="Only profiles in this unit, when there are several.")] = None,
    aplasia_below: Annotated[float, Option(help="B cells/µL below which is aplasia.")] = 10,
    recovery_from: Annotated[float, Option(help="B cells/µL from which two in a row are recovery.")] = 50,
    output: Annotated[Path | None, Option("-o", "--output", help="Folder for page, figures and CSV.")] = None,
    table: Annotated[Path | None, Option("--table", help="Write every parameter, full digits, to this CSV.")] = None,
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
    found = [noncompartmental(profile, plan) for profile in tracked(chosen, "kinetics")]
    others = [profile for profile in profiles if profile.analyte != product]
    cells = _cells(others, study)
    shown = FromSamples(data, found, cells, [profile for profile in others if profile not in cells], runs, rule)
    if table:
        write(table, tables.parameter_csv(found))
    if output:
        shown.write(output)
    if as_json:
        print_json({**shown.as_json(), "problems": problems})
    else:
        _print(shown, output)
    raise typer.Exit(2 if problems else 0)


def _print(shown: FromSamples, output: Path | None) -> None:
    if shown.synthetic:
        say(shown.synthetic)
    for one in shown.tables():
        print_document_table(one)
    for course in shown.found:
        flags = dict.fromkeys((*course.flags, *(flag for part in course.findings.values() for flag in part.flags)))
        if flags:
            say(f"flags of {course.profile.participant}: {', '.join(flags)}")
    if not shown.found and not shown.cells and not shown.levels:
        say("No profile: no sample of it can be used.")
    figures = f"Written to {output}: kinetics.html and its figures and tables."
    say(figures if output else "For the figure: add -o FOLDER.")


def _asked(what: list[str]) -> tuple[Path, Study | None]:
    """The data, and the study where one is named before it."""
    if len(what) > 2:
        fail("write the study and its data folder, or the data folder alone")
    if len(what) == 1:
        return Path(what[0]), None
    return Path(what[1]), read_study(what[0])


def _plan(method: str, horizon: list[float] | None, extrapolate: bool, middle_blq: str, until: float | None) -> Plan:
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


def _aplasia_rule(below: float, recovered: float) -> AplasiaRule:
    if not (isfinite(recovered) and 0 < below <= recovered):
        raise ValueError(f"--aplasia-below {below:g} must be above 0 and at most --recovery-from {recovered:g}")
    return AplasiaRule(below, recovered)


def _profiles(data: Path, study: Study | None) -> tuple[tuple[Profile, ...], list[Run], list[str]]:
    """The profiles of a samples table, with infusion days from the doses table and levels from raw wells; the runs.

    Last, the rows that cannot be used: each holds the profile it belongs to.
    """
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


def _check(study: Study | None) -> Callable[[Sample], None]:
    """What a row must hold to beyond its own form: the study's dictionary, or units there are; and a day that has come."""
    today, dictionary = date.today(), None if study is None else Dictionary(study)

    def check(sample: Sample) -> None:
        if sample.taken is not None and sample.taken.earliest > today:
            raise SampleError("date", str(sample.taken), f"{sample.taken} is yet to come. Correct the date")
        if dictionary is None:
            return as_known_unit(sample)
        try:
            check_sample(dictionary, sample)
        except RowError as error:
            raise SampleError(error.column, error.value, str(error)) from None

    return check


def _infusions(doses: Path, bags: int) -> tuple[dict[str, Infused], list[str]]:
    """Who was infused, from which day; and the rows that cannot be read: whoever they are of has no day 0 here."""
    aside: list[tuple[str, Cells, str]] = []
    given: list[tuple[str, Infused]] = []
    for where, row in read_rows(doses, ("participant", "date"), aside=aside)[1]:
        try:
            level = f"level {row['level']}" if row.get("level") else ""
            given.append((row["participant"], Infused(read_day(row["date"]), level)))
        except ValueError as error:
            aside.append((where, row, f"date: {error}"))
    unread = {row.get("participant") for _, row, _ in aside}
    known = together((who, one) for who, one in given if who not in unread)
    return last_of_first(known, bags), [f"{where}: {why}" for where, _, why in aside]


SPLIT = 1
"""Days between bags of one dose where no study says: bags of consecutive days are one, and days run from the last."""


def _beside(folder: Path, name: str) -> Path | None:
    return next(
        (path for end in ("csv", "tsv", "xlsx", "parquet") if (path := folder / f"{name}.{end}").is_file()), None
    )


def _product(profiles: tuple[Profile, ...]) -> str:
    """The analyte that is the cell product, by the names it usually goes by."""
    there = {profile.analyte for profile in profiles}
    return next((name for name in PRODUCT_NAMES if name in there), PRODUCT_NAMES[0])


def _chosen(profiles: tuple[Profile, ...], analyte: str, unit: str | None) -> list[Profile]:
    """The profiles to analyse, in one unit; two units are never mixed, so one must be named."""
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


def _cells(others: Sequence[Profile], study: Study | None) -> list[Profile]:
    """The B-cell counts among the other analytes."""
    names = {*B_CELL_NAMES, *([study.roles.b_cells] if study else [])}
    return [profile for profile in others if profile.analyte in names]
