"""Change from a baseline value, as tree terms: absolute, percent, and percentage tests without division.

In percentages each value stands once, so that of two intervals no end is counted against itself.
"""

from typing import Any

from escalon.expressions.symbols import all_of, case


def change(baseline: Any, now: Any) -> Any:
    """Now minus baseline: negative is a fall."""
    return now - baseline


def percent_change(baseline: Any, now: Any) -> Any:
    """Change as a percentage of baseline; unknown when the baseline is 0."""
    return 100 * now / baseline - 100


def fell_by_percent(baseline: Any, now: Any, percent: int) -> Any:
    """Whether the fall is at least so many percent of a baseline above 0; a baseline of 0 cannot fall."""
    return all_of(baseline > 0, 100 * now <= (100 - percent) * baseline)


def fell_or_unevaluable(baseline: Any, now: Any, percent: int) -> Any:
    """As `fell_by_percent`, but unknown where the baseline is 0."""
    return case(baseline > 0, 100 * now <= (100 - percent) * baseline, None)
