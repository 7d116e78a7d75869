"""The `samples` table: one row per blood sample, read into profiles. Every problem is reported at once, with its line.

Columns: `participant`, `value`, `unit`, `lloq`, and a time: `day` (days elapsed from the end of infusion), or
`collected` and `infusion_end` (ISO 8601 with the clock), or `nominal_day` where the clock is missing. Optional:
`analyte`, `group`, `lod`, `uloq`, `qpcr_sample` with its measurements (see `qpcr_table`). docs/kinetics.md has each.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from escalon.facts import Day, exact, plain, read_number, spelled
from escalon.kinetics.detection import CUSTOMARY_LLOQ_PER_MICROGRAM, Detection, Limits
from escalon.kinetics.profile import Profile, Sample

Row: TypeAlias = Mapping[str, str]
Reader: TypeAlias = Callable[[Row, Limits], tuple[Detection, Fraction | None, str]]

_COLUMNS = """
participant analyte group day nominal_day collected infusion_end value unit lloq lod uloq visit source
qpcr_sample ng_input elution_ul template_ul blood_ul recovery
"""
KNOWN_COLUMNS = frozenset(_COLUMNS.split())
_NOT_DETECTED = {"nd", "undetermined", "not detected", "negative"}
_BELOW = {"blq", "bloq", "<lloq", "below lloq"}
_ABOVE = {"alq", "aloq", ">uloq", "above uloq"}
_NO_RESULT = {"", "missing", "not done", "na", "n/a", "."}


class TableError(ValueError):
    """Rows of a table that cannot be used; every problem with file and line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class _Line:
    """One row with where it stands and the profile it belongs to."""

    where: str
    participant: str
    analyte: str
    group: str
    unit: str
    sample: Sample


def read_rows(path: Path) -> Iterator[tuple[str, Row]]:
    """The rows of a CSV or Parquet file as text, each with `file:line`; raises TableError on a malformed file."""
    if path.suffix == ".parquet":
        yield from _parquet_rows(path)
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for row in reader:
                where = f"{path.name}:{reader.line_num}"
                if None in row or None in row.values():
                    raise TableError(
                        [f"{where}: {len(reader.fieldnames or ())} columns expected; quote text with commas"]
                    )
                yield where, {name.strip(): text.strip() for name, text in row.items()}
    except (csv.Error, UnicodeDecodeError) as error:
        raise TableError([f"{path.name}: not a CSV file in UTF-8 ({error})"]) from None


def _parquet_rows(path: Path) -> Iterator[tuple[str, Row]]:
    import polars  # only for Parquet

    try:
        table = polars.read_parquet(path)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise TableError([f"{path.name}: not a Parquet file ({error})"]) from None
    for number, row in enumerate(table.iter_rows(named=True), 1):
        yield f"{path.name}:row {number}", {name: "" if cell is None else str(cell) for name, cell in row.items()}


def read_profiles(path: Path, qpcr: Reader | None = None) -> tuple[Profile, ...]:
    """The profiles of a samples table, in the order met; raises TableError naming every row that cannot be used.

    `qpcr` reads a row that gives wells instead of a value; it returns the code, the value and a note.
    """
    rows = list(read_rows(path))
    problems = _column_problems(path, rows)
    lines: list[_Line] = []
    for where, row in [] if problems else rows:
        try:
            lines.append(_line(where, row, qpcr))
        except ValueError as error:
            problems.append(f"{where}: {error}")
    profiles = [] if problems else _grouped(lines, problems)
    if problems:
        raise TableError(problems)
    return tuple(profiles)


def _column_problems(path: Path, rows: list[tuple[str, Row]]) -> list[str]:
    if not rows:
        return [f"{path.name}: no rows. Its first line names the columns: participant,day,value,unit,lloq"]
    columns = rows[0][1].keys()
    absent = [name for name in ("participant", "unit") if name not in columns]
    absent += [] if {"value", "qpcr_sample"} & columns else ["value"]
    absent += [] if {"day", "nominal_day", "collected"} & columns else ["day"]
    unknown = sorted(columns - KNOWN_COLUMNS)
    problems = [f"{path.name}:1: column {name} is missing" for name in absent]
    return problems + [
        f"{path.name}:1: column {name!r} is not known. Columns: {', '.join(sorted(KNOWN_COLUMNS))}" for name in unknown
    ]


def _line(where: str, row: Row, qpcr: Reader | None) -> _Line:
    participant, unit = row["participant"], row["unit"]
    if not participant:
        raise ValueError("participant is empty")
    if not unit:
        raise ValueError("unit is empty. Write copies/µL, copies/µg or cells/µL")
    limits = _limits(row, unit)
    day, nominal, taken = elapsed(row)
    detection, value, note = _result(row, limits, qpcr)
    sample = Sample(
        day, detection, value, None if limits.lloq is None else exact(limits.lloq), nominal, taken, where, note
    )
    return _Line(where, participant, row.get("analyte") or "car_transgene", row.get("group", ""), unit, sample)


def _limits(row: Row, unit: str) -> Limits:
    lloq, lod, uloq = (_number(row, name) for name in ("lloq", "lod", "uloq"))
    if lloq is None and spelled(unit) == "{copies}/ug":
        return Limits(unit, CUSTOMARY_LLOQ_PER_MICROGRAM, lod, uloq)
    return Limits(unit, lloq, lod, uloq)


def _number(row: Row, name: str) -> Decimal | None:
    text = row.get(name, "")
    try:
        return read_number(text) if text else None
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def elapsed(row: Row) -> tuple[Fraction, bool, Day | None]:
    """Days elapsed from the end of infusion, whether they are only nominal, and the calendar day if recorded."""
    taken = Day.parse(row["collected"]) if row.get("collected") else None
    day = _number(row, "day")
    if day is not None:
        return exact(day), False, taken
    collected, infused = _clock(row, "collected"), _clock(row, "infusion_end")
    if collected and infused:
        if (collected.tzinfo is None) != (infused.tzinfo is None):
            raise ValueError("collected and infusion_end must both carry a time zone, or neither")
        return Fraction((collected - infused) // timedelta(microseconds=1), 86_400_000_000), False, taken
    nominal = _number(row, "nominal_day")
    if nominal is None:
        raise ValueError("no time: give day, or collected and infusion_end with the clock, or nominal_day")
    return exact(nominal), True, taken


def _clock(row: Row, name: str) -> datetime | None:
    """A date with its clock time; a bare date has no clock and counts as missing."""
    text = row.get(name, "")
    if "T" not in text and " " not in text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is not a time. Write it as 2025-03-14T09:30") from None


def _result(row: Row, limits: Limits, qpcr: Reader | None) -> tuple[Detection, Fraction | None, str]:
    text = row.get("value", "")
    if not text and row.get("qpcr_sample"):
        if qpcr is None:
            raise ValueError("qpcr_sample is given but there is no qpcr_wells table beside this one")
        return qpcr(row, limits)
    detection, value = read_result(text, limits)
    return detection, value, ""


def read_result(text: str, limits: Limits) -> tuple[Detection, Fraction | None]:
    """A result as laboratories write it: `2150`, `ND`, `BLQ`, `<5`, `>1000000`; blank is no result, never zero."""
    word = text.strip().lower()
    if word in _NO_RESULT:
        return Detection.MISSING, None
    if word in _NOT_DETECTED:
        return Detection.ND, None
    if word in _BELOW:
        return Detection.BLQ, None
    if word in _ABOVE:
        return Detection.ABOVE, None
    if word[0] in "<>":
        return _beyond(word[0], exact(read_number(word[1:])), limits), None
    value = exact(read_number(text))
    return limits.code(value), value


def _beyond(sign: str, bound: Fraction, limits: Limits) -> Detection:
    """`<5` is below quantification only when 5 is at most the limit; anything else leaves the level open."""
    lloq = None if limits.lloq is None else exact(limits.lloq)
    if sign == "<" and (lloq is None or bound <= lloq):
        return Detection.BLQ
    if sign == ">" and (lloq is None or bound >= lloq):
        return Detection.ABOVE
    raise ValueError(
        f"{sign}{plain(bound)} does not say on which side of the limit ({plain(limits.lloq)} {limits.unit}) it is. "
        "Write the measured value, ND, BLQ, or leave it empty if there is no result"
    )


def _grouped(lines: list[_Line], problems: list[str]) -> list[Profile]:
    """One profile per participant, analyte and unit; two units for one analyte are two profiles, never one."""
    by_profile: dict[tuple[str, str, str], list[_Line]] = {}
    for line in lines:
        by_profile.setdefault((line.participant, line.analyte, spelled(line.unit)), []).append(line)
    profiles = []
    for (participant, analyte, _), some in by_profile.items():
        groups = {line.group for line in some}
        if len(groups) > 1:
            problems.append(f"{some[0].where}: {participant} is in groups {', '.join(sorted(groups))}; give one")
        try:
            ordered = tuple(sorted((line.sample for line in some), key=lambda sample: sample.day))
            profiles.append(Profile(participant, analyte, some[0].unit, ordered, some[0].group))
        except ValueError as error:
            problems.append(f"{some[0].where}: {error}")
    return profiles
