"""A synthetic trial in a casebook, to try the workbench on: every person and every participant is invented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from escalon.casebook.casebook import Casebook
from escalon.casebook.location import create_casebook, open_casebook, open_seal, write_settings
from escalon.casebook.secrets import SecretStore
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record import accounts
from escalon.conduct.record.amending import doses_of_levels
from escalon.conduct.record.importing import import_folder
from escalon.conduct.record.proposals import propose_decision, propose_dlt, propose_screening
from escalon.conduct.record.recording import Conduct
from escalon.conduct.record.signing import Password, sign
from escalon.exchange.tidy_folder import write_folder
from escalon.history import Author, Course, Trial
from escalon.history.events import (
    AnswerPart,
    EligibilitySigned,
    FactRecorded,
    Observation,
    OverrideGiven,
    OverrideSigned,
    QueryRaised,
    Role,
    Signed,
)
from escalon.protocol import Study

PASSWORD = "nobody here exists"
"""Of everybody in the demonstration; it is shown wherever it is asked for."""

PEOPLE: tuple[tuple[str, str, Role, str], ...] = (
    ("li.na", "Li Na", Role.COORDINATOR, "site"),
    ("wang.min", "Wang Min", Role.INVESTIGATOR, "site"),
    ("zhao.lei", "Zhao Lei", Role.INVESTIGATOR, "site"),
    ("chen.yu", "Chen Yu", Role.CELL_LAB, "site"),
    ("zhou.jie", "Zhou Jie", Role.STATISTICIAN, "*"),
    ("sun.hao", "Sun Hao", Role.COMMITTEE, "*"),
    ("xu.ting", "Xu Ting", Role.COMMITTEE, "*"),
    ("gao.fei", "Gao Fei", Role.MONITOR, "*"),
)
ADMINISTRATOR = ("ma.rui", "Ma Rui")
SETTING_OUT = 7
"""The infusion on whose morning the demonstration's day lies: a cohort's windows have closed, and the committee decides."""


@dataclass
class RunningClock:
    """A clock that was set once and goes on from there: the demonstration's day, not the computer's."""

    begins: datetime
    started: datetime

    def now(self) -> datetime:
        """The demonstration's moment."""
        return self.begins + (datetime.now(self.begins.tzinfo) - self.started)


def make_book(
    folder: Path, study: Study, name: str, whole: Trial, *, database: str | None = None, owner: str | None = None
) -> Path:
    """Take a synthetic trial over into a casebook, up to a day in its midst; returns the casebook's folder.

    `database` and `owner` are PostgreSQL's addresses; without them the casebook is a file of SQLite.
    """
    day = whole.infused()[min(SETTING_OUT, len(whole.infused())) - 1].infused
    assert day is not None
    today = day.latest
    write_folder(_until(whole, today - timedelta(days=1)), folder / "data-until-then")
    clock = clock_at(datetime.combine(today, time(8, 30), whole.frame.zone))
    book = folder / "book"
    casebook = create_casebook(
        book,
        study=study.id,
        study_version=study.version,
        clock=clock,
        study_folder=name,
        levels=doses_of_levels(study),
        database=database,
        owner=owner,
    )
    write_settings(book, {"demo": "yes", "open_study": "yes"})
    _Making(casebook, study, book).everything(folder / "data-until-then", whole)
    casebook.close()
    return book


def _until(whole: Trial, today: date) -> Trial:
    """What was known of those who had consented by a day."""
    known = whole.known_on(today)
    entered = {one.code for one in known.courses.values() if one.days_of("consent")}
    return whole.only(lambda entry: entry.participant in entered or entry.participant is None, today)


def clock_at(moment: datetime) -> RunningClock:
    """A clock that begins at a moment and goes on."""
    return RunningClock(moment, datetime.now(moment.tzinfo))


def open_book(book: Path) -> Casebook:
    """The demonstration's casebook, with its clock a minute after its last entry."""
    casebook = open_casebook(book)
    last = casebook.entry(casebook.head.number).at
    casebook.clock = clock_at(last + timedelta(minutes=1))
    return casebook


class _Making:
    def __init__(self, casebook: Casebook, study: Study, book: Path) -> None:
        self.conduct = Conduct(casebook, study)
        quick = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)  # the password is no secret here
        self.secrets = SecretStore(casebook, open_seal(book), quick)
        self.site = study.location[0].city if study.location else "Site 1"
        self.who = {account: Author(account, role, self._at(site), "web") for account, _, role, site in PEOPLE}

    def _at(self, site: str) -> str:
        return site if site == "*" else self.site

    def everything(self, data: Path, whole: Trial) -> None:
        self._people()
        self._take_over(data)
        self._visit_of_screening(whole)
        self._propose_dlts()
        self._screen()
        self._ask()
        with suppress(Refused):
            propose_decision(self.conduct, self.who["zhou.jie"])

    def _people(self) -> None:
        first, printed = ADMINISTRATOR
        accounts.open_first_account(self.conduct, self.secrets, first, printed, PASSWORD)
        by = Author(first, Role.ADMINISTRATOR, "*", "web")
        for account, name, role, where in PEOPLE:
            site = self._at(where)
            given = f"first password of {account}"
            accounts.open_account(self.conduct, self.secrets, by, account, name, [(role, site)], given)
            own = Author(account, "self", "", "web")
            accounts.change_own_password(self.conduct, self.secrets, own, Password(given), PASSWORD)

    def _take_over(self, data: Path) -> None:
        """The data folder, with its departures from the rules signed by two people, as any import."""
        author, study = self.who["wang.min"], self.conduct.study
        found = import_folder(self.conduct, author, study, data, self.site, dry_run=True)
        override = None
        if found.departures:
            rules = tuple(sorted({one.rule for one in found.departures}))
            content = (AnswerPart(name="departures", says=found.digest),)
            reason = "the trial was conducted on paper before the casebook was opened"
            given = OverrideGiven(act="FolderImported", rules=rules, content=content, reason=reason)
            override = self.conduct.record(author, given).number
            for account in ("wang.min", "sun.hao"):
                self._sign(account, OverrideSigned, "allow", given=override)
        import_folder(self.conduct, author, study, data, self.site, dry_run=False, override=override)

    def _visit_of_screening(self, whole: Trial) -> None:
        """The next in screening had their visit this morning; two results have not come yet."""
        trial = self.conduct.trial
        waits = [code for code in trial.participants if not trial.course(code).infusions and code in whole.participants]
        code = next((one for one in reversed(waits) if not _screened_by(whole, one, self.conduct)), None)
        if code is None:
            return
        here = self.conduct.casebook.clock.now().astimezone(trial.frame.zone).date().isoformat()
        later = [one.event.fact for one in _alike(whole, code).observations if one.event.fact.visit == "screening"]
        missing = _still_missing(self.conduct.study, [one.name for one in later])
        said = [
            FactRecorded(participant=code, fact=replace(one, day=here, value=_on_day(one, here)))
            for one in later
            if one.name not in missing
        ]
        self.conduct.record_all(self.who["li.na"], said)

    def _sign(self, account: str, kind: type[Signed], meaning: str, **subject: Any) -> None:
        sign(
            self.conduct, self.secrets, self.who[account], kind, password=Password(PASSWORD), meaning=meaning, **subject
        )

    def _propose_dlts(self) -> None:
        """What the study's definition says of each window, where it says something."""
        for course in self.conduct.informed().infused():
            with suppress(Refused):
                propose_dlt(self.conduct, self.who["wang.min"], course.code)

    def _screen(self) -> None:
        """Screenings as they stand: those who were treated signed, one that waits for its signature."""
        trial = self.conduct.trial
        treated = {one.code for one in trial.infused()}
        for code in trial.participants:
            if code in treated:
                continue
            with suppress(Refused):
                propose_screening(self.conduct, self.who["li.na"], code)
        for code in self._eligible():
            with suppress(Refused):
                number = self.conduct.trial.course(code).screening
                if number is not None and code not in self._waiting():
                    self._sign("wang.min", EligibilitySigned, "eligible", participant=code, screening=number.number)

    def _eligible(self) -> list[str]:
        found = ((code, one.screening) for code, one in self.conduct.trial.courses.items())
        return [code for code, screening in found if screening and screening.event.verdict == "eligible"]

    def _waiting(self) -> list[str]:
        return self._eligible()[-1:]

    def _ask(self) -> None:
        """Queries of the monitor: one about a fact of each of the last two people infused."""
        trial = self.conduct.informed()
        for course in trial.infused()[-2:]:
            for entry in _facts(trial, course.code, "esr"):
                said = QueryRaised(
                    participant=course.code,
                    about=entry,
                    text="The laboratory's report is not in the file; is the unit mm/h?",
                )
                self.conduct.record(self.who["gao.fei"], said)
                break


def _alike(whole: Trial, code: str) -> Course:
    """Somebody of the same disease and sex who was treated: what they were found to have makes anybody eligible."""
    mine = [_said(whole.course(code), name) for name in ("disease", "sex")]
    alike = (one for one in whole.infused() if [_said(one, name) for name in ("disease", "sex")] == mine)
    return next(alike, whole.course(code))


def _said(course: Course, name: str) -> str | None:
    return next((one.event.fact.value for one in course.observations if one.event.fact.name == name), None)


def _still_missing(study: Study, names: list[str]) -> set[str]:
    """What the laboratory has not sent yet: the last value with a unit, and the last test that is positive or negative."""
    measured = [name for name in names if study.vocabulary[name].unit]
    tested = [name for name in names if "positive" in study.vocabulary[name].choices]
    return {*measured[-1:], *tested[-1:]}


def _on_day(fact: Observation, day: str) -> str | None:
    """A value that is itself the day of the visit is that day."""
    return day if fact.value == fact.day else fact.value


def _screened_by(whole: Trial, code: str, conduct: Conduct) -> bool:
    """Whether the screening visit lies before now."""
    days = [day.earliest for day, _ in whole.course(code).days_of("screening")]
    return not days or min(days) <= conduct.casebook.clock.now().date()


def _facts(trial: Trial, code: str, name: str) -> Iterator[int]:
    for one in trial.course(code).observations:
        if isinstance(one.event, FactRecorded) and one.event.fact.name == name:
            yield one.entry.number
