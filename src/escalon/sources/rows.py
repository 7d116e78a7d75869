"""One row of a data folder to one typed event: every cell read by its column, every mistake named."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache, partial
from sys import intern
from typing import Any

from escalon.facts import Day, UnitError, factor, read_decimal, read_moment, read_truth, read_whole
from escalon.facts.number import thousands
from escalon.facts.reading import is_of_grams
from escalon.facts.words import key, not_known
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    EvaluabilityJudged,
    Event,
    FactCorrected,
    FactRecorded,
    NothingToReport,
    Observation,
    SampleMeasured,
    TreatmentGiven,
)
from escalon.history.events.event import PARTICIPANT_CODE
from escalon.instruments.kit.reading import RECORDED_ANSWER
from escalon.instruments.safety.ctcae.terms import question_about
from escalon.kinetics.sample import Sample, SampleError, read_sample
from escalon.protocol.study import Study
from escalon.safety.adverse_event import GRADES
from escalon.safety.words import read_grade, read_outcome, read_relation, read_seriousness, read_syndrome
from escalon.sources.columns import Column
from escalon.sources.observed import KEPT, Dictionary, RowError
from escalon.sources.written import Row


class CellReader:
    """The reader of one table's cells: each text of a column is read once, however many rows hold it."""

    def __init__(self, columns: tuple[Column, ...], header: Collection[str], zone: tzinfo | None = None) -> None:
        self.columns = [column for column in columns if column.name in header]
        self._empty: dict[str, Any] = dict.fromkeys(column.name for column in columns)
        self._readers = [(column, lru_cache(maxsize=KEPT)(_reader(column, zone))) for column in self.columns]
        self._reader_of = {column.name: reader for column, reader in self._readers}
        self._note = lru_cache(maxsize=KEPT)(partial(doubts_of_a_day, datetime.now(zone).date(), zone))
        self._days = [column.name for column in self.columns if column.cell == "day"]

    def read(self, row: Row) -> tuple[dict[str, Any], list[RowError]]:
        """The cells of a row by column, and everything wrong with them; a clock with an offset is moved to the zone."""
        cells = self._empty.copy()
        errors: list[RowError] = []
        written = row.cells
        for column, reader in self._readers:
            if text := written.get(column.name):
                try:
                    cells[column.name] = reader(text)
                except ValueError as error:
                    errors.append(RowError(column.name, text, str(error)))
                    continue
            if column.required and cells[column.name] is None:
                errors.append(RowError(column.name, "", f"empty. Write {column.about}"))
        return cells, errors

    def is_plain(self, name: str, text: str) -> bool:
        """Whether the text of a column can be read, says something, and nothing is to be said of it."""
        try:
            return self._reader_of[name](text) is not None and not (name in self._days and self._note(text))
        except ValueError:
            return False

    def doubts(self, row: Row) -> list[RowError]:
        """What a person should look at in the days of a row that can be read."""
        return [
            RowError(name, text, said)
            for name in self._days
            if (text := row.cells.get(name))
            for said in self._note(text)
        ]


def _reader(column: Column, zone: tzinfo | None) -> Callable[[str], Any]:
    """The reader of a column's cells; what only says that nothing is known (`NA`) is empty in a day, a number or a unit."""
    if column.cell == "day":
        read_day = _end if column.name == "end" else _day
        return lambda text: None if not_known(text) else read_day(text, zone)
    read = _CELLS[column.cell]
    if column.cell in ("number", "whole", "unit"):
        return lambda text: None if not_known(text) else read(text)
    return read


def _day(text: str, zone: tzinfo | None) -> Day:
    return read_moment(text, zone=zone).day


def _end(text: str, zone: tzinfo | None) -> Day:
    if key(text) in _STILL:
        raise ValueError(f"{text!r} is no date. Leave it empty, and write yes in the column ongoing")
    return _day(text, zone)


_STILL = frozenset("ongoing continuing continues continued persisting present current 持续 进行中 99991231".split())


ZEROS = frozenset({date(1900, 1, 1), date(1904, 1, 1), date(1960, 1, 1), date(1970, 1, 1), date(2099, 12, 31)})
"""The first days of Excel, SAS and Unix, and a last one: what a program writes where no date was entered."""


_LIFE = 122
"""Years; the longest life on record (Jeanne Calment, 1875 to 1997)."""


def doubts_of_a_day(today: date, zone: tzinfo | None, text: str) -> tuple[str, ...]:
    """What a person should look at in a day that can be read: one yet to come or too long ago, or one for none."""
    if not_known(text):
        return ()
    moment = read_moment(text, zone=zone)
    day = moment.day
    said = [f"{moment.note}, and counts as that day"] if moment.note else []
    if day.earliest > today:
        said.append(f"{day} is yet to come. Correct the date")
    elif not day.is_partial and day.earliest in ZEROS:
        said.append(f"{day} is what a program writes where no date was entered. Correct it or leave it empty")
    elif day.latest.year < today.year - _LIFE:
        said.append(f"{day} is longer ago than anybody lives. Correct the date")
    return tuple(said)


def _code(text: str) -> str:
    if not PARTICIPANT_CODE.fullmatch(text) or not_known(text):
        raise ValueError(
            f"{text!r} is not a participant code. Write letters and digits, such as P01, with . _ or - inside, "
            "32 characters at most"
        )
    return text


_CELLS: Mapping[str, Callable[[str], Any]] = {
    "code": _code, "name": str, "text": str, "value": str, "unit": str, "number": read_decimal, "amount": str,
    "whole": read_whole, "grade": read_grade, "truth": read_truth, "relation": read_relation, "outcome": read_outcome,
    "criteria": read_seriousness, "syndrome": read_syndrome,
}  # fmt: skip


def _fact(dictionary: Dictionary, cells: Mapping[str, Any], place: str) -> FactRecorded:
    seen = observation(cells)
    dictionary.check(seen)
    return FactRecorded(participant=cells["participant"], fact=seen)


def observation(cells: Mapping[str, Any]) -> Observation:
    """What a row of `facts` says was observed, its cells read."""
    return Observation(
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
        why=cells["why"] or "",
        attested=bool(cells["attested"]),
        typed=cells["typed"] or "",
    )


def _text(value: object) -> str | None:
    return None if value is None else intern(str(value))


def _treatment(dictionary: Dictionary, cells: Mapping[str, Any], place: str) -> TreatmentGiven:
    name = _treatment_name(dictionary, cells["treatment"])
    _check_dose(cells["dose"], cells["unit"])
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


def _check_dose(dose: Decimal | None, unit: str | None) -> None:
    if dose is not None and not unit:
        raise RowError("unit", "", f"the dose {dose} has no unit. Write it as mg/week, mg/day or mg")
    if dose is not None and dose <= 0:
        message = (
            "a dose is above 0. If the drug was not given, write that among the facts: its name, value no, and the day"
        )
        raise RowError("dose", str(dose), message)
    if dose is not None and (joined := thousands(f"{dose:f}")) and is_of_grams(joined, unit):
        said = f"{dose} {unit} would be {joined} if its point parted thousands. Write {joined}, or {dose.normalize():f}"
        raise RowError("dose", str(dose), said)


def _treatment_name(dictionary: Dictionary, name: str) -> str:
    members = {member for definition in dictionary.study.vocabulary.values() for member in definition.members}
    if name not in members and dictionary.named("treatment", name).kind not in ("treatment", "event"):
        raise RowError("treatment", name, f"{name} is no treatment. Write a drug or procedure of the data dictionary")
    return name


def _ordered(cells: Mapping[str, Any]) -> None:
    start, end = cells["start"], cells["end"]
    if end is not None and start is not None and end.is_before(start):
        raise RowError("end", str(end), f"{end} is before the start {start}")
    if end is not None and cells["ongoing"]:
        raise RowError("ongoing", "yes", f"it cannot be ongoing and have ended on {end}. Keep one of the two")


def _adverse_event(dictionary: Dictionary, cells: Mapping[str, Any], place: str) -> AdverseEventRecorded:
    for name, grades in (("grade", GRADES), ("baseline_grade", (0, *GRADES))):
        if cells[name] is not None and cells[name] not in grades:
            written = ", ".join(map(str, grades))
            raise RowError(
                name, str(cells[name]), f"grade {cells[name]} does not exist. Write {written}, or leave it empty"
            )
    _ordered(cells)
    _aware(cells["aware"], cells["start"])
    known = {name: cell for name, cell in cells.items() if cell is not None and name not in ("ongoing", "seriousness")}
    return AdverseEventRecorded(**known, ongoing=bool(cells["ongoing"]), seriousness=tuple(cells["seriousness"] or ()))


def _aware(aware: Day | None, start: Day | None) -> None:
    if aware is not None and (aware.is_partial or (start is not None and aware.is_before(start))):
        raise RowError("aware", str(aware), "the day of awareness is a full day, not before the event's first")


def _infusion(dictionary: Dictionary, cells: Mapping[str, Any], place: str) -> CellsInfused:
    _planned(dictionary.study, cells["level"])
    _full_day(cells["date"])
    name = "cells_per_kg" if cells["amount"] is None else "amount"
    try:
        given = CellsInfused(
            participant=cells["participant"],
            level=cells["level"],
            on=cells["date"],
            cells_per_kg=cells["cells_per_kg"],
            amount=cells["amount"],
            unit=cells["unit"] or "",
            product=cells["product"] or "",
            source=cells["source"] or "",
        )
        _dose_given(dictionary.study, given)
    except ValueError as error:
        raise RowError(name, str(cells[name]), str(error)) from None
    return given


def _planned(study: Study, level: int) -> None:
    levels = [one.number for one in study.dose.levels]
    if level not in levels:
        raise RowError("level", str(level), f"there is no level {level}. Levels: {', '.join(map(str, levels))}")


def _full_day(infused: Day) -> None:
    if infused.is_partial:
        raise RowError("date", str(infused), "the day of infusion is needed in full, since the DLT window runs from it")


def _dose_given(study: Study, given: CellsInfused) -> None:
    """What was given is measured as the study's levels are, and cells are whole. Raises ValueError, which says what to write."""
    written = given.amount if given.cells_per_kg is None else given.cells_per_kg
    joined = thousands(f"{written:f}") if written is not None and (given.unit or "cells").startswith("cell") else None
    if joined:
        raise ValueError(f"{written} would be {joined} if its point parted thousands. Write {joined}, or {written:.0f}")
    if given.dose is not None:
        given.dose.as_given_in(study.dose.levels[0].amount)


def judged_in(table: str, cells: Mapping[str, Any]) -> EvaluabilityJudged | None:
    """What a person judged in the same row of `doses`: whether the participant counts."""
    if table != "doses" or cells["evaluable"] is None:
        return None
    return EvaluabilityJudged(participant=cells["participant"], is_evaluable=cells["evaluable"])


def _sample(dictionary: Dictionary, cells: Mapping[str, Any], place: str) -> SampleMeasured:
    row = {name: "" if value is None else str(value) for name, value in cells.items()}
    try:
        sample = read_sample(row, place)
    except SampleError as error:
        raise RowError(error.column, error.value, str(error)) from None
    check_sample(dictionary, sample)
    written: dict[str, Any] = {name: text for name, text in row.items() if text}
    return SampleMeasured(**written)


def check_sample(dictionary: Dictionary, sample: Sample) -> None:
    """Hold a sample against the study's dictionary: an analyte and a unit that it has. Raises RowError."""
    definition = dictionary.named("analyte", sample.analyte)
    if definition.unit is None:
        return
    try:
        factor(sample.unit, definition.unit, definition.substance)
    except UnitError as error:
        if sample.unit not in definition.units:
            raise RowError("unit", sample.unit, f"{error}. Write {' or '.join(definition.units)}") from None


MAKERS: Mapping[str, Callable[[Dictionary, Mapping[str, Any], str], Event]] = {
    "facts": _fact, "treatments": _treatment, "adverse_events": _adverse_event, "doses": _infusion, "samples": _sample,
}  # fmt: skip


def doubts(dictionary: Dictionary, event: Event) -> Iterator[RowError]:
    """What a person should look at in a row that is used: a value outside the usual, a term or grade that does not exist."""
    match event:
        case AdverseEventRecorded(term=term) if term.casefold() in _own_scales(dictionary.study):
            return  # graded by the scale that the study names
        case AdverseEventRecorded(term=term, grade=grade) if asked := question_about(term, grade):
            stop = "" if asked.endswith(("?", ".")) else "."
            yield RowError("term", term, f"{asked}{stop} The event is kept and judged by its grade")
        case FactRecorded(fact=seen):
            says = dictionary.value(seen).says
            for said in says:
                yield RowError("value", seen.value or "", said.replace(f"(confirm={seen.name})", RECORDED_ANSWER))
            if seen.value in FILLERS and not says:
                yield RowError("value", seen.value, f"{seen.name} {seen.value} {_FILLED}")
        case SampleMeasured(day=str() as day) if day.lstrip("-") in FILLERS:
            yield RowError("day", day, f"day {day} {_FILLED}")


def _own_scales(study: Study) -> Collection[str]:
    """The terms of the study's toxicity clauses that are graded by a scale of their own (`graded_by`)."""
    return {term.casefold() for one in (study.dlt.events if study.dlt else ()) if one.graded_by for term in one.term}


FILLERS = frozenset({"999", "9999", "99999", "999.9", "9999.9"})
"""What forms and statistical packages write where nothing was measured; 9 and 99 are too often true to ask about."""
_FILLED = "is what programs write where nothing was measured. If it is that, leave the value empty"


def check_event(dictionary: Dictionary, event: Event) -> None:
    """Hold an event against the study's dictionary as its row would be: raises RowError, which names the column."""
    code = event.participant or ""
    match event:
        case FactRecorded(fact=seen) | FactCorrected(fact=seen):
            dictionary.check(seen)
        case TreatmentGiven():
            _treatment_name(dictionary, event.treatment)
            _check_dose(event.dose, event.unit)
        case NothingToReport(table=table) if table not in MAKERS:
            raise RowError("table", table, f"there is no table {table}. Write one of {', '.join(MAKERS)}")
        case AdverseEventRecorded(aware=aware, start=start):
            _ordered(vars(event))
            _aware(aware, start)
            if start is None:
                raise RowError("start", "", "empty. Write the first day")
        case CellsInfused():
            _planned(dictionary.study, event.level)
            if event.on is not None:
                _full_day(event.on)
            try:
                _dose_given(dictionary.study, event)
            except ValueError as error:
                raise RowError("unit", event.unit, str(error)) from None
        case SampleMeasured():
            _sample(dictionary, {"participant": code, **event.cells}, "")
