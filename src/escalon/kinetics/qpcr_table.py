"""The `qpcr_wells` table: one row per well; runs are judged, samples are read only from accepted runs.

Columns: `run`, `role` (`standard`, `no_template` or `sample`), `sample` (for samples), `copies` (for standards) and
`ct` (a number, or `Undetermined`). A row of the samples table names its wells in `qpcr_sample` and gives what its unit
needs: `ng_input` for copies/µg; `elution_ul`, `template_ul`, `blood_ul` and optionally `recovery` for copies/µL.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

from escalon.facts import Status, exact, plain, spelled, together
from escalon.facts.interval import Interval
from escalon.kinetics.copies import Copies, Per, per_microgram, per_microlitre, per_reaction
from escalon.kinetics.detection import Detection
from escalon.kinetics.sample import Sample, measured
from escalon.kinetics.samples_table import Row, TableError
from escalon.kinetics.standard_curve import CUSTOMARY, Acceptance, Run, Standard, check_ct, judge_run, read_copies

_COLUMNS = ("run", "role", "sample", "copies", "ct")


@dataclass(frozen=True, slots=True)
class _Well:
    run: str
    role: str
    sample: str
    copies: Decimal | None
    ct: float | None


@dataclass(frozen=True)
class Plates:
    """Judged runs by name, the run and Ct values of every sample, and the wells that cannot be used, each with its place.

    Such a well leaves its sample without a level, or, where it is a standard or a control, its run without a verdict; no
    other sample or run is touched.
    """

    runs: dict[str, Run]
    samples: dict[str, tuple[str, tuple[float | None, ...]]]
    problems: tuple[str, ...] = ()
    spoilt: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Samples of which a well cannot be used, and why."""

    def read(self, sample: Sample) -> Sample:
        """A sample that names its wells, with the level they give, or why they give none. Raises ValueError."""
        name = sample.cells["qpcr_sample"]
        if name in self.spoilt:
            raise ValueError(self.spoilt[name])
        if name not in self.samples:
            raise ValueError(f"qpcr_sample {name!r} is not in the wells table")
        run, cts = self.samples[name]
        found = read_copies(self.runs[run], cts)
        flags = tuple(dict.fromkeys((*found.flags, *self.runs[run].flags)))
        read = partial(replace, sample, written=found.category or plain(found.value, 3), note="", flags=flags)
        if found.status is Status.INDETERMINATE and found.bounds and isinstance(found.bounds[0], int | float):
            least = _normalised(per_reaction(found.bounds[0]), sample).value
            return read(detection=Detection.ABOVE, value=Interval(low=least, low_open=True), note=found.reasons[0])
        if not isinstance(found.value, int | float):
            return read(detection=Detection.MISSING, note="; ".join(found.reasons) or "not measured")
        if found.category == "ND":
            return read(detection=Detection.ND, value=sample.limits.between(Detection.ND))
        value = _normalised(per_reaction(found.value), sample).value
        code = sample.limits.code(value)
        if code is Detection.QUANTIFIED and "replicates_discordant" in found.flags:
            why = "some replicates amplified and some did not: repeat the sample"
            return read(detection=Detection.MISSING, note=why)
        return read(detection=Detection.BLQ if code is Detection.ND else code, value=value)


def plates_of(rows: Sequence[tuple[str, Row]], acceptance: Acceptance = CUSTOMARY) -> Plates:
    """Every run of a wells table, judged; raises TableError where a column is missing."""
    wells: list[_Well] = []
    wrong: dict[str, tuple[Row, str]] = {}
    for where, row in rows:
        absent = [name for name in _COLUMNS if name not in row]
        if absent:
            raise TableError([f"{where}: column {absent[0]} is missing. Columns: {', '.join(_COLUMNS)}"])
        try:
            wells.append(_well(row))
        except ValueError as error:
            wrong[where] = row, f"{where}: {error}"
    measured: dict[str, tuple[str, tuple[float | None, ...]]] = {}
    for well in wells:
        if well.role == "sample":
            measured[well.sample] = (well.run, (*measured.get(well.sample, (well.run, ()))[1], well.ct))
    split = _split_samples(wells)
    spoilt = {row["sample"]: why for row, why in wrong.values() if _of_a_sample(row)} | split
    names = dict.fromkeys(row["run"] for _, row in rows if row["run"])
    runs = {name: _run(name, wells, [*wrong.values()], acceptance) for name in names}
    return Plates(runs, measured, (*(why for _, why in wrong.values()), *split.values()), spoilt)


def _of_a_sample(row: Row) -> bool:
    """Whether a well is one of a sample and of nothing else that a run is judged by."""
    return role_of(row["role"]) == "sample"


def _split_samples(wells: list[_Well]) -> dict[str, str]:
    """A sample belongs to one run; a repeat has its own name, so that nobody averages across curves."""
    runs: dict[str, set[str]] = {}
    for well in wells:
        if well.role == "sample":
            runs.setdefault(well.sample, set()).add(well.run)
    return {
        name: f"qpcr_wells: sample {name!r} is in runs {', '.join(sorted(some))}. Name the repeat apart: {name}-r2"
        for name, some in runs.items()
        if len(some) > 1
    }


ROLES = {
    "standard": ("standard", "std"),
    "no_template": ("ntc", "no template", "no_template", "no template control", "neg ctrl", "negative control", "nrt"),
    "sample": ("unknown", "unkn", "sample", "unk"),
}
"""What a well is for, and how the words begin that instruments and people call it by."""


def role_of(text: str) -> str | None:
    """What a well is for, of any word for it; `None` for one that is not known.

    >>> role_of("NTC"), role_of("Std-1"), role_of("Unknown"), role_of("blank")
    ('no_template', 'standard', 'sample', None)
    """
    said = text.strip().lower()
    return next((role for role, words in ROLES.items() if said.startswith(words)), None)


def _well(row: Row) -> _Well:
    role, copies = role_of(row["role"]), row["copies"]
    if not row["run"]:
        raise ValueError("run is empty")
    if role is None:
        raise ValueError(f"role {row['role']!r} is not known. Write standard, no_template or sample")
    if role == "sample" and not row["sample"]:
        raise ValueError("sample is empty for a sample well")
    if role == "standard" and not (copies and measured(copies) > 0):
        raise ValueError("a standard needs its copies per reaction, above 0")
    return _Well(row["run"], role, row["sample"], measured(copies) if copies else None, _ct(row["ct"]))


_DARK = frozenset("undetermined  undet  undet.  nd  not detected  no ct  no cq  no cp  no amplification".split("  "))
_SAID_BY_MACHINES = frozenset({"", "nan", "n/a", "-", "–"})
_LATE = re.compile(r"[>≥]\s*(?:3[5-9]|[4-9]\d)(?:[.,]0+)?")
"""Later than the last cycle."""


def is_dark(text: str, *, exported: bool = False) -> bool:
    """Whether a well is said to have stayed dark; only an instrument says so by leaving the cell empty."""
    word = text.strip().lower()
    return word in _DARK or (exported and (word in _SAID_BY_MACHINES or bool(_LATE.fullmatch(word))))


def _ct(text: str) -> float | None:
    """A Ct, or `None` for a well that stayed dark; an empty cell is not accepted for either."""
    if is_dark(text):
        return None
    if not text:
        raise ValueError("ct is empty. Write the number, or Undetermined for a well that did not amplify")
    try:
        return check_ct(float(measured(text)))
    except ValueError as error:
        hint = ". Write Undetermined for a well that did not amplify" if "is not a number" in str(error) else ""
        raise ValueError(f"{str(error).rstrip('.')}{hint}") from None


def _run(name: str, wells: list[_Well], wrong: list[tuple[Row, str]], acceptance: Acceptance) -> Run:
    """A run judged; a standard or control that cannot be used leaves it not accepted, one of no run leaves every run so."""
    mine = [well for well in wells if well.run == name]
    known = ((well.copies, well.ct) for well in mine if well.role == "standard")
    levels = together((float(copies), ct) for copies, ct in known if copies is not None)
    standards = [Standard(copies, tuple(cts)) for copies, cts in sorted(levels.items())]
    no_template = [well.ct for well in mine if well.role == "no_template"]
    judged = judge_run(standards, no_template, acceptance, name=name)
    amiss = tuple(why for row, why in wrong if row["run"] in (name, "") and not _of_a_sample(row))
    return replace(judged, failures=(*judged.failures, *amiss))


def _normalised(copies: Copies, sample: Sample) -> Copies:
    match spelled(sample.unit):
        case Per.MICROGRAM_DNA.value:
            return per_microgram(copies, _needed(sample, "ng_input"))
        case Per.MICROLITRE_BLOOD.value:
            recovered = _needed(sample, "recovery") if sample.cells.get("recovery") else None
            elution, template, blood = (_needed(sample, name) for name in ("elution_ul", "template_ul", "blood_ul"))
            return per_microlitre(copies, elution, template, blood, recovered)
        case _:
            raise ValueError(f"unit {sample.unit!r} is not one qPCR gives. Write copies/µL or copies/µg")


def _needed(sample: Sample, name: str) -> Fraction:
    if not sample.cells.get(name):
        raise ValueError(f"{name} is empty, and {sample.unit} cannot be had without it")
    return exact(measured(sample.cells[name]))
