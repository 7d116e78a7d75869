"""Cohorts, the committee's decisions about them, and overrides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from escalon.history.events.answer import Answer, AnswerPart
from escalon.history.events.event import Event
from escalon.history.events.signature import Signed


class Course(StrEnum):
    """What a decision does with the trial."""

    TREAT = "treat"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class DecisionProposed(Event):
    """A decision was laid before the committee: treat a cohort at a level, or stop; beside what the study's rule says.

    `answer` is the rule's own recommendation with the outcome of everybody counted, computed by the software. `stratum`
    is the one decided about, where each escalates by itself; a stop that names none stops them all.
    """

    course: Course
    level: int
    because: str
    stratum: str = ""
    rests_on: tuple[int, ...] = ()
    as_of: date | None = None
    answer: Answer | None = None

    @property
    def what(self) -> str:
        """The decision as it is laid before the committee."""
        return f"decision proposed: {self.decides}"

    @property
    def decides(self) -> str:
        """The decision in a few words: `treat level 2`; `stop`; of which stratum, where each escalates by itself."""
        course = "stop" if self.course is Course.STOP else f"treat level {self.level}"
        return f"{course} of {self.stratum}" if self.stratum else course


@dataclass(frozen=True, kw_only=True)
class DecisionSigned(Signed):
    """A committee member signed a proposed decision; it takes effect with the second, different, signer."""

    decision: int
    signs: ClassVar[str] = "decision"


@dataclass(frozen=True, kw_only=True)
class CohortOpened(Event):
    """A cohort of `size` places was opened at the level a signed decision names."""

    cohort: int
    level: int
    size: int
    decision: int
    says: ClassVar[str] = "cohort {cohort} opened at level {level}"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.cohort, self.size) < 1:
            raise ValueError("cohorts and places count from 1")


@dataclass(frozen=True, kw_only=True)
class CohortClosed(Event):
    """No further participant enters this cohort."""

    cohort: int
    needs_reason: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class OverrideGiven(Event):
    """A person asked to act once against named rules, for safety; it counts when it has the signatures they need.

    `content` is what the act will say (its level, product, dose …): the signatures cover that and nothing else.
    """

    act: str
    rules: tuple[str, ...]
    content: tuple[AnswerPart, ...] = ()
    needs_reason: ClassVar[bool] = True

    @property
    def what(self) -> str:
        """The act allowed and the rules set aside."""
        said = ", ".join(f"{part.name} {part.says}" for part in self.content)
        return f"override of {', '.join(self.rules)} for one {self.act}" + (f" ({said})" if said else "")


@dataclass(frozen=True, kw_only=True)
class OverrideSigned(Signed):
    """A person signed an override."""

    given: int
    signs: ClassVar[str] = "given"
