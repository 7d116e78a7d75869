"""A profile made ready to calculate on: the analysis plan, and the rules for samples below quantification."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isfinite
from typing import Literal, get_args, get_type_hints

from escalon.facts import Number, plain
from escalon.facts.interval import Interval
from escalon.kinetics.area import Method, Point
from escalon.kinetics.detection import Detection
from escalon.kinetics.half_life import Decline, terminal_decline
from escalon.kinetics.profile import Profile
from escalon.kinetics.sample import Sample


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

    def __post_init__(self) -> None:
        for name in ("method", "middle_blq", "baseline"):
            choices = get_args(Method) if name == "method" else get_args(get_type_hints(Plan)[name])
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} {getattr(self, name)!r} is not known. Write {' or '.join(choices)}")
        days = (*self.horizons, self.visit_window, *(() if self.until is None else (self.until,)))
        if not all(isfinite(day) for day in days) or any(end <= 0 for end in self.horizons) or self.visit_window < 0:
            raise ValueError("horizons are numbers of days above 0, and the visit window is not below 0")


DEFAULT = Plan()


@dataclass(frozen=True)
class ReadyProfile:
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
            if sample.is_quantified and sample.level is not None:
                yield time, float(sample.level)
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
        if self.plan.baseline == "measured" and measured and measured[0].level is not None:
            return 0.0, float(measured[0].level)
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
    def at_least(self) -> list[Point]:
        """What is certain of the levels beyond the range: the lower ends."""
        known = ((s.day, s.known) for s in self.above_range)
        return [(float(day), float(it.low)) for day, it in known if isinstance(it, Interval) and it.ends[0] is not None]

    @cached_property
    def unseen(self) -> list[Sample]:
        """Samples without a result that could hold the peak: levels rise once and fall once, so those next to the highest.

        Between a highest sample and one of its neighbours with a result nothing can be told; where no sample was positive,
        any sample without a result could be the one that would have been.
        """
        lost = [s for s in self.profile.without_result if s.day > 0]
        if not self.positive:
            return lost
        top = max(c for _, c in self.points)
        peaks = [t for t, c in self.points if c == top]
        days = [0.0, *(float(s.day) for s in self.profile.after)]
        first = max((day for day in days if day < peaks[0]), default=0.0)
        last = min((day for day in days if day > peaks[-1]), default=inf)
        return [s for s in lost if first < s.day < last]

    @property
    def watched_to(self) -> float:
        """The day of the last sample after infusion that has a result."""
        return float(self.profile.after[-1].day)

    def is_watched_to(self, end: float) -> bool:
        """Whether a sample below quantification shows that nothing was missed up to a day (less the visit window)."""
        return self.profile.after[-1].is_below and self.watched_to >= end - float(self.plan.visit_window)

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
