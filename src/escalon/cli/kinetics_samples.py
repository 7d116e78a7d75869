"""What `escalon kinetics` reads and answers: courses of the product, B cells, other analytes, and the plates beneath."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

from escalon import __version__
from escalon.cli.input_table import RowAside, read_rows
from escalon.cli.output import note, note_listing, tracked, write
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
from escalon.kinetics.samples_table import Infused, Unusable, as_known_unit, profiles_of, read_samples
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

    def parameter_csv(self) -> str:
        """Every parameter with full digits."""
        return tables.parameter_csv(self.found)

    def write(self, folder: Path) -> None:
        """The page, its figures, and the tables with full digits."""
        figures = self.figures()
        with whole_folder(folder, last="kinetics.html") as beside:
            for name, drawn in figures.items():
                write(beside / f"{name}.svg", drawn.svg)
            write(beside / "kinetics.csv", self.parameter_csv())
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


def read_samples_of(
    data: Path, study: Study | None, plan: Plan, rule: AplasiaRule, analyte: str | None, unit: str | None
) -> tuple[FromSamples, list[str]]:
    """What samples come to, and the rows that cannot be used, named on stderr too. Raises TableError, ValueError, OSError."""
    profiles, runs, problems = _profiles(data, study)
    note_listing(problems)
    product = analyte or (study and study.roles.cells) or _product(profiles)
    if analyte is None and not any(one.analyte == product for one in profiles) and _cells(profiles, study):
        note(f"no samples of {product}: B cells and other analytes alone are shown. If one is the product: --analyte")
        chosen = []
    else:
        chosen = _chosen(profiles, product, unit)
    found = [noncompartmental(profile, plan) for profile in tracked(chosen, "kinetics")]
    others = [profile for profile in profiles if profile.analyte != product]
    cells = _cells(others, study)
    levels = [profile for profile in others if profile not in cells]
    return FromSamples(data, found, cells, levels, runs, rule), problems


def plan_of(method: str, horizon: list[float] | None, extrapolate: bool, middle_blq: str, until: float | None) -> Plan:
    """How courses are analysed, as typed. Raises ValueError."""
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


def aplasia_rule_of(below: float, recovered: float) -> AplasiaRule:
    """What aplasia and recovery are, as typed. Raises ValueError."""
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
    aside: list[RowAside] = []
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
    aside: list[RowAside] = []
    given: list[tuple[str, Infused]] = []
    for where, row in read_rows(doses, ("participant", "date"), aside=aside)[1]:
        try:
            level = f"level {row['level']}" if row.get("level") else ""
            given.append((row["participant"], Infused(read_day(row["date"]), level)))
        except ValueError as error:
            aside.append(RowAside(where, row, f"date: {error}"))
    unread = {row.cells.get("participant") for row in aside}
    known = together((who, one) for who, one in given if who not in unread)
    return last_of_first(known, bags), list(map(str, aside))


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
