"""What a fold must know of the study: which of its facts stand for which step, where its days are counted, how it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from types import MappingProxyType

from escalon.facts import Day, Fact
from escalon.history.events import Observation

Read = Callable[[str, Observation, str], Fact]
"""A participant's code, an observation and the place it is written at, to a fact. Raises ValueError with what to write."""


State = Callable[[str, Day, Day | None], Observation | None]
"""A role, its day and its last day, to the observation that says so in the study's own words; None where it has none."""


def unsaid(role: str, day: Day, until: Day | None) -> Observation | None:
    """A study without words for any step."""
    return None


def as_written(participant: str, seen: Observation, place: str) -> Fact:
    """An observation as a fact without any dictionary: its words are its value."""
    day = Day.parse(seen.day) if seen.day else None
    return Fact(seen.name, seen.value, day, seen.unit, place, participant, visit=seen.visit or "")


@dataclass(frozen=True)
class Frame:
    """The study's side of a fold. `roles` gives the fact or treatment that stands for a step, such as `consent` or `left`."""

    zone: tzinfo = UTC
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    read: Read = as_written
    state: State = unsaid
