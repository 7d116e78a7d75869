"""Exposure: a drug taken without a gap up to an anchor, and in a range of doses."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from escalon.criteria.situation import Situation
from escalon.expressions.events import Dose, Exposure
from escalon.facts import Day, Duration, Fact, Truth, UnitError, all_known, convert


def exposed(exposure: Exposure, situation: Situation) -> tuple[Truth, tuple[Fact, ...], tuple[str, ...]]:
    """Whether the exposure holds, the treatments it rests on, and what would settle it.

    Every day of the stretch before the anchor must be covered. Treatments that touch count as one; a partial date counts
    as covering only what it is sure to cover.
    """
    anchor = situation.anchors.get(exposure.anchor)
    label = situation.label(exposure.name)
    if anchor is None or anchor.day is None or anchor.day.is_partial:
        return None, (), (f"the day of {exposure.anchor}",)
    meaning = situation.meaning(exposure.name)
    names = (exposure.name, *(meaning.members if meaning else ()))
    recorded = [fact for name in names for fact in situation.known(name)]
    courses = tuple(fact for fact in recorded if fact.value is not None and fact.value is not False)
    if not courses:
        denied = tuple(fact for fact in recorded if fact.value is False)
        return (
            (False, denied, ()) if denied else (None, (), (f"record the treatment with {label}: doses, start and end",))
        )
    parts = [
        _covered(courses, anchor.day, exposure.lasting, situation) if exposure.lasting else True,
        _dosed(courses, anchor.day, exposure, situation),
    ]
    truth = all_known(parts)
    missing = (
        (f"the full start and end dates and the dose of {label} before {exposure.anchor}",) if truth is None else ()
    )
    return truth, courses, missing


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
    covered = _covered(in_stretch, anchor, lasting, situation)
    in_range = all_known(_within(course, dose) for course in in_stretch)
    steady = _unchanged(in_stretch) if exposure.stable else True
    return all_known([covered, in_range, steady])


def _touches(span: tuple[date, date], first: date, last: date) -> bool:
    return span[0] <= last and span[1] >= first


def _within(course: Fact, dose: Dose) -> Truth:
    value = course.value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction) or course.unit is None:
        return None
    try:
        amount = convert(value, course.unit, dose.unit)
    except UnitError:
        return None
    return (dose.low is None or dose.low <= amount) and (dose.high is None or amount <= dose.high)


def _unchanged(courses: Iterable[Fact]) -> Truth:
    doses = {(course.value, course.unit) for course in courses}
    return len(doses) == 1
