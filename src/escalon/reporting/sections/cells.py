"""Section 7: the product in blood, B cells, and every other level: zeros told apart from what was not measured."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from statistics import median

from escalon.conduct.judge.member import member
from escalon.conduct.judge.samples import profiles_of
from escalon.conduct.judge.windows import State, number_of
from escalon.facts import Fact, Finding, plain
from escalon.kinetics import Kinetics, Profile, b_cell_aplasia, by_group, noncompartmental, summarise
from escalon.kinetics.sample import Sample
from escalon.kinetics.summary import geometric_cv, geometric_mean
from escalon.protocol.study import Visit
from escalon.reporting.build import Made, counted, heads, keyed, row, slug, strong
from escalon.reporting.document import (
    NOT_APPLICABLE,
    Block,
    Cell,
    Figure,
    Ground,
    RowKind,
    Section,
    Table,
    TableRow,
    Text,
    Tone,
)
from escalon.reporting.figures.b_cells import b_cell_figure
from escalon.reporting.figures.kinetics import kinetics_figure
from escalon.reporting.grounds import of_fact, of_facts
from escalon.reporting.printed import grouped, listed, number, signed, significant
from escalon.reporting.tables.kinetics import change_of, level_of, top_of
from escalon.reporting.view import View

_HALF_LIFE = "half_life"


def cells(view: View) -> tuple[Section, ...]:
    """The section of the cells, or of levels where the study gives none and some are recorded."""
    view.told("following the cells")
    profiles, left_out = profiles_of(view.study, view.trial)
    of = {
        name: [one for one in profiles if one.analyte == name]
        for name in dict.fromkeys(one.analyte for one in profiles)
    }
    blocks: list[Block] = [Text(text, Tone.OPEN) for text in left_out]
    if product := of.pop(view.study.roles.cells or "", None):
        found = [noncompartmental(one) for one in product]
        drawn = _figure(view, "F7-1", "The product in blood", kinetics_figure, product, "T7-1")
        blocks += [by_visit(view, product), drawn, parameters(view, found), summary(found)]
    if b_cells := of.pop(view.study.roles.b_cells or "", None):
        drawn = _figure(view, "F7-2", "B cells in blood", b_cell_figure, b_cells, "T7-4")
        blocks += [aplasia(view, b_cells), drawn]
    if of:
        blocks.append(levels(view, [one for some in of.values() for one in some]))
    study = view.study
    if not blocks and not study.gives_cells and study.roles.cells is None:
        return ()
    title = "Cells in blood" if study.roles.cells else "Levels in blood"
    return (Section("7", title, tuple(blocks) or (Text("No sample of an infused participant is recorded."),)),)


# -- level by visit ---------------------------------------------------------------------------------------------------


def by_visit(view: View, profiles: Sequence[Profile]) -> Table:
    """T7-1: the level at each planned visit: how many had none detected, were below the limit, or were not measured."""
    name = profiles[0].analyte
    planned = [visit for visit in view.study.visits if name in visit.measures]
    rows = [each for visit in planned for each in _visit_rows(view, visit, name)]
    columns = heads(
        "visit=visit, level|20",
        "n=measured>",
        "nd=not detected>",
        "blq=below quantification>",
        "above=above the range>",
        "quantified>",
        "mean=geometric mean (CV %) of quantified|18",
        "range=median (range) of quantified|24",
        "missing>",
        "not_due=not due>",
        "not_applicable=n/a>",
    )
    notes = (
        "Not detected, and detected below the limit of quantification, are results and no numbers: they are "
        "counted, and left out of "
        "mean and range. Missing: the visit's days have passed without a result. A fold change from «not "
        "detected» is undefined.",
    )
    return Table(
        "T7-1", f"{view.label(name)} by visit", columns, tuple(rows), f"everybody infused · {profiles[0].unit}", notes
    )


def _visit_rows(view: View, visit: Visit, analyte: str) -> Iterator[TableRow]:
    every = [one.participant for one in view.doses]
    yield row(visit.id, f"{visit.id}: {visit.name}", *_visit_cells(view, visit, analyte, every), kind=RowKind.HEAD)
    for level in (one.number for one in view.study.dose.levels):
        if some := [code for code in every if view.level(code) == level]:
            stands = _visit_cells(view, visit, analyte, some)
            yield row(f"{visit.id}.level_{level}", f"level {level}", *stands, kind=RowKind.UNDER)


def _visit_cells(view: View, visit: Visit, analyte: str, some: Sequence[str]) -> list[Made]:
    """How many stand how at a visit, by the one rule for visits, and what the quantified levels come to."""
    facts: list[Fact] = []
    absent: dict[State, list[Ground]] = {state: [] for state in State}
    for person in (member(view.study, view.trial, code) for code in some):
        found = person.at(visit, person.levels(analyte))
        state, why = person.standing(visit, found, view.cutoff)
        if state is State.VALUE:
            facts.append(found.facts[0])
        unread = person.unread((analyte,), visit) if state is State.MISSING else ""
        absent[state].append(Ground(person.code, state.value, "", unread or person.held(analyte) or why, ""))
    counts = [[fact for fact in facts if fact.value in codes] for codes in _CODES]
    quantified = [fact for fact in facts if number_of(fact.value) is not None]
    numbers = [value for fact in quantified if (value := number_of(fact.value)) is not None]
    return [
        *map(_samples, (facts, *counts, quantified)), _geometric(numbers), _median(numbers),
        *(counted(absent[state]) for state in (State.MISSING, State.NOT_DUE, State.NOT_APPLICABLE)),
    ]  # fmt: skip


_CODES = (("ND",), ("BLQ", "below LLOQ"), ("above ULOQ",))


def _samples(some: Sequence[Fact]) -> Cell:
    return Cell(str(len(some)), len(some), of_facts(some))


def _ground(profile: Profile, sample: Sample) -> Ground:
    return Ground(
        profile.participant, profile.analyte, str(sample.taken or f"day {plain(sample.day, 1)}"),
        f"{sample.written or sample.detection.value} {profile.unit}", sample.source,
    )  # fmt: skip


def _geometric(numbers: Sequence[Fraction]) -> str:
    positive = [float(one) for one in numbers if one > 0]
    if not positive:
        return NOT_APPLICABLE
    spread = geometric_cv(positive)
    return grouped(geometric_mean(positive)) + ("" if spread is None else f" ({number(spread, 0)} %)")


def _median(numbers: Sequence[Fraction]) -> str:
    if not numbers:
        return NOT_APPLICABLE
    return f"{grouped(median(numbers))} ({grouped(min(numbers))} to {grouped(max(numbers))})"


# -- parameters -------------------------------------------------------------------------------------------------------

_WORDS = {"cmax": "Cmax", "tmax": "Tmax, d", "tlast": "Tlast, d", _HALF_LIFE: "T½, d", "auc_last": "AUClast"}


def _parameters(found: Sequence[Kinetics]) -> tuple[str, ...]:
    areas = [name for name in found[0].findings if name.startswith("auc") and name != "auc_all"]
    return ("cmax", "tmax", *areas, _HALF_LIFE, "tlast")


def _head(name: str) -> str:
    return _WORDS.get(name) or f"AUC{name.removeprefix('auc_').replace('_', '–')}d"


def parameters(view: View, found: Sequence[Kinetics]) -> Table:
    """T7-2: peak, areas, half-life and last positive sample of each participant, to three significant digits."""
    names = _parameters(found)
    rows = tuple(
        row(
            one.profile.participant, strong(one.profile.participant), view.level(one.profile.participant),
            *(_parameter(one, name) for name in names),
            who=one.profile.participant,
        )
        for one in found
    )  # fmt: skip
    columns = heads("who", "level>", *(f"{name}={_head(name)}>" for name in names))
    area = found[0]["auc_last"].unit
    how = {"linup_logdown": "linear up and logarithmic down", "linear": "linear"}[found[0].plan.method]
    notes = (
        f"Levels in {found[0].profile.unit}, areas in {area} ({how}). * rests on a truncated or extrapolated "
        f"course, or on a poor fit. "
        "A last positive sample after which nothing was below quantification reads > : persistence is censored there.",
        *_remarks(found),
    )
    return Table(
        "T7-2", f"Kinetics of {view.label(found[0].profile.analyte)}", columns, rows, "everybody infused", notes
    )


def _parameter(one: Kinetics, name: str) -> Made:
    finding = one[name]
    grounds = tuple(of_fact(fact, one.profile.participant) for fact in finding.rests_on if isinstance(fact, Fact))
    mark = "*" if {"truncated", "extrapolated", "poor_fit", "short_span"} & set(finding.flags) else ""
    censored = name == "tlast" and one["persistence"].category == "censored"
    if finding.value is None and finding.bounds and finding.bounds[0] is not None:
        return Cell(f"≥ {grouped(finding.bounds[0])}{mark}", None, grounds, finding.rule)
    text = grouped(finding.value) if isinstance(finding.value, int | float | Fraction) else NOT_APPLICABLE
    return Cell(
        f"{'> ' if censored else ''}{text}{mark if text != NOT_APPLICABLE else ''}", None, grounds, finding.rule
    )


def _remarks(found: Sequence[Kinetics]) -> list[str]:
    """Every reason once, with the participants it holds for."""
    holders: dict[str, list[str]] = {}
    for one in found:
        reasons = (*one.reasons, *(reason for finding in one.findings.values() for reason in finding.reasons))
        for reason in dict.fromkeys(reasons):
            holders.setdefault(reason, []).append(one.profile.participant)
    everybody = len(found) if len(found) > 1 else -1
    told = [f"{'everybody' if len(who) == everybody else ', '.join(who)}: {reason}" for reason, who in holders.items()]
    return told if len(told) <= 12 else [*told[:12], f"and {len(told) - 12} more remarks"]


def summary(found: Sequence[Kinetics]) -> Table:
    """T7-3: by level, geometric mean of levels and areas, median and range of times, with what was left out."""
    rows = []
    for group, some in by_group(found).items():
        for name in (*_parameters(found)[:-2], "persistence"):
            it = summarise(some, name)
            mean = NOT_APPLICABLE
            if it.geometric_mean is not None:
                mean = grouped(it.geometric_mean) + (
                    "" if it.cv_percent is None else f" ({number(it.cv_percent, 0)} %)"
                )
            ends = f"{grouped(it.median)} ({grouped(it.lowest)} to {grouped(it.highest)})" if it.n else NOT_APPLICABLE
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


def aplasia(view: View, profiles: Sequence[Profile]) -> Table:
    """T7-4: each episode of B-cell aplasia; recovery lies between two samples, so days are ranges."""
    rows = keyed(_aplasia_row(view, one, finding) for one in profiles for finding in b_cell_aplasia(one))
    columns = heads(
        "who",
        "level>",
        "from=from day>",
        "before=over before day>",
        "recovery=recovered, day>",
        "duration=duration, days>",
        "state|24",
        "note|36",
    )
    return Table("T7-4", "B-cell aplasia", columns, rows, f"everybody infused · {profiles[0].unit}", (), "No episode.")


def _aplasia_row(view: View, profile: Profile, finding: Finding) -> TableRow:
    parts = finding.components
    duration = significant(finding.value)
    days = [significant(parts.get(key)) for key in ("onset_day", "ended_before_day", "recovery_day")]
    grounds = tuple(of_fact(fact, profile.participant) for fact in finding.rests_on if isinstance(fact, Fact))
    code = profile.participant
    return row(
        code, strong(code), view.level(code), *days,
        Cell(f"at least {duration}" if "censored" in finding.flags else duration, None, grounds, finding.rule),
        (finding.category or finding.status.value).replace("_", " "), "; ".join(finding.reasons),
        who=code,
    )  # fmt: skip


def levels(view: View, profiles: Sequence[Profile]) -> Table:
    """T7-5: immunoglobulins, autoantibodies and any other analyte: baseline, lowest and latest with their change."""
    rows = keyed(
        row(
            f"{one.participant}.{one.analyte}",
            strong(one.participant),
            view.level(one.participant),
            view.label(one.analyte),
            *_levels_of(view, one),
            who=one.participant,
        )
        for one in profiles
    )
    columns = heads(
        "who", "level>", "measure|26", "baseline>", "lowest>", "change>", "latest>", "later=latest change>", "note|20"
    )
    units = ", ".join(dict.fromkeys(f"{view.label(one.analyte)}: {one.unit}" for one in profiles))
    return Table(
        "T7-5",
        "Immunoglobulins and other levels",
        columns,
        rows,
        f"everybody infused · {units}",
        ("Days from the infusion in brackets.",),
    )


def _levels_of(view: View, profile: Profile) -> list[Made]:
    """Baseline, the lowest and the latest level with their change from it, and what must be known about them."""
    if not profile.after:
        return [*(None for _ in range(5)), "held" if profile.held else "no result after infusion"]
    lowest, latest = min(profile.after, key=lambda one: (top_of(one), one.day)), profile.after[-1]
    base = profile.before[-1] if profile.before else None
    found: list[Made] = [_level_cell(profile, base) if base else "not recorded"]
    flags = []
    for sample in (lowest, latest):
        found.append(_level_cell(profile, sample))
        change = change_of(profile, base, sample) if base else None
        found.append("undefined" if change is None or change.value is None else signed(change.value, 0) + " %")
        flags += list(change.flags) if change else ["no baseline"]
    return [*found, listed(dict.fromkeys(flag.replace("_", " ") for flag in flags))]


def _level_cell(profile: Profile, sample: Sample) -> Cell:
    return Cell(f"{level_of(sample)} ({number(sample.day, 0)})", None, (_ground(profile, sample),))


def _figure(
    view: View, id: str, title: str, draw: Callable[[list[Profile]], str], profiles: Sequence[Profile], table: str
) -> Figure:
    """The profiles of the newest people, as the title then says; all of them where none is of those."""
    newest = [one for one in profiles if one.participant in view.drawn]
    shown = newest or list(profiles)
    return Figure(id, view.of_drawn(title) if newest else title, draw(shown), _told(shown), table)


def _told(profiles: Sequence[Profile]) -> str:
    said = []
    for one in profiles:
        peak = max(
            (s for s in one.after if s.is_quantified and s.level is not None), key=lambda s: s.level or 0, default=None
        )
        said.append(
            f"{one.participant} "
            + (f"peak {grouped(peak.level)} on day {plain(peak.day, 0)}" if peak else "nothing quantified")
        )
    return f"{profiles[0].analyte.replace('_', ' ')} in {profiles[0].unit}: {'; '.join(said)}."
