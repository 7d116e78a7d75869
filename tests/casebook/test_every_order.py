"""Every order of up to six acts in a small trial: two participants, two levels, no state that the rules forbid.

From three beginnings, each act that is allowed is taken, and the second reading of the record (`Judge`) is asked after it.
A refused act changes nothing, so that orders with refusals are those without them; orders that leave the same entries made on
the same days are gone on from once. No database is written: the rules are asked of the fold.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from tests.casebook.conftest import START
from tests.casebook.test_any_order import PLAN, Judge
from tests.casebook.trial import CARLA, CELLS, CORA, CYRUS, INES, LENA, STAN, Trial

from escalon.casebook.clock import SetClock
from escalon.casebook.entry import Entry, write_entry
from escalon.casebook.location import create_casebook
from escalon.conduct.permit.act import Act, broken_rules, rules_before
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.answered import answered
from escalon.conduct.record.recording import authorise_event
from escalon.conduct.record.signing import check_signature
from escalon.facts import Day
from escalon.history import Author
from escalon.history import Trial as Fold
from escalon.history.events import (
    AdverseEventRecorded,
    ApheresisDone,
    CellsInfused,
    CohortClosed,
    CohortOpened,
    ConsentWithdrawn,
    Course,
    DecisionProposed,
    DecisionSigned,
    DltAdjudicated,
    Event,
    LevelAllocated,
    LymphodepletionGiven,
    NothingToReport,
    ProductReleased,
)
from escalon.sources.frame import frame_of

DEPTH = int(os.environ.get("ESCALON_EVERY_ORDER", "2"))
"""Acts of an order; `make orders` takes six."""
WAITS = (14, 29)
BEGINNINGS = ("one ready, one before apheresis", "one infused, one ready", "a cohort over")


JUDGED = (LevelAllocated, CohortOpened, CellsInfused)
"""The acts by which somebody is treated: the second reading of the record judges each."""


@dataclass
class State:
    """A trial after some acts."""

    entries: list[Entry]
    now: datetime
    base: int
    taken: tuple[str, ...] = ()

    @property
    def fold(self) -> Fold:
        return Fold(frame_of(PLAN)).follow(self.entries)

    @property
    def key(self) -> bytes:
        """What is alike of two orders: the entries they left, each with its moment, and the day it is, as a digest."""
        left = sorted((str(one.at), one.body) for one in self.entries[self.base :])
        return blake2b(repr((self.entries[self.base - 1].hash, self.now, left)).encode(), digest_size=16).digest()

    @property
    def repeats(self) -> bool:
        """Whether the last act said again what had been said at the same moment; no more follows from it."""
        *before, last = self.entries[self.base :]
        return (last.at, last.body) in {(one.at, one.body) for one in before}

    def took(self, name: str, author: Author, event: Event) -> State:
        last = self.entries[-1]
        entry = write_entry(
            event, author, self.now, number=last.number + 1, previous=last.hash, study="trial 1", software="test"
        )
        return State([*self.entries, entry], self.now, self.base, (*self.taken, name))


def acts(state: State, trial: Fold) -> Iterator[tuple[str, Author, Event]]:
    """Everything that somebody may try now."""
    day = state.now.date()
    for code in ("P-1", "P-2"):
        yield f"apheresis {code}", CARLA, ApheresisDone(participant=code, at=state.now, collection=f"A-{code}")
        conditioned = LymphodepletionGiven(participant=code, started_on=day, ended_on=day, regimen="as prescribed")
        yield f"conditioning {code}", INES, conditioned
        withdrawn = ConsentWithdrawn(participant=code, on=day, reason="wish")
        yield f"withdrawal {code}", INES, withdrawn
        septic = AdverseEventRecorded(participant=code, term="Sepsis", grade=4, start=Day.of(day))
        yield f"sepsis {code}", CARLA, septic
        for says in (True, False):
            yield f"DLT {says} {code}", INES, DltAdjudicated(participant=code, is_dlt=says, because="seen")
        for level in (1, 2):
            yield (
                f"release {code} {level}",
                LENA,
                ProductReleased(
                    participant=code,
                    product=f"B-{code}",
                    collection=f"A-{code}",
                    level=level,
                    certificate="C",
                    at=state.now,
                ),
            )
            yield (
                f"infusion {code} {level}",
                INES,
                CellsInfused(
                    participant=code, at=state.now, product=f"B-{code}", level=level, cells_per_kg=CELLS[level]
                ),
            )
        for number, cohort in trial.cohorts.items():
            place = cohort.last_place + 1
            allocated = LevelAllocated(participant=code, cohort=number, level=cohort.opened.level, place=place)
            yield f"place {code} {number}", CARLA, allocated
    yield "nothing to report", CARLA, NothingToReport(table="adverse_events")
    yield from _of_the_committee(trial)


def _of_the_committee(trial: Fold) -> Iterator[tuple[str, Author, Event]]:
    decision = max(trial.decisions, default=0)
    for level in (1, 2):
        yield (
            f"proposal {level}",
            STAN,
            DecisionProposed(course=Course.TREAT, level=level, because="rule", reason="asked"),
        )
        opened = CohortOpened(cohort=max(trial.cohorts, default=0) + 1, level=level, size=3, decision=decision)
        yield f"opening {level}", STAN, opened
    for signer in (CORA, CYRUS):
        if decision and signer.person not in trial.decisions[decision].signers:
            signed = DecisionSigned(printed_name=signer.person, meaning="approve", digest="", decision=decision)
            yield f"signature {signer.person}", signer, signed
    for number in trial.cohorts:
        yield f"closing {number}", INES, CohortClosed(cohort=number, reason="complete")


def allowed(state: State, trial: Fold, author: Author, event: Event) -> Event | None:
    """The event as it would be recorded, or None where authority or a rule refuses it."""

    def entry(number: int) -> Entry:
        return state.entries[number - 1]

    try:
        authorise_event(trial, author, event, entry)
        act = Act(event, author, trial, PLAN, state.now, entry, lambda codes: None)
        said: Any = answered(act)
        asked = Act(said, author, trial, PLAN, state.now, entry, lambda codes: None)
        if isinstance(said, DecisionSigned):
            check_signature(asked)
        return None if is_broken(asked) else said
    except Refused:
        return None


DEAR = ("adjudication", "decision", "dlt clock", "eligibility", "rule", "sentinel clock")
"""The rules that ask the criteria or the dose rule: asked last, since one broken rule is enough to refuse an act."""


def is_broken(act: Act) -> bool:
    """Whether an act breaks any rule."""
    quick = (one for one in rules_before(type(act.event)) if one.name not in DEAR)
    return any(one.check(act) for one in quick) or any(broken_rules(act))


@dataclass
class Walked:
    """What the walk through all orders came to."""

    states: int = 0
    taken: int = 0
    refused: int = 0
    names: set[str] = field(default_factory=set)
    seen: set[tuple[int, bytes]] = field(default_factory=set)

    def walk(self, state: State, depth: int) -> None:
        """Go on from a state in every way, and judge each entry made."""
        if not depth or (depth, key := state.key) in self.seen:
            return
        self.seen.add((depth, key))
        self.states += 1
        trial = state.fold
        for name, author, event in acts(state, trial):
            if depth == 1 and not isinstance(event, JUDGED):
                continue  # the last act is taken to be judged; whatever else it may be leads nowhere
            said = allowed(state, trial, author, event)
            if said is None:
                self.refused += 1
                continue
            self.taken += 1
            self.names.add(name)
            after = state.took(name, author, said)
            if after.repeats:
                continue
            judged(after)
            self.walk(after, depth - 1)
        for days in WAITS if depth > 1 else ():
            later = State(state.entries, state.now + timedelta(days=days), state.base, (*state.taken, f"{days} days"))
            self.walk(later, depth - 1)

    @property
    def is_good(self) -> bool:
        return self.taken > 0 and self.refused > self.states

    def __str__(self) -> str:
        return (
            f"{self.states} states, {self.taken} acts taken and judged, {self.refused} refused, none forbidden reached"
        )


def every_order(folder: Path, depth: int) -> Walked:
    """All orders of so many acts from every beginning."""
    walked = Walked()
    for place, beginning in enumerate(BEGINNINGS):
        walked.walk(begun(folder / str(place), beginning), depth)
    return walked


def judged(state: State) -> None:
    judge, entry = Judge(state.entries), state.entries[-1]
    ask = {
        "LevelAllocated": judge.judge_allocation,
        "CohortOpened": judge.judge_cohort,
        "CellsInfused": judge.judge_infusion,
    }
    try:
        if entry.kind in ask:
            ask[entry.kind](entry)
    except AssertionError as forbidden:
        raise AssertionError(f"{' > '.join(state.taken)}: {forbidden}") from forbidden


def begun(folder: Path, beginning: str) -> State:
    """A beginning, recorded by the one way in."""
    book = create_casebook(folder / "book", study="trial", study_version="1", clock=SetClock(START))
    trial = Trial(book, PLAN)
    trial.open_cohort(1, 1)
    if beginning == "one ready, one before apheresis":
        trial.prepare("P-1", 1, 1)
        trial.enter("P-2")
    elif beginning == "one infused, one ready":
        trial.prepare("P-1", 1, 1)
        trial.prepare("P-2", 1, 1)
        trial.infuse("P-1", 1)
    else:
        trial.prepare("P-1", 1, 1)
        trial.enter("P-2")
        trial.infuse("P-1", 1)
        trial.days(29)
        trial.nothing_to_report()
        trial.record(INES, CohortClosed(cohort=1, reason="complete"))
    entries = list(book.entries())
    now = trial.clock.now()
    book.close()
    return State(entries, now, len(entries))


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_no_order_of_acts_reaches_a_forbidden_state(tmp_path: Path, beginning: str) -> None:
    walked = Walked()
    walked.walk(begun(tmp_path, beginning), DEPTH)
    print(
        f"\n{beginning}, orders of {DEPTH} acts: {walked.states} states, {walked.taken} taken, {walked.refused} refused"
    )
    assert walked.taken > walked.states / 2
    assert walked.refused > walked.states
    assert {"sepsis P-1", "withdrawal P-2", "proposal 1"} <= walked.names


GOOD = {
    "one ready, one before apheresis": (
        "infusion P-1 1", "apheresis P-2", "place P-2 1", "release P-2 1", "14 days", "conditioning P-2", "infusion P-2 1",
    ),
    "one infused, one ready": ("14 days", "sepsis P-1", "infusion P-2 1"),  # grade 4 asks once it lasts more than 7 days
    "a cohort over": ("apheresis P-2", "proposal 1", "signature cora", "signature cyrus", "opening 1", "place P-2 2"),
}  # fmt: skip


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_an_order_known_to_be_right_passes(tmp_path: Path, beginning: str) -> None:
    """Rules that refused everything would reach no forbidden state either."""
    state = begun(tmp_path, beginning)
    for wanted in GOOD[beginning]:
        if wanted.endswith("days"):
            state.now += timedelta(days=int(wanted.split()[0]))
            continue
        trial = state.fold
        [(name, author, event)] = [one for one in acts(state, trial) if one[0] == wanted]
        said = allowed(state, trial, author, event)
        assert said is not None, f"{name} was refused after {state.taken}"
        state = state.took(name, author, said)
        judged(state)
