"""Change of the transgene level from before infusion, which should be nothing at all.

The record asks for a change from baseline, but the baseline of an autologous CAR is not detected: a fold change from
zero is undefined. Reported instead: the level itself, the time to first detection, and a log10 change in which every
value below quantification is set to half the limit, flagged.
"""

from fractions import Fraction
from functools import partial
from math import log10

from escalon.facts import Finding, Status, plain
from escalon.kinetics.profile import Profile
from escalon.kinetics.sample import Sample

RULE = "car_change_from_baseline/1"


def change_from_baseline(profile: Profile) -> tuple[Finding, ...]:
    """The log10 change of each sample after infusion from the last one before it.

    `components` carries the level and code of the sample; `fold_change` there is always `None`, with the reason.
    No value without a baseline, with a baseline at or above the limit (contamination or earlier therapy), and for a
    sample without a limit to halve.
    """
    return tuple(_change(profile, sample) for sample in profile.after)


def _change(profile: Profile, sample: Sample) -> Finding:
    level = None if sample.level is None else float(sample.level)
    parts = {"day": float(sample.day), "level": level, "code": sample.detection.value, "fold_change": None}
    change = partial(Finding, "log10_change", components=parts, rule=RULE)
    if not profile.before:
        return change(None, Status.MISSING, missing=("baseline",), rests_on=(profile.fact(sample),))
    base = profile.before[-1]
    grounds = profile.facts((base, sample))
    if any(not earlier.is_below for earlier in profile.before):
        reason = "positive before infusion: contamination or earlier therapy, not analysed"
        return change(None, Status.INVALID, flags=("baseline_positive",), reasons=(reason,), rests_on=grounds)
    low, high = _level(base, sample), _level(sample, sample)
    if low is None or high is None:
        reason = f"day {plain(sample.day, 2)} has no level or no limit of quantification to halve"
        return change(None, Status.INDETERMINATE, reasons=(reason,), rests_on=grounds)
    flags = ("baseline_set_to_half_lloq",) + (("blq_set_to_half_lloq",) if sample.is_below else ())
    undefined = f"the baseline is {base.detection.value}: a fold change from it is undefined"
    return change(log10(high / low), flags=flags, reasons=(undefined, _halved(sample)), rests_on=grounds)


def _halved(sample: Sample) -> str:
    """In words what the flags say: which number is no measurement, and what is known in its place."""
    assert sample.lloq is not None
    limit = f"{plain(sample.lloq)} {sample.unit}"
    if sample.is_below:
        return f"baseline and sample each count as half of {limit}: neither was measured, so this 0 is no finding"
    return f"the baseline counts as half of {limit}: it was not measured, and may be any level below its own limit"


def _level(sample: Sample, limit_of: Sample) -> Fraction | None:
    """The level to take the logarithm of; below quantification half the limit.

    The limit is that of the later sample on both sides, so that a change of limit alone never looks like a change.
    """
    if sample.is_quantified:
        return sample.level
    return limit_of.lloq / 2 if sample.is_below and limit_of.lloq is not None else None
