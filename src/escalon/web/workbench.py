"""What is served: a study, and the casebook or data folder in which its trial is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from escalon.casebook.identifiers import IdentifierStore
from escalon.casebook.secrets import SecretStore
from escalon.conduct.judge.cutoff import last_day
from escalon.conduct.permit.refusal import refuse
from escalon.conduct.record.opening import open_conduct
from escalon.conduct.record.recording import Conduct
from escalon.history import Entry, Trial
from escalon.protocol import Study, load_study
from escalon.sources.folder import take_in
from escalon.sources.frame import frame_of
from escalon.sources.intake import Intake
from escalon.web.throttle import Throttle
from escalon.web.uploads import Uploads

T = TypeVar("T")

FAILURES_OF_ALL = 100
"""Wrong passwords from everywhere before an account is locked for everybody (NIST SP 800-63B-4, section 3.2.2); one
address is stopped long before (`throttle`), so that a stranger does not lock a doctor out."""


@dataclass
class Workbench:
    """A study with its casebook (people sign in and act), its data folder (read only), or alone (the protocol)."""

    study: Study
    conduct: Conduct | None = None
    secrets: SecretStore | None = None
    identities: IdentifierStore | None = None
    folder: Path | None = None
    demo: bool = False
    is_open: bool = False
    """Whether the study's page and the instruments are open without signing in (`open_study` in casebook.toml)."""
    throttle: Throttle = field(default_factory=Throttle)
    uploads: Uploads = field(default_factory=Uploads)
    once: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict, repr=False)
    """Names that were opened and not yet shown, by session and participant; showing one takes it out."""
    _entries: dict[str | None, list[Entry]] = field(default_factory=dict, repr=False)
    _kept: dict[Hashable, tuple[object, Any]] = field(default_factory=dict)
    _reading: threading.RLock = field(default_factory=threading.RLock)

    @property
    def is_casebook(self) -> bool:
        """Whether people sign in here and act."""
        return self.conduct is not None

    @property
    def opened(self) -> Conduct:
        """The conduct of the casebook; only where there is one."""
        assert self.conduct is not None
        return self.conduct

    @property
    def sealed(self) -> SecretStore:
        """The passwords of a casebook's people; only where there is one."""
        assert self.secrets is not None
        return self.secrets

    @property
    def place(self) -> Path:
        """The folder of a casebook or of data; only where there is one."""
        assert self.folder is not None
        return self.folder

    @property
    def named(self) -> IdentifierStore:
        """Who the participants are. Raises Refused where no store of identities is opened."""
        if self.identities is None:
            raise refuse("identity", "no store of identities is opened here")
        return self.identities

    def now(self) -> datetime:
        """This moment."""
        return self.conduct.casebook.clock.now() if self.conduct else datetime.now(UTC)

    def today(self, trial: Trial) -> date:
        """Today at the site; for a data folder, the last day it knows of."""
        if self.conduct is None and self.folder is not None:
            return last_day(trial, date.today()).latest
        return self.now().astimezone(trial.frame.zone).date()

    @contextmanager
    def standing(self) -> Iterator[Trial]:
        """Where the trial stands, held still while it is read."""
        if self.conduct is not None:
            with self.conduct.standing() as trial:
                yield trial
            return
        with self._reading:
            yield Trial(frame_of(self.study)) if self.folder is None else self.intake().trial

    def know(self, trial: Trial, codes: tuple[str, ...]) -> None:
        """Have the recorded facts of some participants read."""
        if self.conduct is not None:
            self.conduct.know(codes)

    def entries(self, trial: Trial, participant: str | None = None) -> Sequence[Entry]:
        """Every entry (of a participant) in its order; those of a casebook are read once, and then only what is new."""
        if self.conduct is None:
            return [one for one in trial.entries.values() if participant in (None, one.participant)]
        with self._reading:
            every = self._entries.setdefault(None, [])
            last = every[-1].number if every else 0
            if last < self.conduct.upto:
                for one in self.conduct.casebook.entries(after=last, upto=self.conduct.upto):
                    for about in {None, one.participant}:
                        self._entries.setdefault(about, []).append(one)
            return self._entries.get(participant, [])

    def mark(self, trial: Trial) -> object:
        """What changes whenever this trial does: somebody else may have recorded more, or changed a file, since it was read."""
        if self.conduct is not None:
            return self.conduct.upto
        return None if self.folder is None else trial

    def kept(self, name: Hashable, mark: object, find: Callable[[], T]) -> T:
        """What was found before, as long as its mark is the same; else it is found anew."""
        known = self._kept.get(name)
        if known is None or known[0] != mark:
            known = (mark, find())
            self._kept[name] = known
        found: T = known[1]
        return found

    def intake(self) -> Intake:
        """The data folder taken in; anew whenever a file in it has changed."""
        return self.kept("intake", self._files(), lambda: take_in(self.study, self.place))

    def _files(self) -> object:
        if self.folder is None:
            return None
        found = (path for path in self.folder.rglob("*") if path.is_file()) if self.folder.is_dir() else ()
        return tuple(sorted((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in found))


def workbench_of(place: str | Path, data: str | Path | None = None) -> Workbench:
    """The workbench of a casebook's folder, of a study with a data folder, or of a study alone."""
    if data is None and (Path(place) / "casebook.toml").is_file():
        return open_workbench(Path(place))
    return Workbench(load_study(place), folder=None if data is None else Path(data))


def open_workbench(folder: Path, *, amending: bool = False) -> Workbench:
    """The workbench of a casebook; refused under a study that is not in force, but to an administrator who looks (`amending`)."""
    from argon2 import PasswordHasher

    from escalon.casebook.location import open_casebook, open_identifiers, open_seal, settings_of
    from escalon.exchange.synthetic_book import open_book

    settings = settings_of(folder)
    is_demo = settings.get("demo") == "yes"
    casebook = open_book(folder) if is_demo else open_casebook(folder)
    conduct = open_conduct(casebook, folder, amending=amending)
    seal = open_seal(folder)
    secrets = SecretStore(casebook, seal, PasswordHasher(), most_failures=FAILURES_OF_ALL)
    identities = IdentifierStore(open_identifiers(folder), seal, str(folder))
    is_open = settings.get("open_study") in (True, "yes")
    return Workbench(conduct.study, conduct, secrets, identities, folder, is_demo, is_open)
