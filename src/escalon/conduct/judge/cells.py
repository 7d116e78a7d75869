"""What a declared endpoint comes to: a cell for each participant at each visit, and the numbers over a group of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from sys import intern
from typing import TypeAlias

from escalon.conduct.judge.windows import State
from escalon.facts import Fact, Finding, grounds

Exact: TypeAlias = int | Fraction | str
"""A number as it is, or a word where the answer is one."""


@dataclass(frozen=True, slots=True)
class AtVisit:
    """One participant at one visit: a value, or which of the three ways there is none, and the facts that say so."""

    endpoint: str
    participant: str
    disease: str
    level: int | None
    measure: str
    visit: str
    state: State
    day: int | None = None
    value: Exact | bool | None = None
    baseline: Exact | None = None
    change: Fraction | None = None
    reason: str = ""
    flags: tuple[str, ...] = ()
    rests_on: tuple[Fact, ...] = ()
    baseline_rests_on: tuple[Fact, ...] = ()

    @property
    def id(self) -> str:
        """The name it is known by: `S-4/P02/D90`."""
        return intern(f"{self.endpoint}/{self.participant}/{self.visit}")

    @property
    def grounds(self) -> tuple[Fact, ...]:
        """Every recorded fact beneath it, those of the baseline after those of the visit, once each."""
        return recorded_beneath((*self.rests_on, *self.baseline_rests_on))


def recorded_beneath(some: Iterable[Fact]) -> tuple[Fact, ...]:
    """The recorded facts beneath some facts, once each: themselves, unless computed from others, which may be computed again."""
    return tuple({id(fact): fact for one in some for fact in _recorded(one)}.values())


def _recorded(fact: Fact) -> Iterator[Fact]:
    if not isinstance(fact.behind, Finding):
        if fact.source or fact.participant:  # what only names the form of a score was recorded by nobody
            yield fact
        return
    for beneath in grounds(fact.behind):
        yield from _recorded(beneath)


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number over a group at a visit: what it is, how it was reached, how many stand beneath it and how many do not."""

    group: str
    """`` for everybody, else such as `level 2`."""
    visit: str
    name: str
    value: Exact | None
    n: int
    missing: int
    not_due: int
    not_applicable: int
    method: str
    rests_on: tuple[str, ...] = ()
    """The ids of the cells counted."""


def in_group(cell: AtVisit, group: str) -> bool:
    """Whether a cell is of a group: everybody, a level, or a disease."""
    return group in ("", f"level {cell.level}", cell.disease)
