"""The worksheet of infusion day on paper: as prepared, or blank for where the server cannot be reached."""

from __future__ import annotations

from escalon.conduct.judge.dose_day import infusion_of, measured_of, steps_of, waits_for_second
from escalon.facts import Finding, Status
from escalon.history import Course, Current
from escalon.history.events import DosePrepared
from escalon.instruments.product.infusion import Bag
from escalon.reporting import html
from escalon.reporting.infusion_worksheet import Heading, worksheet
from escalon.web.desk import Desk, NoSuchPage
from escalon.web.pages.infusion import level_of, level_words
from escalon.web.printed import Printed
from escalon.web.registry import page


@page("/participants/{code}/infusion/worksheet")
def infusion_sheet(desk: Desk, code: str, blank: bool = False) -> Printed:
    """The worksheet to print: as prepared, or blank for paper, to be entered later with both times."""
    course = desk.course(code)
    if not desk.study.gives_cells:
        raise NoSuchPage("this study gives no cells, and its dose has no worksheet of cells")
    level = level_of(course)
    prepared = course.prepared
    if prepared and waits_for_second(course, prepared, desk.account):
        blank = True
    return Printed(_sheet(desk, course, level, None if blank else prepared))


def _sheet(desk: Desk, course: Course, level: int | None, prepared: Current[DosePrepared] | None) -> str:
    number = level if level is not None else desk.study.dose.levels[0].number
    heading = Heading(
        desk.study.id, course.code, f"level {level}: {level_words(desk, level)}" if level is not None else "level …",
        desk.today.isoformat() if prepared else "", prepared.event.product if prepared else "",
        desk.trial.synthetic, desk.study.version,
    )  # fmt: skip
    if prepared is not None:
        event = prepared.event
        bag = Bag(event.cells_per_ml, event.viability, event.car_fraction, volume=event.bag_ml)
        planned = infusion_of(desk.study, event.level, measured_of(event))
    else:
        empty = Finding("dosing_weight", None, Status.MISSING, unit="kg", missing=("weight",))
        bag = Bag()
        planned = steps_of(desk.study, number, bag, empty)
    return html.page(worksheet(heading, bag, planned))
