"""Group summaries of kinetic parameters: geometric mean and CV% of levels and areas, median and range of times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, expm1, log, sqrt
from statistics import fmean, median, stdev

from escalon.facts import UnitError, spelled, together
from escalon.kinetics.noncompartmental import Kinetics

_GEOMETRIC = ("cmax", "auc_")


@dataclass(frozen=True, slots=True)
class Summary:
    """One parameter over a group. Values of 0 have no logarithm: they are left out of the geometric mean and counted.

    `cv_percent` is the geometric CV, 100·sqrt(exp(s²) - 1) with s the SD of the logarithms; `None` for fewer than two.
    `without_value` counts participants whose parameter is unknown or undefined.
    """

    parameter: str
    unit: str
    n: int
    geometric_mean: float | None
    cv_percent: float | None
    median: float | None
    lowest: float | None
    highest: float | None
    zeros: int
    without_value: int
    censored: int


def geometric_mean(values: Sequence[float]) -> float | None:
    """The geometric mean of positive values; `None` when there are none."""
    return exp(fmean(log(value) for value in values)) if values else None


def geometric_cv(values: Sequence[float]) -> float | None:
    """The geometric coefficient of variation in percent; `None` for fewer than two values.

    >>> round(geometric_cv([1.0, 2.0, 4.0]), 2)
    78.54
    """
    return 100 * sqrt(expm1(stdev([log(value) for value in values]) ** 2)) if len(values) > 1 else None


def summarise(group: Iterable[Kinetics], parameter: str) -> Summary:
    """One parameter over participants. Raises UnitError when their units differ: assays are never pooled."""
    findings = [kinetics[parameter] for kinetics in group]
    units = {spelled(finding.unit) for finding in findings}
    if len(units) > 1:
        raise UnitError(f"{parameter} is in {' and '.join(sorted(units))}: profiles in different units are not pooled")
    values = [float(f.value) for f in findings if isinstance(f.value, int | float)]
    positive = [value for value in values if value > 0]
    is_geometric = parameter.startswith(_GEOMETRIC)
    return Summary(
        parameter,
        next((finding.unit for finding in findings if finding.unit), ""),
        len(values),
        geometric_mean(positive) if is_geometric else None,
        geometric_cv(positive) if is_geometric else None,
        median(values) if values else None,
        min(values, default=None),
        max(values, default=None),
        len(values) - len(positive) if is_geometric else 0,
        len(findings) - len(values),
        sum("censored" in finding.flags for finding in findings),
    )


def by_group(all_kinetics: Iterable[Kinetics]) -> dict[str, list[Kinetics]]:
    """Participants by dose level or other group, in the order met."""
    return together((kinetics.profile.group, kinetics) for kinetics in all_kinetics)
