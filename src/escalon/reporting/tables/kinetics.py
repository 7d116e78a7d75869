"""Kinetic parameters by participant and by group, B-cell aplasia, and immunoglobulins against baseline."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import inf

from escalon.facts import Finding, jsonable, plain
from escalon.facts.interval import Interval
from escalon.kinetics import (
    AplasiaRule,
    Kinetics,
    Profile,
    Run,
    Sample,
    b_cell_aplasia,
    by_group,
    change_from_baseline,
    igg_change,
    percent_change,
    summarise,
)
from escalon.reporting.printed import significant
from escalon.reporting.tables.grid import Grid, csv_text


def parameter_table(found: Sequence[Kinetics]) -> Grid:
    """One row per participant: peak, areas, half-life, last positive sample, and what must be known about them.

    A last positive sample after which nothing was below quantification reads `> 360`: persistence is censored there.
    """
    names = _columns(found)
    rows = tuple(_row(kinetics, names) for kinetics in found)
    columns = ("participant", "group", *(_heading(name) for name in names), "flags")
    return Grid(_title(found), columns, rows, _notes(found))


def _notes(found: Sequence[Kinetics]) -> tuple[str, ...]:
    """Every reason once, with the participants it holds for."""
    holders: dict[str, list[str]] = {}
    for kinetics in found:
        for reason in _reasons(kinetics):
            holders.setdefault(reason, []).append(kinetics.profile.participant)
    everyone = len(found) if len(found) > 1 else -1
    return tuple(
        f"{'everyone' if len(people) == everyone else ', '.join(people)}: {reason}"
        for reason, people in holders.items()
    )


def _title(found: Sequence[Kinetics]) -> str:
    if not found:
        return "Cellular kinetics: no profile"
    first = next((one for one in found if one.profile.unit), found[0])  # a profile without a usable row has no unit
    profile, area = first.profile, first["auc_last"].unit
    drawn = {"linup_logdown": "linear up and logarithmic down", "linear": "linear"}[found[0].plan.method]
    what = profile.analyte.replace("_", " ")
    if not profile.unit:
        return f"Cellular kinetics of {what}: no row can be used"
    return f"Cellular kinetics of {what}: levels in {profile.unit}, times in days, areas in {area} ({drawn})"


def parameter_csv(found: Sequence[Kinetics]) -> str:
    """Every parameter of every participant with full digits, one row each."""
    columns = ("participant", "group", "analyte", "parameter", "value", "unit", "status", "category", "flags", "method")
    rows = [
        (
            kinetics.profile.participant, kinetics.profile.group, kinetics.profile.analyte, name,
            jsonable(finding.value), finding.unit, finding.status.value, finding.category,
            " ".join((*finding.flags, *kinetics.flags)), kinetics.plan.method,
        )
        for kinetics in found
        for name, finding in kinetics.findings.items()
    ]  # fmt: skip
    return csv_text(columns, rows)


def summary_table(found: Sequence[Kinetics]) -> Grid:
    """By group: geometric mean and CV% of levels and areas, median and range of times, with what was left out."""
    rows = []
    for group, some in by_group(found).items():
        for name in ("cmax", *(n for n in _columns(found) if n.startswith("auc")), "tmax", "persistence"):
            it = summarise(some, name)
            geometric = f"{significant(it.geometric_mean)} ({significant(it.cv_percent)} %)"
            spread = f"{significant(it.median)} ({significant(it.lowest)} to {significant(it.highest)})"
            counts = ((it.zeros, "zero"), (it.without_value, "no value"), (it.censored, "censored"))
            remarks = ", ".join(f"{count} {what}" for count, what in counts if count)
            shown = geometric if it.geometric_mean is not None else "–"
            heading = f"{_heading(name)} ({found[0][name].unit})"
            rows.append((group or "all", heading, str(it.n), shown, spread if it.n else "–", remarks))
    columns = ("group", "parameter", "n", "geometric mean (CV %)", "median (range)", "remarks")
    left = frozenset({"group", "parameter", "remarks"})
    return Grid("Summary by group", columns, tuple(rows), (), left)


def change_csv(found: Sequence[Kinetics]) -> str:
    """The change from baseline of every sample after infusion: level, code, log10 change, and what it rests on."""
    columns = ("participant", "group", "day", "level", "unit", "code", "log10_change", "flags", "reasons")
    rows = [
        (
            kinetics.profile.participant, kinetics.profile.group, change.components.get("day"),
            change.components.get("level"), kinetics.profile.unit, change.components.get("code"),
            change.value, " ".join(change.flags), "; ".join(change.reasons),
        )
        for kinetics in found
        for change in change_from_baseline(kinetics.profile)
    ]  # fmt: skip
    return csv_text(columns, rows)


def run_table(runs: Iterable[Run]) -> Grid:
    """Every qPCR run: its curve, its efficiency, and whether its samples may be read."""
    rows, notes = [], []
    for run in runs:
        curve = run.curve
        fit = (curve.slope, curve.intercept, curve.r_squared, 100 * curve.efficiency) if curve else (None,) * 4
        texts = ["–" if x is None else f"{x:.{places}f}" for x, places in zip(fit, (3, 2, 4, 1), strict=True)]
        rows.append((run.name, *texts, "accepted" if run.accepted else "FAILED: no results", ", ".join(run.flags)))
        notes += [f"{run.name}: {failure}" for failure in run.failures]
    columns = ("run", "slope", "intercept (Ct)", "R²", "efficiency (%)", "verdict", "flags")
    return Grid("qPCR runs", columns, tuple(rows), tuple(notes), frozenset({"run", "verdict", "flags"}))


def aplasia_table(profiles: Iterable[Profile], rule: AplasiaRule | None = None) -> Grid:
    """One row per episode of B-cell aplasia."""
    rows, notes = [], []
    for profile in profiles:
        for finding in b_cell_aplasia(profile, rule or AplasiaRule()):
            parts = finding.components
            days = tuple(significant(parts.get(key)) for key in ("onset_day", "ended_before_day", "recovery_day"))
            duration = significant(finding.value)
            shown = f"at least {duration}" if "censored" in finding.flags else duration
            state = finding.category or finding.status.value
            rows.append((profile.participant, profile.group, *days, shown, state, ", ".join(finding.flags)))
            notes += [f"{profile.participant}: {reason}" for reason in finding.reasons]
    columns = ("participant", "group", "from day", "before day", "recovery day", "duration (d)", "state", "flags")
    return Grid("B-cell aplasia", columns, tuple(rows), tuple(notes))


def level_table(profiles: Iterable[Profile]) -> Grid:
    """Immunoglobulins, autoantibodies and any other analyte: baseline, lowest and latest level with their change."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for profile in profiles:
        name = f"{profile.analyte} ({profile.unit})" if profile.unit else profile.analyte
        notes += [f"{profile.participant} {profile.analyte}: {why}" for why in profile.held]
        if not profile.after:
            what = "held" if profile.held else "no result after infusion"
            rows.append((profile.participant, name, *("–",) * 5, what))
            continue
        lowest, latest = min(profile.after, key=lambda s: (top_of(s), s.day)), profile.after[-1]
        base = profile.before[-1] if profile.before else None
        cells, flags = [], list(() if base else ("baseline_not_recorded",))
        for sample in (lowest, latest):
            cells.append(f"{level_of(sample)} (day {plain(sample.day, 1)})")
            if base:
                change = change_of(profile, base, sample)
                cells.append(_signed_percent(change))
                flags += change.flags
            else:
                cells.append("–")
        rows.append(
            (profile.participant, name, level_of(base) if base else "–", *cells, ", ".join(dict.fromkeys(flags)))
        )
    columns = ("participant", "measure", "baseline", "lowest", "change", "latest", "latest change", "flags")
    left = frozenset({"participant", "measure", "flags"})
    return Grid("Immunoglobulins, autoantibodies and other levels", columns, tuple(rows), tuple(notes), left)


def level_of(sample: Sample) -> str:
    """A level as it may be shown: the number where it is quantified, else what is certain of it."""
    known = sample.known
    return plain(known, 3) if isinstance(known, Fraction) else str(known or sample.detection.value)


def top_of(sample: Sample) -> float:
    """The highest level a sample may have."""
    known = sample.known
    high = known.high if isinstance(known, Interval) else known
    return inf if high is None else float(high)


def _signed_percent(change: Finding) -> str:
    value = change.value
    return "undefined" if value is None or isinstance(value, str) else f"{float(value):+.0f} %"


def change_of(profile: Profile, baseline: Sample, later: Sample) -> Finding:
    """The change of a level from a baseline, as published for the analyte."""
    change = igg_change if profile.analyte.lower() == "igg" else percent_change
    return change(profile.fact(baseline), profile.fact(later))


def _row(kinetics: Kinetics, names: Sequence[str]) -> tuple[str, ...]:
    flags = dict.fromkeys((*kinetics.flags, *(f for name in names for f in kinetics[name].flags)))
    cells = [_cell(kinetics[name]) for name in names]
    if kinetics["persistence"].category == "censored":
        cells[-1] = f"> {cells[-1]}"
    return (kinetics.profile.participant, kinetics.profile.group, *cells, ", ".join(flags))


def _cell(finding: Finding) -> str:
    mark = "*" if {"truncated", "extrapolated", "poor_fit", "short_span"} & set(finding.flags) else ""
    if finding.value is None and finding.bounds and finding.bounds[0] is not None:
        return f"≥ {significant(finding.bounds[0])}{mark}"
    return significant(finding.value) + mark


def _columns(found: Sequence[Kinetics]) -> tuple[str, ...]:
    areas = [name for name in (found[0].findings if found else ()) if name.startswith("auc") and name != "auc_all"]
    return ("cmax", "tmax", *areas, "half_life", "tlast")


def _heading(name: str) -> str:
    words = {
        "cmax": "Cmax",
        "tmax": "Tmax",
        "tlast": "Tlast",
        "persistence": "Tlast",
        "half_life": "T½",
        "auc_last": "AUClast",
    }
    return words.get(name) or "AUC" + name.removeprefix("auc_").replace("_", "–") + "d"


def _reasons(kinetics: Kinetics) -> tuple[str, ...]:
    own = (reason for finding in kinetics.findings.values() for reason in finding.reasons)
    return tuple(dict.fromkeys((*kinetics.reasons, *own)))
