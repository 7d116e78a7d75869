"""The casebook's own life: opened, migrated, backed up, restored, imported into; and the study it serves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from escalon.facts import Day
from escalon.history.events.answer import AnswerPart
from escalon.history.events.event import Event, ParticipantEvent
from escalon.history.events.signature import Signed


@dataclass(frozen=True, kw_only=True)
class CasebookOpened(Event):
    """The first entry: which casebook this is, for which study, and the public key its checkpoints are signed with."""

    casebook: str
    study: str
    study_version: str
    public_key: str
    format: str = "escalon-casebook-2"
    levels: tuple[AnswerPart, ...] = ()
    """The dose of each level of that version, by its number."""
    own_command: ClassVar[str] = "escalon casebook init"


@dataclass(frozen=True, kw_only=True)
class AmendmentAdopted(Event):
    """The study's text changed: later entries carry the new version. `digest` is of the study folder.

    `levels` is the dose of each level from here on; `renumbered` the levels, as entries before this one name them, that have
    another number now, because one was inserted below them or taken out.
    """

    study_version: str
    digest: str
    adopted_on: date
    changes: str = ""
    levels: tuple[AnswerPart, ...] = ()
    renumbered: tuple[AnswerPart, ...] = ()
    own_command: ClassVar[str] = "escalon casebook amend"

    @property
    def what(self) -> str:
        """That the study's text changed, and which levels are called otherwise from here on."""
        said = [f"level {part.name} is level {part.says} from here on" for part in self.renumbered]
        return "; ".join((super().what, *said))

    @property
    def numbers(self) -> dict[int, int]:
        """The number from here on of each level that had another before."""
        return {int(part.name): int(part.says) for part in self.renumbered}


@dataclass(frozen=True, kw_only=True)
class SchemaMigrated(Event):
    """The database's layout was brought to this revision."""

    revision: str
    before: str | None = None
    own_command: ClassVar[str] = "escalon casebook migrate"


@dataclass(frozen=True, kw_only=True)
class CheckpointKeyChanged(Event):
    """From here on this key signs. `agreed` is the signature of the key before; without it nobody vouches for the change."""

    public_key: str
    agreed: str = ""
    own_command: ClassVar[str] = "escalon casebook new-key"

    @property
    def what(self) -> str:
        """Whether the key before agreed."""
        return "signing key changed" if self.agreed else "signing key changed, without the key before"


@dataclass(frozen=True, kw_only=True)
class CheckpointKept(Event):
    """A checkpoint was kept and printed, to be written down elsewhere."""

    own_command: ClassVar[str] = "escalon casebook checkpoint"


@dataclass(frozen=True, kw_only=True)
class IdentifierSealed(ParticipantEvent):
    """A participant's name or contact was stored apart, encrypted: of its content only a digest is in the casebook."""

    digest: str
    own_command: ClassVar[str] = "escalon casebook identity"


@dataclass(frozen=True, kw_only=True)
class IdentityOpened(ParticipantEvent):
    """A person looked at a participant's name and contact."""

    own_command: ClassVar[str] = "escalon casebook identity"


@dataclass(frozen=True, kw_only=True)
class BackupMade(Event):
    """An encrypted copy of everything up to entry `upto` was written and read back."""

    upto: int
    digest: str
    own_command: ClassVar[str] = "escalon backup"


@dataclass(frozen=True, kw_only=True)
class ArchiveMade(Event):
    """Everything up to entry `upto` was written as files that are read without Escalon."""

    upto: int
    own_command: ClassVar[str] = "escalon archive"


@dataclass(frozen=True, kw_only=True)
class FolderWritten(Event):
    """What stood at entry `upto` was written as a data folder."""

    upto: int
    own_command: ClassVar[str] = "escalon casebook data"


@dataclass(frozen=True, kw_only=True)
class CasebookRestored(Event):
    """The casebook was set up again from a copy that ended at entry `upto`; `copy` names it, so that two are told apart."""

    upto: int
    digest: str
    source: str
    copy: str
    own_command: ClassVar[str] = "escalon restore"

    @property
    def what(self) -> str:
        """Which copy this is, and where it parts from the others."""
        return f"restored from {self.source} as copy {self.copy[:8]}; it goes its own way after entry {self.upto}"


@dataclass(frozen=True, kw_only=True)
class ClockConfirmed(Signed):
    """A person signed that this computer's clock is right, though it reads far from the entry before."""

    own_command: ClassVar[str] = "escalon casebook clock"
    needs_reason: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """A row of an imported folder that could not be read: its table, whose, of which day, about what, and why."""

    table: str
    participant: str
    why: str
    day: Day | None = None
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class FolderImported(Event):
    """Rows of a data folder were taken over; `digest` is of the files read.

    `departures` is the SHA-256 of the list of acts in it that the study's rules would have held; two people sign it.
    `refused` are the rows it could not read: what they say is not known until it is recorded, or the folder is imported again.
    """

    folder: str
    digest: str
    recorded: int
    already_there: int
    conflicts: int
    own_command: ClassVar[str] = "escalon casebook import"
    departures: str = ""
    refused: tuple[RefusedRow, ...] = ()
