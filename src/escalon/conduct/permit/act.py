"""An act somebody wants recorded, the rules it is asked by, and who may set one aside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from escalon.conduct.judge.strata import stratum_of
from escalon.conduct.permit.holds import Hold, dosing_holds
from escalon.conduct.permit.refusal import Broken
from escalon.history import Author, Cohort, Course, Entry, Trial
from escalon.history.events import CohortOpened, DecisionProposed, Event, ParticipantConsented
from escalon.protocol.study import Study

TOLERANCE = timedelta(seconds=5)
"""How far two computers' clocks may differ before a moment counts as the future."""


@dataclass(frozen=True)
class Act:
    """An event someone wants recorded, and everything a rule may look at. `know` reads the facts of some participants."""

    event: Any
    author: Author
    trial: Trial
    study: Study
    now: datetime
    entry: Callable[[int], Entry]
    know: Callable[[tuple[str, ...]], None]

    @property
    def one(self) -> Course:
        """The participant the act is about."""
        return self.trial.courses[self.event.participant]

    @property
    def today(self) -> date:
        """The day at the site on which the act is recorded."""
        return self.now.astimezone(self.trial.frame.zone).date()

    @cached_property
    def day(self) -> date:
        """The day the act is about, at the site; today where the event names none."""
        happened = self.event.happened(self.trial.frame.zone)
        return happened.earliest if happened else self.today

    @property
    def cohort(self) -> Cohort | None:
        """The open cohort in which the participant holds a place."""
        held = self.one.allocation
        cohort = self.trial.cohorts.get(held.cohort) if held else None
        return cohort if cohort and cohort.is_open else None

    @cached_property
    def stratum(self) -> str:
        """The stratum the act is about, where each escalates by itself: the one it names, its cohort's or its participant's."""
        if self.study.dose.strata is None:
            return ""
        if isinstance(self.event, DecisionProposed):
            return self.event.stratum
        if isinstance(self.event, CohortOpened):
            decision = self.trial.decisions.get(self.event.decision)
            return decision.proposed.stratum if decision else ""
        self.know((self.event.participant,))
        return stratum_of(self.study, self.one)

    @cached_property
    def _asked(self) -> dict[tuple[date, int | None], list[Hold]]:
        return {}

    def held(self, day: date, level: int | None) -> list[Hold]:
        """What forbids dosing at a level on a day in the act's stratum, asked once for all rules of the act."""
        if (day, level) not in self._asked:
            self._asked[day, level] = dosing_holds(self.study, self.informed(), day, level, self.stratum)
        return self._asked[day, level]

    def informed(self) -> Trial:
        """The trial with the facts of everybody infused, as the dose rule reads it."""
        self.know(tuple(one.code for one in self.trial.infused()))
        return self.trial


Check = Callable[[Act], str | None]


@dataclass(frozen=True)
class Rule:
    """A rule: before which events it is asked, and how many signatures set it aside (0: none can)."""

    name: str
    before: tuple[type[Event], ...]
    signatures: int
    check: Check

    @property
    def says(self) -> str:
        """The rule as its function's docstring states it."""
        return (self.check.__doc__ or "").strip()


RULES: list[Rule] = []
"""Every rule, in the order they are asked: `rules` and `corrections` declare them."""


def rule(*before: type[Event], name: str, signatures: int) -> Callable[[Check], Check]:
    """Declare a rule."""

    def declare(check: Check) -> Check:
        RULES.append(Rule(name, before, signatures, check))
        rules_before.cache_clear()
        return check

    return declare


def broken_rules(act: Act) -> Iterator[Broken]:
    """Every rule the act would break, in the order they are written; under the stricter history where a lift is unsigned."""
    found = dict.fromkeys(_broken(act))
    stricter = act.trial.stricter
    if stricter is not None:
        for one in _broken(Act(act.event, act.author, stricter, act.study, act.now, act.entry, _nothing_more)):
            if one.rule not in {each.rule for each in found}:
                unsigned = ", ".join(str(entry.number) for entry in act.trial.unsigned())
                says = f"{one.says} (entry {unsigned} would change that and is not signed by those who may)"
                found[Broken(one.rule, says, one.signatures)] = None
    yield from found


def broken_by_order(act: Act, names: Collection[str] | None = None) -> Iterator[Broken]:
    """Every rule of sequence, or of those of some names, that the act would break, in the order they are written."""
    for one in rules_before(type(act.event)):  # type: ignore[arg-type]  # a class is hashable
        if (names is None or one.name in names) and (says := one.check(act)):
            yield Broken(one.name, says, one.signatures)


@cache
def rules_before(kind: type[Event]) -> tuple[Rule, ...]:
    """The rules that are asked before an event of this kind, in the order they are written."""
    return tuple(one for one in RULES if issubclass(kind, one.before))


def _nothing_more(codes: tuple[str, ...]) -> None:
    """The stricter history holds the facts that were read already."""


def _broken(act: Act) -> Iterator[Broken]:
    if is_about_a_stranger(act):
        yield Broken("consent", f"participant {act.event.participant} has no consent recorded", 0)
        return
    yield from broken_by_order(act)
    for more in MORE:
        yield from more(act)


MORE: list[Callable[[Act], Iterator[Broken]]] = []
"""Further checks whose answers carry the names of other rules: those of a correction's own content."""


def is_about_a_stranger(act: Act) -> bool:
    """Whether the act is about a participant the casebook has no consent of."""
    code = act.event.participant
    if code is None or isinstance(act.event, ParticipantConsented):
        return False
    known = act.trial.courses.get(code)
    if known is not None and act.event.supersedes is not None:
        return False  # what was taken over of somebody unknown can be put right
    return known is None or not (known.consents or known.infusions)
