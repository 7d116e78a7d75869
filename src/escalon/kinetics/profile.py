"""The course of one measured thing in one participant: samples over elapsed days, each with its detection code."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from escalon.facts import Fact, Number, exact, plain, spelled
from escalon.kinetics.detection import Detection, Limits
from escalon.kinetics.sample import Sample


@dataclass(frozen=True)
class Profile:
    """All samples of one analyte by one assay in one participant, in one unit, by elapsed day.

    Values by flow cytometry (cells/µL) and by qPCR (copies/µL, copies/µg) are separate profiles.
    """

    participant: str
    analyte: str
    unit: str
    samples: tuple[Sample, ...]
    group: str = ""
    held: tuple[str, ...] = ()
    """Why nothing may be concluded: rows of this profile that cannot be used. It then has no samples."""

    def __post_init__(self) -> None:
        days = [sample.day for sample in self.samples]
        if days != sorted(set(days)):
            twice = next((day for day in days if days.count(day) > 1), None)
            what = "samples are not in order of day" if twice is None else f"two samples on day {plain(twice)}"
            raise ValueError(
                f"{self.participant} {self.analyte}: {what}. Give elapsed days with the hour as a fraction, "
                "samples before the infusion as negative days, and keep a repeat only in place of the first result"
            )

    @cached_property
    def before(self) -> tuple[Sample, ...]:
        """Samples up to the end of infusion that have a result."""
        return tuple(s for s in self.samples if s.day <= 0 and s.detection is not Detection.MISSING)

    @cached_property
    def after(self) -> tuple[Sample, ...]:
        """Samples after the infusion that have a result."""
        return tuple(s for s in self.samples if s.day > 0 and s.detection is not Detection.MISSING)

    @cached_property
    def without_result(self) -> tuple[Sample, ...]:
        """Samples that were due or taken and have no result: neither zero nor not detected."""
        return tuple(s for s in self.samples if s.detection is Detection.MISSING)

    @cached_property
    def observed(self) -> tuple[Fact, ...]:
        """Every sample as a fact: what all parameters of the profile rest on."""
        return self.facts(self.samples)

    def until(self, day: Number | None) -> "Profile":
        """The profile before a day, such as that of a retreatment or infection; `None` keeps all."""
        if day is None:
            return self
        return replace(self, samples=tuple(s for s in self.samples if s.day < exact(day)))

    def in_unit(self, unit: str) -> "Profile":
        """The same profile in another unit of the same kind; raises UnitError (copies/µg never becomes copies/µL)."""
        if spelled(unit) == spelled(self.unit):
            return replace(self, unit=unit)
        return replace(self, unit=unit, samples=tuple(sample.in_unit(unit) for sample in self.samples))

    def facts(self, samples: Iterable[Sample]) -> tuple[Fact, ...]:
        """The observations behind some samples, for what rests on them."""
        return tuple(self.fact(sample) for sample in samples)

    def fact(self, sample: Sample) -> Fact:
        """One sample as a fact; below quantification the value is its code."""
        value = sample.level if sample.is_quantified else sample.detection.value
        return Fact(
            self.analyte,
            None if sample.detection is Detection.MISSING else value,
            sample.taken,
            self.unit,
            sample.source,
            self.participant,
            visit=f"day {plain(sample.day, 2)}",
        )


def profile(
    days: Iterable[Number],
    values: Iterable[Number | None],
    limits: Limits,
    participant: str = "",
    analyte: str = "car_transgene",
) -> Profile:
    """A profile from plain numbers: `None` is a sample without a result, 0 is not detected. Codes by `limits`."""
    samples, lloq = [], None if limits.lloq is None else exact(limits.lloq)
    for day, value in zip(days, values, strict=True):
        code = Detection.MISSING if value is None else limits.code(value)
        sample = Sample(
            participant=participant, analyte=analyte, unit=limits.unit, detection=code, elapsed=exact(day), lloq=lloq,
            value=None if value is None else exact(value),
            lod=None if limits.lod is None else exact(limits.lod),
            uloq=None if limits.uloq is None else exact(limits.uloq),
        )  # fmt: skip
        samples.append(sample)
    return Profile(participant, analyte, limits.unit, tuple(sorted(samples, key=lambda sample: sample.day)))
