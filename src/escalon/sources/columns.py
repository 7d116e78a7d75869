"""The tables of a data folder, column by column: what the dictionary prints and what the check enforces."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from escalon.kinetics.sample import COLUMNS as SAMPLE_COLUMNS
from escalon.safety.words import Criterion, Outcome, Syndrome

Cell: TypeAlias = Literal[
    "code",
    "name",
    "text",
    "day",
    "number",
    "amount",
    "whole",
    "grade",
    "truth",
    "value",
    "unit",
    "relation",
    "outcome",
    "criteria",
    "syndrome",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind of cell, whether it must be filled, and what it means."""

    name: str
    cell: Cell
    about: str
    required: bool = False


PARTICIPANT = Column("participant", "code", "the participant's code, such as P01: never a name", required=True)
SOURCE = Column("source", "text", "where it was read: form, laboratory, page")

_SAMPLE_CELLS: dict[str, Cell] = {
    "participant": "code", "analyte": "name", "date": "day", "value": "value", "unit": "unit",
    **dict.fromkeys(("day", "nominal_day", "lloq", "lod", "uloq"), "amount"),
}  # fmt: skip
_NEEDED_OF_A_SAMPLE = ("participant", "analyte", "unit")

TABLES: dict[str, tuple[Column, ...]] = {
    "facts": (
        PARTICIPANT,
        Column("fact", "name", "what was observed: a name of the data dictionary", required=True),
        Column(
            "value",
            "value",
            "number, yes, no, a label, not done, not applicable; empty when it was asked and is not known",
        ),
        Column("unit", "unit", "the unit the value was recorded in; required where the dictionary gives one"),
        Column("date", "day", "the day it was observed: 2025-03-14, or 2025-03 or 2025 if that is all that is known"),
        SOURCE,
        Column("visit", "text", "the visit it belongs to; facts of one visit are scored together"),
        Column("lower", "amount", "the laboratory's lower limit of normal, in the same unit"),
        Column("upper", "amount", "the laboratory's upper limit of normal, in the same unit"),
        Column("until", "day", "the last day, for something that lasted"),
        Column("confirmed", "truth", "yes lets a value count that is outside what is expected: somebody looked again"),
        Column("confirmed_by", "text", "who confirmed it"),
        Column("confirmed_why", "text", "why it stands"),
        Column("why", "text", "why there is no value, where it is not known, not done or not applicable"),
        Column("attested", "truth", "yes if it was said of all that were left unmarked, by one statement"),
        Column("typed", "text", "when it was first typed, where that was before it was recorded"),
    ),
    "treatments": (
        PARTICIPANT,
        Column("treatment", "name", "the drug or procedure: a name of the data dictionary", required=True),
        Column("start", "day", "the first day", required=True),
        Column("end", "day", "the last day"),
        Column("ongoing", "truth", "yes if it had not ended when this was written"),
        Column("dose", "number", "the dose, if one applies"),
        Column("unit", "unit", "the unit of the dose, such as mg/week; required with a dose"),
        Column("route", "text", "oral, intravenous, …"),
        Column("reason", "text", "why it was given"),
        SOURCE,
    ),
    "adverse_events": (
        PARTICIPANT,
        Column("term", "text", "the event, as a CTCAE v5.0 term or CRS, ICANS, IEC-HS", required=True),
        Column("grade", "grade", "1–5, the highest over this line; empty while nobody has graded it, which is never 0"),
        Column("start", "day", "the first day", required=True),
        Column("end", "day", "the last day"),
        Column("ongoing", "truth", "yes if it had not ended when this was written"),
        Column("serious", "truth", "yes if it meets any criterion of ICH E2A"),
        Column(
            "seriousness", "criteria", f"which criteria of ICH E2A it meets: {', '.join(Criterion)}; several apart by ;"
        ),
        Column("related", "relation", "yes if a causal relation to the cells is possible or more; or the scale itself"),
        Column("dlt", "truth", "adjudicated as dose-limiting: yes or no; empty while nobody has decided"),
        Column("expected", "truth", "yes if the reference safety information lists it at this severity"),
        Column("aware", "day", "the day the sponsor learned of it, in full: reporting clocks run from it"),
        Column(
            "component_of", "syndrome", "the syndrome it is a part of and not counted beside: " + ", ".join(Syndrome)
        ),
        Column("baseline_grade", "grade", "the grade before lymphodepletion, 0 where it was not there"),
        Column("outcome", "outcome", ", ".join(Outcome)),
        Column("action", "text", "what was done"),
        Column("description", "text", "the verbatim words"),
        Column("id", "text", "a number of the event, if it has one; lines of one number are one event"),
        SOURCE,
    ),
    "doses": (
        PARTICIPANT,
        Column("level", "whole", "the dose level assigned: its number in the study", required=True),
        Column("date", "day", "the day of infusion, in full", required=True),
        Column("amount", "number", "what was really given, in the unit beside it: that of the study's levels"),
        Column("unit", "unit", "the unit of the amount: cells, cells/kg, mg, mg/kg, mg/m2; required with an amount"),
        Column("cells_per_kg", "number", "instead of amount and unit: viable CAR-positive cells really given, per kg"),
        Column("evaluable", "truth", "no takes the participant out of the DLT count; empty leaves it to the rule"),
        SOURCE,
    ),
    "samples": tuple(
        Column(name, _SAMPLE_CELLS.get(name, "text"), about, name in _NEEDED_OF_A_SAMPLE)
        for name, about in SAMPLE_COLUMNS.items()
    ),
}
