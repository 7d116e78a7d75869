"""B-cell aplasia after CAR-T: when it started, whether it still lasts, when B cells came back.

Thresholds are parameters: aplasia below 10 B cells/µL (or below the assay's limit of quantification), recovery at two
consecutive values at or above 50/µL or the laboratory's lower limit of normal. spec/cell_therapy/b_cells.md.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

from escalon.facts import Finding, Interval, Number, Status, exact, plain
from escalon.kinetics.detection import Detection
from escalon.kinetics.profile import Profile
from escalon.kinetics.sample import Sample

RULE = "b_cell_aplasia/1"
B_CELL_NAMES = ("cd19_b_cells", "cd20_b_cells", "b_cells")
"""What a count of B cells is usually called; a study names its own in `[roles] b_cells`."""


@dataclass(frozen=True, slots=True)
class AplasiaRule:
    """Aplasia is a value below `below`; recovery is `consecutive` values in a row at or above `recovered`."""

    below: Number = 10
    recovered: Number = 50
    consecutive: int = 2
    unit: str = "/uL"


CUSTOMARY = AplasiaRule()


@dataclass(slots=True)
class _Episode:
    """Aplastic from `onset`; `last` is the last aplastic sample, `ended` the first sample after it that is not."""

    onset: Sample
    last: Sample
    ended: Sample | None = None
    recovery: Sample | None = None
    above: list[Sample] = field(default_factory=list)
    interrupted: bool = False


def b_cell_aplasia(profile: Profile, rule: AplasiaRule = CUSTOMARY) -> tuple[Finding, ...]:
    """Every episode of aplasia after infusion, oldest first; its value is the duration in days.

    The duration runs from the first aplastic sample to the first later one that is no longer aplastic, and the samples
    only bracket it: `bounds` gives the shortest and longest duration they allow. While the last sample is aplastic, the
    episode is `ongoing` and the duration so far a lower bound, flagged `censored`. A single value above the threshold
    between aplastic ones does not end an episode; it is flagged `interrupted`. `limit_above_threshold`: the assay's limit, below
    which a value is aplastic, is above the threshold.
    No episode: one finding with category `none`, or without a value when nothing was measured after infusion.
    Raises UnitError when the profile is not a count of cells per volume.
    """
    if profile.held:
        return (Finding("b_cell_aplasia", None, Status.INVALID, unit="d", reasons=profile.held, rule=RULE),)
    profile = profile.in_unit(rule.unit)
    samples = profile.after
    if not samples:
        missing = ("b_cells after infusion",)
        return (Finding("b_cell_aplasia", None, Status.MISSING, unit="d", missing=missing, rule=RULE),)
    episodes = _episodes(samples, rule)
    if not episodes:
        none = partial(Finding, rule=RULE, rests_on=profile.facts(samples), flags=_profile_flags(profile, rule))
        return (none("b_cell_aplasia", 0, category="none", unit="d"),)
    return tuple(_finding(profile, episode, rule) for episode in episodes)


def _episodes(samples: tuple[Sample, ...], rule: AplasiaRule) -> list[_Episode]:
    """Read the samples in order: an episode opens with an aplastic value and closes with confirmed recovery."""
    episodes: list[_Episode] = []
    current: _Episode | None = None
    for sample in samples:
        if _is_aplastic(sample, rule):
            if current is None:
                current = _Episode(sample, sample)
                episodes.append(current)
            current.interrupted |= current.ended is not None
            current.last, current.ended, current.above = sample, None, []
        elif current is not None:
            current.ended = current.ended or sample
            current.above = [*current.above, sample] if _is_recovered(sample, rule) else []
            if len(current.above) >= rule.consecutive:
                current.recovery, current = current.above[0], None
    return episodes


def _is_aplastic(sample: Sample, rule: AplasiaRule) -> bool:
    return sample.is_below or (sample.level is not None and sample.level < exact(rule.below))


def _is_recovered(sample: Sample, rule: AplasiaRule) -> bool:
    if sample.detection is Detection.ABOVE:
        return True
    return sample.is_quantified and sample.level is not None and sample.level >= exact(rule.recovered)


def _finding(profile: Profile, episode: _Episode, rule: AplasiaRule) -> Finding:
    shortest = episode.last.day - episode.onset.day
    ended = episode.ended
    before = max((s.day for s in profile.samples if s.day < episode.onset.day and _has_result(s)), default=None)
    longest = None if ended is None else ended.day - (before if before is not None else episode.onset.day)
    parts: dict[str, Any] = {
        "onset_day": float(episode.onset.day),
        "last_aplastic_day": float(episode.last.day),
        "ended_before_day": None if ended is None else float(ended.day),
        "recovery_day": None if episode.recovery is None else float(episode.recovery.day),
        "aplastic_below": float(exact(rule.below)),
        "recovered_from": float(exact(rule.recovered)),
    }
    state = "recovered" if episode.recovery else "ended, not recovered" if ended else "ongoing"
    return Finding(
        "b_cell_aplasia",
        float(shortest if ended is None else ended.day - episode.onset.day),
        category=state,
        unit="d",
        bounds=(float(shortest), None if longest is None else float(longest)),
        components=parts,
        missing=tuple(f"day {plain(s.day, 2)}" for s in profile.without_result),
        flags=_flags(episode, rule) + _profile_flags(profile, rule),
        reasons=(_sentence(episode, rule),),
        rule=RULE,
        rests_on=profile.facts(profile.samples),
    )


def _has_result(sample: Sample) -> bool:
    return sample.detection is not Detection.MISSING


def _by_limit_alone(sample: Sample, rule: AplasiaRule) -> bool:
    """Whether a sample is aplastic because the assay sees no less, and not because it is surely below the threshold."""
    known = sample.known
    return sample.detection is Detection.BELOW and isinstance(known, Interval) and known.high > exact(rule.below)


def _flags(episode: _Episode, rule: AplasiaRule) -> tuple[str, ...]:
    flags: tuple[str, ...] = ("censored",) if episode.ended is None else ()
    if any(_by_limit_alone(sample, rule) for sample in (episode.onset, episode.last)):
        flags += ("limit_above_threshold",)
    if episode.interrupted:
        flags += ("interrupted",)
    if episode.above and episode.recovery is None:
        flags += ("recovery_unconfirmed",)
    return flags


def _profile_flags(profile: Profile, rule: AplasiaRule) -> tuple[str, ...]:
    aplastic = bool(profile.before) and _is_aplastic(profile.before[-1], rule)
    return ("aplastic_at_baseline",) if aplastic else () if profile.before else ("baseline_not_recorded",)


def _sentence(episode: _Episode, rule: AplasiaRule) -> str:
    start = f"aplasia from day {_day(episode.onset.day)}"
    if episode.ended is None:
        return f"{start}, still aplastic on day {_day(episode.last.day)}"
    ended = f"{start} to before day {_day(episode.ended.day)}"
    if episode.recovery:
        return f"{ended}, recovery on day {_day(episode.recovery.day)}"
    if not episode.above:
        return f"{ended}, not yet recovered"
    need = rule.consecutive - len(episode.above)
    return f"{ended}; recovery from day {_day(episode.above[0].day)} awaits {need} more value in a row to confirm it"


def _day(day: Fraction) -> str:
    return plain(day, 2)
