"""What a person decided on a toxicity, beside what the rule proposes, and what has changed since.

Each adjudication keeps a fingerprint of the evidence it rested on, so an event that arrives late or is changed marks it, and
every decision that rested on it, as stale.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date

from escalon.facts import Finding, Truth
from escalon.safety.dlt import Course, propose
from escalon.safety.dlt_definition import DltDefinition, definition_digest, fingerprint


@dataclass(frozen=True, slots=True)
class Adjudication:
    """What a person decided on a participant's toxicity, and the evidence it rested on."""

    participant: str
    is_dlt: bool
    by: str
    on: date
    reason: str
    evidence: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rule's proposal and the person's decision, both kept."""

    proposed: Finding
    adjudicated: Adjudication | None
    stale: tuple[str, ...] = ()

    @property
    def value(self) -> Truth:
        """What counts: the person's decision where it is there and not stale; otherwise it is not known."""
        return None if self.adjudicated is None or self.stale else self.adjudicated.is_dlt

    @property
    def overrules(self) -> bool:
        """Whether the person decided otherwise than the rule proposes."""
        return self.adjudicated is not None and self.adjudicated.is_dlt is not self.proposed.value


def verdict(
    course: Course, definition: DltDefinition, cutoff: date, adjudicated: Adjudication | None = None
) -> Verdict:
    """The proposal on today's evidence beside the adjudication, with what changed since it was made."""
    stale = () if adjudicated is None else changes_since(adjudicated.evidence, evidence(course, definition))
    return Verdict(propose(course, definition, cutoff), adjudicated, stale)


def adjudicate(
    course: Course, definition: DltDefinition, *, is_dlt: bool, by: str, on: date, reason: str
) -> Adjudication:
    """A person's decision with the fingerprint of what it rests on. Raises ValueError without a name or a reason."""
    if not by.strip() or not reason.strip():
        raise ValueError("an adjudication needs who decided and why")
    return Adjudication(course.participant, is_dlt, by, on, reason, evidence(course, definition))


def evidence(course: Course, definition: DltDefinition) -> dict[str, str]:
    """A fingerprint of each thing a decision on this participant rests on, by name."""
    found = {"definition": definition_digest(definition), "infusion": str(course.infusion)}
    for number, toxicity in enumerate(course.toxicities, 1):
        found[f"event {toxicity.identifier or f'{toxicity.name} {number}'}"] = fingerprint(
            asdict(replace(toxicity, source=""))
        )
    for term, grades in course.count_grades.items():
        found[f"counts {term}"] = fingerprint(sorted(grades.items()))
    found["follow-up"] = fingerprint([course.left, sorted(course.counts_due_to_disease)])
    return found


def changes_since(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """What was added, changed or withdrawn between two fingerprints."""
    added = [f"{name} was added" for name in now if name not in before]
    changed = [f"{name} was changed" for name in now if name in before and now[name] != before[name]]
    gone = [f"{name} was withdrawn" for name in before if name not in now]
    return (*added, *changed, *gone)


@dataclass(frozen=True, slots=True)
class Rested:
    """A decision of the committee and the evidence on each participant it rested on."""

    decision: str
    evidence: Mapping[str, Mapping[str, str]]


def stale_decisions(
    decisions: Iterable[Rested], courses: Iterable[Course], definition: DltDefinition
) -> dict[str, tuple[str, ...]]:
    """Every decision whose evidence is no longer what it was, with the reasons; a current one is left out."""
    now = {course.participant: evidence(course, definition) for course in courses}
    found = {}
    for decision in decisions:
        reasons = [
            f"{participant}: {change}"
            for participant, before in decision.evidence.items()
            for change in changes_since(before, now.get(participant, {}))
        ]
        if reasons:
            found[decision.decision] = tuple(reasons)
    return found
