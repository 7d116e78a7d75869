"""What a person should look at in a row that is used: a day that cannot belong to the trial, a grade that does not exist."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from escalon.facts import Day, ReadError, read_moment, read_value
from escalon.history.events import Observation
from escalon.instruments.safety.ctcae.terms import question_about
from escalon.protocol.study import Study
from escalon.sources.columns import Column
from escalon.sources.frame import zone_of
from escalon.sources.rows import RowError, as_item
from escalon.sources.tables import Row

ZEROS = frozenset({date(1900, 1, 1), date(1904, 1, 1), date(1960, 1, 1), date(1970, 1, 1), date(2099, 12, 31)})
"""The first days of Excel, SAS and Unix, and a last one: what a program writes where no date was entered."""


def doubts(
    study: Study, table: str, columns: tuple[Column, ...], row: Row, cells: Mapping[str, Any]
) -> Iterator[RowError]:
    """Each doubt with its column; the row is used all the same."""
    zone = zone_of(study)
    today = datetime.now(zone).date()
    for column in columns:
        text = row.cells.get(column.name, "")
        if column.cell == "day" and text:
            yield from _of_a_day(column.name, text, cells[column.name], read_moment(text, zone=zone).note, today)
    if table == "adverse_events" and (asked := question_about(cells["term"], cells["grade"])):
        stop = "" if asked.endswith("?") else "."
        yield RowError("term", cells["term"], f"{asked}{stop} The event is kept and judged by its grade")
    if table == "facts" and cells["value"]:
        yield from _of_a_value(study, cells)


def held(study: Study, seen: Observation) -> str:
    """Why a value is not used until somebody confirms it: it lies outside what a body has. Empty where nothing holds it."""
    definition = study.vocabulary.get(seen.name)
    if definition is None or definition.kind not in ("number", "integer") or not seen.value or seen.confirmed:
        return ""
    try:
        return read_value(as_item(definition), seen.value, seen.unit, name=seen.name).flags.get("QUERY", "")
    except ReadError:
        return ""


def _of_a_day(column: str, text: str, day: Day | None, moved: str, today: date) -> Iterator[RowError]:
    if moved:
        yield RowError(column, text, f"{moved}, and counts as that day")
    if day is not None and day.earliest > today:
        yield RowError(column, text, f"{day} is yet to come. Correct the date")
    elif day is not None and not day.is_partial and day.earliest in ZEROS:
        yield RowError(
            column, text, f"{day} is what a program writes where no date was entered. Correct it or leave it empty"
        )


def _of_a_value(study: Study, cells: Mapping[str, Any]) -> Iterator[RowError]:
    definition = study.vocabulary.get(cells["fact"])
    if definition is None or definition.kind not in ("number", "integer"):
        return
    try:
        found = read_value(
            as_item(definition), cells["value"], cells["unit"], name=cells["fact"], confirmed=bool(cells["confirmed"])
        )
    except ReadError:
        return
    said = [found.flags[code] for code in ("QUERY", "DOUBTFUL", "CONFIRMED") if code in found.flags]
    yield from (
        RowError("value", cells["value"], one.replace(f"(confirm={cells['fact']})", "(confirmed: yes)")) for one in said
    )
