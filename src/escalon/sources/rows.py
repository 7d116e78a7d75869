"""One row of a data folder to one typed event: every cell read by its column, every mistake named."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import tzinfo
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from escalon.expressions.tree import Kind
from escalon.facts import Day, Fact, UnitError, factor, read_day, read_decimal, read_moment, read_truth, read_whole
from escalon.facts.words import not_known
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    EvaluabilityJudged,
    Event,
    FactCorrected,
    FactRecorded,
    Observation,
    SampleMeasured,
    TreatmentGiven,
)
from escalon.instruments.kit.item import Item
from escalon.instruments.kit.ranges import with_ranges
from escalon.instruments.kit.reading import ItemError, read
from escalon.kinetics.sample import Sample, SampleError, read_sample
from escalon.protocol.study import FactDefinition, FactKind, Study
from escalon.safety.adverse_event import GRADES
from escalon.safety.words import read_outcome, read_relation, read_seriousness, read_syndrome
from escalon.sources.columns import Column
from escalon.sources.tables import Row

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
FINDING: FactKind = "label"
"""A finding recorded as such, whose items are not in the data: any label or number is taken as it is written."""


class RowError(ValueError):
    """A row that cannot be used: the column, what it holds, and what to write instead."""

    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value = column, value


def read_cells(
    columns: tuple[Column, ...], row: Row, zone: tzinfo | None = None
) -> tuple[dict[str, Any], list[RowError]]:
    """The cells of a row by column, and everything that is wrong with them; a clock with an offset is moved to the zone."""
    cells: dict[str, Any] = {}
    errors: list[RowError] = []
    for column in columns:
        text = row.cells.get(column.name, "")
        if not text:
            cells[column.name] = None
            if column.required:
                errors.append(RowError(column.name, "", f"empty. Write {column.about}"))
            continue
        try:
            is_day = column.cell == "day"
            cells[column.name] = read_moment(text, zone=zone).day if is_day else _CELLS[column.cell](text)
        except ValueError as error:
            errors.append(RowError(column.name, text, str(error)))
    return cells, errors


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(f"{text!r} is not a participant code. Write letters and digits, such as P01")
    return text


_CELLS: Mapping[str, Callable[[str], Any]] = {
    "code": _code, "name": str, "text": str, "value": str, "unit": str, "number": read_decimal,
    "whole": read_whole, "truth": read_truth, "relation": read_relation, "outcome": read_outcome, "criteria": read_seriousness,
    "syndrome": read_syndrome,
}  # fmt: skip


def read_fact(study: Study, participant: str, seen: Observation, place: str) -> Fact:
    """An observation in the study's terms. Raises RowError, which names the column and says what to write instead."""
    definition = _defined(study, "fact", seen.name)
    value = _value(definition, seen.value, seen.unit, seen.confirmed)
    day, until = (_day(column, text) for column, text in (("date", seen.day), ("until", seen.until)))
    if day is None and value is not None and definition.kind in ("number", "integer", "event"):
        raise RowError("date", "", f"{definition.name} has no date. Write the day, month or year it was observed")
    if until is not None and day is not None and until.is_before(day):
        raise RowError("until", str(until), f"{until} is before {day}")
    lower, upper = (_limit(column, text) for column, text in (("lower", seen.lower), ("upper", seen.upper)))
    _limits(definition, lower, upper)
    return Fact(
        definition.name, value, day, seen.unit, _sourced(seen.source, place), participant,
        lower=lower, upper=upper, until=until, ongoing=seen.ongoing, visit=seen.visit or "", confirmed=seen.confirmed,
    )  # fmt: skip


def _day(column: str, text: str | None) -> Day | None:
    try:
        return read_day(text) if text else None
    except ValueError as error:
        raise RowError(column, text or "", str(error)) from None


def _limit(column: str, text: str | None) -> Decimal | None:
    try:
        return read_decimal(text) if text else None
    except ValueError as error:
        raise RowError(column, text or "", str(error)) from None


def _sourced(source: str | None, place: str) -> str:
    return f"{place} ({source})" if source else place


def _fact(study: Study, cells: Mapping[str, Any], place: str) -> FactRecorded:
    seen = Observation(
        name=cells["fact"],
        value=cells["value"],
        unit=cells["unit"],
        day=_text(cells["date"]),
        until=_text(cells["until"]),
        lower=_text(cells["lower"]),
        upper=_text(cells["upper"]),
        visit=cells["visit"],
        source=cells["source"] or "",
        confirmed=bool(cells["confirmed"]),
        confirmed_by=cells["confirmed_by"] or "",
        confirmed_why=cells["confirmed_why"] or "",
    )
    read_fact(study, cells["participant"], seen, place)
    return FactRecorded(participant=cells["participant"], fact=seen)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _limits(definition: FactDefinition, lower: Decimal | None, upper: Decimal | None) -> None:
    """Reference limits that can be true: a limit such as -99 is a code for «missing», and a ratio to it would pass anything."""
    if lower is not None and upper is not None and lower > upper:
        raise RowError("upper", str(upper), f"the upper limit {upper} is below the lower limit {lower}")
    positive = definition.low is not None and definition.low >= 0
    for name, limit in (("lower", lower), ("upper", upper)):
        if limit is not None and positive and (limit < 0 or (limit == 0 and name == "upper")):
            raise RowError(
                name, str(limit), f"the {name} limit {limit} is not possible. Leave it empty if it is not known"
            )


def _defined(study: Study, column: str, name: str) -> FactDefinition:
    definition = study.vocabulary.get(name)
    if definition is None and name.partition(".")[0] in (
        *study.instruments,
        *(one.partition(".")[0] for one in study.awaited),
    ):
        return FactDefinition.made(
            name=name, label=f"{name}, concluded elsewhere and recorded", kind=FINDING, group="findings"
        )
    if definition is None:
        close = get_close_matches(name, study.vocabulary, 2, 0.6)
        hint = f" Did you mean {' or '.join(close)}?" if close else " `escalon data dictionary` lists the names"
        raise RowError(column, name, f"{name!r} is not in the data dictionary.{hint}")
    return definition


def _value(definition: FactDefinition, text: str | None, unit: str | None, confirmed: bool) -> Any:
    """The recorded value, as it was written and in its own unit, once it is known to be acceptable."""
    if text is None:
        return None
    if definition.kind == FINDING and not definition.choices:
        return _recorded_finding(text)
    if definition.kind == "date":
        try:
            return str(read_day(text))
        except ValueError as error:
            raise RowError("value", text, str(error)) from None
    if definition.unit and not unit and definition.kind in ("number", "integer"):
        options = " or ".join(definition.units)
        raise RowError("unit", "", f"{definition.name} {text} has no unit. Write {options}")
    try:
        entry = read(definition.name, as_item(definition), (text, unit) if unit else text, confirmed=confirmed)
    except ItemError as error:
        column = "unit" if error.code in ("WRONG_UNIT", "UNIT_MISSING") else "value"
        raise RowError(column, unit or "" if column == "unit" else text, str(error)) from None
    if "NOT_ATTRIBUTABLE" in entry.flags:
        return "not_attributable"
    if isinstance(entry.value, bool | str) or (entry.value is None and "QUERY" not in entry.flags):
        return entry.value
    return entry.fact.value  # the number with its digits, or the interval that was written


def _recorded_finding(text: str) -> Any:
    word = text.lower()
    if word in ("yes", "no"):
        return word == "yes"
    if not_known(text) is not None:
        return None
    try:
        return read_decimal(text)
    except ValueError:
        return text


@lru_cache(maxsize=4096)
def as_item(definition: FactDefinition) -> Item:
    """A fact of the dictionary as the one reader asks for it, with the ranges of its quantity."""
    kinds = {"number": Kind.NUMBER, "integer": Kind.INTEGER, "label": Kind.LABEL}
    item = Item(
        definition.label, kinds.get(definition.kind, Kind.TRUTH), definition.low, definition.high, definition.unit,
        definition.accepts, definition.substance, definition.choices, fact=definition.name,
    )  # fmt: skip
    known = with_ranges(item)
    low, high = (
        ours if ours is not None else theirs for ours, theirs in zip(definition.doubtful, known.doubtful, strict=True)
    )
    return replace(known, doubtful=(low, high))


def _treatment(study: Study, cells: Mapping[str, Any], place: str) -> TreatmentGiven:
    name = _treatment_name(study, cells["treatment"])
    if cells["dose"] is not None and not cells["unit"]:
        raise RowError("unit", "", f"the dose {cells['dose']} has no unit. Write it as mg/week, mg/day or mg")
    if cells["dose"] is not None and cells["dose"] <= 0:
        message = (
            "a dose is above 0. If the drug was not given, write that among the facts: its name, value no, and the day"
        )
        raise RowError("dose", str(cells["dose"]), message)
    _ordered(cells)
    return TreatmentGiven(
        participant=cells["participant"],
        treatment=name,
        start=cells["start"],
        end=cells["end"],
        ongoing=bool(cells["ongoing"]),
        dose=cells["dose"],
        unit=cells["unit"] or "",
        route=cells["route"] or "",
        indication=cells["reason"] or "",
        source=cells["source"] or "",
    )


def _treatment_name(study: Study, name: str) -> str:
    members = {member for definition in study.vocabulary.values() for member in definition.members}
    if name not in members and _defined(study, "treatment", name).kind not in ("treatment", "event"):
        raise RowError("treatment", name, f"{name} is no treatment. Write a drug or procedure of the data dictionary")
    return name


def _ordered(cells: Mapping[str, Any]) -> None:
    start, end = cells["start"], cells["end"]
    if end is not None and end.is_before(start):
        raise RowError("end", str(end), f"{end} is before the start {start}")
    if end is not None and cells["ongoing"]:
        raise RowError("ongoing", "yes", f"it cannot be ongoing and have ended on {end}. Keep one of the two")


def _adverse_event(study: Study, cells: Mapping[str, Any], place: str) -> AdverseEventRecorded:
    for name, grades in (("grade", GRADES), ("baseline_grade", (0, *GRADES))):
        if cells[name] is not None and cells[name] not in grades:
            written = ", ".join(map(str, grades))
            raise RowError(
                name, str(cells[name]), f"grade {cells[name]} does not exist. Write {written}, or leave it empty"
            )
    _ordered(cells)
    if cells["aware"] is not None and (cells["aware"].is_partial or cells["aware"].is_before(cells["start"])):
        raise RowError("aware", str(cells["aware"]), "the day of awareness is a full day, not before the event's first")
    known = {name: cell for name, cell in cells.items() if cell is not None and name not in ("ongoing", "seriousness")}
    return AdverseEventRecorded(**known, ongoing=bool(cells["ongoing"]), seriousness=tuple(cells["seriousness"] or ()))


def _infusion(study: Study, cells: Mapping[str, Any], place: str) -> CellsInfused:
    levels = [level.number for level in study.dose.levels]
    if cells["level"] not in levels:
        raise RowError(
            "level", str(cells["level"]), f"there is no level {cells['level']}. Levels: {', '.join(map(str, levels))}"
        )
    if cells["date"].is_partial:
        raise RowError(
            "date", str(cells["date"]), "the day of infusion is needed in full, since the DLT window runs from it"
        )
    name = "cells_per_kg" if cells["amount"] is None else "amount"
    try:
        given = CellsInfused(
            participant=cells["participant"],
            level=cells["level"],
            on=cells["date"],
            cells_per_kg=cells["cells_per_kg"],
            amount=cells["amount"],
            unit=cells["unit"] or "",
            source=cells["source"] or "",
        )
        _dose_given(study, given)
    except ValueError as error:
        raise RowError(name, str(cells[name]), str(error)) from None
    return given


def _dose_given(study: Study, given: CellsInfused) -> None:
    """What was given is measured as the study's levels are. Raises ValueError, which says what to write."""
    if given.dose is not None:
        given.dose.as_given_in(study.dose.levels[0].amount)


def judged_in(table: str, cells: Mapping[str, Any]) -> EvaluabilityJudged | None:
    """What a person judged in the same row of `doses`: whether the participant counts."""
    if table != "doses" or cells["evaluable"] is None:
        return None
    return EvaluabilityJudged(participant=cells["participant"], is_evaluable=cells["evaluable"])


def _sample(study: Study, cells: Mapping[str, Any], place: str) -> SampleMeasured:
    row = {name: "" if value is None else str(value) for name, value in cells.items()}
    try:
        sample = read_sample(row, place)
    except SampleError as error:
        raise RowError(error.column, error.value, str(error)) from None
    _sample_unit(study, sample)
    written: dict[str, Any] = {name: text for name, text in row.items() if text}
    return SampleMeasured(**written)


def _sample_unit(study: Study, sample: Sample) -> None:
    definition = _defined(study, "analyte", sample.analyte)
    if definition.unit is None:
        return
    try:
        factor(sample.unit, definition.unit, definition.substance)
    except UnitError as error:
        if sample.unit not in definition.units:
            raise RowError("unit", sample.unit, f"{error}. Write {' or '.join(definition.units)}") from None


MAKERS: Mapping[str, Callable[[Study, Mapping[str, Any], str], Event]] = {
    "facts": _fact, "treatments": _treatment, "adverse_events": _adverse_event, "doses": _infusion, "samples": _sample,
}  # fmt: skip


def check_event(study: Study, event: Event) -> None:
    """Hold an event against the study's dictionary as its row would be: raises RowError, which names the column."""
    code = event.participant or ""
    match event:
        case FactRecorded(fact=seen) | FactCorrected(fact=seen):
            read_fact(study, code, seen, "")
        case TreatmentGiven(treatment=name):
            _treatment_name(study, name)
        case CellsInfused():
            try:
                _dose_given(study, event)
            except ValueError as error:
                raise RowError("unit", event.unit, str(error)) from None
        case SampleMeasured():
            _sample(study, {"participant": code, **event.cells}, "")
