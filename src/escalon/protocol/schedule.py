"""Visits, periods and outcomes. Day 0 is the infusion."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from escalon.protocol.tables import SEVERAL, DayNumber, Free, Id, Name, Said, Table, Text, Words


class Period(Table):
    """A named stretch of the study's days, both ends included; `None` leaves that side open. Day 0 is the infusion."""

    id: Id
    name: Text
    group: Literal["surveillance", "reporting"]
    """`surveillance` (what to expect when) or `reporting` (how adverse events are counted)."""
    first_day: DayNumber | None = None
    last_day: DayNumber | None = None
    starts_at: Name | None = None
    """An anchor, where the period starts with an event that has no fixed day (`lymphodepletion`)."""
    expects: tuple[Text, ...] = ()


class Visit(Table):
    """A visit: its day counted from the infusion (day 0), the days it may move, and what is measured there."""

    id: Id
    name: Text
    day: DayNumber
    earliest: DayNumber
    latest: DayNumber
    measures: tuple[Name, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _fixed(cls, table: Any) -> Any:
        """A visit without a window lies on its day."""
        if not isinstance(table, dict):
            return table
        day = table.get("day", 0)
        return {"earliest": day, "latest": day} | table


class Endpoint(Table):
    """An outcome of the record: whose, which measure, compared how, at which visits. Baseline is the study's."""

    id: Id
    role: Literal["primary", "secondary"]
    title: Text
    says: Words = Said()
    among: Text = "treated"
    """`treated`, or `treated and disease is RA`."""
    measure: Annotated[tuple[Name, ...], SEVERAL, Field(min_length=1)]
    compare: Literal["value", "change from baseline", "response", "events", "course"]
    at: tuple[Id, ...] = ()
    unit: Text | None = None
    better: Literal["lower", "higher", "neither"] = "neither"
    notes: Free = ""

    @property
    def diseases(self) -> tuple[str, ...]:
        """The diseases it is limited to; none means all."""
        _, _, limit = self.among.partition(" disease is ")
        listed = limit.removeprefix("one of").strip(" ()")
        return tuple(part.strip() for part in listed.split(",") if part.strip())
