"""A profile made ready to calculate on: the analysis plan, and the rules for samples below quantification."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from escalon.facts import Number, plain
from escalon.kinetics.area import Method, Point
from escalon.kinetics.detection import Detection
from escalon.kinetics.half_life import Decline, terminal_decline
from escalon.kinetics.profile import Profile, Sample


@dataclass(frozen=True, slots=True)
class Plan:
    """The analysis choices a statistical analysis plan fixes; every one is part of the result.

    `horizons` are the ends of partial areas in days; a last sample within `visit_window` days before one may be
    extrapolated to it, only if `extrapolate`. `until` ends the analysis before a retreatment or infection.
    `baseline="measured"` is for drugs with a level before the dose; for CAR-T a positive baseline blocks the analysis.
    """

    method: Method = "linup_logdown"
    horizons: tuple[Number, ...] = (28, 84)
    visit_window: Number = 3
    extrapolate: bool = False
    middle_blq: Literal["drop", "zero"] = "drop"
    until: Number | None = None
    baseline: Literal["not detected", "measured"] = "not detected"


DEFAULT = Plan()


@dataclass(frozen=True)
class Course:
    """A profile after the rules below quantification, ready to calculate on."""

    profile: Profile
    plan: Plan
    points: list[Point] = field(init=False)
    positive: list[Sample] = field(init=False)

    def __post_init__(self) -> None:
        positive = [s for s in self.profile.after if s.is_quantified or s.detection is Detection.ABOVE]
        object.__setattr__(self, "positive", positive)
        object.__setattr__(self, "points", list(self._usable(self.plan.middle_blq)))

    def _usable(self, middle: str) -> Iterable[Point]:
        """Zero before the first positive sample; between positives dropped or zero; nothing after the last."""
        yield self._start()
        for sample in self.profile.after:
            time = float(sample.day)
            if sample.is_quantified and sample.value is not None:
                yield time, float(sample.value)
            elif self._counts_as_zero(sample, middle):
                yield time, 0.0

    def _counts_as_zero(self, sample: Sample, middle: str) -> bool:
        if not (sample.is_below and self.positive):
            return False
        first, last = self.positive[0].day, self.positive[-1].day
        return sample.day < first or (sample.day < last and middle == "zero")

    def _start(self) -> Point:
        """The level at the end of infusion: 0, since the baseline is not detected and nothing else is imputed."""
        measured = [s for s in self.profile.before if s.is_quantified and s.day == 0]
        if self.plan.baseline == "measured" and measured and measured[0].value is not None:
            return 0.0, float(measured[0].value)
        return 0.0, 0.0

    @cached_property
    def zero_in_the_middle(self) -> list[Point]:
        """The points of the sensitivity analysis: below quantification between two positives counts as 0."""
        return list(self._usable("zero"))

    @cached_property
    def middle_below(self) -> list[Sample]:
        """Samples below quantification between two positive ones."""
        if not self.positive:
            return []
        first, last = self.positive[0].day, self.positive[-1].day
        return [s for s in self.profile.after if s.is_below and first < s.day < last]

    @cached_property
    def first_below_after(self) -> Sample | None:
        """The first sample below quantification after the last positive one."""
        last = self.positive[-1].day if self.positive else 0
        return next((s for s in self.profile.after if s.day > last and s.is_below), None)

    @cached_property
    def above_range(self) -> list[Sample]:
        """Samples beyond the upper limit of quantification: their level is not known."""
        return [s for s in self.profile.after if s.detection is Detection.ABOVE]

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The days of samples that have no result."""
        return tuple(f"day {plain(sample.day, 2)}" for sample in self.profile.without_result)

    @cached_property
    def decline(self) -> Decline | None:
        """The terminal decline, if there is one."""
        return terminal_decline(self.after_peak)

    @cached_property
    def after_peak(self) -> list[Point]:
        """The quantified points strictly after the first peak."""
        quantified = [(t, c) for t, c in self.points if c > 0]
        peak = max(quantified, key=lambda point: (point[1], -point[0]), default=(0.0, 0.0))
        return [point for point in quantified if point[0] > peak[0]]
