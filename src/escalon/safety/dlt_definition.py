"""The study's definition of a dose-limiting toxicity, as data: every threshold is the study folder's (`[dlt]` in `dose.toml`)."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

# Why an event is not counted, and the word by which a study's own sentence of exclusion is recognised.
EXCLUSIONS = {
    "lymphodepletion_only": "lymphodepletion",
    "disease_flare": "flare",
    "infection_at_enrolment": "infection",
    "crs_component": "component",
    "laboratory_without_consequence": "laboratory",
    "due_to_disease": "disease",
}
# The word of a definition for a CTCAE term.
TERMS = {
    "neutrophils": "Neutrophil count decreased",
    "platelets": "Platelet count decreased",
    "hemoglobin": "Anemia",
    "fever": "Fever",
}


@dataclass(frozen=True, slots=True)
class DltRule:
    """One clause. Fields left empty do not restrict.

    `term` names kinds (`CRS`, `ICANS`, `IEC-HS`), CTCAE terms or classes, `neutrophils`, `platelets`, `non_haematological` or
    `any`, or with `graded_by` words that CTCAE does not have. With `within_hours` the grade must not have come down to
    `improves_to` in that time; with `longer_than_days` it must have lasted longer; with `not_recovered_by_day` a blood count
    must have come to `improves_to` by that day after infusion.
    """

    id: str
    text: str
    term: tuple[str, ...]
    grade: int
    at_most_grade: int | None = None
    improves_to: int | None = None
    within_hours: int | None = None
    longer_than_days: int | None = None
    not_recovered_by_day: int | None = None
    related: bool = False
    except_for: tuple[str, ...] = ()
    graded_by: str = ""
    low_before: str = "asked"

    @property
    def must_improve_to(self) -> int:
        """The grade that counts as improved: as stated, or below the grade of the clause."""
        return self.grade - 1 if self.improves_to is None else self.improves_to

    @property
    def own(self) -> frozenset[str]:
        """Its terms that CTCAE does not have, graded by a scale of their own, as they are compared."""
        return frozenset(term.casefold() for term in self.term) if self.graded_by else frozenset()

    @property
    def marks(self) -> frozenset[str]:
        """The marks and terms that take an event out of this clause."""
        return marks(self.except_for) | {TERMS.get(text.lower(), text) for text in self.except_for}


@dataclass(frozen=True, slots=True)
class DltDefinition:
    """A study's definition: its clauses, its window in days from infusion, what is excluded, whether it is confirmed."""

    rules: tuple[DltRule, ...]
    window_days: int = 28
    excluded: tuple[str, ...] = ("lymphodepletion_only", "disease_flare", "infection_at_enrolment")
    confirmed: bool = False

    @property
    def own(self) -> frozenset[str]:
        """Words that CTCAE does not have, each graded by a scale that a clause names."""
        return frozenset[str]().union(*(one.own for one in self.rules))

    @property
    def marks(self) -> frozenset[str]:
        """The marks that exclude an event from every clause."""
        return marks(self.excluded)


class DefinitionError(ValueError):
    """A definition that cannot be read; names the clause, the field and what to write."""


def definition_of(
    clauses: Iterable[object], window_days: int, excluded: Iterable[str] = (), *, confirmed: bool = False
) -> DltDefinition:
    """A definition from clauses as a study folder states them. Raises DefinitionError."""
    names = [field.name for field in fields(DltRule)]
    rules = tuple(DltRule(**{name: getattr(clause, name) for name in names}) for clause in clauses)
    if not rules:
        raise DefinitionError("the definition has no clause. Write at least one [[dlt.event]]")
    for rule in rules:
        _check(rule)
    return DltDefinition(rules, window_days, tuple(excluded), confirmed)


def _check(rule: DltRule) -> None:
    where = f"DLT clause {rule.id}"
    for grade in (rule.grade, rule.at_most_grade):
        if grade is not None and grade not in (1, 2, 3, 4, 5):
            raise DefinitionError(f"{where}: grade {grade} is not a grade. Write 1 to 5")
    if rule.at_most_grade is not None and rule.at_most_grade < rule.grade:
        raise DefinitionError(f"{where}: at_most_grade {rule.at_most_grade} is below grade {rule.grade}")
    if rule.improves_to is not None and rule.improves_to >= rule.grade:
        raise DefinitionError(f"{where}: improves_to {rule.improves_to} is no improvement on grade {rule.grade}")


def marks(texts: Iterable[str]) -> frozenset[str]:
    """The marks that sentences of exclusion stand for, found by their word; `crs_component` stands for itself."""
    found: set[str] = set()
    for text in texts:
        own = text if text in EXCLUSIONS else None
        found.add(own or next((mark for mark, word in EXCLUSIONS.items() if word in text.lower()), text))
    return frozenset(found)
