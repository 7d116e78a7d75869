"""Section 7: the product in blood, B cells, and every other level: zeros told apart from what was not measured."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from statistics import median

from escalon.conduct.judge.member import member
from escalon.conduct.judge.samples import profiles_of
from escalon.conduct.judge.windows import State, number_of
from escalon.facts import Fact, plain
from escalon.kinetics import Profile, noncompartmental
from escalon.kinetics.summary import geometric_cv, geometric_mean
from escalon.protocol.study import Visit
from escalon.reporting.build import Made, counted, heads, row
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
from escalon.reporting.grounds import of_facts
from escalon.reporting.printed import as_recorded, grouped, number, unit
from escalon.reporting.sections.kinetics import aplasia, levels, parameters, summary
from escalon.reporting.view import View


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
        blocks += [by_visit(view, product), drawn, parameters(found, view.label), summary(found)]
    if b_cells := of.pop(view.study.roles.b_cells or "", None):
        drawn = _figure(view, "F7-2", "B cells in blood", b_cell_figure, b_cells, "T7-4")
        blocks += [aplasia(b_cells), drawn]
    if of:
        blocks.append(levels([one for some in of.values() for one in some], view.label))
    study = view.study
    if not blocks and not study.gives_cells and study.roles.cells is None:
        return ()
    title = "Cells in blood" if study.gives_cells else "Levels in blood"
    return (Section("7", title, tuple(blocks) or (Text("No sample of an infused participant is recorded."),)),)


# -- level by visit ---------------------------------------------------------------------------------------------------


def by_visit(view: View, profiles: Sequence[Profile]) -> Table:
    """T7-1: the level at each planned visit: how many had none detected, were below the limit, or were not measured."""
    name = profiles[0].analyte
    planned = [visit for visit in view.study.visits if name in visit.measures]
    rows = [each for visit in planned for each in _visit_rows(view, visit, name)]
    columns = heads(
        "visit=visit, level|20", "n=measured>|10", "nd=not detected>|10", "blq=below limit>|7", "above=above range>|8",
        "quantified>|12", "mean=geometric mean (CV %) of quantified|17", "range=median (range) of quantified|26",
        "missing>|9", "not_due=not due>|6", "not_applicable=n/a>|5",
    )  # fmt: skip
    notes = (
        "Not detected, and detected below the limit of quantification, are results and no numbers: they are counted, and left "
        "out of mean and range. Missing: the visit's days have passed without a result. A fold change from «not detected» is "
        "undefined.",
    )
    about = f"everybody infused · {unit(profiles[0].unit)}"
    return Table("T7-1", f"{view.label(name)} by visit", columns, tuple(rows), about, notes)


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


def _geometric(numbers: Sequence[Fraction]) -> str:
    positive = [float(one) for one in numbers if one > 0]
    if not positive:
        return NOT_APPLICABLE
    spread = geometric_cv(positive)
    return grouped(geometric_mean(positive)) + ("" if spread is None else f" ({number(spread, 0)} %)")


def _median(numbers: Sequence[Fraction]) -> str:
    if not numbers:
        return NOT_APPLICABLE
    return f"{as_recorded(median(numbers))} ({as_recorded(min(numbers))} to {as_recorded(max(numbers))})"


# -- figures ---------------------------------------------------------------------------------------------------------


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
