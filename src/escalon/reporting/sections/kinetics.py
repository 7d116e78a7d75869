"""Tables of levels in blood: parameters by participant and group, B-cell aplasia, changes from baseline, qPCR runs."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import inf
from typing import TypeAlias

from escalon.facts import Fact, Finding, jsonable, plain, together
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
    change_of_level,
    summarise,
)
from escalon.reporting.build import Made, heads, keyed, row, slug, strong
from escalon.reporting.document import NOT_APPLICABLE, Cell, Ground, Table, TableRow
from escalon.reporting.grounds import of_fact
from escalon.reporting.printed import grouped, number, signed, significant, unit
from escalon.reporting.sheet import csv_text

Label: TypeAlias = Callable[[str], str]
"""How an analyte is called."""


def words(name: str) -> str:
    """An analyte by its name in data."""
    return name.replace("_", " ")


def _in_words(flags: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(flag.replace("_", " ") for flag in flags))


def _group(profile: Profile) -> Made:
    """The dose level, or the group that is compared."""
    name = profile.group.removeprefix("level ")
    return int(name) if name.isdecimal() else name


def _ground(profile: Profile, sample: Sample) -> Ground:
    return Ground(
        profile.participant, profile.analyte, str(sample.taken or f"day {plain(sample.day, 1)}"),
        f"{sample.written or sample.detection.value} {profile.unit}", sample.source,
    )  # fmt: skip


# -- parameters -------------------------------------------------------------------------------------------------------

_HALF_LIFE = "half_life"
_WORDS = {"cmax": "Cmax", "tmax": "Tmax, d", "tlast": "Tlast, d", _HALF_LIFE: "T½, d", "auc_last": "AUClast"}


def _parameters(found: Sequence[Kinetics]) -> tuple[str, ...]:
    areas = [name for name in found[0].findings if name.startswith("auc") and name != "auc_all"]
    return ("cmax", "tmax", *areas, _HALF_LIFE, "tlast")


def _shown(name: str, value: object) -> str:
    """A peak as it was measured, to four significant digits; what is calculated to three."""
    return grouped(value, 4 if name == "cmax" else 3)


def _head(name: str) -> str:
    return _WORDS.get(name) or f"AUC{name.removeprefix('auc_').replace('_', '–')}d"


def parameters(found: Sequence[Kinetics], label: Label = words) -> Table:
    """T7-2: peak, areas, half-life and last positive sample of each participant."""
    names = _parameters(found)
    rows = tuple(
        row(
            one.profile.participant, strong(one.profile.participant), _group(one.profile),
            *(_parameter(one, name) for name in names),
            who=one.profile.participant,
        )
        for one in found
    )  # fmt: skip
    columns = heads("who", "level>", *(f"{name}={_head(name)}>" for name in names))
    first = next((one for one in found if one.profile.unit), found[0])  # a profile without a usable row has no unit
    area = first["auc_last"].unit
    how = {"linup_logdown": "linear up and logarithmic down", "linear": "linear"}[found[0].plan.method]
    notes = (
        f"Levels in {first.profile.unit}, areas in {area} ({how}). * rests on a truncated or extrapolated "
        f"course, or on a poor fit. "
        "A last positive sample after which nothing was below quantification reads > : persistence is censored there.",
        *_remarks(found),
    )
    return Table("T7-2", f"Kinetics of {label(found[0].profile.analyte)}", columns, rows, "everybody infused", notes)


def _parameter(one: Kinetics, name: str) -> Made:
    finding = one[name]
    grounds = tuple(of_fact(fact, one.profile.participant) for fact in finding.rests_on if isinstance(fact, Fact))
    mark = "*" if {"truncated", "extrapolated", "poor_fit", "short_span"} & set(finding.flags) else ""
    censored = name == "tlast" and one["persistence"].category == "censored"
    if finding.value is None and finding.bounds and finding.bounds[0] is not None:
        return Cell(f"≥ {_shown(name, finding.bounds[0])}{mark}", None, grounds, finding.rule)
    text = _shown(name, finding.value) if isinstance(finding.value, int | float | Fraction) else NOT_APPLICABLE
    return Cell(
        f"{'> ' if censored else ''}{text}{mark if text != NOT_APPLICABLE else ''}", None, grounds, finding.rule
    )


def _remarks(found: Sequence[Kinetics]) -> list[str]:
    """Every reason once, with the participants it holds for."""
    holders = together((reason, one.profile.participant) for one in found for reason in dict.fromkeys(_reasons(one)))
    everybody = len(found) if len(found) > 1 else -1
    told = [f"{'everybody' if len(who) == everybody else ', '.join(who)}: {reason}" for reason, who in holders.items()]
    return told if len(told) <= 12 else [*told[:12], f"and {len(told) - 12} more remarks"]


def _reasons(one: Kinetics) -> tuple[str, ...]:
    return (*one.reasons, *(reason for finding in one.findings.values() for reason in finding.reasons))


def summary(found: Sequence[Kinetics]) -> Table:
    """T7-3: by level, geometric mean of levels and areas, median and range of times, with what was left out."""
    rows = []
    for group, some in by_group(found).items():
        for name in (*_parameters(found)[:-2], "persistence"):
            it = summarise(some, name)
            mean = NOT_APPLICABLE
            if it.geometric_mean is not None:
                mean = _shown(name, it.geometric_mean) + (
                    "" if it.cv_percent is None else f" ({number(it.cv_percent, 0)} %)"
                )
            middle, low, high = (_shown(name, value) for value in (it.median, it.lowest, it.highest))
            ends = f"{middle} ({low} to {high})" if it.n else NOT_APPLICABLE
            label = _head(name) if name != "persistence" else "Tlast, d"
            told = (Cell(text, None, _beneath(some, name)) for text in (str(it.n), mean, ends))
            rows.append(
                row(
                    f"{slug(group or 'all')}.{name}",
                    group or "all",
                    label,
                    *told,
                    it.zeros,
                    it.without_value,
                    it.censored,
                )
            )
    columns = heads(
        "level", "parameter", "n>", "mean=geometric mean (CV %)|22", "range=median (range)|26", "zeros=of them zero>",
        "without=no value>", "censored>",
    )  # fmt: skip
    notes = ("A value of 0 has no logarithm: it is left out of the geometric mean and counted.",)
    return Table("T7-3", "Kinetics by level", columns, tuple(rows), "everybody infused with a profile", notes)


def _beneath(some: Sequence[Kinetics], name: str) -> tuple[Ground, ...]:
    """What a parameter of each participant rests on."""
    facts = ((one.profile.participant, fact) for one in some for fact in one[name].rests_on if isinstance(fact, Fact))
    return tuple(dict.fromkeys(of_fact(fact, code) for code, fact in facts))


# -- B cells and other levels -----------------------------------------------------------------------------------------


def aplasia(profiles: Sequence[Profile], rule: AplasiaRule | None = None) -> Table:
    """T7-4: each episode of B-cell aplasia; recovery lies between two samples, so days are ranges."""
    asked = rule or AplasiaRule()
    rows = keyed(_aplasia_row(one, finding) for one in profiles for finding in b_cell_aplasia(one, asked))
    columns = heads(
        "who · level> · from=from day> · before=over before day> · recovery=recovered, day> · duration=duration, days> · "
        "state|20 · note|60"
    )
    about = f"everybody infused · {unit(profiles[0].unit)}"
    return Table("T7-4", "B-cell aplasia", columns, rows, about, (), "No episode.")


def _aplasia_row(profile: Profile, finding: Finding) -> TableRow:
    parts = finding.components
    duration = significant(finding.value)
    days = [significant(parts.get(key)) for key in ("onset_day", "ended_before_day", "recovery_day")]
    grounds = tuple(of_fact(fact, profile.participant) for fact in finding.rests_on if isinstance(fact, Fact))
    code = profile.participant
    return row(
        code, strong(code), _group(profile), *days,
        Cell(f"at least {duration}" if "censored" in finding.flags else duration, None, grounds, finding.rule),
        (finding.category or finding.status.value).replace("_", " "), "; ".join(finding.reasons),
        who=code,
    )  # fmt: skip


def levels(profiles: Sequence[Profile], label: Label = words) -> Table:
    """T7-5: immunoglobulins, autoantibodies and any other analyte: baseline, lowest and latest with their change."""
    rows = keyed(
        row(
            f"{one.participant}.{one.analyte}",
            strong(one.participant),
            _group(one),
            label(one.analyte),
            *_levels_of(one),
            who=one.participant,
        )
        for one in profiles
    )
    columns = heads(
        "who", "level>", "measure|26", "baseline>", "lowest>", "change>", "latest>", "later=latest change>", "note|20"
    )
    units = ", ".join(dict.fromkeys(f"{label(one.analyte)}: {one.unit}" for one in profiles))
    title, note = "Levels at baseline, lowest and latest", "Days from the infusion in brackets."
    return Table("T7-5", title, columns, rows, f"everybody infused · {units}", (note,))


def _levels_of(profile: Profile) -> list[Made]:
    """Baseline, the lowest and the latest level with their change from it, and what must be known about them."""
    if not profile.after:
        return [*(None for _ in range(5)), "held" if profile.held else "no result after infusion"]
    lowest, latest = min(profile.after, key=lambda one: (top_of(one), one.day)), profile.after[-1]
    base = profile.before[-1] if profile.before else None
    found: list[Made] = [_level_cell(profile, base) if base else "not recorded"]
    flags = []
    for sample in (lowest, latest):
        found.append(_level_cell(profile, sample))
        change = change_of_level(profile.fact(base), profile.fact(sample)) if base else None
        found.append("undefined" if change is None or change.value is None else signed(change.value, 0) + " %")
        flags += list(change.flags) if change else ["no baseline"]
    return [*found, _in_words(flags)]


def _level_cell(profile: Profile, sample: Sample) -> Cell:
    return Cell(f"{level_of(sample)} ({number(sample.day, 0)})", None, (_ground(profile, sample),))


def runs(some: Sequence[Run]) -> Table:
    """T7-6: every qPCR run: its curve, its efficiency, and whether its samples may be read."""
    columns = heads(
        "run", "slope>", "intercept=intercept (Ct)>", "r2=R²>", "efficiency=efficiency (%)>", "verdict|24", "note|30"
    )
    notes = tuple(f"{run.name}: {failure}" for run in some for failure in run.failures)
    return Table("T7-6", "qPCR runs", columns, keyed(map(_run_row, some)), "", notes, "No run is recorded.")


def _run_row(run: Run) -> TableRow:
    curve = run.curve
    fit = (curve.slope, curve.intercept, curve.r_squared, 100 * curve.efficiency) if curve else (None,) * 4
    shown = [number(value, places) for value, places in zip(fit, (3, 2, 4, 1), strict=True)]
    verdict = "accepted" if run.accepted else "FAILED: no results"
    return row(run.name, strong(run.name), *shown, verdict, _in_words(run.flags))


# -- with full digits ------------------------------------------------------------------------------------------


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


def level_of(sample: Sample) -> str:
    """A level as it may be shown: the number where it is quantified, else what is certain of it."""
    known = sample.known
    return plain(known, 3) if isinstance(known, Fraction) else str(known or sample.detection.value)


def top_of(sample: Sample) -> float:
    """The highest level a sample may have."""
    known = sample.known
    high = known.high if isinstance(known, Interval) else known
    return inf if high is None else float(high)
