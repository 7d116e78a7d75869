"""Which value belongs to a planned visit, and how it stands where there is none: never blank, never zero.

A day is counted from the infusion, day 0. Inside a visit's days the value nearest to the planned day is taken, of two equally
near the later; different values of one day are none. Where label and day disagree the day wins, and says so.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from escalon.facts import Day, Fact, Finding, Interval, Status, exact, together
from escalon.instruments.kit.catalogue import catalogue
from escalon.protocol.study import Visit

AT_BASELINE = "_baseline"
"""How the name of an item ends that is the value of another at baseline."""


class State(StrEnum):
    """How a participant stands at a visit."""

    VALUE = "value"
    MISSING = "missing"
    """The window has closed and there is no value that can be used."""
    NOT_DUE = "not due"
    """The window is still open at the cut-off."""
    NOT_APPLICABLE = "not applicable"
    """There can be no value: died, left, never had a day 0, or the measure does not apply to them."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The value of one visit: what it is, its day, the facts it was taken from, and why there is none."""

    value: object = None
    day: int | None = None
    facts: tuple[Fact, ...] = ()
    reason: str = ""
    flags: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None


def day_number(day: Day, infused: Day) -> int:
    """A full day counted from the infusion, which is day 0."""
    return (day.earliest - infused.earliest).days


def last_of(visit: Visit, infused: Day) -> date:
    """The last calendar day of a visit's window."""
    return infused.earliest + timedelta(days=visit.latest)


def placed(
    visit: Visit,
    infused: Day,
    known: Sequence[Fact],
    take: str = "nearest",
    better: str = "lower",
    labels: Container[str] = (),
) -> Placed:
    """The value of a visit among all facts of a measure, in one unit; `labels` are the planned visits' ids."""
    dated = ((day_number(one.day, infused), one) for one in known if one.day is not None and not one.day.is_partial)
    days = together((number, one) for number, one in dated if visit.earliest <= number <= visit.latest)
    if not days:
        return Placed(reason=_elsewhere(visit, infused, known))
    found = {number: _of_day(number, some, visit, labels) for number, some in days.items()}
    usable = {number: one for number, one in found.items() if one.is_known}
    nearest = min(usable or found, key=lambda number: (abs(number - visit.day), -number))
    if take == "nearest" or len(usable) < 2:
        return (usable or found)[nearest]
    return _of_several(usable, take, better)


def _of_day(number: int, some: list[Fact], visit: Visit, labels: Container[str]) -> Placed:
    """The value of one day; different values of one day are no value."""
    given = [fact for fact in some if fact.value is not None and not isinstance(fact.value, Interval)]
    others = dict.fromkeys(fact.visit for fact in some if fact.visit != visit.id and fact.visit in labels)
    flags = tuple(f"labelled {other}, dated day {number}: counts at {visit.id}" for other in others)
    void = [fact for fact in some if isinstance(fact.behind, Finding) and fact.behind.status is Status.INVALID]
    if not given or void:
        return Placed(
            None, number, tuple(some), "; ".join(dict.fromkeys(why_none(fact) for fact in void or some)), flags
        )
    if len({_same(fact.value) for fact in given}) > 1:
        listed = " and ".join(dict.fromkeys(str(fact) for fact in given))
        return Placed(None, number, tuple(given), f"different values of one day: {listed}. Correct the record", flags)
    return Placed(given[0].value, number, tuple(given), "", flags)


def _of_several(usable: dict[int, Placed], take: str, better: str) -> Placed:
    """One value of several days of one visit: the last, the worst, or their mean."""
    if take == "last":
        return usable[max(usable)]
    numbers = {number: value for number, one in usable.items() if (value := number_of(one.value)) is not None}
    if not numbers:
        return usable[max(usable)]
    if take == "worst":
        sign = -1 if better == "lower" else 1
        return usable[min(numbers, key=lambda number: (sign * numbers[number], -number))]
    facts = tuple(fact for number in sorted(numbers) for fact in usable[number].facts)
    mean = sum(numbers.values(), Fraction(0)) / len(numbers)
    return Placed(mean, max(numbers), facts, flags=(f"mean of days {', '.join(map(str, sorted(numbers)))}",))


RANGE_ONLY = "only known to be"


def why_none(fact: Fact) -> str:
    """Why a fact has no value that can be counted with."""
    if isinstance(fact.value, Interval):
        return f"{RANGE_ONLY} {fact}"
    if isinstance(fact.behind, Finding):
        return why_open(fact.behind) or f"{_said(fact.name)} cannot be told from what is recorded"
    return f"{_said(fact.name)} was asked and is not known"


def why_open(finding: Finding) -> str:
    """What a finding without a value lacks, of the visit and at baseline, and its first reasons that say more than that."""
    lacking = () if finding.status in (Status.INVALID, Status.NOT_APPLICABLE) else finding.missing
    now = [name.replace("_", " ") for name in lacking if not name.endswith(AT_BASELINE)]
    before = [name.removesuffix(AT_BASELINE).replace("_", " ") for name in lacking if name.endswith(AT_BASELINE)]
    lacks = [f"{when}{', '.join(some)}" for when, some in (("", now), ("at baseline: ", before)) if some]
    said = [f"needs {'; '.join(lacks)}"] if lacks else []
    whole = catalogue().get(finding.name)
    already = (*(f"{name} is not known" for name in finding.missing), whole.unconfirmed if whole else None)
    for reason in finding.reasons:
        if reason not in already and not any(reason in one for one in said):
            said.append(reason)
    return "; ".join(said[:3])


def _said(name: str) -> str:
    """A score as it is called, of a part what is asked: `improved in all`."""
    return (name.partition(".")[2] or name).replace("_", " ")


def _elsewhere(visit: Visit, infused: Day, known: Sequence[Fact]) -> str:
    """Why nothing lies in the window, where what carries the visit's label or an incomplete date explains it."""
    for fact in known:
        if fact.day is not None and fact.day.is_partial:
            first, last = ((day - infused.earliest).days for day in (fact.day.earliest, fact.day.latest))
            if first <= visit.latest and visit.earliest <= last:
                return f"{fact.name} is dated {fact.day}, whose day is not known"
    for fact in known:
        if fact.visit == visit.id and fact.day is not None and not fact.day.is_partial:
            number = day_number(fact.day, infused)
            return f"labelled {visit.id}, dated day {number}, outside days {visit.earliest} to {visit.latest}"
    return "nothing recorded"


def _same(value: object) -> object:
    number = number_of(value)
    return value if number is None else number


def number_of(value: object) -> Fraction | None:
    """The exact number a value is; None for a yes or no, a word or nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        return None
    return exact(value)
