"""Area under a concentration-time curve by the trapezoidal rules.

`linear` uses straight lines throughout; `linup_logdown` uses straight lines while the level rises and exponential
decline while it falls. Gabrielsson & Weiner 2012, Methods Mol Biol 929:377, doi:10.1007/978-1-62703-050-2_16.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, log, log1p
from typing import Literal, TypeAlias

Method: TypeAlias = Literal["linup_logdown", "linear"]
Point: TypeAlias = tuple[float, float]
"""Time and level."""


def area(points: Sequence[Point], method: Method = "linup_logdown") -> float:
    """The area under points in order of time; one point or none has no area.

    >>> round(area([(0, 0), (1, 10), (3, 10)], "linear"), 1)
    25.0
    """
    return sum(segment(start, end, method) for start, end in pairwise(points))


def segment(start: Point, end: Point, method: Method) -> float:
    """The area between two neighbouring points."""
    (t1, c1), (t2, c2) = start, end
    if method == "linear" or c2 >= c1 or c2 == 0:
        return (c1 + c2) / 2 * (t2 - t1)
    fall = (c1 - c2) / c2  # (C1 - C2) / ln(C1 / C2), written so that nearly equal levels keep their digits
    return (c1 - c2) * (t2 - t1) / log1p(fall)


def level_at(time: float, start: Point, end: Point, method: Method) -> float:
    """The level between two neighbouring points: exponential on decline for `linup_logdown`, else straight."""
    (t1, c1), (t2, c2) = start, end
    share = (time - t1) / (t2 - t1)
    if method == "linear" or c2 >= c1 or c2 == 0:
        return c1 + share * (c2 - c1)
    return exp(log(c1) + share * (log(c2) - log(c1)))


def up_to(points: Sequence[Point], time: float, method: Method) -> list[Point]:
    """The points up to a time, the last one interpolated there when the time falls between two points."""
    kept = [point for point in points if point[0] <= time]
    later = [point for point in points if point[0] > time]
    if kept and later and kept[-1][0] < time:
        kept.append((time, level_at(time, kept[-1], later[0], method)))
    return kept
