"""The figures of section 6: each participant's course of an endpoint's measure, and the items or domains behind a score."""

from collections.abc import Iterator, Mapping, Sequence

from escalon.conduct.judge.cells import AtVisit
from escalon.conduct.judge.endpoints import Executed
from escalon.conduct.judge.member import member
from escalon.conduct.judge.windows import State, number_of
from escalon.facts import Fact, Finding, Number, exact, plain
from escalon.instruments import catalogue
from escalon.protocol.study import Study
from escalon.reporting.document import Figure
from escalon.reporting.figures.heat import HeatCell, HeatMap, heat_map
from escalon.reporting.figures.trajectories import Measure, Point, trajectories
from escalon.reporting.printed import digits_of, number
from escalon.reporting.view import View

FEWEST = 2
"""A course has at least so many points."""
LETTERS = ("E", "D", "C", "B", "A")
LEVELS = ("0", "1", "2", "3")
TRUTHS = ("no", "yes")
DRAWN = 12
"""Maps of so many people fit a page; the listing has the others."""


def trajectory(view: View, done: Executed, id: str, table: str) -> Figure | None:
    """The measure of an endpoint over days from infusion, a panel a person or a level; None where there is no course."""
    points = [point for cell in done.cells if (point := _point(cell, done.unit)) is not None]
    if len({point.day for point in points}) < FEWEST:
        return None
    title = done.endpoint.title
    limits = _limits(done)
    measure = Measure(title, tuple(points), tuple((value, "") for value, _ in limits))
    visits = [(one.id, float(one.day)) for one in view.study.visits if one.id in done.endpoint.at]
    people = {cell.participant for cell in done.cells}
    drawn = trajectories([measure], {code: _reached(view, code) for code in people}, visits)
    alt = (
        f"{title} of {len({point.participant for point in points})} participants over days from infusion, as in {table}"
    )
    notes = (f"Dashed: {', '.join(words for _, words in limits)}.",) if limits else ()
    return Figure(id, title, drawn, alt, table, notes)


def _point(cell: AtVisit, unit: str) -> Point | None:
    value = number_of(cell.value)
    if cell.state is not State.VALUE or value is None or cell.day is None:
        return None
    words = number(value, digits_of([exact(value)]))
    return Point(cell.participant, cell.level or 0, float(cell.day), float(value), unit, words, cell.visit)


def _limits(done: Executed) -> tuple[tuple[float, str], ...]:
    """The bands a score was published with, each at its upper end."""
    instrument = catalogue().get(done.endpoint.measure[0])
    bands = next(iter(instrument.bands.values()), ()) if instrument else ()
    known: list[tuple[Number, str]] = [(one.upper, one.label) for one in bands if one.upper is not None]
    return tuple((float(upper), f"{label} to {plain(upper)}") for upper, label in known if upper)


def _reached(view: View, code: str) -> float:
    """The last day from infusion on which a participant was observed."""
    one = member(view.study, view.trial, code)
    if one.infused is None:
        return 0.0
    last = min(view.cutoff.latest, one.ended.day.latest) if one.ended else view.cutoff.latest
    return float((last - one.infused.earliest).days)


def items_behind(study: Study, done: Executed, id: str, table: str) -> Figure | None:
    """What a score is made of, visit by visit: domains by letter, or the items that were ever there by their level."""
    people = list(dict.fromkeys(cell.participant for cell in done.cells))[:DRAWN]
    by = {(cell.participant, cell.visit): _made_of(cell) for cell in done.cells}
    names = list(dict.fromkeys(name for some in by.values() for name, value in some.items() if _is_there(value)))
    if not 2 <= len(names) <= 30 or not people:
        return None
    visits = done.visits
    words = {value for some in by.values() for value in some.values()}
    gained = done.endpoint.better == "higher"
    states = next((one for one in (LETTERS, TRUTHS) if words & set(one)), LEVELS[::-1] if gained else LEVELS)
    maps = [
        HeatMap(
            code, tuple(tuple(_cell(by.get((code, visit), {}).get(name), states) for visit in visits) for name in names)
        )
        for code in people
    ]
    domains = [name.replace("_", " ") for name in names]
    what = "domains" if states is LETTERS or gained else "items ever present"
    title = f"{done.endpoint.title}: {what}"
    return Figure(
        id, title, heat_map(maps, domains, visits, states), f"{title} of {len(people)} participants by visit", table
    )


def _made_of(cell: AtVisit) -> Mapping[str, str]:
    """The letters of a score's domains, or the levels of its own items, as words."""
    behind = next((fact.behind for fact in cell.rests_on if isinstance(fact.behind, Finding)), None)
    if behind is None or cell.state is not State.VALUE:
        return {}
    letters = {name: value for name, value in behind.components.items() if value in LETTERS}
    points = {
        name.removesuffix("_points"): str(value)
        for name, value in behind.components.items()
        if name.endswith("_points") and str(value) in LEVELS
    }
    return letters if len(letters) > FEWEST else points or dict(_levels(behind))


def _levels(behind: Finding) -> Iterator[tuple[str, str]]:
    for fact in behind.rests_on:
        if isinstance(fact, Fact) and fact.name.startswith(f"{behind.name}."):
            level = number_of(fact.value)
            if isinstance(fact.value, bool):
                yield fact.name.partition(".")[2], TRUTHS[fact.value]
            elif level is not None and level in range(len(LEVELS)):
                yield fact.name.partition(".")[2], str(int(level))


def _is_there(value: str) -> bool:
    return value not in ("0", "E", "no")


def _cell(value: str | None, states: Sequence[str]) -> HeatCell:
    return HeatCell("–") if value is None else HeatCell(value, states.index(value) if value in states else None)
