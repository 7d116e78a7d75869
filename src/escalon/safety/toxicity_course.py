"""The course of a toxicity: its grades as steps in time, so that «grade 3 for more than 72 hours» can be decided.

A grade holds from the moment it was recorded until the next. A moment known only to the day is a range of 24 hours, and every
comparison is three-valued: it answers what the record settles.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from escalon.facts import Day, Truth, all_known, any_known
from escalon.safety.adverse_event import AdverseEvent, related

MIDNIGHT = time(0)
DAY = timedelta(days=1)
HAEMATOLOGICAL = frozenset(
    {
        "Anemia", "Neutrophil count decreased", "Platelet count decreased", "White blood cell decreased",
        "Lymphocyte count decreased", "CD4 lymphocytes decreased", "Febrile neutropenia", "Eosinophilia", "Leukocytosis",
        "Bone marrow hypocellular", "Hemolysis",
    }
)  # fmt: skip
"""Terms of blood counts and marrow; everything else is non-haematological."""


_KINDS = {"Cytokine release syndrome": "CRS", "ICANS": "ICANS", "IEC-HS": "IEC-HS"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, exact or known only to lie in a range (`latest` not included unless it equals `earliest`)."""

    earliest: datetime
    latest: datetime

    @classmethod
    def of(cls, when: datetime | date | Day) -> "Moment":
        """The moment of a time, or the range of a day, a month or a year."""
        if isinstance(when, datetime):
            return cls(when, when)
        day = when if isinstance(when, Day) else Day.of(when)
        return cls(datetime.combine(day.earliest, MIDNIGHT), datetime.combine(day.latest, MIDNIGHT) + DAY)

    def __str__(self) -> str:
        if self.earliest == self.latest:
            return self.earliest.isoformat(sep=" ", timespec="minutes")
        last = (self.latest - DAY).date()
        return str(self.earliest.date()) if last == self.earliest.date() else f"{self.earliest.date()} to {last}"


@dataclass(frozen=True, slots=True)
class Toxicity:
    """One toxicity of one participant as the rules of dose limitation see it."""

    participant: str
    name: str
    onset: Moment | None
    grades: tuple[tuple[Moment, int], ...]
    kind: str = ""
    system_class: str = ""
    is_related: Truth = None
    explained_by: frozenset[str] = frozenset()
    identifier: str = ""
    source: str = ""
    is_haematological: bool = False
    components: tuple[str, ...] = field(default=())

    @property
    def maximum(self) -> int | None:
        """The highest grade recorded; `None` where none was."""
        return max((grade for _, grade in self.grades), default=None)

    def span(self) -> str:
        """From when to when, and at which highest grade: `grade 4 from 2025-03-05 to 2025-03-20`."""
        grade = "grade not known" if self.maximum is None else f"grade {self.maximum}"
        ended = self.grades[-1][0] if self.grades and self.grades[-1][1] == 0 else None
        return f"{grade} from {self.onset or 'a day not known'}{'' if ended is None else f' to {ended}'}"

    def __str__(self) -> str:
        number = f" ({self.identifier})" if self.identifier else ""
        return f"{self.name}{number}, {self.participant}, {self.span()}"


def toxicity(event: AdverseEvent, *, kind: str = "", explained_by: Iterable[str] = ()) -> Toxicity:
    """An adverse event as a toxicity: its recorded changes of grade, or its one grade from onset to end."""
    onset = None if event.onset is None else Moment.of(event.onset)
    steps = [(Moment.of(change.day), change.grade) for change in event.changes]
    if not steps and event.grade is not None and onset is not None:
        steps = [(onset, event.grade)]
    if event.end is not None and (not steps or steps[-1][1] > 0) and event.grade != 5:
        steps.append((Moment.of(event.end), 0))
    return Toxicity(
        participant=event.participant,
        name=event.term.name,
        onset=onset,
        grades=tuple(steps),
        kind=kind or _KINDS.get(event.term.name, event.special_interest),
        system_class=event.term.system_class,
        is_related=related(event),
        explained_by=frozenset(explained_by) | ({"crs_component"} if event.component_of == "CRS" else set()),
        identifier=event.identifier,
        source=event.source,
        is_haematological=event.term.name in HAEMATOLOGICAL,
    )


def lasted_longer(course: Toxicity, grade: int, than: timedelta, improving_to: int, until: datetime) -> Truth:
    """Whether a grade of at least `grade` did not improve to `improving_to` within a time, as far as is known by `until`.

    Improvement exactly at the limit is in time. A grade that has not improved yet is not known until the time has passed.
    """
    return any_known(
        _stretch_longer(started, improved, than, until) for started, improved in _stretches(course, grade, improving_to)
    )


def _stretches(course: Toxicity, grade: int, improving_to: int) -> list[tuple[Moment, Moment | None]]:
    """From each time the grade was reached to the time it had improved; None while it had not."""
    found: list[tuple[Moment, Moment | None]] = []
    started: Moment | None = None
    for moment, step in course.grades:
        if started is None and step >= grade:
            started = moment
        elif started is not None and step <= improving_to:
            found.append((started, moment))
            started = None
    return found if started is None else [*found, (started, None)]


def _stretch_longer(started: Moment, improved: Moment | None, than: timedelta, until: datetime) -> Truth:
    if improved is None:
        return True if until - started.latest > than else None
    if improved.earliest - started.latest > than:
        return True
    return False if improved.latest - started.earliest <= than else None


def is_inside(course: Toxicity, first: date, last: date) -> Truth:
    """Whether the onset lies in a window of days, both included; not known where the onset is not."""
    if course.onset is None:
        return None
    start, end = datetime.combine(first, MIDNIGHT), datetime.combine(last, MIDNIGHT) + DAY
    after = True if course.onset.earliest >= start else False if course.onset.latest <= start else None
    before = True if course.onset.latest <= end else False if course.onset.earliest >= end else None
    if course.onset.earliest == course.onset.latest == end:
        before = False
    return all_known((after, before))
