"""Non-compartmental parameters of cells in blood: peak, exposure, last positive sample, half-life, persistence.

Definitions and rules below quantification: spec/cell_therapy/kinetics.md. Times are days from the end of infusion.
CAR-T profiles have no absorption phase and may drop before they expand, so every sample after infusion is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from escalon.facts import Finding, Status, plain
from escalon.kinetics.area import Point, area, up_to
from escalon.kinetics.course import DEFAULT, Plan, ReadyProfile
from escalon.kinetics.detection import Detection
from escalon.kinetics.half_life import Decline
from escalon.kinetics.profile import Profile

RULE = "cellular_kinetics/1"
_POOR_FIT, _SHORT_SPAN = 0.8, 2  # CT-7.4: flagged below an adjusted R² of 0.8 and a span of two half-lives


@dataclass(frozen=True)
class Kinetics:
    """The parameters of one profile, each a finding, and what must be known about all of them."""

    profile: Profile
    plan: Plan
    findings: Mapping[str, Finding]
    flags: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Finding:
        return self.findings[name]

    def as_json(self) -> dict[str, Any]:
        """For scripts: who, what, by which choices, and every parameter."""
        return {
            "participant": self.profile.participant,
            "group": self.profile.group,
            "analyte": self.profile.analyte,
            "unit": self.profile.unit,
            "method": self.plan.method,
            "flags": list(self.flags),
            "reasons": list(self.reasons),
            "parameters": {name: finding.as_json() for name, finding in self.findings.items()},
        }


def noncompartmental(profile: Profile, plan: Plan = DEFAULT) -> Kinetics:
    """The kinetic parameters of one profile by a plan.

    A positive sample before infusion blocks the analysis (contamination or earlier therapy): every value is `None`.
    """
    course = ReadyProfile(profile.until(plan.until), plan)
    flags, reasons = _notes(course)
    named = partial(_finding, course)
    stop = _blocked(course)
    if stop:
        status, flag, reason = stop
        none = {n: named(n, None, u, status, reasons=(reason,)) for n, u in _units(course).items()}
        return Kinetics(profile, plan, none, (*flags, flag), (*reasons, reason))
    findings = [*_peak(course), *_last(course), *_areas(course), _half_life(course)]
    return Kinetics(profile, plan, {finding.name: finding for finding in findings}, flags, reasons)


def _blocked(course: ReadyProfile) -> tuple[Status, str, str] | None:
    profile = course.profile
    if profile.held:
        return Status.INVALID, "rows_not_usable", "; ".join(profile.held)
    positive = [s for s in profile.before if s.is_quantified or s.detection is Detection.ABOVE]
    if positive and course.plan.baseline == "not detected":
        day = plain(positive[-1].day, 2)
        reason = f"positive before infusion (day {day}): contamination or earlier therapy, not analysed"
        return Status.INVALID, "baseline_positive", reason
    if not profile.after:
        return Status.MISSING, "no_sample_after_infusion", "no sample after infusion has a result"
    return None


_TIMINGS = (
    ("nominal", "nominal_time", "planned instead of elapsed time"),
    ("date", "clock_not_recorded", "elapsed time from dates without the hour"),
)


_DOUBTS = {
    "below_lowest_standard": "fewer copies than the lowest standard, outside the curve,",
    "replicates_discordant": "some replicates amplified and some did not",
    "single_replicate": "a single replicate",
    "single_replicate_standards": "a curve whose standards are single replicates",
    "run_failed": "the qPCR run failed",
    "replicates_differ": "replicates differ",
}


def _notes(course: ReadyProfile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What must be known about every parameter of the profile: flags and sentences."""
    profile = course.profile
    notes: list[tuple[str, str]] = []
    for timing, flag, words in _TIMINGS:
        timed = [plain(s.day, 2) for s in profile.samples if s.timing == timing]
        if timed:
            where = "every sample" if len(timed) == len(profile.samples) else f"day {', '.join(timed)}"
            notes.append((flag, f"{words}: {where}"))
    if not profile.before and not profile.held:
        notes.append(
            ("baseline_not_recorded", "no sample before infusion has a result; the level at day 0 is taken as 0")
        )
    if any(sample.detection is Detection.BLQ for sample in profile.before):
        notes.append(("baseline_detected", "detected below quantification before infusion"))
    if profile.without_result:
        days = "; ".join(" ".join((plain(s.day, 2), s.note and f"({s.note})")).strip() for s in profile.without_result)
        notes.append(("samples_without_result", f"no result on day {days}: left out, not counted as zero"))
    for flag, words in _DOUBTS.items():
        days = ", ".join(plain(s.day, 2) for s in profile.samples if flag in s.flags)
        if days:
            notes.append((flag, f"{words} on day {days}"))
    if course.middle_below:
        days = ", ".join(plain(s.day, 2) for s in course.middle_below)
        done = "dropped" if course.plan.middle_blq == "drop" else "counted as 0"
        notes.append(("middle_blq", f"below quantification between positive samples on day {days}: {done}"))
    return tuple(flag for flag, _ in notes), tuple(reason for _, reason in notes)


def _finding(
    course: ReadyProfile,
    name: str,
    value: float | int | None,
    unit: str | None,
    status: Status = Status.OK,
    **more: Any,
) -> Finding:
    return Finding(
        name, value, status, unit=unit, missing=course.missing, rule=RULE, rests_on=course.profile.observed, **more
    )


def _peak(course: ReadyProfile) -> list[Finding]:
    named, unit = partial(_finding, course), course.profile.unit
    if course.above_range:
        days = ", ".join(plain(s.day, 2) for s in course.above_range)
        return _peak_open(course, f"above the quantification range on day {days}: dilute and repeat")
    if course.unseen:
        days = ", ".join(plain(s.day, 2) for s in course.unseen)
        return _peak_open(course, f"no result on day {days}, which could hold the peak")
    if not course.positive:
        return [named("cmax", 0, unit), named("tmax", None, "d", Status.NOT_APPLICABLE, reasons=(_NEVER,))]
    peak = max((s for s in course.positive if s.level is not None), key=lambda s: (s.level, -s.day))
    return [named("cmax", float(peak.level or 0), unit), named("tmax", float(peak.day), "d")]


def _peak_open(course: ReadyProfile, reason: str) -> list[Finding]:
    """The peak is not known; the highest level that is certain is its lower bound."""
    named = partial(_finding, course, value=None, status=Status.INDETERMINATE, reasons=(reason,))
    least = max(c for _, c in (*course.points, *course.at_least))
    return [named("cmax", unit=course.profile.unit, bounds=(least, None)), named("tmax", unit="d")]


_NEVER = "never at or above the limit of quantification"


def _last(course: ReadyProfile) -> list[Finding]:
    """Clast and Tlast, persistence (censored while the last sample is positive) and the first detection."""
    named, unit = partial(_finding, course), course.profile.unit
    if not course.positive:
        none = partial(named, value=None, status=Status.NOT_APPLICABLE, reasons=(_NEVER,))
        return [
            none(n, unit=u)
            for n, u in (("clast", unit), ("tlast", "d"), ("persistence", "d"), ("first_detection", "d"))
        ]
    first, last, below = course.positive[0], course.positive[-1], course.first_below_after
    detected = max(s.day for s in course.profile.after if s.detection not in (Detection.ND, Detection.BELOW))
    tlast = float(last.day)
    return [
        named("clast", float(last.level), unit)
        if last.is_quantified and last.level is not None
        else named("clast", None, unit, Status.INDETERMINATE, reasons=("the last positive sample is above the range",)),
        named("tlast", tlast, "d"),
        named(
            "persistence",
            tlast,
            "d",
            category="ended" if below else "censored",
            bounds=(tlast, float(below.day) if below else None),
            components={"last_detected_at_any_level": float(detected)},
            flags=() if below else ("censored",),
        ),
        named("first_detection", float(first.day), "d"),
    ]


def _areas(course: ReadyProfile) -> list[Finding]:
    names = {f"auc_0_{plain(end)}": end for end in course.plan.horizons}
    if course.above_range:
        return _areas_open(course, names, "a sample is above the quantification range: dilute and repeat")
    if course.unseen:
        days = ", ".join(plain(s.day, 2) for s in course.unseen)
        return _areas_open(course, names, f"no result on day {days}, which could hold the peak")
    partial_areas = [_area_to(course, name, float(end)) for name, end in names.items()]
    return [*partial_areas, _area_last(course), _area_all(course)]


def _areas_open(course: ReadyProfile, names: Iterable[str], reason: str) -> list[Finding]:
    named = partial(_finding, course, value=None, unit=_area_unit(course), status=Status.INDETERMINATE)
    return [named(name, reasons=(reason,)) for name in (*names, "auc_last", "auc_all")]


def _area_last(course: ReadyProfile) -> Finding:
    value = area(course.points, course.plan.method)
    return _finding(course, "auc_last", value, _area_unit(course), components=_sensitivity(course, None))


def _area_all(course: ReadyProfile) -> Finding:
    """The area to the last positive sample and one more segment down to zero at the next one."""
    below, points = course.first_below_after, course.points
    tail = [(float(below.day), 0.0)] if below and course.positive else []
    return _finding(course, "auc_all", area([*points, *tail], course.plan.method), _area_unit(course))


def _area_to(course: ReadyProfile, name: str, end: float) -> Finding:
    """The area from infusion to a day, known only if the participant was followed to it (less the visit window).

    Where the last positive sample is earlier, the area to that sample, flagged `truncated`.
    """
    plan, method = course.plan, course.plan.method
    named = partial(_finding, course, name, unit=_area_unit(course))
    value = area(up_to(course.points, end, method), method)
    parts: dict[str, Any] = {"method": method, **_sensitivity(course, end)}
    tlast = course.points[-1][0]
    if tlast >= end or course.is_watched_to(end):
        cut = bool(course.positive) and tlast < end
        note = (f"integrated to day {plain(tlast, 2)}: below quantification afterwards",) if cut else ()
        return named(value, components=parts, flags=("truncated",) if cut else (), reasons=note)
    decline = course.decline
    if plan.extrapolate and decline and tlast >= end - float(plan.visit_window):
        beyond = _beyond(course.points[-1], end, decline)
        parts["extrapolated_percent"] = 100 * beyond / (value + beyond)
        return named(value + beyond, components=parts, flags=("extrapolated",))
    if tlast >= end - float(plan.visit_window):
        reason = f"integrated to day {plain(tlast, 2)} instead of {plain(end)}: no later sample"
        return named(value, components=parts, flags=("truncated",), reasons=(reason,))
    reason = f"the last sample is of day {plain(course.watched_to, 2)}: the area to it is a lower bound"
    return named(
        None, status=Status.INDETERMINATE, bounds=(value, None), components=parts, flags=("truncated",),
        reasons=(reason,),
    )  # fmt: skip


def _beyond(last: Point, end: float, decline: Decline) -> float:
    """The area from the last point to a later day along the terminal decline."""
    start, level = last
    to_end = Decline(decline.rate, 0.0, 0.0, 0, start, end)
    return (level - level * to_end.level(end - start)) / decline.rate


def _sensitivity(course: ReadyProfile, end: float | None) -> dict[str, float]:
    """The same area with samples below quantification between positives counted as 0, when there are any."""
    if not course.middle_below:
        return {}
    points, method = course.zero_in_the_middle, course.plan.method
    kept = points if end is None else up_to(points, end, method)
    return {"with_middle_blq_as_zero": area(kept, method)}


def _half_life(course: ReadyProfile) -> Finding:
    named = partial(_finding, course, "half_life", unit="d")
    if course.above_range:
        return named(None, status=Status.INDETERMINATE, reasons=("the peak is not known: a sample is above the range",))
    points = course.after_peak
    if len(points) < 3:
        return named(
            None, status=Status.NOT_APPLICABLE, reasons=(f"{len(points)} quantified samples after the peak, 3 needed",)
        )
    decline = course.decline
    if decline is None:
        return named(None, status=Status.NOT_APPLICABLE, reasons=("the last samples do not decline",))
    flags: tuple[str, ...] = ("poor_fit",) if decline.adjusted_r_squared < _POOR_FIT else ()
    flags += ("short_span",) if decline.span < _SHORT_SPAN else ()
    parts = {
        "lambda_z": decline.rate,
        "points": decline.points,
        "adjusted_r_squared": decline.adjusted_r_squared,
        "span_in_half_lives": decline.span,
        "intercept": decline.intercept,
        "first_day": decline.first,
        "last_day": decline.last,
    }
    return named(decline.half_life, components=parts, flags=flags)


def _area_unit(course: ReadyProfile) -> str:
    """`copies/µL` over days is `copies·d/µL`."""
    amount, slash, volume = course.profile.unit.partition("/")
    return f"{amount}·d{slash}{volume}"


def _units(course: ReadyProfile) -> dict[str, str]:
    """Every parameter with its unit, in order."""
    unit, areas = course.profile.unit, [f"auc_0_{plain(end)}" for end in course.plan.horizons]
    levels = {"cmax": unit, "tmax": "d", "clast": unit, "tlast": "d", "persistence": "d", "first_detection": "d"}
    return levels | dict.fromkeys((*areas, "auc_last", "auc_all"), _area_unit(course)) | {"half_life": "d"}
