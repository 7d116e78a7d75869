"""The record's clauses beside what implements each, found by the registry's own words that every part of a study quotes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from escalon.protocol.record import Clause, clauses, places, uncovered
from escalon.protocol.study import Said, Study


@dataclass(frozen=True, slots=True)
class Implementer:
    """A part of the study that quotes the record: its kind, id, and what it says or does, in one line."""

    kind: str
    id: str
    does: str
    says: Said


@dataclass(frozen=True, slots=True)
class Traced:
    """One clause, what implements it, which assumptions touch it, and the words nothing covers."""

    clause: Clause
    by: tuple[Implementer, ...]
    assumed: tuple[str, ...]
    missing: str

    @property
    def is_covered(self) -> bool:
        """Whether every word of the clause is quoted by something."""
        return not self.missing

    def as_json(self) -> dict[str, Any]:
        """The clause for scripts."""
        return {
            "section": self.clause.section,
            "number": self.clause.number,
            "says": self.clause.text,
            "implemented_by": [{"kind": one.kind, "id": one.id, "does": one.does} for one in self.by],
            "assumed": list(self.assumed),
            "not_implemented": self.missing,
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """All clauses of a study's record, and quotations that are not in the record."""

    clauses: tuple[Traced, ...]
    misquoted: tuple[tuple[Implementer, str], ...]
    """Pieces of `says` that the record does not contain word for word."""

    @property
    def uncovered(self) -> tuple[Traced, ...]:
        """The clauses of which some words are implemented by nothing."""
        return tuple(one for one in self.clauses if not one.is_covered)


def trace(study: Study) -> Trace:
    """Every clause of the record with what implements it. A study without a record has no clauses."""
    parts = tuple(implementers(study))
    cut = clauses(study.record)
    spans = {
        (number, piece): places(piece, study.record, cut)
        for number, part in enumerate(parts)
        for piece in part.says.pieces
    }
    misquoted = tuple((parts[number], piece) for (number, piece), found in spans.items() if study.record and not found)
    return Trace(tuple(_traced(clause, study, parts, spans) for clause in cut), misquoted)


def _traced(
    clause: Clause,
    study: Study,
    parts: tuple[Implementer, ...],
    spans: dict[tuple[int, str], tuple[tuple[int, int], ...]],
) -> Traced:
    touching: dict[int, list[tuple[int, int]]] = {}
    for (number, _), found in spans.items():
        touching.setdefault(number, []).extend(
            span for span in found if span[0] < clause.end and span[1] > clause.start
        )
    by = tuple(parts[number] for number, found in touching.items() if found)
    # An assumption says how a clause is read; it implements nothing, so its quotations cover nothing.
    covering = [span for number, found in touching.items() if parts[number].kind != "assumption" for span in found]
    implementing = tuple(part for part in by if part.kind != "assumption")
    assumed = tuple(part.id for part in by if part.kind == "assumption")
    return Traced(clause, implementing, assumed, uncovered(clause, study.record, covering))


def implementers(study: Study) -> Iterator[Implementer]:
    """Every part of a study that quotes the record."""
    for criterion in study.criteria:
        yield Implementer(criterion.kind, criterion.id, " ".join(criterion.rule.split()), criterion.says)
    for one in study.watched:
        yield Implementer("watched", one.id, " ".join(one.rule.split()), one.says)
    for disease in study.diseases:
        yield Implementer("disease", disease.id, disease.name, disease.says)
    for arm in study.arms:
        yield Implementer("arm", arm.id, arm.intervention, arm.says)
    dose = study.dose
    yield Implementer("dose", "dose", f"{dose.rule} {dose.variant or ''}".rstrip() + f", at most {dose.cap}", dose.says)
    for level in dose.levels:
        yield Implementer("dose level", f"level {level.number}", str(level.amount), level.says)
    if study.lymphodepletion:
        drugs = " and ".join(study.lymphodepletion.drugs)
        yield Implementer("lymphodepletion", "lymphodepletion", drugs, study.lymphodepletion.says)
    for endpoint in study.endpoints:
        measure = ", ".join(endpoint.measure)
        yield Implementer("endpoint", endpoint.id, f"{measure}: {endpoint.compare}, {endpoint.among}", endpoint.says)
    for place in study.location:
        yield Implementer("location", "location", f"{place.name}, {place.city}, {place.country}", place.says)
    for statement in study.statements:
        yield Implementer("statement", statement.id, "see " + ", ".join(statement.implemented_by), statement.says)
    for assumption in study.assumptions:
        yield Implementer("assumption", assumption.id, study.in_force(assumption.id), assumption.says)
