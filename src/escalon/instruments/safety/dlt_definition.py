"""The study's definition of a dose-limiting toxicity, as data.

The usual list of CAR-T trials given here is a proposal to be confirmed by the sponsor (query Q-DLT); every threshold is a
parameter.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from escalon.facts import Duration

EXCLUSIONS = {
    "lymphodepletion_only": "due to lymphodepletion alone and resolved before infusion",
    "disease_flare": "flare of the underlying disease",
    "infection_at_enrolment": "explained by an infection present at enrolment",
}


@dataclass(frozen=True, slots=True)
class DltRule:
    """One line of a definition. Fields left empty do not restrict.

    `event` is a kind (`CRS`, `ICANS`, `IEC-HS`), a CTCAE term, a class, `non_haematological` or `any`. With `lasting`, the
    grade must not improve to `improving_to` within that time. With `by_day`, a blood count at `grade` or worse must recover to
    `improving_to` by that day after infusion.
    """

    identifier: str
    says: str
    event: str
    grade: int
    lasting: str = ""
    improving_to: int | None = None
    by_day: int | None = None
    related: bool = False
    exceptions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DltDefinition:
    """A study's definition: its rules, its window in days from infusion, and what is excluded."""

    rules: tuple[DltRule, ...]
    window_days: int = 28
    excluded: frozenset[str] = frozenset(EXCLUSIONS)
    unconfirmed: str = ""


USUAL = DltDefinition(
    rules=(
        DltRule("DLT-1a", "CRS grade 4 or more", "CRS", 4),
        DltRule("DLT-1b", "CRS grade 3 not improving to 2 within 72 hours", "CRS", 3, "72 hours", 2),
        DltRule("DLT-2a", "ICANS grade 4 or more", "ICANS", 4),
        DltRule("DLT-2b", "ICANS grade 3 not improving to 2 within 72 hours", "ICANS", 3, "72 hours", 2),
        DltRule(
            "DLT-3",
            "related non-haematological toxicity of grade 3 or more lasting longer than 7 days",
            "non_haematological", 3, "7 days", 2, related=True, exceptions=frozenset({"Fever", "CRS", "ICANS"}),
        ),
        DltRule(
            "DLT-4a", "neutrophils at grade 4 not recovered to 3 by day 28",
            "Neutrophil count decreased", 4, improving_to=3, by_day=28,
        ),
        DltRule(
            "DLT-4b", "platelets at grade 4 not recovered to 3 by day 28",
            "Platelet count decreased", 4, improving_to=3, by_day=28,
        ),
        DltRule("DLT-5", "related death", "any", 5, related=True),
        DltRule("DLT-6", "IEC-HS grade 3 or more", "IEC-HS", 3),
    ),
    unconfirmed="usual list of CAR-T trials, not of this trial: the sponsor must confirm it (Q-DLT)",
)  # fmt: skip


class DefinitionError(ValueError):
    """A definition that cannot be read; names the rule, the field and what to write."""


def read_definition(data: Mapping[str, Any]) -> DltDefinition:
    """A definition from a study's data: `window_days`, `excluded`, and `rule` entries with the fields of `DltRule`.

    Raises DefinitionError.
    """
    names = {"identifier": "id", "exceptions": "except"}
    known = {names.get(name, name) for name in DltRule.__dataclass_fields__}
    rules = []
    for entry in data.get("rule", ()):
        where = f"DLT rule {entry.get('id', '?')}"
        strange = set(entry) - known
        if strange:
            raise DefinitionError(
                f"{where}: {', '.join(sorted(strange))} is not a field. Fields: {', '.join(sorted(known))}"
            )
        lacking = {"id", "says", "event", "grade"} - set(entry)
        if lacking:
            raise DefinitionError(f"{where}: {', '.join(sorted(lacking))} is missing")
        back = {"id": "identifier", "except": "exceptions"}
        fields = {back.get(name, name): value for name, value in entry.items()}
        rule = DltRule(**fields | {"exceptions": frozenset(fields.get("exceptions", ()))})
        _check(rule, where)
        rules.append(rule)
    excluded = frozenset(data.get("excluded", EXCLUSIONS))
    if excluded - set(EXCLUSIONS):
        raise DefinitionError(
            f"excluded: {', '.join(sorted(excluded - set(EXCLUSIONS)))}. Known: {', '.join(EXCLUSIONS)}"
        )
    if not rules:
        raise DefinitionError("the definition has no rule. Write at least one [[dlt.rule]]")
    return DltDefinition(tuple(rules), int(data.get("window_days", 28)), excluded, str(data.get("unconfirmed", "")))


def _check(rule: DltRule, where: str) -> None:
    if rule.grade not in (1, 2, 3, 4, 5):
        raise DefinitionError(f"{where}: grade {rule.grade} is not a grade. Write 1 to 5")
    if rule.lasting:
        try:
            duration(rule.lasting)
        except ValueError as error:
            raise DefinitionError(f"{where}: lasting: {error}") from None
    if (rule.lasting or rule.by_day is not None) and rule.improving_to is None:
        raise DefinitionError(f"{where}: improving_to is missing. Write the grade it must improve to, such as 2")


def duration(text: str) -> timedelta:
    """Read `72 hours`, `7 days` or `2 weeks`."""
    number, _, unit = text.strip().partition(" ")
    if unit.rstrip("s") in ("hour", "h") and number.isdigit():
        return timedelta(hours=int(number))
    found = Duration.parse(text)
    if found.unit not in ("day", "week"):
        raise ValueError(f"{text!r}: write hours, days or weeks, such as 72 hours")
    return timedelta(days=found.number * (7 if found.unit == "week" else 1))


def definition_digest(definition: DltDefinition) -> str:
    """A fingerprint of a definition: what a changed threshold changes."""
    return fingerprint(asdict(definition))


def fingerprint(value: Any) -> str:
    """A digest of plain data, the same for the same content."""

    def plain(part: Any) -> Any:
        return sorted(part) if isinstance(part, set | frozenset) else str(part)

    return hashlib.sha256(json.dumps(value, default=plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
