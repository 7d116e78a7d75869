"""From what is recorded to the grounds of a cell: who, what, which day, the value as it was written, and where it stands."""

from collections.abc import Iterable
from sys import intern

from escalon.conduct.judge.given import Given
from escalon.facts import Day, Fact, Facts, Finding, plain
from escalon.facts import grounds as beneath
from escalon.history import Course, Current
from escalon.history.events import AdverseEventRecorded, CellsInfused
from escalon.reporting.document import Ground


def of_fact(fact: Fact, participant: str = "") -> Ground:
    """A recorded fact."""
    value = f"{plain(fact.value)} {fact.unit or ''}".strip()
    day, where = str(fact.day or ""), place(fact.source)
    return Ground(fact.participant or participant, fact.name, intern(day), intern(value), intern(where))


def of_facts(some: Iterable[Fact], participant: str = "") -> tuple[Ground, ...]:
    """Recorded facts, each once; of a computed one, those beneath it."""
    found: dict[Ground, None] = {}
    for fact in some:
        inner = (
            of_finding(fact.behind, participant) if isinstance(fact.behind, Finding) else (of_fact(fact, participant),)
        )
        found |= dict.fromkeys(inner)
    return tuple(found)


def of_finding(finding: Finding, participant: str = "") -> tuple[Ground, ...]:
    """What a finding rests on, down to what was recorded."""
    return tuple(dict.fromkeys(of_fact(fact, participant) for fact in beneath(finding)))


def of_event(one: Current[AdverseEventRecorded]) -> Ground:
    """A line of an adverse event, with what was judged of it."""
    event = one.event
    grade = "not graded" if event.grade is None else f"grade {event.grade}"
    end = f" to {event.end}" if event.end else ", ongoing" if event.ongoing else ""
    judged = {True: ", DLT", False: ", no DLT", None: ""}[event.dlt]
    return Ground(event.participant or "", event.term, f"{event.start or ''}{end}", f"{grade}{judged}", one.place)


def of_dose(given: Given, course: Course) -> tuple[Ground, ...]:
    """The bags of a dose."""
    bags = [one for one in course.infusions if one.number in given.numbers]
    return tuple(
        Ground(
            given.participant,
            f"infusion, level {one.event.level}",
            str(one.event.happened(course.zone) or ""),
            _as_given(one.event),
            one.place,
        )
        for one in bags
    )


def _as_given(event: CellsInfused) -> str:
    """The amount of one bag as it was recorded."""
    value = event.cells_per_kg if event.amount is None else event.amount
    return "a dose not recorded" if value is None else f"{plain(value)} {event.unit or 'cells/kg'}"


def last_of(facts: Facts, name: str) -> Fact | None:
    """The latest fact of a name that is known."""
    known = [fact for fact in facts.named(name) if fact.value is not None]
    return known[-1] if known else None


def before(facts: Facts, name: str, infused: Day | None) -> Fact | None:
    """The last known value of a fact on a day up to the infusion: what somebody was like when treated."""
    some = [fact for fact in facts.named(name) if fact.value is not None]
    some = [fact for fact in some if infused is None or fact.day is None or fact.day.is_by(infused) is not False]
    return some[-1] if some else None


def place(source: str) -> str:
    """The file and line, without what the row says of its own source."""
    return source.partition(" (")[0] or "no place"
