"""A trial on a casebook for the tests: people with passwords, a plan, and short ways to say what happens."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

from argon2 import PasswordHasher

from escalon.casebook.casebook import Casebook
from escalon.casebook.clock import SetClock
from escalon.casebook.entry import Entry
from escalon.casebook.keys import Seal
from escalon.casebook.secrets import SecretStore
from escalon.conduct.record import accounts
from escalon.conduct.record.recording import Conduct
from escalon.conduct.record.signing import Password, sign
from escalon.facts import Duration
from escalon.history.entry import Author
from escalon.history.events import (
    AnswerPart,
    ApheresisDone,
    CellsInfused,
    CohortClosed,
    CohortOpened,
    Course,
    DecisionProposed,
    DecisionSigned,
    EligibilitySigned,
    LymphodepletionGiven,
    NothingToReport,
    OverrideGiven,
    OverrideSigned,
    ParticipantConsented,
    ParticipantScreened,
    ProductReleased,
    Role,
    Signed,
    Verdict,
)
from escalon.protocol import load_study
from escalon.protocol.study import Study

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""argon2id at its cheapest, because what is tested here is not its cost."""

SECRET = "correct horse battery staple"
PASSWORD = Password(SECRET)
FIRST = "chosen by the administrator"


def study(*, stagger: int = 3, clauses: tuple[str, ...] = (), **dose: Any) -> Study:
    """The bundled study with these clauses only, as version 1, so that every participant may enter; its clocks in UTC."""
    bundled = load_study("nct07052565")
    plan = bundled.dose.model_copy(update={"stagger": Duration(stagger, "day"), **dose})
    kept = {
        kind: tuple(one for one in getattr(bundled, kind) if one.id in clauses) for kind in ("inclusion", "exclusion")
    }
    return bundled.model_copy(update={"version": "1", "zone": None, "dose": plan, **kept})


PLAN = study()
CELLS = {level.number: Decimal(level.amount.value.numerator) for level in PLAN.dose.levels}

PEOPLE: dict[str, list[tuple[Role, str]]] = {
    "carla": [(Role.COORDINATOR, "S1")],
    "ines": [(Role.INVESTIGATOR, "S1")],
    "igor": [(Role.INVESTIGATOR, "S2")],
    "lena": [(Role.CELL_LAB, "S1")],
    "stan": [(Role.STATISTICIAN, "*")],
    "cora": [(Role.COMMITTEE, "*")],
    "cyrus": [(Role.COMMITTEE, "*")],
    "mona": [(Role.MONITOR, "*")],
    "ada": [(Role.ADMINISTRATOR, "*")],
}


def person(name: str, number: int = 0) -> Author:
    role, site = PEOPLE[name][number]
    return Author(name, role, site, "test")


CARLA, INES, LENA, STAN = person("carla"), person("ines"), person("lena"), person("stan")
CORA, CYRUS, MONA, ADA = person("cora"), person("cyrus"), person("mona"), person("ada")


class Trial:
    """Short ways to say what happens, each through `Conduct`."""

    def __init__(self, casebook: Casebook, plan: Study = PLAN) -> None:
        assert isinstance(casebook.clock, SetClock)
        self.clock = casebook.clock
        self.casebook = casebook
        self.conduct = Conduct(casebook, plan)
        self.secrets = SecretStore(casebook, Seal(b"k" * 32), QUICK)
        self.collections = itertools.count(1)
        self.recovery = accounts.open_first_account(self.conduct, self.secrets, "ada", "Ada Min", SECRET)
        for name, roles in PEOPLE.items():
            if name != "ada":
                self.open_account(name, f"{name.title()} Example", roles)

    @classmethod
    def reopened(cls, casebook: Casebook, plan: Study = PLAN) -> Trial:
        """The same trial, opened again: by another computer, or from a copy."""
        assert isinstance(casebook.clock, SetClock)
        trial = object.__new__(cls)
        trial.clock, trial.casebook, trial.conduct = casebook.clock, casebook, Conduct(casebook, plan)
        trial.secrets = SecretStore(casebook, Seal(b"k" * 32), QUICK)
        return trial

    def open_account(self, name: str, printed: str, roles: list[tuple[Role, str]]) -> None:
        """An account whose holder has changed the password that the administrator chose."""
        accounts.open_account(self.conduct, self.secrets, ADA, name, printed, roles, FIRST)
        own = Author(name, "self", "", "test")
        accounts.change_own_password(self.conduct, self.secrets, own, Password(FIRST), SECRET)

    def record(self, author: Author, event: Any, **more: Any) -> Entry:
        return self.conduct.record(author, event, **more)

    def sign(self, author: Author, kind: type[Signed], meaning: str = "approve", **subject: Any) -> Entry:
        return sign(self.conduct, self.secrets, author, kind, password=PASSWORD, meaning=meaning, **subject)

    def days(self, days: float) -> None:
        self.clock.move(timedelta(days=days))

    def today(self) -> Any:
        return self.clock.now().date()

    # -- steps -----------------------------------------------------------------------------------------------------

    def consent(self, code: str, site: str = "S1") -> Entry:
        consent = ParticipantConsented(participant=code, site=site, form="v1", signed_on=self.today())
        return self.record(CARLA, consent)

    def screen(self, code: str, *rests_on: int, verdict: Verdict = Verdict.ELIGIBLE) -> Entry:
        return self.record(CARLA, ParticipantScreened(participant=code, verdict=verdict, rests_on=rests_on))

    def sign_eligibility(self, code: str, screening: int) -> Entry:
        return self.sign(INES, EligibilitySigned, participant=code, screening=screening)

    def apheresis(self, code: str) -> Entry:
        done = ApheresisDone(participant=code, at=self.clock.now(), collection=f"A-{code}")
        return self.record(CARLA, done)

    def allocate(self, code: str, cohort: int) -> Entry:
        return self.conduct.allocate(CARLA, code, cohort)

    def lymphodepletion(self, code: str) -> Entry:
        given = LymphodepletionGiven(
            participant=code, started_on=self.today(), ended_on=self.today(), regimen="as prescribed"
        )
        return self.record(INES, given)

    def release(self, code: str, level: int) -> Entry:
        released = ProductReleased(
            participant=code,
            product=f"B-{code}",
            collection=f"A-{code}",
            level=level,
            certificate="C-1",
            at=self.clock.now(),
        )
        return self.record(LENA, released)

    def infusion(self, code: str, level: int) -> CellsInfused:
        return CellsInfused(
            participant=code,
            at=self.clock.now(),
            product=f"B-{code}",
            level=level,
            cells_per_kg=CELLS[level],
        )

    def infuse(self, code: str, level: int, **more: Any) -> Entry:
        return self.record(INES, self.infusion(code, level), **more)

    def enter(self, code: str) -> None:
        """Consent, screening and the investigator's signature."""
        self.consent(code)
        self.sign_eligibility(code, self.screen(code).number)

    def prepare(self, code: str, cohort: int, level: int) -> None:
        """Everything up to the day of infusion."""
        self.enter(code)
        self.apheresis(code)
        self.allocate(code, cohort)
        self.release(code, level)
        self.lymphodepletion(code)

    def propose(
        self, level: int, *rests_on: int, course: Course = Course.TREAT, reason: str | None = None, **more: Any
    ) -> Entry:
        because = "the rule of the plan"
        proposed = DecisionProposed(course=course, level=level, because=because, rests_on=rests_on, reason=reason)
        return self.record(STAN, proposed, **more)

    def decide(self, level: int, *rests_on: int, course: Course = Course.TREAT, **more: Any) -> int:
        """A decision with both signatures."""
        number = self.propose(level, *rests_on, course=course, **more).number
        self.sign(CORA, DecisionSigned, decision=number)
        self.sign(CYRUS, DecisionSigned, decision=number)
        return number

    def open_cohort(self, cohort: int, level: int, decision: int | None = None) -> Entry:
        number = self.decide(level) if decision is None else decision
        return self.record(
            STAN, CohortOpened(cohort=cohort, level=level, size=self.conduct.study.dose.cohort_size, decision=number)
        )

    def nothing_to_report(self) -> Entry:
        """The attestation that nobody had an adverse event until now."""
        return self.record(CARLA, NothingToReport(table="adverse_events"))

    def infuse_cohort(self, cohort: int, level: int, *codes: str) -> None:
        """A whole cohort infused in its order; the last was infused today."""
        self.open_cohort(cohort, level)
        for place, code in enumerate(codes):
            self.prepare(code, cohort, level)
            self.days((0, 14, 3)[min(place, 2)])
            self.infuse(code, level)

    def treat_cohort(self, cohort: int, level: int, *codes: str) -> None:
        """A whole cohort infused in its order, without an event, until its last window has closed."""
        self.infuse_cohort(cohort, level, *codes)
        self.days(29)
        self.nothing_to_report()
        self.record(INES, CohortClosed(cohort=cohort, reason="complete"))

    def override(
        self,
        act: str,
        code: str | None,
        *rules: str,
        signers: tuple[Author, ...] = (INES, CORA),
        content: dict[str, object] | None = None,
    ) -> int:
        said = content or {"level": 1, "product": f"B-{code}", "cells_per_kg": 100_000}
        parts = tuple(AnswerPart(name=name, says=str(value)) for name, value in said.items())
        why = "the participant's safety asks for it"
        given = OverrideGiven(act=act, participant=code, rules=rules, content=parts, reason=why)
        number = self.record(INES, given).number
        for signer in signers:
            self.sign(signer, OverrideSigned, given=number)
        return number
