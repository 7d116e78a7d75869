"""Samples made into profiles: rows read one by one, placed on the axis of days from infusion, gathered by person.

One bad row costs the profile it belongs to and no other: that profile is held (`Profile.held`), so that nothing is
concluded from what is left of it, and the row is named. docs/kinetics.md has the columns.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import TypeAlias

from escalon.facts import Day, UnitError, plain, spelled
from escalon.facts.unit import is_unit
from escalon.facts.words import key
from escalon.kinetics.profile import Profile
from escalon.kinetics.sample import COLUMNS, PRODUCT_NAMES, Sample, SampleError, read_sample

Row: TypeAlias = Mapping[str, str]
Wells: TypeAlias = Callable[[Sample], Sample]
"""Reads the level of a sample that names its wells."""


class TableError(ValueError):
    """A table that cannot be used at all; every problem with file and line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Infused:
    """When a participant was infused, and the group (dose level) they belong to."""

    day: Day
    group: str = ""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A row that cannot be used: whose it is and of what, as far as that could be read, and why."""

    participant: str
    analyte: str
    source: str
    why: str

    def __str__(self) -> str:
        return f"{self.source}: {self.why}" if self.source else self.why


@dataclass(frozen=True, slots=True)
class Gathered:
    """Profiles in the order met, and what could not be used, each with its place."""

    profiles: tuple[Profile, ...]
    problems: tuple[Unusable, ...]


def as_known_unit(sample: Sample) -> None:
    """Refuse a unit that there is not, where no study says which its analytes are in. Raises SampleError."""
    if not is_unit(sample.unit):
        message = (
            f"{sample.unit!r} is no unit that is known. Write copies/µL, copies/µg, cells/µL or that of the laboratory"
        )
        raise SampleError("unit", sample.unit, message)


def read_samples(
    rows: Sequence[tuple[str, Row]], check: Callable[[Sample], None] = as_known_unit
) -> tuple[list[Sample], list[Unusable]]:
    """The samples of a table and the rows that could not be read. Raises TableError for missing or unknown columns.

    `rows` are cells by column, each with its place (`samples.csv:12`); `check` raises SampleError for a sample that is not
    what its study declares. An analyte written in two ways is refused where it stands the second way, and holds the first.
    """
    if problems := _column_problems(rows):
        raise TableError(problems)
    samples: list[Sample] = []
    refused: list[Unusable] = []
    spelt = {key(name): name for name in PRODUCT_NAMES}
    for where, row in rows:
        analyte = row.get("analyte", "")
        name = spelt.setdefault(key(analyte), analyte)
        try:
            sample = read_sample(row, where)
            if name != analyte:
                raise SampleError("analyte", analyte, f"{analyte!r} is {name} written another way. Write {name}")
            check(sample)
            samples.append(sample)
        except SampleError as error:
            refused.append(Unusable(row.get("participant", ""), name, where, str(error)))
    return samples, refused


def profiles_of(
    samples: Iterable[Sample],
    infusions: Mapping[str, Infused] = MappingProxyType({}),
    wells: Wells | None = None,
    refused: Iterable[Unusable] = (),
) -> Gathered:
    """A profile for each participant, analyte and unit; two units of one analyte are two profiles, never one.

    A row that was refused, cannot be placed or contradicts another holds the profile it belongs to.
    """
    out = list(refused)
    by_profile: dict[tuple[str, str], dict[str, list[Sample]]] = {}
    first_units: dict[str, list[str]] = {}
    for written in samples:
        sample = _in_first_unit(written, first_units.setdefault(written.analyte, []))
        units = by_profile.setdefault((sample.participant, sample.analyte), {})
        try:
            units.setdefault(spelled(sample.unit), []).append(_ready(sample, infusions.get(sample.participant), wells))
        except ValueError as error:
            out.append(Unusable(sample.participant, sample.analyte, sample.source, str(error)))
    for units in by_profile.values():
        for some in units.values():
            out += _contradictions(some)
    held: dict[tuple[str, str], tuple[str, ...]] = {}
    for one in out:
        if one.participant and one.analyte:
            held[one.participant, one.analyte] = (*held.get((one.participant, one.analyte), ()), str(one))
            by_profile.setdefault((one.participant, one.analyte), {})
    profiles = [
        _profile(who, analyte, some, held.get((who, analyte), ()))
        for (who, analyte), units in by_profile.items()
        for some in units.values() or ([],)
    ]
    return Gathered(tuple(profiles), tuple(out))


def _in_first_unit(sample: Sample, units: list[str]) -> Sample:
    """The sample in the unit in which its analyte was met before, where it converts: copies/mL as copies/µL."""
    for unit in units:
        try:
            return sample.in_unit(unit)
        except UnitError:
            continue
    units.append(sample.unit)
    return sample


def _ready(sample: Sample, infused: Infused | None, wells: Wells | None) -> Sample:
    """A sample with its level read, its day from infusion, and its group."""
    if sample.cells.get("qpcr_sample") and not sample.written:
        if wells is None:
            raise SampleError(
                "qpcr_sample", "", "qpcr_sample is given but there is no qpcr_wells table beside this one"
            )
        sample = wells(sample)
    placed = sample.placed(infused.day if infused else None)
    return replace(placed, group=placed.group or (infused.group if infused else ""))


def _contradictions(samples: Sequence[Sample]) -> list[Unusable]:
    """Two samples of one moment, and one person in two groups."""
    found = []
    for day, together in groupby(sorted(samples, key=lambda sample: sample.day), key=lambda sample: sample.day):
        first, *others = together
        if others:
            who = f"{first.participant} {first.analyte}"
            also = f" ({', '.join(other.source for other in others)} too)" if others[0].source else ""
            why = f"{who}: {1 + len(others)} samples on day {plain(day, 2)}{also}. {_ONE_EACH}"
            found.append(Unusable(first.participant, first.analyte, first.source, why))
    groups = sorted({sample.group for sample in samples})
    if len(groups) > 1:
        one = samples[0]
        why = f"{one.participant} is in groups {', '.join(groups)}; give one"
        found.append(Unusable(one.participant, one.analyte, one.source, why))
    return found


_ONE_EACH = (
    "Give elapsed days with the hour as a fraction, samples before the infusion as negative days, and keep a repeat "
    "only in place of the first result"
)


def _profile(participant: str, analyte: str, samples: Sequence[Sample], held: tuple[str, ...]) -> Profile:
    unit, group = (samples[0].unit, samples[0].group) if samples else ("", "")
    ordered = () if held else tuple(sorted(samples, key=lambda sample: sample.day))
    return Profile(participant, analyte, unit, ordered, group, held)


def lacking(columns: Collection[str]) -> list[str]:
    """What a samples table lacks beside its own columns: a result, and a time, in any of their forms."""
    absent = [] if {"value", "qpcr_sample"} & set(columns) else ["value"]
    return absent + ([] if {"date", "day", "nominal_day", "collected"} & set(columns) else ["date"])


def _column_problems(rows: Sequence[tuple[str, Row]]) -> list[str]:
    if not rows:  # nothing measured yet is an answer
        return []
    file, columns = rows[0][0].partition(":")[0], rows[0][1].keys()
    absent = [name for name in ("participant", "analyte", "unit") if name not in columns] + lacking(columns)
    unknown = sorted(columns - COLUMNS.keys())
    problems = [f"{file}:1: column {name} is missing" for name in absent]
    return problems + [
        f"{file}:1: column {name!r} is not known. Columns: {', '.join(sorted(COLUMNS))}" for name in unknown
    ]
