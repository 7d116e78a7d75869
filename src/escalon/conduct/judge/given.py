"""What was given to whom: bags within the study's days are one dose, a later one is a retreatment, each named for what it is."""

from dataclasses import dataclass, replace
from fractions import Fraction

from escalon.facts import Day
from escalon.history import Course, Current, Trial
from escalon.history.doses import in_doses
from escalon.history.events import CellsInfused
from escalon.protocol.design import days_of_one_dose
from escalon.protocol.study import DosePlan, Study


@dataclass(frozen=True, slots=True)
class Given:
    """One dose of one participant: its level, its first and last day, and what was given in all."""

    participant: str
    level: int
    day: Day
    """The day of the first bag."""
    last: Day
    """The day of the last bag, from which the DLT window runs."""
    amount: Fraction | None
    """All bags together, in the unit of the study's levels; None where any is not recorded."""
    numbers: tuple[int, ...] = ()
    source: str = ""

    @property
    def split(self) -> bool:
        """Whether it was given in several bags."""
        return len(self.numbers) > 1


def doses_of(study: Study, course: Course) -> list[Given]:
    """A participant's doses in order: the first is the one the dose rule counts, later ones are retreatments."""
    bags = sorted(course.infusions, key=lambda one: one.number)
    doses = in_doses(bags, lambda bag: _day(bag, course), lambda bag: bag.event.level, days_of_one_dose(study))
    return [_given(study.dose, course, bags) for bags in doses]


def _day(bag: Current[CellsInfused], course: Course) -> Day:
    day = bag.event.happened(course.zone)
    assert day is not None  # an infusion has its moment or its day
    return day


def amount_of(plan: DosePlan, event: CellsInfused) -> Fraction | None:
    """What was given, in the unit of the study's levels. Raises ValueError for a dose that is not measured as they are."""
    return None if event.dose is None else event.dose.as_given_in(plan.levels[0].amount)


def amount_text(plan: DosePlan, given: Given) -> str:
    """What was given as trialists write it, with its unit: `9.5 × 10⁷ cells`, `54 mg`."""
    if given.amount is None:
        return "a dose not recorded"
    return str(replace(plan.levels[0].amount, value=given.amount))


def _given(plan: DosePlan, course: Course, bags: list[Current[CellsInfused]]) -> Given:
    amounts = [amount_of(plan, bag.event) for bag in bags]
    known = [amount for amount in amounts if amount is not None]
    places = ", ".join(f"{bag.place} ({bag.event.source})" if bag.event.source else bag.place for bag in bags)
    return Given(
        course.code,
        bags[0].event.level,
        _day(bags[0], course),
        _day(bags[-1], course),
        sum(known, Fraction(0)) if len(known) == len(amounts) else None,
        tuple(bag.number for bag in bags),
        places,
    )


def first_doses(study: Study, trial: Trial) -> list[Given]:
    """The dose of everybody infused that the dose rule counts, in the order given."""
    found = [doses_of(study, course)[0] for course in trial.courses.values() if course.infusions]
    return sorted(found, key=lambda one: (one.day.earliest, one.participant))


def dose_of(study: Study, trial: Trial, participant: str) -> Given | None:
    """The counted dose of one participant, if there was one."""
    course = trial.courses.get(participant)
    return doses_of(study, course)[0] if course and course.infusions else None


def deviation(plan: DosePlan, given: Given) -> str:
    """How a dose lies outside its level's window; empty inside it. It is never moved to another level in silence."""
    if given.amount is None:
        return "the dose really given is not recorded"
    level = next((one for one in plan.levels if one.number == given.level), None)
    if level is None:
        return f"the study has no level {given.level}"
    low, high = plan.window(level)
    if low <= given.amount <= high:
        return ""
    off, most = (given.amount / level.amount.value - 1) * 100, plan.tolerance * 100
    places = next((places for places in range(1, 9) if abs(round(off, places)) != most), 9)
    return f"{float(off):+.{places}f} % from level {given.level}, outside ±{float(most):g} %"
