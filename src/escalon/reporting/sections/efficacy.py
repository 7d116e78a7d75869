"""Section 6: every declared endpoint in a table of its own, with who stands where and what each number rests on."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

from escalon.conduct.judge.cells import AtVisit, Statistic
from escalon.conduct.judge.endpoints import Executed
from escalon.conduct.judge.estimates import median
from escalon.conduct.judge.populations import Population, on_the_way
from escalon.conduct.judge.windows import RANGE_ONLY, State
from escalon.facts import exact, plain, together
from escalon.protocol.study import Endpoint, Study
from escalon.reporting.build import counted, heads, row, slug
from escalon.reporting.document import (
    NOT_APPLICABLE,
    Block,
    Cell,
    Ground,
    Head,
    RowKind,
    Section,
    Table,
    TableRow,
    Text,
    Tone,
)
from escalon.reporting.grounds import of_cell
from escalon.reporting.printed import SETTLED, as_recorded, as_sentence, digits_of, named, number, percent, signed
from escalon.reporting.sections.efficacy_figures import items_behind, trajectory
from escalon.reporting.view import View
from escalon.safety.proportion import clopper_pearson

SHOWN = 6
"""So many values are all printed; more become a median and a range."""
Columns = tuple[Head, ...]
Row = Callable[["EndpointRow"], Sequence[Cell]]


def efficacy(view: View) -> tuple[Section, ...]:
    """The section of the endpoints: those of everybody, then a part for each disease, then who was counted."""
    study, found = view.study, view.executed
    groups = {"": "Everybody"} | {one.id: one.name[:1].upper() + one.name[1:] for one in study.diseases}
    parts: list[Section] = []
    for group, title in groups.items():
        some = [one for one in found if (one.endpoint.diseases[:1] or ("",))[0] == group]
        if some:
            blocks = tuple(block for one in some for block in blocks_of(view, one))
            parts.append(Section(f"6.{len(parts) + 1}", title, blocks))
    way = on_the_way(study, view.populations)
    last = Section(
        f"6.{len(parts) + 1}", "Who was counted", (population_table(view, way, efficacy_populations(study, found)),)
    )
    about = _ABOUT if parts else "The study folder declares no endpoint, so none is carried out."
    return (Section("6", "Efficacy", (Text(about),)), *parts, last)


_ABOUT = (
    "Each table carries out one declared endpoint. At every visit each participant stands as a value, missing (the window "
    "has closed), not due (it is open at the cut-off) or not applicable (died, left); the four add up to all. Of several "
    "values inside a visit's days the nearest to the planned day counts, of two equally near the later. There are no p values, "
    "and no limits of a mean below five values."
)


def table_id(study: Study, endpoint: Endpoint) -> str:
    """The table of an endpoint: `T6-4` for the fourth that is not a count of events, `T6-AE` for those, `T6-4a` beside it."""
    if endpoint.beside_of:
        return table_id(study, study.endpoint(endpoint.beside_of)) + endpoint.id.removeprefix(endpoint.beside_of)
    events = [one.id for one in study.endpoints if one.compare == "events"]
    if endpoint.id in events:
        return "T6-AE" + ("" if len(events) == 1 else str(events.index(endpoint.id) + 1))
    others = [one.id for one in study.endpoints if one.compare != "events"]
    return f"T6-{others.index(endpoint.id) + 1}"


def blocks_of(view: View, done: Executed) -> Iterator[Block]:
    """The table of an endpoint; the course of each participant, and what the score is made of, where there is one."""
    table = endpoint_table(view.study, done)
    yield table
    if done.endpoint.compare in ("value", "change from baseline", "percent change") and not done.why_not:
        number = table.id.removeprefix("T")
        drawn = (
            trajectory(view, done, f"F{number}", table.id),
            items_behind(view.study, done, f"F{number}-items", table.id),
        )
        yield from (figure for figure in drawn if figure is not None)


def endpoint_table(study: Study, done: Executed) -> Table:
    """The table of an endpoint: a row a visit, a block a group."""
    columns, cells = _SHAPES[done.endpoint.compare]
    groups = ["", *sorted({one.group for one in done.statistics if one.group})]
    known = EndpointTable(done)
    rows = [each for group in groups for each in _rows(known, group, cells, len(columns))]
    unit = f", {done.unit}" if done.unit else ""
    return Table(
        table_id(study, done.endpoint), f"{done.endpoint.title}{unit} ({done.endpoint.id})", columns, tuple(rows),
        done.estimand, tuple(_notes(study, done)), f"{done.why_not}: {done.detail}" if done.why_not else "Nothing recorded.",
    )  # fmt: skip


class EndpointTable:
    """What all rows of one endpoint's table share: the digits of its data."""

    def __init__(self, done: Executed) -> None:
        self.done = done

    @cached_property
    def change_places(self) -> int:
        """The decimals of the changes."""
        return digits_of(_changes(self.done.cells))

    @cached_property
    def mean_places(self) -> int:
        """One digit beyond the data, up to two; as many as the data where they have more."""
        return max(self.change_places, min(self.change_places + 1, SETTLED))

    def beneath(self, some: Iterable[AtVisit], *, baseline: bool = False) -> tuple[Ground, ...]:
        """The recorded facts beneath some cells, once each; those of the baseline where it is compared with."""
        return tuple(dict.fromkeys(ground for one in some for ground in of_cell(one, baseline=baseline)))


class EndpointRow:
    """One row to be: a group at a visit, who stands there, and what the statistics say of them."""

    def __init__(self, known: EndpointTable, visit: str, some: Sequence[AtVisit], group: str) -> None:
        self.known, self.visit, self.some, self.group = known, visit, some, group

    def statistic(self, name: str) -> Statistic | None:
        """A statistic of the group at the visit."""
        return self.known.done.statistic(self.visit, name, self.group)

    @cached_property
    def valued(self) -> tuple[Ground, ...]:
        """The records beneath the values."""
        return self.known.beneath(one for one in self.some if _values([one]))

    @cached_property
    def changed(self) -> tuple[Ground, ...]:
        """The records beneath the changes, and their baselines."""
        return self.known.beneath((one for one in self.some if _changes([one])), baseline=True)


def _rows(known: EndpointTable, group: str, cells: Row, wide: int) -> Iterator[TableRow]:
    done = known.done
    visits = [visit for visit in done.visits if done.at(visit, group)]
    if group and visits:
        heading = (Cell(group, tone=Tone.STRONG), *(Cell(NOT_APPLICABLE) for _ in range(wide - 1)))
        yield TableRow(slug(group), heading, RowKind.HEAD)
    for visit in visits:
        line = EndpointRow(known, visit, done.at(visit, group), group)
        key = f"{slug(group)}.{slug_visit(visit)}" if group else slug_visit(visit)
        yield row(key, *_standing(line), *cells(line), kind=RowKind.UNDER if group else RowKind.PLAIN)


def slug_visit(visit: str) -> str:
    """A visit as it stands in the name of a cell: `D28`, `infusion_to_day_28`."""
    return visit if visit.isalnum() else slug(visit)


_ON_ITS_DAY = re.compile(r"(?<=treatment) on [\d-]+$")
"""The day of somebody's own treatment, without which the same remark of many people is one."""


def _notes(study: Study, done: Executed) -> Iterator[str]:
    if said := done.endpoint.notes.strip():
        yield as_sentence(said)
    if assumed := study.assumed(done.endpoint.id):
        yield f"Rests on {', '.join(assumed)}."
    if done.why_not:
        compared = done.endpoint.compare in ("change from baseline", "percent change", "best change")
        yield f"No {'change from baseline' if compared else 'number'}: {done.why_not} ({done.detail})."
    if inexact := [f"{one.participant} {one.visit}" for one in done.cells if one.reason.startswith(RANGE_ONLY)]:
        yield f"Recorded as a range only, which is no number: missing here of {named(inexact, 4)}."
    flags = (
        (_ON_ITS_DAY.sub("", flag), f"{cell.participant} {cell.visit}") for cell in done.cells for flag in cell.flags
    )
    flagged = together((flag, where) for flag, where in flags if not flag.startswith(("highest grade", "at ")))
    for flag, where in list(flagged.items())[:12]:
        yield f"{named(where, 4)}: {flag}."
    if len(flagged) > 12:
        yield f"{len(flagged) - 12} more remarks stand in results.json."


# -- who stands where ------------------------------------------------------------------------------------------------------


_STANDING = ("visit", "n>", "missing>", "not_due=not due>", "not_applicable=n/a>")


def _standing(line: EndpointRow) -> tuple[Cell, ...]:
    """The visit, and how many have a value, are missing, not due, not applicable."""
    return (Cell(line.visit), *(_number_of(line, state) for state in State))


def _number_of(line: EndpointRow, state: State) -> Cell:
    """How many, and who: those with a value by its facts, the others by the reason."""
    some = [one for one in line.some if one.state is state]
    if state is State.VALUE:
        every = line.valued if len(_values(some)) == len(some) else line.known.beneath(some)
        return counted(every, len(some), "participants with a value at the visit")
    why = tuple(Ground(one.participant, state.value, "", one.reason or state.value, "") for one in some)
    return counted((*why, *line.known.beneath(some)), len(some), f"participants who stand as: {state.value}")


# -- numbers ---------------------------------------------------------------------------------------------------------------


def _values(some: Iterable[AtVisit]) -> list[Fraction]:
    """The numbers among the values."""
    known = (one.value for one in some if one.state is State.VALUE)
    return [exact(value) for value in known if isinstance(value, int | Fraction) and not isinstance(value, bool)]


def _changes(some: Iterable[AtVisit]) -> list[Fraction]:
    return [one.change for one in some if one.state is State.VALUE and one.change is not None]


def _all_or_middle(found: Iterable[Fraction], show: Callable[[object, int], str], *, all_of: bool) -> str:
    """All values in order where they are few, else median and range; each with the digits it has."""
    values = sorted(found)
    said = [show(value, digits_of([value])) for value in values]
    if all_of and len(values) <= SHOWN:
        return ", ".join(said)
    middle, places = median(values), digits_of(values)
    own = len(plain(middle, 12).partition(".")[2])
    half = show(middle, min(own, places if places >= SETTLED else places + 1))
    return f"{half} ({said[0]} to {said[-1]})"


def _value_cell(line: EndpointRow) -> Cell:
    if not (found := _values(line.some)):
        return Cell(NOT_APPLICABLE)
    text = _all_or_middle(found, number, all_of=True)
    method = f"all values up to {SHOWN}, else median (lowest to highest)"
    return Cell(text, _fraction(line.statistic("value.median")), line.valued, method)


def _range_cell(line: EndpointRow) -> Cell:
    if not (found := _changes(line.some)):
        return Cell(NOT_APPLICABLE)
    text = _all_or_middle(found, signed, all_of=False)
    method = "median (lowest to highest) of the changes"
    return Cell(text, _fraction(line.statistic("change.median")), line.changed, method)


def _mean_cell(line: EndpointRow) -> Cell:
    found, (mean, spread) = _changes(line.some), (line.statistic(f"change.{name}") for name in ("mean", "sd"))
    if mean is None or not found:
        return Cell(NOT_APPLICABLE)
    places = line.known.mean_places
    of = f" of {len(found)}" if len(found) < sum(one.state is State.VALUE for one in line.some) else ""
    sd = f" ({number(spread.value, places)})" if spread and spread.value is not None else ""
    return Cell(f"{signed(mean.value, places)}{sd}{of}", _fraction(mean), line.changed, "mean (SD) of the changes")


def _limits_cell(line: EndpointRow) -> Cell:
    low, high = (line.statistic(f"change.ci_{name}") for name in ("low", "high"))
    if low is None or high is None:
        return Cell(NOT_APPLICABLE)
    text = " to ".join(signed(one.value, line.known.mean_places) for one in (low, high))
    return Cell(text, _fraction(low), line.changed, "95 % limits of the mean change, Student's t")


def _fraction(one: Statistic | None) -> int | Fraction | None:
    return one.value if one is not None and isinstance(one.value, int | Fraction) else None


# -- the shapes of tables --------------------------------------------------------------------------------------------------


def _of_value(line: EndpointRow) -> Sequence[Cell]:
    return (_value_cell(line),)


def _of_change(line: EndpointRow) -> Sequence[Cell]:
    return _value_cell(line), _mean_cell(line), _range_cell(line), _limits_cell(line)


def _of_response(line: EndpointRow) -> Sequence[Cell]:
    answered = [one for one in line.some if one.state is State.VALUE]
    missing = [one for one in line.some if one.state is State.MISSING]
    yes = [one for one in answered if one.value is True]
    who = named([one.participant for one in yes], SHOWN)

    def share(of: Sequence[AtVisit], method: str) -> Cell:
        text = percent(clopper_pearson(len(yes), len(of)))
        return Cell(text, len(yes), line.known.beneath(of, baseline=True), f"{method}; exact limits (Clopper–Pearson)")

    return (
        share(answered, "responders of those with an answer"),
        share(answered + missing, "a missing answer counts as no response"),
        Cell(who or ("nobody" if answered else NOT_APPLICABLE)),
    )


def _of_course(line: EndpointRow) -> Sequence[Cell]:
    known = [one for one in line.some if one.state is State.VALUE]
    quantified = [one for one in known if isinstance(one.value, int | Fraction)]
    found = [line.statistic(f"value.{name}") for name in ("median", "low", "high")]
    text = NOT_APPLICABLE
    if found[0] is not None:
        middle, low, high = (_level(one.value) if one else NOT_APPLICABLE for one in found)
        text = f"{middle} ({low} to {high})"
    method = "median (lowest to highest); below quantification counts as less than every number"
    samples = "samples at or above the limit of quantification"
    return (
        counted(line.known.beneath(quantified), len(quantified), samples),
        Cell(text, _fraction(found[0]), line.known.beneath(known), method),
    )


def _level(value: object) -> str:
    return value if isinstance(value, str) else as_recorded(value)


def _of_events(line: EndpointRow) -> Sequence[Cell]:
    having = [one for one in line.some if one.value]
    grades = [[one for one in having if f"highest grade {grade}" in one.flags] for grade in range(1, 6)]
    events, beneath = line.statistic("events"), line.known.beneath
    share, every = percent(clopper_pearson(len(having), len(line.some))), beneath(having)
    return (
        counted(every, int(events.value or 0) if events else 0, "events that began or became worse"),
        Cell(share, len(having), every, "participants with at least one; exact limits (Clopper–Pearson)"),
        *(counted(beneath(of), len(of), f"participants whose highest grade is {n}") for n, of in enumerate(grades, 1)),
    )


_CHANGE = (
    "value",
    "change_mean=change: mean (SD)>",
    "change_range=change: median (range)>",
    "ci=95 % CI of the mean change>",
)
_SHAPES: dict[str, tuple[Columns, Row]] = {
    "value": (heads(*_STANDING, "value"), _of_value),
    "change from baseline": (heads(*_STANDING, *_CHANGE), _of_change),
    "percent change": (heads(*_STANDING, *_CHANGE), _of_change),
    "best change": (heads(*_STANDING, *_CHANGE), _of_change),
    "response": (
        heads(*_STANDING, "responders>", "responders_or_no=missing as no>", "who=who responded|30"), _of_response,
    ),
    "course": (heads(*_STANDING, "quantified>", "value=median (range)>"), _of_course),
    "events": (
        heads(*_STANDING, "events>", "participants>", *(f"grade_{n}=grade {n}>" for n in range(1, 6))), _of_events,
    ),
}  # fmt: skip


def population_table(view: View, way: Sequence[Population], others: Iterable[Population]) -> Table:
    """T6-P: each population with its rule, its size, and why anybody else is not in it.

    Of those people come through one after another (`way`), whoever was lost earlier is not told of again.
    """
    earlier = [None, *way[:-1]]
    rows = [_population_row(view, one, above) for one, above in zip(way, earlier, strict=True)]
    rows += [_population_row(view, one, None) for one in others]
    columns = heads("population", "rule|30", "n>", "not_in=not in it>", "why|50")
    return Table("T6-P", "Populations", columns, tuple(rows), "everybody a record was begun for")


def _population_row(view: View, one: Population, above: Population | None) -> TableRow:
    members = Cell("not known") if one.undecided else replace(view.counted(one.members), method=one.rule)
    before = [code for code in one.excluded if above is not None and code in above.excluded]
    said = [f"{len(before)} {'is' if len(before) == 1 else 'are'} not in the one above"] if before else []
    lost = {code: why for code, why in one.excluded.items() if code not in before}
    for reason in dict.fromkeys(lost.values()):
        said.append(f"{reason} ({named([code for code, why in lost.items() if why == reason], 4)})")
    why = one.undecided or "; ".join(said) or "nobody"
    return row(one.name, one.title, one.rule, members, view.counted([*one.excluded]), why)


def efficacy_populations(study: Study, executed: Sequence[Executed]) -> Iterator[Population]:
    """For each disease those whose change can be told: infused, with a baseline and a later value of one of its endpoints."""
    for disease in study.diseases:
        own = [
            one for one in executed if one.endpoint.diseases == (disease.id,) and one.endpoint.is_compared_with_baseline
        ]
        codes = list(dict.fromkeys(code for one in own for code in one.members))
        compared = {
            cell.participant for one in own for cell in one.cells if cell.state is State.VALUE and _is_compared(cell)
        }
        if codes:
            yield Population(
                f"efficacy_{slug(disease.id)}", f"Efficacy, {disease.id}", "infused, a baseline, and a value after it",
                tuple(code for code in codes if code in compared),
                {code: "no baseline, or no value after it" for code in codes if code not in compared},
            )  # fmt: skip


def _is_compared(cell: AtVisit) -> bool:
    return cell.change is not None or isinstance(cell.value, bool)
