"""Laboratory grades after infusion: for each CTCAE term, how many participants had each grade as their worst."""

from collections.abc import Sequence
from datetime import date

from escalon.history import Trial
from escalon.instruments.safety.ctcae.results import GradedResult, grade_results, worst_by_term
from escalon.reporting.tables.grid import Grid
from escalon.safety.counting import Treated

GRADES = (0, 1, 2, 3, 4)


def laboratory_grid(trial: Trial, population: Sequence[Treated], cutoff: date) -> Grid:
    """One row per term that anybody has a graded result of from the day of infusion to the cut-off."""
    worst = [
        worst_by_term(
            grade_results(trial.facts_of(one.participant), one.lymphodepletion or one.infusion), one.infusion, cutoff
        )
        for one in population
    ]
    terms = sorted({term for mine in worst for term in mine})
    rows = tuple((term, *_row(term, worst)) for term in terms)
    columns = ("term", "participants tested", *(f"grade {grade}" for grade in GRADES))
    notes = (
        "Worst grade by CTCAE v5.0 from the number alone; a result without the limit it needs is not graded and not counted.",
        "A laboratory grade is not an adverse event: that is a separate, recorded decision.",
    )
    return Grid("Laboratory results after infusion, by worst grade", columns, rows, notes, frozenset({"term"}))


def _row(term: str, worst: Sequence[dict[str, GradedResult]]) -> tuple[str, ...]:
    found = [mine[term].grade for mine in worst if term in mine]
    return str(len(found)), *(str(found.count(grade)) for grade in GRADES)
