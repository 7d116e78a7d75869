"""The wells of a qPCR run: our own table, or what the instrument exports, recognised by its columns.

QuantStudio, ViiA 7 and StepOne write a preamble (`* Experiment Name = …`) and a table under `[Results]`; their newer software
and Bio-Rad's CFX Maestro write the table alone; LightCycler 480 writes one line (`Experiment: …  Selected Filter: …`) above
it. A plate with several targets, or a well whose task is neither standard, sample nor no-template control, is asked about.
Wells that somebody took out of the run (`Omit`, `Include`) are out. Where a Ct has a comma, which can be its decimal sign only,
so is every comma of the export.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from escalon.facts import Interval, plain
from escalon.facts.words import truth
from escalon.kinetics.detection import Detection
from escalon.kinetics.qpcr_table import Plates, is_dark, role_of
from escalon.kinetics.sample import Sample, SampleError, read_sample
from escalon.kinetics.samples_table import TableError
from escalon.sources.delimited import FolderError
from escalon.sources.tables import Table, read_table, read_text
from escalon.sources.written import Row

NAME = "qpcr_wells"
Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlateExport:
    """How one family of instruments names its columns (in small letters), its tasks, and what stands in a dark well."""

    name: str
    sample: tuple[str, ...]
    task: tuple[str, ...]
    ct: tuple[str, ...]
    quantity: tuple[str, ...]
    target: tuple[str, ...]
    needs: frozenset[str]
    channel: tuple[str, ...] = ()
    excluded: tuple[str, bool] | None = None
    """The column that says whether somebody took a well out of the run, and what stands there if so."""


EXPORTS = (
    PlateExport(
        "QuantStudio, ViiA 7 or StepOne", ("sample name", "sample"), ("task",), ("ct", "cт", "cq", "crt"),
        ("quantity",), ("target name", "target"), frozenset({"task"}), ("reporter",), ("omit", True),
    ),
    PlateExport(
        "CFX", ("sample", "biological set name"), ("content",), ("cq", "c(t)", "ct"),
        ("starting quantity (sq)", "starting quantity", "sq"), ("target",), frozenset({"content", "fluor"}), ("fluor",),
    ),
    PlateExport(
        "LightCycler 480", ("name", "sample name"), (), ("cp",), ("standard",), (), frozenset({"pos", "cp"}),
        (), ("include", False),
    ),
)  # fmt: skip


def wells_beside(folder: Path) -> Path | None:
    """The file of wells in a folder."""
    return next((one for one in sorted(folder.iterdir()) if one.stem.lower() == NAME and one.suffix[1:] in ENDS), None)


def with_levels(table: Table, plates: Plates) -> tuple[Table, tuple[tuple[int, str, str, str], ...]]:
    """The samples with the levels their wells give, each as it would be written; and what to know of them, by line.

    A sample without a level has the reason named; one that its wells cannot give is unusable.
    """
    rows, notes = [], []
    for row in table.rows:
        if not row.cells.get("qpcr_sample") or row.cells.get("value") or row.broken:
            rows.append(row)
            continue
        name = row.cells["qpcr_sample"]
        try:
            read = plates.read(read_sample(row.cells))
        except SampleError:
            rows.append(row)  # it is refused by its own column
            continue
        except ValueError as error:
            rows.append(replace(row, broken=("qpcr_sample", name, str(error))))
            continue
        if read.note:
            notes.append((row.line, "qpcr_sample", name, f"{read.participant}: {read.note}"))
        written = {"value": _written(read), "doubts": "; ".join(read.flags)}
        rows.append(replace(row, cells={**row.cells, **written}))
    columns = tuple(dict.fromkeys((*table.columns, "value", "doubts")))
    return replace(table, columns=columns, rows=tuple(rows)), tuple(notes)


def _written(sample: Sample) -> str:
    match sample.detection:
        case Detection.MISSING:
            return ""
        case Detection.ABOVE:
            return f">{plain(sample.known.low, 9)}" if isinstance(sample.known, Interval) else "ALQ"
        case Detection.QUANTIFIED:
            return plain(sample.level, 9)
    return str(sample.detection.value)


ENDS = ("csv", "tsv", "txt", "xlsx", "parquet")


def read_wells(file: Path) -> Sequence[tuple[str, Cells]]:
    """The wells of one file with their places, in our own columns. Raises TableError or FolderError."""
    if file.suffix in (".parquet", ".xlsx"):
        return [(f"{table.file}:{row.line}", row.cells) for table in (read_table(file),) for row in _whole(table)]
    try:
        lines = read_text(file).splitlines()
    except FolderError:
        lines = read_text(file, "cp1252").splitlines()  # as instruments write in western Europe
    start = _header(lines)
    if lines[start : start + 1] and lines[start].startswith((",", ";", "\t")):  # as CFX Manager writes
        lines[start] = f"row{lines[start]}"
    table = read_table(file, text="\n".join(lines[start:]))
    rows = [(f"{table.file}:{row.line + start}", row) for row in _whole(table, start)]
    if "role" in table.columns:
        return [(place, row.cells) for place, row in rows]
    return _as_ours(file, lines[:start], table.columns, [(place, row) for place, row in rows])


def _whole(table: Table, above: int = 0) -> Sequence[Row]:
    broken = [
        f"{table.file}:{row.line + above}: {row.broken[2]}" for row in table.rows if row.broken and any(row.broken)
    ]
    ragged = [one for one in broken if "cells, but" not in one]
    if ragged:
        raise TableError(ragged)
    return table.rows


def _header(lines: Sequence[str]) -> int:
    """The line on which the table begins: below what an instrument says of the run."""
    for place, line in enumerate(lines):
        if line.strip().strip(",\t;").lower() == "[results]":
            return place + 1
    for place, line in enumerate(lines):
        cells = {cell.strip().strip('"').lower() for cell in line.replace(";", ",").replace("\t", ",").split(",")}
        if "role" in cells or any(one.needs <= cells for one in EXPORTS):
            return place
    return 0


def _as_ours(
    file: Path, above: Sequence[str], columns: Sequence[str], rows: Sequence[tuple[str, Row]]
) -> list[tuple[str, Cells]]:
    there = {column.replace("_", " "): column for column in columns}
    kind = next((one for one in EXPORTS if one.needs <= set(there)), None)
    if kind is None:
        known = "run, role, sample, copies, ct"
        raise TableError(
            [f"{file.name}:1: neither our columns ({known}) nor the export of an instrument that is known"]
        )

    def cell(row: Row, names: Sequence[str]) -> str:
        return next((row.cells.get(there[name], "") for name in names if name in there), "")

    if not there.keys() & set(kind.ct):
        raise TableError([f"{file.name}: no column of {kind.name} holds a Ct. Columns: {', '.join(columns)}"])
    by_comma = any(_CT_BY_COMMA.fullmatch(cell(row, kind.ct)) for _, row in rows)

    def number(row: Row, names: Sequence[str]) -> str:
        return _by_point(cell(row, names)) if by_comma else _grouped(cell(row, names))

    def is_out(row: Row) -> bool:
        return kind.excluded is not None and truth(cell(row, kind.excluded[:1])) is kind.excluded[1]

    for names in (kind.target, kind.channel):
        several = sorted({text for _, row in rows if (text := cell(row, names))})
        if len(several) > 1:
            raise TableError([f"{file.name}: wells of {', '.join(several)}. Keep those of the cell product alone"])
    run = _run_name(file, above)

    def well(row: Row) -> Cells | None:
        texts = cell(row, kind.task), cell(row, kind.sample), number(row, kind.quantity), number(row, kind.ct)
        return None if is_out(row) else _well(kind, run, *texts)

    return [(place, found) for place, row in rows if (found := well(row))]


def _run_name(file: Path, above: Sequence[str]) -> str:
    for line in above:
        name, _, value = line.strip("*# ,\t").partition("=" if "=" in line else ":")
        if name.strip().lower() in ("experiment name", "experiment", "run name") and value.strip():
            return value.partition("Selected Filter")[0].strip(" ,\t")
    return file.stem


def _well(kind: PlateExport, run: str, task: str, sample: str, quantity: str, ct: str) -> Cells | None:
    """One well in our columns; None for an empty one. A task that is not known stays as it is, and is refused by its name."""
    dark = is_dark(ct, exported=True)
    if kind.task:
        role = task
    elif role_of(sample) == "no_template" or sample.strip().lower().startswith(_WATER):
        role = "no_template"
    else:  # LightCycler: a standard has its concentration
        role = "standard" if re.search(r"[1-9]", quantity.lower().partition("e")[0]) else "sample"
    if not role.strip() or (role_of(role) == "sample" and not sample and dark):
        return None
    copies = quantity if role_of(role) == "standard" else ""
    return {"run": run, "role": role, "sample": sample, "copies": copies, "ct": "Undetermined" if dark else ct}


_WATER = ("h2o", "water", "neg", "blank")
"""How a well without template is called where no column says what a well is for."""
_CT_BY_COMMA = re.compile(r"\d{1,2},\d+")


def _by_point(text: str) -> str:
    """A number of an export whose decimal sign is the comma, and whose points part thousands."""
    has_groups = "," in text or re.fullmatch(r"\d{1,3}(\.\d{3})+", text)
    return text.replace(".", "").replace(",", ".") if has_groups else text


def _grouped(text: str) -> str:
    """A quantity of a standard; an instrument writes 100,000,000.000 with commas between thousands and a decimal point."""
    grouped = "." in text and "," in text and text.rfind(".") > text.rfind(",")
    return text.replace(",", "") if grouped else text
