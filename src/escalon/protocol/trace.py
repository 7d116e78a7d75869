"""The record's clauses beside what implements each, found by the registry's own words that every part of a study quotes."""

from collections.abc import Callable, Iterable, Iterator
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
    plan, dlt, depletion = study.dose, study.dlt, study.lymphodepletion
    rule = f"{plan.rule} {plan.variant or ''}".rstrip() + f", at most {plan.cap}"
    rows: tuple[tuple[str, Iterable[Any], Callable[[Any], tuple[str, str]]], ...] = (
        ("inclusion", study.inclusion, lambda one: (one.id, " ".join(one.rule.split()))),
        ("exclusion", study.exclusion, lambda one: (one.id, " ".join(one.rule.split()))),
        ("watched", study.watched, lambda one: (one.id, " ".join(one.rule.split()))),
        ("disease", study.diseases, lambda one: (one.id, one.name)),
        ("arm", study.arms, lambda one: (one.id, one.intervention)),
        ("dose", (plan,), lambda one: ("dose", rule)),
        ("dose level", plan.levels, lambda one: (f"level {one.number}", str(one.amount))),
        (
            "lymphodepletion",
            (depletion,) if depletion else (),
            lambda one: ("lymphodepletion", " and ".join(one.drugs)),
        ),
        ("dlt", (dlt,) if dlt else (), lambda one: ("dlt", one.evaluable)),
        ("DLT event", dlt.events if dlt else (), lambda one: (one.id, one.text)),
        ("visit", study.visits, lambda one: (one.id, one.name)),
        ("endpoint", study.endpoints, lambda one: (one.id, f"{', '.join(one.measure)}: {one.compare}, {one.among}")),
        ("location", study.location, lambda one: ("location", f"{one.name}, {one.city}, {one.country}")),
        ("statement", study.statements, lambda one: (one.id, "see " + ", ".join(one.implemented_by))),
        ("assumption", study.assumptions, lambda one: (one.id, study.in_force(one.id))),
    )
    for kind, some, shown in rows:
        for one in some:
            yield Implementer(kind, *shown(one), one.says)
