"""Checkpoints: a signed statement that the casebook ended, at that moment, in exactly this hash."""

from __future__ import annotations

from dataclasses import dataclass

from escalon.casebook.keys import Signer, is_signed

EVERY = 100
"""A checkpoint is kept at least every so many entries; the head, which moves on, is signed at every write."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The casebook's end at a moment: entry number, its hash, the time, and a signature over the three."""

    number: int
    hash: str
    at: str
    key: str
    signature: str

    @property
    def is_signed(self) -> bool:
        """Whether the signature is the key's."""
        return is_signed(self.key, self.signature, statement(self.number, self.hash, self.at))

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def statement(number: int, hashed: str, at: str) -> str:
    """The text a checkpoint signs."""
    return f"escalon-checkpoint-1\n{number}\n{hashed}\n{at}"


def sign_checkpoint(signer: Signer, number: int, hashed: str, at: str) -> Checkpoint:
    """State and sign where the casebook ends."""
    return Checkpoint(number, hashed, at, signer.public_key, signer.sign(statement(number, hashed, at)))
