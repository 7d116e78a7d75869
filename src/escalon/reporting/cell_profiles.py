"""Samples as the casebook or a data folder records them, as profiles over days from infusion."""

from collections.abc import Iterable
from fractions import Fraction

from escalon.casebook.records import Infusion, Records
from escalon.casebook.records import Sample as Recorded
from escalon.facts import exact, spelled
from escalon.kinetics import Detection, Limits, Profile, Sample


def cell_profiles(records: Records, analytes: Iterable[str] | None = None) -> tuple[Profile, ...]:
    """The profile of every treated participant and analyte (`None` all), by group `level 1` and so on.

    Days are differences of dates, so every profile carries `clock_not_recorded`. Samples of people who were never infused,
    or without a full date, have no place on this axis and are left out.
    """
    wanted = None if analytes is None else set(analytes)
    by_profile: dict[tuple[str, str, str], dict[Fraction, tuple[Recorded, Infusion]]] = {}
    for sample in records.samples:
        infusion = records.infusion_of(sample.participant)
        if infusion is None or sample.day is None or sample.day.is_partial or infusion.day.is_partial:
            continue
        if wanted is None or sample.analyte in wanted:
            key = (sample.participant, sample.analyte, spelled(sample.unit))
            day = Fraction((sample.day.earliest - infusion.day.earliest).days)
            if day in by_profile.setdefault(key, {}):
                raise ValueError(
                    f"{sample.source}: {sample.participant} has two {sample.analyte} samples on {sample.day}"
                )
            by_profile[key][day] = (sample, infusion)
    return tuple(_profile(samples) for samples in by_profile.values())


def _profile(samples: dict[Fraction, tuple[Recorded, Infusion]]) -> Profile:
    first, infusion = next(iter(samples.values()))
    ordered = tuple(_sample(day, sample) for day, (sample, _) in sorted(samples.items()))
    return Profile(first.participant, first.analyte, first.unit, ordered, f"level {infusion.level}")


def _sample(day: Fraction, recorded: Recorded) -> Sample:
    limits = Limits(recorded.unit, recorded.lloq)
    value = None if recorded.value is None else exact(recorded.value)
    lloq = None if recorded.lloq is None else exact(recorded.lloq)
    code = Detection.BELOW if recorded.below else Detection.MISSING if value is None else limits.code(value)
    return Sample(day, code, value, lloq, "date", recorded.day, recorded.source)
