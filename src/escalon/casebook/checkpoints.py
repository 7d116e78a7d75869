"""Where the casebook ends, signed: the head, which moves with every entry, and checkpoints, which stay."""

from __future__ import annotations

import re
from dataclasses import dataclass

from escalon.casebook.errors import StorageDamaged
from escalon.casebook.keys import Signer, is_signed
from escalon.history.events import CheckpointKept, CheckpointKeyChanged, Event, Signed

EVERY = 100
"""Every so many entries a checkpoint is kept, and with every signature a person gives."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An entry's number and hash, the time, and a signature over the three. The head says that it is the last one."""

    number: int
    hash: str
    at: str
    key: str
    signature: str

    def __post_init__(self) -> None:
        if not (
            isinstance(self.number, int) and self.hash.__class__ is self.at.__class__ is self.signature.__class__ is str
        ):
            raise StorageDamaged(f"the signed end or a checkpoint, stored as of entry {self.number!r}, cannot be read")

    @property
    def is_signed(self) -> bool:
        """Whether the key signed it as a checkpoint."""
        return is_signed(self.key, self.signature, statement("checkpoint", self.number, self.hash, self.at))

    @property
    def is_signed_as_head(self) -> bool:
        """Whether the key signed it as the end of the record."""
        return is_signed(self.key, self.signature, statement("head", self.number, self.hash, self.at))

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def statement(kind: str, number: int, hashed: str, at: str) -> str:
    """The text that is signed. A head and a checkpoint say different things, so neither can stand for the other."""
    return f"escalon-{kind}-2\n{number}\n{hashed}\n{at}"


def key_statement(number: int, previous: str, old: str, new: str) -> str:
    """What the old key signs when a new one takes over, in entry `number`, which follows the hash `previous`."""
    return f"escalon-new-key-2\n{number}\n{previous}\n{old}\n{new}"


def signature_statement(number: int, previous: str, body: str) -> str:
    """What a person's own key signs: the whole entry that carries the signature, in its place, without that field."""
    return f"escalon-signature-2\n{number}\n{previous}\n{KEY_SIGNATURE.sub('', body, count=1)}"


KEY_SIGNATURE = re.compile('"key_signature":"[0-9a-f]{128}",')
"""The field as it stands in an entry's text; within a string its quotation marks would be escaped."""


def sign_checkpoint(signer: Signer, number: int, hashed: str, at: str) -> Checkpoint:
    """State and sign that this entry is part of the record."""
    signature = signer.sign(statement("checkpoint", number, hashed, at))
    return Checkpoint(number, hashed, at, signer.public_key, signature)


def sign_head(signer: Signer, number: int, hashed: str, at: str) -> Checkpoint:
    """State and sign that the record ends here."""
    return Checkpoint(number, hashed, at, signer.public_key, signer.sign(statement("head", number, hashed, at)))


KEEPS_ONE = (Signed, CheckpointKept, CheckpointKeyChanged)


def is_due(number: int, event: Event) -> bool:
    """Whether a checkpoint is kept of this entry; a verifier asks the same of what is stored."""
    return number % EVERY == 0 or isinstance(event, KEEPS_ONE)


def is_due_by_text(number: int, body: str) -> bool:
    """The same question asked of the stored text."""
    return number % EVERY == 0 or is_signature(body) or body.startswith(_KEPT, 44)


def is_signature(body: str) -> bool:
    """Whether an entry's text is that of a signature a person gave."""
    return '"digest":' in body and '"meaning":' in body and '"printed_name":' in body


_KEPT = ('"CheckpointKept"', '"CheckpointKeyChanged"')
