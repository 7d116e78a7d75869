"""The shape of a study folder's TOML, read with pydantic: which tables, which keys, which kinds of value.

Every `*.toml` of the folder is one document, split only so that people find their way; a table may stand in any file. This
module is imported when a folder is read, never by `escalon --help`.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from escalon.facts import Duration, exact, read_number
from escalon.protocol.study import OffDose, Retreatment, RoleName, Stopping, WindowReview

Read = TypeVar("Read")


def _duration(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a duration. Write it as 4 weeks, 28 days, 6 months or 1 year, in quotes")
    return Duration.parse(value)


def _clock(value: object) -> Duration:
    """A duration with a fixed number of days."""
    duration = _duration(value)
    if duration.unit not in ("day", "week"):
        raise ValueError(f"{value!r} has no fixed number of days. Write it in days or weeks")
    if duration.number == 0:
        raise ValueError("a window of 0 days is none. Write 1 day or more, or leave the key out")
    return duration


def _days(value: object) -> Duration:
    """A duration in days or weeks; 0 days means the same day."""
    duration = _duration(value)
    if duration.unit not in ("day", "week"):
        raise ValueError(f"{value!r} has no fixed number of days. Write it in days or weeks")
    return duration


def _zone(value: object) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(str(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is not a time zone. Write its IANA name, such as 'Asia/Shanghai'") from None


_STOPPING = re.compile(r"(?P<many>a|\d+) deaths?|total DLTs >= (?P<dlts>\d+)")


def _stopping(value: object) -> Stopping:
    found = _STOPPING.fullmatch(str(value).strip())
    if not found or "0" in (found["many"], found["dlts"]):
        raise ValueError(f"{value!r} is no stopping rule. Write 'a death', '2 deaths' or 'total DLTs >= 4'")
    if found["dlts"]:
        return Stopping("DLTs", int(found["dlts"]), str(value).strip())
    return Stopping("deaths", 1 if found["many"] == "a" else int(found["many"]), str(value).strip())


def _cells(value: object) -> Fraction:
    """`1e5`, `1×10^5`, or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    text = str(value).replace(" ", "").replace("×10^", "e").replace("x10^", "e").replace("×10⁵", "e5")
    try:
        number = read_number(text)
    except ValueError:
        raise ValueError(f"{value!r} is not a number of cells. Write it as '1e5' or '1×10^5', in quotes") from None
    if number.adjusted() > 12:
        raise ValueError(f"{value!r} is more cells per kilogram than anyone was ever given. Write it as '1e5'")
    return Fraction(number)


def _percent(value: object) -> Fraction:
    text = str(value).strip()
    if not isinstance(value, str) or not text.endswith("%"):
        raise ValueError(f"{value!r} is not a percentage. Write it with its sign, in quotes: '20 %'")
    share = Fraction(read_number(text[:-1])) / 100
    if not 0 <= share < 1:
        raise ValueError(f"{value!r} is outside 0 % to 100 %")
    return share


def _limit(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, str):
        return Fraction(read_number(value))
    if (isinstance(value, float) and value in (float("inf"), float("-inf"))) or value != value:
        raise ValueError(f"{value!r} is not a limit. Leave the key out where there is none")
    return exact(value)


def _said(value: object) -> list[str]:
    pieces = [value] if isinstance(value, str) else value
    if not isinstance(pieces, list) or not all(isinstance(piece, str) and piece.strip() for piece in pieces):
        raise ValueError("the registry's words are a text, or a list of texts, each copied from the record")
    return pieces


def _as(reader: Callable[[object], Read]) -> BeforeValidator:
    return BeforeValidator(reader)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Free = Annotated[str, StringConstraints(strip_whitespace=True)]
Clock = Annotated[Duration, _as(_clock)]
Days = Annotated[Duration, _as(_days)]
Zone = Annotated[str, _as(_zone)]
Cells = Annotated[Fraction, _as(_cells)]
Percent = Annotated[Fraction, _as(_percent)]
Limit = Annotated[Fraction, _as(_limit)]
Words = Annotated[list[str], _as(_said)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$")]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$")]
DayNumber = Annotated[int, Field(ge=-3650, le=36500)]


class Table(BaseModel):
    """A table that refuses unknown keys and does not bend one kind of value into another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class StudyTable(Table):
    """`[study]`: what the trial is."""

    title: Text
    registry: Free = ""
    sponsor: Free = ""
    phase: Free = ""
    status: Free = ""
    design: Free = ""
    purpose: Free = ""
    target: Annotated[int, Field(ge=1, le=100_000)]
    zone: Zone | None = None
    baseline: Annotated[
        list[RoleName], _as(lambda value: [value] if isinstance(value, str) else value), Field(min_length=1)
    ] = ["conditioning", "infusion"]


class RolesTable(Table):
    """`[roles]`: which fact or treatment of the vocabulary is consent, leaving, the infusion …"""

    consent: Name | None = None
    screening: Name | None = None
    left: Name | None = None
    death: Name | None = None
    conditioning: Name | None = None
    infusion: Name | None = None
    apheresis: Name | None = None
    product: Name | None = None
    baseline: Name | None = None
    dlt_review: Name | None = None


class DiseaseTable(Table):
    """`[[disease]]`."""

    id: Id
    name: Text
    says: Words = []


class ArmTable(Table):
    """`[[arm]]`."""

    id: Id
    name: Text
    intervention: Text
    says: Words = []


class LocationTable(Table):
    """`[[location]]`."""

    name: Text
    city: Text
    country: Text
    says: Words = []


class LevelTable(Table):
    """`[[dose.level]]`."""

    number: Annotated[int, Field(ge=1, le=20)]
    name: Text
    cells_per_kg: Cells
    says: Words = []


class DoseTable(Table):
    """`[dose]`: levels, tolerance and the rule of escalation."""

    product: Text
    unit: Text = "CAR-T cells/kg"
    tolerance: Percent
    rule: Literal["three_plus_three"]
    variant: Text
    cap: Annotated[int, Field(ge=1, le=1000)]
    cohort_size: Annotated[int, Field(ge=1, le=12)] = 3
    dlt_window: Clock
    sentinel_interval: Clock | None = None
    stagger: Clock | None = None
    whole_cohort_first: bool = True
    weight: Literal["actual"] = "actual"
    weight_window: Clock
    weight_change_flag: Percent = Fraction(1, 10)
    cells_cap: Cells | None = None
    stopping: list[Annotated[Stopping, _as(_stopping)]] = []
    off_dose: OffDose = "exclude unless DLT"
    split_within: Days | None = None
    retreatment: Retreatment = "not planned"
    window_review: WindowReview = "not required"
    override_valid: Clock | None = None
    says: Words = []
    level: Annotated[list[LevelTable], Field(min_length=1)]


class DrugTable(Table):
    """One drug of a regimen."""

    drug: Name
    mg_per_m2: Limit
    days: Annotated[list[DayNumber], Field(min_length=1)]


class RegimenTable(Table):
    """`[[lymphodepletion.regimen]]`."""

    id: Id
    drugs: Annotated[list[DrugTable], Field(min_length=1)]
    source: Free = ""


class LymphodepletionTable(Table):
    """`[lymphodepletion]`; `chosen` stays away until the sponsor has decided."""

    drugs: Annotated[list[Name], Field(min_length=1)]
    offers: list[Id] = []
    chosen: Id | None = None
    renal_policy: Free = ""
    says: Words = []
    regimen: list[RegimenTable] = []


Grade = Annotated[int, Field(ge=1, le=5)]


class DltEventTable(Table):
    """`[[dlt.event]]`."""

    id: Id
    text: Text
    term: Annotated[list[Text], Field(min_length=1)]
    grade: Grade
    at_most_grade: Grade | None = None
    improves_to: Annotated[int, Field(ge=0, le=4)] | None = None
    within_hours: Annotated[int, Field(ge=1, le=10_000)] | None = None
    longer_than_days: Annotated[int, Field(ge=1, le=365)] | None = None
    not_recovered_by_day: Annotated[int, Field(ge=1, le=365)] | None = None
    related: bool = False
    except_for: list[Text] = []


class DltTable(Table):
    """`[dlt]`."""

    event: Annotated[list[DltEventTable], Field(min_length=1)]
    excluded: list[Text] = []
    evaluable: Text
    replacement: Free = ""
    confirmed: bool
    source: Free = ""


class AnchorTable(Table):
    """`[anchor.<name>]`."""

    fact: Name
    label: Text
    days_before: Annotated[int, Field(ge=0, le=3650)] = 0
    until: Literal["anchor", "decision"] = "anchor"


class FactTable(Table):
    """`[fact.<name>]`; whatever an instrument already says of the fact may be left out."""

    label: Text | None = None
    kind: Literal["number", "integer", "truth", "label", "event", "treatment", "date"] | None = None
    unit: Text | None = None
    accepts: list[Text] | None = None
    substance: Text | None = None
    choices: list[Text] | None = None
    low: Limit | None = None
    high: Limit | None = None
    doubtful_low: Limit | None = None
    doubtful_high: Limit | None = None
    members: list[Name] = []
    settle: Free = ""
    group: Free = ""


class VisitTable(Table):
    """`[[visit]]`; days count from the infusion, day 0."""

    id: Id
    name: Text
    day: DayNumber
    earliest: DayNumber | None = None
    latest: DayNumber | None = None
    measures: list[Name] = []


class PeriodTable(Table):
    """`[[period]]`."""

    id: Id
    name: Text
    group: Literal["surveillance", "reporting"]
    first_day: DayNumber | None = None
    last_day: DayNumber | None = None
    starts_at: Name | None = None
    expects: list[Text] = []


class EndpointTable(Table):
    """`[[endpoint]]`."""

    id: Id
    role: Literal["primary", "secondary"]
    title: Text
    says: Words = []
    among: Text = "treated"
    measure: Annotated[list[Name], _as(lambda value: [value] if isinstance(value, str) else value), Field(min_length=1)]
    compare: Literal["value", "change from baseline", "response", "events", "course"]
    at: list[Id] = []
    unit: Text | None = None
    better: Literal["lower", "higher", "neither"] = "neither"
    notes: Free = ""


class CriterionTable(Table):
    """`[[inclusion]]` or `[[exclusion]]`."""

    id: Id
    says: Words = []
    rule: Text
    applies: Text | None = None
    title: Free = ""
    about: Free = ""
    settle: Free = ""


class AlternativeTable(Table):
    """Another reading: `{ says = "…", rules = { "I-8c" = "…" } }`, or just its text."""

    says: Text
    rules: dict[str, Text] = {}


class AssumptionTable(Table):
    """`[[assumption]]`: what is assumed, instead of what, and who signs."""

    id: Id
    about: Annotated[list[Text], Field(min_length=1)]
    question: Text
    default: Text
    alternatives: Annotated[
        list[Annotated[AlternativeTable, _as(lambda value: {"says": value} if isinstance(value, str) else value)]],
        Field(min_length=1),
    ]
    signer: Text
    kind: Literal["silence", "contradiction", "wording"] = "silence"
    says: Words = []
    source: Free = ""


class StatementTable(Table):
    """`[[statement]]`: a sentence of the record without a rule of its own, and what implements it."""

    id: Id
    says: Words
    implemented_by: Annotated[list[Text], Field(min_length=1)]
    note: Free = ""


class StudyFile(Table):
    """All tables of a study folder."""

    study: StudyTable
    roles: RolesTable = RolesTable()
    disease: Annotated[list[DiseaseTable], Field(min_length=1)]
    arm: list[ArmTable] = []
    location: list[LocationTable] = []
    dose: DoseTable
    lymphodepletion: LymphodepletionTable | None = None
    dlt: DltTable | None = None
    anchor: dict[Name, AnchorTable] = {}
    fact: dict[Name, FactTable] = {}
    inclusion: Annotated[list[CriterionTable], Field(min_length=1)]
    exclusion: list[CriterionTable] = []
    visit: list[VisitTable] = []
    period: list[PeriodTable] = []
    endpoint: list[EndpointTable] = []
    assumption: list[AssumptionTable] = []
    statement: list[StatementTable] = []


def keys_at(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys a table at this path may have, for the hint beside an unknown one."""
    model: Any = StudyFile
    for part in path:
        if isinstance(part, int) or model is None:
            continue
        found = model.model_fields.get(part)
        if found is None:  # the name of a fact or an anchor
            continue
        model = _table_in(found.annotation)
    return tuple(model.model_fields) if model is not None else ()


def _table_in(annotation: Any) -> Any:
    """The table class within `list[X]`, `dict[str, X]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in reversed(getattr(annotation, "__args__", ())):
        inner = _table_in(part)
        if inner is not None:
            return inner
    return None
