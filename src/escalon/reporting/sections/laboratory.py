"""T5-5: how laboratory grades moved from before treatment to the worst after infusion."""

from datetime import date

from escalon.instruments.safety.ctcae.results import GradedResult, worst_by_term
from escalon.reporting.build import Made, heads, row, slug
from escalon.reporting.document import Cell, RowKind, Table, TableRow
from escalon.reporting.grounds import of_fact
from escalon.reporting.view import View

GRADES = (0, 1, 2, 3, 4)
Shift = tuple[GradedResult | None, GradedResult | None]
"""The grade before treatment and the worst after infusion; None where there is none."""


def laboratory_shift(view: View) -> Table:
    """For each term that anybody has a graded result of: baseline grade by worst grade, with who was not tested after."""
    rows: list[TableRow] = []
    for term, people in sorted(shifts(view).items()):
        tested = sum(worst is not None for _, worst in people.values())
        rows.append(row(slug(term), f"{term}: {tested} tested after", *(None for _ in range(7)), kind=RowKind.HEAD))
        for grade in (*GRADES, None):
            here = {code: shift for code, shift in people.items() if (shift[0].grade if shift[0] else None) == grade}
            if here:
                rows.append(_row(f"{slug(term)}.{'none' if grade is None else grade}", grade, here))
    columns = heads(
        "term=term, and grade before treatment|40",
        "people=participants>",
        *(f"g{one}=grade {one}>" for one in GRADES),
        "untested=not tested>",
    )
    notes = (
        "Worst grade from the day of infusion to the cut-off by CTCAE v5.0, from the number alone; a result without the limit it "
        "needs has no grade and is not counted.",
        "A laboratory grade is not an adverse event: that is a separate, recorded decision.",
    )
    title = "Laboratory: grade before treatment by worst grade after"
    return Table("T5-5", title, columns, tuple(rows), "everybody infused", notes)


def shifts(view: View) -> dict[str, dict[str, Shift]]:
    """By term and participant the grade before treatment and the worst after infusion."""
    results = view.laboratory
    terms = sorted({one.term for some in results.values() for one in some if one.grade is not None})
    found: dict[str, dict[str, Shift]] = {term: {} for term in terms}
    for person in view.population:
        mine = results[person.participant]
        worst = worst_by_term(mine, person.infusion, view.cutoff.latest)
        start = person.lymphodepletion or person.infusion
        for term in terms:
            before = [one for one in mine if one.term == term and one.grade is not None and _is_before(one, start)]
            found[term][person.participant] = (before[-1] if before else None, worst.get(term))
    return found


def _is_before(one: GradedResult, start: date) -> bool:
    day = one.fact.day
    return day is not None and not day.is_partial and day.earliest < start


def _row(key: str, grade: int | None, here: dict[str, Shift]) -> TableRow:
    cells: list[Made] = []
    for wanted in GRADES:
        cells.append(
            _people({code: one for code, one in here.items() if one[1] is not None and one[1].grade == wanted})
        )
    untested = _people({code: one for code, one in here.items() if one[1] is None})
    label = "not graded" if grade is None else f"grade {grade}"
    return row(key, label, _people(here), *cells, untested, kind=RowKind.UNDER)


def _people(some: dict[str, Shift]) -> Cell:
    """How many, and the result before and the worst after of each."""
    grounds = (of_fact(one.fact, code) for code, shift in some.items() for one in shift if one is not None)
    return Cell(str(len(some)), len(some), tuple(grounds))
