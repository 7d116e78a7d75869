"""Exposure: a drug taken without a gap up to an anchor, and in a range of doses."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations

from escalon.criteria.situation import Situation, Stretch, placed
from escalon.expressions.events import Dose, Exposure, Span, Window
from escalon.expressions.possible import holds
from escalon.facts import Day, Duration, Fact, Interval, Truth, UnitError, all_known, convert, exact


def exposed(exposure: Exposure, situation: Situation) -> tuple[Truth, tuple[Fact, ...], tuple[str, ...]]:
    """Whether the exposure holds, the treatments it rests on, and what would settle it.

    Every day of the stretch before the anchor must be covered. Treatments that touch count as one; a partial date counts
    as covering only what it is sure to cover.
    """
    period = placed(Window(Span.WITHIN, exposure.anchor, exposure.lasting or exposure.dose_lasting), situation)
    label = situation.label(exposure.name)
    if period.unplaced is not None or period.last is None:
        return None, (), (period.unplaced or f"the day of {exposure.anchor}",)
    anchor = period.last
    meaning = situation.meaning(exposure.name)
    members = tuple(meaning.members) if meaning else ()
    recorded = [fact for name in (exposure.name, *members) for fact in situation.known(name)]
    courses = tuple(fact for fact in recorded if fact.value is not None and fact.value is not False)
    if not courses:
        denied = tuple(fact for fact in recorded if fact.value is False and period.denies(fact))
        names = {fact.name for fact in denied}
        if exposure.name in names or (members and names >= set(members)):
            return False, denied, ()
        return None, denied, (f"record the treatment with {label}: doses, start and end",)
    parts = [
        _covered(courses, anchor, exposure.lasting, situation) if exposure.lasting else True,
        _dosed(courses, anchor, exposure, situation),
    ]
    truth = all_known(parts)
    missing = (
        (f"the full start and end dates and the dose of {label} before {exposure.anchor}",) if truth is None else ()
    )
    return truth, courses, missing


def lasted(courses: Iterable[Fact], period: Stretch, lasting: Duration, situation: Situation) -> Truth:
    """Whether courses that touch lasted so long somewhere within a period; a missing end counts up to the last sure day."""
    some = tuple(courses)
    if _stretches([_sure_span(course, situation) for course in some], period, lasting):
        return True
    return None if _stretches([_possible_span(course, situation) for course in some], period, lasting) else False


def _stretches(spans: Iterable[tuple[date, date] | None], period: Stretch, lasting: Duration) -> bool:
    """Whether one unbroken stretch, cut to the period, is long enough."""
    first = period.first.earliest if period.first else date.min
    last = (period.last or period.by).latest
    begun: date | None = None
    reached = date.min
    for start, end in sorted(span for span in spans if span is not None):
        start, end = max(start, first), min(end, last)
        if begun is None or start > reached + timedelta(days=1):
            begun, reached = start, end
        reached = max(reached, end)
        if begun > date.min and lasting.after(Day.of(begun)).earliest <= reached:
            return True
        if begun == date.min:
            return True
    return False


def _covered(courses: Iterable[Fact], anchor: Day, lasting: Duration, situation: Situation) -> Truth:
    first, last = lasting.before(anchor).earliest, anchor.earliest
    courses = tuple(courses)
    if _spans([_sure_span(course, situation) for course in courses], first, last):
        return True
    return None if _spans([_possible_span(course, situation) for course in courses], first, last) else False


def _sure_span(course: Fact, situation: Situation) -> tuple[date, date] | None:
    if course.day is None or (course.until is None and not course.ongoing):
        return None
    end = course.until.earliest if course.until else situation.as_of.earliest
    return (course.day.latest, end)


def _possible_span(course: Fact, situation: Situation) -> tuple[date, date]:
    start = course.day.earliest if course.day else date.min
    return (start, course.until.latest if course.until else situation.as_of.latest)


def _spans(spans: Iterable[tuple[date, date] | None], first: date, last: date) -> bool:
    """Whether the spans together cover every day from first to last."""
    reached = first
    for start, end in sorted(span for span in spans if span is not None):
        if start <= reached:
            reached = max(reached, end + timedelta(days=1))
    return reached > last


def _dosed(courses: tuple[Fact, ...], anchor: Day, exposure: Exposure, situation: Situation) -> Truth:
    dose, lasting = exposure.dose, exposure.dose_lasting
    if dose is None or lasting is None:
        return True
    first, last = lasting.before(anchor).earliest, anchor.earliest
    in_stretch = [course for course in courses if _touches(_possible_span(course, situation), first, last)]
    surely = [course for course in in_stretch if _surely_touches(course, first, last)]
    covered = _covered(in_stretch, anchor, lasting, situation)
    steady = _settled(_unchanged, in_stretch, surely) if exposure.stable else True
    return all_known([covered, _settled(lambda some: _in_range(some, dose), in_stretch, surely), steady])


def _settled(holds: Callable[[list[Fact]], Truth], possible: list[Fact], sure: list[Fact]) -> Truth:
    """What holds of the courses in a stretch: false only where the courses surely in it make it so."""
    return True if holds(possible) else False if holds(sure) is False else None


def _surely_touches(course: Fact, first: date, last: date) -> bool:
    if course.day is None or course.day.latest > last:
        return False
    return (
        course.day.earliest >= first or course.ongoing or (course.until is not None and course.until.earliest >= first)
    )


def _in_range(courses: list[Fact], dose: Dose) -> Truth:
    """Whether every course lies in a range of doses; two courses of one drug at a time leave the dose open."""
    each = all_known(_within(course, dose) for course in courses)
    return None if each and _any_overlap(courses) else each


def _any_overlap(courses: list[Fact]) -> bool:
    """Whether two courses of one drug may run beside each other; one that begins on another's last day does not."""
    return any(
        one.name == other.name and _begins(one) < _ends(other) and _begins(other) < _ends(one)
        for one, other in combinations(courses, 2)
    )


def _begins(course: Fact) -> date:
    return course.day.earliest if course.day else date.min


def _ends(course: Fact) -> date:
    return course.until.latest if course.until else date.max


def _touches(span: tuple[date, date], first: date, last: date) -> bool:
    return span[0] <= last and span[1] >= first


def _within(course: Fact, dose: Dose) -> Truth:
    amount = _amount(course, dose.unit)
    if amount is None:
        return None
    return all_known(
        holds(name, amount, limit) for name, limit in (("ge", dose.low), ("le", dose.high)) if limit is not None
    )


def _amount(course: Fact, unit: str) -> Fraction | Interval | None:
    """The dose of a course in a unit, as far as it was recorded as an amount."""
    value = course.value
    if course.unit is None or (course.number is None and not isinstance(value, Interval)):
        return None
    try:
        if isinstance(value, Interval):
            return value.mapped(lambda end: convert(end, course.unit or "", unit))
        return convert(course.number or 0, course.unit, unit)
    except UnitError:
        return None


def _unchanged(courses: list[Fact]) -> Truth:
    """Whether the courses of each drug have one dose, whatever the unit it was written in."""
    first: dict[str, Fact] = {}
    return all_known(_same_dose(course, first.setdefault(course.name, course)) for course in courses)


def _same_dose(one: Fact, other: Fact) -> Truth:
    if not (one.number and other.number):
        return True if one is other else None
    try:
        return convert(one.number, one.unit or "", other.unit or "") == exact(other.number)
    except UnitError:
        return None
