"""Visits, periods and outcomes. Day 0 is the infusion."""

from collections.abc import Sequence
from functools import cached_property
from string import ascii_lowercase
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from escalon.expressions.tree import Node
from escalon.protocol.names import names_in, words_of
from escalon.protocol.tables import SEVERAL, DayNumber, Free, Id, Limit, Name, Said, Table, Text, Words, known


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
    says: Words = Said()

    @model_validator(mode="before")
    @classmethod
    def _fixed(cls, table: Any) -> Any:
        """A visit without a window lies on its day."""
        if not isinstance(table, dict):
            return table
        day = table.get("day", 0)
        return (
            {"earliest": day, "latest": day} | table if isinstance(day, int) else {"earliest": 0, "latest": 0} | table
        )


Compare: TypeAlias = Literal[
    "value", "change from baseline", "percent change", "best change", "response", "events", "course"
]
"""How an endpoint is computed: each word has its executor in `conduct.judge.comparisons`."""
Summary: TypeAlias = Literal["mean_sd", "median_range", "ci95_mean", "n_values"]

POPULATIONS = ("screened", "eligible", "enrolled", "apheresed", "lymphodepleted", "infused", "dlt_evaluable")
"""Whom `among` may begin with; `conduct.judge.populations` says who belongs."""

HAPPENINGS = ("death", "left", "second_infusion")
"""Intercurrent events every trial has; any other is a fact or treatment of the study."""

_BETWEEN = ("change from baseline", "percent change", "best change", "response")


class BaselineRule(Table):
    """Which value of a participant is a baseline: the last, first or lowest before an anchor, or at some visits.

    Without `before` and `at` it is any value before the visit it is compared with: `take = "lowest"` is the nadir.
    """

    name: str = known("name", "")
    take: Literal["last", "first", "lowest"] = "last"
    before: Name | None = None
    at: tuple[Id, ...] = ()

    def __str__(self) -> str:
        where = f"at {', '.join(self.at)}" if self.at else f"before {self.before or 'the visit'}"
        return f"the {self.take} {where}"


class Intercurrent(Table):
    """What may happen between treatment and a visit, and what then becomes of the value there."""

    event: Name
    strategy: Literal["treatment_policy", "composite", "while_on_treatment", "hypothetical"]

    @model_validator(mode="after")
    def _has_a_model(self) -> Self:
        if self.strategy == "hypothetical":
            raise ValueError(
                "a hypothetical value needs a model, and there is none. Write treatment_policy, composite or "
                "while_on_treatment"
            )
        return self


class ShownBeside(Table):
    """What is shown beside an outcome though no record declares it: a published response, points, an important change."""

    measure: Name
    """A score of the catalogue, or a part of one; it need not be among what the study's visits measure."""
    title: Text
    compare: Literal["value", "response"] = "response"
    counts: tuple[Text, ...] = ()
    improved_by: Annotated[Limit, Field(gt=0)] | None = None
    notes: Free = ""


class Endpoint(Table):
    """An outcome of the record: whose, which measure, compared how, at which visits, from which baseline."""

    id: Id
    role: Literal["primary", "secondary", "beside"]
    title: Text
    says: Words = Said()
    among: Text = "infused"
    """A population, and what else must hold: `infused and disease is RA`, in the language of criteria."""
    measure: Annotated[tuple[Name, ...], SEVERAL, Field(min_length=1)]
    compare: Compare
    baseline: Name | None = None
    """A `[baseline.NAME]`; the study's own where none is named."""
    at: tuple[Id, ...] = ()
    window: Literal["nearest", "last", "worst", "mean"] = "nearest"
    """Which of several values inside a visit's days is taken."""
    missing: Literal["show", "non_responder", "last_value"] = "show"
    summary: Annotated[tuple[Summary, ...], Field(min_length=1)] = ("mean_sd", "median_range", "ci95_mean", "n_values")
    by: tuple[Literal["level", "disease"], ...] = ()
    counts: tuple[Text, ...] = ()
    """The words of a label that are a response (`good`, `moderate`); a yes, or `responder`, where none are named."""
    improved_by: Annotated[Limit, Field(gt=0)] | None = None
    """The least change from baseline, towards the better, that is a response; without it the measure says so itself."""
    beside: tuple[ShownBeside, ...] = ()
    beside_of: str = known("beside_of", "")
    intercurrent: tuple[Intercurrent, ...] = ()
    unit: Text | None = None
    better: Literal["lower", "higher", "neither"] = "neither"
    notes: Free = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """What only a response can have is a mistake elsewhere."""
        composite = any(one.strategy == "composite" for one in self.intercurrent)
        if self.compare != "response" and (composite or self.missing == "non_responder" or self.counts):
            what = "counts" if self.counts else "non_responder" if self.missing == "non_responder" else "composite"
            raise ValueError(f"{what} is for a response; this is {self.compare}")
        if self.improved_by is not None and (self.compare != "response" or self.better == "neither"):
            raise ValueError(
                'improved_by is for a response. Write compare = "response", and whether lower or higher is better'
            )
        if self.baseline is not None and self.compare not in _BETWEEN:
            raise ValueError(f"{self.compare} is compared with no baseline. Leave `baseline` out")
        return self

    @cached_property
    def tree(self) -> Node:
        """`among` as criteria are examined. Raises CriterionError, which the loader turns into a place."""
        from escalon.criteria import parse

        return parse(self.among)

    @property
    def population(self) -> str:
        """The population it is counted in."""
        return next((name for name in names_in(self.tree) if name in POPULATIONS), "screened")

    @property
    def diseases(self) -> tuple[str, ...]:
        """The diseases it is limited to; none means all."""
        return tuple(words_of(self.tree, "disease"))

    def with_beside(self, later: Sequence[str]) -> tuple["Endpoint", ...]:
        """The outcome, and after it what is shown beside it at those of its visits that are `later` than treatment."""
        at = tuple(one for one in self.at if one in later)
        same = {
            "role": "beside",
            "says": Said(),
            "at": at,
            "beside": (),
            "beside_of": self.id,
            "unit": None,
            "missing": "show",
        }
        shown = zip(ascii_lowercase, self.beside, strict=False)
        return (self, *(self.model_copy(update=same | self._shown(letter, one)) for letter, one in shown))

    def _shown(self, letter: str, one: ShownBeside) -> dict[str, Any]:
        own = {name: getattr(one, name) for name in ("title", "compare", "counts", "improved_by", "notes")}
        may = tuple(each for each in self.intercurrent if one.compare == "response" or each.strategy != "composite")
        return own | {"intercurrent": may, "id": self.id + letter, "measure": (one.measure,)}

    @property
    def is_compared_with_baseline(self) -> bool:
        """Whether it needs a value from before treatment."""
        return self.compare in _BETWEEN
