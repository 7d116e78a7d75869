"""The casebook's own life: opened, migrated, backed up, restored, imported into; and the study it serves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from escalon.history.events.event import Event


@dataclass(frozen=True, kw_only=True)
class CasebookOpened(Event):
    """The first entry: which casebook this is, for which study, and the public key its checkpoints are signed with."""

    casebook: str
    study: str
    study_version: str
    public_key: str
    format: str = "escalon-casebook-1"


@dataclass(frozen=True, kw_only=True)
class AmendmentAdopted(Event):
    """The study's text changed: later entries carry the new version. `digest` is of the study folder."""

    study_version: str
    digest: str
    adopted_on: date
    changes: str = ""


@dataclass(frozen=True, kw_only=True)
class SchemaMigrated(Event):
    """The database's layout was brought to this revision."""

    revision: str
    before: str | None = None


@dataclass(frozen=True, kw_only=True)
class CheckpointKeyChanged(Event):
    """From here on checkpoints are signed with this key."""

    public_key: str


@dataclass(frozen=True, kw_only=True)
class IdentifierSealed(Event):
    """A participant's name or contact was stored apart, encrypted; its content is not in the casebook."""

    about_participant = True


@dataclass(frozen=True, kw_only=True)
class BackupMade(Event):
    """An encrypted copy of everything up to entry `upto` was written and read back."""

    upto: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class CasebookRestored(Event):
    """The casebook was set up again from a backup or an archive that ended at entry `upto`."""

    upto: int
    digest: str
    source: str


@dataclass(frozen=True, kw_only=True)
class FolderImported(Event):
    """Rows of a data folder were taken over; `digest` is of the files read."""

    folder: str
    digest: str
    recorded: int
    already_there: int
    conflicts: int
