"""CRS and ICANS over time: every assessment graded, every day's highest grade, every episode with start, end and maximum.

An episode is a cluster of assessments with signs: it ends when an assessment without signs says so and none comes back within
`gap`. While every assessment shows a sign it goes on, however far apart they are.

How long a recovery must last to end an episode is not in the ASTCT text: 48 hours is a project rule, a parameter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from escalon.facts import Day, Finding, Status, Value, together
from escalon.instruments import assess

GAP = timedelta(hours=48)
NO_GRADE = 5  # nothing observed rules out any grade


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was observed of one participant at one time."""

    when: datetime
    items: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Graded:
    """One assessment with its grade, and whether it showed any sign of the syndrome."""

    when: datetime
    finding: Finding
    has_signs: bool = True

    @property
    def low(self) -> int:
        """The lowest grade it may be."""
        return _end(self.finding, 0, 0)

    @property
    def high(self) -> int:
        """The highest grade it may be."""
        return _end(self.finding, 1, NO_GRADE)


@dataclass(frozen=True, slots=True)
class Episode:
    """A syndrome from its first sign to its end. `end` is the first assessment without signs, `None` while it lasts."""

    name: str
    assessments: tuple[Graded, ...] = field(repr=False)
    end: datetime | None

    @property
    def start(self) -> datetime:
        """When the first graded sign was seen."""
        return self.assessments[0].when

    @property
    def last_sign(self) -> datetime:
        """When the last sign was seen."""
        return self.assessments[-1].when

    @property
    def maximum(self) -> Finding:
        """The highest grade: known once nothing that is open could exceed it, else its bounds."""
        return highest(self.name, self.assessments)

    @property
    def hours(self) -> float:
        """How long it lasted, to its end, or to its last sign while it lasts."""
        return ((self.end or self.last_sign) - self.start).total_seconds() / 3600


def highest(name: str, graded: Iterable[Graded], day: Day | None = None) -> Finding:
    """The highest grade among assessments; an assessment that may have been worse leaves it between bounds."""
    some = tuple(graded)
    low, high = max(one.low for one in some), max(one.high for one in some)
    missing = tuple(dict.fromkeys(item for one in some if one.high > low for item in one.finding.missing))
    flags = tuple(dict.fromkeys(flag for one in some for flag in one.finding.flags))
    settled = low >= high
    return Finding(
        name,
        low if settled else None,
        Status.OK if settled else Status.INDETERMINATE,
        bounds=None if settled else (low, high),
        missing=() if settled else missing,
        flags=flags,
        reasons=() if settled else tuple(f"{item} is not known" for item in missing),
        rule=some[0].finding.rule,
        rests_on=tuple(one.finding for one in some),
        day=day,
    )


def grade_crs(assessments: Iterable[Assessment], *, gap: timedelta = GAP) -> tuple[Graded, ...]:
    """Every assessment graded, in order of time; an open episode and its treatment are carried forward.

    An episode is open until an assessment shows no sign and `gap` has passed since the last, not by the clock alone; an
    assessment may also say itself whether it is. Treatment given once counts until the episode ends.
    """
    graded: list[Graded] = []
    last_sign: datetime | None = None
    treated = recovered = False
    for assessment in sorted(assessments, key=lambda one: one.when):
        active = last_sign is not None and (not recovered or assessment.when - last_sign <= gap)
        items = dict(assessment.items)
        treated = (treated and active) or _is_yes(items.get("antipyretic_or_anticytokine"))
        asked = items.get("crs_active") in (None, "")
        if asked:
            items["crs_active"] = active
        if items.get("antipyretic_or_anticytokine") in (None, "") or treated:
            items["antipyretic_or_anticytokine"] = treated
        finding = assess("crs", **items)
        signs = _crs_signs(finding)
        if asked and active and not signs and last_sign is not None and assessment.when - last_sign > gap:
            finding = assess("crs", **items | {"crs_active": False})  # long enough without a sign: it has ended
        graded.append(Graded(assessment.when, finding, signs))
        recovered = recovered or not signs
        if signs and _end(finding, 0, 0) >= 1:
            last_sign, recovered = assessment.when, False
    return tuple(graded)


def grade_icans(assessments: Iterable[Assessment]) -> tuple[Graded, ...]:
    """Every assessment graded, in order of time; each stands on its own."""
    ordered = sorted(assessments, key=lambda one: one.when)
    return tuple(Graded(one.when, assess("icans", **one.items)) for one in ordered)


def episodes(name: str, graded: Iterable[Graded], *, gap: timedelta = GAP) -> tuple[Episode, ...]:
    """The episodes among graded assessments: clusters of signs with a grade of at least 1."""
    ordered = sorted(graded, key=lambda one: one.when)
    clusters: list[list[Graded]] = []
    for one in ordered:
        if one.low < 1 or not one.has_signs:
            continue
        if clusters and (one.when - clusters[-1][-1].when <= gap or not _recovered(clusters[-1][-1], one, ordered)):
            clusters[-1].append(one)
        else:
            clusters.append([one])
    return tuple(Episode(name, _with_open(cluster, ordered), _ended(cluster[-1].when, ordered)) for cluster in clusters)


def _with_open(cluster: list[Graded], ordered: list[Graded]) -> tuple[Graded, ...]:
    """The cluster and the undecided assessments within it: they may have been worse."""
    first, last = cluster[0].when, cluster[-1].when
    return tuple(one for one in ordered if first <= one.when <= last and (one in cluster or one.high > one.low))


def _recovered(last: Graded, one: Graded, ordered: list[Graded]) -> bool:
    """Whether an assessment between two signs showed none."""
    return any(last.when < other.when < one.when and (other.high < 1 or not other.has_signs) for other in ordered)


def _ended(last_sign: datetime, ordered: list[Graded]) -> datetime | None:
    return next((one.when for one in ordered if one.when > last_sign and (one.high < 1 or not one.has_signs)), None)


def by_day(name: str, graded: Iterable[Graded]) -> dict[date, Finding]:
    """The highest grade of each day that has an assessment."""
    days = together((one.when.date(), one) for one in graded)
    return {day: highest(name, some, Day.of(day)) for day, some in sorted(days.items())}


def _crs_signs(finding: Finding) -> bool:
    """Fever, hypotension or hypoxia: a grade that only the open episode keeps above 0 is not a sign."""
    parts = finding.components
    if finding.value == 5:
        return True
    return parts.get("fever") is not False or any(
        parts.get(f"{name}_grade") != 0 for name in ("hypotension", "hypoxia")
    )


def _end(finding: Finding, place: int, unknown: int) -> int:
    value: Value = finding.value if finding.bounds is None else finding.bounds[place]
    return unknown if value is None else int(value)


def _is_yes(value: Any) -> bool:
    return value is True or str(value).strip().lower() in ("yes", "y", "true", "1", "present")
