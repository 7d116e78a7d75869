"""The other figures of section 5: blood counts of everybody with the limits of grades, and each participant over time."""

from collections.abc import Iterator, Sequence

from escalon.conduct.judge.cells import AtVisit
from escalon.conduct.judge.endpoints import Executed
from escalon.conduct.judge.member import member
from escalon.conduct.judge.windows import State, number_of
from escalon.escalation import Outcome
from escalon.facts import UnitError, convert
from escalon.instruments import catalogue
from escalon.instruments.kit.bands import Band
from escalon.instruments.safety.ctcae.laboratory import tests_named
from escalon.reporting.document import Figure
from escalon.reporting.figures.swimmer import DiseaseState, Mark, Swimmer, swimmer_plot
from escalon.reporting.figures.trajectories import Measure, Point, trajectories
from escalon.reporting.printed import significant
from escalon.reporting.view import View
from escalon.safety.blood_counts import COUNTS
from escalon.safety.counting import Treated
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import special_interest

WINDOW = 60
"""Days from infusion that the figure of counts shows: beyond them counts are taken at visits only."""


def blood_counts(view: View) -> Figure | None:
    """F5-2: every count of everybody drawn, a line a person, a panel a level; None where nobody was counted."""
    measures = [one for one in (_measure(view, *count) for count in COUNTS) if one.points]
    if not measures:
        return None
    svg = trajectories(measures, visits=(("0", 0), ("14", 14), ("28", 28), ("60", WINDOW)), everyone=True)
    told = "; ".join(
        f"{one.title}: {len(one.points)} counts, lowest {significant(min(p.value for p in one.points))}"
        for one in measures
    )
    title = "Blood counts after infusion"
    limits = (f"{one.title} below {limit:g}, {grade}" for one in measures for limit, grade in one.limits)
    notes = (f"Dashed (CTCAE v5.0): {'; '.join(limits)}.",)
    return Figure("F5-2", view.of_drawn(title), svg, f"{title}. {told}.", "T5-5", notes)


def _measure(view: View, test: str, title: str, unit: str, limits: tuple[tuple[float, str], ...]) -> Measure:
    points = tuple(
        point for one in view.population if one.participant in view.drawn for point in _points(view, one, test, unit)
    )
    return Measure(title, points, limits, linear_to=limits[-1][0], alarm=True)


def _points(view: View, one: Treated, test: str, unit: str) -> Iterator[Point]:
    wanted = set(tests_named(test))
    for fact in view.facts(one.participant):
        if fact.number is None or fact.day is None or fact.day.is_partial or not wanted & set(tests_named(fact.name)):
            continue
        day = one.day_of(fact.day.earliest)
        try:
            value = float(convert(fact.number, fact.unit or "", unit))
        except UnitError:
            continue  # a count in another unit is among the results that cannot be graded
        if -14 <= day <= WINDOW:
            yield Point(one.participant, view.level(one.participant) or 0, day, value, unit)


def swimmer(view: View) -> Figure:
    """F5-3: everybody drawn from infusion to the last day observed, with the state of disease and what happened."""
    states = _states(view)
    people = [one for one in view.population if one.participant in view.drawn]
    swimmers = [_swimmer(view, one, states.get(one.participant, [])) for one in people]
    ends = max((one.day for one in view.study.visits if one.day is not None), default=None)
    svg = swimmer_plot(swimmers, str(view.cutoff), ends_on=ends)
    boxes = "In the boxes each disease's score with published bands, coloured by its band: the greener, the better."
    notes = (boxes,) if states else ()
    told = (
        "; ".join(f"{one.participant} to day {one.observed_to}, {len(one.marks)} events" for one in swimmers)
        or "nobody"
    )
    return Figure(
        "F5-3", view.of_drawn("Participants over time"), svg, f"Participants over time: {told}.", "T5-1", notes
    )


def _swimmer(view: View, one: Treated, states: list[DiseaseState]) -> Swimmer:
    code = one.participant
    ended = "observation ended" if member(view.study, view.trial, code).ended else ""
    last = one.day_of(one.observed_to or view.cutoff.latest)
    return Swimmer(code, view.level(code) or 0, last, ended, tuple(_marks(view, one)), tuple(states))


def _marks(view: View, one: Treated) -> Iterator[Mark]:
    dlts = {review.participant for review in view.reviews if review.outcome is Outcome.DLT}
    for event in view.emergent:
        if (
            event.participant == one.participant
            and event.start is not None
            and (kind := _kind(event, one.participant in dlts))
        ):
            yield Mark(
                one.day_of(event.start.earliest), kind, f"{event.term.name} grade {event.grade or '?'}", event.grade
            )


def _kind(event: Occurrence, had_dlt: bool) -> str:
    """What an event is marked as: the gravest kind that fits."""
    if event.is_fatal:
        return "death"
    if had_dlt and any(line.dlt for line in event.lines):
        return "DLT"
    if special_interest(event) == "infection":
        return "infection"
    if event.grade is not None and event.grade >= 3:
        return "grade 3 or more"
    return "serious" if event.serious else ""


def _states(view: View) -> dict[str, list[DiseaseState]]:
    """The states of each person by the first endpoint of their disease whose measure was published with bands."""
    found: dict[str, list[DiseaseState]] = {}
    for done in view.executed:
        bands = _bands(done)
        if not bands or not done.endpoint.diseases:
            continue
        for code in {cell.participant for cell in done.cells} - set(found):
            cells = [cell for cell in done.cells if cell.participant == code and cell.state is State.VALUE]
            if states := [state for cell in cells if (state := _state(cell, bands)) is not None]:
                found[code] = states
    return found


def _bands(done: Executed) -> Sequence[Band]:
    instrument = catalogue().get(done.endpoint.measure[0]) if done.endpoint.measure else None
    return next(iter(instrument.bands.values()), ()) if instrument else ()


def _state(cell: AtVisit, bands: Sequence[Band]) -> DiseaseState | None:
    value = number_of(cell.value)
    if value is None or cell.day is None:
        return None
    place = next(
        (
            n
            for n, band in enumerate(bands)
            if band.upper is None or value < band.upper or (band.includes_upper and value == band.upper)
        ),
        len(bands) - 1,
    )
    words = significant(value)
    return DiseaseState(
        cell.day, words, place, len(bands), f"{cell.participant} {cell.visit}: {words}, {bands[place].label}"
    )
