"""An adverse event as recorded: coded, graded, dated, with its causes, and never two facts in one field.

A day may be known only to the month. Missing causality is not «unrelated»: for reporting and dose decisions it counts as
related.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from escalon.facts import Day, Truth, any_known
from escalon.instruments.safety.ctcae.terms import Term


class Causality(StrEnum):
    """How far a cause is suspected; `possible` and above count as related."""

    UNRELATED = "unrelated"
    UNLIKELY = "unlikely"
    POSSIBLE = "possible"
    PROBABLE = "probable"
    DEFINITE = "definite"


CRITERIA = {
    "death": "death",
    "life_threatening": "at risk of death at the time of the event",
    "hospitalisation": "inpatient admission or its prolongation",
    "disability": "persistent or significant disability or incapacity",
    "congenital_anomaly": "congenital anomaly or birth defect",
    "medically_important": "another medically important event",
}
"""What makes an event serious (ICH E2A), any one of them."""
CAUSES = ("car_t_product", "cyclophosphamide", "fludarabine", "leukapheresis", "procedure", "underlying_disease")
TREATMENT = CAUSES[:-1]
"""The causes that are part of the trial's treatment; the underlying disease is not."""


@dataclass(frozen=True, slots=True)
class GradeChange:
    """The grade an event had from a day on."""

    day: Day
    grade: int


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """One event of one participant: from onset to full resolution, at its highest grade.

    `term` is the CTCAE term; `verbatim` the investigator's words, always kept. `causes` holds an assessment for each cause
    that was assessed. `component_of` names the syndrome an event is a part of (fever within CRS), so it is not counted again.
    """

    participant: str
    term: Term
    grade: int | None
    onset: Day | None
    end: Day | None = None
    ongoing: bool = False
    verbatim: str = ""
    identifier: str = ""
    causes: Mapping[str, Causality] = field(default_factory=dict)
    seriousness: frozenset[str] = frozenset()
    is_serious: Truth = None
    expected: Truth = None
    special_interest: str = ""
    component_of: str = ""
    led_to: frozenset[str] = frozenset()
    treatment: tuple[str, ...] = ()
    changes: tuple[GradeChange, ...] = ()
    baseline_grade: int | None = None
    source: str = ""

    @property
    def is_fatal(self) -> bool:
        """Whether the event ended in death."""
        return self.grade == 5 or "death" in self.seriousness

    def __str__(self) -> str:
        grade = "grade not known" if self.grade is None else f"grade {self.grade}"
        return f"{self.participant} {self.term.name} {grade} from {self.onset or 'a day not known'}"


def related(event: AdverseEvent, causes: Iterable[str] = ("car_t_product",)) -> bool:
    """Whether the event is related to any of the causes: possible or higher; not assessed counts as related."""
    found = [event.causes.get(cause) for cause in causes]
    return any(mark is None or mark not in (Causality.UNRELATED, Causality.UNLIKELY) for mark in found)


def strongest_causality(event: AdverseEvent, causes: Iterable[str] = ("car_t_product",)) -> Causality | None:
    """The strongest assessment among the causes; `None` where one was not assessed."""
    order = list(Causality)
    found = [event.causes.get(cause) for cause in causes]
    return None if None in found else max((mark for mark in found if mark is not None), key=order.index)


def serious(event: AdverseEvent) -> Truth:
    """Whether the event is serious: by a recorded criterion, or as recorded; `None` where neither is."""
    if event.seriousness or event.is_fatal:
        return True
    return event.is_serious


def is_counted(event: AdverseEvent) -> bool:
    """Whether the event is counted on its own; a symptom that is part of CRS or ICANS is not counted again."""
    return not event.component_of


@dataclass(frozen=True, slots=True)
class Reference:
    """The day treatment-emergence is judged against, and what it is: the infusion, or the start of lymphodepletion."""

    day: date
    what: str = "infusion"


def treatment_emergent(event: AdverseEvent, reference: Reference) -> Truth:
    """Whether the event began on or after the reference, or was there before and became worse after it.

    A partial onset that cannot be shown to precede the reference counts as treatment-emergent. An event without any onset
    day is not known to precede it either, so it counts too. Not known: it began before, lasted beyond, and no grade at the
    reference is recorded.
    """
    start = Day.of(reference.day)
    before = False if event.onset is None else event.onset.is_before(start)
    if before is not True:
        return True
    ended = event.end is not None and event.end.is_before(start) is True
    return False if ended else _became_worse(event, start)


def _became_worse(event: AdverseEvent, start: Day) -> Truth:
    """Whether a grade after the reference exceeds the grade before it."""
    earlier = [change.grade for change in event.changes if change.day.is_before(start) is True]
    baseline = event.baseline_grade if event.baseline_grade is not None else max(earlier, default=None)
    later = [change.grade for change in event.changes if change.day.is_before(start) is not True]
    if baseline is None:
        return None if later or not event.changes else False
    if event.changes:
        return any_known(grade > baseline for grade in later)
    return None if event.grade is None else event.grade > baseline
