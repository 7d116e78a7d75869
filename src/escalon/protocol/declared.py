"""What a study declares of its data: facts, the days that rules refer to, and which fact plays which role."""

from fractions import Fraction
from typing import Any, Literal, TypeAlias

from pydantic import Field, model_validator

from escalon.facts import UnitError, exact, factor
from escalon.protocol.tables import Free, Id, Limit, Name, Said, Table, Text, Words, known

FactKind: TypeAlias = Literal["number", "integer", "truth", "label", "event", "treatment", "date"]
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
    "cells",
    "b_cells",
]


class Disease(Table):
    """One of the diseases the study enrols, by the short name data use (`RA`) and the name people use."""

    id: Id
    name: Text
    says: Words = Said()


class Roles(Table):
    """Which of the study's own facts or treatments is consent, leaving, the infusion …; `None` where it records none."""

    consent: Name | None = None
    screening: Name | None = None
    left: Name | None = None
    """The participant left the study on this day."""
    death: Name | None = None
    conditioning: Name | None = None
    """The first dose of lymphodepletion."""
    infusion: Name | None = None
    apheresis: Name | None = None
    product: Name | None = None
    """What names the product that was given, as its label does."""
    baseline: Name | None = None
    dlt_review: Name | None = None
    """The investigator's review of a DLT window: no dose-limiting toxicity through its last day."""

    cells: Name | None = None
    """The analyte that follows the product in blood."""
    b_cells: Name | None = None
    """The analyte that counts B cells."""

    def of(self, role: RoleName) -> str | None:
        """The fact that plays a role."""
        found: str | None = getattr(self, role)
        return found


class Anchor(Table):
    """A day that windows refer to: the fact that dates it, and the period that `at <anchor>` means.

    `at` runs from `days_before` the anchor's day up to that day, or up to the eligibility decision (`until` = decision).
    """

    name: str = known("name", "")
    fact: Name
    label: Text
    days_before: int = Field(0, ge=0, le=3650)
    until: Literal["anchor", "decision"] = "anchor"


class FactDefinition(Table):
    """What may be recorded under a name: kind, unit, range, choices, and what to do to obtain it.

    In a folder, whatever an instrument already says of the fact may be left out.
    """

    name: str = known("name", "")
    label: Text = ""
    kind: FactKind = "truth"
    unit: Text | None = None
    accepts: tuple[Text, ...] = ()
    substance: Text | None = None
    choices: tuple[Text, ...] = ()
    low: Limit | None = None
    high: Limit | None = None
    doubtful_low: Limit | None = None
    doubtful_high: Limit | None = None
    usual_low: Limit | None = None
    usual_high: Limit | None = None
    """What most people have lies between these: the ends of a laboratory's reference range."""
    members: tuple[Name, ...] = ()
    """The drugs of a class: having had one of them is having had the class."""
    settle: Free = ""
    group: Free = ""
    foreseen: tuple[Limit | None, Limit | None] = known("foreseen", (None, None))
    """What the study itself expects of its people: nothing between these is held until somebody confirms it."""
    limits: bool = known("limits", default=False)
    """Whether the laboratory's reference limits must come with it, because a criterion uses `uln` or `lln`."""
    origin: str = known("origin", "study")
    """`study`, or the instrument it comes from."""
    computed: bool = known("computed", default=False)
    """Whether it is an instrument's result: computed from its items, or recorded where a site has only the result."""

    @model_validator(mode="before")
    @classmethod
    def _implied(cls, table: Any) -> Any:
        """Members make it a treatment and choices a label, unless the kind is said."""
        if not isinstance(table, dict) or "kind" in table:
            return table
        kind = "treatment" if table.get("members") else "label" if table.get("choices") else None
        return table | {"kind": kind} if kind else table

    @property
    def doubtful(self) -> tuple[Fraction | None, Fraction | None]:
        """Below the first or above the second a value is possible but asked about again."""
        return self.doubtful_low, self.doubtful_high

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit that may be written, the canonical one first."""
        return (self.unit, *self.accepts) if self.unit else self.accepts

    def _measured_in(self, unit: str | None) -> "FactDefinition":
        """This definition with its ranges in another unit, where one is said; a range that cannot be converted is left out."""
        if unit is None or self.unit is None or unit == self.unit:
            return self
        ends = ("low", "high", "doubtful_low", "doubtful_high", "usual_low", "usual_high")
        try:
            by = exact(factor(self.unit, unit, self.substance))
        except UnitError:
            return self.model_copy(update=dict.fromkeys(ends))
        return self.model_copy(update={end: value * by for end in ends if (value := getattr(self, end)) is not None})

    def completed(self, theirs: "FactDefinition | None") -> "FactDefinition":
        """What the study says of a fact, and for the rest what an instrument says of it, or what its other keys imply."""
        said = {key: getattr(self, key) for key in self.model_fields_set} | {"foreseen": self._foreseen()}
        if theirs is not None:
            found = theirs._measured_in(said.get("unit")).model_copy(update=said | {"place": self.place})
            units = (unit for unit in dict.fromkeys(theirs.units) if unit != found.unit)
            return found if "accepts" in said else found.model_copy(update={"accepts": tuple(units)})
        numeric = any(one is not None for one in (self.unit, self.low, self.high))
        kind = self.kind if "kind" in said or not numeric else "number"
        more = {"kind": kind, "label": self.label or self.name.replace("_", " "), "foreseen": said["foreseen"]}
        return self.model_copy(update=more)

    def _foreseen(self) -> tuple[Fraction | None, Fraction | None]:
        """From `low` to `high` where both are said and 0 is not the low one, which says nothing of people; else the usual."""
        if self.low and self.high is not None:
            return self.low, self.high
        return self.usual_low, self.usual_high
