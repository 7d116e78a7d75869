"""Points of a classification or responder index when findings are missing: what is certain and what is still possible.

A set of criteria is met once the certain points reach its limit, and not met once the possible points cannot.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from escalon.expressions.symbols import all_of, any_of, case, known, maximum, minimum, negated, otherwise, points, total


@dataclass(frozen=True, slots=True)
class Points:
    """Points already certain, and the most there can be if all that is unknown turns out in favour."""

    certain: Any
    most: Any

    def __add__(self, other: "Points") -> "Points":
        return Points(self.certain + other.certain, self.most + other.most)

    @property
    def total(self) -> Any:
        """The points, once nothing that could change them is unknown."""
        return case(self.certain == self.most, self.certain, None)

    def reach(self, limit: int) -> Any:
        """Whether there are at least `limit` points: true, false, or unknown as long as it is open."""
        return case(self.certain >= limit, True, case(self.most < limit, False, None))

    def parts(self, name: str = "points") -> Mapping[str, Any]:
        """What to show beside a result: the total, and between what it lies."""
        return {name: self.total, f"{name}_certain": self.certain, f"{name}_possible": self.most}


def together(some: Iterable[Points]) -> Points:
    """The points of several domains."""
    domains = tuple(some)
    return Points(total(domain.certain for domain in domains), total(domain.most for domain in domains))


def awarded(condition: Any, number: int) -> Points:
    """`number` points for a finding."""
    return Points(points(otherwise(condition, False), number), points(otherwise(condition, True), number))


def scored(score: Any, most: int) -> Points:
    """The points of a domain that yields 0 up to `most`."""
    return Points(otherwise(score, 0), otherwise(score, most))


def highest(*some: Points) -> Points:
    """The largest of several, where only one counts."""
    return Points(maximum(*(each.certain for each in some)), maximum(*(each.most for each in some)))


def at_most(limit: int, some: Points) -> Points:
    """No more than `limit`, however many findings there are."""
    return Points(minimum(some.certain, limit), minimum(some.most, limit))


def any_evaluable(*measures: Any) -> Any:
    """Whether any measure that could be evaluated is met; unknown only if none could."""
    met = any_of(*(otherwise(measure, False) for measure in measures))
    return case(any_of(*map(known, measures)), met, None)


def classified(met: Any, excluded: Any = False) -> Any:
    """`excluded`, `met` or `not_met`; unknown while either is open."""
    return case(excluded, "excluded", case(met, "met", "not_met"))


def any_present(single: Any, *listed: Any) -> Any:
    """Whether one of the listed findings is present; the single answer for all of them stands in where they leave it open."""
    return otherwise(any_of(*listed), single)


def refuted(stated: Any, measured: Any) -> Any:
    """The contradiction between a stated finding and what was measured; false where either is unknown."""
    return otherwise(any_of(all_of(stated, negated(measured)), all_of(negated(stated), measured)), False)
