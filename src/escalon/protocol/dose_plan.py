"""The dose levels, the rule by which they are climbed and what it counts, lymphodepletion, dose-limiting toxicity."""

from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from escalon.instruments.product.dose import DoseAmount, dose_unit
from escalon.protocol.tables import (
    Clock,
    DayNumber,
    Days,
    Free,
    Id,
    Limit,
    Name,
    Percent,
    Said,
    Table,
    Text,
    Words,
    as_read,
    known,
)

OffDose: TypeAlias = Literal["exclude unless DLT", "count", "as treated"]
Retreatment: TypeAlias = Literal["not planned", "not counted", "counted"]
WindowReview: TypeAlias = Literal["required", "not required"]


def _stopping(value: object) -> Any:
    from escalon.escalation.stopping import StopAt, stopping_rule

    return value if isinstance(value, StopAt) else stopping_rule(str(value))


def _dose(value: object) -> DoseAmount:
    if isinstance(value, DoseAmount):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} has no unit. Write it with one, in quotes: '3e5 cells/kg', '1e8 cells', '25 mg'")
    return DoseAmount.parse(value)


def _cells(value: object) -> DoseAmount:
    """`1e5`, `1×10^5` or a whole number of cells for each kg."""
    if isinstance(value, DoseAmount):
        return value
    try:
        if not isinstance(value, int | str) or isinstance(value, bool):
            raise ValueError
        dose = DoseAmount.parse(f"{value} cells/kg")
    except ValueError:
        raise ValueError(f"{value!r} is not a number of cells. Write it as '1e5' or '1×10^5', in quotes") from None
    if dose.value >= 10**13:
        raise ValueError(f"{value!r} is more cells per kilogram than anyone was ever given. Write it as '1e5'")
    return dose


def _ceiling(value: object) -> DoseAmount:
    """A total: `1e9 cells`, or a bare number of cells."""
    if isinstance(value, DoseAmount):
        return value
    dose = (
        DoseAmount.parse(str(value))
        if isinstance(value, str) and " " in value.strip()
        else DoseAmount.parse(f"{value} cells")
    )
    if dose.per:
        raise ValueError(f"{value!r} is a dose for each {dose.per}. A ceiling is a total: '1e9 cells'")
    return dose


def _unit(value: object) -> str:
    dose_unit(str(value))
    return str(value).strip()


MAY_BE_SILENT = (
    "sentinel_interval", "stagger", "whole_cohort_first", "weight_window", "cells_cap", "stopping", "off_dose", "split_within",
    "retreatment", "window_review", "override_valid",
)  # fmt: skip
"""The keys of `[dose]` that a protocol may say nothing of: nobody is dosed while one is open."""


class Level(Table):
    """A dose level: its number from the lowest up (1, 2, 3; or -1, 1, 2), its name, and the dose it gives."""

    number: Annotated[int, Field(ge=-9, le=20)]
    name: Text
    written: Annotated[DoseAmount, as_read(_dose)] | None = Field(None, alias="amount")
    per_kilogram: Annotated[DoseAmount, as_read(_cells)] | None = Field(None, alias="cells_per_kg")
    inserted: date | None = None
    """The day from which the level was there, where an amendment inserted it."""
    says: Words = Said()

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.written is None) == (self.per_kilogram is None):
            raise ValueError("a level has one `amount`. Write amount = '3e5 cells/kg', '1e8 cells' or '25 mg'")
        return self

    @property
    def amount(self) -> DoseAmount:
        """The dose of this level: `3e5 CAR-T cells/kg`, `1e8 cells`, `25 mg`."""
        found = self.written or self.per_kilogram
        assert found is not None
        return found


class DosePlan(Table):
    """The dose levels, how far a given dose may lie from its level, and the rule by which levels are climbed."""

    product: Text
    unit: Annotated[str, as_read(_unit)] | None = None
    """What the levels are given in, where the study says it once more; every level must agree."""
    levels: Annotated[tuple[Level, ...], Field(alias="level", min_length=1)]
    tolerance: Percent
    """How far the dose given may lie from its level, as a part of it; both ends are inside."""
    rule: Text
    """A design as `escalon design` reads it: `3+3`, `boin target=0.25`, `crm target=0.25 skeleton=0.05/0.15/0.30`."""
    variant: Text | None = None
    """V1, V2 or V3, for a 3+3."""
    cap: Annotated[int, Field(ge=1, le=1000)]
    """The most participants ever enrolled for treatment."""
    strata: Name | None = None
    """The fact whose choices escalate each by itself, such as `disease`; `cap` is then of each."""
    start: Annotated[int, Field(ge=-9, le=20)] | None = None
    """The number of the level of the first cohort; without it level 1, or the lowest."""
    cohort: Annotated[int, Field(ge=1, le=12)] | None = Field(None, alias="cohort_size")
    dlt_window: Clock
    sentinel_interval: Clock | None = None
    """Between the first infusion of a cohort and the next one."""
    stagger: Clock | None = None
    """Between later infusions of a cohort."""
    whole_cohort_first: bool | None = None
    """Whether a cohort's DLT windows must all be closed before another opens; unless said, where the rule has cohorts."""
    weight: Literal["actual"] = "actual"
    weight_window: Days | None = None
    """How long before infusion the body weight for the dose may have been taken."""
    weight_change_flag: Percent = Fraction(1, 10)
    """A change of weight beyond this part, between leukapheresis and infusion, is shown."""
    cells_cap: Annotated[DoseAmount, as_read(_ceiling)] | None = None
    """A ceiling on total cells whatever the weight; none unless the study states one."""
    stopping: tuple[Annotated[Any, as_read(_stopping)], ...] = ()
    """Any of these stops the trial (`StopAt` of `escalation`); none unless the study states one."""
    off_dose: OffDose = "exclude unless DLT"
    """How a participant counts whose dose lay outside its level's window (Devlin 2021, doi:10.1111/rssc.12485)."""
    split_within: Days | None = None
    """Bags given within this many days are one dose; without it those of one day are."""
    retreatment: Retreatment = "not planned"
    """A later dose: a departure, or planned and outside the window counted, or planned with a window of its own."""
    window_review: WindowReview = "not required"
    """Whether only the investigator's signed review makes a closed window one without a DLT."""
    override_valid: Clock | None = None
    """How long a signed override may be used; without it, until its act or its step."""
    says: Words = Said()
    silent: tuple[str, ...] = known("silent", ())
    """The keys whose value is `"silent"`: nothing is assumed for them, and nobody is dosed until they are decided."""

    @model_validator(mode="before")
    @classmethod
    def _silences(cls, table: Any) -> Any:
        """Take out the keys the protocol is silent on; a key that every dose needs cannot be left open."""
        if not isinstance(table, dict) or "(silent)" in table:
            return table
        left_open = tuple(key for key in table if table[key] == "silent" and key in MAY_BE_SILENT)
        return {key: value for key, value in table.items() if key not in left_open} | {"(silent)": left_open}

    def level(self, number: int) -> Level:
        """The level of a number. Raises KeyError with what there is."""
        for one in self.levels:
            if one.number == number:
                return one
        raise KeyError(
            f"there is no dose level {number}; levels are {', '.join(str(one.number) for one in self.levels)}"
        )

    def before_insertion(self, day: date | None) -> bool:
        """Whether a day lies before the last level was inserted: what was done then followed another text."""
        return day is not None and any(one.inserted is not None and day < one.inserted for one in self.levels)

    def window(self, level: Level) -> tuple[Fraction, Fraction]:
        """The least and the most, in the level's own unit, that count as this level, both included."""
        return level.amount.window(self.tolerance)

    @property
    def shown_unit(self) -> str:
        """What the levels are given in, as people write it: `CAR-T cells/kg`, `mg`."""
        return self.levels[0].amount.shown_unit

    @property
    def cohort_size(self) -> int:
        """How many make a cohort: what the key says, else what the rule does (`a=4`, `cohort=4`), else three."""
        from escalon.escalation.catalogue import settings_from

        rule = settings_from(self.rule)
        said = str(self.cohort or rule.get("cohort") or rule.get("a") or 3)
        return int(said) if said.isdecimal() else 3

    @property
    def starts_at(self) -> int:
        """The number of the level at which the first cohort is treated."""
        lowest = self.levels[0].number
        return self.start if self.start is not None else max(lowest, 1)


class RegimenDrug(Table):
    """One drug of a regimen: mg/m² a day, on these days."""

    drug: Name
    mg_per_m2: Limit
    days: Annotated[tuple[DayNumber, ...], Field(min_length=1)]


class Regimen(Table):
    """A lymphodepletion regimen of the study's own."""

    id: Id
    drugs: Annotated[tuple[RegimenDrug, ...], Field(min_length=1)]
    source: Free = ""


class Lymphodepletion(Table):
    """The conditioning chemotherapy: its drugs, the regimens offered, and the chosen one (none until it is decided)."""

    drugs: Annotated[tuple[Name, ...], Field(min_length=1)]
    offers: tuple[Id, ...] = ()
    """Published regimens to choose from, by their names in `instruments.product.lymphodepletion`."""
    chosen: Id | None = None
    renal_policy: Literal["us_2010", "legacy_20pct"] = "us_2010"
    """How renal function lowers fludarabine: the label's factors unless the study says the others."""
    says: Words = Said()
    regimens: tuple[Regimen, ...] = Field((), alias="regimen")
    """The study's own regimens."""


Grade = Annotated[int, Field(ge=1, le=5)]


class DltEvent(Table):
    """One clause of the definition of dose-limiting toxicity. Every threshold is data; `None` means it plays no part.

    `term` names the event group (`CRS`, `ICANS`, `IEC-HS`, `neutrophils`, `platelets`, `any`, `non_haematological`).
    """

    id: Id
    text: Text
    term: Annotated[tuple[Text, ...], Field(min_length=1)]
    grade: Grade
    """At least this grade."""
    at_most_grade: Grade | None = None
    improves_to: Annotated[int, Field(ge=0, le=4)] | None = None
    """A DLT unless it came down to this grade or less ..."""
    within_hours: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """... within this many hours."""
    longer_than_days: Annotated[int, Field(ge=1, le=365)] | None = None
    not_recovered_by_day: Annotated[int, Field(ge=1, le=365)] | None = None
    related: bool = False
    except_for: tuple[Text, ...] = ()
    graded_by: Free = ""
    """The scale of `term` where that is no term of CTCAE: events are known by that very word."""
    low_before: Literal["asked", "not counted"] = "asked"
    """What a count is that had the grade before treatment already."""
    says: Words = Said()


class DltDefinition(Table):
    """What counts as a dose-limiting toxicity, who is evaluable, and whether the sponsor has confirmed it."""

    events: Annotated[tuple[DltEvent, ...], Field(alias="event", min_length=1)]
    excluded: tuple[Text, ...] = ()
    evaluable: Text
    replacement: Free = ""
    confirmed: bool
    source: Free = ""
    says: Words = Said()
