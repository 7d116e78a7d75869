"""A random trial through `Conduct` under any dose rule: each step is what the rule allows that day, or is signed against it."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from pathlib import Path
from random import Random

from tests.casebook.conftest import START
from tests.casebook.trial import CARLA, CELLS, CORA, INES, STAN, Trial, study

from escalon.casebook.clock import SetClock
from escalon.casebook.location import create_casebook
from escalon.conduct.judge import standing
from escalon.conduct.judge.dosing import decide_next_dose
from escalon.conduct.permit.refusal import Refused
from escalon.escalation import Treat
from escalon.facts import Day
from escalon.history import Cohort
from escalon.history.events import (
    AdverseEventRecorded,
    CohortClosed,
    CohortOpened,
    ConsentWithdrawn,
    DltAdjudicated,
    DltWindowReviewed,
    EntryAnnulled,
    EntryCorrected,
    EntrySigned,
    EvaluabilityJudged,
    ParticipantWithdrawn,
)
from escalon.protocol.study import Study

TABLE = "n,escalate,de_escalate,eliminate\n1,0,1,\n2,0,1,2\n3,0,1,2\n4,0,2,3\n5,1,2,3\n6,1,2,3\n9,1,3,5\n12,2,4,6\n"
"""A user's own table, which says nothing of seven or eight people."""

_ONE_BY_ONE = {"sentinel_interval": None, "whole_cohort_first": None}

RULES: dict[str, dict[str, object]] = {
    "3+3 variant=V2": {},
    "3+3 variant=V3": {},
    "a+b variant=V2 a=3 b=3 c=1 d=1 e=1": {},
    "a+b variant=V2 a=2 b=4 c=1 d=1 e=2": {"cohort_size": 2},
    "boin target=0.25 size=18": {},
    "boin target=0.25 size=18 cohort=1": {"cohort_size": 1},
    "boin target=0.30 size=18 backfill_to=6": {},
    "keyboard target=0.25 size=18": {},
    "mtpi2 target=0.30 size=18": {},
    "i3+3 target=0.25 size=18": {},
    "crm target=0.25 skeleton=0.05/0.15/0.30 size=18": {},
    "table file={table} target=0.25 size=18": {},
    "rolling-six window=28": _ONE_BY_ONE,
    "tite-crm target=0.25 skeleton=0.05/0.15/0.30 window=28 size=18": _ONE_BY_ONE,
}
"""The designs a study may name, and what the study says beside."""

WINDOW = 28


def plan_of(rule: str, folder: Path) -> Study:
    """The bundled study under another dose rule."""
    table = folder / "table.csv"
    table.write_text(TABLE, encoding="utf-8")
    said = {"cohort": RULES[rule].get("cohort_size", 3), **RULES[rule]}
    return study(cap=18, variant=None, rule=rule.format(table=table), **said)


class Walk:
    """One trial, walked: `outcomes` is what its own book says of everybody, in the order of infusion."""

    def __init__(self, rule: str, seed: int, folder: Path, *, against: bool = True) -> None:
        self.random = Random(f"{rule} {seed}")
        self.plan = plan_of(rule, folder)
        book = create_casebook(folder / "book", study="trial", study_version="1", clock=SetClock(START))
        self.trial = Trial(book, self.plan)
        self.against = against
        self.codes = (f"P-{number:02}" for number in itertools.count(1))
        self.risk = self.random.choice([(0.05, 0.1, 0.2), (0.1, 0.3, 0.5), (0.4, 0.5, 0.7), (0.0, 0.0, 0.0)])
        self.due: list[tuple[date, str, str]] = []
        self.given: dict[str, tuple[int, date]] = {}
        self.cohort_of: dict[str, int] = {}
        self.outcomes: dict[str, str] = {}
        self.days = [self.trial.today()]
        self.refused: list[str] = []

    # -- what happens to people ------------------------------------------------------------------------------------

    def infused(self, code: str, opened: CohortOpened) -> None:
        """Draw what becomes of somebody who was just infused."""
        today, draw, level = self.trial.today(), self.random, opened.level
        self.cohort_of[code] = self._completes(level) or opened.cohort
        self.given[code], self.outcomes[code] = (level, today), "N"
        if draw.random() < self.risk[level - 1]:
            on = today + timedelta(days=draw.randint(0, WINDOW))
            self.due.append((on, code, draw.choice(["dlt", "dlt late", "dlt corrected", "dlt redated"])))
        elif draw.random() < 0.4:
            on = today + timedelta(days=draw.randrange(WINDOW))
            self.due.append(
                (on, code, draw.choice(["mild", "no", "left", "died", "excluded", "taken back", "annulled", "away"]))
            )
        if draw.random() < 0.5:
            self.due.append((today + timedelta(days=WINDOW + 1), code, "reviewed"))

    def _completes(self, level: int) -> int:
        """The number of the cohort that somebody infused today completes, because one of it left; else 0."""
        last = next(reversed(self.cohort_of.values()), 0)
        members = [code for code, cohort in self.cohort_of.items() if cohort == last]
        in_place = sum(self.outcomes[code] != "X" for code in members)
        same_level = bool(members) and self.given[members[0]][0] == level
        return last if same_level and in_place < self.plan.dose.cohort_size else 0

    def happen(self) -> None:
        """Record what is due by today."""
        for one in [one for one in self.due if one[0] <= self.trial.today()]:
            self.due.remove(one)
            self._record(*one)

    def _event(self, code: str, grade: int, start: date, **said: object) -> AdverseEventRecorded:
        day = Day.of(start)
        return AdverseEventRecorded(participant=code, term="Sepsis", grade=grade, start=day, end=day, **said)

    def _record(self, on: date, code: str, what: str) -> None:
        trial, today, later = self.trial, self.trial.today(), self.random.randint(1, 9)
        match what.split():
            case ["dlt"]:
                self._judged(code, trial.record(CARLA, self._event(code, 4, on)).number, True)
            case ["dlt", "late"]:
                trial.record(CARLA, self._event(code, 4, on))
                self.due.append((today + timedelta(days=later), code, "judge"))
            case ["dlt", "corrected"]:
                trial.record(CARLA, self._event(code, 1, on))
                self.due.append((today + timedelta(days=later), code, "correct"))
            case ["dlt", "redated"]:
                trial.record(CARLA, self._event(code, 4, on - timedelta(days=60)))
                self.due.append((today + timedelta(days=later), code, "redate"))
            case ["judge"]:
                self._judged(code, self._last(code), True)
            case ["correct"] | ["redate"]:
                day = min(today, self.given[code][1] + timedelta(days=WINDOW))
                now = self._event(code, 4, day)
                said = EntryCorrected(participant=code, corrects=self._last(code), now=now, reason="read again")
                trial.record(CARLA, said)
                self._judged(code, self._last(code), True)
            case ["mild"]:
                trial.record(CARLA, self._event(code, 1, on))
            case ["no"]:
                self._judged(code, trial.record(CARLA, self._event(code, 3, on)).number, False)
            case ["left"]:
                trial.record(INES, ParticipantWithdrawn(participant=code, on=on, reason="moved away"))
                self.outcomes[code] = "X"
            case ["away"]:
                trial.record(INES, ConsentWithdrawn(participant=code, on=on, reason="thinks it over"))
                self.outcomes[code] = "X"
                self.due.append((today + timedelta(days=later), code, "back"))
            case ["back"]:
                trial.consent(code)
                if today <= self.given[code][1] + timedelta(days=WINDOW):
                    self.outcomes[code] = "N"
            case ["died"]:
                entry = trial.record(CARLA, self._event(code, 5, on, outcome="fatal"))
                self._judged(code, entry.number, False)
                self.outcomes[code] = "X"
            case ["excluded"]:
                self._signed(EvaluabilityJudged(participant=code, is_evaluable=False, because="wrong product"))
                self.outcomes[code] = "X"
            case ["taken", "back"]:
                number = trial.record(CARLA, self._event(code, 4, on)).number
                self._judged(code, number, True)
                self.outcomes[code] = "T"
                self.due.append((today + timedelta(days=later), code, f"unjudge {number}"))
            case ["unjudge", number]:
                self._signed(
                    DltAdjudicated(participant=code, is_dlt=False, because="seen again", rests_on=(int(number),))
                )
                self.outcomes[code] = "N"
            case ["annulled"]:
                number = trial.record(CARLA, self._event(code, 4, on)).number
                self.due.append((today + timedelta(days=later), code, f"annul {number}"))
            case ["annul", number]:
                self._signed(EntryAnnulled(participant=code, annuls=int(number), reason="of somebody else"))
            case ["reviewed"]:
                through = self.given[code][1] + timedelta(days=WINDOW)
                if self.outcomes[code] == "N" and not any(one[1] == code for one in self.due):
                    trial.record(INES, DltWindowReviewed(participant=code, through=through, because="no DLT"))

    def _judged(self, code: str, number: int, is_dlt: bool) -> None:
        because = "by the definition" if is_dlt else "of another cause"
        self.trial.record(INES, DltAdjudicated(participant=code, is_dlt=is_dlt, because=because, rests_on=(number,)))
        if is_dlt:
            self.outcomes[code] = "T"

    def _signed(self, event: object) -> None:
        """Record what would lift a hold, and sign it as those who may: the second on another day."""
        entry = self.trial.record(INES, event)
        if entry.event.needs:  # type: ignore[attr-defined]
            self.trial.sign(INES, EntrySigned, entry=entry.number)
            self.trial.sign(CORA, EntrySigned, entry=entry.number)

    def _last(self, code: str) -> int:
        return self.trial.conduct.informed().course(code).adverse_events[-1].number

    # -- what is done ----------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """One day's work; whether somebody was infused or a cohort opened."""
        trial = self.trial
        self.happen()
        if len(self.days) % 8 == 0:
            trial.nothing_to_report()
        decision = decide_next_dose(self.plan, trial.conduct.informed(), trial.today()).decision
        opens = trial.conduct.trial.open_cohorts()
        if not (isinstance(decision, Treat) and decision.now):
            return bool(self.against and opens and self.random.random() < 0.04 and self._against(opens[0]))
        if opens and opens[0].opened.level == decision.level and self._treated_in(opens[0]):
            return True
        if opens:
            trial.record(INES, CohortClosed(cohort=opens[0].opened.cohort, reason="complete"))
        number = max(trial.conduct.trial.cohorts, default=0) + 1
        size = min(self.plan.dose.cohort_size or 3, decision.size or 3)
        opened = CohortOpened(cohort=number, level=decision.level, size=size, decision=trial.decide(decision.level))
        trial.record(STAN, opened)
        return True

    def _treated_in(self, cohort: Cohort) -> bool:
        """Whether somebody was infused in an open cohort; not where it is full, or where its decision has gone stale."""
        trial, opened = self.trial, cohort.opened
        decision = trial.conduct.trial.decisions[opened.decision]
        if len(cohort.places) >= opened.size or standing.changed_decision(
            self.plan, trial.conduct.informed(), decision
        ):
            return False
        code = next(self.codes)
        trial.prepare(code, opened.cohort, opened.level)
        trial.infuse(code, opened.level)
        self.infused(code, opened)
        return True

    def _against(self, cohort: Cohort) -> bool:
        """Infuse somebody on a day on which the rule says no, signed by two."""
        trial, opened = self.trial, cohort.opened
        if len(cohort.places) >= opened.size:
            return False
        code = next(self.codes)
        try:
            trial.prepare(code, opened.cohort, opened.level)
        except Refused as refused:
            self.refused.append(str(refused))
            return False
        said = {"level": opened.level, "product": f"B-{code}", "cells_per_kg": CELLS[opened.level]}
        broken = trial.conduct.what_forbids(INES, trial.infusion(code, opened.level))
        given = (
            trial.override("CellsInfused", code, *sorted({one.rule for one in broken}), content=said)
            if broken
            else None
        )
        trial.infuse(code, opened.level, override=given)
        self.infused(code, opened)
        return True

    def go(self, people: int) -> Walk:
        """Walk until so many are infused, the trial stops, or a year is over; then until every window has closed."""
        while len(self.given) < people and len(self.days) < 70:
            if not self.step():
                self.trial.days(self.random.choice([1, 1, 2, 3, 7, 14]))
                self.days.append(self.trial.today())
        while self.due:
            self.trial.days(7)
            self.happen()
        self.trial.days(WINDOW + 1)
        self.trial.nothing_to_report()
        self.days.append(self.trial.today())
        return self

    @property
    def notation(self) -> str:
        """What happened as people write it, cohort by cohort as they were opened."""
        groups = itertools.groupby(self.given, key=lambda code: (self.given[code][0], self.cohort_of[code]))
        return " ".join(f"{level}{''.join(self.outcomes[code] for code in some)}" for (level, _), some in groups)
