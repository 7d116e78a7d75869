"""A study as its folder states it: frozen, plain, ready to be asked. `load_study` makes one.

Everything a trial decides is here and nothing else is: published medicine stands in `instruments`, what happened to people in
the casebook.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from escalon.expressions.tree import Node
from escalon.facts import Duration

FactKind: TypeAlias = Literal["number", "integer", "truth", "label", "event", "treatment", "date"]
CriterionKind: TypeAlias = Literal["inclusion", "exclusion"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the study folder."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Said:
    """The registry's own words: verbatim pieces of the record, in the record's spelling."""

    pieces: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " … ".join(self.pieces)

    def __bool__(self) -> bool:
        return bool(self.pieces)


@dataclass(frozen=True, slots=True)
class Disease:
    """One of the diseases the study enrols, by the short name data use (`RA`) and the name people use."""

    id: str
    name: str
    says: Said = Said()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Arm:
    """A group of participants and what is done to them."""

    id: str
    name: str
    intervention: str
    says: Said = Said()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Location:
    """Where the study is run."""

    name: str
    city: str
    country: str
    says: Said = Said()
    place: Place = Place()


RoleName: TypeAlias = Literal[
    "consent",
    "screening",
    "left",
    "death",
    "conditioning",
    "infusion",
    "apheresis",
    "product",
    "baseline",
    "dlt_review",
]
OffDose: TypeAlias = Literal["exclude unless DLT", "count", "as treated"]
Retreatment: TypeAlias = Literal["not planned", "not counted", "counted"]
WindowReview: TypeAlias = Literal["required", "not required"]


@dataclass(frozen=True, slots=True)
class Roles:
    """Which of the study's own facts or treatments is consent, leaving, the infusion …; `None` where it records none."""

    consent: str | None = None
    screening: str | None = None
    left: str | None = None
    """The participant left the study on this day."""
    death: str | None = None
    conditioning: str | None = None
    """The first dose of lymphodepletion."""
    infusion: str | None = None
    apheresis: str | None = None
    product: str | None = None
    """What names the product that was given, as its label does."""
    baseline: str | None = None
    dlt_review: str | None = None
    """The investigator's review of a DLT window: no dose-limiting toxicity through its last day."""
    place: Place = Place()

    def of(self, role: RoleName) -> str | None:
        """The fact that plays a role."""
        found: str | None = getattr(self, role)
        return found


@dataclass(frozen=True, slots=True)
class Baseline:
    """Which value is a baseline: the last before the first of these roles' days that is recorded."""

    before: tuple[RoleName, ...] = ("conditioning", "infusion")

    def __str__(self) -> str:
        first, *rest = self.before
        return "; where none is recorded, ".join((f"the last before {first}", *(f"before {one}" for one in rest)))


@dataclass(frozen=True, slots=True)
class Stopping:
    """A rule that stops the trial: so many deaths, or so many dose-limiting toxicities over all levels."""

    what: Literal["deaths", "DLTs"]
    at_least: int
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Level:
    """A dose level: its number from 1 up, its name, and the cells it gives per kilogram, exactly."""

    number: int
    name: str
    cells_per_kg: Fraction
    says: Said = Said()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class DosePlan:
    """The dose levels, how far a given dose may lie from its level, and the rule by which levels are climbed."""

    product: str
    unit: str
    levels: tuple[Level, ...]
    tolerance: Fraction
    """How far the dose given may lie from its level, as a part of it; both ends are inside."""
    rule: str
    """The name of a design in `escalation`: `three_plus_three`."""
    variant: str
    cap: int
    """The most participants ever enrolled for treatment."""
    cohort_size: int
    dlt_window: Duration
    sentinel_interval: Duration | None
    """Between the first infusion of a cohort and the next one."""
    stagger: Duration | None
    """Between later infusions of a cohort."""
    whole_cohort_first: bool
    """Whether a cohort's DLT windows must all be closed before anyone enters a higher level."""
    weight_window: Duration
    """How long before infusion the body weight for the dose may have been taken."""
    weight_change_flag: Fraction
    """A change of weight beyond this part, between leukapheresis and infusion, is shown."""
    weight: str = "actual"
    cells_cap: Fraction | None = None
    """A ceiling on total cells whatever the weight; none unless the study states one."""
    stopping: tuple[Stopping, ...] = ()
    """Any of these stops the trial; none unless the study states one."""
    off_dose: OffDose = "exclude unless DLT"
    """How a participant counts whose dose lay outside its level's window (Devlin 2021, doi:10.1111/rssc.12485)."""
    split_within: Duration | None = None
    """Bags given within this many days are one dose; without it those of one day are."""
    retreatment: Retreatment = "not planned"
    """A later dose: a departure, or planned and outside the window counted, or planned with a window of its own."""
    window_review: WindowReview = "not required"
    """Whether only the investigator's signed review makes a closed window one without a DLT."""
    override_valid: Duration | None = None
    """How long a signed override may be used; without it, until its act or its step."""
    says: Said = Said()
    place: Place = Place()

    def level(self, number: int) -> Level:
        """The level of a number. Raises KeyError with what there is."""
        for one in self.levels:
            if one.number == number:
                return one
        raise KeyError(
            f"there is no dose level {number}; levels are {', '.join(str(one.number) for one in self.levels)}"
        )

    def window(self, level: Level) -> tuple[Fraction, Fraction]:
        """The least and the most cells per kilogram that count as this level, both included."""
        return level.cells_per_kg * (1 - self.tolerance), level.cells_per_kg * (1 + self.tolerance)


@dataclass(frozen=True, slots=True)
class Regimen:
    """A published lymphodepletion regimen, offered for choice: drug, mg/m² a day, and the days."""

    id: str
    drugs: tuple[tuple[str, Fraction, tuple[int, ...]], ...]
    source: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Lymphodepletion:
    """The conditioning chemotherapy: its drugs, the regimens offered, and the chosen one (none until it is decided)."""

    drugs: tuple[str, ...]
    offers: tuple[str, ...] = ()
    """Published regimens to choose from, by their names in `instruments.product.lymphodepletion`."""
    regimens: tuple[Regimen, ...] = ()
    """The study's own regimens."""
    chosen: str | None = None
    renal_policy: str = ""
    says: Said = Said()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class DltEvent:
    """One clause of the definition of dose-limiting toxicity. Every threshold is data; `None` means it plays no part.

    `term` names the event group (`CRS`, `ICANS`, `IEC-HS`, `neutrophils`, `platelets`, `any`, `non_haematological`).
    """

    id: str
    text: str
    term: tuple[str, ...]
    grade: int
    """At least this grade."""
    at_most_grade: int | None = None
    improves_to: int | None = None
    """A DLT unless it came down to this grade or less ..."""
    within_hours: int | None = None
    """... within this many hours."""
    longer_than_days: int | None = None
    not_recovered_by_day: int | None = None
    related: bool = False
    except_for: tuple[str, ...] = ()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class DltDefinition:
    """What counts as a dose-limiting toxicity, who is evaluable, and whether the sponsor has confirmed it."""

    events: tuple[DltEvent, ...]
    excluded: tuple[str, ...]
    evaluable: str
    replacement: str
    confirmed: bool
    source: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Anchor:
    """A day that windows refer to: the fact that dates it, and the period that `at <anchor>` means.

    `at` runs from `days_before` the anchor's day up to that day, or up to the eligibility decision (`until` = decision).
    """

    name: str
    fact: str
    label: str
    days_before: int = 0
    until: Literal["anchor", "decision"] = "anchor"
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Period:
    """A named stretch of the study's days, both ends included; `None` leaves that side open. Day 0 is the infusion."""

    id: str
    name: str
    group: str
    """`surveillance` (what to expect when) or `reporting` (how adverse events are counted)."""
    first_day: int | None
    last_day: int | None
    starts_at: str | None = None
    """An anchor, where the period starts with an event that has no fixed day (`lymphodepletion`)."""
    expects: tuple[str, ...] = ()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit: its day counted from the infusion (day 0), the days it may move, and what is measured there."""

    id: str
    name: str
    day: int
    earliest: int
    latest: int
    measures: tuple[str, ...] = ()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An outcome of the record: whose, which measure, compared how, at which visits. Baseline is the study's."""

    id: str
    role: Literal["primary", "secondary"]
    title: str
    among: str
    """`treated`, or `treated and disease is RA`."""
    diseases: tuple[str, ...]
    measure: tuple[str, ...]
    compare: str
    at: tuple[str, ...]
    unit: str | None = None
    better: Literal["lower", "higher", "neither"] = "neither"
    notes: str = ""
    says: Said = Said()
    assumed: tuple[str, ...] = ()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Criterion:
    """An eligibility clause: the registry's words, our rule, and its tree.

    An inclusion's rule says what must hold. An exclusion's rule says **what excludes**, as the record does: the participant
    passes only when the rule is known to be false. `applies` limits the clause to those for whom it is true.
    """

    id: str
    kind: CriterionKind
    says: Said
    rule: str
    tree: Node
    applies_text: str = ""
    applies: Node | None = None
    title: str = ""
    about: str = ""
    """Why we read the record this way, where that is not plain."""
    settle: str = ""
    assumed: tuple[str, ...] = ()
    place: Place = Place()

    @property
    def file(self) -> str:
        """The file it stands in."""
        return self.place.file

    @property
    def line(self) -> int:
        """The line it stands on."""
        return self.place.line


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """What may be recorded under a name: kind, unit, range, choices, and what to do to obtain it."""

    name: str
    label: str
    kind: FactKind
    unit: str | None = None
    accepts: tuple[str, ...] = ()
    substance: str | None = None
    choices: tuple[str, ...] = ()
    low: Fraction | None = None
    high: Fraction | None = None
    doubtful: tuple[Fraction | None, Fraction | None] = (None, None)
    limits: bool = False
    """Whether the laboratory's reference limits must come with it, because a criterion uses `uln` or `lln`."""
    members: tuple[str, ...] = ()
    """The drugs of a class: having had one of them is having had the class."""
    settle: str = ""
    group: str = ""
    origin: str = "study"
    """`study`, or the instrument it comes from."""
    computed: bool = False
    """Whether it is an instrument's result: computed from its items, or recorded where a site has only the result."""
    place: Place = Place()

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit that may be written, the canonical one first."""
        return (self.unit, *self.accepts) if self.unit else self.accepts


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of the record, and, where it changes criteria, their rules under it."""

    says: str
    rules: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)


@dataclass(frozen=True, slots=True)
class Assumption:
    """A silence or contradiction of the record: the question, our default, the alternatives, and who must sign."""

    id: str
    about: tuple[str, ...]
    """What rests on it: ids of criteria, endpoints, levels; or `dose`, `dlt`, `schedule`, `lymphodepletion`, `identity`."""
    question: str
    default: str
    alternatives: tuple[Alternative, ...]
    signer: str
    kind: Literal["silence", "contradiction", "wording"] = "silence"
    says: Said = Said()
    source: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the record that states no rule of its own, and what implements it."""

    id: str
    says: Said
    implemented_by: tuple[str, ...]
    note: str = ""
    place: Place = Place()


@dataclass(frozen=True)
class Study:
    """One trial, as its folder states it."""

    id: str
    title: str
    version: str
    """The first 12 hexadecimal digits of the SHA-256 over the folder's files."""
    folder: Path
    sponsor: str
    registry: str
    phase: str
    status: str
    design: str
    purpose: str
    target: int
    diseases: tuple[Disease, ...]
    arms: tuple[Arm, ...]
    location: tuple[Location, ...]
    dose: DosePlan
    lymphodepletion: Lymphodepletion | None
    dlt: DltDefinition | None
    criteria: tuple[Criterion, ...]
    anchors: Mapping[str, Anchor]
    vocabulary: Mapping[str, FactDefinition]
    instruments: tuple[str, ...]
    """The catalogue's instruments that rules, endpoints and visits name."""
    awaited: tuple[str, ...]
    """Names used in rules, endpoints and visits that neither the vocabulary nor the catalogue knows."""
    visits: tuple[Visit, ...]
    periods: tuple[Period, ...]
    endpoints: tuple[Endpoint, ...]
    assumptions: tuple[Assumption, ...]
    statements: tuple[Statement, ...]
    roles: Roles
    zone: str | None
    """The IANA time zone of the sites, whose days all clocks count: `Asia/Shanghai`."""
    baseline: Baseline
    record: str
    """The registry's words, whole; empty when the study has none."""

    def criterion(self, id: str) -> Criterion:
        """The eligibility clause of an id. Raises KeyError."""
        for one in self.criteria:
            if one.id == id:
                return one
        raise KeyError(f"{self.id} has no criterion {id!r}")

    @property
    def inclusion(self) -> tuple[Criterion, ...]:
        """What must hold."""
        return tuple(one for one in self.criteria if one.kind == "inclusion")

    @property
    def exclusion(self) -> tuple[Criterion, ...]:
        """What must be known to be absent."""
        return tuple(one for one in self.criteria if one.kind == "exclusion")

    def endpoint(self, id: str) -> Endpoint:
        """The outcome of an id. Raises KeyError."""
        for one in self.endpoints:
            if one.id == id:
                return one
        raise KeyError(f"{self.id} has no endpoint {id!r}")

    def assumption(self, id: str) -> Assumption:
        """The assumption of an id. Raises KeyError."""
        for one in self.assumptions:
            if one.id == id:
                return one
        raise KeyError(f"{self.id} has no assumption {id!r}")

    def assumptions_about(self, *about: str) -> Iterator[Assumption]:
        """The assumptions that something rests on, in their order."""
        wanted = set(about)
        return (one for one in self.assumptions if wanted.intersection(one.about))
