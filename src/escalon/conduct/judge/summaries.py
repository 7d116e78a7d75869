"""What the cells of one group at one visit come to, each number with the cells it was counted from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from escalon.conduct.judge.cells import AtVisit, Exact, Statistic, in_group
from escalon.conduct.judge.estimates import deviation, limits_of_mean, mean, median
from escalon.conduct.judge.windows import State, number_of
from escalon.kinetics.detection import Detection
from escalon.safety.proportion import clopper_pearson


def exact_value(value: object) -> Exact | bool:
    """A value as it is: a yes or no, a word, or the exact number."""
    number = number_of(value)
    return value if isinstance(value, bool | str) else str(value) if number is None else number


_CODES = {Detection.ND.value: 0, Detection.BLQ.value: 1, Detection.BELOW.value: 1}


def rank(value: object) -> tuple[int, Fraction]:
    """Codes below every number, in the order of what they say; above quantification over all."""
    number = number_of(value)
    if number is not None:
        return 2, number
    return _CODES.get(str(value), 3), Fraction(0)


def middle(ranked: Sequence[AtVisit]) -> Exact | None:
    """The median of values of which some may be codes; between two different codes, or a code and a number, the lower."""
    half = len(ranked) // 2
    low, high = ranked[half - 1 if len(ranked) % 2 == 0 else half].value, ranked[half].value
    one, other = number_of(low), number_of(high)
    if one is not None and other is not None:
        return (one + other) / 2
    return low if isinstance(low, str) else None if low is None else exact_value(low)


@dataclass(frozen=True, slots=True)
class StatisticsOf:
    """Makes the statistics of one group at one visit, each with the same four counts."""

    group: str
    visit: str
    some: Sequence[AtVisit]

    def __call__(self, name: str, value: Exact | None, beneath: Iterable[AtVisit], method: str) -> Statistic:
        """A statistic by its name, its value, the cells counted, and how it was reached."""
        states = [cell.state for cell in self.some]
        n, missing, not_due, never = (states.count(state) for state in State)
        ids = tuple(cell.id for cell in beneath)
        return Statistic(self.group, self.visit, name, value, n, missing, not_due, never, method, ids)


def counts(group: str, visit: str, some: Sequence[AtVisit]) -> Iterator[Statistic]:
    """How many have a value, are missing, not due, not applicable: together everybody of the group."""
    made = StatisticsOf(group, visit, some)
    names = {
        "n": State.VALUE,
        "missing": State.MISSING,
        "not_due": State.NOT_DUE,
        "not_applicable": State.NOT_APPLICABLE,
    }
    for name, state in names.items():
        of = [cell for cell in some if cell.state is state]
        yield made(name, len(of), of, f"participants who stand as: {state.value}")


def numbers(
    group: str, visit: str, some: Sequence[AtVisit], what: str, by: dict[str, Fraction | None], *, limits: bool = False
) -> Iterator[Statistic]:
    """How many numbers there are, their mean, SD, median and range, and with `limits` those of the mean."""
    beneath = [cell for cell in some if cell.state is State.VALUE and by[cell.id] is not None]
    values = [value for cell in beneath if (value := by[cell.id]) is not None]
    made = StatisticsOf(group, visit, some)
    yield made(f"{what}.n", len(values), beneath, f"participants with a {what}")
    if not values:
        return
    yield made(f"{what}.mean", mean(values), beneath, f"arithmetic mean of the {what}s")
    yield made(f"{what}.sd", deviation(values), beneath, "standard deviation, n − 1 below the line")
    yield made(f"{what}.median", median(values), beneath, f"median of the {what}s")
    yield made(f"{what}.low", min(values), beneath, f"lowest {what}")
    yield made(f"{what}.high", max(values), beneath, f"highest {what}")
    if limits and (found := limits_of_mean(values)):
        yield made(f"{what}.ci_low", found[0], beneath, "lower 95 % limit of the mean, Student's t")
        yield made(f"{what}.ci_high", found[1], beneath, "upper 95 % limit of the mean, Student's t")


def share(
    group: str, visit: str, some: Sequence[AtVisit], of: Sequence[AtVisit], name: str, how: str,
    having: Sequence[AtVisit] | None = None,
) -> Iterator[Statistic]:  # fmt: skip
    """How many of how many, with the exact limits of Clopper and Pearson."""
    yes = [cell for cell in of if cell.value is True] if having is None else list(having)
    made = StatisticsOf(group, visit, some)
    yield made(name, len(yes), yes, f"participants; {how}")
    yield made(f"{name}.of", len(of), of, f"participants; {how}")
    limits = clopper_pearson(len(yes), len(of))
    if limits.low is not None and limits.high is not None:
        yield made(f"{name}.ci_low", Fraction(limits.low), of, "lower 95 % limit, Clopper–Pearson")
        yield made(f"{name}.ci_high", Fraction(limits.high), of, "upper 95 % limit, Clopper–Pearson")


def by_group(cells: Sequence[AtVisit], groups: Sequence[str]) -> Iterator[tuple[str, str, list[AtVisit]]]:
    """The cells of every group at every visit."""
    for group in groups:
        for visit in dict.fromkeys(cell.visit for cell in cells):
            some = [cell for cell in cells if cell.visit == visit and in_group(cell, group)]
            if some:
                yield group, visit, some
