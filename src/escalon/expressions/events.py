"""Leaves of the tree that read a participant's history: picks, statements, events in a window, exposure to a drug."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from escalon.expressions.tree import Kind, Leaf
from escalon.facts import Duration


class Span(StrEnum):
    """How a window lies about its anchor A, with D a duration."""

    WITHIN = "within"
    """From A − D up to A."""
    SINCE = "since"
    """From A − D up to the day of decision."""
    AT_LEAST = "at least"
    """Up to A − D."""
    BEFORE = "before"
    """Up to A."""
    AFTER = "after"
    """From A on."""
    AT = "at"
    """In the anchor's own period, as the study gives it."""
    EVER = "ever"
    """At any time."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time about an anchor that the study names; both ends included."""

    span: Span
    anchor: str = ""
    duration: Duration | None = None


@dataclass(frozen=True, slots=True)
class UnitNumber(Leaf):
    """A number with its unit, as a protocol prints it: 30 mL/min."""

    kind: ClassVar[Kind] = Kind.NUMBER
    value: Fraction
    unit: str


class How(StrEnum):
    """Which of several recorded values is meant."""

    LATEST = "latest"
    EARLIEST = "earliest"
    HIGHEST = "highest"
    LOWEST = "lowest"
    COUNT = "count of"


class Part(StrEnum):
    """What of a recorded value: itself, or the laboratory's reference limit beside it."""

    VALUE = "value"
    UPPER = "uln"
    LOWER = "lln"


class Tie(StrEnum):
    """Which of several values of one day counts; the highest where a criterion does not say."""

    HIGHEST = "highest"
    LOWEST = "lowest"


@dataclass(frozen=True, slots=True)
class Pick(Leaf):
    """One of the recorded values of a name within a window."""

    kind: ClassVar[Kind] = Kind.NUMBER
    name: str
    how: How = How.LATEST
    part: Part = Part.VALUE
    window: Window | None = None
    tie: Tie | None = None


@dataclass(frozen=True, slots=True)
class Stated(Leaf):
    """What was last stated about a yes/no fact within a window."""

    name: str
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Happened(Leaf):
    """Whether an event, a history or a treatment lay within a window; absent only where somebody said so."""

    name: str
    window: Window | None = None
    lasting: Duration | None = None
    """Without a gap for at least this long, somewhere within the window."""
    recorded: bool = False
    """Whether what is recorded is enough: silence is then «no», because the study watches for it and asks nobody again."""


@dataclass(frozen=True, slots=True)
class Dose:
    """A range of doses, ends included; `None` leaves that side open."""

    low: Fraction | None
    high: Fraction | None
    unit: str


@dataclass(frozen=True, slots=True)
class Exposure(Leaf):
    """A drug taken without a gap up to an anchor, for a time, and in a range of doses for a time."""

    name: str
    anchor: str
    lasting: Duration | None = None
    dose: Dose | None = None
    dose_lasting: Duration | None = None
    stable: bool = False
    """Whether the dose must not have changed while it is looked at."""
