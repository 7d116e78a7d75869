"""Where a hospital's data stand, in one TOML file beside the study: `warehouse.toml`.

[source]
kind = "flat"                      # flat, omop, fhir or i2b2; the last three bring their own tables

[people]
from = "patients"
person = "patient_id"
birth = "born_on"
sex = "sex"

[table.laboratory]
from = "lab_results"
person = "patient_id"
code = "test"
day = "taken_on"
value = "result"
unit = "unit"

[concept.haemoglobin]
table = "laboratory"
codes = ["718-7"]
units = { "g/dl" = "g/dL" }        # the unit as it stands there, and what it means

[concept.malignancy]
table = "diagnoses"
codes = ["C00", "C01"]
silence = "no"                     # no row within observed time counts as no; said in every output
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from escalon.protocol.study import Study
from escalon.protocol.toml_lines import TomlLines
from escalon.protocol.vocabulary import hint, labels

FILE = "warehouse.toml"
Kind = Literal["flat", "omop", "fhir", "i2b2"]
Codes = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: tuple(map(str, value)) if isinstance(value, list) else value)
]


class MappingError(ValueError):
    """What stands in the mapping cannot be used: file, line, and what to write."""


class MappingPart(BaseModel):
    """A table of the mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Origin(MappingPart):
    """What kind of source it is, and the schema its tables stand in."""

    kind: Kind = "flat"
    schema_name: str = Field("", alias="schema")
    synthetic: bool = False
    """Whether nobody in it exists; every output then says so."""


class PeopleTable(MappingPart):
    """The people: one row each. A kind of source that brings its own table needs only what is to be read otherwise."""

    spelled: ClassVar = ("person", "birth", "sex", "died")
    from_: str = Field("", alias="from")
    person: str = ""
    birth: str = ""
    """The day of birth, full or partial; an SQL expression over the table's columns is welcome."""
    sex: str = ""
    sexes: Mapping[str, str] = {}
    """What stands in the column, and what it means: female or male."""
    died: str = ""
    """The day of death; who had died by the day asked about is not counted."""
    where: str = ""
    death: str = ""
    """Where a kind of source has the day of death; read where `died` says so, and told of in every output."""


class EventTable(MappingPart):
    """A table of things that happened to people, and what its columns are called."""

    spelled: ClassVar = (
        "row", "person", "code", "day", "until", "value", "operator", "text", "unit", "upper", "lower", "doubt",
    )  # fmt: skip
    from_: str = Field(alias="from")
    person: str
    code: str
    day: str = ""
    until: str = ""
    open: Literal["", "day", "ongoing", "unknown"] = ""
    """What an empty end means: that it was of one day, that it goes on, or that nobody knows; for a treatment the last."""
    value: str = ""
    operator: str = ""
    operators: Mapping[str, Literal["<", "<=", ">", ">=", "="]] = {}
    """What stands in the column, and which of < <= > >= it means."""
    text: str = ""
    unit: str = ""
    upper: str = ""
    lower: str = ""
    doubt: str = ""
    """Whether what a row says is only suspected: it is then not known."""
    where: str = ""
    row: str = ""
    """What tells one row from another, where it stands there once for each of several codes."""


class Observed(MappingPart):
    """The time in which a person was under observation: outside it nobody knows what happened."""

    spelled: ClassVar = ("person", "start", "end")
    from_: str = Field(alias="from")
    person: str
    start: str
    end: str


class Concept(MappingPart):
    """Where one name of the study is found."""

    table: str = ""
    codes: Codes = ()
    label_codes: Mapping[str, Codes] = {}
    """For a label that the code itself tells: `{ RA = ["M05", "M06"] }`."""
    descendants: bool = False
    """Whether everything below the codes counts too, as the vocabulary has it (OMOP)."""
    unit: str = ""
    """The unit where none is written."""
    units: Mapping[str, str] = {}
    labels: Mapping[str, Codes] = {}
    """What is written as a value, and what it means: `{ positive = ["POS", "reactive"] }`, `{ no = ["absent"] }`."""
    silence: Literal["", "no"] = ""


class WarehouseMapping(MappingPart):
    """A mapping as its file states it."""

    source: Origin = Origin()
    people: PeopleTable | None = None
    observed: Observed | None = None
    tables: Mapping[str, EventTable] = Field({}, alias="table")
    concepts: Mapping[str, Concept] = Field({}, alias="concept")
    file: str = Field("", alias="(file)")
    text: str = Field("", alias="(text)")

    @property
    def silent(self) -> tuple[str, ...]:
        """The names of which silence counts as no."""
        return tuple(name for name, one in self.concepts.items() if one.silence)

    def unread(self, study: Study) -> tuple[str, ...]:
        """The concepts that are no names of a study, and where they stand."""
        known = labels(study.vocabulary)
        free = {name: label for name, label in known.items() if name not in self.concepts}
        told = f"{study.id} has no such name, so nothing of it is read."
        return tuple(
            f"concept.{name}: {told}{hint(name, free)} ({self.line('concept', name)})"
            for name in self.concepts
            if name not in known
        )

    def line(self, *path: str) -> str:
        """Where a key stands: `warehouse.toml:14`."""
        return f"{self.file}:{TomlLines(self.file, self.text).find(path).line}" if self.text else self.file or FILE
