"""Several processes record and read at once, and each notes when it asked and when it was answered; the history must be
linearisable (Herlihy & Wing 1990, doi:10.1145/78969.78972): one order of all acts, which no act's own time contradicts and
in which each was answered as a small model of the rules, written from docs/casebook.md, answers it.

The entries' numbers are that order. A refusal or a reading has its moment between two of them: the earliest that fits.
"""

from __future__ import annotations

import json
import os
import random
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.casebook.conftest import START
from tests.casebook.trial import CARLA, INES, MONA, PASSWORD, PLAN, QUICK, Trial
from tests.postgres import Cluster
from tests.torture.writers import in_child

from escalon.casebook.chain import verify
from escalon.casebook.clock import SetClock
from escalon.casebook.keys import Seal
from escalon.casebook.location import create_casebook, open_casebook
from escalon.casebook.secrets import SecretStore
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.recording import Conduct
from escalon.conduct.record.signing import sign
from escalon.history.events import (
    AllocationReleased,
    EntrySigned,
    FactCorrected,
    FactRecorded,
    LevelAllocated,
    Observation,
    QueryAnswered,
    QueryClosed,
    QueryRaised,
    VisitLocked,
    VisitUnlocked,
)

CODES = [f"P-{number}" for number in range(1, 7)]
VISIT = "D28"
FOUND = Path(__file__).parent / "found"
"""Where a counter-example is kept."""


@dataclass(frozen=True)
class Done:
    """One act: what was asked, when (nanoseconds of one clock), and how it was answered."""

    asked: int
    answered: int
    act: str
    code: str
    about: int
    entry: int
    """The entry it became; 0 where it was refused or only read."""
    read: int = -1


@dataclass
class Model:
    """The rules of these acts, and nothing else of a trial."""

    size: int
    number: int
    last_place: int = 0
    held: tuple[tuple[str, int], ...] = ()
    locked: frozenset[str] = frozenset()
    queries: tuple[tuple[int, str], ...] = ()

    def allows(self, done: Done) -> bool:
        """Whether the act is recorded, where it is one that may be refused; what was read, where it only reads."""
        place, query = dict(self.held).get(done.code), dict(self.queries).get(done.about)
        match done.act:
            case "allocate":
                return place is None and len(self.held) < self.size
            case "give back":
                return place is not None and place == done.about
            case "fact" | "correct" | "lock":
                return done.code not in self.locked
            case "unlock":
                return done.code in self.locked
            case "answer":
                return query in ("open", "answered")
            case "close":
                return query == "answered"
            case "read head":
                return self.number == done.read
            case "read places":
                return len(self.held) == done.read
        return True

    def after(self, done: Done) -> Model:
        """Where the trial stands after an act that was recorded."""
        held, queries, last, locked = dict(self.held), dict(self.queries), self.last_place, self.locked
        match done.act:
            case "allocate":
                last += 1
                held[done.code] = last
            case "give back":
                held.pop(done.code, None)
            case "lock":
                locked |= {done.code}
            case "unlock":
                locked -= {done.code}
            case "raise":
                queries[done.entry] = "open"
            case "answer":
                queries[done.about] = "answered"
            case "close":
                queries[done.about] = "closed"
        return Model(self.size, done.entry, last, tuple(held.items()), locked, tuple(queries.items()))


def contradiction(history: Iterable[Done], size: int, before: int) -> str | None:
    """What no order of the acts explains; None for a linearisable history. `before`: the entries there were."""
    acts = list(history)
    states, problem = _states(acts, size, before)
    if problem:
        return problem
    ends: list[int] = []
    latest: list[int] = []
    numbers = [one.number for one in states]
    for done in sorted(acts, key=lambda one: one.answered):
        earlier = bisect_left(ends, done.asked)
        least = latest[earlier - 1] if earlier else before
        if done.entry:
            place = done.entry
            if place <= least:
                return f"{done} became an entry before what had been answered when it was asked ({least})"
        else:
            reads = done.act.startswith("read")
            fits = (one for one in states[bisect_left(numbers, least) :] if one.allows(done) is reads)
            found = next(fits, None)
            if found is None:
                return f"{done}: at no moment since entry {least} would it have been answered so"
            place = found.number
        ends.append(done.answered)
        latest.append(max(place, latest[-1] if latest else 0))
    return None


def _states(acts: list[Done], size: int, before: int) -> tuple[list[Model], str | None]:
    states = [Model(size, before)]
    for done in sorted((one for one in acts if one.entry), key=lambda one: one.entry):
        if not states[-1].allows(done):
            return states, f"{done} was recorded, and its rule forbids it after entry {states[-1].number}"
        states.append(states[-1].after(done))
    return states, None


def shrunk(history: list[Done], size: int, before: int) -> list[Done]:
    """The same contradiction with as few acts as it needs: halves, quarters … single acts are left out while it stays."""
    step = max(1, len(history) // 2)
    while True:
        place, left_out = 0, False
        while place < len(history):
            fewer = history[:place] + history[place + step :]
            if fewer and contradiction(fewer, size, before):
                history, left_out = fewer, True
            else:
                place += step
        if step == 1 and not left_out:
            return history
        step = max(1, step // 2)


@dataclass(frozen=True)
class Together:
    """What several processes at once came to."""

    processes: int
    acts: int
    recorded: int
    refused: int
    read: int
    seconds: float
    wrong: str | None

    @property
    def is_good(self) -> bool:
        return self.wrong is None and self.recorded > 0 and self.refused > 0

    def __str__(self) -> str:
        said = self.wrong or "linearisable, chain whole"
        return (
            f"{self.acts} acts by {self.processes} processes ({self.recorded} recorded, {self.refused} refused, {self.read} "
            f"readings): {said} ({self.seconds:.0f} s)"
        )


@dataclass(frozen=True)
class Several:
    """Runs with several numbers of processes."""

    runs: tuple[Together, ...]

    @property
    def is_good(self) -> bool:
        return all(one.is_good for one in self.runs)

    def __str__(self) -> str:
        return "; ".join(map(str, self.runs))


def run(folder: Path, acts: int, processes: int, seed: int, server: Cluster | None = None) -> Together:
    """Let processes act at once, check the history, and keep a counter-example shrunk."""
    addresses = dict(zip(("database", "owner"), server.casebook_database(), strict=True)) if server else {}
    book = create_casebook(folder, study="trial", study_version="1", clock=SetClock(START), **addresses)
    trial = Trial(book, PLAN)
    trial.open_cohort(1, 1)
    for code in CODES:
        trial.enter(code)
    before = book.head.number
    book.close()
    began, size = time.monotonic(), PLAN.dose.cohort_size
    children = [in_child(_acts(folder, acts // processes, seed * 100 + place, before)) for place in range(processes)]
    history = [Done(**json.loads(line)) for _, pipe in children for line in _lines(pipe)]
    ended = [os.waitpid(child, 0)[1] for child, _ in children]
    assert not any(ended), "a process failed"
    wrong = contradiction(history, size, before)
    if wrong:
        few = shrunk(history, size, before)
        FOUND.mkdir(exist_ok=True)
        kept = FOUND / f"{processes}-{seed}.json"
        kept.write_text(json.dumps({"size": size, "before": before, "acts": [asdict(one) for one in few]}, indent=1))
        wrong = f"{contradiction(few, size, before)}; {len(few)} acts kept in {kept.name}"
    wrong = wrong or _unaccounted(folder, before, history)
    recorded, read = sum(one.entry > 0 for one in history), sum(one.read >= 0 for one in history)
    refused = len(history) - recorded - read
    return Together(processes, len(history), recorded, refused, read, time.monotonic() - began, wrong)


def _unaccounted(folder: Path, before: int, history: list[Done]) -> str | None:
    """Every entry is one act's, every act's entry is there, and the chain is whole."""
    book = open_casebook(folder)
    stored = [entry.number for entry in book.entries(after=before)]
    found = verify(book)
    book.close()
    if stored != sorted(one.entry for one in history if one.entry):
        return "the entries are not those that were acknowledged"
    return str(found.problem) if found.problem else None


def _lines(pipe: int) -> Iterator[str]:
    with os.fdopen(pipe, encoding="ascii") as lines:
        yield from lines


def _acts(folder: Path, count: int, seed: int, before: int) -> Callable[[int], None]:
    def work(pipe: int) -> None:
        book = open_casebook(folder, clock=SetClock(START))
        person = Someone(Conduct(book, PLAN), SecretStore(book, Seal(b"k" * 32), QUICK), random.Random(seed), before)
        with os.fdopen(os.dup(pipe), "w", encoding="ascii") as out:
            for _ in range(count):
                out.write(json.dumps(asdict(person.acts())) + "\n")
        book.close()

    return work


@dataclass
class Someone:
    """Somebody at one computer, who tries whatever comes to mind."""

    conduct: Conduct
    secrets: SecretStore
    chance: random.Random
    before: int

    def __post_init__(self) -> None:
        self.facts: list[tuple[str, int]] = []
        self.queries: list[int] = []

    def acts(self) -> Done:
        """One act, timed."""
        act = self.chance.choice(list(ACTS))
        code = self.chance.choice(CODES)
        about = 0
        if act == "correct":
            if not self.facts:
                act = "fact"
            else:
                code, about = self.facts.pop()
        elif act in ("answer", "close"):
            about = self.chance.choice(self.queries[-3:]) if self.queries else 1
        elif act == "give back":
            held = self.conduct.trial.courses[code].allocation
            about = held.place if held else 1
        asked, read = time.monotonic_ns(), -1
        try:
            entry = ACTS[act](self, code, about)
            if act.startswith("read"):
                entry, read = 0, entry
        except Refused:
            entry = 0
        done = Done(asked, time.monotonic_ns(), act, code, about, entry, read)
        if act == "fact" and entry:
            self.facts.append((code, entry))
        if act == "raise" and entry:
            self.queries.append(entry)
        return done


def _fact(one: Someone, code: str, about: int) -> int:
    return one.conduct.record(CARLA, FactRecorded(participant=code, fact=_seen("31"))).number


def _correct(one: Someone, code: str, about: int) -> int:
    said = FactCorrected(participant=code, corrects=about, fact=_seen("32"), reason="typing")
    return one.conduct.record(CARLA, said).number


def _seen(value: str) -> Observation:
    return Observation(name="alt", value=value, unit="U/L", day="2026-03-01", visit=VISIT)


def _give_back(one: Someone, code: str, about: int) -> int:
    return one.conduct.record(
        INES, AllocationReleased(participant=code, cohort=1, place=about, reason="waits for the next cohort")
    ).number


def _signed(one: Someone, code: str, about: int) -> int:
    how = {"password": PASSWORD, "meaning": "reviewed", "entry": one.before}
    return sign(one.conduct, one.secrets, MONA, EntrySigned, **how).number  # type: ignore[arg-type]


def _allocate(one: Someone, code: str, about: int) -> int:
    made = one.conduct.allocate(CARLA, code, 1)
    assert isinstance(made.event, LevelAllocated)
    return made.number


ACTS: dict[str, Callable[[Someone, str, int], int]] = {
    "fact": _fact,
    "correct": _correct,
    "lock": lambda one, code, about: one.conduct.record(INES, VisitLocked(participant=code, visit=VISIT)).number,
    "unlock": lambda one, code, about: (
        one.conduct.record(INES, VisitUnlocked(participant=code, visit=VISIT, reason="a value came late")).number
    ),
    "allocate": _allocate,
    "give back": _give_back,
    "raise": lambda one, code, about: one.conduct.record(MONA, QueryRaised(text="which unit?")).number,
    "answer": lambda one, code, about: one.conduct.record(CARLA, QueryAnswered(query=about, text="U/L")).number,
    "close": lambda one, code, about: one.conduct.record(MONA, QueryClosed(query=about)).number,
    "sign": _signed,
    "read head": lambda one, code, about: one.conduct.casebook.head.number,
    "read places": lambda one, code, about: len(one.conduct.trial.cohorts[1].places),
}
"""Everything they try; each returns the entry's number, or what was read."""
