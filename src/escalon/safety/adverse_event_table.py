"""Adverse events from a table: every cell checked, every mistake named with its line, column and what to write instead."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from escalon.facts import Day, Truth
from escalon.instruments.safety.ctcae.terms import Term, find_event
from escalon.safety.adverse_event import CAUSES, CRITERIA, AdverseEvent, Causality, GradeChange

Read = TypeVar("Read")


def read_events(
    rows: Iterable[Mapping[str, str | None]], source: str = "adverse_events.csv"
) -> tuple[AdverseEvent, ...]:
    """Events from the rows of a table; raises ValueError that names the line, the column and what to write.

    Columns: participant, term (or meddra_code), grade, onset, end, ongoing, verbatim, id, causality_<cause>, seriousness,
    serious, expected, special_interest, component_of, led_to, treatment, baseline_grade, changes. Lists are separated by `;`;
    `changes` reads `2025-03-02=1; 2025-03-04=3`.
    """
    return tuple(_event(_Row(row, f"{source}, line {line}")) for line, row in enumerate(rows, 2))


class _Row:
    """One row: cells by name, read with errors that say where they are."""

    def __init__(self, cells: Mapping[str, str | None], where: str) -> None:
        self._cells = cells
        self.where = where

    def text(self, *names: str) -> str:
        """The first of the columns that is filled."""
        return next((found for name in names if (found := (self._cells.get(name) or "").strip())), "")

    def read(self, reader: Callable[[str], Read], *names: str) -> Read:
        """A cell through a reader, its error located."""
        try:
            return reader(self.text(*names))
        except ValueError as error:
            raise self.wrong(names[0], str(error)) from None

    def wrong(self, column: str, sentence: str) -> ValueError:
        """The error of a column."""
        return ValueError(f"{self.where}, {column}: {sentence}")


def _event(row: _Row) -> AdverseEvent:
    if not row.text("participant"):
        raise row.wrong("participant", "is empty. Write whose event it is")
    term, grade = row.read(find_event, "term", "meddra_code"), row.read(_grade, "grade")
    _check_grade(row, term, grade)
    onset, end = row.read(_day, "onset"), row.read(_day, "end")
    if onset and end and end.is_before(onset) is True:
        raise row.wrong("end", f"{end} is before the onset {onset}")
    return AdverseEvent(
        participant=row.text("participant"),
        term=term,
        grade=grade,
        onset=onset,
        end=end,
        ongoing=row.read(_truth, "ongoing") is True,
        verbatim=row.text("verbatim"),
        identifier=row.text("id", "identifier"),
        causes=_causes(row),
        seriousness=frozenset(row.read(_criteria, "seriousness")),
        is_serious=row.read(_truth, "serious"),
        expected=row.read(_truth, "expected"),
        special_interest=row.text("special_interest"),
        component_of=row.text("component_of"),
        led_to=frozenset(_listed(row.text("led_to"))),
        treatment=_listed(row.text("treatment")),
        changes=row.read(_changes, "changes"),
        baseline_grade=row.read(_baseline_grade, "baseline_grade"),
        source=row.where,
    )


def _check_grade(row: _Row, term: Term, grade: int | None) -> None:
    if grade is not None and grade not in term.grades:
        has = ", ".join(map(str, term.grades))
        raise row.wrong("grade", f"«{term.name}» has no grade {grade} in CTCAE v5.0. It has {has}")


def _causes(row: _Row) -> dict[str, Causality]:
    found = {cause: row.read(_causality, f"causality_{cause}") for cause in CAUSES}
    return {cause: mark for cause, mark in found.items() if mark is not None}


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _day(text: str) -> Day | None:
    return Day.parse(text) if text else None


def _grade(text: str) -> int | None:
    if not text:
        return None
    if text not in ("1", "2", "3", "4", "5"):
        raise ValueError(f"{text!r} is not a grade. Write 1, 2, 3, 4 or 5, or leave it empty where it is not known")
    return int(text)


def _baseline_grade(text: str) -> int | None:
    return 0 if text == "0" else _grade(text)


def _truth(text: str) -> Truth:
    match text.lower():
        case "" | "unknown" | "not known" | "?":
            return None
        case "yes" | "y" | "true" | "1":
            return True
        case "no" | "n" | "false" | "0":
            return False
    raise ValueError(f"{text!r} is neither yes nor no. Write yes, no, or leave it empty where it is not known")


def _causality(text: str) -> Causality | None:
    try:
        return Causality(text.lower()) if text else None
    except ValueError:
        raise ValueError(f"{text!r} is not a causality. Write {', '.join(Causality)}") from None


def _criteria(text: str) -> tuple[str, ...]:
    found = tuple(
        part.lower().replace(" ", "_").replace("-", "_").replace("zation", "sation") for part in _listed(text)
    )
    for part in found:
        if part not in CRITERIA:
            raise ValueError(f"{part!r} is not a criterion of seriousness. Write one or more of {', '.join(CRITERIA)}")
    return found


def _changes(text: str) -> tuple[GradeChange, ...]:
    found = []
    for part in _listed(text):
        day, sign, grade = (piece.strip() for piece in part.partition("="))
        number = 0 if grade == "0" else _grade(grade)
        if not sign or number is None:
            raise ValueError(f"{part!r} is not a change of grade. Write 2025-03-02=1; 2025-03-04=3")
        found.append(GradeChange(Day.parse(day), number))
    return tuple(sorted(found, key=lambda change: (change.day.earliest, change.day.latest)))
