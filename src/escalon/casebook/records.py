"""What happened in a trial, as typed records: the view that both a data folder and a casebook give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from escalon.facts import Day, Fact, Facts, Truth
from escalon.kinetics import Sample
from escalon.safety import adverse_event as safety


@dataclass(frozen=True, kw_only=True)
class AdverseEvent(safety.AdverseEvent):
    """One adverse event and whose it is."""

    participant: str


@dataclass(frozen=True, slots=True)
class Treatment:
    """A course of a drug or procedure."""

    participant: str
    treatment: str
    start: Day | None
    end: Day | None = None
    ongoing: bool = False
    dose: Decimal | None = None
    unit: str = ""
    route: str = ""
    reason: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Infusion:
    """Cells given to a participant at an assigned level. `cells_per_kg` is what was really given."""

    participant: str
    level: int
    day: Day
    cells_per_kg: Decimal | None = None
    evaluable: Truth = None
    """Decided by a person: False takes the participant out of the DLT count; None leaves it to the rule."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that was refused and may say something: its table, whose it is (empty if that cannot be read), and why."""

    table: str
    participant: str
    day: Day | None
    why: str
    about: str = ""
    """The name the row was about, such as `malignancy`."""


@dataclass(frozen=True, slots=True)
class Records:
    """Everything recorded of a trial. Participants are those any record names, in order of their codes."""

    facts: tuple[Fact, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()
    infusions: tuple[Infusion, ...] = ()
    samples: tuple[Sample, ...] = ()
    synthetic: bool = False
    """Whether the people are invented."""
    by_participant: Mapping[str, Facts] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    unread: tuple[Unread, ...] = ()
    """Rows that were refused: what they would have said is not known, so they hold decisions back."""

    @property
    def participants(self) -> tuple[str, ...]:
        """The codes of all participants."""
        groups = (self.facts, self.treatments, self.adverse_events, self.infusions, self.samples)
        return tuple(sorted({record.participant for group in groups for record in group}))

    def facts_of(self, participant: str) -> Facts:
        """The facts of one participant, with each treatment as a fact named for the drug."""
        return self.by_participant.get(participant, Facts())

    def infusion_of(self, participant: str) -> Infusion | None:
        """The infusion of a participant, if there was one."""
        return next((infusion for infusion in self.infusions if infusion.participant == participant), None)


def gathered(
    facts: tuple[Fact, ...], treatments: tuple[Treatment, ...], infusions: tuple[Infusion, ...] = ()
) -> Mapping[str, Facts]:
    """Facts by participant: those recorded, a fact for every treatment course, and the infusion."""
    by_participant: dict[str, list[Fact]] = {}
    for fact in facts:
        by_participant.setdefault(fact.participant, []).append(fact)
    for course in treatments:
        by_participant.setdefault(course.participant, []).append(as_fact(course))
    for infusion in infusions:
        given = Fact("infusion", True, infusion.day, source=infusion.source, participant=infusion.participant)
        by_participant.setdefault(infusion.participant, []).append(given)
    return MappingProxyType({code: Facts(some) for code, some in sorted(by_participant.items())})


def as_fact(course: Treatment) -> Fact:
    """A treatment course as a fact: its dose where one is recorded, else simply that it was given."""
    return Fact(
        course.treatment,
        True if course.dose is None else course.dose,
        course.start,
        course.unit or None,
        course.source,
        course.participant,
        until=course.end,
        ongoing=course.ongoing,
        end_unknown=course.end is None and not course.ongoing,
    )
