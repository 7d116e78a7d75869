"""What can go wrong with a casebook, each said so that the person in front of it can act."""

from __future__ import annotations


class CasebookError(ValueError):
    """The casebook could not do what was asked; nothing was recorded."""


class NotACasebook(CasebookError):
    """The place named holds no casebook."""


class StorageFailed(CasebookError):
    """The disk or the database refused: full, read-only, gone or busy. What was acknowledged before is safe."""


class StorageDamaged(CasebookError):
    """The database file itself is damaged and cannot be read as it stands."""


class ClockJumped(CasebookError):
    """This computer's clock reads earlier than the last entry of the casebook, or very much later."""


class WrongKey(CasebookError):
    """The key or passphrase at hand does not open what it was asked to open."""


class ChainBroken(CasebookError):
    """An entry does not follow from the one before it."""


class SchemaDiffers(CasebookError):
    """The database was laid out by another version of Escalon."""
