"""The `samples` table: one row per blood sample, made into profiles. Every problem is reported at once, with its line.

Columns: `participant`, `analyte`, `value`, `unit`, `lloq`, and a time: `date` against the infusion's date; or `day` (days
elapsed from the end of infusion); or `collected` and `infusion_end` (ISO 8601 with the clock); or `nominal_day`.
Optional: `group`, `lod`, `uloq`, `qpcr_sample` with its measurements (see `qpcr_table`). docs/kinetics.md has each.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import TypeAlias

from escalon.facts import Day, exact, plain, read_number, spelled
from escalon.kinetics.detection import CUSTOMARY_LLOQ_PER_MICROGRAM, Detection, Limits
from escalon.kinetics.profile import Profile, Sample, Timing

Row: TypeAlias = Mapping[str, str]
Reader: TypeAlias = Callable[[Row, Limits], tuple[Detection, Fraction | None, str]]

_COLUMNS = """
participant analyte group date day nominal_day collected infusion_end value unit lloq lod uloq visit source
qpcr_sample ng_input elution_ul template_ul blood_ul recovery
"""
KNOWN_COLUMNS = frozenset(_COLUMNS.split())
_NOT_DETECTED = {"nd", "undetermined", "not detected", "negative"}
_DETECTED = {"blq", "bloq"}
_BELOW = {"<lloq", "below lloq"}
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


@dataclass(frozen=True, slots=True)
class Infused:
    """When a participant was infused, and the group (dose level) they belong to."""

    day: Day
    group: str = ""


def profiles_of(
    rows: Sequence[tuple[str, Row]],
    infusions: Mapping[str, Infused] = MappingProxyType({}),
    qpcr: Reader | None = None,
) -> tuple[Profile, ...]:
    """The profiles of a samples table, in the order met; raises TableError naming every row that cannot be used.

    `rows` are cells by column, each with its place (`samples.csv:12`). `qpcr` reads a row that gives wells instead of a
    value; it returns the code, the value and a note.
    """
    problems = _column_problems(rows)
    lines: list[_Line] = []
    for where, row in [] if problems else rows:
        try:
            lines.append(_line(where, row, infusions, qpcr))
        except ValueError as error:
            problems.append(f"{where}: {error}")
    profiles = [] if problems else _grouped(lines, problems)
    if problems:
        raise TableError(problems)
    return tuple(profiles)


def _column_problems(rows: Sequence[tuple[str, Row]]) -> list[str]:
    if not rows:
        return [
            "the samples table has no rows. Its first line names the columns: participant,analyte,date,value,unit,lloq"
        ]
    file, columns = rows[0][0].partition(":")[0], rows[0][1].keys()
    absent = [name for name in ("participant", "unit") if name not in columns]
    absent += [] if {"value", "qpcr_sample"} & columns else ["value"]
    absent += [] if {"date", "day", "nominal_day", "collected"} & columns else ["date"]
    unknown = sorted(columns - KNOWN_COLUMNS)
    problems = [f"{file}:1: column {name} is missing" for name in absent]
    return problems + [
        f"{file}:1: column {name!r} is not known. Columns: {', '.join(sorted(KNOWN_COLUMNS))}" for name in unknown
    ]


def _line(where: str, row: Row, infusions: Mapping[str, Infused], qpcr: Reader | None) -> _Line:
    participant, unit = row["participant"], row["unit"]
    if not participant:
        raise ValueError("participant is empty")
    if not unit:
        raise ValueError("unit is empty. Write copies/µL, copies/µg or cells/µL")
    limits, infused = _limits(row, unit), infusions.get(participant)
    day, timing, taken = elapsed(row, infused.day if infused else None)
    detection, value, note = _result(row, limits, qpcr)
    lloq = None if limits.lloq is None else exact(limits.lloq)
    sample = Sample(day, detection, value, lloq, timing, taken, where, note)
    group = row.get("group") or (infused.group if infused else "")
    return _Line(where, participant, row.get("analyte") or "car_transgene", group, unit, sample)


def _limits(row: Row, unit: str) -> Limits:
    lloq, lod, uloq = (_number(row, name) for name in ("lloq", "lod", "uloq"))
    if lloq is None and spelled(unit) == "{copies}/ug":
        return Limits(unit, CUSTOMARY_LLOQ_PER_MICROGRAM, lod, uloq)
    return Limits(unit, lloq, lod, uloq)


def measured(text: str) -> Decimal:
    """A number as recorded; refuses what is too large or too small to have been measured (a slip, such as 1e400)."""
    value = read_number(text)
    if value and not -18 <= value.adjusted() <= 18:
        raise ValueError(f"{text!r} is beyond anything that is measured. Check the exponent")
    return value


def _number(row: Row, name: str) -> Decimal | None:
    text = row.get(name, "")
    try:
        return measured(text) if text else None
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def elapsed(row: Row, infusion: Day | None = None) -> tuple[Fraction, Timing, Day | None]:
    """Days elapsed from the end of infusion, what they rest on, and the calendar day of the sample if recorded."""
    recorded = row.get("collected") or row.get("date")
    taken = Day.parse(recorded) if recorded else None
    day = _number(row, "day")
    if day is not None:
        return exact(day), "clock", taken
    collected, infused = _clock(row, "collected"), _clock(row, "infusion_end")
    if collected and infused:
        if (collected.tzinfo is None) != (infused.tzinfo is None):
            raise ValueError("collected and infusion_end must both carry a time zone, or neither")
        return Fraction((collected - infused) // timedelta(microseconds=1), 86_400_000_000), "clock", taken
    if taken and infusion and not (taken.is_partial or infusion.is_partial):
        return Fraction((taken.earliest - infusion.earliest).days), "date", taken
    nominal = _number(row, "nominal_day")
    if nominal is not None:
        return exact(nominal), "nominal", taken
    if taken is not None and infusion is None:
        raise ValueError(
            "the date of the sample says nothing without that of the infusion: it is not in the doses table"
        )
    raise ValueError(
        "no time: give the full date, or day, or collected and infusion_end with the clock, or nominal_day"
    )


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
    if word in _DETECTED:
        return Detection.BLQ, None
    if word in _BELOW:
        return Detection.BELOW, None
    if word in _ABOVE:
        return Detection.ABOVE, None
    if word[0] in "<>":
        return _beyond(word[0], exact(measured(word[1:])), limits), None
    value = exact(measured(text))
    return limits.code(value), value


def _beyond(sign: str, bound: Fraction, limits: Limits) -> Detection:
    """`<5` is below quantification only when 5 is at most the limit; anything else leaves the level open."""
    lloq = None if limits.lloq is None else exact(limits.lloq)
    if sign == "<" and (lloq is None or bound <= lloq):
        return Detection.BELOW
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
