"""The grade of one system, A to E, and what it counts for.

The conditions are three-valued and rise with every item, so the grade is known exactly when the grade with everything
missing absent and the grade with everything missing new agree (spec SLE-3.10).
"""

from dataclasses import dataclass
from typing import Any

from escalon.expressions.symbols import any_of, case, known, negated, otherwise

# Yee 2010, doi:10.1093/rheumatology/keq026. The codings 9/3/1 and 12/5/1 belong to the classic index.
POINTS = {"A": 12, "B": 8, "C": 1, "D": 0, "E": 0}
LETTERS = tuple(POINTS)


@dataclass(frozen=True, slots=True)
class System:
    """Whether a system meets the rule for A, for B and for C, each read on its own; `assessed`: anything was recorded."""

    a: Any
    b: Any
    c: Any
    assessed: Any

    @property
    def at_least_b(self) -> Any:
        """Grade A or B."""
        return any_of(self.a, self.b)

    @property
    def at_least_c(self) -> Any:
        """Grade A, B or C."""
        return any_of(self.a, self.b, self.c)

    @property
    def unsettled(self) -> Any:
        """Whether what is missing could change the grade."""
        return negated(known(self.points))

    @property
    def points(self) -> Any:
        """The numeric score of the grade: 12, 8, 1 or 0."""
        return case(self.a, POINTS["A"], self.b, POINTS["B"], self.c, POINTS["C"], 0)

    def letter(self, involved_before: Any) -> Any:
        """The grade; a system of which nothing was recorded is not assessable."""
        quiet = case(involved_before, "D", "E")
        return case(negated(self.assessed), "not_assessable", self.a, "A", self.b, "B", self.c, "C", quiet)

    def with_missing_absent(self) -> "System":
        """The same system where whatever is missing is taken as absent."""
        return System(otherwise(self.a, False), otherwise(self.b, False), otherwise(self.c, False), self.assessed)
