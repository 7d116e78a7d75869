"""The qPCR standard curve: fitted, judged, and only then used to read a sample.

`Ct = slope × log10(copies) + intercept` by ordinary least squares on the mean Ct of each level. Acceptance limits are
parameters with customary defaults (spec/cell_therapy/qpcr.md); a run that fails any of them yields no results.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite, log10
from statistics import fmean, stdev
from typing import Any

from escalon.facts import Finding, Status, plain

# What rests on logarithms and roots is a double, so a value that is on its limit on paper may miss it by an ulp:
# limits are compared to nine decimals, as the expressions layer does.
_DECIMALS = 9
_FITTED = ("slope", "intercept", "r_squared", "efficiency", "lowest", "highest")


@dataclass(frozen=True, slots=True)
class Standard:
    """One level of the dilution series: known copies per reaction and each replicate's Ct (`None` undetermined)."""

    copies: float
    cts: tuple[float | None, ...]

    def __post_init__(self) -> None:
        if not (isfinite(self.copies) and self.copies > 0):
            raise ValueError(f"a standard has a known number of copies above 0, not {self.copies}")
        for ct in self.determined:
            check_ct(ct)

    @property
    def determined(self) -> tuple[float, ...]:
        """The replicates that gave a Ct."""
        return tuple(ct for ct in self.cts if ct is not None)


@dataclass(frozen=True, slots=True)
class Curve:
    """A fitted standard curve, valid between its lowest and highest level."""

    slope: float
    intercept: float
    r_squared: float
    lowest: float
    highest: float

    @property
    def efficiency(self) -> float:
        """Amplification per cycle minus one: 1.0 is perfect doubling."""
        return float(10 ** (-1 / self.slope)) - 1

    def copies(self, ct: float) -> float:
        """Copies per reaction at a Ct."""
        return float(10 ** ((ct - self.intercept) / self.slope))

    def ct(self, copies: float) -> float:
        """The Ct expected of a number of copies per reaction."""
        return self.slope * log10(copies) + self.intercept


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Limits a run must meet, all inclusive. Customary values, one secondary source each; a laboratory sets its own.

    A slope of -3.58 to -3.10 is an efficiency of about 90 to 110 %. Judged on the slope, so that the two roundings of
    one limit cannot contradict each other.
    """

    slope: tuple[float, float] = (-3.58, -3.10)
    r_squared: float = 0.98
    levels: int = 5
    back_calculated: float = 0.25
    back_calculated_at_lloq: float = 0.30
    replicate_sd: float = 0.5


CUSTOMARY = Acceptance()


@dataclass(frozen=True, slots=True)
class Run:
    """A judged run. `failures` is empty when it is accepted; each entry says which limit was missed and by what."""

    curve: Curve | None
    failures: tuple[str, ...]
    acceptance: Acceptance = CUSTOMARY
    flags: tuple[str, ...] = ()
    back_calculated: dict[float, float] = field(default_factory=dict, hash=False)
    name: str = ""

    @property
    def accepted(self) -> bool:
        """Whether samples of this run may be read."""
        return not self.failures and self.curve is not None

    def as_json(self) -> dict[str, Any]:
        """The run for scripts: its curve, and what it missed."""
        curve = self.curve
        fitted = {} if curve is None else {name: getattr(curve, name) for name in _FITTED}
        return {
            "run": self.name,
            "accepted": self.accepted,
            **fitted,
            "failures": list(self.failures),
            "flags": list(self.flags),
        }


def fit_curve(standards: Sequence[Standard]) -> Curve:
    """The least-squares line of mean Ct on log10 copies; raises ValueError when no line can be fitted."""
    used = [(log10(level.copies), fmean(level.determined)) for level in standards if level.determined]
    if len({x for x, _ in used}) < 2:
        raise ValueError("a standard curve needs at least two levels that amplified")
    x_mean, y_mean = fmean(x for x, _ in used), fmean(y for _, y in used)
    sxx = sum((x - x_mean) ** 2 for x, _ in used)
    sxy = sum((x - x_mean) * (y - y_mean) for x, y in used)
    syy = sum((y - y_mean) ** 2 for _, y in used)
    if sxy == 0:
        raise ValueError("the Ct of the standards does not change with their copies")
    copies = [level.copies for level in standards if level.determined]
    slope = sxy / sxx
    return Curve(slope, y_mean - slope * x_mean, sxy * sxy / (sxx * syy), min(copies), max(copies))


def judge_run(
    standards: Sequence[Standard],
    no_template: Sequence[float | None],
    acceptance: Acceptance = CUSTOMARY,
    lloq_copies: float | None = None,
    name: str = "",
) -> Run:
    """Fit a run and hold it against its limits; `no_template` are the Ct of the no-template wells (`None` is negative).

    `lloq_copies` is the standard at the limit of quantification, where the wider back-calculation limit applies.
    A run without a no-template control is not accepted: what was not tested did not pass.
    """
    try:
        curve = fit_curve(standards)
    except ValueError as error:
        return Run(None, (str(error),), acceptance, name=name)
    back = {level.copies: curve.copies(fmean(level.determined)) for level in standards if level.determined}
    failures = (
        *_line_failures(curve, len(back), acceptance),
        *_back_calculation_failures(back, lloq_copies, acceptance),
        *_control_failures(no_template),
        *_replicate_failures(standards, acceptance),
    )
    single = any(len(level.determined) == 1 for level in standards)
    return Run(curve, failures, acceptance, ("single_replicate_standards",) if single else (), back, name)


def _line_failures(curve: Curve, levels: int, limits: Acceptance) -> list[str]:
    low, high = limits.slope
    failures = []
    if levels < limits.levels:
        failures.append(f"{levels} standard levels amplified, at least {limits.levels} are needed")
    if not low <= round(curve.slope, _DECIMALS) <= high:
        failures.append(
            f"slope {curve.slope:.3f} is outside {low} to {high} (efficiency {100 * curve.efficiency:.1f} %)"
        )
    if round(curve.r_squared, _DECIMALS) < limits.r_squared:
        failures.append(f"R² {curve.r_squared:.4f} is below {limits.r_squared}")
    return failures


def _back_calculation_failures(back: dict[float, float], lloq: float | None, limits: Acceptance) -> list[str]:
    failures = []
    for copies, found in back.items():
        allowed = limits.back_calculated_at_lloq if copies == lloq else limits.back_calculated
        error = found / copies - 1
        if round(abs(error), _DECIMALS) > allowed:
            failures.append(
                f"the {plain(copies)}-copy standard reads back {100 * error:+.1f} %, allowed ± {100 * allowed:.0f} %"
            )
    return failures


def _control_failures(no_template: Sequence[float | None]) -> list[str]:
    if not no_template:
        return ["no no-template control recorded"]
    amplified = [check_ct(ct) for ct in no_template if ct is not None]
    return [f"no-template control amplified (Ct {amplified[0]:.2f})"] if amplified else []


def _replicate_failures(standards: Sequence[Standard], limits: Acceptance) -> list[str]:
    failures = []
    for level in standards:
        if len(level.determined) < len(level.cts):
            failures.append(f"a replicate of the {plain(level.copies)}-copy standard did not amplify")
        if len(level.determined) > 1 and round(stdev(level.determined), _DECIMALS) > limits.replicate_sd:
            sd = stdev(level.determined)
            failures.append(
                f"replicates of the {plain(level.copies)}-copy standard differ: SD {sd:.2f} > {limits.replicate_sd}"
            )
    return failures


def read_copies(run: Run, cts: Sequence[float | None]) -> Finding:
    """Copies per reaction of a sample from the Ct of its replicates (`None` is `Undetermined`).

    The category is `ND` when no replicate amplified (value 0), and `above ULOQ` beyond the highest standard. There is
    no value when the run failed, when replicates differ by more than the allowed SD, or when nothing was measured.
    Some replicates amplified and some not: the value of those that did, flagged `replicates_discordant`.
    """
    rule = "qpcr_copies/1"
    found = [check_ct(ct) for ct in cts if ct is not None]
    if run.curve is None or not run.accepted:
        failed = f"run {run.name} failed" if run.name else "the run failed"
        return _no_copies(Status.INVALID, "run_failed", f"{failed}: {'; '.join(run.failures)}", rule)
    if not cts:
        return Finding("copies_per_reaction", None, Status.MISSING, missing=("ct",), rule=rule)
    if not found:
        return Finding("copies_per_reaction", 0, category="ND", unit="{copies}", rule=rule)
    if len(found) > 1 and round(stdev(found), _DECIMALS) > run.acceptance.replicate_sd:
        return _no_copies(Status.INVALID, "replicates_differ", f"SD of Ct {stdev(found):.2f}: repeat the sample", rule)
    mean_ct = fmean(found)
    copies = run.curve.copies(mean_ct)
    parts = {"ct": mean_ct, "slope": run.curve.slope, "intercept": run.curve.intercept, "run": run.name}
    if copies > run.curve.highest * (1 + 1e-9):
        reason = f"{copies:.0f} copies are beyond the highest standard ({plain(run.curve.highest)}): dilute and repeat"
        return Finding(
            "copies_per_reaction",
            None,
            Status.INDETERMINATE,
            "above ULOQ",
            "{copies}",
            (run.curve.highest, None),
            parts,
            reasons=(reason,),
            rule=rule,
        )
    flags: tuple[str, ...] = ("below_lowest_standard",) if copies < run.curve.lowest * (1 - 1e-9) else ()
    flags += ("replicates_discordant",) if len(found) < len(cts) else ()
    flags += ("single_replicate",) if len(cts) == 1 else ()
    return Finding("copies_per_reaction", copies, unit="{copies}", components=parts, flags=flags, rule=rule)


def _no_copies(status: Status, flag: str, reason: str, rule: str) -> Finding:
    return Finding("copies_per_reaction", None, status, flags=(flag,), reasons=(reason,), rule=rule)


def check_ct(ct: float) -> float:
    """A Ct that can be one: a number of cycles above 0, at most 60. Raises ValueError."""
    if not (isfinite(ct) and 0 < ct <= 60):
        raise ValueError(f"a Ct is a number of cycles between 0 and 60, not {ct}; a dark well is `Undetermined`")
    return ct
